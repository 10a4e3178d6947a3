package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"chumrok/internal/audit"
)

// VerifyAudit checks the whole record from its first entry to its end and returns that end; its error names the first entry that does not
// hold and wraps audit.ErrBroken. It cannot see a record that somebody with the whole database made anew: ProveAudit does.
func (s *Store) VerifyAudit(ctx context.Context) (audit.Head, error) {
	tx, err := s.snapshot(ctx)
	if err != nil {
		return audit.Head{}, err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	return verifyAudit(ctx, tx)
}

func verifyAudit(ctx context.Context, tx *sql.Tx) (audit.Head, error) {
	head, _, err := verifyAt(ctx, tx, nil)
	return head, err
}

// ProveAudit is VerifyAudit, and proves that the record includes and continues what the checkpoint old was over. between are checkpoints that were
// given away and whose signatures hold: where old does not hold, they tell between which two something was changed.
func (s *Store) ProveAudit(ctx context.Context, old audit.Head, between []audit.Head) (audit.Head, error) {
	tx, err := s.snapshot(ctx)
	if err != nil {
		return audit.Head{}, err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	wanted := map[int64]bool{old.Seq: true}
	for _, h := range between {
		wanted[h.Seq] = true
	}
	now, roots, err := verifyAt(ctx, tx, wanted)
	if err != nil {
		return now, err
	}
	if old.Seq > now.Seq {
		return now, fmt.Errorf("entry %d: it is gone: the checkpoint is over %d entries, and the record ends after entry %d: %w",
			now.Seq+1, old.Seq, now.Seq, audit.ErrBroken)
	}
	if old.Seq > 0 && roots[old.Seq] != old.Hash { // everything continues the empty record
		from, to := int64(1), old.Seq
		for _, h := range between {
			switch {
			case h.Seq > old.Seq || h.Seq < 1:
			case roots[h.Seq] == h.Hash:
				from = max(from, h.Seq+1)
			default:
				to = min(to, h.Seq)
			}
		}
		if from > to { // a later one of between holds: then it is old that is not of this record
			from, to = 1, old.Seq
		}
		return now, fmt.Errorf("entry %d: it, or one up to entry %d, is not what it was when the checkpoint was made: %w", from, to, audit.ErrBroken)
	}
	return now, audit.Prove(hashReader{ctx, tx}, old, now)
}

// verifyAt verifies the record and notes the root that it had at each of the sizes that are wanted.
func verifyAt(ctx context.Context, tx *sql.Tx, wanted map[int64]bool) (audit.Head, map[int64]tlog.Hash, error) {
	var tree audit.Tree
	var seq, chained int64
	var chain []byte
	roots := map[int64]tlog.Hash{0: tree.Head().Hash}
	if err := tx.QueryRowContext(ctx, `SELECT seq, chained FROM audit_head WHERE id = 1`).Scan(&seq, &chained); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return audit.Head{}, nil, fmt.Errorf("entry 1: the end of the record is gone: %w", audit.ErrBroken)
		}
		return audit.Head{}, nil, fmt.Errorf("reading the end of the record: %w", err)
	}
	for {
		entries, err := readAudit(ctx, tx, tree.Size(), auditPage)
		if err != nil {
			return tree.Head(), nil, err
		}
		stored, err := storedHashes(ctx, tx, tree.Stored(), tlog.StoredHashCount(tree.Size()+int64(len(entries))))
		if err != nil {
			return tree.Head(), nil, err
		}
		first := tree.Stored()
		for _, e := range entries {
			if e.Seq <= chained && e.Seq == tree.Size()+1 {
				if chain, err = audit.VerifyChain(chain, e); err != nil {
					return tree.Head(), nil, err
				}
			}
			at := min(int(tree.Stored()-first), len(stored))
			if err := tree.Next(e, stored[at:]); err != nil {
				return tree.Head(), nil, err
			}
			if wanted[tree.Size()] {
				roots[tree.Size()] = tree.Head().Hash
			}
		}
		if len(entries) < auditPage {
			break
		}
	}
	return tree.Head(), roots, verifyEnd(ctx, tx, tree, seq)
}

// verifyEnd checks that the record ends where the tree ends.
func verifyEnd(ctx context.Context, tx *sql.Tx, tree audit.Tree, seq int64) error {
	head := tree.Head()
	end, err := readHead(ctx, tx)
	if err != nil {
		return err
	}
	var beyond int64
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM audit_hashes WHERE id >= $1`, tree.Stored()).Scan(&beyond); err != nil {
		return fmt.Errorf("reading the end of the record's tree: %w", err)
	}
	switch {
	case seq > head.Seq || end.Seq > head.Seq || beyond > 0:
		return fmt.Errorf("entry %d: it is gone: the record ends after entry %d: %w", head.Seq+1, head.Seq, audit.ErrBroken)
	case seq < head.Seq || end.Seq < head.Seq:
		return fmt.Errorf("entry %d: the record ends after entry %d: %w", min(seq, end.Seq)+1, min(seq, end.Seq), audit.ErrBroken)
	case end.Hash != head.Hash:
		return fmt.Errorf("entry %d: the end of the record is not over what was written: %w", head.Seq, audit.ErrBroken)
	}
	return nil
}

// storedHashes reads the tree's hashes from one number up to another, as far as there is no gap.
func storedHashes(ctx context.Context, db querier, from, until int64) ([]tlog.Hash, error) {
	list, err := query(ctx, db, "reading the record's tree", scanHash, `SELECT id, hash FROM audit_hashes WHERE id >= $1 AND id < $2 ORDER BY id`, from, until)
	if err != nil {
		return nil, err
	}
	hashes := make([]tlog.Hash, until-from)
	for _, h := range list {
		hashes[h.id-from] = h.hash // one that is gone stays zero, which is the hash of nothing
	}
	if len(list) == 0 {
		return nil, nil
	}
	return hashes[:list[len(list)-1].id-from+1], nil
}
