package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"chumrok/internal/referral"
)

// listsHolds is what `holds --json` prints.
func (w *world) listsHolds() []held {
	w.t.Helper()
	status, out := w.runs("holds", "--json")
	var list []held
	if err := json.Unmarshal([]byte(out), &list); err != nil || status != exitDone {
		w.t.Fatalf("%d %s", status, out)
	}
	return list
}

// decides runs an act of the desk; it must end like that and say this, and the ledger must add up after it.
func (w *world) decides(status int, says string, args ...string) string {
	w.t.Helper()
	got, out := w.runs(append([]string{"holds"}, args...)...)
	if got != status || !strings.Contains(out, says) {
		w.t.Fatalf("holds %v: %d %q, want %d and %q", args, got, out, status, says)
	}
	w.addsUp()
	return out
}

// recorded says that an act stands in the record, once, with the reason that was given after a colon.
func (w *world) recorded(who, what, code string) {
	w.t.Helper()
	db := w.database()
	defer db.Close()
	if n := len(w.values(db, `SELECT what FROM audit a LEFT JOIN audit_reasons r ON r.seq = a.seq
		WHERE who = $1 AND what || coalesce(': ' || reason, '') = $2 AND subject = $3`, who, what, code)); n != 1 {
		w.t.Errorf("%q of %s about %s stands %d times in the record: %q", what, who, code, n, w.values(db, `SELECT what FROM audit`))
	}
}

// unclear tells of beating at a place that nobody knows, and breaks off; it returns the code of the hold.
func (w *world) unclear(number string) string {
	w.t.Helper()
	w.caller(number).dials("*1280#").presses(toDanger...).presses("2", "1", "ភូមិដើមស្វាយ").hangsUp()
	return digitsIn(w.t, w.gets("desk"), 6)
}

// TestHoldIsReleased: a hold is listed without a name or a number, taken, and given to a commune, where it is a report like another.
func TestHoldIsReleased(t *testing.T) {
	stories(t, func(w *world) {
		code := w.unclear(childPhone)
		list := w.listsHolds()
		if len(list) != 1 || list[0].Code != code || list[0].Reason != "unfinished" || list[0].Due == nil || list[0].State != "waiting" {
			t.Fatalf("%+v", list)
		}
		w.decides(exitFault, "may not decide", "take", code, "--as", "banan1-chair")
		w.decides(exitDone, "taken", "take", code, "--as", "desk", "--reason", "I am on duty")
		w.recorded("desk", "hold taken: I am on duty", code)
		w.decides(exitFault, "already", "take", code, "--as", "desk")
		w.decides(exitFault, "--to", "release", code, "--reason", "no place")
		w.decides(exitFault, "neither a place", "release", code, "--to", "999999", "--reason", "x")
		w.decides(exitFault, "given to a commune", "release", code, "--to", "0201", "--reason", "x")
		w.decides(exitFault, "long number", "release", code, "--to", "020101", "--reason", "he said 012 000 555 then")
		w.decides(exitDone, "goes on as referral", "release", code, "--to", "020101", "--reason", "the village is known")
		w.recorded(operator, "hold released to 020101: the village is known", code)
		alert := w.gets("banan1-chair", w.sentence("km", "risk.medium"))
		w.replies("banan1-chair", "1")
		w.stands(digitsIn(t, alert, 6), "accepted", "banan1-chair")
		w.decides(exitFault, "decided already", "release", code, "--to", "020101", "--reason", "again")
		if n := w.counts(); n.Held != 0 || n.Concluded != 1 || n.Reports != 1 {
			t.Errorf("%+v", n)
		}
		w.forward(5 * time.Hour) // no clock of the hold is left
	})
}

// TestHoldForOneOfficer: who is named is kept out, whoever gives it; another officer is asked first, and behind him the ladder goes on.
func TestHoldForOneOfficer(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone)
		child.texts("The commune chief beats me every night").texts("somewhere").hangs()
		w.forward(31 * time.Minute)
		code := digitsIn(t, w.gets("desk"), 6)
		w.decides(exitFault, "kept out", "release", code, "--to", "banan1-chair", "--reason", "nearest")
		w.decides(exitDone, "goes on as referral", "release", code, "--to", "battambang", "--reason", "the province is told")
		alert := digitsIn(t, w.gets("battambang"), 6)
		w.getsNothing("banan1-chair", "banan1-focal", "banan1-police")
		w.forward(4 * time.Hour) // the next is the desk, and battambang learns that it was told
		w.takes("desk")
		w.takes("battambang")
		w.replies("battambang", "1 "+alert)
		w.stands(alert, "accepted", "battambang")
	})
}

// hangs is the end of a story by SMS: nothing more is written.
func (c *caller) hangs() {}

// TestHoldIsMarked: spam needs nobody and is not lost; its phone is answered as ever, and what it tells next is a report.
func TestHoldIsMarked(t *testing.T) {
	stories(t, func(w *world) {
		before := w.counts()
		code := w.unclear(childPhone)
		w.decides(exitDone, "marked", "mark", code, "spam", "--reason", "a song was sung")
		w.recorded(operator, "marked spam: a song was sung", code)
		w.decides(exitFault, "already", "mark", code, "spam", "--reason", "again")
		second := w.unclear(parentPhone)
		w.decides(exitDone, "marked", "mark", second, "information", "--reason", "asked for a form")
		n := w.counts()
		if n.Marked["spam"] != before.Marked["spam"]+1 || n.Marked["information"] != before.Marked["information"]+1 || n.Held != 0 || n.Reports != 2 || n.Received != before.Received+2 {
			t.Errorf("%+v", n)
		}
		w.tellsByWord(childPhone, false)
		alert := digitsIn(t, w.gets("banan1-chair"), 6)
		w.decides(exitDone, "marked", "mark", alert, "test", "--reason", "a drill of the club")
		w.gets("banan1-chair", alert, "សូមកុំទៅជួប")
		w.replies("banan1-chair", "1 "+alert)
		w.stands(alert, "closed", "")
		w.forward(5 * time.Hour)
	})
}

// TestTwoReportsOfOneChild: both are acted on; the desk is offered to join them, quietly, and a person does.
func TestTwoReportsOfOneChild(t *testing.T) {
	stories(t, func(w *world) {
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		first := digitsIn(t, w.gets("banan1-chair"), 6)
		w.reportPhysical(parentPhone, "2").presses("1", "1", "1", "1")
		second := digitsIn(t, w.gets("banan1-chair"), 6)
		w.getsNothing("desk")
		list := w.listsHolds()
		if len(list) != 1 || list[0].Reason != string(referral.SuspectedDuplicate) || len(list[0].Like) != 1 || list[0].Like[0] != first || list[0].Due == nil {
			t.Fatalf("%+v", list)
		}
		w.replies("banan1-chair", "1 "+first)
		w.decides(exitFault, "same report", "join", list[0].Code, second)
		w.decides(exitFault, "has taken", "join", first, second)
		w.decides(exitDone, "joined", "join", list[0].Code, first, "--reason", "one girl, two callers")
		w.recorded(operator, "joined to "+first+": one girl, two callers", list[0].Code)
		both := strings.Join(w.takes("banan1-chair"), "\n") // one is taken back, and something was added to the other
		if !strings.Contains(both, second+" ៖ មិនបាច់") && !strings.Contains(both, second+"៖ មិនបាច់") || !strings.Contains(both, first) || strings.Count(both, "\n") != 1 {
			t.Errorf("the chair got %q", both)
		}
		w.stands(second, "closed", "")
		w.stands(first, "accepted", "banan1-chair")
		n := w.counts()
		if n.Marked["joined"] != 1 || n.Concluded != 1 || n.Reports != 2 || len(w.listsHolds()) != 0 {
			t.Errorf("%+v", n)
		}
		if status, out := w.reveals("referrals", "--reveal", first); status != exitDone || !strings.Contains(out, "harm: physical") {
			t.Errorf("%d %s", status, out)
		}
	})
}

// TestJoiningKeepsOut: whoever one of two reports names can read neither once they are one.
func TestJoiningKeepsOut(t *testing.T) {
	stories(t, func(w *world) {
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		first := digitsIn(t, w.gets("banan1-chair"), 6)
		w.caller(parentPhone).texts("The commune chief beats that girl, ឃុំកន្ទឺ ១ ខេត្តបាត់ដំបង").texts("1").texts("2").texts("3")
		second := digitsIn(t, w.gets("banan-office"), 6)
		w.decides(exitDone, "joined", "join", second, first)
		w.gets("banan-office", second)
		r, found, err := w.gateway.store.ReferralByCode(t.Context(), first)
		if err != nil || !found {
			t.Fatalf("found %t, %v", found, err)
		}
		if chair, _ := w.gateway.roster().Get("banan1-chair"); !r.Plan.Removed.IsRemoved(chair, w.gateway.roster()) {
			t.Error("the chair may still read it")
		}
		w.replies("banan1-chair", "1 "+first)
		w.stands(first, "alerting", "")
	})
}

// TestHoldIsTakenAndForgotten: its owner is reminded, then it is everybody's again; who is given one is told.
func TestHoldIsTakenAndForgotten(t *testing.T) {
	stories(t, func(w *world) {
		code := w.unclear(childPhone)
		w.replies("desk", "1")
		w.forward(3*time.Hour + time.Minute)
		w.gets("desk", "with you", code)
		w.stands(code, "taken", "desk")
		w.forward(3 * time.Hour)
		w.gets("desk", "waits for the person on duty", code)
		w.stands(code, "waiting", "")
		w.decides(exitDone, "assigned", "assign", code, "desk", "--reason", "who else")
		w.recorded(operator, "hold assigned to desk: who else", code)
		w.gets("desk", "with you", code)
		w.stands(code, "taken", "desk")
		if got := w.replies("desk", "2 "+code); !strings.Contains(got, code) {
			t.Errorf("giving back is answered with %q", got)
		}
		w.stands(code, "waiting", "")
		w.takes("desk")
	})
}

// TestEverybodyDeclines: the last step says no. A quiet hold asks a person who else may be asked, and is over once somebody takes it after all.
func TestEverybodyDeclines(t *testing.T) {
	stories(t, func(w *world) {
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		code := digitsIn(t, w.gets("banan1-chair"), 6)
		for _, officer := range []string{"banan1-chair", "banan1-focal", "banan1-police", "banan-office", "battambang", "desk"} {
			if officer != "banan1-chair" {
				w.gets(officer, code)
			}
			w.replies(officer, "2 "+code+" 4")
		}
		list := w.listsHolds()
		if len(list) != 1 || list[0].Reason != string(referral.DeclinedByAll) {
			t.Fatalf("%+v", list)
		}
		w.decides(exitDone, "goes on as referral", "release", list[0].Code, "--to", "meas-office", "--reason", "the neighbouring district can go")
		w.stands(code, "closed", "")
		alert := digitsIn(t, w.gets("meas-office"), 6)
		w.replies("meas-office", "1 "+alert)
		w.stands(alert, "accepted", "meas-office")
		w.forward(10 * time.Hour)
	})
}
