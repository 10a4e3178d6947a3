package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/audit"
	"chumrok/internal/backup"
	"chumrok/internal/seal"
	"chumrok/internal/servertest"
)

func unseen(string, int64) {}

// backedUp is the plain stream of a backup of s.
func backedUp(tb testing.TB, s *Store) []byte {
	tb.Helper()
	var out bytes.Buffer
	if _, err := s.Backup(tb.Context(), backup.Header{Taken: noon}, &out, unseen); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// restoreInto goes all the way that the command goes.
func restoreInto(ctx context.Context, url string, keys *seal.Keyring, stream []byte, finish func(*Store) error) (err error) {
	r, err := NewRestore(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Discard(ctx)) }()
	from, err := backup.NewReader(bytes.NewReader(stream))
	if err != nil {
		return err
	}
	if err := r.Fill(ctx, from, unseen); err != nil {
		return err
	}
	s, err := r.Open(ctx, keys)
	if err != nil {
		return err
	}
	if err := errors.Join(finish(s), s.Close()); err != nil {
		return err
	}
	return r.Place(ctx)
}

func nothingMore(*Store) error { return nil }

// content is every row of every table, as words in an order of their own.
func content(tb testing.TB, stream []byte) map[string][]string {
	tb.Helper()
	r, err := backup.NewReader(bytes.NewReader(stream))
	if err != nil {
		tb.Fatal(err)
	}
	all, name := map[string][]string{}, ""
	for {
		t, values, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			tb.Fatal(err)
		}
		if t != nil {
			name, all[t.Name] = t.Name, []string{}
			continue
		}
		all[name] = append(all[name], fmt.Sprintf("%#v", values))
	}
	for _, rows := range all {
		slices.Sort(rows)
	}
	return all
}

// lived is a store in which a bit of everything was written.
func lived(tb testing.TB, url string, keys *seal.Keyring) (*Store, Entry) {
	tb.Helper()
	s := opened(tb, url, keys)
	mustFresh(tb, s, concluding(tb, s, beginning(tb, s, "a"), "970001"))
	mustFresh(tb, s, holding(tb, s, beginning(tb, s, "b"), "970002"))
	open := mustFresh(tb, s, beginning(tb, s, "c"))
	open = mustFresh(tb, s, next(open))
	acts := []audit.Entry{{At: noon, Who: "operator", What: "reveal", Subject: "970001"}, {At: noon, Who: "operator", What: "ក", Subject: "970002"}}
	if _, err := s.Apply(tb.Context(), noon, Effects{Audit: acts}); err != nil {
		tb.Fatal(err)
	}
	return s, open
}

// TestABackupIsRestoredInAndAcrossEngines: what comes out is what went in, to the byte, and it adds up, can be read, and goes on.
func TestABackupIsRestoredInAndAcrossEngines(t *testing.T) {
	t.Parallel()
	for from, source := range servertest.Databases(t) {
		for to, target := range servertest.Databases(t) {
			t.Run(from+" to "+to, func(t *testing.T) {
				t.Parallel()
				keys := keyring(t)
				if to == from && from == "postgres" {
					source = servertest.Postgres(t)
				} else if from == "postgres" {
					source = servertest.Postgres(t)
				} else {
					source = "sqlite:" + filepath.Join(t.TempDir(), "source.db")
				}
				s, open := lived(t, source, keys)
				stream := backedUp(t, s)
				if err := restoreInto(t.Context(), target, keys, stream, nothingMore); err != nil {
					t.Fatal(err)
				}
				r := opened(t, target, keys)
				if diff := cmp.Diff(content(t, stream), content(t, backedUp(t, r))); diff != "" {
					t.Errorf("restored is not what was backed up (-was +is):\n%s", diff)
				}
				if faults, err := r.Check(t.Context()); err != nil || len(faults) > 0 {
					t.Errorf("it does not add up: %v, %v", faults, err)
				}
				before, err := s.VerifyAudit(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				after, err := r.VerifyAudit(t.Context())
				if diff := cmp.Diff(before, after); diff != "" || err != nil {
					t.Errorf("the record: %v\n%s", err, diff)
				}
				rep, ok, err := r.ReportByCode(t.Context(), "9970001")
				if err != nil || !ok {
					t.Fatalf("the report is found %t, %v", ok, err)
				}
				if rep.Story != "ឪពុកវាយខ្ញុំ" {
					t.Error("the story cannot be read")
				}
				mustFresh(t, r, next(open))
				if out := record(t, r, open); out.Kind != Repeat {
					t.Errorf("a turn that is delivered again is %v", out.Kind)
				}
			})
		}
	}
}

// TestABackupIsOfOneMoment: while callers go on, whatever was answered before it began is in it, and it adds up.
func TestABackupIsOfOneMoment(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		answered := map[string]bool{}
		var mu sync.Mutex
		begun := make(chan struct{})
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for i := range 8 {
			e := mustFresh(t, s, beginning(t, s, fmt.Sprint(i)))
			all.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					e = next(e)
					if out, err := s.Record(context.WithoutCancel(ctx), e); err != nil || out.Kind != Fresh {
						t.Errorf("recording: %v, %v", out.Kind, err)
						return
					}
					mu.Lock()
					answered[e.RepeatKey] = true
					if len(answered) == 40 {
						close(begun)
					}
					mu.Unlock()
				}
			})
		}
		<-begun
		mu.Lock()
		before := maps.Clone(answered)
		mu.Unlock()
		stream := backedUp(t, s)
		stop()
		all.Wait()
		turns := strings.Join(content(t, stream)["turns"], "\n")
		for key := range before {
			if !strings.Contains(turns, key) {
				t.Errorf("a turn that was answered before is not in it")
			}
		}
		target := "sqlite:" + filepath.Join(t.TempDir(), "restored.db")
		if err := restoreInto(t.Context(), target, s.keys, stream, nothingMore); err != nil {
			t.Fatal(err)
		}
		if faults, err := opened(t, target, s.keys).Check(t.Context()); err != nil || len(faults) > 0 {
			t.Errorf("it does not add up: %v, %v", faults, err)
		}
	})
}

// TestWhatWasBeingDoneIsTakenUp: leases are nobody's, and what may have been sent since says so.
func TestWhatWasBeingDoneIsTakenUp(t *testing.T) {
	t.Parallel()
	for name, url := range servertest.Databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := keyring(t)
			s, _ := lived(t, "sqlite:"+filepath.Join(t.TempDir(), "source.db"), keys)
			if claimed, err := s.Claim(t.Context(), noon.Add(24*time.Hour), "the lost one", time.Hour, 100); err != nil || len(claimed) < 4 {
				t.Fatalf("%d claimed, %v", len(claimed), err)
			}
			act := audit.Entry{At: noon, Who: "operator", What: "restore", Subject: "0123"}
			if err := restoreInto(t.Context(), url, keys, backedUp(t, s), func(s *Store) error { return s.TakeUp(t.Context(), act) }); err != nil {
				t.Fatal(err)
			}
			r := opened(t, url, keys)
			due, err := r.Claim(t.Context(), noon.Add(24*time.Hour), "the new one", time.Hour, 100)
			if err != nil || len(due) < 4 {
				t.Fatalf("%d are due at once, %v", len(due), err)
			}
			sends := 0
			for _, d := range due {
				if d.Kind != DueSend {
					continue
				}
				sends++
				if m, ok, err := r.Message(t.Context(), d.Subject); err != nil || !ok || !m.Maybe {
					t.Errorf("a message that waited: found %t, may have been sent %t, %v", ok, m.Maybe, err)
				}
			}
			if sends != 2 {
				t.Errorf("%d messages wait", sends)
			}
			entries, err := r.Audit(t.Context(), 2, 10)
			if err != nil || len(entries) != 1 || entries[0].What != "restore" {
				t.Errorf("the record ends with %+v, %v", entries, err)
			}
		})
	}
}

// TestABackupOfAnEarlierReleaseIsBroughtUpToDate: the tables are made as they were, filled, and then changed as an upgrade would have.
func TestABackupOfAnEarlierReleaseIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	for name, url := range servertest.Databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := keyring(t)
			old, err := layoutAt(t.Context(), 3)
			if err != nil {
				t.Fatal(err)
			}
			stream := writeStream(t, backup.Header{Schema: 3, Taken: noon}, old.tables, map[string][][]any{
				"clubs":      {{"0204", "020401", "", noon.UnixMilli(), int64(0)}},
				"audit_head": {{int64(1), int64(0), nil}},
			})
			if err := restoreInto(t.Context(), url, keys, stream, nothingMore); err != nil {
				t.Fatal(err)
			}
			r := opened(t, url, keys)
			newest, err := newestSchema()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := schemaOf(t.Context(), r.read); err != nil || got != newest {
				t.Errorf("its tables are those of migration %d, not %d: %v", got, newest, err)
			}
			if faults, err := r.Check(t.Context()); err != nil || len(faults) > 0 {
				t.Errorf("it does not add up: %v, %v", faults, err)
			}
		})
	}
}

func writeStream(tb testing.TB, h backup.Header, tables []backup.Table, rows map[string][][]any) []byte {
	tb.Helper()
	var out bytes.Buffer
	w, err := backup.NewWriter(&out, h)
	if err != nil {
		tb.Fatal(err)
	}
	for _, table := range tables {
		if err := w.Table(table); err != nil {
			tb.Fatal(err)
		}
		for _, row := range rows[table.Name] {
			if err := w.Row(row); err != nil {
				tb.Fatal(err)
			}
		}
	}
	if _, err := w.Close(backup.Trailer{}); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// TestWhatCannotBeRestoredLeavesNothingBehind: each refusal is in words, and the same place takes a good backup afterwards.
func TestWhatCannotBeRestoredLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	keys := keyring(t)
	s, _ := lived(t, "sqlite:"+filepath.Join(t.TempDir(), "source.db"), keys)
	good := backedUp(t, s)
	now, err := layoutAt(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	orphan := []any{NewID(), "nobody", int64(1), "key", []byte{1}, []byte{1}, []byte{1}, false, int64(1)}
	twice := []any{"970001", "somebody"}
	changed := bytes.Clone(good)
	changed[len(changed)/2] ^= 1
	for name, url := range servertest.Databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, c := range []struct {
				what   string
				stream []byte
				keys   *seal.Keyring
				want   error
			}{
				{"cut in half", good[:len(good)/2], keys, backup.ErrDamaged},
				{"without its digest", good[:len(good)-32], keys, backup.ErrDamaged},
				{"changed", changed, keys, backup.ErrDamaged},
				{"of a newer release", writeStream(t, backup.Header{Schema: 99999}, now.tables, nil), keys, backup.ErrNewer},
				{"of no release", writeStream(t, backup.Header{Schema: 7}, now.tables, nil), keys, backup.ErrDamaged},
				{"with a table missing", writeStream(t, backup.Header{Schema: now.schema}, now.tables[1:], nil), keys, backup.ErrDamaged},
				{"with a table of its own", writeStream(t, backup.Header{Schema: now.schema}, []backup.Table{{Name: "pg_class"}}, nil), keys, backup.ErrDamaged},
				{"with a turn of no conversation", writeStream(t, backup.Header{Schema: now.schema}, now.tables,
					map[string][][]any{"turns": {orphan}}), keys, nil},
				{"with a code twice", writeStream(t, backup.Header{Schema: now.schema}, now.tables, map[string][][]any{"codes": {twice, twice}}), keys, nil},
				{"of other keys", good, keyring(t), nil},
			} {
				err := restoreInto(t.Context(), url, c.keys, c.stream, nothingMore)
				if err == nil || c.want != nil && !errors.Is(err, c.want) {
					t.Errorf("a backup %s: %v", c.what, err)
				}
				leavesNothing(t, url, c.what)
			}
			stopped, stop := context.WithCancel(t.Context())
			err := restoreInto(stopped, url, keys, good, func(*Store) error { stop(); return nil })
			if err == nil && name == "postgres" {
				t.Error("a restore that was stopped went on")
			}
			if err != nil {
				leavesNothing(t, url, "a restore that was stopped")
				err = restoreInto(t.Context(), url, keys, good, nothingMore)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := restoreInto(t.Context(), url, keys, good, nothingMore); !errors.Is(err, ErrOccupied) {
				t.Errorf("a ledger was restored over: %v", err)
			}
			if faults, err := opened(t, url, keys).Check(t.Context()); err != nil || len(faults) > 0 {
				t.Errorf("it does not add up: %v, %v", faults, err)
			}
		})
	}
}

// leavesNothing says that a database is as it was before: not there, or without tables and schemas of ours.
func leavesNothing(t *testing.T, url, what string) {
	t.Helper()
	if path, isFile := strings.CutPrefix(url, "sqlite:"); isFile {
		if left, err := filepath.Glob(path + "*"); err != nil || len(left) > 0 {
			t.Errorf("a backup %s leaves %v, %v", what, left, err)
		}
		return
	}
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var left int
	if err := db.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', $1))
		+ (SELECT count(*) FROM pg_namespace WHERE nspname = $1)`, stagingSchema).Scan(&left); err != nil || left > 0 {
		t.Errorf("a backup %s leaves %d things, %v", what, left, err)
	}
}

// full is a disk with room for some bytes.
type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, syscall.ENOSPC
	}
	return len(p), nil
}

// TestAFullDiskIsToldAtOnce: wherever the room ends, a backup says so and holds nothing up.
func TestAFullDiskIsToldAtOnce(t *testing.T) {
	t.Parallel()
	s, open := lived(t, "sqlite:"+filepath.Join(t.TempDir(), "source.db"), keyring(t))
	for room := range len(backedUp(t, s)) {
		if room%1000 != 0 {
			continue
		}
		if _, err := s.Backup(t.Context(), backup.Header{Taken: noon}, &full{room}, unseen); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("with room for %d bytes: %v", room, err)
		}
	}
	mustFresh(t, s, next(open))
}

// TestOnlyOneRestores: a second one waits for nothing, and an unfinished one is cleared away by the next.
func TestOnlyOneRestores(t *testing.T) {
	t.Parallel()
	for name, url := range servertest.Databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, err := NewRestore(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := NewRestore(t.Context(), url); !errors.Is(err, ErrOccupied) {
				t.Errorf("a second one: %v", err)
			}
			if err := first.Discard(t.Context()); err != nil {
				t.Fatal(err)
			}
			leavesNothing(t, url, "never restored")
			opened(t, url, keyring(t)) // a gateway that starts
			if _, err := NewRestore(t.Context(), url); !errors.Is(err, ErrOccupied) {
				t.Errorf("beside a gateway: %v", err)
			}
		})
	}
}
