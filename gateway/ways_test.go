package main

import (
	"strings"
	"testing"
	"time"

	"chumrok/internal/store"
)

// tellsOfHarm tells by USSD, in Khmer, a child, of a harm that has a screen of its own, in Kantueu Muoy. By whom is not asked
// where nobody does it.
func (w *world) tellsOfHarm(number, harm string, byWhom ...string) *caller {
	c := w.caller(number).dials("*1280#").presses(toDanger...)
	for c.presses("2"); !strings.Contains(c.screen, "\n"+harm+" "); { // no danger now; the harm is on a later page
		c.presses("9")
	}
	c.presses(harm).sees("1280").presses("1", "កន្ទឺ ១ បាត់ដំបង", "1", "1", "3", "1")
	c.presses(byWhom...)
	return c.presses("3", "1", "1", "1", "1") // nobody calls; nothing more; tell them; send
}

// TestSelfHarmByUSSD: the number first; then, all in one moment, who listens, one person near, and the district.
func TestSelfHarmByUSSD(t *testing.T) {
	stories(t, func(w *world) {
		w.tellsOfHarm(childPhone, "16").code(8)
		const urgent = "បន្ទាន់"
		code := digitsIn(t, w.gets("helpline", urgent), 6)
		w.gets("banan1-focal", urgent, code)
		w.gets("banan-office", urgent, code)
		w.getsNothing("banan1-chair", "banan1-police")
		w.replies("banan1-focal", "1")
		w.stands(code, "accepted", "banan1-focal")
		w.forward(time.Hour)
	})
}

// TestBullyingByUSSD: the focal person is asked before the chair; a teacher named keeps all of the school out.
func TestBullyingByUSSD(t *testing.T) {
	stories(t, func(w *world) {
		w.tellsOfHarm(childPhone, "12", "6")
		code := digitsIn(t, w.gets("banan1-focal", w.sentence("km", "risk.medium")), 6)
		w.getsNothing("banan1-chair", "banan1-police", "banan-office")
		w.replies("banan1-focal", "2 "+code+" 1")
		w.gets("banan1-chair", code) // then the others, in their order
		w.replies("banan1-chair", "1 "+code)

		w.replaceInDirectory("banan1-focal,020101,committee,focal", "banan1-focal,020101,committee,school")
		w.restart()
		w.tellsOfHarm(spare(1), "12", "3") // and now the second on the committee is a teacher
		w.gets("banan-office")
		w.getsNothing("banan1-focal", "banan1-chair", "banan1-police")
	})
}

// TestSelfHarmAndBullyingBySMS: nothing is asked about it; her words lead there, in whatever script.
func TestSelfHarmAndBullyingBySMS(t *testing.T) {
	stories(t, func(w *world) {
		for i, words := range []string{"ខ្ញុំមិនចង់រស់ទេ", "I want to die", "khnhom chong slab"} {
			c := w.caller(spare(i)).texts(words).concludesBySMS()
			c.code(8)
			code := digitsIn(t, w.gets("helpline"), 6)
			w.gets("banan1-focal", code)
			w.gets("banan-office", code)
			w.getsNothing("banan1-chair", "banan1-police")
			w.replies("banan1-focal", "1 "+code)
		}
		for i, words := range []string{"គេសើចចំអកខ្ញុំរាល់ថ្ងៃ", "children bully me every day", "ke thveubab nov sala"} {
			w.caller(spare(10 + i)).texts(words).concludesBySMS()
			code := digitsIn(t, w.gets("banan1-focal"), 6)
			w.getsNothing("banan1-chair")
			w.replies("banan1-focal", "1 "+code)
		}
	})
}

// TestOfficerOnHisOwnPhone: whoever is told first is not told what came from his own phone.
func TestOfficerOnHisOwnPhone(t *testing.T) {
	stories(t, func(w *world) {
		w.tellsOfHarm(w.officer["banan1-focal"], "16")
		code := digitsIn(t, w.gets("helpline"), 6)
		w.gets("banan1-chair", code) // one person of the committee: the next
		w.gets("banan-office", code)
		w.getsNothing("banan1-focal", "banan1-police")
		w.replies("banan1-chair", "1")
	})
}

// TestNamedAndTakenBack: who was named stays out though she went back over it; to "not them" she has a word of her own.
func TestNamedAndTakenBack(t *testing.T) {
	stories(t, func(w *world) {
		w.reportPhysical(childPhone, "4", "1", "8", "8", "1").presses("1", "1", "1") // the village chief; back, back; somebody of the family
		w.gets("banan-office")
		w.reportPhysical(spare(1), "4", "8", "2").presses("1", "1", "1") // an official, and not which
		w.gets("battambang")
		w.reportPhysical(spare(2), "3", "8", "2").presses("1", "1", "1") // a teacher; here none of a school sits anywhere
		w.gets("banan1-chair")
		w.reportPhysical(spare(3), "2").presses("2", "8", "1", "1", "1") // not them; back; all right
		w.gets("banan1-chair")
		w.reportPhysical(spare(4), "2").presses("2", "8", "8").hangsUp() // not them; back, back; and gone
		hold := digitsIn(t, w.gets("desk"), 6)
		list, err := w.gateway.store.OpenHolds(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range list {
			if o, _ := w.gateway.roster().Get("banan1-chair"); h.Code == hold && !h.Removed.IsRemoved(o, w.gateway.roster()) {
				t.Error("the committee that she wanted out may be told by the desk")
			}
		}
	})
}

// TestNobodyThereSaysSo: a committee that is away did not fail to answer, and a desk that is away is told all the same.
func TestNobodyThereSaysSo(t *testing.T) {
	stories(t, func(w *world) {
		for _, id := range []string{"banan1-chair", "banan1-focal", "banan1-police", "desk"} {
			away := store.Away{OfficerID: id, From: w.clock.Now(), Until: w.clock.Now().Add(24 * time.Hour)}
			if err := w.gateway.store.SetAway(t.Context(), w.clock.Now(), "test", away); err != nil {
				t.Fatal(err)
			}
		}
		w.caller(childPhone).texts("គាត់វាយប្អូនខ្ញុំរាល់យប់").concludesBySMS()
		code := digitsIn(t, w.gets("banan-office", "គ្មានអ្នកនៅ"), 6)
		w.replies("banan-office", "1 "+code)
		w.caller(spare(1)).texts("គាត់វាយប្អូនខ្ញុំរាល់យប់")
		w.forward(31 * time.Minute)
		w.gets("desk")
		if !strings.Contains(w.logs.String(), "everybody at the desk is away") {
			t.Error("the log does not say that the whole desk is away")
		}
	})
}
