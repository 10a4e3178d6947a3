package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"chumrok/internal/store"
)

// secret is what the child of these stories writes; no file and no table may hold it in any form once it is erased.
const secret = "Zebrafinch"

// TestTheChildErases: from the same phone, with her number. Contact stops at once, a person decides, and then nothing is left: not the
// story, not what somebody added, not the pages that an officer read; and an old message that comes again is known and tells nothing.
func TestTheChildErases(t *testing.T) {
	stories(t, func(w *world) {
		child := w.tellsTheChair(childPhone)
		w.caller(parentPhone).dials("*1280#").presses("2", "3", child.code, "2", "It is "+secret+" again").sees(w.sentence("en", "ask.written"))
		w.gets("desk", w.sentence("en", "alert.hold")[:6]) // nobody has taken it yet
		w.replies("desk", "1")
		w.closes(child.referral)
		number := w.number(childPhone)
		if _, err := w.gateway.store.StartLessons(t.Context(), w.clock.Now(), "caller", store.Lessons{ID: store.NewID(), Audience: "child",
			Language: "en", Hours: "any", Number: number, Next: 1, NextAt: w.clock.Now().Add(24 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
		before := w.asks(parentPhone, child.code)

		w.asksToErase(childPhone, child.code, child.proof)
		hold := digitsIn(t, w.gets("desk"), 6)
		w.addsUp()
		if got := w.asks(parentPhone, child.code); got != before {
			t.Errorf("after the wish the code is answered with %q, before with %q", got, before)
		}
		if left, err := w.gateway.store.LessonsOf(t.Context(), w.gateway.store.PhoneIndex(number)); err != nil || len(left) > 0 {
			t.Errorf("%d lessons go on, %v", len(left), err)
		}
		if r, _, err := w.gateway.store.ReportByCode(t.Context(), child.code); err != nil || r.Contact.Way != "none" {
			t.Errorf("contact is %q, %v", r.Contact.Way, err)
		}
		w.asksToErase(childPhone, child.code, child.proof) // asked again: nothing more
		w.getsNothing("desk")
		if code, out := w.runs("erase", "list"); code != exitDone || !strings.Contains(out, hold) || !strings.Contains(out, "decide by") {
			t.Fatalf("erase list: %d %s", code, out)
		}
		w.replies("desk", "1 "+hold)
		if r, open := w.wishOf(child); !open || r.Due.Sub(r.StartedAt) != 72*time.Hour {
			t.Errorf("once the desk has taken it, it is to be decided by %v", r.Due)
		}

		traces, counts := w.traces(child.conversation), w.counts()
		old := *w.last(childPhone) // her call, of which the network sends a turn once more
		if code, out := w.runs("erase", hold, "--reason", "she asked"); code != exitDone || !strings.Contains(out, "erased") {
			t.Fatalf("erase: %d %s", code, out)
		}
		w.settle()
		w.isGone(traces)
		w.addsUp()
		after := w.counts()
		if after.Received != counts.Received || after.Turns != counts.Turns || after.Marked["erased"] != 3 {
			t.Errorf("before %+v, after %+v", counts, after)
		}
		for who, what := range map[string]string{"caller": "erasing asked", operator: "erased"} {
			if w.onRecord(who, what, hold) != 1 {
				t.Errorf("%s %s %s is not on record once", who, what, hold)
			}
		}
		old.press("*1280#")
		if old.screen != w.sentence("km", "leave") || !old.ended {
			t.Errorf("an old turn that comes again is answered with %q", old.screen)
		}
		if again := w.counts(); again.Received != after.Received || again.Turns != after.Turns {
			t.Error("an old turn that comes again is a new one")
		}
		if got := w.asks(childPhone, child.code); got != w.sentence("en", "ask.call") {
			t.Errorf("the code is answered with %q", got)
		}
		w.asksToErase(childPhone, child.code, child.proof)
		if code, out := w.runs("erase", hold, "--reason", "again"); code != exitFault {
			t.Errorf("erased twice: %s", out)
		}
		if code, out := w.runs("erase", "list", "--all"); code != exitDone || !strings.Contains(out, "erased 2026-11-24") {
			t.Errorf("erase list: %d %s", code, out)
		}
		if answer := w.replies("banan1-chair", "1 "+child.referral); strings.Contains(answer, child.referral) {
			t.Errorf("the officer who asks is told %q", answer)
		}
		w.replies("desk", "1 "+hold)
		w.restart() // the key of what was written last is not looked for in what was erased
	})
}

// TestHoldersOfPhoneAndCodeCannotErase: whoever has both and not the number, has the number on another phone, or has no code at all, sees
// the same screens as she does, byte for byte; after three wrong numbers hers does nothing either, also after a restart.
func TestHoldersOfPhoneAndCodeCannotErase(t *testing.T) {
	stories(t, func(w *world) {
		child, other := w.tellsTheChair(childPhone), w.tellsTheChair(spare(1))
		screens := w.asksToErase(parentPhone, child.code, child.proof)
		for _, try := range []struct{ phone, code, proof string }{
			{parentPhone, child.code, child.wrong(0)}, {parentPhone, child.code, child.wrong(1)}, {parentPhone, child.code, child.wrong(2)},
			{parentPhone, child.code, child.proof}, {childPhone, "12345678", child.proof}, {childPhone, "99999997", "1"},
			{childPhone, other.code, other.proof}, {childPhone, child.code, child.wrong(0)}, {childPhone, child.code, child.wrong(1)},
		} {
			if got := w.asksToErase(try.phone, try.code, try.proof); !slices.Equal(got, screens) {
				t.Errorf("%q, not %q", got, screens)
			}
		}
		w.getsNothing("desk")
		if got := w.asksToErase(childPhone, child.code, child.proof); !slices.Equal(got, screens) { // two wrong ones are not three
			t.Errorf("hers are %q, not %q", got, screens)
		}
		w.gets("desk")

		for n := range mostProofs {
			w.asksToErase(spare(1), other.code, other.wrong(n))
		}
		w.restart()
		if got := w.asksToErase(spare(1), other.code, other.proof); !slices.Equal(got, screens) {
			t.Errorf("after three wrong ones they are %q, not %q", got, screens)
		}
		if e, _, err := w.gateway.store.Erasure(t.Context(), other.conversation); err != nil || e.Tries != mostProofs || !e.AskedAt.IsZero() {
			t.Errorf("%d wrong tries, asked %v, %v", e.Tries, e.AskedAt, err)
		}
	})
}

// TestASMSReporterErasesByCalling: there is no number to prove it with, so the words are the same and nothing comes of it; the desk decides.
func TestASMSReporterErasesByCalling(t *testing.T) {
	stories(t, func(w *world) {
		code, referral := w.tellsBySMS(childPhone)
		for _, proof := range []string{"10", "42", "99", "0000"} {
			w.asksToErase(childPhone, code, proof)
		}
		w.getsNothing("desk")
		if status, out := w.runs("erase", "refuse", referral, "--reason", "nobody asked"); status != exitFault || !strings.Contains(out, "nobody asks") {
			t.Errorf("refused: %d %s", status, out)
		}
		if status, out := w.runs("erase", referral, "--reason", "she called"); status != exitDone {
			t.Errorf("erased: %d %s", status, out)
		}
		if got := w.asks(childPhone, code); got != w.sentence("en", "ask.call") {
			t.Errorf("the code is answered with %q", got)
		}
		w.getsNothing("banan1-chair")
		w.forward(4 * time.Hour) // no clock runs any more
		w.getsNothing("banan1-chair", "banan1-focal", "banan-office", "desk")
	})
}

// TestDangerIsNotErased: the wish is taken, a person decides, and the command refuses while danger, or an accepted referral, stands.
func TestDangerIsNotErased(t *testing.T) {
	stories(t, func(w *world) {
		child := w.tellsByUSSD(childPhone, "1", "1", "1", "កន្ទឺ ១ បាត់ដំបង", "1", "1", "3", "1", "2")
		w.forgets("banan1-chair", "banan1-focal", "banan1-police", "banan-office", "helpline", "battambang")
		w.asksToErase(childPhone, child.code, child.proof)
		hold := digitsIn(t, w.gets("desk"), 6)
		refuses := func(because string) {
			t.Helper()
			if code, out := w.runs("erase", hold, "--reason", "she asked"); code != exitFault || !strings.Contains(out, because) {
				t.Errorf("%d %s", code, out)
			}
			if code, out := w.runs("erase", "list"); code != exitDone || !strings.Contains(out, because) {
				t.Errorf("%d %s", code, out)
			}
		}
		refuses("in danger")
		about, err := aboutErasing(t.Context(), w.gateway.store, child.conversation)
		if err != nil || len(about.referrals) != 1 {
			t.Fatalf("%d referrals, %v", len(about.referrals), err)
		}
		w.replies("banan1-chair", "1 "+about.referrals[0].Code)
		refuses("has taken it")
		w.addsUp()
		if code, out := w.runs("erase", "refuse", hold, "--reason", "a child is in danger"); code != exitDone {
			t.Fatalf("refuse: %d %s", code, out)
		}
		if w.onRecord(operator, "erasing refused", hold) != 1 {
			t.Error("the refusal is not on record")
		}
		if code, out := w.runs("erase", "list"); code != exitDone || !strings.Contains(out, "nobody asks") {
			t.Errorf("%d %s", code, out)
		}
		if r, found, err := w.gateway.store.ReportByCode(t.Context(), child.code); err != nil || !found || !strings.Contains(r.More, secret) || r.Contact.Way != "none" {
			t.Errorf("after a refusal the report is found %t, contact %q, %v", found, r.Contact.Way, err)
		}
		w.asksToErase(childPhone, child.code, child.proof) // she may ask again
		if next := digitsIn(t, w.gets("desk"), 6); next == hold {
			t.Error("the second wish has the first one's code")
		}
	})
}

// TestToldTwiceFromOnePhone: a call that was cut and one that was told whole are two matters; who decides on one sees that there is another.
func TestToldTwiceFromOnePhone(t *testing.T) {
	stories(t, func(w *world) {
		cut := w.caller(childPhone).dials("*1280#").presses(toDanger...).presses("2", "1", "កន្ទឺ ១ បាត់ដំបង")
		cut.hangsUp()
		w.forward(31 * time.Minute)
		first := digitsIn(t, w.gets("desk"), 6)
		child := w.tellsTheChair(childPhone)
		w.asksToErase(childPhone, child.code, child.proof)
		w.gets("desk")
		if code, out := w.runs("erase", "list"); code != exitDone || !strings.Contains(out, "not erased with it: "+first+"\n") {
			t.Errorf("erase list: %d %s", code, out)
		}
		if code, out := w.runs("erase", child.referral, "--reason", "she asked"); code != exitDone {
			t.Errorf("erase: %d %s", code, out)
		}
		if code, out := w.runs("holds"); code != exitDone || !strings.Contains(out, first) {
			t.Errorf("what the call that was cut told is gone: %d %s", code, out)
		}
		w.forward(time.Minute)
		w.silence()
	})
}

// TestACrashBeforeDestroying: what a person decided is destroyed once the gateway is back.
func TestACrashBeforeDestroying(t *testing.T) {
	stories(t, func(w *world) {
		child := w.tellsTheChair(childPhone)
		w.asksToErase(childPhone, child.code, child.proof)
		hold := digitsIn(t, w.gets("desk"), 6)
		traces := w.traces(child.conversation)
		about, err := aboutErasing(t.Context(), w.gateway.store, child.conversation)
		if err != nil {
			t.Fatal(err)
		}
		e := decision(about, store.DecidedErase, "erase", hold, "she asked", w.clock.Now())
		e.Due = append(e.Due, store.Due{Kind: store.DueErase, Subject: child.conversation, At: w.clock.Now().Add(time.Second)})
		if kind, err := w.gateway.store.Apply(t.Context(), w.clock.Now(), e); err != nil || kind != store.Fresh {
			t.Fatalf("%v, %v", kind, err)
		}
		w.addsUp()
		w.restart()
		w.addsUp()
		w.forward(time.Minute)
		w.isGone(traces)
		w.forward(4 * time.Hour)
		w.getsNothing("banan1-chair", "banan1-focal", "banan-office")
	})
}

// TestAnOfficerIsReading: while the details are on an officer's screen nothing is destroyed; as soon as the call is over, it is.
func TestAnOfficerIsReading(t *testing.T) {
	stories(t, func(w *world) {
		child := w.tellsTheChair(childPhone)
		chair := w.pin("banan1-chair")
		w.replies("banan1-chair", "1 "+child.referral)
		reading := w.onDuty("banan1-chair", chair).opens(child.referral).presses("1")
		w.replies("banan1-chair", "3 "+child.referral)
		w.replies("banan1-chair", "4 "+child.referral+" 1")
		reading.presses("9")
		traces := w.traces(child.conversation)
		if code, out := w.runs("erase", child.referral, "--reason", "she called"); code != exitDone || !strings.Contains(out, "is reading it") {
			t.Fatalf("%d %s", code, out)
		}
		w.settle()
		reading.presses("9") // nothing is lost under his hands
		w.addsUp()
		traces = append(traces, w.traces(child.conversation)...)
		w.forward(2 * time.Hour)
		w.isGone(traces)
	})
}
