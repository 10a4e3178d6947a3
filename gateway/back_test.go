package main

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// toNumber are the keys to the question for the number of an earlier call: Khmer, ask for help, go on from before.
var toNumber = []string{"1", "1", "3"}

// tellsHalf tells by USSD of danger (none), of beating and of a place, and returns the number that was told for coming back.
func (c *caller) tellsHalf() string {
	c.w.t.Helper()
	c.dials("*1280#").presses(toDanger[:len(toDanger)-1]...)
	proof := c.code(2)
	c.sees(c.w.gateway.texts.Format("km", "report.proof", map[string]string{"proof": proof}))
	c.presses("1", "2", "1", "កន្ទឺ ១ បាត់ដំបង")
	return proof
}

// tellsTheRest goes on from the place to the end.
func (c *caller) tellsTheRest() {
	c.w.t.Helper()
	c.presses("1", "1", "3", "1", "2", "3", "1", "1", "1", "1")
	c.code(8)
	c.presses("1")
	if !c.ended {
		c.w.t.Fatalf("the conversation goes on after its end:\n%s", c.screen)
	}
}

// gives dials, asks to go on from before and gives a number.
func (c *caller) gives(number string) *caller {
	c.w.t.Helper()
	return c.dials("*1280#").presses(toNumber...).presses(number)
}

// other is a number that is not the one.
func other(proof string) string {
	n, _ := strconv.Atoi(proof)
	return strconv.Itoa(10 + (n-10+1)%90)
}

// anew checks that the caller sees what everybody sees who asks to go on from before and can't.
func (c *caller) anew() *caller {
	c.w.t.Helper()
	stranger := c.w.caller(spare(99)).gives("55")
	if c.screen != stranger.screen || c.ended != stranger.ended {
		c.w.t.Fatalf("after the number the screen is\n%s\nand on a phone that never called\n%s", c.screen, stranger.screen)
	}
	return c
}

// oneReport checks that one report was concluded and that so many calls were joined to it.
func (w *world) oneReport(joined int64) {
	w.t.Helper()
	w.addsUp()
	if n := w.counts(); n.Reports != 1 || n.Concluded != 1 || n.Held != 0 || n.Marked["joined"] != joined {
		w.t.Fatalf("%d reports, %d concluded, %d held, %d joined; expected 1, 1, 0, %d", n.Reports, n.Concluded, n.Held, n.Marked["joined"], joined)
	}
}

// TestBackAfterACut: the line breaks in mid-report; with her number the child is where she was, and there is one report of all she
// told, under the code of her first call.
func TestBackAfterACut(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone)
		proof := child.tellsHalf()
		left := child.screen
		w.forward(4 * time.Minute)
		if child.gives(proof).screen != left {
			w.t.Fatalf("she left\n%s\nand comes back to\n%s", left, child.screen)
		}
		child.presses("1", "1", "3") // the way on, and cut again: the same number once more
		left = child.screen
		w.forward(9 * time.Minute)
		if child.gives(proof).screen != left {
			w.t.Fatalf("cut again she left\n%s\nand comes back to\n%s", left, child.screen)
		}
		child.presses("1", "2", "3", "1", "1", "1", "1")
		child.code(8)
		child.presses("1")
		w.gets("banan1-chair", w.sentence("km", "risk.medium"))
		w.oneReport(2)
		w.forward(time.Hour) // no clock is left of any of the calls
	})
}

// TestBackAfterItWasHeld: the network said that the call was over, a person took what had been told, and then she comes back and
// ends her report: it is the same report, and the hold ends as one that went on.
func TestBackAfterItWasHeld(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone)
		proof := child.tellsHalf()
		left := child.screen
		child.hangsUp()
		hold := digitsIn(t, w.gets("desk"), 6)
		w.replies("desk", "1")
		w.stands(hold, "taken", "desk")
		if child.gives(proof).screen != left {
			w.t.Fatalf("she comes back to\n%s", child.screen)
		}
		if n := w.counts(); n.Held != 1 || n.Reports != 1 {
			w.t.Fatalf("%d held and %d reports after she came back", n.Held, n.Reports)
		}
		child.tellsTheRest()
		w.gets("banan1-chair")
		w.stands(hold, "released", "desk")
		w.oneReport(1)
	})
}

// TestBackAndSilent: she comes back and says no more: what she told reaches a person once.
func TestBackAndSilent(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone)
		proof := child.tellsHalf()
		child.gives(proof)
		child.hangsUp()
		w.gets("desk")
		if n := w.counts(); n.Reports != 1 || n.Held != 1 || n.Marked["joined"] != 1 {
			w.t.Fatalf("%+v", n)
		}
	})
}

// TestBackToTheNumbersScreen: cut before anything was told, with the network's notice, the number works all the same.
func TestBackToTheNumbersScreen(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone).dials("*1280#").presses(toDanger...)
		left := child.screen
		proof := w.caller(childPhone) // the screen before, read by the same eyes
		proof.session, proof.path = child.session, child.path[:len(child.path)-1]
		proof.press("*1280#")
		child.hangsUp()
		if n := w.counts(); n.Marked["empty"] != 1 {
			w.t.Fatalf("%+v", n)
		}
		if child.gives(proof.code(2)).screen != left {
			w.t.Fatalf("she comes back to\n%s", child.screen)
		}
		child.presses("2", "1", "កន្ទឺ ១ បាត់ដំបង").tellsTheRest()
		w.gets("banan1-chair")
		w.oneReport(1)
	})
}

// TestBackWithAWrongNumber: a wrong number begins anew without a word about it, and after it the right one does no more; what was
// told before goes to a person by itself, and so does what is told now.
func TestBackWithAWrongNumber(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone)
		proof := child.tellsHalf()
		child.gives(other(proof)).anew()
		child.presses("8").presses(proof).anew() // in the same call
		child.gives(proof).anew()                // and in another
		child.presses("1", "1", "1")
		second := child.code(2)
		child.presses("1", "2", "1", "កន្ទឺ ១ បាត់ដំបង")
		left := child.screen
		if child.gives(second).screen != left { // the try that burned the first number did not burn this one
			w.t.Fatalf("with the second number she comes back to\n%s", child.screen)
		}
		child.tellsTheRest()
		w.gets("banan1-chair")
		w.forward(31 * time.Minute)
		w.gets("desk")
		if n := w.counts(); n.Reports != 2 || n.Concluded != 1 || n.Held != 1 || n.Marked["joined"] != 1 {
			w.t.Fatalf("%+v", n)
		}
	})
}

// TestBackTooLate: after the pack's window the number is nobody's.
func TestBackTooLate(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone)
		proof := child.tellsHalf()
		w.forward(10*time.Minute + time.Second)
		child.gives(proof).anew()
		w.forward(31 * time.Minute)
		w.gets("desk")
	})
}

// TestBackFromAnotherPhone: the number is worth nothing on another phone, by SMS, or after the report was concluded, and a try there
// costs the child nothing.
func TestBackFromAnotherPhone(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone)
		proof := child.tellsHalf()
		left := child.screen
		w.caller(parentPhone).gives(proof).anew()
		if child.gives(proof).screen != left {
			w.t.Fatalf("the other phone's try cost her the number:\n%s", child.screen)
		}
		child.tellsTheRest()
		w.gets("banan1-chair")
		child.gives(proof).anew()
		w.oneReport(1)
	})
}

// TestBackWithoutRedis: Redis is emptied, or shows a moment before, between any two keys of coming back, and the gateway restarts.
func TestBackWithoutRedis(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone)
		proof := child.tellsHalf()
		left := child.screen
		w.emptyRedis()
		child.dials("*1280#")
		w.emptyRedis()
		child.presses(toNumber...)
		asked := w.redisContent()
		if child.presses(proof).screen != left {
			w.t.Fatalf("she comes back to\n%s", child.screen)
		}
		w.setRedis(asked) // a failover: Redis thinks that the number is still to be given
		child.presses("1").sees(w.sentence("km", "report.about"))
		w.restart()
		w.emptyRedis()
		child.presses("1", "3", "1", "2", "3", "1", "1", "1", "1")
		child.code(8)
		child.presses("1")
		w.gets("banan1-chair")
		w.oneReport(1)
	})
}

// TestBackAndTheNetworksNotices: the notice that the first call is over comes after she is back in another, and the provider sends both
// calls' last keys again: everything is answered as before and nothing is told to the desk.
func TestBackAndTheNetworksNotices(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone)
		proof := child.tellsHalf()
		first := *child
		child.gives(proof)
		back := *child
		first.hangsUp()
		w.getsNothing("desk")
		for _, again := range []*caller{&first, &back} {
			screen := again.screen
			if again.press("*1280#"); again.screen != screen {
				w.t.Fatalf("sent again it is answered with\n%s\nfirst it was\n%s", again.screen, screen)
			}
		}
		child.tellsTheRest()
		w.gets("banan1-chair")
		w.oneReport(1)
		// A key in the call that was cut finds nothing of it.
		if first.presses("1"); first.screen != w.caller(spare(98)).dials("*1280#").screen {
			w.t.Fatalf("the first call goes on with\n%s", first.screen)
		}
	})
}

// TestBackInTwoCallsAtOnce: two calls give the right number in the same moment: both see her screen, the conversation is in one of them,
// and there is one report.
func TestBackInTwoCallsAtOnce(t *testing.T) {
	stories(t, func(w *world) {
		proof := w.caller(childPhone).tellsHalf()
		calls := []*caller{w.caller(childPhone), w.caller(childPhone)}
		for _, c := range calls {
			c.dials("*1280#").presses(toNumber...)
		}
		bodies := make([]string, len(calls))
		var both sync.WaitGroup
		for i, c := range calls {
			c.path = append(c.path, proof)
			both.Go(func() {
				form := url.Values{"sessionId": {c.session}, "phoneNumber": {c.number}, "networkCode": {"99999"},
					"serviceCode": {"*1280#"}, "text": {strings.Join(c.path, "*")}}
				status, body := w.post("/hooks/africastalking/"+w.gateway.config.AfricasTalking.Token+"/ussd", form, nil)
				if status == http.StatusOK {
					bodies[i] = body
				}
			})
		}
		both.Wait()
		if bodies[0] != bodies[1] || !strings.Contains(bodies[0], "កន្ទឺ ១") {
			w.t.Fatalf("the two calls are answered with %q", bodies)
		}
		w.addsUp()
		live := calls[0]
		if live.presses("1"); !strings.Contains(live.screen, w.sentence("km", "report.about")) {
			live = calls[1]
			live.presses("1").sees(w.sentence("km", "report.about"))
		}
		live.presses("1", "3", "1", "2", "3", "1", "1", "1", "1", "1")
		w.gets("banan1-chair")
		w.oneReport(2)
	})
}

// TestBackWithWordsAtTheNumber: what somebody writes where the number is asked is kept, whichever number follows.
func TestBackWithWordsAtTheNumber(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone)
		proof := child.tellsHalf()
		child.dials("*1280#").presses(toNumber...).presses("គាត់មកវិញហើយ", "1", proof)
		child.tellsTheRest()
		w.gets("banan1-chair")
		w.forward(31 * time.Minute)
		w.gets("desk")
		if n := w.counts(); n.Concluded != 1 || n.Held != 1 || n.Marked["joined"] != 0 {
			w.t.Fatalf("%+v", n)
		}
	})
}

// TestBackIsOpenToNobodyElse: at each point of a report the line breaks, and somebody picks the phone up, dials, and tries to go on:
// every screen is, byte for byte, the one of a phone that never called.
func TestBackIsOpenToNobodyElse(t *testing.T) {
	stories(t, func(w *world) {
		path := append(append([]string{}, toDanger...), "2", "1", "កន្ទឺ ១ បាត់ដំបង", "1", "1", "3", "1", "2", "3", "1", "1")
		held := int64(0)
		for n := range path {
			child := w.caller(spare(n)).dials("*1280#")
			proof := ""
			for i, key := range path[:n] {
				if child.presses(key); i == len(toDanger)-2 {
					proof = child.code(2)
				}
			}
			if n%2 == 1 { // with the network's notice, and without
				child.hangsUp()
			}
			thief, fresh := w.caller(spare(n)), w.caller(spare(50+n))
			thief.dials("*1280#")
			fresh.dials("*1280#")
			for _, key := range []string{"1", "1", "8", "1", "3", "7", "1", "123", "1", other(proof), "8", "11", "8", "8", "1", "8", "0"} {
				if thief.screen != fresh.screen || thief.ended != fresh.ended {
					w.t.Fatalf("cut after %d keys, before %q the phone shows\n%s\na phone that never called\n%s", n, key, thief.screen, fresh.screen)
				}
				thief.presses(key)
				fresh.presses(key)
			}
			if thief.screen != fresh.screen || !thief.ended || !fresh.ended {
				w.t.Fatalf("cut after %d keys it ends with\n%s\nnot\n%s", n, thief.screen, fresh.screen)
			}
			if n > len(toDanger)+1 {
				held++
			}
		}
		w.forward(31 * time.Minute)
		for range held {
			w.gets("desk")
		}
		if n := w.counts(); n.Held != held || n.Marked["joined"] != 0 {
			w.t.Fatalf("%+v", n)
		}
	})
}

// TestTheStoryAfterASilence: a first message says nothing and is marked so after half an hour; what is told in the same thread later
// reaches a person all the same, also when the thread had to be found in the ledger.
func TestTheStoryAfterASilence(t *testing.T) {
	stories(t, func(w *world) {
		for _, lost := range []bool{false, true} {
			child := w.caller(childPhone).texts("😀")
			w.forward(31 * time.Minute)
			if n := w.counts(); n.Marked["empty"] != 1 {
				w.t.Fatalf("%+v", n)
			}
			if lost {
				w.emptyRedis()
			}
			child.texts("គេវាយខ្ញុំ")
			if n := w.counts(); n.Open != 1 || n.Marked["empty"] != 0 {
				w.t.Fatalf("%+v", n)
			}
			w.forward(31 * time.Minute)
			w.gets("desk")
			w.forward(24 * time.Hour)
			w.read[w.officer["desk"]] = len(w.inbox(w.officer["desk"])) // the desk is told again until somebody takes it
		}
	})
}
