package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"chumrok/internal/store"
)

// acted does something and says what then stands on the record that did not before: who, what and the first word of what it was done to.
func (w *world) acted(do func(), want ...string) {
	w.t.Helper()
	before := len(w.record())
	do()
	w.settle()
	got := w.record()[before:]
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		w.t.Errorf("the record (-want +got):\n%s", diff)
	}
}

// TestEveryActOfAnOfficerIsOnRecord: what an officer's phone takes, reads, says and decides is on record, by SMS as by USSD, with his id and
// the matter's code; what changes nothing is not.
func TestEveryActOfAnOfficerIsOnRecord(t *testing.T) {
	stories(t, func(w *world) {
		var code string
		w.acted(func() { _, code = w.tellsBySMS(childPhone) })
		w.acted(func() { w.replies("banan1-chair", "0") })
		w.acted(func() { w.replies("banan1-chair", "2 "+code+" 4") }, "banan1-chair decline "+code)
		w.gets("banan1-focal", code)
		w.acted(func() { w.replies("banan1-focal", "1 "+code) }, "banan1-focal accept "+code)
		w.acted(func() { w.replies("banan1-focal", "1 "+code) })
		w.acted(func() { w.replies("banan1-focal", "3 "+code) }, "banan1-focal seen "+code)
		w.acted(func() { w.replies("banan1-focal", "4 "+code+" 1") }, "banan1-focal outcome service_begun "+code)

		code = w.reportInEnglish(parentPhone)
		var pin string
		w.acted(func() { pin = digitsIn(t, w.done("officer", "pin", "meas-chair"), pinDigits) }, "command pin set meas-chair")
		w.acted(func() { w.caller(w.officer["meas-chair"]).dials("*1280#").presses(toDuty...).presses("000000") }, "meas-chair pin wrong meas-chair")
		var chair *caller
		w.acted(func() { chair = w.onDuty("meas-chair", pin).opens(code) }, "meas-chair pin right meas-chair")
		w.acted(func() { chair.presses("1").reads() }) // no more than the alert said
		w.acted(func() { chair.presses("1", "2") }, "meas-chair accept "+code)
		w.acted(func() { chair.presses("1", "1", "1", "1").reads() }, "meas-chair details "+code)
		w.acted(func() { chair.presses("1", "4") }, "meas-chair seen "+code)
		w.acted(func() { chair.presses("1").opens(code).presses("5", "7", "She stays with her mother.") }, "meas-chair outcome safe_at_home "+code)
	})
}

// TestEveryReviewIsOnRecord: a reviewer's word on an outcome, by USSD and by SMS.
func TestEveryReviewIsOnRecord(t *testing.T) {
	stories(t, func(w *world) {
		_, code := w.tellsBySMS(childPhone)
		chair := w.onDuty("banan1-chair", w.pin("banan1-chair")).opens(code)
		w.acted(func() { chair.presses("5", "5", "1") }, "banan1-chair accept "+code, "banan1-chair outcome settled "+code)
		w.gets("banan-office", code)
		w.acted(func() { w.replies("banan-office", "2 "+code) }, "banan-office refuse "+code)
		w.gets("banan1-chair", code)
		w.acted(func() { w.replies("banan1-chair", "4 "+code+" 5") }, "banan1-chair outcome settled "+code)
		w.gets("banan-office", code)
		office := w.onDuty("banan-office", w.pin("banan-office")).opens(code)
		w.acted(func() { office.presses("7") }, "banan-office agree "+code)
	})
}

// TestEveryActOfTheDeskIsOnRecord: what the commands show, decide and change.
func TestEveryActOfTheDeskIsOnRecord(t *testing.T) {
	stories(t, func(w *world) {
		hold := w.unclear(childPhone)
		w.acted(func() { w.done("holds"); w.done("referrals"); w.done("referrals", hold); w.done("ledger", "--check") }) // no look at what was told
		w.acted(func() { w.done("referrals", "--reveal", hold) }, "command reveal "+hold)
		w.acted(func() { w.replies("desk", "1 "+hold) }, "desk hold taken "+hold)
		w.acted(func() { w.replies("desk", "2 "+hold+" 4") }, "desk hold declined "+hold)
		w.acted(func() { w.done("holds", "take", hold, "--as", "desk") }, "desk hold taken "+hold)
		w.acted(func() { w.done("holds", "release", hold, "--to", "020101", "--reason", "known") }, "command hold released to 020101 "+hold)
		code := digitsIn(t, w.gets("banan1-chair"), 6)
		w.replies("banan1-chair", "1 "+code)
		w.acted(func() { w.done("referrals", "hand-on", code, "banan1-focal", "--reason", "He is 012 000 777.") }, "command hand on "+code)
		w.gets("banan1-focal", code)

		second := w.unclear(parentPhone)
		w.acted(func() { w.done("holds", "mark", second, "spam", "--reason", "a song") }, "command marked spam "+second)

		w.acted(func() { w.done("emergency", "on", "--area", "02", "--until", "2026-11-30", "--reason", "water") }, "command emergency on 02")
		w.acted(func() { w.done("emergency", "off") }, "command emergency off 02")
		w.acted(func() { w.done("clubs", "add", "0204", "020101", "Lotus") }, "command club add 0204")
		w.acted(func() { w.done("clubs", "retire", "0204") }, "command club retire 0204")
		w.acted(func() { w.done("officer", "away", "meas-focal", "--until", "2026-11-26") }, "command away meas-focal")
		w.acted(func() { w.done("officer", "back", "meas-focal") }, "command back meas-focal")
		w.acted(func() { w.done("officer", "phone", "meas-focal", "012 000 119") }, "command phone changed meas-focal")
		w.acted(func() { w.done("officer", "lost", "meas-focal") }, "command phone lost meas-focal")
		w.acted(func() { w.done("figures") }, "command figures "+w.clock.Now().AddDate(-1, 1, 0).Format("2006-01")+".."+w.clock.Now().Format("2006-01"))
		reasons, err := w.gateway.store.Audit(t.Context(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		kept := ""
		for _, e := range reasons {
			kept += e.Reason + "\n"
		}
		if !strings.Contains(kept, "He is ….") || strings.Contains(kept, "777") {
			t.Errorf("the reasons that are kept are %q", kept)
		}
	})
}

// TestEveryErasingIsOnRecord: what a reporter wishes, what a person decides on it, and that it was done. What people gave as reasons goes with it.
func TestEveryErasingIsOnRecord(t *testing.T) {
	stories(t, func(w *world) {
		told := w.tellsTheChair(childPhone)
		w.closes(told.referral)
		w.done("erase", told.referral, "--reason", "nobody asked by phone") // so that a reason stands there
		other := w.tellsTheChair(parentPhone)
		w.closes(other.referral)
		before := len(w.record())
		w.asksToErase(parentPhone, other.code, other.proof)
		wish := digitsIn(t, w.gets("desk"), 6)
		if diff := cmp.Diff([]string{"caller erasing asked " + wish}, w.record()[before:]); diff != "" {
			t.Error(diff)
		}
		w.acted(func() { w.done("erase", "refuse", other.referral, "--reason", "She took it back.") }, "command erasing refused "+other.referral)
		w.acted(func() { w.done("erase", other.referral, "--reason", "She asks again.") }, "command erase "+other.referral, "command erased "+wish)
	})
}

// TestReasonsGoWithWhatIsErased: a reason may say too much, in the words of whoever gave it; the record itself stays, and holds.
func TestReasonsGoWithWhatIsErased(t *testing.T) {
	stories(t, func(w *world) {
		hold := w.unclear(childPhone)
		w.done("holds", "release", hold, "--to", "020101", "--reason", "The girl of the ferryman.")
		code := digitsIn(t, w.gets("banan1-chair"), 6)
		w.replies("banan1-chair", "1 "+code)
		w.done("referrals", "hand-on", code, "banan1-focal", "--reason", "The chair is her uncle.")
		w.gets("banan1-focal", code)
		w.replies("banan1-focal", "1 "+code)
		w.replies("banan1-focal", "4 "+code+" 1")
		w.done("emergency", "on", "--area", "02", "--until", "2026-11-30", "--reason", "water")
		reasons := func() string { return w.done("audit", "list") }
		for _, reason := range []string{"The girl of the ferryman.", "The chair is her uncle."} {
			if !strings.Contains(reasons(), reason) {
				t.Fatalf("%q is not in the list:\n%s", reason, reasons())
			}
		}
		w.done("erase", code, "--reason", "She asked at the office.")
		if list := reasons(); strings.Contains(list, "ferryman") || strings.Contains(list, "uncle") || !strings.Contains(list, actHandOn) {
			t.Errorf("after the erasing the list is:\n%s", list)
		}
		w.done("audit", "verify")
	})
}

// TestDrillsAndLessonsAreOnRecord: who had the phones tried, and that a caller began and ended lessons.
func TestDrillsAndLessonsAreOnRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	w.done("drill", "start", "--area", "07", "--reason", "the first")
	w.done("audit", "list", "--what", "drill started")
	n, l := w.number(childPhone), store.Lessons{ID: store.NewID(), Audience: "child", Language: "km", Hours: "day", Next: 1, NextAt: w.clock.Now()}
	l.Number = n
	id, err := w.gateway.store.StartLessons(t.Context(), w.clock.Now(), "caller", l)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.gateway.store.StopLessons(t.Context(), w.clock.Now(), "caller", w.gateway.store.PhoneIndex(n)); err != nil {
		t.Fatal(err)
	}
	got := w.record()
	if len(got) != 3 || !strings.HasPrefix(got[0], "command drill started ") || got[1] != "caller lessons on "+id || got[2] != "caller lessons off "+id {
		t.Errorf("the record is %q", got)
	}
	w.recordSaysNothingPersonal()
}

// TestWhatIsInForceIsOnRecord: a directory that somebody changed by hand, and another key of the record, are on record when the gateway starts.
func TestWhatIsInForceIsOnRecord(t *testing.T) {
	stories(t, func(w *world) {
		inForce := func() (n int) {
			list, err := w.gateway.store.Audit(t.Context(), 0, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				if e.Who == gatewayItself && (e.What == actRecordKey || e.What == actDirectory) {
					n++
				}
			}
			return n
		}
		if n := inForce(); n != 2 {
			t.Errorf("the first start put %d things on record, want 2", n)
		}
		w.restart()
		if n := inForce(); n != 2 {
			t.Errorf("the same again: %d", n)
		}
		w.replaceInDirectory("012 000 102", "012 000 109")
		w.restart()
		if n := inForce(); n != 3 {
			t.Errorf("with a directory that was changed by hand: %d", n)
		}
		w.later(time.Minute)
	})
}

// TestHoldsAreClosedOnRecord: a hold that kept nothing back is closed by a person, who says why.
func TestHoldsAreClosedOnRecord(t *testing.T) {
	stories(t, func(w *world) {
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		w.gets("banan1-chair")
		w.reportPhysical(parentPhone, "2").presses("1", "1", "1", "1")
		w.gets("banan1-chair")
		hold := w.listsHolds()[0].Code
		w.acted(func() { w.done("holds", "release", hold, "--reason", "two children") }, "command hold closed "+hold)
	})
}
