package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"chumrok/internal/phone"
	"chumrok/internal/referral"
	"chumrok/internal/report"
	"chumrok/internal/seal"
	"chumrok/internal/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// noon is when everything in these tests happens.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// exam runs one test on each engine: both sit the same exam.
func exam(t *testing.T, do func(t *testing.T, s *Store)) {
	t.Helper()
	for name, url := range servertest.Databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			do(t, opened(t, url, keyring(t)))
		})
	}
}

func keyring(tb testing.TB) *seal.Keyring {
	tb.Helper()
	keys, err := seal.Generate()
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}

func opened(tb testing.TB, url string, keys *seal.Keyring) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), url, keys)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("closing: %v", err)
		}
	})
	return s
}

func caller(tb testing.TB) phone.Number {
	tb.Helper()
	n, err := phone.Parse("+855 12 000 123")
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func repeatKey() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// beginning is the first turn of a new conversation, with the due work that ends it some day.
func beginning(tb testing.TB, s *Store, live string) Entry {
	tb.Helper()
	id := NewID()
	key, wrapped, err := s.keys.NewDataKey(id)
	if err != nil {
		tb.Fatal(err)
	}
	return Entry{
		RepeatKey: repeatKey(), At: noon, Seq: 1,
		Conversation: Conversation{ID: id, LiveKey: live, Channel: "ussd", Provider: "simulator", Definition: "d1", Number: caller(tb),
			New: true, Key: key, Wrapped: wrapped},
		Heard: []byte("heard 1"), Answer: []byte("answer 1"), State: []byte("state 1"),
		Effects: Effects{Due: []Due{{Kind: DueUnfinished, Subject: id, At: noon.Add(30 * time.Minute)}}},
	}
}

// next is the turn after e in the same conversation.
func next(e Entry) Entry {
	n := Entry{RepeatKey: repeatKey(), At: e.At.Add(time.Second), Seq: e.Seq + 1,
		Conversation: Conversation{ID: e.Conversation.ID, Key: e.Conversation.Key}}
	n.Heard, n.Answer, n.State = fmt.Appendf(nil, "heard %d", n.Seq), fmt.Appendf(nil, "answer %d", n.Seq), fmt.Appendf(nil, "state %d", n.Seq)
	return n
}

// concluding adds to e a report, its referral, an alert and the work that is due for it.
func concluding(tb testing.TB, s *Store, e Entry, code string) Entry {
	tb.Helper()
	c := &e.Conversation
	c.Bin, c.Ended, e.Ended = Concluded, true, true
	rep := Report{Report: report.Report{ID: NewID(), ConversationID: c.ID, Channel: "ussd", Language: "km", Who: "child", Harm: report.HarmPhysical,
		AreaCode: "020401", Age: "6_11", Sex: "female", Story: "ឪពុកវាយខ្ញុំ", State: report.Referred, At: e.At,
		Contact: report.Contact{Way: "call", Phone: "another", Number: caller(tb)}},
		Risk: report.High, Reasons: []string{"The caller says so."}, Code: "9" + code}
	ref := referral.Referral{ID: NewID(), ReportID: rep.ID, ConversationID: c.ID, Code: code, State: referral.Alerting, Risk: report.High,
		AreaCode: "020401", StartedAt: e.At, AcceptDue: e.At.Add(time.Hour)}
	a := Alert{ID: NewID(), ReferralID: ref.ID, OfficerID: "o1", PhoneIndex: s.PhoneIndex(caller(tb)), Code: code, Key: "alert.new", Tier: "committee"}
	m := Message{ID: NewID(), ConversationID: c.ID, Kind: ToAlert, AlertID: a.ID, OfficerID: "o1", Text: "1 " + code}
	e.Effects = Effects{Report: &rep, Referrals: []referral.Referral{ref}, Alerts: []Alert{a}, Messages: []Message{m},
		Due:     []Due{{Kind: DueAccepted, Subject: ref.ID, At: ref.AcceptDue, Urgency: 1}, {Kind: DueSend, Subject: m.ID, At: e.At, Urgency: 2}},
		DueDone: []DueKey{{DueUnfinished, c.ID}}}
	return e
}

// holding adds to e a report that waits at the desk.
func holding(tb testing.TB, s *Store, e Entry, code string) Entry {
	tb.Helper()
	e = concluding(tb, s, e, code)
	f := &e.Effects
	ref := f.Referrals[0]
	h := referral.Hold{ID: NewID(), ReportID: ref.ReportID, ConversationID: ref.ConversationID, Code: code, Reason: referral.NoPlace,
		State: referral.HoldWaiting, Risk: report.High, StartedAt: e.At, Due: e.At.Add(time.Hour)}
	f.Referrals, f.Holds = nil, []referral.Hold{h}
	f.Alerts[0].ReferralID, f.Alerts[0].HoldID = "", h.ID
	f.Due[0] = Due{Kind: DueHold, Subject: h.ID, At: h.Due}
	e.Conversation.Bin = Held
	return e
}

func record(tb testing.TB, s *Store, e Entry) Outcome {
	tb.Helper()
	out, err := s.Record(tb.Context(), e)
	if err != nil {
		tb.Fatalf("recording: %v", err)
	}
	return out
}

func mustFresh(tb testing.TB, s *Store, e Entry) Entry {
	tb.Helper()
	if out := record(tb, s, e); out.Kind != Fresh {
		tb.Fatalf("recording: %v, want fresh", out.Kind)
	}
	return e
}

// together commits entries as one group, so that a test says what shares a transaction.
func together(tb testing.TB, s *Store, entries ...Entry) ([]Outcome, []error) {
	tb.Helper()
	group := make([]*member, len(entries))
	for i := range entries {
		m, err := s.prepare(tb.Context(), &entries[i])
		if err != nil {
			tb.Fatal(err)
		}
		group[i] = m
	}
	for left := group; len(left) > 0; {
		var now []*member
		now, left = pick(left)
		s.commitGroup(now)
	}
	outcomes, errs := make([]Outcome, len(group)), make([]error, len(group))
	for i, m := range group {
		<-m.done
		outcomes[i], errs[i] = m.outcome, m.err
	}
	return outcomes, errs
}

// atOnce records entries from a goroutine each.
func atOnce(tb testing.TB, s *Store, entries []Entry) []Outcome {
	tb.Helper()
	out := make([]Outcome, len(entries))
	start := make(chan struct{})
	var all sync.WaitGroup
	for i, e := range entries {
		all.Go(func() {
			<-start
			var err error
			if out[i], err = s.Record(context.WithoutCancel(tb.Context()), e); err != nil {
				tb.Errorf("recording entry %d: %v", i, err)
			}
		})
	}
	close(start)
	all.Wait()
	return out
}

func kinds(outcomes []Outcome) map[OutcomeKind]int {
	n := map[OutcomeKind]int{}
	for _, o := range outcomes {
		n[o.Kind]++
	}
	return n
}

func counts(tb testing.TB, s *Store) Counts {
	tb.Helper()
	c, err := s.Counts(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// holds that nothing is wrong with the ledger.
func sound(tb testing.TB, s *Store) {
	tb.Helper()
	faults, err := s.Check(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	if diff := cmp.Diff([]string(nil), faults); diff != "" {
		tb.Errorf("the ledger does not add up (-want +got):\n%s", diff)
	}
}

func TestCloseLeavesNothingRunning(t *testing.T) {
	for name, url := range servertest.Databases(t) {
		t.Run(name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			s, err := Open(t.Context(), url, keyring(t))
			if err != nil {
				t.Fatal(err)
			}
			mustFresh(t, s, beginning(t, s, "live"))
			for range 2 {
				if err := s.Close(); err != nil {
					t.Fatalf("closing: %v", err)
				}
			}
			if _, err := s.Record(t.Context(), beginning(t, s, "live 2")); err == nil {
				t.Error("recording after Close: no error")
			}
			goleak.VerifyNone(t, before)
		})
	}
}

func TestOpenRefusesWhatItCannotOpen(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "sqlite:", "mysql://x", "postgres://user:secret@[bad", "sqlite:" + t.TempDir() + "/none/x.db"} {
		s, err := Open(t.Context(), url, keyring(t))
		if err == nil {
			t.Errorf("opening %q: no error", url)
			_ = s.Close()
		}
	}
	if _, err := Open(t.Context(), "sqlite:"+t.TempDir()+"/x.db", nil); err == nil {
		t.Error("opening without keys: no error")
	}
}

func TestOpenRefusesOtherKeys(t *testing.T) {
	t.Parallel()
	for name, url := range servertest.Databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := keyring(t)
			mustFresh(t, opened(t, url, keys), beginning(t, opened(t, url, keys), "live"))
			if s, err := Open(t.Context(), url, keyring(t)); !errors.Is(err, seal.ErrKeyMissing) {
				t.Errorf("opening with other keys: %v", err)
				if err == nil {
					_ = s.Close()
				}
			}
		})
	}
}

func TestSQLiteIsDurableAndForgets(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := opened(t, "sqlite:"+folder+"/x.db", keyring(t))
	files, err := filepath.Glob(folder + "/*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "secure_delete": "1", "foreign_keys": "1"} {
		got, err := words(t.Context(), s.write, "reading a pragma", "PRAGMA "+pragma)
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s is %v, want %s; %v", pragma, got, want, err)
		}
	}
	if _, err := s.read.ExecContext(t.Context(), "DELETE FROM due"); err == nil {
		t.Error("a reader may write")
	}
}

func TestPostgresGoesAndComesBack(t *testing.T) {
	t.Parallel()
	server := servertest.PostgresServer(t)
	s := opened(t, server.URL(), keyring(t))
	last := mustFresh(t, s, beginning(t, s, "live"))
	server.Stop()
	lost := next(last)
	if out, err := s.Record(t.Context(), lost); err == nil {
		t.Errorf("recording without a database: %v", out.Kind)
	}
	server.Start()
	if out := record(t, s, lost); out.Kind != Fresh {
		t.Errorf("delivered again after it came back: %v", out.Kind)
	}
	sound(t, s)
}
