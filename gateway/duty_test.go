package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/flows"
	"chumrok/internal/store"
)

// reportInEnglish tells by USSD, in English, of what a neighbour does to a girl in Banteay Meas, with a number in the words,
// and asks to be called in the evening. It returns the referral's code.
func (w *world) reportInEnglish(number string) string {
	w.t.Helper()
	parent := w.caller(number).dials("*1280#").presses("2", "1", "1", "2", "1", "1") // English, report, alone, a parent, agreed, the number
	parent.presses("2", "1", "1", "07", "02", "15")                                  // no danger now; beaten; the third page's commune
	parent.presses("2", "1", "2")                                                    // 6 to 11, a girl, a neighbour
	parent.presses("1", "1", "4")                                                    // call me, on this phone, in the evening
	parent.presses("She cries at night. My number is ០១២ 000-502, house 14.", "1", "1", "1")
	parent.code(8)
	return digitsIn(w.t, w.gets("meas-chair"), 6)
}

// TestOfficerReadsAndActs: an officer sees what he may before and after taking a task, each look at what was told is on
// record, and the task goes its way without an SMS.
func TestOfficerReadsAndActs(t *testing.T) {
	stories(t, func(w *world) {
		code := w.reportInEnglish(parentPhone)
		pin := w.pin("meas-chair")

		chair := w.onDuty("meas-chair", pin).opens(code)
		before := chair.presses("1").reads()
		says(t, before, code, w.sentence("en", "risk.medium"), "Banteay Meas", "12:00 24/11")
		saysNot(t, before, "cries", "Girl", "neighbour", w.sentence("en", "detail.harm.physical"))
		if n := w.onRecord("meas-chair", "details", code); n != 0 {
			t.Fatalf("%d looks are on record, and nothing was shown", n)
		}

		chair.presses("1", "2").sees(w.says("en", "duty.accepted", code)[:30], code)
		w.stands(code, "accepted", "meas-chair")
		chair.presses("1", "1", "1", "1") // back to the menu, my tasks, this one, its details
		after := chair.reads()
		says(t, after, code, w.sentence("en", "detail.harm.physical"), "6-11", "Girl", "A neighbour", "Banteay Meas", "Kampot",
			"She cries at night. My number is …, house 14.", w.sentence("en", "detail.contact.call"), "Evening", w.sentence("en", "detail.advice"))
		saysNot(t, after, "12000502", "000-502", "០១២", "A mother or father")
		if n := w.onRecord("meas-chair", "details", code); n != 1 {
			t.Fatalf("%d looks are on record, and there was one", n)
		}

		chair.presses("1", "4").sees(w.sentence("en", "duty.done"))
		w.stands(code, "seen", "meas-chair")
		chair.presses("1").opens(code).presses("5", "7", "She stays with her mother.").sees(w.sentence("en", "duty.done"))
		w.stands(code, "closed", "meas-chair")
		chair.presses("1", "1").sees(w.sentence("en", "duty.none"))
		w.forward(48 * time.Hour)
	})
}

// TestOutcomeForReview: "settled by agreement" waits for the district, said by USSD as by SMS.
func TestOutcomeForReview(t *testing.T) {
	stories(t, func(w *world) {
		_, code := w.tellsBySMS(childPhone)
		chair := w.onDuty("banan1-chair", w.pin("banan1-chair")).opens(code)
		// Who says how it ended before anybody took it has taken it.
		chair.presses("5", "5", "1").sees(w.sentence("en", "duty.review"))
		w.stands(code, "review", "banan1-chair")
		w.gets("banan-office", code)
		office := w.onDuty("banan-office", w.pin("banan-office")).opens(code)
		office.presses("11").sees(w.sentence("en", "duty.done")) // does not agree
		w.stands(code, "accepted", "banan1-chair")
		w.gets("banan1-chair", code)
		chair.presses("1").opens(code).presses("4").sees(w.sentence("en", "duty.done"))
		chair.presses("1").opens(code).presses("5", "5", "Both sides have promised.").sees(w.sentence("en", "duty.review"))
		w.gets("banan-office", code)
		office.presses("1").opens(code).presses("7").sees(w.sentence("en", "duty.done"))
		w.stands(code, "closed", "banan1-chair")
		r, _, err := w.gateway.store.ReferralByCode(w.t.Context(), code)
		if err != nil || r.Note != "Both sides have promised." || r.OutcomeBy != "banan1-chair" || r.ReviewedBy != "banan-office" {
			w.t.Fatalf("%v: %s by %s, reviewed by %s, with a note of %d letters", err, r.Outcome, r.OutcomeBy, r.ReviewedBy, len(r.Note))
		}
	})
}

// TestSomeoneElsesReferralDoesNotExist: what this phone was not asked, or what somebody else took, or from which somebody on
// it was removed, is in no list and under no code.
func TestSomeoneElsesReferralDoesNotExist(t *testing.T) {
	stories(t, func(w *world) {
		_, code := w.tellsBySMS(childPhone)
		chair, focal, stranger := w.pin("banan1-chair"), w.pin("banan1-focal"), w.pin("meas-chair")
		w.hasNoTask("banan1-focal", focal) // of the same committee, and not asked yet
		w.hasNoTask("meas-chair", stranger)
		w.cannotReach("meas-chair", code)
		w.cannotReach("banan1-focal", code)

		w.forward(3*time.Hour + time.Minute) // the district is asked; the chair still may
		w.gets("banan-office", code)
		w.gets("banan1-chair", code)
		office := w.pin("banan-office")
		w.onDuty("banan-office", office).opens(code)
		w.replies("banan1-chair", "1 "+code)
		w.hasNoTask("banan-office", office)
		w.cannotReach("banan-office", code)

		// Connected to it: from here on it is gone for the one who had it, too.
		w.onDuty("banan1-chair", chair).opens(code).presses("3", "2").sees(w.sentence("en", "duty.next"))
		w.hasNoTask("banan1-chair", chair)
		w.cannotReach("banan1-chair", code)
		w.onDuty("banan-office", office).opens(code)
		w.gets("banan-office", code)
	})
}

// cannotReach says that each want of the officers' conversation finds nothing under a code, although the PIN was right.
func (w *world) cannotReach(officer, code string) {
	w.t.Helper()
	for want, value := range map[string]string{"duty_details": code, "duty_accept": code, "duty_seen": code,
		"duty_cannot": code + " other", "duty_outcome": code + " 1"} {
		var e store.Effects
		state := w.gateway.flows.Begin(flows.Beginning{Channel: flows.USSD, Flow: "duty"}, w.clock.Now()).With(pinField, isOK)
		m := adapters.Message{Channel: adapters.USSD, From: w.number(w.officer[officer])}
		v, err := w.gateway.supply(w.t.Context(), m, state, flows.Event{Kind: flows.Wanted, Name: want, Value: value}, &e, w.clock.Now())
		if err != nil {
			w.t.Fatal(err)
		}
		if v.Text != "" || len(v.Options)+len(e.Referrals)+len(e.Messages)+len(e.Audit) > 0 || v.Answer != isGone && v.Answer != isTaken {
			w.t.Errorf("%s reaches %s by %s: %s", officer, code, want, v.Answer)
		}
	}
}

// TestNothingWithoutPIN: no want is answered before the PIN, by SMS, from a phone outside the directory, or with a PIN that
// was drawn after the call began.
func TestNothingWithoutPIN(t *testing.T) {
	stories(t, func(w *world) {
		_, code := w.tellsBySMS(childPhone)
		w.replies("banan1-chair", "1")
		w.pin("banan1-chair")
		right := w.gateway.flows.Begin(flows.Beginning{Channel: flows.USSD, Flow: "duty"}, w.clock.Now()).With(pinField, isOK)
		for name, c := range map[string]struct {
			channel, number string
			state           flows.State
			want            string
		}{
			"with it":      {adapters.USSD, w.officer["banan1-chair"], right, isOK},
			"before it":    {adapters.USSD, w.officer["banan1-chair"], right.With(pinField, ""), isGone},
			"a wrong one":  {adapters.USSD, w.officer["banan1-chair"], right.With(pinField, "wrong"), isGone},
			"by SMS":       {adapters.SMS, w.officer["banan1-chair"], right, isGone},
			"from outside": {adapters.USSD, childPhone, right, isGone},
			"without one":  {adapters.USSD, w.officer["banan1-focal"], right, isGone},
		} {
			var e store.Effects
			m := adapters.Message{Channel: c.channel, From: w.number(c.number)}
			v, err := w.gateway.supply(t.Context(), m, c.state, flows.Event{Name: "duty_details", Value: code}, &e, w.clock.Now())
			if err != nil || v.Answer != c.want || (v.Text == "") != (c.want == isGone) {
				t.Errorf("%s: %q, %v", name, v.Answer, err)
			}
		}
		w.forward(time.Second)
		w.pin("banan1-chair")
		m := adapters.Message{Channel: adapters.USSD, From: w.number(w.officer["banan1-chair"])}
		if v, err := w.gateway.supply(t.Context(), m, right, flows.Event{Name: "duty_details", Value: code}, &store.Effects{}, w.clock.Now()); err != nil || v.Answer != isGone {
			t.Errorf("a call that began with another PIN still opens: %q, %v", v.Answer, err)
		}
	})
}

// TestPINLocks: five wrong tries lock the phone until the command unlocks it, whoever dials; and the PIN stands nowhere.
func TestPINLocks(t *testing.T) {
	stories(t, func(w *world) {
		w.caller(w.officer["banan1-chair"]).dials("*1280#").presses(toDuty...).presses("482916").sees(w.sentence("en", "duty.no_pin"))
		pin := w.pin("banan1-chair")
		wrong := "111111" // never drawn
		chair := w.onDuty("banan1-chair", wrong)
		for range 4 {
			chair.sees(w.sentence("en", "duty.wrong")).presses(wrong)
		}
		chair.presses(pin).sees(w.sentence("en", "duty.locked"))
		w.onDuty("banan1-chair", pin).sees(w.sentence("en", "duty.locked"))
		index := w.gateway.store.PhoneIndex(w.number(w.officer["banan1-chair"]))
		if unlocked, err := w.gateway.store.UnlockPIN(t.Context(), w.clock.Now(), operator, index); err != nil || !unlocked {
			t.Fatalf("unlocked %v, %v", unlocked, err)
		}
		w.onDuty("banan1-chair", wrong).presses(pin).sees(w.sentence("en", "duty.menu"))
		w.onDuty("banan1-chair", pin).sees(w.sentence("en", "duty.menu")) // the tries are counted anew

		// A number by SMS is a number: the right PIN is answered like any other, and neither is a try.
		if right, other := w.replies("banan1-chair", pin), w.replies("banan1-chair", "482917"); right != strings.ReplaceAll(other, "482917", pin) {
			t.Errorf("the PIN by SMS is answered with %q, another number with %q", right, other)
		}
		if p, _, err := w.gateway.store.PIN(t.Context(), index); err != nil || p.Failed != 0 {
			t.Errorf("%d tries are counted after numbers by SMS, %v", p.Failed, err)
		}
	})
}

// TestPINIsKeptNowhere: what was typed as a PIN is in no turn, no state and nothing that Redis holds.
func TestPINIsKeptNowhere(t *testing.T) {
	stories(t, func(w *world) {
		_, code := w.tellsBySMS(childPhone)
		w.replies("banan1-chair", "1")
		pin := w.pin("banan1-chair")
		chair := w.onDuty("banan1-chair", "111111").presses(pin)
		chair.opens(code).presses("1")
		open, found, err := w.gateway.open(t.Context(), w.gateway.liveKey(adapters.Message{Provider: "africastalking", Channel: adapters.USSD, Session: chair.session}), true)
		if err != nil || !found {
			t.Fatalf("the session is not there: %v", err)
		}
		turns, err := w.gateway.store.Turns(t.Context(), open.conversation.ID)
		if err != nil {
			t.Fatal(err)
		}
		if len(turns) != 8 {
			t.Fatalf("there are %d turns", len(turns))
		}
		for _, turn := range turns {
			for what, kept := range map[string][]byte{"heard": turn.Heard, "answer": turn.Answer, "state": turn.State} {
				if strings.Contains(string(kept), pin) || strings.Contains(string(kept), "111111") {
					t.Errorf("the PIN stands in what was kept as %s of turn %d", what, turn.Seq)
				}
			}
		}
	})
}

// TestAwayIsPassedOver: who is away is not asked, and can still answer; a committee that is away is no wait for a child.
func TestAwayIsPassedOver(t *testing.T) {
	stories(t, func(w *world) {
		chair := w.pin("banan1-chair")
		w.onDuty("banan1-chair", chair).presses("2", "2").sees("9:00", "26/11")
		focal := w.caller(childPhone).texts("គាត់វាយប្អូនខ្ញុំរាល់យប់")
		focal.texts("ឃុំកន្ទឺ ១ ខេត្តបាត់ដំបង").texts("1").texts("2").texts("3")
		code := digitsIn(t, w.gets("banan1-focal"), 6)
		w.getsNothing("banan1-chair")

		w.onDuty("banan1-focal", w.pin("banan1-focal")).opens(code).presses("3", "1").sees(w.sentence("en", "duty.next"))
		w.gets("banan1-police", code)
		for _, officer := range []string{"banan1-focal", "banan1-police"} {
			w.onDuty(officer, w.pin(officer)).presses("2", "1")
		}
		w.caller(spare(1)).texts("គាត់វាយប្អូនខ្ញុំរាល់យប់").concludesBySMS()
		second := digitsIn(t, w.gets("banan-office"), 6) // at once
		w.replies("banan-office", "1 "+second)

		w.forward(49 * time.Hour)
		w.forgets("banan1-focal", "banan1-police", "banan-office", "battambang", "desk")
		w.tellsBySMS(spare(2)) // and the chair is back
	})
}

// TestTwoOfficersAtOnce: the second to take a task is told that it is taken.
func TestTwoOfficersAtOnce(t *testing.T) {
	stories(t, func(w *world) {
		_, code := w.tellsBySMS(childPhone)
		w.replies("banan1-chair", "2 "+code+" 4")
		w.gets("banan1-focal", code)
		focal := w.onDuty("banan1-focal", w.pin("banan1-focal")).opens(code)
		w.replies("banan1-chair", "1 "+code) // after all
		w.stands(code, "accepted", "banan1-chair")
		focal.presses("2").sees(w.sentence("en", "duty.taken"))
		w.stands(code, "accepted", "banan1-chair")
	})
}

// TestDeskReadsHold: what waits at the desk is read there in the same way.
func TestDeskReadsHold(t *testing.T) {
	stories(t, func(w *world) {
		w.caller(childPhone).texts("គាត់វាយប្អូនខ្ញុំរាល់យប់ 012000501")
		w.forward(31 * time.Minute)
		code := digitsIn(t, w.gets("desk"), 6)
		desk := w.onDuty("desk", w.pin("desk")).opens(code)
		saysNot(t, desk.presses("1").reads(), "គាត់")
		desk.presses("1", "2").sees(w.sentence("en", "duty.done"))
		w.stands(code, "taken", "desk")
		text := desk.presses("1", "1", "1", "1").reads()
		says(t, text, "គាត់វាយប្អូនខ្ញុំរាល់យប់ …")
		if n := w.onRecord("desk", "details", code); n != 1 {
			t.Errorf("%d looks are on record, and there was one", n)
		}
	})
}

// TestTakenMovesWithTheOfficer: what an officer took stays the officer's on a new number; the old phone has nothing.
func TestTakenMovesWithTheOfficer(t *testing.T) {
	w := newWorld(t, "embedded")
	_, code := w.tellsBySMS(childPhone)
	w.replies("banan1-chair", "1")
	pin := w.pin("banan1-chair")
	old := w.officer["banan1-chair"]
	w.replaceInDirectory("012 000 101", "012 000 109")
	w.restart()
	w.onDuty("banan1-chair", w.pin("banan1-chair")).opens(code)
	w.caller(old).dials("*1280#").presses("2", "4").sees(w.sentence("en", "error.unknown_key"))
	_ = pin
	w.nothingElseArrived()
}

func TestHideNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"call 012 000 501 now":     "call … now",
		"call +855 12-000-501.":    "call ….",
		"ហៅ ០១២០០០៥០១។":            "ហៅ …។",
		"012000501":                "…",
		"(012) 000.501 or 012 000": "… or 012 000",
		"12 years, house 14, 2026": "12 years, house 14, 2026",
		"12 - 14":                  "12 - 14",
		"+ and -":                  "+ and -",
		"":                         "",
	} {
		if got := hideNumbers(text); got != want {
			t.Errorf("%q is shown as %q, not %q", text, got, want)
		}
	}
}

// TestEveryWantIsSupplied: what our conversations ask for is answered, and something else is a fault that says so.
func TestEveryWantIsSupplied(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	m := adapters.Message{Channel: adapters.USSD, From: w.number(w.officer["banan1-chair"])}
	supply := func(want string) error {
		_, err := w.gateway.supply(t.Context(), m, flows.State{}, flows.Event{Kind: flows.Wanted, Name: want}, &store.Effects{}, w.clock.Now())
		return err
	}
	wants := 0
	for _, d := range w.gateway.flows.Definitions() {
		for _, found := range regexp.MustCompile(`(?m)^ +want: (\w+)$`).FindAllSubmatch(d.Source(), -1) {
			wants++
			if err := supply(string(found[1])); err != nil {
				t.Errorf("%s: %v", d.Name, err)
			}
		}
	}
	if wants < 10 {
		t.Errorf("only %d wants were found in the conversations", wants)
	}
	if err := supply("weather"); err == nil {
		t.Error("the weather was supplied")
	}
}
