package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/internal/alert"
	"chumrok/internal/outbox"
	"chumrok/internal/store"
)

// The stories of this file are attacks: what somebody hostile, hurried or unlucky does, and what has to stand all the same.

// spare are callers of the attacks. Their numbers reach nobody, like all others.
func spare(n int) string { return fmt.Sprintf("+85512000%03d", 600+n) }

// concludesBySMS ends a report by SMS: the place, not urgent, nobody calls.
func (c *caller) concludesBySMS() *caller {
	c.w.t.Helper()
	return c.texts("កន្ទឺ ១ បាត់ដំបង").texts("1").texts("2").texts("3")
}

// waitsAtDesk says that so many conversations are held, and takes the desk's messages about them.
func (w *world) waitsAtDesk(n int64) {
	w.t.Helper()
	if held := w.counts().Held; held != n {
		w.t.Fatalf("%d conversations are held, not %d", held, n)
	}
	for range n {
		w.gets("desk")
	}
}

// TestAttackStoryTakenBackByBack: a key that goes back takes an answer off the screen, not out of the world: whoever then
// falls silent, leaves, or sends something else has still told it.
func TestAttackStoryTakenBackByBack(t *testing.T) {
	stories(t, func(w *world) {
		for i, then := range []string{"", "0", "57136420"} {
			child := w.caller(spare(i)).texts("ឪពុកខ្ញុំវាយខ្ញុំ")
			child.texts("8").sees(w.sentence("km", "sms.hello"))
			if then != "" {
				child.texts(then)
			}
		}
		w.forward(31 * time.Minute)
		w.waitsAtDesk(3)
		w.forward(30 * time.Minute)
	})
}

// TestAttackFiledAndThenTakenBack: what waits at the desk already is not marked as if nothing had been told because the
// caller goes back and leaves.
func TestAttackFiledAndThenTakenBack(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone).texts("ឪពុកខ្ញុំវាយខ្ញុំ")
		w.forward(31 * time.Minute)
		w.waitsAtDesk(1)
		child.texts("8")
		child.texts("0")
		if n := w.counts(); n.Held != 1 || n.Marked["empty"] != 0 {
			w.t.Fatalf("held %d, marked empty %d: what waits at the desk was put away", n.Held, n.Marked["empty"])
		}
	})
}

// TestAttackStoryWrittenAnew: the first words are taken back by mistake and others follow. Who is told follows the first
// words all the same.
func TestAttackStoryWrittenAnew(t *testing.T) {
	stories(t, func(w *world) {
		w.caller(childPhone).texts("My uncle raped my sister").texts("8").texts("hello are you there").concludesBySMS()
		w.gets("banan-office")
		w.gets("banan1-focal")
		w.getsNothing("banan1-chair", "banan1-police")
	})
}

// TestAttackDangerTakenBack: danger said, one key back, and the line is dead. Somebody may have come into the room.
func TestAttackDangerTakenBack(t *testing.T) {
	stories(t, func(w *world) {
		w.caller(childPhone).dials("*1280#").presses(toDanger...).presses("1", "8")
		said := w.clock.Now()
		w.forward(3 * time.Minute)
		w.gets("desk", w.sentence("en", "alert.hold_danger")[:6])
		if w.clock.Now().Sub(said) > 5*time.Minute {
			w.t.Fatal("too late")
		}
	})
}

// TestAttackDangerInWords: a message that speaks of killing is not left for half an hour because nothing follows it.
func TestAttackDangerInWords(t *testing.T) {
	stories(t, func(w *world) {
		w.caller(childPhone).texts("My father has a knife, he wants to kill my mother")
		w.forward(3 * time.Minute)
		w.gets("desk", "Urgent")
		w.forward(20 * time.Minute)
		w.gets("desk", "Urgent") // the immediate clock counts from the message
	})
}

// drawn gives these bytes first and real ones after.
func drawn(b ...byte) io.Reader { return bytes.NewReader(b) }

// TestAttackSameReporterCode: two callers draw the same code. The second one's report is as good as the first one's, and
// is found under a code of its own.
func TestAttackSameReporterCode(t *testing.T) {
	stories(t, func(w *world) {
		usual := w.gateway.random
		codes := map[string]bool{}
		for i := range 2 {
			w.gateway.random = drawn(1, 1, 1, 1, 1, 1, 1, 1)
			child := w.caller(spare(i)).texts("គេវាយខ្ញុំ")
			w.gateway.random = usual
			child.concludesBySMS()
			codes[child.code(8)] = true
			w.gets("banan1-chair")
		}
		if len(codes) != 2 {
			w.t.Fatal("two reporters were told the same code")
		}
		w.gateway.random = drawn(1, 1, 1, 1, 1, 1, 1, 1)
		w.caller(spare(2)).texts("គេវាយខ្ញុំ")
		w.gateway.random = usual
		w.forward(31 * time.Minute) // unfinished with a code that is another's: it reaches the desk all the same
		w.waitsAtDesk(1)
	})
}

// TestAttackStaleAnswerLeavesTheClock: while one officer is told that it is taken, the one who took it gives it back. The
// decision about the first, made a moment before, must not stop the clock that the giving back started.
func TestAttackStaleAnswerLeavesTheClock(t *testing.T) {
	stories(t, func(w *world) {
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		code := digitsIn(t, w.gets("banan1-chair"), 6)
		w.replies("banan1-chair", "1")
		w.stands(code, "accepted", "banan1-chair")
		g, now := w.gateway, w.clock.Now()
		seen, _, err := g.store.ReferralByCode(t.Context(), code)
		if err != nil {
			w.t.Fatal(err)
		}
		var late store.Effects
		if err := g.carryOut(t.Context(), &late, alert.Accept(seen, "banan1-focal", g.roster(), g.pack.Clocks, now), now); err != nil {
			w.t.Fatal(err)
		}
		w.replies("banan1-chair", "2 "+code+" 4")
		w.gets("banan1-focal", code)
		if _, err := g.store.Apply(t.Context(), now, late); err != nil {
			w.t.Fatal(err)
		}
		w.addsUp()
		w.forward(3*time.Hour + time.Minute)
		w.gets("banan-office", code)
		w.gets("banan1-focal", code)
	})
}

// TestAttackStaleAnswerLeavesTheDesksClock: the same at the desk: a decision that was made a moment before stops no clock that giving back started.
func TestAttackStaleAnswerLeavesTheDesksClock(t *testing.T) {
	stories(t, func(w *world) {
		w.caller(childPhone).texts("គេវាយខ្ញុំ")
		w.forward(31 * time.Minute)
		code := digitsIn(t, w.gets("desk"), 6)
		w.replies("desk", "1")
		g, now := w.gateway, w.clock.Now()
		seen, _, err := g.store.HoldByCode(t.Context(), code)
		if err != nil {
			w.t.Fatal(err)
		}
		var late store.Effects
		g.carryOutHold(&late, alert.TakeHold(seen, "desk", g.roster(), g.pack.Clocks, now), now)
		w.replies("desk", "2 "+code)
		if _, err := g.store.Apply(t.Context(), now, late); err != nil {
			w.t.Fatal(err)
		}
		w.addsUp()
	})
}

// TestAttackChildOnAnOfficersPhone: a child has no phone but her father's, and he sits on the committee. What she writes
// is short, as children write, and it is no mistyped answer: nobody asked that phone anything.
func TestAttackChildOnAnOfficersPhone(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(w.officer["banan1-chair"]).texts("គេវាយខ្ញុំ")
		child.sees(w.sentence("km", "sms.where"))
		child.concludesBySMS()
		w.gets("banan1-focal") // and never the phone that it came from
		w.getsNothing("banan1-chair")
	})
}

// TestAttackNamelessSenders: messages without a sender are not one conversation: no stranger goes on where another was.
func TestAttackNamelessSenders(t *testing.T) {
	stories(t, func(w *world) {
		first := w.caller("").texts("My uncle beats me in Kantueu Muoy commune, Banan district, Battambang")
		second := w.caller("").texts("hello, who is this")
		if strings.Contains(second.screen, "Kantueu") || first.screen == second.screen {
			w.t.Fatalf("a second nameless sender is answered with the first one's place: %q", second.screen)
		}
		w.forward(31 * time.Minute)
		w.waitsAtDesk(2)
	})
}

// TestAttackWorkThatPanics: one piece of work that breaks the code is tried again; it does not end the process and with
// it everybody else's alerts.
func TestAttackWorkThatPanics(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone).texts("គេវាយខ្ញុំ").texts("កន្ទឺ ១ បាត់ដំបង").texts("1").texts("2")
		usual := w.gateway.outbound
		w.gateway.outbound = outbox.Everything("nobody") // a provider that is not there
		child.texts("3")
		w.gateway.outbound = usual
		w.forward(time.Minute)
		w.gets("banan1-chair")
	})
}

// TestAttackUnreadableState: a state that this release cannot read does not keep what was said from a person.
func TestAttackUnreadableState(t *testing.T) {
	stories(t, func(w *world) {
		g, now := w.gateway, w.clock.Now()
		id := store.NewID()
		key, wrapped, err := g.keys.NewDataKey(id)
		if err != nil {
			w.t.Fatal(err)
		}
		_, err = g.store.Record(t.Context(), store.Entry{
			RepeatKey: g.keys.RepeatKey("twilio", "SMfuture"), Seq: 1, At: now, Heard: []byte("x"), Answer: []byte("y"), State: []byte("of another release"),
			Conversation: store.Conversation{ID: id, LiveKey: g.keys.Blind("thread", spare(1)), Channel: "sms", Provider: "twilio",
				Definition: "unknown", Number: w.number(spare(1)), New: true, Key: key, Wrapped: wrapped},
			Effects: store.Effects{Due: []store.Due{{Kind: store.DueUnfinished, Subject: id, At: now.Add(30 * time.Minute)}}},
		})
		if err != nil {
			w.t.Fatal(err)
		}
		w.forward(31 * time.Minute)
		w.waitsAtDesk(1)
		w.caller(spare(1)).texts("hello").sees("") // and the caller begins anew
		w.forward(31 * time.Minute)
		for len(w.inbox(w.officer["desk"])) > w.read[w.officer["desk"]] {
			w.gets("desk")
		}
	})
}

// TestAttackRedisBehindAndExpired: Redis lost a turn in a failover and so thinks that the conversation is over; the ledger
// knows better.
func TestAttackRedisBehindAndExpired(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone).dials("*1280#").presses(toDanger...)
		earlier := w.redisContent()
		w.clock.set(w.clock.Now().Add(9 * time.Minute))
		child.presses("2").sees(w.sentence("km", "report.harm.child"))
		w.setRedis(earlier)
		w.clock.set(w.clock.Now().Add(9 * time.Minute))
		child.presses("1").sees(w.sentence("km", "place.ask"))
		if n := w.counts().Received; n != 1 {
			w.t.Fatalf("one call became %d conversations", n)
		}
		child.presses("0")
		w.waitsAtDesk(1)
	})
}

// TestAttackDeskOfficerNamedLater: somebody at the desk also sits on the committee. When the caller adds that the
// committee must not be told, the desk is told again without that phone.
func TestAttackDeskOfficerNamedLater(t *testing.T) {
	stories(t, func(w *world) {
		w.addOfficers(`desk-two,KH,desk,duty,2,"Second, desk",012 000 102,en,always,f,,`) // the focal person's phone
		child := w.caller(childPhone).dials("*1280#").presses(toDanger...)
		child.presses("2", "1", "កន្ទឺ ១ បាត់ដំបង", "1", "1", "3", "1")
		w.forward(31 * time.Minute)
		w.gets("desk")
		w.gets("desk-two")
		w.gateway.now = w.clock.Now                       // which this story, unlike a gateway's own time, turns back
		w.clock.set(w.clock.Now().Add(-25 * time.Minute)) // the session is taken up within its time
		child.presses("4", "4").hangsUp()                 // by an official: somebody of the committee
		w.clock.set(w.clock.Now().Add(25 * time.Minute))
		w.forward(4 * time.Hour)
		w.gets("desk")
		w.getsNothing("desk-two")
	})
}

// addOfficers adds rows to the directory and starts anew with them.
func (w *world) addOfficers(rows ...string) {
	w.t.Helper()
	path := filepath.Join(w.env["CHUMROK_PACK"], "directory.csv")
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	defer file.Close()
	for _, row := range rows {
		fmt.Fprintln(file, row)
	}
	w.restart()
}

// TestAttackProviderThatBabbles: a provider whose answer is no answer repeats the number and the text. None of it is
// logged, and the alert is tried again.
func TestAttackProviderThatBabbles(t *testing.T) {
	t.Parallel()
	for name, babble := range map[string]string{
		"no status line": "sorry, +85512000101 was not reached\r\n\r\n",
		"bad header":     "HTTP/1.1 200 OK\r\nto +85512000101\r\n\r\n",
		"bad redirect":   "HTTP/1.1 302 Found\r\nLocation: http://[+85512000101\r\nContent-Length: 0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			provider, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = provider.Close() })
			go func() {
				for {
					c, err := provider.Accept()
					if err != nil {
						return
					}
					go func() {
						defer c.Close()
						if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
							_, _ = io.WriteString(c, babble)
						}
					}()
				}
			}()
			w := newWorld(t, "embedded")
			w.gateway.Close()
			w.useTwilio("http://" + provider.Addr().String())
			w.open()
			child := w.caller(childPhone)
			child.texts("គេវាយខ្ញុំ")
			child.concludesBySMS()
			w.settle()
			if n := w.counts().Messages["queued"]; n != 1 {
				t.Fatalf("%d messages wait to be sent, not 1", n)
			}
			if !strings.Contains(w.logs.String(), "due work failed") {
				t.Fatal("nothing was logged of the failure")
			}
			w.addsUp()
			w.saysNothingPersonal()
		})
	}
}

// TestAttackProviderThatHangs: everything of a sweep is sent side by side, so that no lease runs out while a send still
// waits for its turn, and the next sweep, with danger in it perhaps, waits for no more than one send.
func TestAttackProviderThatHangs(t *testing.T) {
	t.Parallel()
	network := newCarrier(t)
	network.set("hang")
	w := newWorld(t, "embedded")
	w.gateway.Close()
	w.useTwilio(network.server.URL)
	w.open()
	now := w.clock.Now()
	var e store.Effects
	for range sweepSize {
		m := store.Message{ID: store.NewID(), Kind: store.ToReply, OfficerID: "banan1-chair", Text: "x"}
		e.Messages = append(e.Messages, m)
		e.Due = append(e.Due, store.Due{Kind: store.DueSend, Subject: m.ID, At: now})
	}
	if _, err := w.gateway.store.Apply(t.Context(), now, e); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := w.gateway.Sweep(ctx)
		done <- err
	}()
	for range sweepSize {
		within(t, "a message is being sent while the others hang", network.asked)
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if sendTime >= leaseTime {
		t.Fatalf("a send may take %s; its lease runs out after %s", sendTime, leaseTime)
	}
}

// useTwilio makes the next start of the gateway send by Twilio, whose API is at this address.
func (w *world) useTwilio(address string) {
	for name, value := range map[string]string{"ACCOUNT_SID": trialAccount, "AUTH_TOKEN": "attack-token", "FROM": "+85512000999", "API_URL": address} {
		w.env["CHUMROK_TWILIO_"+name] = value
	}
}

// TestAttackDangerGoesFirst: a call that broke off after danger was said is looked at before everything that can wait.
func TestAttackDangerGoesFirst(t *testing.T) {
	stories(t, func(w *world) {
		w.caller(parentPhone).texts("គេវាយខ្ញុំ")
		w.clock.set(w.clock.Now().Add(29 * time.Minute))
		w.caller(childPhone).dials("*1280#").presses(toDanger...).presses("1") // due after the other, by half a minute
		w.clock.set(w.clock.Now().Add(3 * time.Minute))
		claimed, err := w.gateway.store.Claim(t.Context(), w.clock.Now(), "attacker", time.Second, 1)
		if err != nil || len(claimed) != 1 {
			w.t.Fatalf("claimed %d: %v", len(claimed), err)
		}
		c, _, err := w.gateway.store.Conversation(t.Context(), claimed[0].Subject)
		if err != nil || c.DangerAt.IsZero() {
			w.t.Fatalf("the first piece of work is not the one of danger (%v)", err)
		}
		w.forward(time.Minute)
		if both := w.gets("desk") + w.gets("desk"); !strings.Contains(both, "Urgent") {
			w.t.Fatalf("the desk got %q", both)
		}
	})
}

// TestAttackClockSetBack: somebody sets the machine's clock an hour back in the middle of a call. Nothing waits an hour.
func TestAttackClockSetBack(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone).dials("*1280#").presses(toDanger...).presses("2", "1", "កន្ទឺ ១ បាត់ដំបង")
		w.clock.set(w.clock.Now().Add(-time.Hour))
		child.presses("1", "1", "3", "1", "2", "3", "1", "1", "1", "1", "1")
		code := digitsIn(t, w.gets("banan1-chair"), 6)
		w.replies("banan1-chair", "2 "+code)
		w.clock.set(w.clock.Now().Add(-time.Hour))
		w.replies("banan1-chair", "1") // the reason, away: it does not accept what was just declined
		w.stands(code, "alerting", "")
		w.gets("banan1-focal", code)
	})
}

// TestAttackTwoGateways: two gateways on one database look for due work at the same moment, again and again. Each alert
// goes out once.
func TestAttackTwoGateways(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "real")
	w.env["CHUMROK_KEYS"] = w.gateway.config.Keys
	first := w.gateway
	t.Cleanup(first.Close)
	w.env["CHUMROK_DATA"] = t.TempDir()
	w.open()
	second := w.gateway
	if first.name == second.name {
		t.Fatal("both have one name: each would give the other's leases back when it starts")
	}
	for i := range 8 {
		from := w.number(spare(i))
		for n, text := range []string{"គេវាយខ្ញុំ", "កន្ទឺ ១ បាត់ដំបង", "1", "2", "3"} {
			g := []*Gateway{first, second}[n%2] // a conversation that wanders between them
			message := adapters.Message{Provider: "twilio", Channel: adapters.SMS, ID: fmt.Sprintf("SMtwo%d-%d", i, n), From: from, Text: text}
			if _, err := g.Receive(t.Context(), message); err != nil {
				t.Fatal(err)
			}
		}
	}
	var both sync.WaitGroup
	for _, g := range []*Gateway{first, second} {
		both.Go(func() {
			for range 20 {
				if _, err := g.Sweep(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	both.Wait()
	sent := 0
	for _, g := range []*Gateway{first, second} {
		sent += len(g.phones.Phone(w.number(w.officer["banan1-chair"])).Inbox())
	}
	if sent != 8 {
		t.Errorf("8 alerts were sent %d times", sent)
	}
	w.addsUp()
	w.saysNothingPersonal()
}

// TestAttackFlood: one phone that writes without end keeps nobody else's message out.
func TestAttackFlood(t *testing.T) {
	stories(t, func(w *world) {
		var flood sync.WaitGroup
		for i := range 60 {
			form := w.twilioForm(parentPhone, fmt.Sprint("spam ", i), fmt.Sprintf("SMflood%d", i))
			flood.Go(func() { w.post("/hooks/twilio/sms", form, w.gateway.config.Twilio.AuthToken) })
		}
		w.caller(childPhone).texts("គេវាយខ្ញុំ").concludesBySMS()
		flood.Wait()
		w.gets("banan1-chair")
		w.forward(31 * time.Minute)
		for len(w.inbox(w.officer["desk"])) > w.read[w.officer["desk"]] {
			w.gets("desk")
		}
		w.read[parentPhone] = len(w.inbox(parentPhone)) // on a busy machine some of the flood wait in the spool, and the last is answered late
	})
}

// TestAttackForgedRequests: another Host, a field that stands twice, a packed body, a body that is no form, somebody
// else's signature: the signed one is taken whatever its Host, none of the others leaves a row.
func TestAttackForgedRequests(t *testing.T) {
	stories(t, func(w *world) {
		token := w.gateway.config.Twilio.AuthToken
		post := func(host, path, body, signature, encoding string) int {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.public.URL+path, strings.NewReader(body))
			if err != nil {
				w.t.Fatal(err)
			}
			request.Host = host
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			request.Header.Set("X-Twilio-Signature", signature)
			if encoding != "" {
				request.Header.Set("Content-Encoding", encoding)
			}
			response, err := w.public.Client().Do(request)
			if err != nil {
				w.t.Fatal(err)
			}
			_ = response.Body.Close()
			return response.StatusCode
		}
		form := w.twilioForm(childPhone, "គេវាយខ្ញុំ", "SMforged")
		right := twilioSignature(token, w.env["CHUMROK_PUBLIC_URL"]+"/hooks/twilio/sms", form)
		var packed bytes.Buffer
		zip := gzip.NewWriter(&packed)
		_, _ = io.WriteString(zip, form.Encode())
		_ = zip.Close()
		hook := "/hooks/africastalking/" + w.gateway.config.AfricasTalking.Token
		for _, c := range []struct {
			name, path, body, encoding string
			status                     int
		}{
			{"a field twice", "/hooks/twilio/sms", form.Encode() + "&Body=1", "", http.StatusForbidden},
			{"a query added", "/hooks/twilio/sms?x=1", form.Encode(), "", http.StatusForbidden},
			{"packed", "/hooks/twilio/sms", packed.String(), "gzip", http.StatusForbidden},
			{"packed, without a signature", hook + "/sms", packed.String(), "gzip", http.StatusBadRequest},
			{"no form", hook + "/ussd", "{\"sessionId\": 1}", "", http.StatusBadRequest},
			{"the token in another case", strings.ToLower(hook) + "/ussd", "sessionId=s1&text=", "", http.StatusForbidden},
		} {
			if got := post("", c.path, c.body, right, c.encoding); got != c.status {
				w.t.Errorf("%s: answered %d, not %d", c.name, got, c.status)
			}
		}
		if n := w.counts().Turns; n != 0 {
			w.t.Fatalf("forged requests left %d turns", n)
		}
		if got := post("evil.example", "/hooks/twilio/sms", form.Encode(), right, ""); got != http.StatusOK {
			w.t.Errorf("a signed request under another Host is answered %d", got)
		}
		w.forward(31 * time.Minute)
		w.gets("desk")
	})
}
