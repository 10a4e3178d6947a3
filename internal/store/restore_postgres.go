package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// stagingSchema is where a ledger is built in PostgreSQL.
const stagingSchema = "chumrok_restoring"

// restoreLock is the advisory lock of who builds: any number, the same in every release.
const restoreLock = 0x6368756d726f6b

// postgresStage builds a ledger in a schema of its own, from which its tables are moved.
type postgresStage struct {
	staged string // the address of the database with the schema in it, for a pool
	single string // likewise, for one connection
	target string // the schema that is the ledger's place
	conn   *pgx.Conn
}

// stagePostgres refuses a database in whose schema there is any table.
func stagePostgres(ctx context.Context, address string) (*postgresStage, error) {
	staged, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the postgres address cannot be read; write postgres://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	values, err := url.ParseQuery(staged.RawQuery)
	if err != nil {
		return nil, errors.New("the postgres address cannot be read after its question mark")
	}
	with := func(words url.Values) string {
		there := *staged
		there.RawQuery = words.Encode()
		return there.String()
	}
	single := maps.Clone(values)
	maps.DeleteFunc(single, func(name string, _ []string) bool { return strings.HasPrefix(name, "pool_") })
	s := &postgresStage{}
	if s.conn, err = pgx.Connect(ctx, with(single)); err != nil {
		return nil, fmt.Errorf("reaching the database: %w", withoutAddress(err))
	}
	values.Set("search_path", stagingSchema)
	single.Set("search_path", stagingSchema)
	s.staged, s.single = with(values), with(single)
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(err, s.conn.Close(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// withoutAddress keeps of an error of connecting only its cause: the rest names user and host.
func withoutAddress(err error) error {
	var connecting *pgconn.ConnectError
	if errors.As(err, &connecting) {
		return connecting.Unwrap()
	}
	return err
}

func (s *postgresStage) begin(ctx context.Context) error {
	if mine, err := s.lock(ctx); err != nil {
		return err
	} else if !mine {
		return fmt.Errorf("another restore into this database is at work: wait for its end; %w", ErrOccupied)
	}
	if err := s.conn.QueryRow(ctx, `SELECT coalesce(current_schema(), '')`).Scan(&s.target); err != nil {
		return fmt.Errorf("preparing the restore: %w", err)
	}
	if s.target == "" || s.target == stagingSchema {
		return fmt.Errorf("the database has no schema to restore into: make one, such as public; %w", ErrOccupied)
	}
	if err := s.bare(ctx, s.conn); err != nil {
		return err
	}
	if err := s.clear(ctx); err != nil {
		return err
	}
	if _, err := s.conn.Exec(ctx, `CREATE SCHEMA `+stagingSchema); err != nil {
		return fmt.Errorf("making a schema to build in; where it is refused, GRANT CREATE ON DATABASE to this user: %w", err)
	}
	return nil
}

// lockWait is how long the lock is waited for: the server needs a moment to see that whoever held it was killed.
const lockWait = `SET lock_timeout = '3s'`

// lock takes the lock of who builds, for as long as the connection lives, and says whether it could.
func (s *postgresStage) lock(ctx context.Context) (bool, error) {
	_, err := s.conn.Exec(ctx, lockWait)
	if err == nil {
		_, err = s.conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(restoreLock))
	}
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused) && refused.Code == "55P03":
		return false, nil
	case err != nil:
		return false, fmt.Errorf("preparing the restore: %w", err)
	}
	return true, nil
}

// bare refuses where there is a ledger, or anything.
func (s *postgresStage) bare(ctx context.Context, db interface {
	QueryRow(ctx context.Context, text string, args ...any) pgx.Row
},
) error {
	var tables int
	if err := db.QueryRow(ctx, `SELECT count(*) FROM pg_tables WHERE schemaname = $1`, s.target).Scan(&tables); err != nil {
		return fmt.Errorf("looking for a ledger: %w", err)
	}
	if tables > 0 {
		return fmt.Errorf("the database has %d tables: stop the gateways and make a new, empty one, such as with createdb, or restore --into another; %w", tables, ErrOccupied)
	}
	return nil
}

func (s *postgresStage) url() string { return s.staged }

func (s *postgresStage) fill(ctx context.Context, tables layout, rows *rowSource) error {
	config, err := pgx.ParseConfig(s.single)
	if err != nil {
		return errors.New("the postgres address cannot be read")
	}
	db := stdlib.OpenDB(*config)
	defer db.Close()
	provider, err := migrator(db, goose.DialectPostgres, "BYTEA")
	if err != nil {
		return err
	}
	if _, err := provider.UpTo(ctx, tables.schema); err != nil {
		return fmt.Errorf("making the tables: %w", err)
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("filling the tables: %w", err)
	}
	defer conn.Close()
	err = conn.Raw(func(driver any) error {
		held, ok := driver.(*stdlib.Conn)
		if !ok {
			return errors.New("the driver is not PostgreSQL's")
		}
		return pgx.BeginFunc(ctx, held.Conn(), func(tx pgx.Tx) error { return s.copyIn(ctx, tx, tables, rows) })
	})
	if err != nil {
		return err
	}
	if err := rows.compare(ctx, db); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, `ANALYZE`); err != nil { // or the first questions are answered as if the tables were empty
		return fmt.Errorf("measuring the tables: %w", err)
	}
	return nil
}

func (s *postgresStage) copyIn(ctx context.Context, tx pgx.Tx, tables layout, rows *rowSource) error {
	for i := len(tables.tables) - 1; i >= 0; i-- { // the migrations write rows of their own
		if _, err := tx.Exec(ctx, `DELETE FROM `+tables.tables[i].Name); err != nil {
			return fmt.Errorf("making the tables: %w", err)
		}
	}
	for {
		t, more, err := rows.table()
		if err != nil || !more {
			return err
		}
		names := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			names[i] = c.Name
		}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{t.Name}, names, &copying{rows: rows}); err != nil {
			// What the file's fault was comes back from the server as its words only.
			return fmt.Errorf("filling table %s: %w", t.Name, errors.Join(err, rows.err))
		}
	}
}

// copying gives rows to COPY.
type copying struct {
	rows   *rowSource
	values []any
	err    error
}

// Next reads the next row.
func (c *copying) Next() bool {
	c.values, c.err = c.rows.next()
	return c.err == nil && c.values != nil
}

// Values is the row that Next read.
func (c *copying) Values() ([]any, error) { return c.values, nil }

// Err is why there is no row.
func (c *copying) Err() error { return c.err }

// place moves all tables in one transaction, their indexes and sequences with them.
func (s *postgresStage) place(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, s.conn, func(tx pgx.Tx) error {
		if err := s.bare(ctx, tx); err != nil {
			return err
		}
		found, err := tx.Query(ctx, `SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1`, stagingSchema)
		if err != nil {
			return err
		}
		names, err := pgx.CollectRows(found, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, name := range names {
			if _, err := tx.Exec(ctx, `ALTER TABLE `+pgx.Identifier{stagingSchema, name}.Sanitize()+
				` SET SCHEMA `+pgx.Identifier{s.target}.Sanitize()); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `DROP SCHEMA `+stagingSchema)
		return err
	})
	if err != nil {
		return fmt.Errorf("putting the ledger in its place: %w", err)
	}
	return nil
}

func (s *postgresStage) clear(ctx context.Context) error {
	if _, err := s.conn.Exec(ctx, `DROP SCHEMA IF EXISTS `+stagingSchema+` CASCADE`); err != nil {
		return fmt.Errorf("clearing away an unfinished restore: %w", err)
	}
	return nil
}

// discard clears away and gives up the lock, which is the connection's. A connection whose work was stopped may be closed already, and what
// was built is cleared away all the same, unless somebody else builds there by now.
func (s *postgresStage) discard(ctx context.Context) error {
	if s.conn.IsClosed() {
		var err error
		if s.conn, err = pgx.Connect(ctx, s.single); err != nil {
			return fmt.Errorf("clearing away an unfinished restore: %w", withoutAddress(err))
		}
		if mine, err := s.lock(ctx); err != nil || !mine {
			return errors.Join(err, s.conn.Close(ctx))
		}
	}
	return errors.Join(s.clear(ctx), s.conn.Close(ctx))
}
