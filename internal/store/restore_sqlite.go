package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"

	"chumrok/internal/backup"
)

// sqliteStage builds a ledger in a file beside the one that it will be. Whoever holds the lock on a third file builds.
type sqliteStage struct {
	path string
	lock *os.File
}

func (s *sqliteStage) file() string { return s.path + ".restoring" }

// stageSQLite refuses a place that is not bare. A write-ahead log without its database would be played into ours: it is left where a file
// was moved away under a gateway, or after a crash.
func stageSQLite(_ context.Context, path string) (*sqliteStage, error) {
	if path == "" {
		return nil, errors.New("sqlite: no path; write sqlite:PATH")
	}
	s := &sqliteStage{path: path}
	if err := s.bare(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the database: %w", err)
	}
	lock, err := os.OpenFile(s.file()+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("preparing the restore: %w", err)
	}
	if err := holdFile(lock); err != nil {
		return nil, errors.Join(fmt.Errorf("another restore into %s is at work: wait for its end; %w", path, ErrOccupied), lock.Close())
	}
	s.lock = lock
	if err := s.clear(); err != nil { // what a restore that was killed has left
		return nil, errors.Join(err, s.release())
	}
	return s, nil
}

// bare refuses where there is a ledger, or what belongs to one.
func (s *sqliteStage) bare() error {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		_, err := os.Lstat(s.path + suffix)
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return fmt.Errorf("looking for a ledger: %w", err)
		case suffix == "":
			return fmt.Errorf("there is a ledger at %s: stop the gateway and move it away, with its -wal and -shm, or restore --into another; %w", s.path, ErrOccupied)
		default:
			return fmt.Errorf("%s%s is there without its ledger: stop the gateway that may run on it, and move it to where the ledger went; %w", s.path, suffix, ErrOccupied)
		}
	}
	return nil
}

func (s *sqliteStage) url() string { return "sqlite:" + s.file() }

// fill needs no journal and no syncing: a file that is not finished is thrown away, and what place gives a name is on the disk.
func (s *sqliteStage) fill(ctx context.Context, tables layout, rows *rowSource) error {
	f, err := os.OpenFile(s.file(), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("beginning the file: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("beginning the file: %w", err)
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: s.file()}).EscapedPath()+
		"?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=foreign_keys(1)&_pragma=cache_size(-65536)&_dqs=0")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	provider, err := migrator(db, goose.DialectSQLite3, "BLOB")
	if err != nil {
		return err
	}
	if _, err := provider.UpTo(ctx, tables.schema); err != nil {
		return fmt.Errorf("making the tables: %w", err)
	}
	err = committed(ctx, db, func(tx *sql.Tx) error {
		for i := len(tables.tables) - 1; i >= 0; i-- { // the migrations write rows of their own
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+tables.tables[i].Name); err != nil {
				return fmt.Errorf("making the tables: %w", err)
			}
		}
		for {
			t, more, err := rows.table()
			if err != nil {
				return err
			}
			if !more {
				return rows.compare(ctx, tx)
			}
			if err := insert(ctx, tx, t, rows); err != nil {
				return fmt.Errorf("filling table %s: %w", t.Name, err)
			}
		}
	})
	if err != nil {
		return err
	}
	return db.Close()
}

func insert(ctx context.Context, tx *sql.Tx, t backup.Table, source *rowSource) error {
	one, err := tx.PrepareContext(ctx, `INSERT INTO `+t.Name+` (`+columnNames(t)+`) VALUES `+rows(1, len(t.Columns)))
	if err != nil {
		return err
	}
	defer func() { _ = one.Close() }() // an insert that failed has said so
	for {
		values, err := source.next()
		if err != nil || values == nil {
			return err
		}
		if _, err := one.ExecContext(ctx, values...); err != nil {
			return err
		}
	}
}

func (s *sqliteStage) place(context.Context) error {
	if err := s.bare(); err != nil {
		return err
	}
	for _, suffix := range []string{"-wal", "-journal"} {
		if _, err := os.Lstat(s.file() + suffix); err == nil {
			return fmt.Errorf("%s%s is still there: the restored ledger was not closed", s.file(), suffix)
		}
	}
	f, err := os.OpenFile(s.file(), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("finishing the file: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("finishing the file: %w", err)
	}
	if err := backup.Place(s.file(), s.path); err != nil {
		return fmt.Errorf("putting the ledger in its place: %w", err)
	}
	return nil
}

func (s *sqliteStage) discard(context.Context) error { return errors.Join(s.clear(), s.release()) }

func (s *sqliteStage) clear() error {
	for _, suffix := range []string{"-wal", "-shm", "-journal", ""} {
		if err := os.Remove(s.file() + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("clearing away an unfinished restore: %w", err)
		}
	}
	return nil
}

// release gives up the lock and its file: whoever opened the file before us finds it held, and a later one makes its own.
func (s *sqliteStage) release() error {
	if s.lock == nil {
		return nil
	}
	err := errors.Join(os.Remove(s.lock.Name()), s.lock.Close())
	s.lock = nil
	return err
}
