package main

import (
	"strings"
	"testing"
	"time"

	"chumrok/internal/store"
)

// runsWith is runs with something typed.
func (w *world) runsWith(in string, args ...string) (int, string) {
	w.t.Helper()
	var out strings.Builder
	environ := make([]string, 0, len(w.env))
	for name, value := range w.env {
		environ = append(environ, name+"="+value)
	}
	code := runAt(w.t.Context(), args, streams{in: strings.NewReader(in), out: &out, err: &out}, environ, w.clock.Now)
	return code, out.String()
}

// TestAttackOneOperatorErases: an officer takes a matter of danger and closes it, and one operator, his friend, wants it erased. Without a second
// person of another body, who types a PIN that the operator did not draw just now, nothing is.
func TestAttackOneOperatorErases(t *testing.T) {
	stories(t, func(w *world) {
		told := w.tellsByUSSD(childPhone, "1", "1", "1", "កន្ទឺ ១ បាត់ដំបង", "1", "1", "3", "1", "2")
		code := digitsIn(t, w.gets("banan1-chair"), 6)
		w.forgets("banan1-chair", "banan1-focal", "banan1-police", "banan-office", "helpline", "battambang", "desk")
		pin := w.pin("banan-office")
		w.clock.set(w.clock.Now().Add(25 * time.Hour))
		fresh, chair := w.pin("battambang"), w.pin("banan1-chair")
		w.forgets("banan1-chair", "banan1-focal", "banan1-police", "banan-office", "helpline", "battambang", "desk")
		w.replies("banan1-chair", "1 "+code)
		w.replies("banan1-chair", "4 "+code+" 1")
		w.closeAll(told.conversation)
		erase := []string{"erase", code, "--reason", "he says so"}
		for _, c := range []struct{ what, second, typed, says string }{
			{"alone", "", "", "one person alone cannot erase"},
			{"with himself", "banan1-chair", chair, "of a committee"},
			{"with nobody", "nobody", "123456", "no officer"},
			{"with a PIN drawn for it", "battambang", fresh, "not a day old"},
			{"without a PIN", "helpline", "123456", "has no PIN"},
			{"with a guess", "banan-office", "111111", "nothing is erased"},
			{"with an empty line", "banan-office", "", "no PIN"},
		} {
			args := erase
			if c.second != "" {
				args = append(args[:len(args):len(args)], "--second", c.second)
			}
			if exit, out := w.runsWith(c.typed, args...); exit != exitFault || !strings.Contains(out, c.says) {
				w.t.Errorf("%s: %d %s", c.what, exit, out)
			}
		}
		if r, found, err := w.gateway.store.ReportByCode(t.Context(), told.code); err != nil || !found || r.Story+r.More == "" {
			w.t.Fatalf("it is gone: found %t, %v", found, err)
		}
		if exit, out := w.runsWith(pin+"\n", append(erase, "--second", "banan-office")...); exit != exitDone || strings.Contains(out, pin) {
			w.t.Errorf("%d %s", exit, out)
		}
		if w.onRecord("banan-office", "agreed to erase", code) != 1 || w.onRecord("banan-office", "pin wrong", "banan-office") != 1 {
			w.t.Error("who agreed, and who guessed, is not on record once")
		}
		w.forgets("banan1-chair", "banan1-focal", "banan1-police", "banan-office", "helpline", "battambang", "desk")
	})
}

// closeAll closes what is open of a report, as the desk and its reviewers would.
func (w *world) closeAll(conversation string) {
	w.t.Helper()
	about, err := aboutErasing(w.t.Context(), w.gateway.store, conversation)
	if err != nil {
		w.t.Fatal(err)
	}
	var e store.Effects
	for _, r := range about.referrals {
		if r.State.Open() {
			r.State, r.ClosedAt = "closed", w.clock.Now()
			r.Version++
			e.Referrals = append(e.Referrals, r)
		}
	}
	for _, h := range about.holds {
		h.State, h.Due = "released", time.Time{}
		h.Version++
		e.Holds = append(e.Holds, h)
	}
	if kind, err := w.gateway.store.Apply(w.t.Context(), w.clock.Now(), e); err != nil || kind != store.Fresh {
		w.t.Fatalf("%v, %v", kind, err)
	}
}
