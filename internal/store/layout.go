package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pressly/goose/v3"

	"chumrok/internal/backup"
)

// layout is the tables of one number of migration, parents before their children, as every engine has them.
type layout struct {
	schema int64
	tables []backup.Table
}

// columnKinds is what the migrations call the kinds of columns.
var columnKinds = map[string]backup.Kind{"TEXT": backup.Text, "BIGINT": backup.Int, "INTEGER": backup.Int, "BLOB": backup.Bytes, "BOOLEAN": backup.Bool}

// newestSchema is the number of the last migration of this release.
func newestSchema() (int64, error) {
	l, err := layoutAt(context.Background(), 0)
	return l.schema, err
}

// layoutAt makes the tables of a number of migration in an empty database in memory and looks at them; 0 is the newest. What a database
// holds besides them is none of ours.
func layoutAt(ctx context.Context, schema int64) (layout, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return layout{}, fmt.Errorf("looking at the tables: %w", err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	provider, err := migrator(db, goose.DialectSQLite3, "BLOB")
	if err != nil {
		return layout{}, err
	}
	if schema == 0 {
		_, err = provider.Up(ctx)
	} else {
		_, err = provider.UpTo(ctx, schema)
	}
	if err != nil {
		return layout{}, fmt.Errorf("looking at the tables: %w", err)
	}
	l := layout{}
	if l.schema, err = schemaOf(ctx, db); err != nil {
		return layout{}, err
	}
	names, err := words(ctx, db, "looking at the tables", `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
		AND name <> 'goose_db_version' ORDER BY rowid`)
	if err != nil {
		return layout{}, err
	}
	for _, name := range names {
		t := backup.Table{Name: name}
		t.Columns, err = query(ctx, db, "looking at a table", func(scan scanner) (c backup.Column, err error) {
			var kind string
			if err = scan(&c.Name, &kind); err == nil {
				var known bool
				if c.Kind, known = columnKinds[kind]; !known {
					err = fmt.Errorf("column %s of table %s is of a type that backups do not know: %s", c.Name, name, kind)
				}
			}
			return c, err
		}, `SELECT name, type FROM pragma_table_info($1) ORDER BY cid`, name)
		if err != nil {
			return layout{}, err
		}
		l.tables = append(l.tables, t)
	}
	return l, nil
}

// schemaOf is the number of the last migration of a database.
func schemaOf(ctx context.Context, db rowQuerier) (int64, error) {
	var schema int64
	if err := db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`).Scan(&schema); err != nil {
		return 0, fmt.Errorf("reading the number of the last migration: %w", err)
	}
	return schema, nil
}
