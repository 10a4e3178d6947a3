package store

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"chumrok/internal/audit"
	"chumrok/internal/servertest"
)

// act1 puts one act on record, and acts n of them, one transaction each.
func act1(t testing.TB, s *Store, what, reason string) {
	t.Helper()
	apply(t, s, Effects{Audit: []audit.Entry{{Who: "desk", What: what, Subject: "800001", Reason: reason}}})
}

func actsOf(t testing.TB, s *Store, n int) {
	t.Helper()
	for i := range n {
		act1(t, s, fmt.Sprint("act ", i), "")
	}
}

func head(t testing.TB, s *Store) audit.Head {
	t.Helper()
	h, err := s.AuditHead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// tamper changes the database as somebody who holds it can.
func tamper(t testing.TB, s *Store, statements ...string) {
	t.Helper()
	for _, text := range statements {
		if _, err := s.write.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

func TestTamperingWithTheRecordIsNamed(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		actsOf(t, s, 10)
		act1(t, s, "reveal", "a reason")
		whole := head(t, s)
		if got, err := s.VerifyAudit(t.Context()); err != nil || got != whole || whole.Seq != 11 {
			t.Fatalf("an untouched record: %v, %v; want %v", got, err, whole)
		}
		if _, err := s.ProveAudit(t.Context(), whole, nil); err != nil {
			t.Fatalf("an untouched record: %v", err)
		}
		for _, one := range []struct{ name, change, named string }{
			{"change", `UPDATE audit SET what = 'x' WHERE seq = 4`, "entry 4: its content"},
			{"change a time", `UPDATE audit SET at = at + 1 WHERE seq = 1`, "entry 1: its content"},
			{"change a reason", `UPDATE audit_reasons SET reason = 'x' WHERE seq = 11`, "entry 11: the reason"},
			{"add a reason", `INSERT INTO audit_reasons (seq, salt, reason) SELECT 2, salt, reason FROM audit_reasons`, "entry 2: the reason"},
			{"take the word for a reason", `UPDATE audit SET because = NULL WHERE seq = 11`, "entry 11: the reason"},
			{"remove", `DELETE FROM audit WHERE seq = 5`, "entry 6: expected entry 5"},
			{"remove the first", `DELETE FROM audit WHERE seq = 1`, "entry 2: expected entry 1"},
			{"swap", `UPDATE audit SET what = CASE seq WHEN 3 THEN 'act 6' ELSE 'act 2' END WHERE seq IN (3, 7)`, "entry 3: its content"},
			{"append", `INSERT INTO audit (seq, at, who, what, subject, hash) SELECT 12, at, who, what, subject, hash FROM audit WHERE seq = 2`, "entry 12: the tree has no hash"},
			{"cut the tail", `DELETE FROM audit WHERE seq > 8`, "entry 9: it is gone: the record ends after entry 8"},
			{"cut everything", `DELETE FROM audit`, "entry 1: it is gone"},
			{"change a hash", `UPDATE audit_hashes SET hash = (SELECT hash FROM audit_hashes WHERE id = 5) WHERE id = 2`, "entry 1: it, or one up to entry 2"},
			{"remove a hash", `DELETE FROM audit_hashes WHERE id = 4`, "entry 4: its content"},
			{"cut the hashes", `DELETE FROM audit_hashes WHERE id > 10`, "entry 8: the tree has no hash"},
			{"move the end", `UPDATE audit_head SET seq = 9, size = 9`, "entry 10: the record ends after entry 9"},
			{"change the root", `UPDATE audit_head SET hash = (SELECT hash FROM audit_hashes WHERE id = 1)`, "entry 11: the end of the record"},
			{"remove the end", `DELETE FROM audit_head`, "entry 1: the end of the record is gone"},
		} {
			t.Run(one.name, func(t *testing.T) {
				tx, err := s.write.BeginTx(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = tx.Rollback() }() // on purpose
				if _, err := tx.ExecContext(t.Context(), one.change); err != nil {
					t.Fatal(err)
				}
				if _, err := verifyAudit(t.Context(), tx); !errors.Is(err, audit.ErrBroken) || !strings.HasPrefix(err.Error(), one.named) {
					t.Errorf("got %v, want one that begins with %q", err, one.named)
				}
			})
		}
		tamper(t, s, `DELETE FROM audit_reasons`)
		if got, err := s.VerifyAudit(t.Context()); err != nil || got != whole {
			t.Errorf("with its reasons destroyed: %v, %v", got, err)
		}
	})
}

// remake makes the record anew from its rows, as somebody who holds the whole database and knows this product can.
func remake(t testing.TB, s *Store) {
	t.Helper()
	entries, err := s.Audit(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var tree audit.Tree
	var hashes []tlog.Hash
	for i, e := range entries {
		if e.Seq != int64(i)+1 {
			tamper(t, s, fmt.Sprintf(`UPDATE audit SET seq = %d WHERE seq = %d`, i+1, e.Seq))
		}
		hashes = append(hashes, tree.Add(e.Leaf())...)
	}
	tamper(t, s, `DELETE FROM audit_hashes`, fmt.Sprintf(`UPDATE audit_head SET seq = %d`, len(entries)))
	tx, err := s.write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(growTree(t.Context(), tx, 0, hashes, tree), tx.Commit()); err != nil {
		t.Fatal(err)
	}
}

func TestARecordMadeAnewIsFoundByAnOldCheckpoint(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct{ change, named string }{
		"changed":   {`UPDATE audit SET who = 'nobody' WHERE seq = 6`, "entry 6: it, or one up to entry 9, is not what it was"},
		"removed":   {`DELETE FROM audit WHERE seq = 6`, "entry 6: it, or one up to entry 9, is not what it was"},
		"swapped":   {`UPDATE audit SET what = CASE seq WHEN 6 THEN 'act 7' ELSE 'act 5' END WHERE seq IN (6, 8)`, "entry 6: it, or one up to entry 9"},
		"truncated": {`DELETE FROM audit WHERE seq > 11`, "entry 12: it is gone"},
		"the first": {`UPDATE audit SET who = 'nobody' WHERE seq = 1`, "entry 1: it, or one up to entry 5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exam(t, func(t *testing.T, s *Store) {
				var sent []audit.Head
				for _, n := range []int{5, 4, 4} {
					actsOf(t, s, n)
					sent = append(sent, head(t, s))
				}
				actsOf(t, s, 2)
				for _, h := range sent {
					if _, err := s.ProveAudit(t.Context(), h, sent); err != nil {
						t.Fatalf("an untouched record against its checkpoint over %d entries: %v", h.Seq, err)
					}
				}
				tamper(t, s, one.change)
				remake(t, s)
				if _, err := s.VerifyAudit(t.Context()); err != nil {
					t.Fatalf("%s: the record was not made anew well: %v", name, err)
				}
				_, err := s.ProveAudit(t.Context(), sent[2], sent)
				if !errors.Is(err, audit.ErrBroken) || !strings.HasPrefix(err.Error(), one.named) {
					t.Errorf("%s: got %v, want one that begins with %q", name, err, one.named)
				}
				if _, err := s.ProveAudit(t.Context(), sent[2], nil); !errors.Is(err, audit.ErrBroken) {
					t.Errorf("%s: without the checkpoints between: %v", name, err)
				}
			})
		})
	}
}

func TestACheckpointOfAnotherRecordDoesNotHold(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		actsOf(t, s, 5)
		foreign, own := head(t, s), head(t, s)
		foreign.Hash[0] ^= 1
		if _, err := s.ProveAudit(t.Context(), foreign, []audit.Head{own}); !errors.Is(err, audit.ErrBroken) {
			t.Errorf("a root that the record never had: %v", err)
		}
		if _, err := s.ProveAudit(t.Context(), audit.Head{Hash: (&audit.Tree{}).Head().Hash}, nil); err != nil {
			t.Errorf("the checkpoint of the empty record: %v", err)
		}
	})
}

// Several gateways write one record: whoever is first, every entry has its own place, and the tree is one.
func TestTwoStoresAppendToOneRecord(t *testing.T) {
	t.Parallel()
	for name, url := range servertest.Databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := keyring(t)
			stores := []*Store{opened(t, url, keys), opened(t, url, keys)}
			const each = 40
			var all sync.WaitGroup
			for _, s := range stores {
				for range 4 {
					all.Go(func() {
						for i := range each / 4 {
							if _, err := s.Apply(t.Context(), noon, Effects{Audit: []audit.Entry{{Who: "desk", What: "act", Subject: fmt.Sprint(i)}}}); err != nil {
								t.Errorf("appending: %v", err)
							}
							if err := s.StartEmergency(t.Context(), Emergency{ID: NewID(), Reason: "r", By: "desk", From: noon, Until: noon.AddDate(0, 0, 1)}); err != nil {
								t.Errorf("switching on: %v", err)
							}
						}
					})
				}
			}
			all.Wait()
			for _, s := range stores {
				if got, err := s.VerifyAudit(t.Context()); err != nil || got.Seq != 4*each {
					t.Errorf("the record ends at %d, want %d: %v", got.Seq, 4*each, err)
				}
			}
		})
	}
}

// A transaction that dies takes its entries with it, and the next one goes on where the record stood.
func TestACrashLeavesTheRecordWhole(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		actsOf(t, s, 3)
		before := head(t, s)
		tx, err := s.write.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := appendAudit(t.Context(), tx, []audit.Entry{{At: noon, Who: "desk", What: "lost", Reason: "r"}}); err != nil {
			t.Fatal(err)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		if got, err := s.VerifyAudit(t.Context()); err != nil || got != before {
			t.Fatalf("after the crash: %v, %v; want %v", got, err, before)
		}
		actsOf(t, s, 2)
		if got, err := s.VerifyAudit(t.Context()); err != nil || got.Seq != 5 {
			t.Errorf("and after it went on: %v, %v", got, err)
		}
	})
}

func TestACheckpointIsKeptWithWhatIsSent(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		for _, k := range []Kept{{Size: 7, At: noon, Note: "b"}, {Size: 3, At: noon, Note: "a"}, {Size: 7, At: noon, Note: "c"}} {
			apply(t, s, Effects{Checkpoint: &k})
		}
		got, err := s.Checkpoints(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]Kept{{Size: 3, At: noon, Note: "a"}, {Size: 7, At: noon, Note: "c"}}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// BenchmarkAppendAudit is one act on record and durable, beside the same transaction without one.
func BenchmarkAppendAudit(b *testing.B) {
	for name, url := range servertest.Databases(b) {
		s := opened(b, url, keyring(b))
		for act, e := range map[string]Effects{"with": {Audit: []audit.Entry{{Who: "desk", What: "reveal", Subject: "800001"}}, Question: &Question{PhoneIndex: "x"}},
			"without": {Question: &Question{PhoneIndex: "x"}}} {
			b.Run(name+"/"+act, func(b *testing.B) {
				for b.Loop() {
					if _, err := s.Apply(b.Context(), noon, e); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkVerifyAudit verifies a record of 100,000 entries, as `ledger --check` and `audit verify` do.
func BenchmarkVerifyAudit(b *testing.B) {
	for name, url := range servertest.Databases(b) {
		s := opened(b, url, keyring(b))
		list := make([]audit.Entry, 1000)
		for i := range list {
			list[i] = audit.Entry{Who: "020101-focal", What: "accept", Subject: "800001"}
		}
		for range 100 {
			apply(b, s, Effects{Audit: list})
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if h, err := s.VerifyAudit(b.Context()); err != nil || h.Seq != 100_000 {
					b.Fatal(h.Seq, err)
				}
			}
		})
	}
}
