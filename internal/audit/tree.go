package audit

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Tree is the right edge of the tree over a record: all that is needed to append to it. The zero Tree is that of the empty record.
// The hashes that a tree stores, and their numbers, are those of package tlog.
type Tree struct {
	size int64
	edge []tlog.Hash // roots of the complete subtrees that make it up, the largest first
}

// Edge lists the numbers of the stored hashes that NewTree needs for a record of that many entries, in its order.
func Edge(size int64) []int64 {
	var numbers []int64
	for level := bits.Len64(uint64(size)) - 1; level >= 0; level-- {
		if size>>level&1 == 1 {
			numbers = append(numbers, tlog.StoredHashIndex(level, size>>level-1))
		}
	}
	return numbers
}

// NewTree is the tree of a record of that many entries; edge are the stored hashes that Edge lists.
func NewTree(size int64, edge []tlog.Hash) (Tree, error) {
	if want := bits.OnesCount64(uint64(size)); len(edge) != want || size < 0 {
		return Tree{}, fmt.Errorf("entry %d: %d of the %d hashes at the end of the tree are stored: %w", size, len(edge), want, ErrBroken)
	}
	return Tree{size: size, edge: append([]tlog.Hash(nil), edge...)}, nil
}

// Size is how many entries the tree is over.
func (t *Tree) Size() int64 { return t.size }

// Stored is how many hashes are stored of the tree: the number of the next one.
func (t *Tree) Stored() int64 { return tlog.StoredHashCount(t.size) }

// Add appends a leaf and returns the hashes to be stored, in the order of their numbers: its own, then those of the subtrees that it completes.
func (t *Tree) Add(leaf tlog.Hash) []tlog.Hash {
	fresh := []tlog.Hash{leaf}
	for n := t.size; n&1 == 1; n >>= 1 {
		last := len(t.edge) - 1
		leaf = tlog.NodeHash(t.edge[last], leaf)
		t.edge = t.edge[:last]
		fresh = append(fresh, leaf)
	}
	t.edge = append(t.edge, leaf)
	t.size++
	return fresh
}

// Head is the state of the record that the tree is over.
func (t *Tree) Head() Head {
	if len(t.edge) == 0 {
		empty, _ := tlog.TreeHash(0, nil) // it reads nothing
		return Head{Hash: empty}
	}
	root := t.edge[len(t.edge)-1]
	for i := len(t.edge) - 2; i >= 0; i-- {
		root = tlog.NodeHash(t.edge[i], root)
	}
	return Head{Seq: t.size, Hash: root}
}

// Leaf is the hash of an entry's leaf.
func (e Entry) Leaf() tlog.Hash { return tlog.RecordHash(e.Record()) }

// Missing is the leaf that stands for an entry which was gone when the record became a tree. No entry has it, so that the gap stays a fault.
func Missing() tlog.Hash { return tlog.RecordHash(nil) }

// Next checks that e continues the tree's record and that the hashes which are stored of it are its own, and appends it. stored are
// those from number Stored on, at least as many as Add would give. The error names the first entry that does not hold and wraps ErrBroken.
func (t *Tree) Next(e Entry, stored []tlog.Hash) error {
	switch {
	case e.Seq != t.size+1:
		return fmt.Errorf("entry %d: expected entry %d here: %w", e.Seq, t.size+1, ErrBroken)
	case !e.reasonHolds():
		return fmt.Errorf("entry %d: the reason that is kept of it is not the one that was given: %w", e.Seq, ErrBroken)
	}
	for level, h := range t.Add(e.Leaf()) {
		switch {
		case level >= len(stored):
			return fmt.Errorf("entry %d: the tree has no hash of it, so no gateway wrote it: %w", e.Seq, ErrBroken)
		case h == stored[level]:
		case level == 0:
			return fmt.Errorf("entry %d: its content is not what was written: %w", e.Seq, ErrBroken)
		default:
			return fmt.Errorf("entry %d: it, or one up to entry %d, is not what was written: %w", e.Seq-1<<level+1, e.Seq, ErrBroken)
		}
	}
	return nil
}

// Prove proves from the stored hashes alone that the record as it stands continues the one of an old head: that the last entry which that head
// was over is still in it (inclusion), and that everything before is what it was (consistency). The proofs are those of package tlog.
func Prove(stored tlog.HashReader, old, now Head) error {
	if old.Seq == 0 {
		return nil // everything continues the empty record
	}
	if old.Seq > now.Seq {
		return fmt.Errorf("entry %d: the record ends after entry %d: %w", old.Seq, now.Seq, ErrBroken)
	}
	consistency, err := tlog.ProveTree(now.Seq, old.Seq, stored)
	if err == nil {
		err = tlog.CheckTree(consistency, now.Seq, now.Hash, old.Seq, old.Hash)
	}
	if err != nil {
		return fmt.Errorf("entry %d: it, or one before it, is not what it was when the checkpoint was made: %w", old.Seq, ErrBroken)
	}
	leaf, err := stored.ReadHashes([]int64{tlog.StoredHashIndex(0, old.Seq-1)})
	if err != nil {
		return err
	}
	inclusion, err := tlog.ProveRecord(now.Seq, old.Seq-1, stored)
	if err == nil {
		err = tlog.CheckRecord(inclusion, now.Seq, now.Hash, old.Seq-1, leaf[0])
	}
	if err != nil {
		return fmt.Errorf("entry %d: the record does not include it any more: %w", old.Seq, ErrBroken)
	}
	return nil
}
