package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/phone"
	"chumrok/internal/servertest"
)

// acts is the record as words, one act a line.
func acts(tb testing.TB, s *Store) []string {
	tb.Helper()
	if _, err := s.VerifyAudit(tb.Context()); err != nil {
		tb.Errorf("the record: %v", err)
	}
	list, err := s.Audit(tb.Context(), 0, 1000)
	if err != nil {
		tb.Fatal(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Who+": "+e.What+": "+e.Subject)
	}
	return out
}

func onRecord(tb testing.TB, s *Store, want ...string) {
	tb.Helper()
	if diff := cmp.Diff(want, acts(tb, s)); diff != "" {
		tb.Errorf("the record (-want +got):\n%s", diff)
	}
}

func TestEmergenciesEndByThemselvesAndByHand(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		province := Emergency{ID: "e1", AreaCode: "02", Reason: "The river is over its banks.", From: noon, Until: noon.Add(48 * time.Hour), By: "command"}
		nation := Emergency{ID: "e2", Reason: "The storm", From: noon.Add(time.Hour), Until: noon.Add(24 * time.Hour), By: "desk"}
		for _, e := range []Emergency{province, nation} {
			if err := s.StartEmergency(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
		for name, e := range map[string]Emergency{
			"no reason":            {ID: "e3", From: noon, Until: noon.Add(time.Hour), By: "command"},
			"nobody":               {ID: "e3", Reason: "x", From: noon, Until: noon.Add(time.Hour)},
			"an end at its begin":  {ID: "e3", Reason: "x", From: noon, Until: noon, By: "command"},
			"the id of another":    {ID: "e1", Reason: "x", From: noon, Until: noon.Add(time.Hour), By: "command"},
			"an end before it all": {ID: "e3", Reason: "x", From: noon, Until: noon.Add(-time.Hour), By: "command"},
		} {
			if err := s.StartEmergency(t.Context(), e); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		for _, c := range []struct {
			at   time.Time
			want []string
		}{
			{noon.Add(-time.Millisecond), nil},
			{noon, []string{"e1"}},
			{noon.Add(time.Hour), []string{"e1", "e2"}},
			{noon.Add(24*time.Hour - time.Millisecond), []string{"e1", "e2"}},
			{noon.Add(24 * time.Hour), []string{"e1"}},
			{noon.Add(48 * time.Hour), nil},
		} {
			list, err := s.Emergencies(t.Context(), c.at)
			var got []string
			for _, e := range list {
				got = append(got, e.ID)
			}
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("in force at %v: %v (-want +got):\n%s", c.at, err, diff)
			}
		}
		if over, err := s.EndEmergency(t.Context(), noon.Add(25*time.Hour), "desk", "e2"); over || err != nil {
			t.Errorf("one that ended by itself was switched off: %t, %v", over, err)
		}
		for i, want := range []bool{true, false} {
			if done, err := s.EndEmergency(t.Context(), noon.Add(2*time.Hour), "desk", "e1"); done != want || err != nil {
				t.Errorf("switching off, time %d: %t, %v", i+1, done, err)
			}
		}
		province.EndedAt, province.EndedBy = noon.Add(2*time.Hour), "desk"
		all, err := s.AllEmergencies(t.Context())
		if diff := cmp.Diff([]Emergency{province, nation}, all); diff != "" || err != nil {
			t.Errorf("all of them: %v (-want +got):\n%s", err, diff)
		}
		if list, err := s.Emergencies(t.Context(), noon.Add(30*time.Hour)); err != nil || len(list) != 0 {
			t.Errorf("in force after it was switched off: %v, %v", list, err)
		}
		onRecord(t, s, "command: emergency on: 02 e1", "desk: emergency on: nation e2", "desk: emergency off: 02 e1")
	})
}

func TestAnEmergencyIsWhereItIs(t *testing.T) {
	t.Parallel()
	e := Emergency{AreaCode: "02", From: noon, Until: noon.Add(time.Hour)}
	nation := Emergency{From: noon, Until: noon.Add(time.Hour)}
	off := Emergency{From: noon, Until: noon.Add(time.Hour), EndedAt: noon.Add(time.Minute)}
	for _, c := range []struct {
		name string
		got  bool
		want bool
	}{
		{"its commune", e.In("020101", noon), true},
		{"its district", e.In("0201", noon), true},
		{"itself", e.In("02", noon), true},
		{"another province", e.In("030201", noon), false},
		{"nowhere known", e.In("", noon), false},
		{"the nation, nowhere known", nation.In("", noon), true},
		{"the nation, a commune", nation.In("030201", noon), true},
		{"before", nation.In("", noon.Add(-1)), false},
		{"at its end", nation.In("", noon.Add(time.Hour)), false},
		{"switched off", off.In("", noon.Add(time.Minute)), false},
		{"not yet switched off", off.In("", noon), true},
	} {
		if c.got != c.want {
			t.Errorf("%s: %t", c.name, c.got)
		}
	}
}

func TestClubsKeepTheirCodes(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		club := Club{Code: "0204", AreaCode: "020101", Name: "ក្លឹបកុមារ", AddedAt: noon}
		gone := Club{Code: "3017", AreaCode: "020102", AddedAt: noon, RetiredAt: noon}
		for _, c := range []Club{gone, club} {
			if err := s.AddClub(t.Context(), "command", c); err != nil {
				t.Fatal(err)
			}
		}
		if done, err := s.RetireClub(t.Context(), noon.Add(time.Hour), "command", "3017"); done || err != nil {
			t.Errorf("retiring what is retired: %t, %v", done, err)
		}
		if done, err := s.RetireClub(t.Context(), noon.Add(time.Hour), "command", "0204"); !done || err != nil {
			t.Errorf("retiring: %t, %v", done, err)
		}
		if err := s.AddClub(t.Context(), "command", Club{Code: "0204", AreaCode: "020103", AddedAt: noon}); !errors.Is(err, ErrTaken) {
			t.Errorf("the code of a retired club was given again: %v", err)
		}
		club.RetiredAt = noon.Add(time.Hour)
		list, err := s.Clubs(t.Context())
		if diff := cmp.Diff([]Club{club, gone}, list); diff != "" || err != nil {
			t.Errorf("the clubs: %v (-want +got):\n%s", err, diff)
		}
		onRecord(t, s, "command: club retire: 3017", "command: club add: 0204", "command: club retire: 0204")
	})
}

func is(want string) func(string) bool { return func(hash string) bool { return hash == want } }

func TestAPINIsLockedAfterFiveTries(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		index := s.PhoneIndex(caller(t))
		try := func(hash string) PINAnswer {
			t.Helper()
			answer, err := s.TryPIN(t.Context(), noon, index, is(hash))
			if err != nil {
				t.Fatal(err)
			}
			return answer
		}
		if got := try("h1"); got != PINNone {
			t.Errorf("without a PIN: %s", got)
		}
		if done, err := s.UnlockPIN(t.Context(), noon, "command", index); done || err != nil {
			t.Errorf("unlocking what is not there: %t, %v", done, err)
		}
		set := func(officer, hash string) {
			t.Helper()
			if err := s.SetPIN(t.Context(), "command", PIN{PhoneIndex: index, OfficerID: officer, Hash: hash, SetAt: noon}); err != nil {
				t.Fatal(err)
			}
		}
		set("o1", "h1")
		// Four wrong ones and a right one: the next four wrong ones do not lock it either.
		for round := range 2 {
			for i := range PINTries - 1 {
				if got := try("x"); got != PINWrong {
					t.Errorf("round %d, wrong try %d: %s", round, i+1, got)
				}
			}
			if got := try("h1"); got != PINRight {
				t.Errorf("round %d, the right one: %s", round, got)
			}
		}
		for range PINTries {
			try("x")
		}
		if got := try("h1"); got != PINLocked {
			t.Errorf("the right one after five wrong ones: %s", got)
		}
		p, found, err := s.PIN(t.Context(), index)
		want := PIN{PhoneIndex: index, OfficerID: "o1", Hash: "h1", Failed: PINTries, LockedAt: noon, SetAt: noon}
		if diff := cmp.Diff(want, p); diff != "" || !found || err != nil || !p.Locked() {
			t.Errorf("the locked PIN: found %t, %v (-want +got):\n%s", found, err, diff)
		}
		if done, err := s.UnlockPIN(t.Context(), noon, "command", index); !done || err != nil {
			t.Errorf("unlocking: %t, %v", done, err)
		}
		if got := try("h1"); got != PINRight {
			t.Errorf("the right one after unlocking: %s", got)
		}
		for range PINTries {
			try("x")
		}
		set("o2", "h2")
		if got := try("h1"); got != PINWrong {
			t.Errorf("the PIN before this one: %s", got)
		}
		if got := try("h2"); got != PINRight {
			t.Errorf("the new PIN: %s", got)
		}
		list, err := s.PINs(t.Context())
		if err != nil || len(list) != 1 || list[0].OfficerID != "o2" || list[0].Locked() {
			t.Errorf("the PINs: %v, %v", list, err)
		}
		seen := map[string]int{}
		for _, a := range acts(t, s) {
			seen[a]++
		}
		if diff := cmp.Diff(map[string]int{"command: pin set: o1": 1, "command: pin set: o2": 1, "command: pin unlock: o1": 1,
			"o1: pin wrong: o1": 18, "o1: pin right: o1": 3, "o1: pin locked: o1": 1, "o2: pin wrong: o2": 1, "o2: pin right: o2": 1}, seen); diff != "" {
			t.Errorf("the record (-want +got):\n%s", diff)
		}
	})
}

// TestManyTriesAtOnceAreFive: what is typed in forty sessions at the same moment is compared five times.
func TestManyTriesAtOnceAreFive(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		index := s.PhoneIndex(caller(t))
		if err := s.SetPIN(t.Context(), "command", PIN{PhoneIndex: index, OfficerID: "o1", Hash: "h", SetAt: noon}); err != nil {
			t.Fatal(err)
		}
		var compared atomic.Int64
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				if _, err := s.TryPIN(context.WithoutCancel(t.Context()), noon, index, func(string) bool { compared.Add(1); return false }); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := compared.Load(); n != PINTries {
			t.Errorf("compared %d times", n)
		}
	})
}

func TestAbsences(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		away := func(id string, from, until time.Time) Away {
			t.Helper()
			a := Away{OfficerID: id, From: from, Until: until}
			if err := s.SetAway(t.Context(), noon, "command", a); err != nil {
				t.Fatal(err)
			}
			return a
		}
		away("o1", noon, noon.Add(time.Hour))
		first := away("o1", noon, noon.Add(48*time.Hour)) // in place of the first
		second := away("o2", noon.Add(time.Hour), noon.Add(2*time.Hour))
		at := func(when time.Time, want ...Away) {
			t.Helper()
			got, err := s.Aways(t.Context(), when)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("away at %v: %v (-want +got):\n%s", when, err, diff)
			}
		}
		at(noon, first)
		at(noon.Add(90*time.Minute), first, second)
		at(noon.Add(2*time.Hour), first)
		at(noon.Add(48 * time.Hour))
		for i, want := range []bool{true, false} {
			if was, err := s.EndAway(t.Context(), noon, "o1", "o1"); was != want || err != nil {
				t.Errorf("back, time %d: %t, %v", i+1, was, err)
			}
		}
		at(noon)
		onRecord(t, s, "command: away: o1", "command: away: o1", "command: away: o2", "o1: back: o1")
	})
}

func TestLessonsGoOnUntilTheLast(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		want := Lessons{ID: NewID(), Audience: "child", Language: "km", Hours: "noon", Number: caller(t), Next: 1, NextAt: noon.Add(24 * time.Hour)}
		start := func(l Lessons) string {
			t.Helper()
			id, err := s.StartLessons(t.Context(), noon, "ussd", l)
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		id := start(want)
		again := want
		again.ID, again.Language, again.Next = NewID(), "en", 3
		if got := start(again); got != id {
			t.Errorf("asked for twice, they are kept twice: %s and %s", id, got)
		}
		want.Language, want.Next = "en", 3
		if id != want.ID {
			t.Errorf("kept under %s, want %s", id, want.ID)
		}
		got, found, err := s.Lessons(t.Context(), id)
		if diff := cmp.Diff(want, got); diff != "" || !found || err != nil {
			t.Errorf("found %t, %v (-want +got):\n%s", found, err, diff)
		}
		due := claim(t, s, want.NextAt, 10)
		if diff := cmp.Diff([]string{id}, subjects(due)); diff != "" || due[0].Kind != DueLesson {
			t.Fatalf("due (-want +got):\n%s", diff)
		}
		later := want.NextAt.Add(24 * time.Hour)
		sent := Effects{LessonsSent: []LessonSent{{ID: id, Sent: 3, NextAt: later}}, Due: []Due{{Kind: DueLesson, Subject: id, At: later}}, DueFinished: due}
		apply(t, s, sent)
		if kind, err := s.Apply(t.Context(), noon, sent); kind != Behind || err != nil {
			t.Errorf("the same lesson sent by two gateways: %v, %v", kind, err)
		}
		if list, err := s.LessonsOf(t.Context(), s.PhoneIndex(caller(t))); err != nil || len(list) != 1 || list[0].Next != 4 || !list[0].NextAt.Equal(later) {
			t.Errorf("after one was sent: %v, %v", list, err)
		}
		apply(t, s, Effects{LessonsSent: []LessonSent{{ID: id, Sent: 4}}, DueDone: []DueKey{{DueLesson, id}}})
		if _, found, err := s.Lessons(t.Context(), id); found || err != nil {
			t.Errorf("after the last one: found %t, %v", found, err)
		}
		parent := want
		parent.ID, parent.Audience = NewID(), "parent"
		start(want)
		start(parent)
		for i, had := range []bool{true, false} {
			if got, err := s.StopLessons(t.Context(), noon, "ussd", s.PhoneIndex(caller(t))); got != had || err != nil {
				t.Errorf("stopping, time %d: %t, %v", i+1, got, err)
			}
		}
		if n := counts(t, s).Due[DueLesson]; n != 0 {
			t.Errorf("%d lessons are due on a phone that wants none", n)
		}
		if _, err := s.StartLessons(t.Context(), noon, "ussd", Lessons{ID: NewID()}); err == nil {
			t.Error("lessons for no number: no error")
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
			if text := fmt.Sprintf(verb, want); strings.Contains(text, "12000123") || strings.Contains(text, "child") {
				t.Errorf("%s prints %s", verb, text)
			}
		}
		sound(t, s)
	})
}

// TestOperationsKeepNoNumber: no number stands in what these tables keep, and none on the record.
func TestOperationsKeepNoNumber(t *testing.T) {
	t.Parallel()
	fill := func(t *testing.T, s *Store) {
		t.Helper()
		index := s.PhoneIndex(caller(t))
		if err := s.SetPIN(t.Context(), "command", PIN{PhoneIndex: index, OfficerID: "o1", Hash: "h", SetAt: noon}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.TryPIN(t.Context(), noon, index, is("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := s.StartLessons(t.Context(), noon, "ussd", Lessons{ID: NewID(), Audience: "child", Number: caller(t), Next: 1, NextAt: noon}); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "chumrok.db")
		s := opened(t, "sqlite:"+path, keyring(t))
		fill(t, s)
		body, err := os.ReadFile(path + "-wal")
		if err != nil || !bytes.Contains(body, []byte(s.PhoneIndex(caller(t)))) {
			t.Fatalf("the log does not hold the index: this test looks at the wrong bytes; %v", err)
		}
		lookForCanaries(t, "file", body)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		s := opened(t, servertest.Postgres(t), keyring(t))
		fill(t, s)
		all := dump(t, s)
		if !bytes.Contains(all, []byte(s.PhoneIndex(caller(t)))) {
			t.Fatal("the dump does not hold the index: this test looks at the wrong bytes")
		}
		lookForCanaries(t, "dump", all)
	})
}

// TestOneNumberHasOneRow guards the blind index: two ways of writing one number are one phone.
func TestOneNumberHasOneRow(t *testing.T) {
	t.Parallel()
	s := opened(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), keyring(t))
	other, err := phone.Parse("012 000 123")
	if err != nil || s.PhoneIndex(other) != s.PhoneIndex(caller(t)) {
		t.Errorf("the index differs; %v", err)
	}
}
