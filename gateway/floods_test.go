package main

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/adapters/simulator"
)

// tellsByWord reports by SMS in four messages; with urgent a child is in danger now.
func (w *world) tellsByWord(number string, urgent bool) {
	w.t.Helper()
	answer := "2"
	if urgent {
		answer = "1"
	}
	w.caller(number).texts("គាត់វាយកូនរាល់យប់ កន្ទឺ ១ បាត់ដំបង").texts("1").texts(answer).texts("3")
}

// takes reads all that came to a phone since the story looked, and returns it.
func (w *world) takes(officer string) []string {
	w.t.Helper()
	w.settle()
	number := w.officer[officer]
	inbox := w.inbox(number)
	fresh := inbox[w.read[number]:]
	w.read[number] = len(inbox)
	return fresh
}

// TestFlood: 200 reports from one commune in ten minutes, each of another phone, and an urgent one in their midst. The officer's phone rings a
// bounded number of times; the urgent one rings alone and at once; nothing is dropped, and every report keeps its clock.
func TestFlood(t *testing.T) {
	stories(t, func(w *world) {
		const many = 200
		floods := w.gateway.pack.Floods
		var chair []string
		urgent := ""
		for n := range many {
			w.tellsByWord(spare(n), false)
			if n != many/2 {
				w.clock.set(w.clock.Now().Add(3 * time.Second))
				continue
			}
			chair = append(chair, w.takes("banan1-chair")...)
			w.tellsByWord(childPhone, true)
			for _, officer := range []string{"banan1-chair", "banan1-focal", "banan1-police", "banan-office", "helpline"} {
				urgent = digitsIn(t, w.gets(officer), 6)
			}
		}
		w.gets("desk", w.sentence("en", "alert.hold")[:6]) // one hold for the flood
		chair = append(chair, w.takes("banan1-chair")...)
		if bound := floods.Alone + 2; len(chair) > bound || len(chair) < floods.Alone {
			t.Errorf("the chair's phone rang %d times in ten minutes; expected %d to %d", len(chair), floods.Alone, bound)
		}
		w.forward(floods.Every + gathers)
		rest := w.takes("banan1-chair")
		if len(rest) == 0 || len(rest) > 2 || !strings.Contains(rest[len(rest)-1], "កិច្ចការ 201 បន្ទាន់មុន៖ "+urgent) {
			t.Errorf("then came %q", rest)
		}
		w.addsUp()
		n := w.counts()
		if n.Concluded != many+1 || n.Referrals["alerting"] != many+1 || n.Messages["queued"] != 0 || n.Held != 0 {
			t.Errorf("%+v", n)
		}
		w.takes("banan1-focal")

		// Nobody answers: each clock runs out at its own time, and the next tier is told by as few messages.
		w.clock.set(w.clock.Now().Add(3 * time.Hour))
		w.settle()
		w.forward(3 * time.Minute)
		for _, officer := range []string{"banan1-chair", "banan1-focal", "banan1-police", "banan-office", "battambang", "helpline", "desk"} {
			if rang := w.takes(officer); len(rang) > floods.Alone+6 { // with what danger makes ring
				t.Errorf("%s's phone rang %d times", officer, len(rang))
			}
		}
		referrals, err := w.gateway.store.OpenReferrals(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range referrals {
			if r.Step == 0 || r.AcceptDue.IsZero() {
				t.Fatalf("referral %s of a digest stands at step %d with the clock %v", r.Code, r.Step, r.AcceptDue)
			}
		}
		w.forward(2*floods.Every + time.Minute)
		for _, officer := range []string{"banan1-chair", "banan1-focal", "banan1-police", "banan-office", "battambang", "helpline", "desk"} {
			w.takes(officer)
		}
		if left := w.counts().Messages["queued"]; left != 0 {
			t.Errorf("%d messages were never sent", left)
		}
	})
}

// TestFloodOfOnePhone: one phone tells much more than others. Nothing it tells is refused, what is pressing goes its way, and the rest waits at the
// desk beyond the pack's number.
func TestFloodOfOnePhone(t *testing.T) {
	stories(t, func(w *world) {
		most := w.gateway.pack.Floods.PerNumber
		for n := range most + 2 {
			w.tellsByWord(childPhone, false)
			if n < most {
				w.gets("banan1-chair")
			}
			w.clock.set(w.clock.Now().Add(5 * time.Minute))
		}
		w.waitsAtDesk(2)
		w.tellsByWord(childPhone, true)
		for _, officer := range []string{"banan1-chair", "banan1-focal", "banan1-police", "banan-office", "helpline"} {
			w.gets(officer)
		}
		if n := w.counts(); n.Concluded != int64(most)+1 || n.Held != 2 {
			t.Errorf("%+v", n)
		}
	})
}

// TestRandomFloods: whatever comes how fast, no phone rings more often than the pack says, beside what danger makes ring, and in the end everything
// was told.
func TestRandomFloods(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 40))
		w := newWorld(t, "embedded")
		floods := w.gateway.pack.Floods
		var rang []time.Time
		urgent := 0
		look := func() {
			for _, text := range w.takes("banan1-chair") {
				if strings.Contains(text, w.gateway.texts.Text("km", "risk.immediate")) || strings.HasPrefix(text, "បន្ទាន់") {
					urgent++
					continue
				}
				rang = append(rang, w.clock.Now())
			}
		}
		told := 0
		for told < 60 {
			for range random.IntN(12) {
				w.tellsByWord(spare(told), random.IntN(20) == 0)
				told++
			}
			look()
			w.clock.set(w.clock.Now().Add(time.Duration(random.IntN(240)) * time.Second))
		}
		look()
		for range 50 {
			w.clock.set(w.clock.Now().Add(30 * time.Second))
			look()
		}
		for i, at := range rang {
			n := len(slices.DeleteFunc(slices.Clone(rang[:i+1]), func(t time.Time) bool { return at.Sub(t) > floods.Within }))
			if n > floods.Alone+2 {
				t.Fatalf("seed %d: the phone rang %d times within %s", seed, n, floods.Within)
			}
		}
		if n := w.counts(); n.Concluded != int64(told) || n.Messages["queued"] != 0 || n.Alerts["queued"] != 0 {
			t.Errorf("seed %d: %d were told, %+v", seed, told, n)
		}
		w.addsUp()
	}
}

// TestDeadPhoneInAFlood: the message that speaks of many cannot be delivered, and the next officer is asked about each of them.
func TestDeadPhoneInAFlood(t *testing.T) {
	stories(t, func(w *world) {
		alone := w.gateway.pack.Floods.Alone
		for n := range alone + 2 {
			w.tellsByWord(spare(n), false)
		}
		if rang := len(w.takes("banan1-chair")); rang != alone {
			t.Errorf("the phone rang %d times", rang)
		}
		w.gateway.phones.Behave(w.number(w.officer["banan1-chair"]), simulator.Behaviour{Err: adapters.Permanent(errors.New("gone"))})
		w.forward(gathers + 30*time.Second)
		if asked := len(w.takes("banan1-focal")); asked != 2 {
			t.Errorf("the next officer was asked about %d of 2", asked)
		}
		if n := w.counts(); n.Alerts["failed"] != 2 || n.Messages["queued"] != 0 {
			t.Errorf("%+v", n)
		}
	})
}
