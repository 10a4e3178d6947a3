package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chumrok/internal/servertest"
)

// TestStartedAndKilledWhileTheDatabaseIsAway starts the real binary without its database, tells it a story, and kills it. Callers hear whom they
// can call; started again when the database is back, the gateway has the story, once, and the report goes on from there.
func TestStartedAndKilledWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	network := newCarrier(t)
	database := servertest.Postgres(t)
	address, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	line := newWire(t, address.Host)
	line.setCut(true)
	env := environment{
		"CHUMROK_DATABASE_URL": line.over(t, database), "CHUMROK_REDIS_URL": servertest.Redis(t).URL(),
		"CHUMROK_DATA": t.TempDir(), "CHUMROK_PACK": storyPack(t), "CHUMROK_LISTEN": "127.0.0.1:0", "CHUMROK_DESK_LISTEN": "127.0.0.1:0",
		"CHUMROK_PUBLIC_URL": crashAddress, "CHUMROK_TWILIO_ACCOUNT_SID": trialAccount, "CHUMROK_TWILIO_AUTH_TOKEN": crashToken,
		"CHUMROK_TWILIO_FROM": "+85512000999", "CHUMROK_TWILIO_API_URL": network.server.URL,
	}
	const story = "គេវាយខ្ញុំរាល់យប់"
	p := startProcess(t, env)
	if answer := p.says("SMaway0", childPhone, story); strings.Count(answer, "1280") != 2 {
		t.Fatalf("answered %q", answer)
	}
	p.kill()
	paths, err := filepath.Glob(filepath.Join(env["CHUMROK_DATA"], "spool", "0*"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("%d messages in the spool, %v", len(paths), err)
	}
	if text, err := os.ReadFile(paths[0]); err != nil || strings.Contains(string(text), story) || strings.Contains(string(text), childPhone[1:]) {
		t.Fatalf("the spool shows what was said, or by whom: %v", err)
	}

	p = startProcess(t, env) // the database is still away: it waits, and answers
	p.says("SMaway1", parentPhone, "They hit my son")
	line.setCut(false)
	turns := func() (n int) {
		var out, complaints strings.Builder
		if code := run(t.Context(), []string{"ledger", "--json"}, streams{in: strings.NewReader(""), out: &out, err: &complaints}, pairs(env)); code != exitDone {
			return 0
		}
		var counts struct{ Turns int }
		if err := json.Unmarshal([]byte(out.String()), &counts); err != nil {
			t.Fatal(err)
		}
		return counts.Turns
	}
	awaited(t, "both messages are in the ledger", func() bool { return turns() == 2 })
	for i, text := range []string{"កន្ទឺ ១ បាត់ដំបង", "1", "2", "3"} {
		p.texts(fmt.Sprintf("SMthen%d", i), childPhone, text)
	}
	for to := ""; to != "+85512000101"; to = within(t, "the alert is sent", network.taken) { // after the two late answers
	}
	p.kill()
	if left, err := filepath.Glob(filepath.Join(env["CHUMROK_DATA"], "spool", "0*")); err != nil || len(left) != 0 {
		t.Fatalf("%d messages are still in the spool, %v", len(left), err)
	}
	if n := turns(); n != 6 {
		t.Fatalf("%d turns; expected 6", n)
	}
	ledgerAddsUp(t, env)
}

func pairs(env environment) []string {
	var environ []string
	for name, value := range env {
		environ = append(environ, name+"="+value)
	}
	return environ
}

// awaited waits for something as long as promise 2 allows.
func awaited(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), silentAtMost)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("not within %s: %s", silentAtMost, what)
		case <-tick.C:
		}
	}
}

// says sends an SMS through the hook of the real process and returns the response.
func (p *process) says(sid, from, text string) string {
	p.t.Helper()
	form := url.Values{"MessageSid": {sid}, "AccountSid": {trialAccount}, "From": {from}, "To": {"+1280"}, "Body": {text}, "NumMedia": {"0"}}
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.public+"/hooks/twilio/sms", strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("X-Twilio-Signature", twilioSignature(crashToken, crashAddress+"/hooks/twilio/sms", form))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		p.t.Fatalf("answered %d: %s, %v", response.StatusCode, body, err)
	}
	return string(body)
}
