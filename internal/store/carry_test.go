package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
	"golang.org/x/mod/sumdb/tlog"

	"chumrok/internal/audit"
	"chumrok/internal/servertest"
)

// older writes a record of n entries as the releases before the tree did, on a database that has their tables.
func older(t *testing.T, url string, n int, change ...string) {
	t.Helper()
	driver, address, d, bytesType := "pgx", url, goose.DialectPostgres, "BYTEA"
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, address, d, bytesType = "sqlite", "file:"+path, goose.DialectSQLite3, "BLOB"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	provider, err := goose.NewProvider(d, db, dialectFS{subMigrations(t), bytesType})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 69); err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	exec := func(text string, args ...any) {
		t.Helper()
		if _, err := tx.ExecContext(t.Context(), text, args...); err != nil {
			t.Fatal(err)
		}
	}
	var prev []byte
	for i := range n {
		e := audit.Entry{Seq: int64(i) + 1, At: noon, Who: "desk", What: "hand on: in her own words", Subject: fmt.Sprint(i), Prev: prev}
		prev = e.ChainDigest()
		exec(`INSERT INTO audit (seq, at, who, what, subject, prev, hash) VALUES ($1,$2,$3,$4,$5,$6,$7)`, e.Seq, millis(e.At), e.Who, e.What, e.Subject, e.Prev, prev)
	}
	exec(`UPDATE audit_head SET seq = $1, hash = $2`, n, prev)
	for _, text := range change {
		exec(text)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func TestAnOlderRecordIsCarriedOver(t *testing.T) {
	t.Parallel()
	const n = auditPage + 300
	for name, url := range servertest.Databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			older(t, url, n)
			keys := keyring(t)
			s := opened(t, url, keys)
			carried, err := s.VerifyAudit(t.Context())
			if err != nil || carried.Seq != n {
				t.Fatalf("the record ends at %d: %v", carried.Seq, err)
			}
			if want := headOfOlder(n); carried != want {
				t.Errorf("carried over to %v, want always %v", carried, want)
			}
			list, err := s.Audit(t.Context(), 1, 1)
			if err != nil || len(list) != 1 || list[0].What != "hand on: in her own words" || list[0].Subject != "1" || len(list[0].Prev) != 32 {
				t.Errorf("an entry lost its meaning: %+v, %v", list, err)
			}
			actsOf(t, s, 3)
			if now, err := opened(t, url, keys).ProveAudit(t.Context(), carried, nil); err != nil || now.Seq != n+3 {
				t.Errorf("opened again: %v, %v", now, err)
			}
			tamper(t, s, `UPDATE audit SET prev = hash WHERE seq = 5`)
			if _, err := s.VerifyAudit(t.Context()); !errors.Is(err, audit.ErrBroken) || !strings.HasPrefix(err.Error(), "entry 5: it does not follow") {
				t.Errorf("a chain that was changed since: %v", err)
			}
		})
	}
}

func headOfOlder(n int) audit.Head {
	var tree audit.Tree
	for i := range n {
		tree.Add(audit.Entry{At: noon, Who: "desk", What: "hand on: in her own words", Subject: fmt.Sprint(i)}.Leaf())
	}
	return tree.Head()
}

// What was wrong with an older record stays a fault that is named, and keeps nobody from going on.
func TestAnOlderRecordThatDoesNotHoldIsCarriedOverAsItIs(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct{ change, named string }{
		"changed": {`UPDATE audit SET who = 'nobody' WHERE seq = 3`, "entry 3: its content"},
		"removed": {`DELETE FROM audit WHERE seq = 3`, "entry 4: expected entry 3"},
		"cut":     {`DELETE FROM audit WHERE seq > 8`, "entry 11: expected entry 9"},
	} {
		for engine, url := range servertest.Databases(t) {
			t.Run(name+"/"+engine, func(t *testing.T) {
				t.Parallel()
				older(t, url, 10, one.change)
				s := opened(t, url, keyring(t))
				actsOf(t, s, 2)
				if _, err := s.VerifyAudit(t.Context()); !errors.Is(err, audit.ErrBroken) || !strings.HasPrefix(err.Error(), one.named) {
					t.Errorf("got %v, want one that begins with %q", err, one.named)
				}
				if h := head(t, s); h.Seq != 12 {
					t.Errorf("it ends at %d", h.Seq)
				}
			})
		}
	}
}

// A gateway that died in the middle of carrying over, and an older one that still wrote beside it, leave the rest to whoever comes next.
func TestCarryingOverGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	for engine, url := range servertest.Databases(t) {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			older(t, url, 10)
			s := opened(t, url, keyring(t))
			tamper(t, s, `DELETE FROM audit_hashes WHERE id >= `+fmt.Sprint(tlog.StoredHashCount(6)))
			var tree audit.Tree
			for i := range 6 {
				tree.Add(audit.Entry{At: noon, Who: "desk", What: "hand on: in her own words", Subject: fmt.Sprint(i)}.Leaf())
			}
			root := tree.Head().Hash
			if _, err := s.write.ExecContext(t.Context(), `UPDATE audit_head SET size = 6, hash = $1`, root[:]); err != nil {
				t.Fatal(err)
			}
			actsOf(t, s, 1)
			got, err := s.VerifyAudit(t.Context())
			if err != nil || got.Seq != 11 {
				t.Fatalf("the record ends at %d: %v", got.Seq, err)
			}
		})
	}
}

func subMigrations(t testing.TB) fs.FS {
	t.Helper()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	return files
}
