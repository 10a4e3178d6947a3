package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/internal/phone"
	"chumrok/internal/store"
)

// TestAttackRefusedWhileAnotherRests: the only provider that works now refuses an officer's number for good. The one that rests was not
// asked, so the alert is not given up.
func TestAttackRefusedWhileAnotherRests(t *testing.T) {
	stories(t, func(w *world) {
		first, second := w.carried()
		first.does(func(_ int, rw http.ResponseWriter) bool {
			fmt.Fprint(rw, `{"SMSMessageData":{"Message":"InvalidPhoneNumber","Recipients":[]}}`)
			return false
		})
		for range 3 {
			w.gateway.health.Silence("twilio", w.clock.Now())
		}
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		w.settle()
		w.forward(2 * time.Minute)
		taken := second.taken()
		if len(taken) == 0 || !strings.HasPrefix(taken[0], w.officer["banan1-chair"]+" ") || len(taken) != 1 {
			w.t.Fatalf("the provider that rested carried %q; expected the chair's alert and no other", taken)
		}
	})
}

// TestAttackDangerOnTheWayToErasing: what is written of danger on the way to a wish to erase is told at once, like everywhere else.
func TestAttackDangerOnTheWayToErasing(t *testing.T) {
	stories(t, func(w *world) {
		told := w.tellsTheChair(childPhone)
		w.closes(told.referral)
		c := w.caller(childPhone).dials("*1280#").presses("2", "3", "he has a knife and beats my sister now")
		c.presses(told.code, "3", told.proof)
		if !c.ended {
			w.t.Fatalf("it goes on:\n%s", c.screen)
		}
		w.forward(5 * time.Minute)
		urgent := 0
		for _, text := range w.inbox(w.officer["desk"])[w.read[w.officer["desk"]]:] {
			w.read[w.officer["desk"]]++
			if strings.HasPrefix(text, w.sentence("en", "alert.hold_danger")[:len("Urgent")]) {
				urgent++
			}
		}
		if urgent == 0 {
			w.t.Error("nobody was told of the danger within five minutes")
		}
		for id := range w.officer {
			w.read[w.officer[id]] = len(w.inbox(w.officer[id]))
		}
	})
}

// TestAttackErasingTakesNoOtherMatterWithIt: words of danger in a call became a matter of their own; the same call then asks to erase
// another report. The matter stays open, and erasing the report leaves it.
func TestAttackErasingTakesNoOtherMatterWithIt(t *testing.T) {
	stories(t, func(w *world) {
		told := w.tellsTheChair(childPhone)
		w.closes(told.referral)
		c := w.caller(childPhone).dials("*1280#").presses("2", "3", "he has a knife and beats my sister now")
		w.forward(3 * time.Minute)
		hold := digitsIn(w.t, w.gets("desk"), 6)
		before := w.heldStory(hold)
		c.presses(told.code, "3", told.proof)
		w.settle()
		if code, out := w.runs("erase", told.referral, "--reason", "she asked"); code != exitDone || !strings.Contains(out, "erased") {
			w.t.Fatalf("%d %s", code, out)
		}
		w.settle()
		open := false
		holds, err := w.gateway.store.OpenHolds(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		for _, h := range holds {
			open = open || h.Code == hold
		}
		if !open {
			w.t.Fatalf("the hold of danger is gone with the report that was erased")
		}
		if after := w.heldStory(hold); after != before {
			w.t.Errorf("it says %q, and before %q", after, before)
		}
		for id := range w.officer {
			w.read[w.officer[id]] = len(w.inbox(w.officer[id]))
		}
	})
}

// TestAttackSessionIdGivenOutAgain: an operator that does not say when a session begins gives an id out again, to another phone. Nothing
// of the first call is on the second one's screen, and each keeps what was told in it.
func TestAttackSessionIdGivenOutAgain(t *testing.T) {
	stories(t, func(w *world) {
		for _, provider := range []string{"ussd/airtel", "africastalking"} {
			says := func(number, input, id string) string {
				m := adapters.Message{Provider: provider, Channel: adapters.USSD, Session: "4711", From: w.number(number), To: "*1280#", Text: input}
				if provider == "africastalking" {
					m.ID, m.Cumulative = "4711|"+number+input+id, true
				}
				answer, err := w.gateway.Receive(w.t.Context(), m)
				if err != nil {
					w.t.Fatal(err)
				}
				return answer.Text
			}
			path := ""
			for i, key := range []string{"", "1", "1", "1", "1", "2"} {
				if provider == "africastalking" {
					path = strings.Trim(path+"*"+key, "*")
					says(spare(1), path, fmt.Sprint(i))
				} else {
					says(spare(1), key, "")
				}
			}
			fresh := w.caller(spare(99)).dials("*1280#").screen
			next := "1"
			if provider == "africastalking" {
				next = ""
			}
			if got := says(spare(2), next, "b"); got != fresh {
				w.t.Errorf("%s: the second phone sees\n%s", provider, got)
			}
			w.forward(time.Hour)
		}
		for id := range w.officer {
			w.read[w.officer[id]] = len(w.inbox(w.officer[id]))
		}
	})
}

// TestAttackHiddenSendersAreNotOnePerson: two people whose network hides their numbers under the same word are two people.
func TestAttackHiddenSendersAreNotOnePerson(t *testing.T) {
	stories(t, func(w *world) {
		w.caller("Anonymous").texts("they shout next door").sees(w.sentence("en", "sms.where"))
		second := w.caller("Anonymous").texts("my uncle beats me")
		second.sees(w.sentence("en", "sms.where"))
		w.forward(31 * time.Minute)
		if n := w.counts(); n.Reports != 2 {
			w.t.Errorf("%d reports of two people", n.Reports)
		}
		for id := range w.officer {
			w.read[w.officer[id]] = len(w.inbox(w.officer[id]))
		}
	})
}

// TestAttackMaskedNumbersAreNoService: digits of which some are crossed out are somebody's number.
func TestAttackMaskedNumbersAreNoService(t *testing.T) {
	t.Parallel()
	for sender, want := range map[string]bool{"012000XXX": false, "85512xxxxxx": false, "12***501": false, "SMART4G": true, "Info1280": true, "K9": true} {
		n, err := phone.ParseSender(sender)
		if err != nil {
			t.Fatal(err)
		}
		if got := isService(n); got != want {
			t.Errorf("%q: %v, want %v", sender, got, want)
		}
	}
}

var eightDigits = regexp.MustCompile(`\b\d{8}\b`)

// TestAttackAdditionLetsNobodyBackIn: whom a caller named and took back by going back stays out, also after words are added by code.
func TestAttackAdditionLetsNobodyBackIn(t *testing.T) {
	stories(t, func(w *world) {
		child := w.reportPhysical(childPhone, "4", "1", "8", "8", "1") // the village chief; back, back; somebody of the family
		for !eightDigits.MatchString(child.screen) {
			child.presses("1")
		}
		code := child.code(8)
		w.gets("banan-office")
		c := w.caller(spare(5)).dials("*1280#").presses("2", "3", code, "2", "there is more to say about it")
		if !c.ended {
			w.t.Fatalf("it goes on:\n%s", c.screen)
		}
		w.gets("desk")
		r, found, err := w.gateway.store.ReportByCode(w.t.Context(), code)
		if err != nil || !found || !r.Says("official", "village_chief") {
			w.t.Errorf("whom she named is forgotten: found %t, %v", found, err)
		}
		chair, _ := w.gateway.roster().Get("banan1-chair")
		holds, err := w.gateway.store.OpenHolds(w.t.Context())
		if err != nil || len(holds) != 1 || !holds[0].Removed.IsRemoved(chair, w.gateway.roster()) {
			w.t.Errorf("%d holds, %v; who was kept out is let in by what was added", len(holds), err)
		}
	})
}

// TestAttackDangerAfterTheDecision: it was decided to erase, an officer was still reading, and then danger was added. It is not erased, the
// desk may decide anew, and it stays when that is over.
func TestAttackDangerAfterTheDecision(t *testing.T) {
	stories(t, func(w *world) {
		told := w.tellsTheChair(childPhone)
		chair := w.pin("banan1-chair")
		w.replies("banan1-chair", "1 "+told.referral)
		w.onDuty("banan1-chair", chair).opens(told.referral).presses("1")
		w.replies("banan1-chair", "3 "+told.referral)
		w.replies("banan1-chair", "4 "+told.referral+" 1")
		if code, out := w.runs("erase", told.referral, "--reason", "she called"); code != exitDone || !strings.Contains(out, "is reading it") {
			w.t.Fatalf("%d %s", code, out)
		}
		w.adds(childPhone, told.code, "he has a knife and beats my sister now")
		hold := digitsIn(w.t, w.gets("desk"), 6)
		w.replies("desk", "1")
		w.forward(2 * time.Hour)
		w.takes("desk") // it is reminded of what it took, and then told again
		if !strings.Contains(w.heldStory(hold), "He hits me") {
			w.t.Fatal("it was erased with danger open")
		}
		if code, out := w.runs("erase", "refuse", told.referral, "--reason", "danger came up"); code != exitDone {
			w.t.Errorf("%d %s", code, out)
		}
		w.settle()
		if e, found, err := w.gateway.store.Erasure(w.t.Context(), told.conversation); err != nil || !found || e.Decision != store.DecidedRefuse {
			w.t.Errorf("it stands as %q, %v", e.Decision, err)
		}
	})
}
