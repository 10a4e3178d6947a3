package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"chumrok/internal/audit"
	"chumrok/internal/backup"
	"chumrok/internal/seal"
)

// ErrOccupied is wrapped by every refusal to restore where there is something already, or where somebody else restores.
var ErrOccupied = errors.New("nothing was touched")

// Restore is a ledger that is being built out of a backup, beside the place that it is meant for: a file of its own on SQLite, a schema of
// its own on PostgreSQL. Until Place nothing is seen of it in its place; one that was never placed, also because the process was
// killed, is cleared away by Discard or by the next restore.
type Restore struct {
	at stage
}

// stage is where a ledger is built, one for each engine.
type stage interface {
	// url is how the ledger that is being built is opened.
	url() string
	// fill makes the tables and gives them their rows, all of them or none.
	fill(ctx context.Context, tables layout, rows *rowSource) error
	// place moves what was built to where it belongs, in one step.
	place(ctx context.Context) error
	// discard removes what was built and was not placed, and gives up the right to build here.
	discard(ctx context.Context) error
}

// NewRestore prepares to restore into the database at url, and refuses one in which there is anything: a gateway that runs makes its tables
// before it answers anybody, so where there are none, none runs.
func NewRestore(ctx context.Context, url string) (*Restore, error) {
	var at stage
	var err error
	switch scheme, rest, _ := strings.Cut(url, ":"); scheme {
	case "sqlite":
		at, err = stageSQLite(ctx, rest)
	case "postgres", "postgresql":
		at, err = stagePostgres(ctx, url)
	default:
		err = errors.New("the address must begin with sqlite: or postgres://")
	}
	if err != nil {
		return nil, err
	}
	return &Restore{at: at}, nil
}

// Fill reads a whole backup into the new ledger; its error wraps one of package backup's where the fault is the file's. Tables are made as
// they were when the backup was taken, and brought up to date by Open.
func (r *Restore) Fill(ctx context.Context, from *backup.Reader, read func(table string, rows int64)) error {
	newest, err := newestSchema()
	if err != nil {
		return err
	}
	switch schema := from.Header.Schema; {
	case schema > newest:
		return fmt.Errorf("its tables are those of migration %d and this release knows %d: %w", schema, newest, backup.ErrNewer)
	case schema < 1:
		return fmt.Errorf("it names no migration: %w", backup.ErrDamaged)
	}
	tables, err := layoutAt(ctx, from.Header.Schema)
	if err != nil {
		return err
	}
	if tables.schema != from.Header.Schema {
		return fmt.Errorf("it names migration %d, which never was: %w", from.Header.Schema, backup.ErrDamaged)
	}
	return r.at.fill(ctx, tables, &rowSource{from: from, known: tables, read: read, came: map[string]bool{}})
}

// Open opens the new ledger before it is in its place, to prove it and to finish it. Close it before Place.
func (r *Restore) Open(ctx context.Context, keys *seal.Keyring) (*Store, error) {
	return Open(ctx, r.at.url(), keys)
}

// Place puts the new ledger where it belongs. It fails where something has come there since.
func (r *Restore) Place(ctx context.Context) error { return r.at.place(ctx) }

// Discard clears away what was not placed; after Place there is nothing left to clear.
func (r *Restore) Discard(ctx context.Context) error { return r.at.discard(context.WithoutCancel(ctx)) }

// rowSource gives the rows of a backup table by table, and believes nothing that is not as the migrations made it.
type rowSource struct {
	from  *backup.Reader
	known layout
	came  map[string]bool
	read  func(string, int64)
	rows  int64
	ahead *backup.Table // a table that began while the rows of the last were asked for
	ended bool
	err   error
}

// table is the next table, and false at the end of a whole backup.
func (r *rowSource) table() (backup.Table, bool, error) {
	if r.ahead == nil && !r.ended {
		if _, err := r.next(); err != nil {
			return backup.Table{}, false, err
		}
	}
	if r.ended {
		for _, t := range r.known.tables {
			if !r.came[t.Name] {
				return backup.Table{}, false, fmt.Errorf("table %s is not in it: %w", t.Name, backup.ErrDamaged)
			}
		}
		return backup.Table{}, false, nil
	}
	t := *r.ahead
	r.ahead = nil
	i := slices.IndexFunc(r.known.tables, func(k backup.Table) bool { return k.Name == t.Name })
	if i < 0 || !slices.Equal(r.known.tables[i].Columns, t.Columns) {
		return t, false, fmt.Errorf("table %s is not the one of migration %d: %w", t.Name, r.known.schema, backup.ErrDamaged)
	}
	r.came[t.Name] = true
	return t, true, nil
}

// next is the next row of the table, and nil when there is none left.
func (r *rowSource) next() ([]any, error) {
	if r.ahead != nil || r.ended || r.err != nil {
		return nil, r.err
	}
	t, values, err := r.from.Next()
	switch {
	case errors.Is(err, io.EOF):
		r.ended = true
		return nil, nil
	case err != nil:
		r.err = err
		return nil, err
	case t != nil:
		r.ahead = t
		return nil, nil
	}
	if r.rows++; r.rows%shownEvery == 0 {
		r.read("", r.rows)
	}
	return values, nil
}

// compare says what is in a restored ledger that the trailer of its backup does not say.
func (r *rowSource) compare(ctx context.Context, tx querier) error {
	t := r.from.Trailer
	for _, name := range slices.Sorted(maps.Keys(t.Rows)) {
		n, err := query(ctx, tx, "counting what was restored", func(scan scanner) (n int64, err error) {
			err = scan(&n)
			return n, err
		}, `SELECT count(*) FROM `+name) // a name of the layout
		if err != nil {
			return err
		}
		if n[0] != t.Rows[name] {
			return fmt.Errorf("table %s has %d rows and the backup says %d: %w", name, n[0], t.Rows[name], backup.ErrDamaged)
		}
	}
	return nil
}

// TakeUp makes a restored ledger ready for a gateway, in one transaction: whatever was being done when the backup was taken is held by
// nobody and due as it was, and an alert that waited then may have been sent since, so that it says of itself that it is sent again. The
// acts go onto the record.
func (s *Store) TakeUp(ctx context.Context, acts ...audit.Entry) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning to take up what was restored: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after the commit it does nothing
	for _, change := range []string{
		`UPDATE due SET lease_id = '', lease_by = '', lease_until = 0`,
		`UPDATE messages SET maybe = 1 WHERE state IN ('queued', 'failed')`,
	} {
		if _, err := tx.ExecContext(ctx, change); err != nil {
			return fmt.Errorf("taking up what was restored: %w", err)
		}
	}
	if err := appendAudit(ctx, tx, acts); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("taking up what was restored: %w", err)
	}
	return nil
}

// LastAct is when this act was put on the record for the last time; zero for never.
func (s *Store) LastAct(ctx context.Context, what string) (time.Time, error) {
	var at int64
	if err := s.read.QueryRowContext(ctx, `SELECT coalesce(max(at), 0) FROM audit WHERE what = $1`, what).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("looking for an act on the record: %w", err)
	}
	return instant(at), nil
}

// committed runs do in one transaction.
func committed(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after the commit it does nothing
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}
