package store

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"chumrok/internal/seal"
)

type dialect string

const (
	onSQLite   dialect = "sqlite"
	onPostgres dialect = "postgres"
)

// readers is how many connections read from SQLite beside the one that writes: reads of a turn are short, and each connection has a
// page cache of its own (2 MiB).
const readers = 8

// Open opens the database at url, brings its tables up to date and starts the committer. The url is sqlite:PATH or postgres://…; an
// error never holds the url, which may carry a password.
func Open(ctx context.Context, url string, keys *seal.Keyring) (*Store, error) {
	if keys == nil {
		return nil, errors.New("opening the store: no keys to seal with")
	}
	s := &Store{keys: keys, queue: make(chan *member), woken: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	s.past.Store(&map[string]bool{})
	var err error
	switch scheme, rest, _ := strings.Cut(url, ":"); scheme {
	case "sqlite":
		err = s.openSQLite(ctx, rest)
	case "postgres", "postgresql":
		err = s.openPostgres(ctx, url)
	default:
		err = errors.New("the address must begin with sqlite: or postgres://")
	}
	if err == nil {
		err = s.fits(ctx)
	}
	if err == nil {
		err = s.carryRecord(ctx)
	}
	if err != nil {
		for i := len(s.close) - 1; i >= 0; i-- {
			_ = s.close[i]() // the first error is the one to tell
		}
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	go s.committer()
	return s, nil
}

func (s *Store) openSQLite(ctx context.Context, path string) (err error) {
	if path == "" {
		return errors.New("sqlite: no path; write sqlite:PATH")
	}
	s.dialect = onSQLite
	if err := ownFile(path); err != nil {
		return err
	}
	// synchronous(FULL) makes a commit durable, secure_delete overwrites what is deleted; immediate transactions wait for the write lock
	// at their start, where waiting is safe.
	file := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)" +
		"&_pragma=foreign_keys(1)&_pragma=synchronous(FULL)&_pragma=secure_delete(1)&_dqs=0"
	if s.write, err = sql.Open("sqlite", file+"&_txlock=immediate"); err != nil {
		return err
	}
	s.close = append(s.close, s.write.Close)
	s.write.SetMaxOpenConns(1)
	if err := s.migrate(ctx, goose.DialectSQLite3, "BLOB"); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite", file+"&_pragma=query_only(1)"); err != nil {
		return err
	}
	s.close = append(s.close, s.read.Close)
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	return s.read.PingContext(ctx)
}

// ownFile makes the database's file for its owner alone, before SQLite does as the process' umask says; the files beside it follow it.
func ownFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("making the database's file: %w", err)
	}
	return f.Close()
}

func (s *Store) openPostgres(ctx context.Context, url string) error {
	s.dialect = onPostgres
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return errors.New("the postgres address cannot be read; write postgres://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	// The committer holds one connection at most; the rest read and claim. pgx's own default is 4 on a small machine.
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = max(config.MaxConns, 10)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	s.close = append(s.close, func() error { pool.Close(); return nil })
	s.write = stdlib.OpenDBFromPool(pool)
	s.close = append(s.close, s.write.Close)
	s.read = s.write
	if err := reach(ctx, s.write); err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker() // several gateways may start at once
	if err != nil {
		return err
	}
	return s.migrate(ctx, goose.DialectPostgres, "BYTEA", goose.WithSessionLocker(locker))
}

// reachTime is how long a server may take to answer for the first time; migrations, which may be long, begin only then.
const reachTime = 5 * time.Second

func reach(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	if err := db.PingContext(ctx); err != nil {
		return fmt.Errorf("reaching the server: %w", err)
	}
	return nil
}

//go:embed migrations/*.sql
var migrations embed.FS

func (s *Store) migrate(ctx context.Context, d goose.Dialect, bytesType string, opts ...goose.ProviderOption) error {
	provider, err := migrator(s.write, d, bytesType, opts...)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("bringing the tables up to date: %w", err)
	}
	return nil
}

// migrator is what brings the tables of a database to any number of migration.
func migrator(db *sql.DB, d goose.Dialect, bytesType string, opts ...goose.ProviderOption) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	provider, err := goose.NewProvider(d, db, dialectFS{files, bytesType}, opts...)
	if err != nil {
		return nil, fmt.Errorf("reading migrations: %w", err)
	}
	return provider, nil
}

// dialectFS shows the migrations with {{BYTES}} written as the engine's type for bytes, the one thing in which the two schemas differ.
type dialectFS struct {
	fs.FS
	bytesType string
}

// Open opens a file of the migrations in the engine's own words.
func (d dialectFS) Open(name string) (fs.File, error) {
	f, err := d.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return f, err
	}
	body, err := io.ReadAll(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return translated{f, bytes.NewReader(bytes.ReplaceAll(body, []byte("{{BYTES}}"), []byte(d.bytesType)))}, nil
}

type translated struct {
	fs.File
	body *bytes.Reader
}

// Read reads the translated text.
func (t translated) Read(p []byte) (int, error) { return t.body.Read(p) }
