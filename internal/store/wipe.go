package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// errBusy is returned when readers kept SQLite's log from being emptied; it is tried again.
var errBusy = errors.New("the log of the database could not be emptied, since it was being read")

// emptied are the tables in which erasing leaves dead rows on PostgreSQL.
var emptied = []string{"turns", "conversations", "reports", "referrals", "holds", "messages", "alerts", "handings", "drill_calls", "lessons",
	"audit_reasons"}

// rewriteBelow is up to which size, in bytes, a table of PostgreSQL is written anew when something in it was erased. Nobody can write to a table
// or read it meanwhile, so it must be over before a caller notices.
const rewriteBelow = 32 << 20

// Wipe removes the bytes of what was erased from the files of the database. On SQLite secure_delete has overwritten them in the file itself, and
// the log is emptied here. PostgreSQL's vacuum frees the room of a dead row and leaves its bytes until something is written there; so a small
// table is written anew, and in a large one they stay until then, as noise, since their key is gone.
func (s *Store) Wipe(ctx context.Context) error {
	if s.dialect == onPostgres {
		return s.vacuum(ctx)
	}
	var busy, frames, moved int
	if err := s.write.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved); err != nil {
		return fmt.Errorf("emptying the database's log: %w", err)
	}
	if busy != 0 {
		return errBusy
	}
	return nil
}

// vacuum frees the dead rows. No caller waits for it: a table that it cannot have soon, or that takes too long, is left to the next night, which
// unwiped asks for.
func (s *Store) vacuum(ctx context.Context) error {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("clearing away dead rows: %w", err)
	}
	defer conn.Close()
	defer func() { // the connection goes back to everybody
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `RESET lock_timeout`)
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `RESET statement_timeout`)
	}()
	if _, err := conn.ExecContext(ctx, `SET lock_timeout = '300ms'`); err != nil {
		return fmt.Errorf("clearing away dead rows: %w", err)
	}
	left := 0
	for _, table := range emptied {
		done, err := vacuumTable(ctx, conn, table)
		if err != nil {
			return fmt.Errorf("clearing away dead rows of %s: %w", table, err)
		}
		if !done {
			left++
		}
	}
	// Who reads in this moment, the server's own analysis among them, may have kept dead rows in a table that was written anew: so there is always
	// a second time, in the next night.
	return s.retry(ctx, func(ctx context.Context) error {
		_, err := s.write.ExecContext(ctx, `INSERT INTO lapsed AS l (what, n) VALUES ('`+unwiped+`', $1) ON CONFLICT (what)
			DO UPDATE SET n = CASE WHEN l.n = 0 THEN excluded.n ELSE excluded.n - 1 END`, left+1)
		return err
	})
}

// unwiped is the row of lapsed that says that tables may still hold bytes of what was erased: then they are wiped again in the next night.
const unwiped = ""

// vacuumTable is false where it was to be written anew and could not be.
func vacuumTable(ctx context.Context, conn *sql.Conn, table string) (done bool, err error) {
	var size int64
	if err := conn.QueryRowContext(ctx, `SELECT pg_total_relation_size($1::regclass)`, table).Scan(&size); err != nil {
		return false, err
	}
	if size < rewriteBelow {
		_, err := conn.ExecContext(ctx, `SET statement_timeout = '2s'`)
		if err == nil {
			_, err = conn.ExecContext(ctx, `VACUUM (FULL) `+table)
		}
		if err == nil || !gaveUp(err) {
			return true, err
		}
	}
	if _, err := conn.ExecContext(ctx, `SET statement_timeout = 0`); err != nil {
		return false, err
	}
	if _, err := conn.ExecContext(ctx, `VACUUM `+table); err != nil && !gaveUp(err) {
		return false, err
	}
	return size >= rewriteBelow, nil
}

// gaveUp says that PostgreSQL ended a statement because it would have had to wait, or took too long.
func gaveUp(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "55P03" || pg.Code == "57014")
}
