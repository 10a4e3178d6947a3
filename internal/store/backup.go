package store

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"

	"chumrok/internal/backup"
)

// Backup writes every row of every table as they were together at one moment, while others write: a reading transaction of its own sees
// what was committed before it began and nothing later, on both engines. Only sealed columns and what stands readable in the database
// anyway go out; neither engine makes a copy on a disk. The record of acts is verified on the way: where it does not hold, the backup is
// written all the same, and the error beside a whole trailer wraps audit.ErrBroken.
func (s *Store) Backup(ctx context.Context, h backup.Header, to io.Writer, written func(table string, rows int64)) (backup.Trailer, error) {
	tx, err := s.snapshot(ctx)
	if err != nil {
		return backup.Trailer{}, err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	h.Engine = string(s.dialect)
	if h.Schema, err = schemaOf(ctx, tx); err != nil {
		return backup.Trailer{}, err
	}
	tables, err := layoutAt(ctx, h.Schema)
	if err != nil {
		return backup.Trailer{}, err
	}
	w, err := backup.NewWriter(to, h)
	if err != nil {
		return backup.Trailer{}, err
	}
	for _, t := range tables.tables {
		if err := writeTable(ctx, tx, t, w, written); err != nil {
			return backup.Trailer{}, fmt.Errorf("reading table %s: %w", t.Name, err)
		}
	}
	head, broken := verifyAudit(ctx, tx)
	t, err := w.Close(backup.Trailer{RecordSeq: head.Seq, RecordHash: head.Hash[:]})
	if err != nil {
		return backup.Trailer{}, err
	}
	return t, broken
}

// shownEvery is how many rows pass between two signs of life.
const shownEvery = 1000

func writeTable(ctx context.Context, tx *sql.Tx, t backup.Table, w *backup.Writer, written func(string, int64)) error {
	if err := w.Table(t); err != nil {
		return err
	}
	found, err := tx.QueryContext(ctx, `SELECT `+columnNames(t)+` FROM `+t.Name)
	if err != nil {
		return err
	}
	defer found.Close()
	values, into := make([]any, len(t.Columns)), make([]any, len(t.Columns)) // any keeps apart what is NULL and what is empty
	for i := range values {
		into[i] = &values[i]
	}
	for found.Next() {
		if err := found.Scan(into...); err != nil {
			return err
		}
		if err := w.Row(values); err != nil {
			return err
		}
		if name, rows := w.Rows(); rows%shownEvery == 0 {
			written(name, rows)
		}
	}
	return found.Err()
}

func columnNames(t backup.Table) string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}
