package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/adapters/simulator"
)

// tellsHigh tells that a child under six is beaten in Kantueu Muoy, which is a high risk, and returns the referral's code, which these officers got.
func (w *world) tellsHigh(number string, told ...string) string {
	w.t.Helper()
	child := w.caller(number).dials("*1280#").presses(toDanger...)
	child.presses("2", "1", "កន្ទឺ ១ បាត់ដំបង", "1") // no danger; beaten; typed; that one
	child.presses("1", "1", "1", "2", "3", "1", "1", "1", "1", "1")
	w.settle()
	code := ""
	for _, officer := range told {
		code = digitsIn(w.t, w.gets(officer), 6)
	}
	return code
}

// health is the exit of `health` and what it says.
func (w *world) health(exit int, parts ...string) {
	w.t.Helper()
	code, text := w.runs("health")
	if code != exit {
		w.t.Fatalf("health ends with %d, want %d: %s", code, exit, text)
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			w.t.Fatalf("health does not say %q: %s", part, text)
		}
	}
}

// newYear puts the story into the night of the Khmer New Year's first day, with committees that keep office hours.
func (w *world) newYear() {
	const office = "Mo-Fr 07:30-11:30 14:00-17:30"
	for _, number := range []string{"012 000 101", "012 000 102", "012 000 103"} {
		w.replaceInDirectory(number+",km,always", number+",km,"+office)
	}
	amendPack(w.t, w.env["CHUMROK_PACK"], "holidays: []", "holidays: [2027-04-14, 2027-04-15, 2027-04-16]", "working_hours: always", "working_hours: "+office)
	w.clock.set(time.Date(2027, 4, 14, 23, 0, 0, 0, w.gateway.pack.Zone))
	w.restart()
}

// TestNewYearNight: a whole committee is silent on a New Year's night. A high risk waits for nobody: since all of the committee are off duty the
// district is told with it, and the province since that is one phone; nobody answers, and what cannot be overlooked goes off.
func TestNewYearNight(t *testing.T) {
	stories(t, func(w *world) {
		w.newYear()
		code := w.tellsHigh(childPhone, "banan1-chair", "banan1-focal", "banan1-police", "banan-office", "battambang")
		w.health(0, "0 need a person now")
		w.forward(time.Hour + time.Minute)
		w.gets("desk", code)
		w.forgets("banan1-chair", "banan1-focal", "banan1-police", "banan-office", "battambang")
		w.health(0)
		w.forward(time.Hour + time.Minute)
		w.gets("desk", code)
		w.health(1, code, "1 need a person now")
		if n := w.metric("chumrok_unanswered_at_last_tier"); n != "1" {
			w.t.Errorf("chumrok_unanswered_at_last_tier is %s", n)
		}
		w.replies("banan1-focal", "1 "+code) // the earliest can still accept
		w.stands(code, "accepted", "banan1-focal")
		w.health(0)
		w.replies("banan1-focal", "3 "+code)
		w.replies("banan1-focal", "4 "+code+" 1")
	})
}

// TestMediumWaitsForTheOffice: in the same night a medium risk is told, and its clock runs from the next working day.
func TestMediumWaitsForTheOffice(t *testing.T) {
	stories(t, func(w *world) {
		w.newYear()
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		code := digitsIn(w.t, w.gets("banan1-chair"), 6)
		w.clock.set(time.Date(2027, 4, 19, 10, 29, 0, 0, w.gateway.pack.Zone)) // a Monday, after three holidays and a week-end
		w.settle()
		w.getsNothing("banan-office")
		w.forward(2 * time.Minute)
		w.gets("banan-office", code)
		w.gets("banan1-chair", code)
		w.replies("banan-office", "1 "+code)
	})
}

// TestRemindedOnce: before each clock runs out whoever must act is reminded, once.
func TestRemindedOnce(t *testing.T) {
	stories(t, func(w *world) {
		amendPack(w.t, w.env["CHUMROK_PACK"], "reminder: 0", "reminder: 50")
		w.restart()
		code := w.tellsHigh(childPhone, "banan1-chair", "banan1-focal", "banan1-police")
		w.forward(31 * time.Minute)
		for _, officer := range []string{"banan1-chair", "banan1-focal", "banan1-police"} {
			w.gets(officer, code, "រំលឹក")
		}
		w.forward(20 * time.Minute)
		w.replies("banan1-chair", "1")
		w.forward(12*time.Hour + time.Minute)
		w.gets("banan1-chair", code, "រំលឹក", "3")
		w.replies("banan1-chair", "3 "+code)
		w.forward(24 * time.Hour)
		w.replies("banan1-chair", "4 "+code+" 1")
	})
}

// TestSeenTooLate: when the child was not seen in time the next tier is told and the owner stays; the desk hands it on in the end.
func TestSeenTooLate(t *testing.T) {
	stories(t, func(w *world) {
		code := w.tellsHigh(childPhone, "banan1-chair", "banan1-focal", "banan1-police")
		w.replies("banan1-chair", "1")
		w.forward(24*time.Hour + time.Minute)
		w.gets("banan-office", code, "មិនទាន់ជួប")
		w.gets("banan1-chair", code, w.gateway.texts.Text("km", "tier.district_office"))
		w.stands(code, "accepted", "banan1-chair")
		if answer := w.replies("banan-office", "1 "+code); answer != w.says("km", "alert.already_taken", code) {
			w.t.Fatalf("the district took it from its owner: %q", answer)
		}
		if exit, text := w.runs("referrals", "hand-on", code, "banan1-chair", "--reason", "Nobody went."); exit != exitFault {
			w.t.Fatalf("handed on to its owner: %s", text)
		}
		if exit, text := w.runs("referrals", "hand-on", code, "banan-office", "--reason", "Nobody went."); exit != exitDone {
			w.t.Fatal(text)
		}
		w.settle()
		w.gets("banan-office", code)
		w.replies("banan-office", "1 "+code)
		w.stands(code, "accepted", "banan-office")
		if n := w.onRecord(operator, actHandOn, code); n != 1 {
			w.t.Fatalf("the hand-on is on record %d times", n)
		}
	})
}

// TestHandedOnByItsOwner: by USSD, to the next tier.
func TestHandedOnByItsOwner(t *testing.T) {
	stories(t, func(w *world) {
		_, code := w.tellsBySMS(childPhone)
		w.replies("banan1-chair", "1")
		chair := w.onDuty("banan1-chair", w.pin("banan1-chair")).opens(code)
		chair.presses("6").sees(w.sentence("en", "duty.next"))
		w.stands(code, "alerting", "")
		w.gets("banan-office", code)
		chair.presses("1", "1").sees(w.sentence("en", "duty.none"))
		w.replies("banan-office", "1")
		w.stands(code, "accepted", "banan-office")
	})
}

// TestEveryTierDeclines: nobody can. The desk said no as the last, is told again all the same, and the health check says so.
func TestEveryTierDeclines(t *testing.T) {
	stories(t, func(w *world) {
		code := w.tellsHigh(childPhone, "banan1-chair", "banan1-focal", "banan1-police")
		for _, officer := range []string{"banan1-chair", "banan1-focal", "banan1-police"} {
			w.replies(officer, "2 "+code+" 4")
		}
		w.gets("banan-office", code)
		w.gets("battambang", code) // the district has one phone
		w.replies("banan-office", "2 "+code+" 4")
		w.replies("battambang", "2 "+code+" 4")
		w.gets("desk", code)
		w.replies("desk", "2 "+code+" 4")
		w.forward(6 * time.Minute)
		w.gets("desk", code)
		w.forgets("banan-office", "battambang")
		w.health(1, code)
		w.replies("desk", "1 "+code)
		w.health(0)
	})
}

// TestTheLastNumberIsDead: the desk's phone is dead when its turn comes. It is tried again, and the health check says so.
func TestTheLastNumberIsDead(t *testing.T) {
	stories(t, func(w *world) {
		code := w.tellsHigh(childPhone, "banan1-chair", "banan1-focal", "banan1-police")
		desk := w.number(w.officer["desk"])
		w.gateway.phones.Behave(desk, simulator.Behaviour{Err: adapters.Permanent(errors.New("no such number"))})
		w.forward(2*time.Hour + 2*time.Minute)
		w.forward(10 * time.Minute)
		w.health(1, code)
		w.gateway.phones.Behave(desk, simulator.Behaviour{})
		w.forward(time.Hour)
		if told := w.takes("desk"); !strings.Contains(strings.Join(told, "\n"), " "+code) {
			w.t.Fatalf("once its phone works again the desk got %q, and nothing of %s", told, code)
		}
		w.forgets("banan1-chair", "banan1-focal", "banan1-police", "banan-office", "battambang")
		w.replies("desk", "1 "+code)
		w.health(0)
	})
}

// TestFocalPersonAway: sexual harm is told to the next focal person when the first is away, and to nobody else of the committee.
func TestFocalPersonAway(t *testing.T) {
	stories(t, func(w *world) {
		w.replaceInDirectory(",committee,police_post,3,", ",committee,focal,3,")
		w.restart()
		if exit, text := w.runs("officer", "away", "banan1-focal", "--until", "2026-11-30"); exit != exitDone {
			w.t.Fatal(text)
		}
		child := w.caller(childPhone).dials("*1280#").presses(toDanger...)
		child.presses("2", "2", "កន្ទឺ ១ បាត់ដំបង", "1", "1", "3", "1", "2", "3", "1", "1", "1", "1", "1")
		code := digitsIn(w.t, w.gets("banan1-police"), 6)
		w.gets("banan-office", code)
		w.getsNothing("banan1-chair", "banan1-focal")
		w.replies("banan1-police", "2 "+code+" 1")
		w.getsNothing("banan1-chair", "banan1-focal")
		w.replies("banan-office", "1 "+code)
	})
}

// TestPhoneLost: what a lost phone was asked goes to the next officer at once, and what it answers no longer counts; a new one does.
func TestPhoneLost(t *testing.T) {
	stories(t, func(w *world) {
		_, code := w.tellsBySMS(childPhone)
		old := w.officer["banan1-chair"]
		if exit, text := w.runs("officer", "lost", "banan1-chair"); exit != exitDone || !strings.Contains(text, "1 open referrals went on") {
			w.t.Fatalf("%d: %s", exit, text)
		}
		w.clock.set(w.clock.Now().Add(readAgain))
		w.settle()
		w.gets("banan1-focal", code)
		w.twilio(old, "1 "+code, "SMlost")
		w.stands(code, "alerting", "")
		w.read[old] = len(w.inbox(old))
		w.replies("banan1-focal", "1 "+code)

		if exit, text := w.runs("officer", "phone", "banan1-focal", "012 000 177"); exit != exitDone {
			w.t.Fatalf("%d: %s", exit, text)
		}
		w.clock.set(w.clock.Now().Add(readAgain))
		w.settle()
		w.stands(code, "accepted", "banan1-focal") // what was taken stays with who took it
		w.officer["banan1-focal"] = "+85512000177"
		w.onDuty("banan1-focal", w.pin("banan1-focal")).opens(code)
		if n := w.onRecord(operator, "phone changed", "banan1-focal"); n != 1 {
			w.t.Fatalf("the change is on record %d times", n)
		}
	})
}
