package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestAttackDangerAgainAndAgain: whoever holds a code, also the officer who took it, writes of danger to it forty times in a night. No phone
// rings for each; the first ones ring at once, all are kept, the desk reads that there are many, and its own clock is not put off.
func TestAttackDangerAgainAndAgain(t *testing.T) {
	stories(t, func(w *world) {
		const times = 40
		code, referral := w.tellsBySMS(childPhone)
		w.replies("banan1-chair", "1 "+referral)
		for i := range times {
			w.adds(childPhone, code, fmt.Sprintf("he has a knife now %d", i))
			if i == 0 {
				w.gets("banan1-chair", referral)
				w.gets("desk", w.sentence("en", "alert.hold_danger")[:6])
			}
		}
		for id := range w.officer {
			if n := len(w.takes(id)); n > 12 {
				w.t.Errorf("%s got %d messages", id, n)
			}
		}
		r, _, err := w.gateway.store.ReportByCode(t.Context(), code)
		if err != nil || len(r.Added) != times {
			w.t.Errorf("%d of %d additions are kept, %v", len(r.Added), times, err)
		}
		holds, err := w.gateway.store.OpenHolds(t.Context())
		if err != nil || len(holds) != 1 || !strings.Contains(strings.Join(holds[0].Why, " "), alarmsAgain) {
			w.t.Fatalf("%d holds, %v", len(holds), err)
		}
		due := holds[0].Due
		for i := range 3 { // and once in a while, so that the clock begins anew each time
			w.clock.set(w.clock.Now().Add(4 * time.Minute))
			w.adds(childPhone, code, fmt.Sprintf("he has a gun now %d", i))
		}
		if holds, err = w.gateway.store.OpenHolds(t.Context()); err != nil || holds[0].Due.After(due) {
			w.t.Errorf("the desk's clock was put off from %v to %v, %v", due, holds[0].Due, err)
		}
		w.forgets("desk", "banan1-chair")
		w.clock.set(w.clock.Now().Add(61 * time.Minute))
		w.adds(childPhone, code, "he has a knife again") // an hour later it rings again
		w.gets("banan1-chair", referral)
		w.forgets("desk")
	})
}
