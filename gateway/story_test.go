package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/adapters"
	"chumrok/adapters/simulator"
)

// Callers of the stories. Their numbers reach nobody.
const (
	childPhone  = "+85512000501"
	parentPhone = "+85512000502"
)

// toDanger are the keys of a Khmer child from the first screen to the question whether there is danger now: Khmer, ask
// for help, can read alone, a child, what we keep, agreed, the number for coming back.
var toDanger = []string{"1", "1", "1", "1", "1", "1", "1"}

// TestKhmerChildBySMS: a child writes what happens; nothing that comes back names it; the committee takes it.
func TestKhmerChildBySMS(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone)
		child.texts("ខ្ញុំខ្លាចឪពុកខ្ញុំ គាត់វាយខ្ញុំរាល់យប់").sees(w.sentence("km", "sms.where"))
		child.texts("ឃុំកន្ទឺ ១ ខេត្តបាត់ដំបង").sees("កន្ទឺ ១")
		child.texts("១").sees(w.sentence("km", "sms.urgent"))
		child.texts("២").sees(w.sentence("km", "sms.contact"))
		child.texts("3")
		code := child.code(8)

		// Medium risk: the first officer of the committee alone, and the alert names no place, since he serves only one.
		alert := w.gets("banan1-chair", w.sentence("km", "risk.medium"))
		w.getsNothing("banan1-focal", "banan1-police", "banan-office")
		if strings.Contains(alert, code) || strings.Contains(alert, "កន្ទឺ") || strings.Contains(alert, "ឪពុក") {
			w.t.Fatalf("the alert says more than it may: %q", alert)
		}
		referral := digitsIn(t, alert, 6)
		if answer := w.replies("banan1-chair", "១"); !strings.Contains(answer, referral) {
			w.t.Fatalf("the acceptance is answered with %q, which lacks the code %s", answer, referral)
		}
		w.stands(referral, "accepted", "banan1-chair")
		w.forward(48 * time.Hour) // accepted: no further tier hears of it
	})
}

// TestEnglishParentByUSSD: a parent finds the commune on the third page of a list, and the committee takes it.
func TestEnglishParentByUSSD(t *testing.T) {
	stories(t, func(w *world) {
		parent := w.caller(parentPhone).dials("*1280#").sees("English", "ខ្មែរ")
		parent.presses("2", "1", "1", "2", "1", "1")       // English, ask for help, alone, a parent, agreed, the number
		parent.presses("2")                                // no danger now
		parent.presses("1")                                // beaten
		parent.presses("1", "9").sees("07 Kampot")         // from the list, on its second page
		parent.presses("07", "02").sees("01 Banteay Meas") // and this district three pages of communes
		parent.presses("9").sees("08 ").presses("9").sees("15 Voat Angk")
		parent.presses("15")                           // chosen from a list, so not asked again
		parent.presses("2", "1", "2")                  // 6 to 11, a girl, a neighbour
		parent.presses("2", "1", "5")                  // a message may come, to this phone, at any time
		parent.presses("She cries at night", "1", "1") // more; tell the committee; send
		parent.presses("1")                            // kind words
		parent.code(8)
		parent.presses("1")
		if !parent.ended {
			w.t.Fatalf("the conversation goes on after its end:\n%s", parent.screen)
		}
		alert := w.gets("meas-chair", w.sentence("en", "risk.medium"))
		w.replies("meas-chair", "1 "+digitsIn(t, alert, 6))
		w.stands(digitsIn(t, alert, 6), "accepted", "meas-chair")
		w.settle()
		if news := w.inbox(parentPhone); len(news) != 1 || news[0] != w.sentence("en", "sms.news.taken") {
			w.t.Fatalf("she asked for a message, and got %q", news)
		}
		w.read[parentPhone] = 1
	})
}

// TestWholeStoryInTheFirstSMS: a message that names its commune is asked about it, not for it.
func TestWholeStoryInTheFirstSMS(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone)
		child.texts("My uncle beats my brother every day, we live in Kantueu Muoy commune, Banan district, Battambang").sees("Kantueu Muoy")
		child.texts("1").sees(w.sentence("en", "sms.urgent"))
		child.texts("2")
		child.texts("3")
		child.code(8)
		w.gets("banan1-chair")
	})
}

// TestHangUpInTheMiddle: what was told before the line broke reaches a person; what was not told needs nobody.
func TestHangUpInTheMiddle(t *testing.T) {
	stories(t, func(w *world) {
		w.caller(parentPhone).dials("*1280#").presses("1", "1", "1").hangsUp() // language, help, and alone: nothing told
		w.getsNothing("desk")

		child := w.caller(childPhone).dials("*1280#").presses(toDanger...)
		child.presses("2", "1", "កន្ទឺ ១ បាត់ដំបង") // no danger; beaten; a place that was not confirmed yet
		child.hangsUp()
		message := w.gets("desk")
		hold := digitsIn(t, message, 6)
		if answer := w.replies("desk", "1"); !strings.Contains(answer, hold) {
			w.t.Fatalf("taking the hold is answered with %q", answer)
		}
		w.stands(hold, "taken", "desk")
	})
}

// TestDangerAndHungUp: danger said and the line lost without a notice: within the immediate clock a person is told, and
// told again until somebody takes it.
func TestDangerAndHungUp(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone).dials("*1280#").presses(toDanger...)
		said := w.clock.Now()
		child.presses("1").sees("1280", "117")
		w.forward(3 * time.Minute)
		message := w.gets("desk")
		if d := w.clock.Now().Sub(said); d > 20*time.Minute {
			w.t.Fatalf("the desk was told after %s", d)
		}
		w.forward(18 * time.Minute) // the immediate clock counts from the turn that said danger
		w.gets("desk", digitsIn(t, message, 6))
		w.replies("desk", "1 "+digitsIn(t, message, 6))
		w.forward(15 * time.Minute)
	})
}

// reportPhysical tells of beating in Kantueu Muoy by USSD, in Khmer, by a child; danger and contact as given.
func (w *world) reportPhysical(number string, byWhom ...string) *caller {
	child := w.caller(number).dials("*1280#").presses(toDanger...)
	child.presses("2", "1", "កន្ទឺ ១ បាត់ដំបង", "1") // no danger; beaten; typed; that one
	child.presses("1", "3", "1")                     // myself, 12 to 14, a girl
	child.presses(byWhom...)
	return child.presses("3", "1") // do not contact; nothing more
}

// TestCommitteeDeclines: "cannot" goes to the next officer, the last one's to the district.
func TestCommitteeDeclines(t *testing.T) {
	stories(t, func(w *world) {
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		code := digitsIn(t, w.gets("banan1-chair"), 6)
		w.replies("banan1-chair", "2")
		w.replies("banan1-chair", "1") // away: the digit answers our question, it does not accept
		w.gets("banan1-focal", code)
		w.replies("banan1-focal", "2 "+code+" 4")
		w.gets("banan1-police", code)
		w.replies("banan1-police", "២ "+code+" ១")
		w.gets("banan-office", code)
		w.replies("banan-office", "1")
		w.stands(code, "accepted", "banan-office")
	})
}

// TestNobodyAnswers: the district is told, then the province, then the desk, which is told again and again.
func TestNobodyAnswers(t *testing.T) {
	stories(t, func(w *world) {
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		code := digitsIn(t, w.gets("banan1-chair"), 6)
		w.forward(3*time.Hour + time.Minute)
		w.gets("banan-office", code)
		w.gets("banan1-chair", code) // told that the time is up
		w.forward(3 * time.Hour)
		w.gets("battambang", code)
		w.gets("banan-office", code)
		w.forward(3 * time.Hour)
		w.gets("desk", code)
		w.gets("battambang", code)
		w.forward(3 * time.Hour)
		w.gets("desk", code)
		if n := w.metric("chumrok_unanswered_at_last_tier"); n != "1" {
			w.t.Fatalf("the alarm shows %s unanswered at the last tier", n)
		}
		if answer := w.replies("banan1-chair", "1 "+code); !strings.Contains(answer, code) { // the earlier can still accept
			w.t.Fatalf("the late acceptance is answered with %q", answer)
		}
		w.stands(code, "accepted", "banan1-chair")
		if n := w.metric("chumrok_unanswered_at_last_tier"); n != "0" {
			w.t.Fatalf("the alarm still shows %s unanswered", n)
		}
		w.forward(24 * time.Hour)
	})
}

// TestTwoMembersAnswerAtOnce: one of them has it, the other hears so.
func TestTwoMembersAnswerAtOnce(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone).dials("*1280#").presses(toDanger...)
		child.presses("1", "1", "1", "កន្ទឺ ១ បាត់ដំបង", "1", "1", "3", "1", "2", "3", "1", "1", "1") // danger now
		var code string
		for _, officer := range []string{"banan1-chair", "banan1-focal", "banan1-police", "banan-office", "helpline"} {
			code = digitsIn(t, w.gets(officer), 6) // danger: the whole committee, the district and the helpline at once
		}
		answers := make([]string, 2)
		var both sync.WaitGroup
		for i, officer := range []string{"banan1-chair", "banan1-focal"} {
			both.Go(func() {
				_, answers[i] = w.post("/hooks/twilio/sms", w.twilioForm(w.officer[officer], "1", fmt.Sprintf("SMboth%026d", i)), w.gateway.config.Twilio.AuthToken)
			})
		}
		both.Wait()
		taken := 0
		for _, answer := range answers {
			if strings.Contains(answer, w.says("km", "alert.already_taken", code)) {
				taken++
			}
		}
		if taken != 1 {
			w.t.Fatalf("of two who accept at once one must hear that it is taken; the answers: %q", answers)
		}
		w.settle()
	})
}

// TestOfficerNamed: who is named, his body and all below it hear nothing; the district does.
func TestOfficerNamed(t *testing.T) {
	stories(t, func(w *world) {
		w.reportPhysical(childPhone, "4", "2").presses("1", "1", "1", "1") // an official: the commune chief
		code := digitsIn(t, w.gets("banan-office"), 6)
		w.getsNothing("banan1-chair", "banan1-focal", "banan1-police")
		if answer := w.replies("banan1-chair", "1 "+code); strings.Contains(answer, w.says("km", "alert.already_taken", code)) {
			w.t.Fatalf("an officer who was not told learns that the code exists: %q", answer)
		}
		w.stands(code, "alerting", "")
		w.replies("banan-office", "1")
	})
}

// TestNotThem: the caller's "not them" takes the committee out.
func TestNotThem(t *testing.T) {
	stories(t, func(w *world) {
		w.reportPhysical(childPhone, "2").presses("2", "1", "1", "1", "1") // not those in the commune
		w.gets("banan-office")
		w.getsNothing("banan1-chair", "banan1-focal", "banan1-police")
	})
}

// TestSexualHarm: the district and one focal person, never the committee.
func TestSexualHarm(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone).dials("*1280#").presses(toDanger...)
		child.presses("2", "2", "កន្ទឺ ១ បាត់ដំបង", "1", "1", "3", "1", "1", "3", "1", "1", "1", "1", "1")
		w.gets("banan-office")
		w.gets("banan1-focal")
		w.getsNothing("banan1-chair", "banan1-police")
	})
}

// TestSexualHarmInAMessage: by SMS nobody is asked what happened; the words alone keep the committee out.
func TestSexualHarmInAMessage(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone)
		child.texts("My uncle raped my sister")
		child.texts("Kantueu Muoy, Battambang")
		child.texts("1")
		child.texts("2")
		child.texts("3")
		child.code(8)
		w.gets("banan-office", w.sentence("km", "risk.high"))
		w.gets("banan1-focal")
		w.getsNothing("banan1-chair", "banan1-police")
	})
}

// TestOfficialNamedInAMessage: a commune chief named in a message does not get it.
func TestOfficialNamedInAMessage(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone)
		child.texts("មេឃុំវាយខ្ញុំ")
		child.texts("កន្ទឺ ១ បាត់ដំបង")
		child.texts("1")
		child.texts("2")
		child.texts("3")
		child.code(8)
		w.gets("banan-office")
		w.getsNothing("banan1-chair", "banan1-focal", "banan1-police")
	})
}

// TestSameWebhookEightTimesAtOnce: one row, one report, eight times the same answer.
func TestSameWebhookEightTimesAtOnce(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone)
		child.texts("គេវាយខ្ញុំ")
		child.texts("កន្ទឺ ១ បាត់ដំបង")
		child.texts("1")
		child.texts("2")
		before := w.counts()
		form, token := w.twilioForm(childPhone, "3", "SMeight"), w.gateway.config.Twilio.AuthToken
		answers := make([]string, 8)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() {
				status, body := w.post("/hooks/twilio/sms", form, token)
				if answers[i] = body; status != http.StatusOK {
					w.t.Errorf("repeat %d is answered %d", i, status)
				}
			})
		}
		all.Wait()
		for i, answer := range answers {
			if answer != answers[0] {
				w.t.Errorf("repeat %d is answered %q, not %q", i, answer, answers[0])
			}
		}
		after := w.counts()
		if d := after.Turns - before.Turns; d != 1 {
			w.t.Errorf("eight deliveries of one message made %d turns", d)
		}
		if after.Reports != 1 {
			w.t.Errorf("they made %d reports", after.Reports)
		}
		w.gets("banan1-chair")
	})
}

// TestTwoMessagesAtOnce: two different messages of one phone in the same moment are two turns of one conversation; the
// one that loses the race is stepped again on the other's state.
func TestTwoMessagesAtOnce(t *testing.T) {
	stories(t, func(w *world) {
		token := w.gateway.config.Twilio.AuthToken
		for round := range 5 {
			number := fmt.Sprintf("+855120004%02d", round)
			answers := make([]string, 3)
			var all sync.WaitGroup
			for i, text := range []string{"They hit me", "Kdol Doun Teav, Battambang", "please come"} {
				all.Go(func() {
					status, body := w.post("/hooks/twilio/sms", w.twilioForm(number, text, fmt.Sprintf("SMrace%d-%d", round, i)), token)
					if answers[i] = body; status != http.StatusOK {
						w.t.Errorf("%q is answered %d", text, status)
					}
				})
			}
			all.Wait()
			for i, answer := range answers {
				if !strings.Contains(answer, "<Message>") {
					w.t.Errorf("message %d of round %d is answered %q", i, round, answer)
				}
			}
		}
		got := w.counts()
		if got.Turns != 15 || got.Received != 5 {
			w.t.Fatalf("15 messages of 5 phones made %d turns in %d conversations", got.Turns, got.Received)
		}
	})
}

// TestAlertTriedAgain: an alert whose first try may have arrived says that it is sent again.
func TestAlertTriedAgain(t *testing.T) {
	stories(t, func(w *world) {
		chair := w.number(w.officer["banan1-chair"])
		w.gateway.phones.Behave(chair, simulator.Behaviour{Err: adapters.Uncertain(errors.New("no answer")), Arrives: true, Times: 1})
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		code := digitsIn(w.t, w.gets("banan1-chair"), 6)
		w.forward(10 * time.Second)
		w.gets("banan1-chair", w.says("km", "alert.again", code)[:len("ផ្ញើម្តងទៀត")], code)
		w.replies("banan1-chair", "1")
	})
}

// TestDeadPhone: a number that is refused for good raises the next officer in the same moment; a provider that is down
// raises him within a minute, while the first is still tried.
func TestDeadPhone(t *testing.T) {
	stories(t, func(w *world) {
		chair := w.number(w.officer["banan1-chair"])
		w.gateway.phones.Behave(chair, simulator.Behaviour{Err: adapters.Permanent(errors.New("no such number"))})
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		code := digitsIn(w.t, w.gets("banan1-focal"), 6)
		w.gateway.phones.Behave(w.number(w.officer["banan1-focal"]), simulator.Behaviour{})
		w.replies("banan1-focal", "1 "+code)

		w.gateway.phones.Behave(chair, simulator.Behaviour{Err: errors.New("down")})
		w.reportPhysical(parentPhone, "2").presses("1", "1", "1", "1")
		w.getsNothing("banan1-focal")
		w.forward(time.Minute)
		second := digitsIn(w.t, w.gets("banan1-focal"), 6)
		w.gateway.phones.Behave(chair, simulator.Behaviour{})
		w.forward(2 * time.Minute)
		w.gets("banan1-chair", second) // it went through at last
		w.replies("banan1-chair", "1 "+second)
		w.stands(second, "accepted", "banan1-chair")
	})
}

// TestRedisEmptied: the caller goes on where she was.
func TestRedisEmptied(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone).dials("*1280#").presses(toDanger...)
		w.emptyRedis()
		child.presses("2").sees(w.sentence("km", "report.harm.child"))
		w.emptyRedis()
		child.presses("1", "កន្ទឺ ១ បាត់ដំបង")
		w.emptyRedis()
		child.presses("1", "1", "3", "1", "2", "3", "1", "1", "1", "1", "1")
		w.gets("banan1-chair")
	})
}

// TestRedisSetBack: after a failover Redis holds an older state than the ledger; the newer one counts.
func TestRedisSetBack(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone).dials("*1280#").presses(toDanger...)
		earlier := w.redisContent()
		child.presses("2", "1").sees(w.sentence("km", "place.ask"))
		w.setRedis(earlier)
		child.presses("កន្ទឺ ១ បាត់ដំបង").sees("កន្ទឺ ១")
		child.presses("1", "1", "3", "1", "2", "3", "1", "1", "1", "1", "1")
		w.gets("banan1-chair")
		if n := w.counts().Reports; n != 1 {
			w.t.Fatalf("%d reports", n)
		}
	})
}

// TestRedisGone: with Redis down the conversation goes on from the ledger.
func TestRedisGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "real")
	child := w.caller(childPhone).dials("*1280#").presses(toDanger...)
	w.redis.Stop()
	child.presses("2", "1", "កន្ទឺ ១ បាត់ដំបង", "1", "1", "3", "1", "2", "3", "1", "1", "1", "1", "1")
	w.gets("banan1-chair")
	w.redis.Start()
	w.caller(parentPhone).dials("*1280#").presses("1").presses("0")
	w.addsUp()
	w.saysNothingPersonal()
}

// TestLeaving: one key at every screen, and the last screen says nothing.
func TestLeaving(t *testing.T) {
	stories(t, func(w *world) {
		path := append(append([]string{}, toDanger...), "2", "1", "កន្ទឺ ១ បាត់ដំបង", "1", "1", "3", "1", "2", "3", "1", "1")
		told := 0
		for n := range path {
			child := w.caller(childPhone).dials("*1280#").presses(path[:n]...)
			child.presses("0")
			if !child.ended || child.screen != w.sentence("km", "leave") && child.screen != w.sentence("en", "leave") {
				w.t.Fatalf("after %d keys 0 shows %q, ended %t", n, child.screen, child.ended)
			}
			if n > len(toDanger)+1 { // from the harm on something was told: it goes to a person
				told++
				w.gets("desk")
			}
		}
		if held := w.counts().Held; held != int64(told) {
			w.t.Fatalf("%d conversations with content, %d held", told, held)
		}
	})
}

// TestRestart: everything that was going on goes on after the process ended.
func TestRestart(t *testing.T) {
	stories(t, func(w *world) {
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		code := digitsIn(t, w.gets("banan1-chair"), 6)
		half := w.caller(parentPhone).dials("*1280#").presses(append(toDanger, "2")...)
		w.restart()
		half.presses("1").sees(w.sentence("km", "place.ask"))
		half.presses("0")
		w.gets("desk")
		w.replies("banan1-chair", "1")
		w.stands(code, "accepted", "banan1-chair")
	})
}

// TestOfficerTellsAboutHisOwnCommune: a caller whose number is an officer's is not answered through himself.
func TestOfficerTellsAboutHisOwnCommune(t *testing.T) {
	stories(t, func(w *world) {
		w.reportPhysical(w.officer["banan1-chair"], "2").presses("1", "1", "1", "1")
		w.gets("banan1-focal")
		w.getsNothing("banan1-chair")
	})
}

// TestDigitThatMayMeanTwoThings: an officer in the middle of a message conversation of his own gets an alert; a bare digit
// after it is asked back, and with its code it counts.
func TestDigitThatMayMeanTwoThings(t *testing.T) {
	stories(t, func(w *world) {
		officer := w.caller(w.officer["banan1-chair"])
		officer.texts("They hit a child at the market every evening").sees(w.sentence("en", "sms.where"))
		officer.texts("Kdol Doun Teav, Battambang")
		w.forward(time.Minute)
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		code := digitsIn(w.t, w.gets("banan1-chair"), 6)
		officer.texts("1").sees(code)
		w.stands(code, "alerting", "")
		officer.texts("1 " + code)
		w.stands(code, "accepted", "banan1-chair")
		w.forward(31 * time.Minute)
		w.gets("desk") // the officer's own report, which he left unfinished
	})
}

// TestSeenAndOutcome: the committee says that it met the child and what came of it; help and several open ones are
// answered, nothing is guessed.
func TestSeenAndOutcome(t *testing.T) {
	stories(t, func(w *world) {
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		first := digitsIn(t, w.gets("banan1-chair"), 6)
		w.reportPhysical(parentPhone, "2").presses("1", "1", "1", "1")
		second := digitsIn(t, w.gets("banan1-chair"), 6)
		if answer := w.replies("banan1-chair", "1"); !strings.Contains(answer, first) || !strings.Contains(answer, second) {
			w.t.Fatalf("with two open a bare digit is answered %q", answer)
		}
		w.stands(first, "alerting", "")
		w.replies("banan1-chair", "1 "+first)
		w.replies("banan1-chair", "1"+second)
		if answer := w.replies("banan1-chair", "0"); !strings.Contains(answer, "1") {
			w.t.Fatalf("help is answered %q", answer)
		}
		w.replies("banan1-chair", "3 "+first)
		w.stands(first, "seen", "banan1-chair")
		w.replies("banan1-chair", "4 "+first)
		w.replies("banan1-chair", "1")
		w.stands(first, "closed", "banan1-chair")
		w.replies("banan1-chair", "4 "+second+" 5")
		w.stands(second, "review", "banan1-chair") // settled by agreement waits for a reviewer
		w.gets("banan-office", second)
		if answer := w.replies("banan1-chair", "1 999999"); answer == "" {
			w.t.Fatal("a foreign code is not answered")
		}
	})
}

// TestBadInput: whatever is authentic is kept and answered in plain words; what is not is refused and leaves no row.
func TestBadInput(t *testing.T) {
	stories(t, func(w *world) {
		token := w.gateway.config.Twilio.AuthToken
		form := w.twilioForm(childPhone, "help", "SMbad")
		for _, c := range []struct {
			name   string
			token  any
			status int
		}{{"unsigned", nil, http.StatusForbidden}, {"wrongly signed", "wrong", http.StatusForbidden}} {
			if status, _ := w.post("/hooks/twilio/sms", form, c.token); status != c.status {
				w.t.Errorf("%s: answered %d, not %d", c.name, status, c.status)
			}
		}
		if status, _ := w.post("/hooks/africastalking/wrong/ussd", form, nil); status != http.StatusForbidden {
			w.t.Errorf("a wrong path token is answered %d", status)
		}
		large := w.twilioForm(childPhone, strings.Repeat("a", 20<<10), "SMlarge")
		if status, _ := w.post("/hooks/twilio/sms", large, token); status != http.StatusRequestEntityTooLarge {
			w.t.Errorf("an oversized body is answered %d", status)
		}
		if n := w.counts().Turns; n != 0 {
			w.t.Fatalf("refused requests left %d turns", n)
		}
		for i, text := range []string{"", "\xff\xfe not utf-8", "😀😀😀", strings.Repeat("x ", 500), "\x00\x1b[2J\u202e\u200b", "99", "HELP", "STOP"} {
			caller := w.caller(fmt.Sprintf("+855120006%02d", i))
			answer := caller.texts(text).screen
			if answer == "" {
				w.t.Errorf("%.20q is not answered", text)
			}
		}
		if got, want := w.counts().Turns, int64(8); got != want {
			w.t.Errorf("8 authentic messages made %d turns", got)
		}
		caller := w.caller(parentPhone).dials("*1280#")
		for _, key := range []string{"7", "abc", "ឆ", "5*5"} {
			if caller.presses(key); caller.ended {
				break
			}
			if strings.Contains(caller.screen, w.sentence("km", "error.unknown_key")) {
				caller.presses("1")
			}
		}
		if !caller.ended {
			caller.presses("0")
		}
		w.forward(2 * time.Hour)
		for len(w.inbox(w.officer["desk"])) > w.read[w.officer["desk"]] {
			w.gets("desk") // what the eight messages told waits for a person
		}
	})
}

// TestAnswersApart: on a channel whose response carries no answer, the answer is sent, once, however often the message comes.
func TestAnswersApart(t *testing.T) {
	stories(t, func(w *world) {
		form := map[string][]string{"id": {"at-1"}, "linkId": {""}, "text": {"គេវាយខ្ញុំ"}, "to": {"1280"}, "from": {childPhone}, "date": {"2026-11-24 02:00:00"}}
		for range 3 {
			if status, body := w.post("/hooks/africastalking/"+w.gateway.config.AfricasTalking.Token+"/sms", form, nil); status != http.StatusOK {
				w.t.Fatalf("answered %d: %s", status, body)
			}
		}
		if got := w.gets(childPhone); got != w.sentence("km", "sms.where") {
			w.t.Fatalf("the phone got %q", got)
		}
		w.forward(31 * time.Minute)
		w.gets("desk") // unfinished, with a story
	})
}

// TestUnfinishedThenFinished: an answer that comes after the report was taken for unfinished is added, and it is referred.
func TestUnfinishedThenFinished(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone)
		child.texts("គេវាយខ្ញុំ")
		w.forward(31 * time.Minute)
		hold := digitsIn(t, w.gets("desk"), 6)
		child.texts("កន្ទឺ ១ បាត់ដំបង")
		child.texts("1")
		child.texts("2")
		child.texts("3")
		child.code(8)
		w.gets("banan1-chair")
		w.stands(hold, "released", "")
		got := w.counts()
		if diff := cmp.Diff([]int64{1, 1, 0}, []int64{got.Received, got.Concluded, got.Held}); diff != "" {
			w.t.Fatalf("received, concluded, held: %s", diff)
		}
		w.forward(time.Hour)
	})
}
