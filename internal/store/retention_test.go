package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/referral"
	"chumrok/internal/seal"
)

const day = 24 * time.Hour

// keeping is a retention in which every time is another one.
var keeping = Keeping{Nothing: 7 * day, Number: 30 * day, Told: 90 * day, Messages: 40 * day, Officers: 60 * day, Drills: 200 * day}

// lapses erases all whose time is over, a page at a time, as a gateway that is broken off again and again.
func lapses(tb testing.TB, s *Store, now time.Time, keep Keeping) map[string]int {
	tb.Helper()
	all := map[string]int{}
	for range 1000 {
		erased, more, err := s.Lapse(tb.Context(), now, keep, 1)
		if err != nil {
			tb.Fatal(err)
		}
		for what, n := range erased {
			all[what] += n
		}
		if !more {
			return all
		}
	}
	tb.Fatal("erasing by time comes to no end")
	return nil
}

// over closes the referral of a concluded entry at a time: what was to be sent is sent, and no clock runs.
func over(tb testing.TB, s *Store, e Entry, at time.Time) {
	tb.Helper()
	f := Effects{}
	for _, r := range e.Effects.Referrals {
		r.Version, r.State, r.Owner, r.ClosedAt = 1, referral.Closed, "o1", at
		f.Referrals = append(f.Referrals, r)
	}
	for _, h := range e.Effects.Holds {
		h.Version, h.State = 1, referral.HoldReleased
		f.Holds = append(f.Holds, h)
	}
	for _, d := range e.Effects.Due {
		f.DueDone = append(f.DueDone, d.Key())
	}
	for i, m := range e.Effects.Messages {
		f.MessageStates = append(f.MessageStates, MessageState{ID: m.ID, State: Handed, Provider: "p", ProviderID: fmt.Sprint(m.ID, i), At: at})
	}
	if kind, err := s.Apply(tb.Context(), at, f); err != nil || kind != Fresh {
		tb.Fatalf("closing: %v, %v", kind, err)
	}
}

// marked is a conversation of one turn that was marked.
func marked(tb testing.TB, s *Store, live string, mark Mark) Entry {
	tb.Helper()
	e := beginning(tb, s, live)
	e.Conversation.Bin, e.Conversation.Mark, e.Conversation.Ended, e.Ended = Marked, mark, true, true
	e.Effects = Effects{}
	return mustFresh(tb, s, e)
}

// left says what is still there of a conversation.
func left(tb testing.TB, s *Store, id string) (number, words bool) {
	tb.Helper()
	c, found, err := s.Conversation(tb.Context(), id)
	if err != nil || !found {
		tb.Fatalf("found %t, %v", found, err)
	}
	return !c.Number.IsZero(), !c.Key.IsZero() && c.Answer != nil
}

// TestWhatIsOverGoesInItsTime: each kind goes when its own time is over and not a moment before; counts, bins and figures stay.
func TestWhatIsOverGoesInItsTime(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		told := mustFresh(t, s, canaryReport(t, s))
		over(t, s, told, noon.Add(day))
		added := beginning(t, s, "added")
		added.Conversation.Bin, added.Conversation.Mark, added.Conversation.Ended = Marked, MarkJoined, true
		added.Effects = Effects{Additions: []Addition{{ConversationID: added.Conversation.ID, ReportOf: told.Conversation.ID}}}
		mustFresh(t, s, added)
		reading := marked(t, s, "reading", MarkOfficer)
		apply(t, s, Effects{Shown: []Shown{{ConversationID: reading.Conversation.ID, ReportOf: told.Conversation.ID}}})
		silent := marked(t, s, "silent", MarkEmpty)
		if err := s.StartDrill(t.Context(), Drill{ID: "d1", Code: "800009", Reason: "r", By: "desk", At: noon, EndsAt: noon.Add(day)},
			[]DrillCall{{ID: "c1", OfficerID: "o1", PhoneIndex: "index", At: noon, Skipped: "away"}}); err != nil {
			t.Fatal(err)
		}
		before, figures := counts(t, s), reportedIn(t, s, noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0))

		at := func(d time.Duration, want map[string]int) {
			t.Helper()
			got := lapses(t, s, noon.Add(d), keeping)
			for what, n := range got {
				if n == 0 {
					delete(got, what)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("after %v (-want +got):\n%s", d, diff)
			}
			sound(t, s)
			if diff := cmp.Diff(before, counts(t, s)); diff != "" {
				t.Errorf("after %v the counts are others:\n%s", d, diff)
			}
		}
		none := map[string]int{}
		at(7*day, none)
		at(7*day+time.Second, map[string]int{"nothing told": 1})
		if number, words := left(t, s, silent.Conversation.ID); number || words {
			t.Error("something is left of a call in which nothing was told")
		}
		at(31*day, none) // it was closed after a day
		at(31*day+time.Second, map[string]int{"numbers": 3})
		if number, words := left(t, s, told.Conversation.ID); number || !words {
			t.Errorf("number %t, words %t", number, words)
		}
		at(41*day+time.Second, map[string]int{"messages": 3})
		if m, found, err := s.Message(t.Context(), told.Effects.Messages[1].ID); err != nil || !found || m.Text != "" || !m.Number.IsZero() || m.State != Handed {
			t.Errorf("the message: found %t, %v", found, err)
		}
		at(60*day+time.Second, map[string]int{"questions": 1})
		at(61*day+time.Second, map[string]int{"officers' words": 1}) // what was read goes by the end of what it was about
		at(91*day, none)
		at(91*day+time.Second, map[string]int{"told": 2, "who was asked": 1})
		for _, id := range []string{told.Conversation.ID, added.Conversation.ID, reading.Conversation.ID} {
			if number, words := left(t, s, id); number || words {
				t.Errorf("of %s number %t, words %t", id, number, words)
			}
		}
		at(201*day+time.Second, map[string]int{"drills": 1})
		at(9999*day, none)

		if err := s.RecordLapsed(t.Context(), noon); err != nil {
			t.Fatal(err)
		}
		if err := s.RecordLapsed(t.Context(), noon); err != nil { // the second time there is nothing to say
			t.Fatal(err)
		}
		onRecord(t, s, "desk: drill started: d1",
			"gateway: erased by time: drills 1, messages 3, nothing told 1, numbers 3, officers' words 1, questions 1, told 2, who was asked 1")
		for i := range figures { // of the place the province stays
			figures[i].AreaCode = figures[i].AreaCode[:2]
		}
		if diff := cmp.Diff(figures, reportedIn(t, s, noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0))); diff != "" || len(figures) != 1 {
			t.Errorf("figures:\n%s", diff)
		}
		for _, e := range []Entry{told, added, reading, silent} {
			if out := record(t, s, e); out.Kind != Repeat || out.Conversation != e.Conversation.ID || len(out.Answer) != 0 {
				t.Errorf("a repeat is %v with an answer of %d bytes", out, len(out.Answer))
			}
		}
		if a, err := s.Asked(t.Context(), "91234567"); err != nil || a.Known {
			t.Errorf("the code is known %t, %v", a.Known, err)
		}
		if err := s.fits(t.Context()); err != nil {
			t.Errorf("the keys are tried on what is erased: %v", err)
		}
	})
}

// TestNothingOpenGoesByTime: a matter stays whole as long as anything of it is open, or waits, or is younger, in any of its conversations.
func TestNothingOpenGoesByTime(t *testing.T) {
	t.Parallel()
	type matter struct {
		name string
		make func(t *testing.T, s *Store, live, code string) Entry
	}
	closed := func(t *testing.T, s *Store, live, code string) Entry {
		e := mustFresh(t, s, concluding(t, s, beginning(t, s, live), code))
		over(t, s, e, noon)
		return e
	}
	addTo := func(t *testing.T, s *Store, live string, to Entry, at time.Time) Entry {
		a := beginning(t, s, live)
		a.At = at
		a.Conversation.Bin, a.Conversation.Mark, a.Conversation.Ended = Marked, MarkJoined, true
		a.Effects = Effects{Additions: []Addition{{ConversationID: a.Conversation.ID, ReportOf: to.Conversation.ID}}}
		return mustFresh(t, s, a)
	}
	matters := []matter{
		{"an open conversation", func(t *testing.T, s *Store, live, _ string) Entry { return mustFresh(t, s, beginning(t, s, live)) }},
		{"an open referral", func(t *testing.T, s *Store, live, code string) Entry {
			return mustFresh(t, s, concluding(t, s, beginning(t, s, live), code))
		}},
		{"an open hold", func(t *testing.T, s *Store, live, code string) Entry {
			return mustFresh(t, s, holding(t, s, beginning(t, s, live), code))
		}},
		{"not better", func(t *testing.T, s *Store, live, code string) Entry {
			e := closed(t, s, live, code)
			h := holding(t, s, beginning(t, s, live+"x"), "6"+code[1:]).Effects.Holds[0]
			h.ConversationID, h.ReportID, h.Reason = e.Conversation.ID, e.Effects.Report.ID, referral.AddedTo
			apply(t, s, Effects{Holds: []referral.Hold{h}, Due: []Due{{Kind: DueHold, Subject: h.ID, At: noon}}})
			return e
		}},
		{"a wish to erase", func(t *testing.T, s *Store, live, code string) Entry {
			e := closed(t, s, live, code)
			h := holding(t, s, beginning(t, s, live+"x"), "6"+code[1:]).Effects.Holds[0]
			h.ConversationID, h.ReportID, h.Reason = e.Conversation.ID, e.Effects.Report.ID, referral.AskedToErase
			apply(t, s, Effects{Holds: []referral.Hold{h}, Due: []Due{{Kind: DueHold, Subject: h.ID, At: noon}},
				Erasures: []ErasureChange{{ConversationID: e.Conversation.ID, HoldID: h.ID}}})
			return e
		}},
		{"a decision that is not carried out", func(t *testing.T, s *Store, live, code string) Entry {
			e := closed(t, s, live, code)
			apply(t, s, Effects{Erasures: []ErasureChange{{ConversationID: e.Conversation.ID, Decision: DecidedErase, By: "desk", Reason: "r"}},
				Due: []Due{{Kind: DueErase, Subject: e.Conversation.ID, At: noon}}})
			return e
		}},
		{"work that is due", func(t *testing.T, s *Store, live, code string) Entry {
			e := closed(t, s, live, code)
			apply(t, s, Effects{Due: []Due{{Kind: "tell_closed", Subject: e.Effects.Referrals[0].ID, At: noon}}})
			return e
		}},
		{"an addition of yesterday", func(t *testing.T, s *Store, live, code string) Entry {
			e := closed(t, s, live, code)
			addTo(t, s, live+"x", e, noon.Add(99*day))
			return e
		}},
		{"added to what is open", func(t *testing.T, s *Store, live, code string) Entry {
			open := mustFresh(t, s, concluding(t, s, beginning(t, s, live+"x"), code))
			return addTo(t, s, live, open, noon)
		}},
		{"beside what is open, two steps away", func(t *testing.T, s *Store, live, code string) Entry {
			middle := closed(t, s, live+"y", code)
			open := mustFresh(t, s, concluding(t, s, beginning(t, s, live+"x"), "6"+code[1:]))
			apply(t, s, Effects{Additions: []Addition{{ConversationID: middle.Conversation.ID, ReportOf: open.Conversation.ID}}})
			return addTo(t, s, live, middle, noon)
		}},
		{"an officer's look at what is open", func(t *testing.T, s *Store, live, code string) Entry {
			open := mustFresh(t, s, concluding(t, s, beginning(t, s, live+"x"), code))
			e := marked(t, s, live, MarkOfficer)
			apply(t, s, Effects{Shown: []Shown{{ConversationID: e.Conversation.ID, ReportOf: open.Conversation.ID}}})
			return e
		}},
	}
	exam(t, func(t *testing.T, s *Store) {
		made := map[string]Entry{}
		for i, m := range matters {
			made[m.name] = m.make(t, s, fmt.Sprint("live", i), fmt.Sprint(700010+i))
		}
		goes := closed(t, s, "goes", "700001")
		lapses(t, s, noon.Add(100*day), keeping)
		for name, e := range made {
			if number, words := left(t, s, e.Conversation.ID); !words || !number {
				t.Errorf("%s: number %t, words %t", name, number, words)
			}
			for _, m := range e.Effects.Messages {
				if got, _, err := s.Message(t.Context(), m.ID); err != nil || got.Text == "" {
					t.Errorf("%s: a message is empty, %v", name, err)
				}
			}
		}
		if _, words := left(t, s, goes.Conversation.ID); words {
			t.Error("what is over stays")
		}
		sound(t, s)
	})
}

// TestABacklogGoesInPages: many thousand rows are many short transactions, and the ones that must stay do not stand in the way of the others.
func TestABacklogGoesInPages(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		const stay, go_ = 3 * lapsePage, 3*lapsePage + 1
		for n := range stay {
			open := mustFresh(t, s, concluding(t, s, beginning(t, s, fmt.Sprint("o", n)), fmt.Sprint(600000+n)))
			a := beginning(t, s, fmt.Sprint("a", n))
			a.Conversation.Bin, a.Conversation.Mark, a.Conversation.Ended = Marked, MarkJoined, true
			a.Effects = Effects{Additions: []Addition{{ConversationID: a.Conversation.ID, ReportOf: open.Conversation.ID}}}
			mustFresh(t, s, a)
		}
		for n := range go_ {
			marked(t, s, fmt.Sprint("m", n), MarkInformation)
		}
		erased, more, err := s.Lapse(t.Context(), noon.Add(100*day), Keeping{Nothing: day, Told: day}, 2)
		if err != nil || !more || erased["nothing told"] != 2*lapsePage {
			t.Errorf("two pages are %v, more %t, %v", erased, more, err)
		}
		if got := lapses(t, s, noon.Add(100*day), Keeping{Nothing: day, Told: day}); got["nothing told"] != go_-2*lapsePage || got["told"] != 0 {
			t.Errorf("the rest is %v", got)
		}
		sound(t, s)
	})
}

// TestACodeStandsWithNoOfficer: once a matter's code says nothing to anybody, no row tells which officer it was about, so that the record of
// acts, which names both, can't be laid beside the figures.
func TestACodeStandsWithNoOfficer(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		e := mustFresh(t, s, concluding(t, s, beginning(t, s, "live"), "700001"))
		over(t, s, e, noon)
		lapses(t, s, noon.Add(CodeKept), Keeping{Told: 10 * day, Messages: 10 * day, Number: 10 * day})
		if list, err := s.AlertsForPhone(t.Context(), s.PhoneIndex(caller(t)), noon.Add(CodeKept-time.Hour)); err != nil || len(list) != 1 || list[0].ClosedAt.IsZero() {
			t.Errorf("while its code is understood %v, %v", list, err)
		}
		if free, err := s.CodeFree(t.Context(), "700001", noon.Add(CodeKept-time.Hour)); err != nil || free {
			t.Errorf("free %t, %v", free, err)
		}
		if got := lapses(t, s, noon.Add(CodeKept+time.Second), Keeping{Told: 10 * day}); got["who was asked"] != 1 {
			t.Errorf("%v", got)
		}
		for _, text := range []string{`SELECT owner FROM referrals`, `SELECT code FROM referrals`, `SELECT officer_id FROM alerts`, `SELECT code FROM alerts`,
			`SELECT officer_id FROM messages`, `SELECT phone_index FROM alerts`} {
			if got, err := words(t.Context(), s.read, "looking", text); err != nil || strings.Join(got, "") != "" || len(got) == 0 {
				t.Errorf("%s: %q, %v", text, got, err)
			}
		}
		if codes, err := words(t.Context(), s.read, "looking", `SELECT code FROM codes`); err != nil || slices.Contains(codes, "700001") {
			t.Errorf("codes %q, %v", codes, err)
		}
		sound(t, s)
	})
}

// TestAHoldThatComesTooLate: what was decided about a matter before it was erased, and is written after it, is decided again: a hold that nobody
// can read would be lost.
func TestAHoldThatComesTooLate(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		e := mustFresh(t, s, concluding(t, s, beginning(t, s, "live"), "700001"))
		over(t, s, e, noon)
		h := holding(t, s, beginning(t, s, "other"), "700002").Effects.Holds[0]
		h.ConversationID, h.ReportID = e.Conversation.ID, e.Effects.Report.ID
		late, err := s.sealEffects(t.Context(), "", seal.DataKey{}, Effects{Holds: []referral.Hold{h}, Due: []Due{{Kind: DueHold, Subject: h.ID, At: noon}}})
		if err != nil {
			t.Fatal(err)
		}
		lapses(t, s, noon.Add(100*day), keeping)
		m := &member{gone: t.Context().Err, at: noon, effects: late, done: make(chan struct{})}
		if err := s.commit(t.Context(), m); err != nil || m.outcome.Kind != Behind {
			t.Errorf("it is %v, %v", m.outcome.Kind, err)
		}
		sound(t, s)
	})
}
