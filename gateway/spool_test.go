package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chumrok/internal/store"
)

// tellsBoth checks that a text names the help numbers once in each of two languages.
func tellsBoth(t *testing.T, text string) {
	t.Helper()
	if strings.Count(text, "1280") != 2 || strings.Count(text, "117") != 2 || !strings.Contains(text, "If it is urgent") || !strings.Contains(text, "បើបន្ទាន់") {
		t.Fatalf("the help numbers do not stand there in both languages: %q", text)
	}
}

// TestDatabaseGoesInTheMiddleOfAReport: a child is asked whether there is danger, and the database goes away. She hears whom she can call; what
// she pressed is there when it comes back, once, at the time when she pressed it, and a person is told.
func TestDatabaseGoesInTheMiddleOfAReport(t *testing.T) {
	outages(t, func(w *world, o *outage) {
		child := w.caller(childPhone).dials("*1280#").presses(toDanger...)
		before := w.counts()
		o.goes()
		said := w.clock.Now()
		child.presses("1") // danger now
		tellsBoth(w.t, child.screen)
		if !child.ended {
			w.t.Fatal("the session goes on with a screen that has no next one")
		}
		w.waiting(1, childPhone, childPhone[1:], child.session, child.screen)
		w.clock.set(said.Add(10 * time.Minute))
		o.comes()
		message := w.gets("desk")
		w.waiting(0)
		after := w.counts()
		if after.Turns != before.Turns+1 || after.Received != before.Received {
			w.t.Fatalf("before %+v, after %+v", before, after)
		}
		w.forward(11 * time.Minute) // the immediate clock counts from the turn that said danger
		w.gets("desk", digitsIn(w.t, message, 6))
		w.replies("desk", "1 "+digitsIn(w.t, message, 6))
	})
}

// TestStoryTextedWhileTheDatabaseIsAway: a child's first message comes twice while nothing can be written, and a third time when it can again. It is
// one turn, she is asked on when the database is back, and the report goes its way.
func TestStoryTextedWhileTheDatabaseIsAway(t *testing.T) {
	outages(t, func(w *world, o *outage) {
		const story, sid = "គេវាយខ្ញុំរាល់យប់", "SMoutage00000000000000000000000001"
		o.goes()
		status, answer := w.textsWhileDown(childPhone, story, sid)
		if status != http.StatusOK {
			w.t.Fatalf("the hook answered %d", status)
		}
		tellsBoth(w.t, answer)
		if status, answer := w.textsWhileDown(childPhone, story, sid); status != http.StatusOK || answer != "" {
			w.t.Fatalf("delivered again it is answered %d %q", status, answer)
		}
		w.waiting(1, story, childPhone, childPhone[1:], sid)
		o.comes()
		w.gets(childPhone, w.sentence("km", "sms.where"))
		w.waiting(0)
		if _, again := w.textsWhileDown(childPhone, story, sid); o.fresh && again != answer { // the provider's third delivery
			w.t.Errorf("it is answered %q now, and was %q", again, answer)
		}
		if n := w.counts(); n.Turns != 1 || n.Received != 1 {
			w.t.Fatalf("one message became %+v", n)
		}
		child := w.caller(childPhone)
		child.texts("ឃុំកន្ទឺ ១ ខេត្តបាត់ដំបង").texts("១").texts("២").texts("3")
		child.code(8)
		w.gets("banan1-chair")
	})
}

// TestOrderIsKept: what waits of a caller goes into the ledger before what she says next, also where nobody has looked into the spool yet.
func TestOrderIsKept(t *testing.T) {
	outages(t, func(w *world, o *outage) {
		child := w.caller(childPhone)
		child.texts("They hit me").sees(w.sentence("en", "sms.where"))
		o.goes()
		w.textsWhileDown(childPhone, "Kantueu Muoy, Battambang", "SMoutage00000000000000000000000002")
		o.comes()
		status, answer := w.textsWhileDown(childPhone, "1", "SMoutage00000000000000000000000003") // that place
		if status != http.StatusOK || !strings.Contains(answer, w.sentence("en", "sms.urgent")) {
			w.t.Fatalf("answered %d %q", status, answer)
		}
		w.getsNothing("desk")
		child.texts("2").texts("3")
		child.code(8)
		w.gets("banan1-chair")
	})
}

// TestAnOfficersAnswerWaitsToo: an officer takes a referral while the database is away, and its clock runs out meanwhile. He has it, nobody else
// is asked, and he learns so.
func TestAnOfficersAnswerWaitsToo(t *testing.T) {
	outages(t, func(w *world, o *outage) {
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		code := digitsIn(w.t, w.gets("banan1-chair"), 6)
		w.forward(2*time.Hour + 59*time.Minute)
		o.goes()
		_, answer := w.textsWhileDown(w.officer["banan1-chair"], "1", "SMoutage00000000000000000000000004")
		tellsBoth(w.t, answer)
		w.clock.set(w.clock.Now().Add(30 * time.Minute))
		o.comes()
		w.gets("banan1-chair", code)
		w.stands(code, "accepted", "banan1-chair")
		w.getsNothing("banan-office")
	})
}

// TestKilledBeforeTheFileWent: what was replayed and, by a kill, is still in the spool, is replayed again and is there once; also where the provider
// gives turns no id.
func TestKilledBeforeTheFileWent(t *testing.T) {
	outages(t, func(w *world, o *outage) {
		w.naloTurn("s-outage", true, "*1280#")
		for _, key := range toDanger {
			w.naloTurn("s-outage", false, key)
		}
		before := w.counts()
		o.goes()
		if _, body := w.naloTurn("s-outage", false, "1"); !strings.Contains(body, "1280") {
			w.t.Fatalf("answered %q", body)
		}
		w.textsWhileDown(childPhone, "They hit me", "SMoutage00000000000000000000000005")
		files := w.spoolFiles()
		w.waiting(2)
		o.comes()
		w.gets("desk")
		w.gets(childPhone)
		turns := w.counts().Turns
		if turns != before.Turns+2 {
			w.t.Fatalf("%d turns became %d", before.Turns, turns)
		}
		for path, text := range files {
			if err := os.WriteFile(path, text, 0o600); err != nil {
				w.t.Fatal(err)
			}
		}
		w.restart()
		w.waiting(2)
		w.settle()
		w.waiting(0)
		if again := w.counts().Turns; again != turns {
			w.t.Fatalf("%d turns became %d", turns, again)
		}
		w.forward(31 * time.Minute)
		w.gets("desk")
		w.gets("desk")
	})
}

// TestDatabaseAndRedisAway: both are gone, and nothing is lost.
func TestDatabaseAndRedisAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "real")
	o := w.outage("real")
	child := w.caller(childPhone).dials("*1280#").presses(toDanger...)
	o.goes()
	w.redis.Stop()
	child.presses("1")
	tellsBoth(t, child.screen)
	w.waiting(1)
	o.comes()
	w.gets("desk")
	w.waiting(0)
	w.redis.Start()
	w.awaitRedis()
	w.addsUp()
}

// TestDiskFullToo: nothing can be kept. A caller by USSD hears the numbers all the same; an SMS is left with the provider, which is told to come
// again.
func TestDiskFullToo(t *testing.T) {
	outages(t, func(w *world, o *outage) {
		child := w.caller(childPhone).dials("*1280#")
		folder := filepath.Join(w.env["CHUMROK_DATA"], "spool")
		if err := os.RemoveAll(folder); err != nil { // no file can be made in it, as on a full disk
			w.t.Fatal(err)
		}
		o.goes()
		child.presses("1")
		tellsBoth(w.t, child.screen)
		const sid = "SMoutage00000000000000000000000006"
		if status, answer := w.textsWhileDown(parentPhone, "They hit my son", sid); status != http.StatusServiceUnavailable || answer != "" {
			w.t.Fatalf("what is not kept is answered %d %q", status, answer)
		}
		o.comes()
		w.gateway.under.Wait() // whoever looked whether it is back
		if status, answer := w.textsWhileDown(parentPhone, "They hit my son", sid); status != http.StatusOK || !strings.Contains(answer, w.sentence("en", "sms.where")) {
			w.t.Fatalf("delivered again it is answered %d %q", status, answer)
		}
	})
}

// TestNoPINInTheSpool: an officer's PIN is written nowhere, also when the database is away; a child who holds his phone is heard.
func TestNoPINInTheSpool(t *testing.T) {
	outages(t, func(w *world, o *outage) {
		officer := w.caller(w.officer["banan1-chair"]).dials("*1280#").presses("1")
		o.goes()
		officer.presses("473829")
		tellsBoth(w.t, officer.screen)
		w.waiting(0)
		w.caller(w.officer["banan1-chair"]).dials("*1280#")
		w.waiting(1)
		o.comes()
		w.settle()
		w.waiting(0)
	})
}

// TestDeliveryAndEndWait: what a provider says only once is kept as well: that an alert failed, and that a caller hung up.
func TestDeliveryAndEndWait(t *testing.T) {
	outages(t, func(w *world, o *outage) {
		child := w.caller(childPhone).dials("*1280#").presses(toDanger...)
		child.presses("2", "1", "កន្ទឺ ១ បាត់ដំបង")
		o.goes()
		form := url.Values{"sessionId": {child.session}}
		if status, _ := w.post("/hooks/africastalking/"+w.gateway.config.AfricasTalking.Token+"/ussd/ended", form, nil); status != http.StatusOK {
			w.t.Fatalf("the notice is answered %d", status)
		}
		report := url.Values{"id": {"ATXid_unknown"}, "status": {"Failed"}}
		if status, _ := w.post("/hooks/africastalking/"+w.gateway.config.AfricasTalking.Token+"/delivery", report, nil); status != http.StatusOK {
			w.t.Fatalf("the report is answered %d", status)
		}
		w.waiting(2)
		o.comes()
		w.gets("desk")
		w.waiting(0)
		if early, found, err := w.gateway.store.Early(w.t.Context(), "africastalking", "ATXid_unknown"); err != nil || !found || early.State != store.Failed {
			w.t.Fatalf("the report is not kept: %+v %t %v", early, found, err)
		}
	})
}

// TestTheOutageIsSeen: those who watch over the gateway see that the database is away, and what waits.
func TestTheOutageIsSeen(t *testing.T) {
	outages(t, func(w *world, o *outage) {
		ready := func() (int, string) {
			r := httptest.NewRecorder()
			w.gateway.Private().ServeHTTP(r, httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "/readyz", nil))
			return r.Code, r.Body.String()
		}
		o.goes()
		w.textsWhileDown(childPhone, "They hit me", "SMoutage00000000000000000000000007")
		status, text := ready()
		if !strings.Contains(text, "spool") || !o.answered && status != http.StatusServiceUnavailable {
			w.t.Errorf("readyz: %d %q", status, text)
		}
		if n := w.metric("chumrok_spool_waiting"); n != "1" {
			w.t.Errorf("%s wait, says the metric", n)
		}
		if !o.answered {
			code, out := w.runs("health")
			if code == exitDone || !strings.Contains(out, "1 messages wait in the spool") {
				w.t.Errorf("health: %d %q", code, out)
			}
		}
		o.comes()
		w.gets(childPhone)
		if status, text := ready(); status != http.StatusOK || text != "ready\n" {
			w.t.Errorf("readyz: %d %q", status, text)
		}
		for name, want := range map[string]string{"chumrok_spooled_total": "1", "chumrok_replayed_total": "1", "chumrok_spool_waiting": "0", "chumrok_spool_broken": "0"} {
			if n := w.metric(name); n != want {
				w.t.Errorf("%s is %s, expected %s", name, n, want)
			}
		}
		if code, out := w.runs("health"); code != exitDone {
			w.t.Errorf("health: %d %q", code, out)
		}
	})
}

// TestToldApart: where the response to the provider carries no answer, the caller is told by a message of its own that we are down, once, and is
// answered when the database is back.
func TestToldApart(t *testing.T) {
	outages(t, func(w *world, o *outage) {
		texts := func(id, text string) {
			form := url.Values{"id": {id}, "from": {childPhone}, "to": {"1280"}, "text": {text}, "date": {"2026-11-24 02:00:00"}}
			if status, _ := w.post("/hooks/africastalking/"+w.gateway.config.AfricasTalking.Token+"/sms", form, nil); status != http.StatusOK {
				w.t.Fatalf("answered %d", status)
			}
		}
		o.goes()
		texts("at-1", "They hit me")
		texts("at-2", "please help")
		w.waiting(2, "They hit me", "please help", childPhone)
		w.gateway.under.Wait()
		if inbox := w.inbox(childPhone); len(inbox) != 1 {
			w.t.Fatalf("she was written to %d times", len(inbox))
		}
		tellsBoth(w.t, w.inbox(childPhone)[0])
		w.read[childPhone] = 1
		o.comes()
		w.settle()
		answered := w.inbox(childPhone)[1:] // the last one is; a SQLite that was locked also sends what it took when it went
		if len(answered) == 0 || len(answered) > 2 || o.fresh && len(answered) != 1 {
			w.t.Fatalf("two messages are answered %d times", len(answered))
		}
		w.read[childPhone] += len(answered)
		w.forward(31 * time.Minute)
		w.gets("desk")
	})
}

// TestOurOwnFaultLosesNothing: a message on which the gateway breaks waits, its caller hears the numbers, and the others are answered; mended,
// it is there. What stays broken is set aside and seen.
func TestOurOwnFaultLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	flows := w.gateway.flows
	w.gateway.flows = nil
	status, answer := w.textsWhileDown(childPhone, "They hit me", "SMoutage00000000000000000000000008")
	if status != http.StatusOK {
		t.Fatalf("answered %d", status)
	}
	tellsBoth(t, answer)
	w.gateway.flows = flows
	w.gets(childPhone, w.sentence("en", "sms.where"))
	w.waiting(0)

	if err := w.gateway.spool.Put("nobody", "", []byte("of another release")); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if w.settle(); w.gateway.spool.Broken() > 0 {
			break
		}
	}
	w.waiting(0)
	if n := w.metric("chumrok_spool_broken"); n != "1" {
		t.Errorf("%s are broken, says the metric", n)
	}
	if code, out := w.runs("health"); code == exitDone || !strings.Contains(out, "1 messages of the spool") {
		t.Errorf("health: %d %q", code, out)
	}
	w.restart() // it is tried again then
	w.waiting(1)
	w.addsUp()
}
