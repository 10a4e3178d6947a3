package main

import (
	"strings"
	"testing"
	"time"
)

// adds writes words to a code, in English; the screens are the same whatever becomes of them.
func (w *world) adds(number, code, words string) {
	w.t.Helper()
	c := w.caller(number).dials("*1280#").presses("2", "3", code, "2")
	if !strings.Contains(c.screen, w.sentence("en", "ask.write")) {
		w.t.Fatalf("writing is asked for with %q", c.screen)
	}
	if c.presses(words); !c.ended || c.screen != w.sentence("en", "ask.written") {
		w.t.Fatalf("writing ends with %q", c.screen)
	}
	w.settle()
}

// TestWhatIsAddedReachesItsOwner: from any phone that knows the code; the message to the owner says nothing of it, and the details have it.
func TestWhatIsAddedReachesItsOwner(t *testing.T) {
	stories(t, func(w *world) {
		code, referral := w.tellsBySMS(childPhone)
		chair := w.pin("banan1-chair")
		w.replies("banan1-chair", "1 "+referral)
		before := w.counts()
		w.adds(parentPhone, code, "He came again 012 000 555")
		if text := w.gets("banan1-chair", referral); strings.Contains(text, "again") {
			t.Errorf("the message says %q", text)
		}
		after := w.counts()
		if after.Marked["joined"] != before.Marked["joined"]+1 || after.Reports != before.Reports || after.Held != before.Held {
			t.Errorf("before %+v, after %+v", before, after)
		}
		told := w.onDuty("banan1-chair", chair).opens(referral).presses("1").reads()
		says(t, told, w.sentence("en", "detail.added")+" 24/11 09:00, He came again")
		saysNot(t, told, "000 555")
		if status, out := w.reveals("referrals", "--reveal", referral); status != exitDone || !strings.Contains(out, "He came again") {
			t.Errorf("%d %s", status, out)
		}
		w.forward(time.Hour) // the officer's call is over
	})
}

// reveals runs a subcommand that may show what was told.
func (w *world) reveals(args ...string) (int, string) {
	w.t.Helper()
	code, out, complaints := command(w.t, w.env, "", args...)
	return code, out + complaints
}

// TestWordsToNobodysCode: they wait at the desk for a person, after the same screens.
func TestWordsToNobodysCode(t *testing.T) {
	stories(t, func(w *world) {
		w.adds(childPhone, "12345678", "He came again")
		w.gets("desk", w.sentence("en", "alert.hold")[:6])
		if n := w.counts(); n.Held != 1 || n.Marked["joined"] != 0 {
			t.Errorf("%+v", n)
		}
	})
}

// TestDangerThatIsAdded raises the risk, draws the clock in, and is told to the desk at once; less pressing words never lower it.
func TestDangerThatIsAdded(t *testing.T) {
	stories(t, func(w *world) {
		code, referral := w.tellsBySMS(childPhone)
		w.adds(parentPhone, code, "He has a knife")
		w.gets("banan1-chair", referral) // asked again: now it is urgent
		w.gets("banan1-focal", referral)
		w.gets("banan1-police", referral)
		w.gets("desk", w.sentence("en", "alert.hold_danger")[:6])
		r, _, err := w.gateway.store.ReferralByCode(t.Context(), referral)
		if err != nil || r.Risk.String() != "immediate" || r.AcceptDue.Sub(w.clock.Now()) > 20*time.Minute {
			t.Errorf("risk %s, accepted by %v, %v", r.Risk, r.AcceptDue, err)
		}
		w.replies("banan1-chair", "1 "+referral)
		w.adds(parentPhone, code, "All is well now, do not come")
		w.gets("banan1-chair", referral)
		if r, _, err = w.gateway.store.ReferralByCode(t.Context(), referral); err != nil || r.Risk.String() != "immediate" {
			t.Errorf("risk %s, %v", r.Risk, err)
		}
		w.replies("desk", "1")
	})
}

// TestWhoIsNamedInAnAddition can read nothing of it, and is not told; the desk is.
func TestWhoIsNamedInAnAddition(t *testing.T) {
	stories(t, func(w *world) {
		code, referral := w.tellsBySMS(childPhone)
		chair := w.pin("banan1-chair")
		w.replies("banan1-chair", "1 "+referral)
		w.adds(childPhone, code, "It is the commune chief who does it")
		w.getsNothing("banan1-chair", "banan1-focal")
		w.gets("desk", w.sentence("en", "alert.hold")[:6])
		w.hasNoTask("banan1-chair", chair)
		w.replies("desk", "1")
	})
}

// TestManyAdditions: the owner is told of the first ones of a day, the desk once of the rest, and all of them are kept.
func TestManyAdditions(t *testing.T) {
	stories(t, func(w *world) {
		code, referral := w.tellsBySMS(childPhone)
		w.replies("banan1-chair", "1 "+referral)
		for n := range mostAdded + 4 {
			w.adds(parentPhone, code, "Once more "+strings.Repeat("x", n+1))
			if n < mostAdded {
				w.gets("banan1-chair", referral)
			}
		}
		w.getsNothing("banan1-chair")
		w.gets("desk")
		r, _, err := w.gateway.store.ReportByCode(t.Context(), code)
		if err != nil || len(r.Added) != mostAdded+4 {
			t.Errorf("%d additions, %v", len(r.Added), err)
		}
		w.replies("desk", "1")
		w.clock.set(w.clock.Now().Add(25 * time.Hour))
		w.gets("desk", "with you") // the desk's own clock has run out meanwhile
		w.adds(parentPhone, code, "The next day")
		w.gets("banan1-chair", referral)
	})
}

// TestWordsAfterTheEnd: what is written on the last screens belongs to the report, and danger in it is danger.
func TestWordsAfterTheEnd(t *testing.T) {
	stories(t, func(w *world) {
		child := w.reportPhysical(childPhone, "2").presses("1", "1")
		w.gets("banan1-chair")
		child.presses("He has a knife")
		w.gets("banan1-chair")
		w.gets("banan1-focal")
		w.gets("banan1-police")
		hold := digitsIn(t, w.gets("desk"), 6)
		if n := w.counts(); n.Reports != 1 || n.Concluded != 1 {
			t.Errorf("%+v", n)
		}
		if status, out := w.reveals("referrals", "--reveal", hold); status != exitDone || !strings.Contains(out, "He has a knife") {
			t.Errorf("%d %s", status, out)
		}
		w.replies("desk", "1")
		w.replies("banan1-chair", "1")
	})
}
