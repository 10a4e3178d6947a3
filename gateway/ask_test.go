package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"chumrok/internal/alert"
)

// wrongCode is a code that is nobody's and could be somebody's: its check digit is right.
func wrongCode(draw *rand.Rand, taken []string) string {
	for {
		if code := fmt.Sprintf("%08d", draw.IntN(100_000_000)); alert.ValidCode(code, alert.ReporterDigits) && !slices.Contains(taken, code) {
			return code
		}
	}
}

// TestWhatBecameOfACode: received, taken, closed and, ninety days later, call; from any phone, by USSD and by SMS, with
// Latin and Khmer digits.
func TestWhatBecameOfACode(t *testing.T) {
	stories(t, func(w *world) {
		code, referral := w.tellsBySMS(childPhone)
		answers := func(what string) {
			t.Helper()
			sms := "sms.status." + what
			if what == askCall {
				sms = "sms.call"
			}
			for _, phone := range []string{childPhone, parentPhone, w.officer["kampot"]} {
				if got := w.asks(phone, code); got != w.sentence("en", "ask."+what) {
					t.Errorf("the code is answered with %q, not with %s", got, what)
				}
			}
			w.caller(parentPhone).dials("*1280#").presses("1", "3", khmerDigits(code), "1").sees(w.sentence("km", "ask."+what))
			w.caller(spare(3)).texts(code[:4] + " " + code[4:]).sees(w.sentence("km", sms))
			w.caller(spare(3)).texts(khmerDigits(code)).sees(w.sentence("km", sms))
		}
		answers(askReceived)
		w.replies("banan1-chair", "1 "+referral)
		answers(askTaken)
		w.replies("banan1-chair", "3 "+referral)
		answers(askTaken)
		w.replies("banan1-chair", "4 "+referral+" 1")
		answers(askClosed)
		w.clock.set(w.clock.Now().Add(90*24*time.Hour - time.Minute))
		answers(askClosed)
		w.clock.set(w.clock.Now().Add(2 * time.Minute))
		answers(askCall)
	})
}

// TestHeldIsReceived: what waits at the desk, or was taken there, is received and no more.
func TestHeldIsReceived(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone).texts("គាត់វាយប្អូនខ្ញុំរាល់យប់")
		child.texts("Blahblah Town").texts("Blahblah Town") // no such place
		child.sees(w.sentence("km", "sms.urgent")).texts("2").texts("3")
		code := child.code(8)
		hold := digitsIn(t, w.gets("desk"), 6)
		if got := w.asks(parentPhone, code); got != w.sentence("en", "ask.received") {
			t.Errorf("what is held is answered with %q", got)
		}
		w.replies("desk", "1 "+hold)
		if got := w.asks(parentPhone, code); got != w.sentence("en", "ask.received") {
			t.Errorf("what the desk has taken is answered with %q", got)
		}
	})
}

// TestWrongCodesOnOnePhone: five an hour, mistypes among them; then every code is told to call, also a right one, and also
// on the phone that reported. An hour later it is answered again.
func TestWrongCodesOnOnePhone(t *testing.T) {
	stories(t, func(w *world) {
		code, _ := w.tellsBySMS(childPhone)
		call, received := w.sentence("en", "ask.call"), w.sentence("en", "ask.received")
		for n, wrong := range []string{"12345678", "3333", "99999999", code[:7] + string('0'+(code[7]-'0'+1)%10), "57136420"} {
			if got := w.asks(childPhone, code); got != received {
				t.Fatalf("after %d wrong codes the right one is answered with %q", n, got)
			}
			if got := w.asks(childPhone, wrong); got != call {
				t.Fatalf("the wrong code %s is answered with %q", wrong, got)
			}
		}
		if got := w.asks(childPhone, code); got != call {
			t.Errorf("after five wrong codes the right one is answered with %q", got)
		}
		if got := w.asks(parentPhone, code); got != received {
			t.Errorf("on another phone the right code is answered with %q", got)
		}
		w.clock.set(w.clock.Now().Add(time.Hour))
		if got := w.asks(childPhone, code); got != received {
			t.Errorf("an hour later the right code is answered with %q", got)
		}
	})
}

// TestCodesWithoutRedis: nothing is counted then, so only the phone that reported is answered.
func TestCodesWithoutRedis(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "real")
	code, _ := w.tellsBySMS(childPhone)
	w.redis.Stop()
	if got := w.asks(childPhone, code); got != w.sentence("en", "ask.received") {
		t.Errorf("the phone that reported is answered with %q", got)
	}
	if got := w.asks(parentPhone, code); got != w.sentence("en", "ask.call") {
		t.Errorf("another phone is answered with %q", got)
	}
	w.redis.Start()
	w.awaitRedis()
	if got := w.asks(parentPhone, code); got != w.sentence("en", "ask.received") {
		t.Errorf("with Redis back another phone is answered with %q", got)
	}
	w.nothingElseArrived()
	w.saysNothingPersonal()
}

// trips counts what goes to Redis.
type trips struct{ n atomic.Int64 }

func (t *trips) DialHook(next redis.DialHook) redis.DialHook { return next }
func (t *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { t.n.Add(1); return next(ctx, cmd) }
}
func (t *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { t.n.Add(1); return next(ctx, cmds) }
}

// TestSameWorkForEveryCode: a right code, a wrong one, one that can be nobody's and one that is refused are the same trips
// to Redis, of the same size, and the same turn; that they are one statement to the database is held in internal/store.
func TestSameWorkForEveryCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	right, _ := w.tellsBySMS(childPhone)
	counted := &trips{}
	w.gateway.client.AddHook(counted)
	draw := rand.New(rand.NewPCG(3, 4))
	work := func(code string) (trips int64, turns int) {
		before, counts := counted.n.Load(), w.counts()
		w.asks(parentPhone, code)
		return counted.n.Load() - before, int(w.counts().Turns - counts.Turns)
	}
	w.asks(parentPhone, right) // the script is known from here on
	trips, turns := work(right)
	for range 8 { // the last ones are refused
		for name, code := range map[string]string{"right": right, "wrong": wrongCode(draw, []string{right}), "nobody's": "12345678", "short": "1234"} {
			if n, m := work(code); n != trips || m != turns {
				t.Errorf("a %s code is %d trips and %d turns, a right one %d and %d", name, n, m, trips, turns)
			}
		}
	}
	w.nothingElseArrived()
}
