package store

import (
	"context"
	"database/sql"
	"fmt"

	"chumrok/internal/audit"
)

// appendAudit links acts to the end of the record. The head's one row makes all appenders, also those of other gateways, take turns, and
// is asked for last in a transaction, so that they wait for each other shortly.
func appendAudit(ctx context.Context, tx *sql.Tx, acts []audit.Entry) error {
	if len(acts) == 0 {
		return nil
	}
	var head audit.Head
	if err := tx.QueryRowContext(ctx, `UPDATE audit_head SET seq = seq + $1 WHERE id = 1 RETURNING seq, hash`, len(acts)).
		Scan(&head.Seq, &head.Hash); err != nil {
		return fmt.Errorf("finding the end of the record: %w", err)
	}
	head.Seq -= int64(len(acts))
	linked, head := audit.Link(head, acts...)
	args := make([]any, 0, len(linked)*7)
	for _, e := range linked {
		args = append(args, e.Seq, millis(e.At), e.Who, e.What, e.Subject, e.Prev, e.Hash)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO audit (seq, at, who, what, subject, prev, hash) VALUES `+rows(len(linked), 7), args...); err != nil {
		return fmt.Errorf("writing the record: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE audit_head SET hash = $1 WHERE id = 1`, head.Hash); err != nil {
		return fmt.Errorf("moving the end of the record: %w", err)
	}
	return nil
}

// Audit reads up to limit entries of the record after the one with number after.
func (s *Store) Audit(ctx context.Context, after int64, limit int) ([]audit.Entry, error) {
	return readAudit(ctx, s.read, after, limit)
}

func readAudit(ctx context.Context, db querier, after int64, limit int) ([]audit.Entry, error) {
	return query(ctx, db, "reading the record", func(scan scanner) (e audit.Entry, err error) {
		var at int64
		err = scan(&e.Seq, &at, &e.Who, &e.What, &e.Subject, &e.Prev, &e.Hash)
		e.At = instant(at)
		return e, err
	}, `SELECT seq, at, who, what, subject, prev, hash FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`, after, limit)
}

// VerifyAudit checks the whole record from its first entry to its end and returns that end; its error names the first entry that does not
// hold and wraps audit.ErrBroken.
func (s *Store) VerifyAudit(ctx context.Context) (audit.Head, error) {
	tx, err := s.snapshot(ctx)
	if err != nil {
		return audit.Head{}, err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	return verifyAudit(ctx, tx)
}

func verifyAudit(ctx context.Context, tx *sql.Tx) (audit.Head, error) {
	const page = 1000
	var head, end audit.Head
	for {
		entries, err := readAudit(ctx, tx, head.Seq, page)
		if err != nil {
			return head, err
		}
		if head, err = audit.Verify(head, entries); err != nil {
			return head, err
		}
		if len(entries) < page {
			break
		}
	}
	if err := tx.QueryRowContext(ctx, `SELECT seq, hash FROM audit_head WHERE id = 1`).Scan(&end.Seq, &end.Hash); err != nil {
		return head, fmt.Errorf("reading the end of the record: %w", err)
	}
	if end.Seq != head.Seq || string(end.Hash) != string(head.Hash) {
		return head, fmt.Errorf("entry %d: the record ends after entry %d: %w", end.Seq, head.Seq, audit.ErrBroken)
	}
	return head, nil
}
