package main

import (
	"context"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/flows"
	"chumrok/internal/store"
)

// byEachSMS sends one SMS by every hook that carries any, and returns the answers, wherever they come.
func (w *world) byEachSMS(from, text string) map[string]string {
	w.t.Helper()
	w.lines++
	id := fmt.Sprintf("each-%d", w.lines)
	answers := map[string]string{"twilio": w.twilio(from, text, id)}
	query := url.Values{"id": {id}, "from": {strings.TrimPrefix(from, "+")}, "to": {w.shortCode}, "text": {text}}
	_, answers["kannel"] = w.does(asked{http.MethodGet, "/hooks/kannel/" + w.gateway.config.Kannel.Token + "/sms?" + query.Encode(), "", nil})
	apart := func(name string, send func()) {
		w.takesAll(from)
		send()
		w.settle()
		answers[name] = strings.Join(w.inbox(from)[w.read[from]:], "\n")
		w.takesAll(from)
	}
	apart("africastalking", func() {
		w.does(asked{http.MethodPost, "/hooks/africastalking/" + w.gateway.config.AfricasTalking.Token + "/sms", query.Encode(), nil})
	})
	apart("androidsms", func() {
		w.android("sms:received", id, map[string]any{"messageId": "1", "message": text, "sender": from, "recipient": w.shortCode})
	})
	return answers
}

// TestAttackReferralsOfOthers: an officer of another committee who knows the code of a matter, taken or not, gets the answer that a code of nobody's
// gets, on every route that carries SMS, in the officers' menu, behind the menu, and where reporters ask; and nothing of the matter changes.
func TestAttackReferralsOfOthers(t *testing.T) {
	stories(t, func(w *world) {
		_, taken := w.tellsBySMS(childPhone)
		w.replies("banan1-chair", "1 "+taken)
		_, waiting := w.tellsBySMS(spare(1))
		const nobodys = "999999"
		thief := w.officer["meas-chair"]
		stands := func(code string) string {
			r, _, err := w.gateway.store.ReferralByCode(w.t.Context(), code)
			return fmt.Sprint(r.State, r.Owner, r.Version, r.Declined, r.AcceptDue, err)
		}
		before := stands(taken) + stands(waiting)
		for _, words := range []string{"1 %s", "2 %s", "2 %s 4", "3 %s", "4 %s", "4 %s 1", "0 %s", "%s"} {
			nobody := w.byEachSMS(thief, fmt.Sprintf(words, nobodys))
			for _, code := range []string{taken, waiting} {
				for route, answer := range w.byEachSMS(thief, fmt.Sprintf(words, code)) {
					if got := strings.ReplaceAll(answer, code, nobodys); got != nobody[route] || got == "" {
						w.t.Errorf("%s by %s is answered %q, and %q where the code is nobody's", words, route, answer, nobody[route])
					}
				}
			}
		}
		pin := w.pin("meas-chair")
		w.hasNoTask("meas-chair", pin)
		state := w.gateway.flows.Begin(flows.Beginning{Channel: flows.USSD, Flow: "duty"}, w.clock.Now()).With(pinField, isOK)
		m := adapters.Message{Channel: adapters.USSD, From: w.number(thief)}
		for name := range deeds {
			for _, code := range []string{taken, waiting} {
				if name == "pin" || name == "duty_list" || name == "duty_away" {
					continue
				}
				var e store.Effects
				v, err := w.gateway.supply(w.t.Context(), m, state, flows.Event{Name: name, Value: code + " 1 note"}, &e, w.clock.Now())
				if err != nil || v.Text != "" || v.Answer != isGone && v.Answer != isNone || len(e.Referrals)+len(e.Messages)+len(e.Audit)+len(e.Alerts)+len(e.Holds) > 0 {
					w.t.Errorf("%s of another committee's matter: %q %q, %v", name, v.Answer, v.Text, err)
				}
			}
		}
		for _, code := range []string{taken, waiting} {
			if got := w.asks(thief, code); got != w.sentence("en", "ask.call") {
				w.t.Errorf("where reporters ask it is answered %q", got)
			}
		}
		if after := stands(taken) + stands(waiting); after != before {
			w.t.Errorf("before %s\nafter  %s", before, after)
		}
		w.forgets("meas-chair")
	})
}

// statements counts what goes to PostgreSQL: it passes everything on and reads the kinds of the client's messages.
type statements struct{ n atomic.Int64 }

func (s *statements) between(t *testing.T, address string) (through string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := (&net.Dialer{}).DialContext(context.WithoutCancel(t.Context()), "tcp", address)
			if err != nil {
				_ = client.Close()
				continue
			}
			go func() { defer client.Close(); _, _ = io.Copy(client, server) }()
			go func() { defer server.Close(); s.pass(server, client) }()
		}
	}()
	return listener.Addr().String()
}

// pass hands on the client's messages: the first has no kind, each other a letter, its length and its body.
func (s *statements) pass(to io.Writer, from io.Reader) {
	for head := 4; ; head = 5 {
		begun := make([]byte, head)
		if _, err := io.ReadFull(from, begun); err != nil {
			return
		}
		if head == 5 && (begun[0] == 'B' || begun[0] == 'Q') { // Bind, of a statement that runs, or a simple Query
			s.n.Add(1)
		}
		rest := make([]byte, size(begun[head-4:]))
		if _, err := io.ReadFull(from, rest); err != nil {
			return
		}
		if _, err := to.Write(slices.Concat(begun, rest)); err != nil {
			return
		}
	}
}

// size is what stands behind a length that counts its own four bytes.
func size(length []byte) int64 {
	n := new(big.Int).SetBytes(length).Int64()
	return max(0, n-4)
}

// TestAttackTimingOfKnownNumbers: a message from a number that told something yesterday, that was erased, or that is in no book of ours is the same
// work: as many statements to the database and as many trips to Redis, by SMS and by USSD. So no clock tells who has reported. The work for codes
// is held by TestSameWorkForEveryCode.
func TestAttackTimingOfKnownNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "real")
	w.gateway.Close()
	address, err := url.Parse(w.env["CHUMROK_DATABASE_URL"])
	if err != nil {
		t.Fatal(err)
	}
	counted, trips := &statements{}, &trips{}
	address.Host = counted.between(t, address.Host)
	w.env["CHUMROK_DATABASE_URL"] = address.String()
	w.open()
	erased := w.tellsTheChair(parentPhone)
	w.closes(erased.referral)
	w.done("erase", erased.referral, "--reason", "she called")
	w.tellsTheChair(childPhone)
	w.tellsBySMS(spare(1))
	w.gateway.client.AddHook(trips)
	work := func(number, by string) string {
		w.settle()
		before, redis := counted.n.Load(), trips.n.Load()
		if by == "sms" {
			w.lines++
			if _, err := w.sends(number, "hello", fmt.Sprintf("SMtiming%d", w.lines)); err != nil {
				t.Fatal(err)
			}
		} else {
			w.caller(number).dials("*1280#")
		}
		return fmt.Sprintf("%d statements, %d trips", counted.n.Load()-before, trips.n.Load()-redis)
	}
	// Where a busy machine let Redis answer too late, the ledger was asked too: then the same is looked at two days later.
	var differ []string
	for round := range 6 {
		w.clock.set(w.clock.Now().Add(50 * time.Hour))
		differ = nil
		for _, by := range []string{"sms", "ussd"} {
			work(spare(2), by)
			unknown := work(spare(50+round), by)
			for what, number := range map[string]string{"told nothing either": spare(60 + round), "reported by USSD": childPhone, "was erased": parentPhone, "reported by SMS": spare(1)} {
				if got := work(number, by); got != unknown || strings.HasPrefix(got, "0 ") {
					differ = append(differ, fmt.Sprintf("by %s a number that %s is %s, an unknown one %s", by, what, got, unknown))
				}
			}
		}
		if len(differ) == 0 {
			break
		}
	}
	for _, d := range differ {
		t.Error(d)
	}
	w.forward(31 * time.Minute)
	w.saysNothingPersonal()
}
