package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/audit"
	"chumrok/internal/referral"
	"chumrok/internal/seal"
	"chumrok/internal/servertest"
)

func TestTurnsComeBackAsTheyWereSaid(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		e1 := beginning(t, s, "live")
		e1.Conversation.DangerAt = noon
		mustFresh(t, s, e1)
		e2 := next(e1)
		e2.Conversation.DangerAt = noon.Add(time.Hour)
		mustFresh(t, s, e2)
		var key seal.DataKey
		for name, read := range map[string]func() (Resumed, bool, error){
			"by live key": func() (Resumed, bool, error) { return s.Resume(t.Context(), "live") },
			"by id":       func() (Resumed, bool, error) { return s.Conversation(t.Context(), e1.Conversation.ID) },
		} {
			r, ok, err := read()
			if err != nil || !ok {
				t.Fatalf("%s: found %t, %v", name, ok, err)
			}
			key = r.Key
			want := fmt.Sprint(int64(2), "heard 2", "answer 2", "state 2", StillOpen, noon, noon, noon.Add(time.Second), true)
			got := fmt.Sprint(r.Seq, string(r.Heard), string(r.Answer), string(r.State), r.Bin, r.DangerAt, r.StartedAt, r.LastAt, r.Number == caller(t))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		e3 := next(e2)
		e3.Conversation.Key = key // the key in the database seals as the one from the beginning
		mustFresh(t, s, e3)
		turns, err := s.Turns(t.Context(), e1.Conversation.ID)
		if err != nil || len(turns) != 3 || string(turns[2].Heard) != "heard 3" {
			t.Errorf("turns: %d, %v", len(turns), err)
		}
		if _, ok, err := s.Resume(t.Context(), "another"); ok || err != nil {
			t.Errorf("an unknown live key: found %t, %v", ok, err)
		}
		sound(t, s)
	})
}

func TestTheSameMessageAtOnceIsOneTurnAndOneReport(t *testing.T) {
	t.Parallel()
	for _, n := range []int{8, 64} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			exam(t, func(t *testing.T, s *Store) {
				entries := make([]Entry, n)
				for i := range entries {
					entries[i] = concluding(t, s, beginning(t, s, "live"), fmt.Sprintf("10%04d", i))
					entries[i].RepeatKey = "the same"
					entries[i].Answer = fmt.Appendf(nil, "answer of %d", i)
				}
				got := atOnce(t, s, entries)
				if diff := cmp.Diff(map[OutcomeKind]int{Fresh: 1, Repeat: n - 1}, kinds(got)); diff != "" {
					t.Fatalf("outcomes (-want +got):\n%s", diff)
				}
				again := record(t, s, entries[n-1])
				for _, o := range append(got, again) {
					if string(o.Answer) != string(got[0].Answer) || o.Conversation != got[0].Conversation || !o.Ended {
						t.Errorf("a repeat got %q, another got %q", o.Answer, got[0].Answer)
					}
				}
				c := counts(t, s)
				if c.Turns != 1 || c.Received != 1 || c.Concluded != 1 || c.Reports != 1 || c.Referrals["alerting"] != 1 || c.Alerts["queued"] != 1 {
					t.Errorf("counts: %+v", c)
				}
				sound(t, s)
			})
		})
	}
}

func TestTwoConversationsAtOnceForOnePhone(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		entries := make([]Entry, 16)
		for i := range entries {
			entries[i] = beginning(t, s, "live")
		}
		if diff := cmp.Diff(map[OutcomeKind]int{Fresh: 1, Behind: 15}, kinds(atOnce(t, s, entries))); diff != "" {
			t.Errorf("outcomes (-want +got):\n%s", diff)
		}
		if c := counts(t, s); c.Turns != 1 || c.Received != 1 || c.Due[DueUnfinished] != 1 {
			t.Errorf("what is behind left something: %+v", c)
		}
		sound(t, s)
	})
}

func TestANewConversationTakesTheLiveKeyOver(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		old := mustFresh(t, s, beginning(t, s, "live"))
		entries := make([]Entry, 8)
		for i := range entries {
			entries[i] = beginning(t, s, "live")
			entries[i].Conversation.Replaces = old.Conversation.ID
		}
		if diff := cmp.Diff(map[OutcomeKind]int{Fresh: 1, Behind: 7}, kinds(atOnce(t, s, entries))); diff != "" {
			// More than one may replace it, one after the other, unless each says which conversation it replaces.
			t.Errorf("outcomes (-want +got):\n%s", diff)
		}
		r, ok, err := s.Resume(t.Context(), "live")
		if err != nil || !ok || r.ID == old.Conversation.ID {
			t.Errorf("the live key is not the new one's: found %t, %v", ok, err)
		}
		mustFresh(t, s, next(old)) // what arrives late for the old one is still kept
		sound(t, s)
	})
}

func TestOneTurnWinsEachPlace(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		last := mustFresh(t, s, beginning(t, s, "live"))
		for range 5 {
			entries := make([]Entry, 12)
			for i := range entries {
				entries[i] = next(last)
				entries[i].State = fmt.Appendf(nil, "state of %d", i)
			}
			got := atOnce(t, s, entries)
			if diff := cmp.Diff(map[OutcomeKind]int{Fresh: 1, Behind: 11}, kinds(got)); diff != "" {
				t.Fatalf("outcomes (-want +got):\n%s", diff)
			}
			for i, o := range got {
				if o.Kind == Fresh {
					last = entries[i]
				}
			}
			r, _, err := s.Resume(t.Context(), "live")
			if err != nil || string(r.State) != string(last.State) {
				t.Errorf("the state is %q, the winner's was %q: %v", r.State, last.State, err)
			}
		}
		gap := next(next(last))
		if out := record(t, s, gap); out.Kind != Behind {
			t.Errorf("a turn after a gap is %v", out.Kind)
		}
		sound(t, s)
	})
}

func TestABadEntryFailsAlone(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		var entries []Entry
		for i := range 12 {
			e := beginning(t, s, fmt.Sprint("live ", i))
			if i%2 == 0 {
				e = concluding(t, s, e, fmt.Sprintf("20%04d", i))
			}
			entries = append(entries, e)
		}
		entries[4].Effects.Referrals[0].ReportID = "no report"                                      // found at the commit
		entries[8].Effects.Alerts = append(entries[8].Effects.Alerts, entries[8].Effects.Alerts[0]) // found at once
		got, errs := together(t, s, entries...)
		for i := range entries {
			if bad := i == 4 || i == 8; bad != (errs[i] != nil) || !bad && got[i].Kind != Fresh {
				t.Errorf("entry %d: %v, %v", i, got[i].Kind, errs[i])
			}
		}
		if c := counts(t, s); c.Received != 10 || c.Turns != 10 || c.Reports != 4 {
			t.Errorf("counts: %+v", c)
		}
		sound(t, s)
	})
}

func TestAGroupTellsItsMembersApart(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		known := mustFresh(t, s, beginning(t, s, "known"))
		running := mustFresh(t, s, beginning(t, s, "running"))
		newOne, taken := beginning(t, s, "new"), beginning(t, s, "running")
		behindWithReport := concluding(t, s, beginning(t, s, "running"), "300001")
		firstOfTwo, secondOfTwo := next(running), next(running)
		concluded := concluding(t, s, beginning(t, s, "fifth"), "300002")
		got, errs := together(t, s, known, newOne, taken, firstOfTwo, secondOfTwo, concluded, behindWithReport)
		want := []OutcomeKind{Repeat, Fresh, Behind, Fresh, Behind, Fresh, Behind}
		for i, o := range got {
			if errs[i] != nil || o.Kind != want[i] {
				t.Errorf("member %d: %v, want %v; %v", i, o.Kind, want[i], errs[i])
			}
		}
		if c := counts(t, s); c.Received != 4 || c.Turns != 5 || c.Reports != 1 {
			t.Errorf("counts: %+v", c)
		}
		sound(t, s)
	})
}

func TestACallerWhoGoesAwayHurtsNobody(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Record(gone, beginning(t, s, "gone")); !errors.Is(err, context.Canceled) {
			t.Errorf("recording for one who is gone: %v", err)
		}
		entries := make([]Entry, 32)
		for i := range entries {
			entries[i] = beginning(t, s, fmt.Sprint("live ", i))
		}
		if n := kinds(atOnce(t, s, entries))[Fresh]; n != 32 {
			t.Errorf("%d of 32 are fresh", n)
		}
		sound(t, s)
	})
}

func TestGatewaysWithTheSameMessagesInOppositeOrder(t *testing.T) {
	t.Parallel()
	url, keys := servertest.Postgres(t), keyring(t)
	a, b := opened(t, url, keys), opened(t, url, keys)
	for round := range 10 {
		var there, back []Entry
		for i := range 32 {
			e := beginning(t, a, fmt.Sprint("live ", round, " ", i))
			if i%4 == 0 {
				e = concluding(t, a, e, fmt.Sprintf("%02d%04d", 40+round, i))
			}
			e.Effects.Audit = []audit.Entry{{Who: "gateway", What: "test", Subject: "s"}}
			there, back = append(there, e), append([]Entry{e}, back...)
		}
		done := make(chan []Outcome)
		go func() { done <- atOnce(t, b, back) }()
		all := append(atOnce(t, a, there), <-done...)
		if diff := cmp.Diff(map[OutcomeKind]int{Fresh: 32, Repeat: 32}, kinds(all)); diff != "" {
			t.Fatalf("outcomes (-want +got):\n%s", diff)
		}
	}
	sound(t, a)
	if head, err := a.VerifyAudit(t.Context()); err != nil || head.Seq != 320 {
		t.Errorf("the record ends at %d: %v", head.Seq, err)
	}
}

func TestWhatWasAcknowledgedIsThereAfterACrash(t *testing.T) {
	t.Parallel()
	path, keys := filepath.Join(t.TempDir(), "with space & #.db"), keyring(t)
	s := opened(t, "sqlite:"+path, keys)
	entries := make([]Entry, 200)
	for i := range entries {
		entries[i] = beginning(t, s, fmt.Sprint("live ", i))
	}
	atOnce(t, s, entries)
	// What a crash leaves: the file and its write-ahead log as they are now.
	crashed := filepath.Join(t.TempDir(), "crashed.db")
	for _, suffix := range []string{"", "-wal"} {
		copyFile(t, path+suffix, crashed+suffix)
	}
	again := opened(t, "sqlite:"+crashed, keys)
	for _, e := range entries {
		if out := record(t, again, e); out.Kind != Repeat || string(out.Answer) != "answer 1" {
			t.Fatalf("after the crash an acknowledged turn is %v", out.Kind)
		}
	}
	sound(t, again)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
}

func TestWhoeverIsSecondIsBehind(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		e := mustFresh(t, s, concluding(t, s, beginning(t, s, "a"), "500001"))
		h := mustFresh(t, s, holding(t, s, beginning(t, s, "b"), "500002"))
		open := mustFresh(t, s, beginning(t, s, "c"))
		ref, _, err := s.Referral(t.Context(), e.Effects.Referrals[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		hold, _, err := s.Hold(t.Context(), h.Effects.Holds[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		rep, _, err := s.Report(t.Context(), e.Effects.Report.ID)
		if err != nil {
			t.Fatal(err)
		}
		ref.Declined = []string{"o1"}
		hold.Owner = "o2"
		rep.More = "and more"
		sameCode := concluding(t, s, beginning(t, s, "d"), "500001")
		sameCode.Effects.Report.Code = "91111111"
		second := concluding(t, s, next(e), "500003")
		second.Conversation.New = false
		for name, change := range map[string]Effects{
			"referral":     {Referrals: []referral.Referral{ref}},
			"hold":         {Holds: []referral.Hold{hold}},
			"report":       {Report: &rep},
			"conversation": {Conversations: []ConversationChange{{ID: open.Conversation.ID, Seq: 1, Bin: Marked, Mark: MarkEmpty, Ended: true}}},
		} {
			change.Due = []Due{{Kind: "test", Subject: name, At: noon}}
			kind, err := s.Apply(t.Context(), noon, change)
			if err != nil || kind != Fresh {
				t.Errorf("%s: the first is %v, %v", name, kind, err)
			}
			if name == "conversation" {
				change.Conversations[0].Seq = 7
			}
			change.Due = []Due{{Kind: "test", Subject: name + " twice", At: noon}}
			if kind, err = s.Apply(t.Context(), noon, change); err != nil || kind != Behind {
				t.Errorf("%s: the second is %v, %v", name, kind, err)
			}
		}
		if out := record(t, s, sameCode); out.Kind != Behind {
			t.Errorf("a second referral with the code of an open one is %v", out.Kind)
		}
		if out := record(t, s, second); out.Kind != Behind {
			t.Errorf("a second report of a conversation is %v", out.Kind)
		}
		sameReporter := concluding(t, s, beginning(t, s, "f"), "500009")
		sameReporter.Effects.Report.Code = rep.Code
		if _, err := s.Record(t.Context(), sameReporter); !errors.Is(err, ErrCodeTaken) {
			t.Errorf("a second report with a reporter's code: %v", err)
		}
		if c := counts(t, s); c.Due["test"] != 4 || c.Received != 3 || c.Marked["empty"] != 1 {
			t.Errorf("what is behind left something: %+v", c)
		}
		got, _, err := s.Referral(t.Context(), ref.ID)
		if err != nil || got.Version != 2 || len(got.Declined) != 1 {
			t.Errorf("the referral is version %d, declined by %v: %v", got.Version, got.Declined, err)
		}
	})
}

func TestRecordRefusesAnEntryThatIsNone(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		for name, spoil := range map[string]func(*Entry){
			"no repeat key": func(e *Entry) { e.RepeatKey = "" },
			"no id":         func(e *Entry) { e.Conversation.ID = "" },
			"no key": func(e *Entry) {
				*e = Entry{RepeatKey: "x", At: noon, Seq: 1, Conversation: Conversation{ID: "x", New: true}}
			},
			"no time":   func(e *Entry) { e.At = time.Time{} },
			"turn 0":    func(e *Entry) { e.Seq, e.Conversation.New = 0, false },
			"new and 2": func(e *Entry) { e.Seq = 2 },
			"unknown conversation's report": func(e *Entry) {
				*e = concluding(t, s, *e, "600001")
				e.Effects.Report.ConversationID = "another"
			},
		} {
			e := beginning(t, s, "live")
			spoil(&e)
			if _, err := s.Record(t.Context(), e); err == nil || strings.Contains(err.Error(), "heard") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if c := counts(t, s); c.Turns != 0 {
			t.Errorf("counts: %+v", c)
		}
	})
}
