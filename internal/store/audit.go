package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"chumrok/internal/audit"
)

// auditPage is how many entries are read or carried over at once.
const auditPage = 1000

// appendAudit puts acts at the end of the record. The head's one row makes all appenders, also those of other gateways, take turns, and
// is asked for last in a transaction, so that they wait for each other shortly.
func appendAudit(ctx context.Context, tx *sql.Tx, acts []audit.Entry) error {
	if len(acts) == 0 {
		return nil
	}
	var seq, size int64
	if err := tx.QueryRowContext(ctx, `UPDATE audit_head SET seq = seq + $1 WHERE id = 1 RETURNING seq, size`, len(acts)).Scan(&seq, &size); err != nil {
		return fmt.Errorf("finding the end of the record: %w", err)
	}
	tree, err := readTree(ctx, tx, size)
	if err != nil {
		return err
	}
	seq -= int64(len(acts))
	if err := carry(ctx, tx, &tree, seq); err != nil { // of an older release that ran beside this one
		return err
	}
	numbered := make([]audit.Entry, len(acts))
	first := tree.Stored()
	var hashes []tlog.Hash
	for i, e := range acts {
		salt := make([]byte, 16)
		_, _ = rand.Read(salt) // it never fails
		e = e.Give(salt)
		e.Seq = seq + int64(i) + 1
		numbered[i] = e
		hashes = append(hashes, tree.Add(e.Leaf())...)
	}
	if err := insertAudit(ctx, tx, numbered); err != nil {
		return err
	}
	return growTree(ctx, tx, first, hashes, tree)
}

func insertAudit(ctx context.Context, tx *sql.Tx, entries []audit.Entry) error {
	args := make([]any, 0, len(entries)*7)
	var reasons []any
	for _, e := range entries {
		args = append(args, e.Seq, millis(e.At), e.Who, e.What, e.Subject, e.Because, []byte{})
		if e.Reason != "" {
			reasons = append(reasons, e.Seq, e.Salt, e.Reason)
		}
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO audit (seq, at, who, what, subject, because, hash) VALUES `+rows(len(entries), 7), args...); err != nil {
		return fmt.Errorf("writing the record: %w", err)
	}
	if len(reasons) == 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO audit_reasons (seq, salt, reason) VALUES `+rows(len(reasons)/3, 3), reasons...); err != nil {
		return fmt.Errorf("writing the reasons beside the record: %w", err)
	}
	return nil
}

// readTree reads the right edge of the tree, locking nothing.
func readTree(ctx context.Context, tx *sql.Tx, size int64) (audit.Tree, error) {
	hashes, err := hashReader{ctx, tx}.ReadHashes(audit.Edge(size))
	if err != nil {
		return audit.Tree{}, err
	}
	return audit.NewTree(size, hashes)
}

// growTree stores the hashes that were added, the first of them by the number given, and moves the end of the record.
func growTree(ctx context.Context, tx *sql.Tx, first int64, hashes []tlog.Hash, tree audit.Tree) error {
	args := make([]any, 0, 2*len(hashes))
	for i, h := range hashes {
		args = append(args, first+int64(i), h[:])
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO audit_hashes (id, hash) VALUES `+rows(len(hashes), 2), args...); err != nil {
		return fmt.Errorf("growing the record's tree: %w", err)
	}
	head := tree.Head()
	if _, err := tx.ExecContext(ctx, `UPDATE audit_head SET size = $1, hash = $2 WHERE id = 1`, head.Seq, head.Hash[:]); err != nil {
		return fmt.Errorf("moving the end of the record: %w", err)
	}
	return nil
}

// carry takes entries of the chain, up to the one with number until, into the tree. An entry that is gone leaves its gap, for VerifyAudit to name.
func carry(ctx context.Context, tx *sql.Tx, tree *audit.Tree, until int64) error {
	for tree.Size() < until {
		limit := min(auditPage, until-tree.Size())
		entries, err := readAudit(ctx, tx, tree.Size(), int(limit))
		if err != nil {
			return err
		}
		first := tree.Stored()
		var hashes []tlog.Hash
		last := tree.Size() + limit
		for _, e := range entries {
			if e.Seq > last {
				break
			}
			for tree.Size()+1 < e.Seq {
				hashes = append(hashes, tree.Add(audit.Missing())...)
			}
			hashes = append(hashes, tree.Add(e.Leaf())...)
		}
		for tree.Size() < last {
			hashes = append(hashes, tree.Add(audit.Missing())...)
		}
		if err := growTree(ctx, tx, first, hashes, *tree); err != nil {
			return err
		}
	}
	return nil
}

// carryRecord makes a tree of a record that an older release wrote, page by page, so that nobody else who appends waits long.
func (s *Store) carryRecord(ctx context.Context) error {
	for {
		var behind int64
		err := s.retry(ctx, func(ctx context.Context) error {
			var seq, size int64
			if err := s.write.QueryRowContext(ctx, `SELECT seq, size FROM audit_head WHERE id = 1`).Scan(&seq, &size); err != nil {
				return err
			}
			if behind = seq - size; behind <= 0 {
				return nil
			}
			tx, err := s.write.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			defer func() { _ = tx.Rollback() }() // without effect once it is committed
			if err := tx.QueryRowContext(ctx, `UPDATE audit_head SET size = size WHERE id = 1 RETURNING seq, size`).Scan(&seq, &size); err != nil {
				return err
			}
			tree, err := readTree(ctx, tx, size)
			if err != nil {
				return err
			}
			if err := carry(ctx, tx, &tree, min(seq, size+auditPage)); err != nil {
				return err
			}
			return tx.Commit()
		})
		if err != nil {
			return fmt.Errorf("making a tree of the record: %w", err)
		}
		if behind <= 0 {
			return nil
		}
	}
}

// hashReader reads the tree's stored hashes.
type hashReader struct {
	ctx context.Context //nolint:containedctx // tlog's interface has none, and this lives for one call
	db  querier
}

// ReadHashes reads the hashes of these numbers, in their order.
func (r hashReader) ReadHashes(numbers []int64) ([]tlog.Hash, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	args := make([]any, len(numbers))
	for i, n := range numbers {
		args[i] = n
	}
	found := make(map[int64]tlog.Hash, len(numbers))
	stored, err := query(r.ctx, r.db, "reading the record's tree", scanHash, `SELECT id, hash FROM audit_hashes WHERE id IN `+list(len(numbers)), args...)
	if err != nil {
		return nil, err
	}
	for _, one := range stored {
		found[one.id] = one.hash
	}
	hashes := make([]tlog.Hash, len(numbers))
	for i, n := range numbers {
		h, ok := found[n]
		if !ok {
			return nil, fmt.Errorf("hash %d of the record's tree is gone: %w", n, audit.ErrBroken)
		}
		hashes[i] = h
	}
	return hashes, nil
}

type storedHash struct {
	id   int64
	hash tlog.Hash
}

func scanHash(scan scanner) (h storedHash, err error) {
	var raw []byte
	if err := scan(&h.id, &raw); err != nil {
		return h, err
	}
	copy(h.hash[:], raw)
	return h, nil
}

// Audit reads up to limit entries of the record after the one with number after.
func (s *Store) Audit(ctx context.Context, after int64, limit int) ([]audit.Entry, error) {
	return readAudit(ctx, s.read, after, limit)
}

func readAudit(ctx context.Context, db querier, after int64, limit int) ([]audit.Entry, error) {
	return query(ctx, db, "reading the record", func(scan scanner) (e audit.Entry, err error) {
		var at int64
		err = scan(&e.Seq, &at, &e.Who, &e.What, &e.Subject, &e.Because, &e.Prev, &e.Hash, &e.Salt, &e.Reason)
		e.At = instant(at)
		return e, err
	}, `SELECT a.seq, a.at, a.who, a.what, a.subject, a.because, a.prev, a.hash, r.salt, coalesce(r.reason, '')
		FROM audit a LEFT JOIN audit_reasons r ON r.seq = a.seq WHERE a.seq > $1 ORDER BY a.seq LIMIT $2`, after, limit)
}

// AuditHead is the state of the record now, as it stands; VerifyAudit proves it.
func (s *Store) AuditHead(ctx context.Context) (audit.Head, error) { return readHead(ctx, s.read) }

type rowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func readHead(ctx context.Context, db rowQuerier) (head audit.Head, err error) {
	var hash []byte
	if err := db.QueryRowContext(ctx, `SELECT size, hash FROM audit_head WHERE id = 1`).Scan(&head.Seq, &hash); err != nil {
		return head, fmt.Errorf("reading the end of the record: %w", err)
	}
	if head.Seq == 0 {
		var none audit.Tree
		return none.Head(), nil
	}
	copy(head.Hash[:], hash)
	return head, nil
}

// DueCheckpoint is the work of giving the record's checkpoint away; its subject is the record.
const DueCheckpoint = "checkpoint"

// Kept is a checkpoint that was given away.
type Kept struct {
	Size int64
	At   time.Time
	Note string // signed
}

func writeKept(ctx context.Context, tx *sql.Tx, k Kept) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO checkpoints (size, at, note) VALUES ($1,$2,$3) ON CONFLICT (size) DO UPDATE SET at = excluded.at, note = excluded.note`,
		k.Size, millis(k.At), k.Note)
	if err != nil {
		return fmt.Errorf("keeping a checkpoint: %w", err)
	}
	return nil
}

// Checkpoints lists what was given away of the record, the oldest first.
func (s *Store) Checkpoints(ctx context.Context) ([]Kept, error) {
	return query(ctx, s.read, "reading checkpoints", func(scan scanner) (k Kept, err error) {
		var at int64
		err = scan(&k.Size, &at, &k.Note)
		k.At = instant(at)
		return k, err
	}, `SELECT size, at, note FROM checkpoints ORDER BY size`)
}
