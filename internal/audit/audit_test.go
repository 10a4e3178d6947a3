package audit_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"chumrok/internal/audit"
)

// stored is a record as a store keeps it: its entries, and the tree's hashes by their numbers.
type stored struct {
	entries []audit.Entry
	hashes  []tlog.Hash
}

// ReadHashes makes it a tlog.HashReader.
func (s stored) ReadHashes(numbers []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, n := range numbers {
		if n >= int64(len(s.hashes)) {
			return nil, errors.New("no such hash")
		}
		out = append(out, s.hashes[n])
	}
	return out, nil
}

// grow appends entries as a store does: with no more than the right edge that it reads.
func (s *stored) grow(t interface{ Fatal(...any) }, acts ...audit.Entry) audit.Head {
	edge, err := s.ReadHashes(audit.Edge(int64(len(s.entries))))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := audit.NewTree(int64(len(s.entries)), edge)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range acts {
		e = e.Give([]byte("sixteen of salt."))
		e.Seq = tree.Size() + 1
		s.entries = append(s.entries, e)
		s.hashes = append(s.hashes, tree.Add(e.Leaf())...)
	}
	return tree.Head()
}

func (s *stored) verify() (audit.Head, error) {
	var tree audit.Tree
	for _, e := range s.entries {
		if err := tree.Next(e, s.hashes[min(int(tree.Stored()), len(s.hashes)):]); err != nil {
			return tree.Head(), err
		}
	}
	return tree.Head(), nil
}

var noon = time.Date(2026, 11, 22, 10, 0, 0, 123456789, time.FixedZone("Phnom Penh", 7*3600))

func acts(n int) []audit.Entry {
	var list []audit.Entry
	for i := range n {
		list = append(list, audit.Entry{At: noon.Add(time.Duration(i) * time.Minute), Who: "desk", What: "reveal", Subject: string(rune('a' + i%26)),
			Reason: strings.Repeat("called back ", i%3)})
	}
	return list
}

// The tree is the one of package tlog, however the entries were divided into transactions.
func TestTheTreeIsThatOfTlog(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s stored
		var head audit.Head
		for range rapid.IntRange(1, 6).Draw(t, "transactions") {
			head = s.grow(t, acts(rapid.IntRange(1, 40).Draw(t, "acts"))...)
		}
		want, err := tlog.TreeHash(int64(len(s.entries)), s)
		if err != nil || want != head.Hash || head.Seq != int64(len(s.entries)) {
			t.Fatalf("the head of %d entries is %v, want %v; %v", head.Seq, head.Hash, want, err)
		}
		if int64(len(s.hashes)) != tlog.StoredHashCount(head.Seq) {
			t.Fatalf("%d hashes are stored of %d entries, want %d", len(s.hashes), head.Seq, tlog.StoredHashCount(head.Seq))
		}
		if verified, err := s.verify(); err != nil || verified != head {
			t.Fatalf("verified %v, %v", verified, err)
		}
	})
}

func TestVerifyingNamesTheFirstEntryThatDoesNotHold(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]struct {
		change func(s *stored)
		named  string
	}{
		"changed who":      {func(s *stored) { s.entries[1].Who = "x" }, "entry 2"},
		"changed what":     {func(s *stored) { s.entries[1].What = "x" }, "entry 2"},
		"changed subject":  {func(s *stored) { s.entries[1].Subject = "x" }, "entry 2"},
		"changed time":     {func(s *stored) { s.entries[1].At = noon }, "entry 2"},
		"moved a letter":   {func(s *stored) { s.entries[0].Who, s.entries[0].What = "deskr", "eveal" }, "entry 1"},
		"changed reason":   {func(s *stored) { s.entries[1].Reason = "x" }, "entry 2"},
		"changed because":  {func(s *stored) { s.entries[1] = s.entries[1].Give([]byte("another")) }, "entry 2"},
		"removed":          {func(s *stored) { s.entries = append(s.entries[:1], s.entries[2:]...) }, "entry 3"},
		"first removed":    {func(s *stored) { s.entries = s.entries[1:] }, "entry 2"},
		"swapped":          {func(s *stored) { s.entries[2].What, s.entries[3].What = s.entries[3].What, "drill" }, "entry 4"},
		"appended":         {func(s *stored) { s.entries = append(s.entries, audit.Entry{Seq: 6, Who: "x"}) }, "entry 6"},
		"hashed again":     {func(s *stored) { s.entries[0].Who = "x"; s.hashes[0] = s.entries[0].Leaf() }, "entry 1: it, or one up to entry 2"},
		"a hash is gone":   {func(s *stored) { s.hashes = s.hashes[:len(s.hashes)-1] }, "entry 5"},
		"a hash is other":  {func(s *stored) { s.hashes[2][0] ^= 1 }, "entry 1: it, or one up to entry 2"},
		"an older hashing": {func(s *stored) { s.entries[4].Prev, s.entries[4].Hash = nil, nil; s.entries[4].Seq = 4 }, "entry 4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s stored
			s.grow(t, acts(5)...)
			b.change(&s)
			if _, err := s.verify(); !errors.Is(err, audit.ErrBroken) || !strings.HasPrefix(err.Error(), b.named) {
				t.Errorf("got %v, want an ErrBroken that names %s", err, b.named)
			}
		})
	}
}

func TestAReasonCanBeDestroyed(t *testing.T) {
	t.Parallel()
	var s stored
	s.grow(t, acts(5)...)
	for i := range s.entries {
		s.entries[i].Reason, s.entries[i].Salt = "", nil
	}
	if _, err := s.verify(); err != nil {
		t.Errorf("without the reasons: %v", err)
	}
	e := audit.Entry{At: noon, Who: "desk", What: "reveal", Subject: "800001", Reason: "she called"}
	a, b := e.Give([]byte("a")), e.Give([]byte("b"))
	if bytes.Equal(a.Because, b.Because) || bytes.Contains(a.Record(), []byte("she called")) {
		t.Error("the record tells a reason that it should only bind")
	}
}

func TestProvingAgainstAnOldHead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s stored
		old := s.grow(t, acts(rapid.IntRange(1, 40).Draw(t, "before"))...)
		now := old
		if n := rapid.IntRange(0, 40).Draw(t, "after"); n > 0 {
			now = s.grow(t, acts(n)...)
		}
		if err := audit.Prove(s, old, now); err != nil {
			t.Fatalf("from %d to %d: %v", old.Seq, now.Seq, err)
		}
		if err := audit.Prove(s, audit.Head{}, now); err != nil {
			t.Fatalf("from nothing to %d: %v", now.Seq, err)
		}
		other := old
		other.Hash[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1
		if err := audit.Prove(s, other, now); !errors.Is(err, audit.ErrBroken) {
			t.Fatalf("another root of %d entries was taken: %v", other.Seq, err)
		}
		if err := audit.Prove(s, audit.Head{Seq: now.Seq + 1, Hash: now.Hash}, now); !errors.Is(err, audit.ErrBroken) {
			t.Fatalf("a head beyond the end was taken: %v", err)
		}
	})
}

// A record that is made anew as a whole holds in itself, and against no head that was given away before.
func TestARecordMadeAnewDoesNotHoldAgainstAnOldHead(t *testing.T) {
	t.Parallel()
	var true1, forged stored
	old := true1.grow(t, acts(9)...)
	list := acts(9)
	list[3].Who = "nobody"
	forged.grow(t, list...)
	now := forged.grow(t, acts(3)...)
	if _, err := forged.verify(); err != nil {
		t.Fatalf("a record made anew does not even hold in itself: %v", err)
	}
	if err := audit.Prove(forged, old, now); !errors.Is(err, audit.ErrBroken) {
		t.Errorf("a record made anew was taken: %v", err)
	}
}

func TestAnEdgeThatIsNotWholeIsRefused(t *testing.T) {
	t.Parallel()
	for size, edge := range map[int64][]tlog.Hash{5: make([]tlog.Hash, 1), 0: make([]tlog.Hash, 1), 4: nil, -1: make([]tlog.Hash, 64)} {
		if _, err := audit.NewTree(size, edge); !errors.Is(err, audit.ErrBroken) {
			t.Errorf("%d entries with %d hashes: %v", size, len(edge), err)
		}
	}
}

// chained links entries as releases before the tree did.
func chained(n int) []audit.Entry {
	list := acts(n)
	var before []byte
	for i := range list {
		list[i].Reason, list[i].Seq, list[i].Prev = "", int64(i)+1, before
		list[i].Hash = list[i].ChainDigest()
		before = list[i].Hash
	}
	return list
}

func verifyChain(list []audit.Entry) error {
	var before []byte
	for _, e := range list {
		var err error
		if before, err = audit.VerifyChain(before, e); err != nil {
			return err
		}
	}
	return nil
}

func TestTheChainOfOlderReleasesIsStillChecked(t *testing.T) {
	t.Parallel()
	if err := verifyChain(chained(3)); err != nil {
		t.Fatalf("untouched: %v", err)
	}
	for name, b := range map[string]struct {
		change func([]audit.Entry) []audit.Entry
		named  string
	}{
		"changed":  {func(e []audit.Entry) []audit.Entry { e[1].Who = "x"; return e }, "entry 2"},
		"removed":  {func(e []audit.Entry) []audit.Entry { return append(e[:1], e[2]) }, "entry 3"},
		"rehashed": {func(e []audit.Entry) []audit.Entry { e[1].Who = "x"; e[1].Hash = e[1].ChainDigest(); return e }, "entry 3"},
	} {
		if err := verifyChain(b.change(chained(3))); !errors.Is(err, audit.ErrBroken) || !strings.HasPrefix(err.Error(), b.named) {
			t.Errorf("%s: got %v, want an ErrBroken that names %s", name, err, b.named)
		}
	}
}
