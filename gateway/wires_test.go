package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/internal/store"
)

// operatorCaller is a phone whose operator gives turns no id, in Nalo's shape.
type operatorCaller struct {
	w       *world
	session string
	screen  string
	ended   bool
}

// says sends one turn and returns the screen.
func (c *operatorCaller) says(first bool, input string) string {
	c.w.t.Helper()
	status, body := c.w.naloTurn(c.session, first, input)
	if status != http.StatusOK {
		c.w.t.Fatalf("the operator's hook answered %d: %s", status, body)
	}
	var answer struct {
		MSG     string
		MSGTYPE bool
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		c.w.t.Fatalf("the operator's hook did not answer in JSON: %s", body)
	}
	c.screen, c.ended = answer.MSG, !answer.MSGTYPE
	return c.screen
}

func (w *world) naloTurn(session string, first bool, input string) (int, string) {
	return w.send("/hooks/ussd/nalo/"+w.ussdToken(), map[string]any{"USERID": "u", "MSISDN": strings.TrimPrefix(parentPhone, "+"),
		"USERDATA": input, "MSGTYPE": first, "NETWORK": "n", "SESSIONID": session}, nil)
}

func (w *world) ussdToken() string {
	w.t.Helper()
	token, err := os.ReadFile(filepath.Join(w.env["CHUMROK_DATA"], "ussd.token"))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(token)
}

// send posts JSON.
func (w *world) send(path string, said any, header http.Header) (int, string) {
	body, err := json.Marshal(said)
	if err != nil {
		w.t.Error(err)
	}
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.public.URL+path, strings.NewReader(string(body)))
	if err != nil {
		w.t.Error(err)
		return 0, ""
	}
	if header != nil {
		request.Header = header
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := w.public.Client().Do(request)
	if err != nil {
		w.t.Error(err)
		return 0, ""
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Error(err)
	}
	return response.StatusCode, string(answer)
}

// TestWholeReportThroughAnOperator: a shape without a turn id carries a whole report, with the same digit on one screen
// after the other.
func TestWholeReportThroughAnOperator(t *testing.T) {
	stories(t, func(w *world) {
		turns := int64(0)
		c := &operatorCaller{w: w, session: "s-1"}
		for i, key := range []string{"*1280#", "2", "1", "1", "2", "1", "1", "2", "1", "1", "9", "07", "02", "9", "9", "15", "2", "1", "2", "2", "1", "5", "She cries at night", "1", "1", "1", "1"} {
			if c.ended {
				break
			}
			c.says(i == 0, key)
			turns++
			if got := w.counts().Turns; got != turns {
				t.Fatalf("%d turns after %d keys", got, turns)
			}
		}
		if !c.ended {
			t.Fatalf("the conversation goes on:\n%s", c.screen)
		}
		w.gets("meas-chair", w.sentence("en", "risk.medium"))
	})
}

// TestATurnWithoutIDIsTakenOnce: what is delivered while the first is unanswered is the same turn.
func TestATurnWithoutIDIsTakenOnce(t *testing.T) {
	stories(t, func(w *world) {
		turn := func(first bool, input string) adapters.Message {
			return adapters.Message{Provider: "ussd/nalo", Channel: adapters.USSD, Session: "s-1", New: first, From: w.number(parentPhone),
				To: "*1280#", Text: input, Dialled: true}
		}
		taken := func(m adapters.Message) string {
			answer, err := w.gateway.Receive(w.t.Context(), m)
			if err != nil {
				w.t.Fatal(err)
			}
			return answer.Text
		}
		first := taken(turn(true, "*1280#"))
		if again := taken(turn(true, "*1280#")); again != first || w.counts().Turns != 1 {
			t.Errorf("the beginning delivered again is answered %q, %d turns", again, w.counts().Turns)
		}
		// Two processes that step the same turn before either has written it.
		w.twoProcesses(turn(false, "2"))
		screen := taken(turn(false, "1")) // English, then a key
		if next := taken(turn(false, "1")); next == screen {
			t.Error("the same key on the next screen was taken for a repeat")
		}
		if got := w.counts().Turns; got != 4 {
			t.Errorf("%d turns, want 4", got)
		}
		// The operator gives the id to the next caller, or the phone redials: nothing of the last call shows.
		if anew := taken(turn(true, "*1280#")); anew != first {
			t.Errorf("a session that begins anew shows %q", anew)
		}
		if got := w.counts(); got.Turns != 5 || got.Received != 2 {
			t.Errorf("%d turns in %d conversations, want 5 in 2", got.Turns, got.Received)
		}
		// Redis behind by a turn must not make a repeat of a new key.
		kept := w.redisContent()
		before := taken(turn(false, "2"))
		w.setRedis(kept)
		if after := taken(turn(false, "1")); after == before {
			t.Error("a key after Redis fell behind was answered with the screen before")
		}
	})
}

// TestTheSameRequestAtOnce: seven repeats come while the first is being taken; all get its answer, and it is one turn.
func TestTheSameRequestAtOnce(t *testing.T) {
	stories(t, func(w *world) {
		c := &operatorCaller{w: w, session: "s-1"}
		c.says(true, "*1280#")
		key := "ussd/nalo|s-1|false|" + w.gateway.store.PhoneIndex(w.number(parentPhone)) + "|2"
		gate, now := make(chan struct{}), w.gateway.now
		w.gateway.now = func() time.Time {
			<-gate
			return now()
		}
		bodies := make([]string, 8)
		var all sync.WaitGroup
		for i := range bodies {
			all.Go(func() { _, bodies[i] = w.naloTurn("s-1", false, "2") })
		}
		late := time.Now().Add(time.Minute)
		for !w.gateway.taking.waits(key, len(bodies)-1) && time.Now().Before(late) {
			runtime.Gosched()
		}
		if !w.gateway.taking.waits(key, len(bodies)-1) {
			t.Error("within a minute the same requests did not come to wait for one turn")
		}
		close(gate)
		all.Wait()
		w.gateway.now = now
		for _, body := range bodies {
			if body != bodies[0] || !strings.Contains(body, "English") && !strings.Contains(body, "1") {
				t.Errorf("answered %s, and %s", bodies[0], body)
			}
		}
		if got := w.counts().Turns; got != 2 {
			t.Errorf("%d turns, want 2", got)
		}
		if got := w.metric(`chumrok_turns_total{channel="ussd",provider="ussd/nalo",result="repeat"}`); got != "7" {
			t.Errorf("%s repeats, want 7", got)
		}
	})
}

// waits says whether that many wait for a turn that is being taken.
func (u *unanswered) waits(key string, many int) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	p := u.open[key]
	return p != nil && p.waiting == many
}

// twoProcesses writes one turn that was stepped twice: one is fresh, the other gets its answer.
func (w *world) twoProcesses(m adapters.Message) {
	w.t.Helper()
	var answers []string
	var kinds []store.OutcomeKind
	now := w.clock.Now()
	var stepped []turn
	for range 2 {
		t, err := w.gateway.turn(w.t.Context(), m, now, true)
		if err != nil {
			w.t.Fatal(err)
		}
		t.entry.RepeatKey, t.entry.At = w.gateway.repeatKey(m, t), now
		stepped = append(stepped, t)
	}
	for _, t := range stepped {
		outcome, err := w.gateway.store.Record(w.t.Context(), t.entry)
		if err != nil {
			w.t.Fatal(err)
		}
		answers, kinds = append(answers, string(outcome.Answer)), append(kinds, outcome.Kind)
	}
	if kinds[0] != store.Fresh || kinds[1] != store.Repeat || answers[0] != answers[1] {
		w.t.Errorf("%v, answered %q", kinds, answers)
	}
}

// TestHungUpThroughAnOperator: the operator's notice brings what was told to a person.
func TestHungUpThroughAnOperator(t *testing.T) {
	stories(t, func(w *world) {
		path := "/hooks/ussd/hubtel/" + w.ussdToken()
		turn := func(kind, message string) string {
			status, body := w.send(path, map[string]any{"SessionId": "s-9", "Mobile": strings.TrimPrefix(childPhone, "+"), "ServiceCode": "1280",
				"Type": kind, "Message": message, "Operator": "o"}, nil)
			if status != http.StatusOK {
				t.Fatalf("%d: %s", status, body)
			}
			return body
		}
		turn("Initiation", "*1280#")
		for _, key := range append(append([]string{}, toDanger...), "1") { // in danger now
			turn("Response", key)
		}
		turn("Timeout", "")
		w.forward(time.Minute)
		w.gets("desk")
		if status, _ := w.send("/hooks/ussd/hubtel/a-wrong-token-of-some-length", map[string]any{"SessionId": "x"}, nil); status != http.StatusForbidden {
			t.Errorf("a wrong token: %d", status)
		}
	})
}

// TestChildByAnAndroidPhone: a child's SMS comes through a phone's signed webhook, and again two days later.
func TestChildByAnAndroidPhone(t *testing.T) {
	stories(t, func(w *world) {
		hook := func(id, text string) int {
			status, _ := w.android("sms:received", id, map[string]any{"messageId": "1", "message": text, "sender": "0" + strings.TrimPrefix(childPhone, "+855"),
				"recipient": "1280", "receivedAt": "2026-11-24T09:00:00.000+07:00"})
			w.settle()
			return status
		}
		for range 3 {
			if status := hook("e-1", "They hit me"); status != http.StatusOK {
				t.Fatalf("the hook answered %d", status)
			}
		}
		w.gets(childPhone, w.sentence("en", "sms.where"))
		if got := w.counts().Turns; got != 1 {
			t.Errorf("%d turns of one message", got)
		}
		if status, _ := w.android("system:ping", "e-2", map[string]any{"health": "pass"}); status != http.StatusOK {
			t.Errorf("a ping: %d", status)
		}
		if got := w.metric(`chumrok_ignored_total{provider="androidsms",what="system:ping"}`); got != "1" {
			t.Errorf("%q events were noted as left aside", got)
		}
	})
}

// android posts an event as the phone's app signs it.
func (w *world) android(event, id string, payload map[string]any) (int, string) {
	w.t.Helper()
	said := map[string]any{"deviceId": "d", "event": event, "id": id, "webhookId": "w", "payload": payload}
	body, err := json.Marshal(said)
	if err != nil {
		w.t.Fatal(err)
	}
	stamp, signature := androidSignature(w.gateway.config.AndroidSMS.SigningKey, string(body), w.clock.Now())
	return w.send("/hooks/androidsms", said, http.Header{"X-Timestamp": {stamp}, "X-Signature": {signature}})
}

// androidSignature is how the phone's app signs a body: HMAC-SHA256 over it and the time stamp behind it.
func androidSignature(key, body string, at time.Time) (stamp, signature string) {
	stamp = strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprint(mac, body, stamp)
	return stamp, hex.EncodeToString(mac.Sum(nil))
}
