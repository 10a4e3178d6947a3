package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"chumrok/internal/phone"
	"chumrok/internal/seal"
)

type scanner func(into ...any) error

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// query runs a statement that returns rows and gathers what one makes of each; doing names it in errors.
func query[T any](ctx context.Context, db querier, doing string, one func(scanner) (T, error), text string, args ...any) ([]T, error) {
	found, err := db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	defer found.Close()
	var list []T
	for found.Next() {
		v, err := one(found.Scan)
		if errors.Is(err, ErrPast) { // nobody can read it any more, and all else is read as before
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", doing, err)
		}
		list = append(list, v)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	return list, nil
}

// words reads one column of text.
func words(ctx context.Context, db querier, doing, text string, args ...any) ([]string, error) {
	return query(ctx, db, doing, func(scan scanner) (w string, err error) {
		err = scan(&w)
		return w, err
	}, text, args...)
}

// rows is the list of n rows of placeholders: ($1,$2),($3,$4). types, if given, are what each column is cast to: PostgreSQL needs that
// where no table says it.
func rows(n, columns int, types ...string) string {
	var b strings.Builder
	b.Grow(n * columns * 6)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		for j := range columns {
			if j > 0 {
				b.WriteByte(',')
			}
			p := "$" + strconv.Itoa(i*columns+j+1)
			if types != nil {
				p = "CAST(" + p + " AS " + types[j] + ")"
			}
			b.WriteString(p)
		}
		b.WriteByte(')')
	}
	return b.String()
}

// list is a bracketed list of n placeholders for IN.
func list(n int) string { return rows(1, n) }

// listFrom is list with the first placeholder $from.
func listFrom(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("$" + strconv.Itoa(from+i))
	}
	return "(" + b.String() + ")"
}

func anys(words []string) []any {
	out := make([]any, len(words))
	for i, w := range words {
		out[i] = w
	}
	return out
}

func null(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

// open opens a sealed column; one that was never filled or was erased is nil.
func open(key seal.DataKey, table, column, row string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	return key.Open(seal.Place{Table: table, Column: column, Row: row}, sealed)
}

func openNumber(key seal.DataKey, table, row string, sealed []byte) (phone.Number, error) {
	plain, err := open(key, table, "number", row, sealed)
	if err != nil || len(plain) == 0 {
		return phone.Number{}, err
	}
	return phone.Restore(string(plain))
}

// transactionLimit ends a transaction that hangs: longer than SQLite waits for a command that holds the write lock (5 s), shorter than
// a provider waits before it delivers again (15 s at Twilio).
const transactionLimit = 10 * time.Second

// tries is how often a transaction that lost a deadlock or a serialization is made again.
const tries = 8

// retry runs do, again when it lost against another transaction.
func (s *Store) retry(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, transactionLimit)
	defer cancel()
	for attempt := 1; ; attempt++ {
		err := do(ctx)
		if err == nil || attempt == tries || !lost(err) {
			return err
		}
		timer := time.NewTimer(rand.N(time.Millisecond << attempt))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(err, ctx.Err())
		}
	}
}

// lost says that a transaction had to give way to another one and may simply be made again: PostgreSQL's deadlock and serialization
// failures, a SQLite that is busy.
func lost(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40P01" || pg.Code == "40001"
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code()&0xff == codes.SQLITE_BUSY || lite.Code()&0xff == codes.SQLITE_LOCKED
	}
	return false
}

// MayReturn says that a database which could not be opened may be there later without anybody mending our set-up: it is not reached, starting,
// full or locked. A path that cannot be opened or a file that is no database is not that.
func MayReturn(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case codes.SQLITE_BUSY, codes.SQLITE_LOCKED, codes.SQLITE_FULL, codes.SQLITE_IOERR:
			return true
		}
		return false
	}
	return Unreachable(err)
}

// Unreachable says that the database as a whole is the trouble (gone, full, shutting down, too slow, out of connections) and not what was
// to be written: trying the members of a group one by one would only make each of them wait, and the same may succeed later.
func Unreachable(err error) bool {
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err) { // the last: a connection that was closed before
		return true
	}
	var pg *pgconn.PgError // before the connect error that may hold it: a wrong password is no outage
	if errors.As(err, &pg) {
		if pg.Code == "25006" { // nothing may be written: a server that is a replica now
			return true
		}
		switch pg.Code[:2] {
		case "08", "53", "57", "58": // connection, resources, operator, system
			return true
		}
		return false
	}
	var network net.Error
	var connect *pgconn.ConnectError
	if errors.As(err, &network) || errors.As(err, &connect) {
		return true
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case codes.SQLITE_BUSY, codes.SQLITE_FULL, codes.SQLITE_IOERR, codes.SQLITE_READONLY, codes.SQLITE_CANTOPEN, codes.SQLITE_CORRUPT:
			return true
		}
	}
	return false
}
