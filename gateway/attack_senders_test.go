package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"chumrok/internal/pack"
)

// forEach does something for each number below n, sixteen at a time, until one fails.
func forEach(t *testing.T, n int, do func(i int) error) {
	t.Helper()
	var next atomic.Int64
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	workers.Wait()
}

// TestAttackTenThousandGuesses: from a thousand phones against fifty open codes, the fifty among the guesses: nobody learns
// anything, and the phone that reported is answered meanwhile.
func TestAttackTenThousandGuesses(t *testing.T) {
	stories(t, func(w *world) {
		const (
			guesses = 10_000
			own     = 777 // the phone that reports, and guesses too, less than it may
		)
		phone := func(n int) string { return fmt.Sprintf("+85512000%03d", n) }
		w.gateway.pack.Outbound.Budget = pack.Budget{} // no budget may hide what a guess would be answered
		w.gateway.pack.Floods = pack.Floods{Alone: 1000, Within: time.Minute, Every: time.Minute, Commune: 1000, PerNumber: 1000}
		var codes []string
		for range 50 {
			child := w.caller(phone(own)).texts("គាត់វាយប្អូនខ្ញុំរាល់យប់").concludesBySMS()
			codes = append(codes, child.code(8))
		}
		w.forgets("banan1-chair")

		// The first two thousand guesses are only valid codes; what comes after them is also each of the fifty, twenty times.
		draw := rand.New(rand.NewPCG(1, 2))
		tries := make([]string, 0, guesses)
		for len(tries) < 2_000 {
			tries = append(tries, wrongCode(draw, codes))
		}
		rest := slices.Repeat(codes, 20)
		for len(rest) < guesses-len(tries) {
			rest = append(rest, wrongCode(draw, codes))
		}
		draw.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
		tries = append(tries, rest...)

		officers := map[string]bool{}
		for _, number := range w.officer {
			officers[number] = true
		}
		var answers sync.Map
		ask := func(i int) error {
			from := phone(i % 1000)
			if from == phone(own) && i > 3*1000 {
				return nil
			}
			if officers[from] { // by SMS an officer's digits are an officer's answer
				answer, err := w.gateway.status(w.t.Context(), w.number(from), tries[i], w.clock.Now())
				answers.Store(answer == askCall, i)
				return err
			}
			answer, err := w.sends(from, tries[i], fmt.Sprintf("SMguess%025d", i))
			answers.Store(strings.Contains(answer, w.sentence("km", "sms.call")), i)
			return err
		}
		forEach(w.t, guesses, ask)
		if i, found := answers.Load(false); found {
			w.t.Fatalf("guess %v was answered with something else than to call", i)
		}

		received := w.sentence("en", "ask.received")
		if got := w.asks(phone(own), codes[7]); got != received {
			w.t.Errorf("the phone that reported is answered with %q", got)
		}
		if got := w.asks(w.officer["kampot"], codes[7]); got != w.sentence("en", "ask.call") {
			w.t.Errorf("another phone is answered with %q while guesses go on", got)
		}
		w.clock.set(w.clock.Now().Add(time.Hour))
		if got := w.asks(phone(999), codes[7]); got != received {
			w.t.Errorf("an hour later another phone is answered with %q", got)
		}
		w.replies("banan1-chair", "0")
	})
}

// TestAttackForgedSenders: whoever can put an officer's or a child's number on a message learns nothing by it. What is answered goes to the true
// phone; details need a PIN, erasing a number that only she was told; and a word that looks like a number is nobody's.
func TestAttackForgedSenders(t *testing.T) {
	stories(t, func(w *world) {
		told := w.tellsTheChair(childPhone)
		chair := w.officer["banan1-chair"]
		w.pin("banan1-chair")
		for _, text := range []string{"1 " + told.referral, "0 " + told.referral, "details", "5", told.referral, "?"} {
			answer := w.twilio(chair, text, fmt.Sprintf("SMforged%d", len(text)))
			if strings.Contains(answer, secret) || strings.Contains(answer, "He hits me") {
				w.t.Errorf("%q is answered with what was told: %q", text, answer)
			}
		}
		forged := w.caller(chair).dials("*1280#").presses(toDuty...)
		forged.presses("000000", "111111", "222222", "333333", "444444", "555555")
		if strings.Contains(forged.screen, told.referral) || !strings.Contains(forged.screen, w.sentence("en", "duty.locked")) {
			w.t.Errorf("five guesses of a PIN end with\n%s", forged.screen)
		}
		// Her number on somebody else's message: nothing of what she told comes back, and nothing of it goes.
		for _, text := range []string{"hello", "what did I tell you", "8", "1"} {
			if answer := w.twilio(childPhone, text, "SMher"+text); strings.Contains(answer, secret) || strings.Contains(answer, told.code) {
				w.t.Errorf("%q under her number is answered with %q", text, answer)
			}
		}
		dialled := w.caller(childPhone).dials("*1280#")
		if fresh := w.caller(spare(7)).dials("*1280#"); dialled.screen != fresh.screen {
			w.t.Errorf("a call under her number begins with\n%s", dialled.screen)
		}
		w.asksToErase(childPhone, told.code, told.wrong(0))
		w.getsNothing("desk")
		for _, from := range []string{"+8551200O1O1", "BANAN1-CHAIR", "+85512000101;+85512000777", "tel:" + chair + ",1", "\u202e101000218558+"} {
			form := w.twilioForm(from, "1 "+told.referral, "SMlike"+url.QueryEscape(from))
			if _, body := w.post("/hooks/twilio/sms", form, w.gateway.config.Twilio.AuthToken); strings.Contains(body, told.referral) {
				w.t.Errorf("%q is taken for the chair: %s", from, body)
			}
		}
		w.forward(31 * time.Minute)
		w.forgets("desk", "banan1-chair", "banan1-focal")
	})
}

// TestAttackSessionsOfOthers: whoever learns or guesses the id of a session that an officer opened with a PIN, or in which a child was asked, sees
// the first screen that every phone sees. Where an operator leaves the number out of a later turn the session goes on, but none that was opened with a PIN.
func TestAttackSessionsOfOthers(t *testing.T) {
	stories(t, func(w *world) {
		told := w.tellsTheChair(childPhone)
		w.replies("banan1-chair", "1 "+told.referral)
		pin, fresh := w.pin("banan1-chair"), w.caller(spare(8)).dials("*1280#").screen
		for _, thief := range []string{spare(9), w.officer["meas-chair"], "", "Anonymous"} {
			reading := w.onDuty("banan1-chair", pin).opens(told.referral).presses("1")
			child := w.caller(parentPhone).dials("*1280#").presses(toDanger...).presses("2")
			for _, open := range []*caller{reading, child} {
				nameless := thief == "" || thief == "Anonymous"
				stolen := &caller{w: w, number: thief, session: open.session, path: append(slices.Clone(open.path), "9")}
				stolen.press(w.dial)
				if stolen.screen != fresh && (open == reading || !nameless) {
					w.t.Errorf("from %q the session shows\n%s", thief, stolen.screen)
				}
			}
		}
		w.forward(31 * time.Minute)
		w.forgets("desk", "banan1-chair")
	})
}

// TestAttackBudgetDrained: ten thousand senders write once each to spend what the day's messages cost. Reporters' answers end with the budget; all
// is kept; a child's report still reaches her committee, officers are still answered, and the next day all are.
func TestAttackBudgetDrained(t *testing.T) {
	t.Parallel()
	const senders = 10_000
	w := newWorld(t, "real")
	w.gateway.pack.Outbound.Budget = pack.Budget{PerDay: 1000, Reserve: 400, PerNumber: 60}
	var answered atomic.Int64
	forEach(t, senders, func(i int) error {
		answer, err := w.sends(fmt.Sprintf("+85512000%04d", i), "hello", fmt.Sprintf("SMdrain%025d", i))
		if strings.Contains(answer, "<Message>") {
			answered.Add(1)
		}
		return err
	})
	if n := answered.Load(); n < 600 || n > 600+16 { // those who are counted in the same moment
		t.Errorf("%d of %d senders were answered; the budget has 600 for them", n, senders)
	}
	if n := w.counts(); n.Received != senders || n.Turns != senders {
		t.Errorf("of %d messages %d turns in %d conversations are kept", senders, n.Turns, n.Received)
	}
	w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
	code := digitsIn(t, w.gets("banan1-chair"), 6)
	if answer := w.replies("banan1-chair", "1 "+code); !strings.Contains(answer, code) {
		t.Errorf("the officer is answered with %q", answer)
	}
	w.clock.set(w.clock.Now().Add(24 * time.Hour))
	if answer, err := w.sends(spare(1), "my uncle beats me", "SMnextday"); err != nil || !strings.Contains(answer, "<Message>") {
		t.Errorf("the next day a caller is answered with %q, %v", answer, err)
	}
	w.addsUp()
	w.saysNothingPersonal()
}
