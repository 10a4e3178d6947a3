package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"chumrok/internal/audit"
	"chumrok/internal/store"
)

// keeper is the phone of somebody outside who keeps the checkpoints.
const keeper = "+85512000990"

// givesCheckpoints has the story's pack give the record's checkpoint away, and starts the gateway anew.
func (w *world) givesCheckpoints(to string) {
	w.t.Helper()
	file := filepath.Join(w.env["CHUMROK_PACK"], "pack.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(file, append(text, "\ncheckpoint: "+to+"\n"...), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.restart()
	w.officer["keeper"] = keeper
	if err := w.gateway.planCheckpoint(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// sql changes the database as somebody who holds it can.
func (w *world) sql(statements ...string) {
	w.t.Helper()
	db := w.database()
	defer db.Close()
	for _, text := range statements {
		if _, err := db.ExecContext(w.t.Context(), text); err != nil {
			w.t.Fatalf("%s: %v", text, err)
		}
	}
}

// entries is how many the record has.
func (w *world) entries() int64 {
	w.t.Helper()
	head, err := w.gateway.store.VerifyAudit(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return head.Seq
}

// TestCheckpointBySMS: once a day, the first at once, a line goes to a phone outside; with it the record is proved later, by whoever holds it.
func TestCheckpointBySMS(t *testing.T) {
	stories(t, func(w *world) {
		_, code := w.tellsBySMS(childPhone)
		w.replies("banan1-chair", "1 "+code)
		w.givesCheckpoints(`{to: "` + keeper + `"}`)
		first := w.gets("keeper")
		if words := strings.Fields(first); len(words) != 3 || len(first) > 160 || words[0] != w.gateway.recordKey.signer.Name() || words[1] != fmt.Sprint(w.entries()-1) {
			t.Fatalf("the message is %q", first)
		}
		if n := w.onRecord(gatewayItself, actCheckpoint, "over "+strings.Fields(first)[1]); n != 1 {
			t.Errorf("it is on record %d times", n)
		}
		w.replies("banan1-chair", "3 "+code)
		w.forward(24 * time.Hour)
		second := w.gets("keeper")
		if err := w.gateway.planCheckpoint(t.Context()); err != nil { // as when it starts again
			t.Fatal(err)
		}
		w.forward(23 * time.Hour)
		for _, sms := range []string{first, second, first[:30] + "\n" + first[30:]} {
			if out := w.done("audit", "verify", "--checkpoint", sms); !strings.Contains(out, "the record holds") || !strings.Contains(out, "includes and continues") {
				t.Errorf("it prints %q", out)
			}
		}
		w.replies("banan1-chair", "4 "+code+" 1")

		// An entry of before is changed, and everything that the database keeps is made to fit it.
		w.sql(`UPDATE audit SET who = 'banan1-focal' WHERE what = 'accept'`)
		w.notHeld("its content is not what was written", "audit", "verify")
		w.remakesRecord()
		w.done("audit", "verify")
		w.done("ledger", "--check")
		w.notHeld("entry 1: it, or one up to entry "+strings.Fields(first)[1], "audit", "verify", "--checkpoint", second)
		w.notHeld("entry 1: it, or one up to", "audit", "verify", "--checkpoint", first)

		// A record that was changed is not signed: none arrives, and an alarm rises.
		w.forward(25 * time.Hour)
		w.getsNothing("keeper")
		if !strings.Contains(w.logs.String(), "ALARM: the record of who did what was changed") {
			t.Error("no alarm rose")
		}
	})
}

// notHeld runs a check that must end with 1 and say this.
func (w *world) notHeld(says string, args ...string) {
	w.t.Helper()
	code, out, complaints := w.operates(args...)
	if code != exitFault || !strings.Contains(out+complaints, says) || !strings.Contains(out+complaints, "entry ") {
		w.t.Errorf("%v: exit %d: %q %q; want 1 and %q", args, code, out, complaints, says)
	}
}

// remakesRecord makes tree and head anew from the rows, as somebody with the whole database can who knows this product.
func (w *world) remakesRecord() {
	w.t.Helper()
	list, err := w.gateway.store.Audit(w.t.Context(), 0, 10_000)
	if err != nil {
		w.t.Fatal(err)
	}
	db := w.database()
	defer db.Close()
	exec := func(text string, args ...any) {
		w.t.Helper()
		if _, err := db.ExecContext(w.t.Context(), text, args...); err != nil {
			w.t.Fatal(err)
		}
	}
	var tree audit.Tree
	for _, e := range list {
		first := tree.Stored()
		for i, h := range tree.Add(e.Leaf()) {
			exec(`UPDATE audit_hashes SET hash = $1 WHERE id = $2`, h[:], first+int64(i))
		}
	}
	root := tree.Head().Hash
	exec(`UPDATE audit_head SET hash = $1`, root[:])
}

// TestCheckpointToAWebAddress: a signed note goes by POST, again until it was taken; a redirect is followed nowhere.
func TestCheckpointToAWebAddress(t *testing.T) {
	stories(t, func(w *world) {
		var mu sync.Mutex
		var got []string
		answers := []int{http.StatusInternalServerError, http.StatusFound, http.StatusOK}
		elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
		defer elsewhere.Close()
		outside := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			body, err := io.ReadAll(r.Body)
			if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
				t.Errorf("%s %s, %v", r.Method, r.Header, err)
			}
			got = append(got, string(body))
			rw.Header().Set("Location", elsewhere.URL)
			rw.WriteHeader(answers[min(len(got)-1, len(answers)-1)])
		}))
		defer outside.Close()
		w.givesCheckpoints("{url: " + outside.URL + "/checkpoints?token=hidden-word}")
		w.forward(5 * time.Minute)
		mu.Lock()
		list := strings.Join(got, "\x00")
		last := got[len(got)-1]
		mu.Unlock()
		if n := strings.Count(list, "\x00"); n != 2 {
			t.Fatalf("it was sent %d times, want 3", n+1)
		}
		c, signed, err := audit.ParseCheckpoint(last, w.gateway.recordKey.verifier)
		if err != nil || !signed || c.Origin != w.gateway.recordKey.signer.Name() || c.Seq != w.entries()-1 {
			t.Errorf("%+v, signed %t, %v", c, signed, err)
		}
		if logs := w.logs.String(); strings.Contains(logs, "hidden-word") || !strings.Contains(logs, "answered with status 500") {
			t.Error("the log shows the address, or not the failure")
		}
		file := filepath.Join(t.TempDir(), "checkpoint")
		if err := os.WriteFile(file, []byte(last), 0o600); err != nil {
			t.Fatal(err)
		}
		w.done("audit", "verify", "--checkpoint", file)
		w.refused("signed by", "audit", "verify", "--checkpoint", strings.Replace(last, fmt.Sprintf("\n%d\n", c.Seq), fmt.Sprintf("\n%d\n", c.Seq+1), 1))
		w.refused("neither a file nor a checkpoint", "audit", "verify", "--checkpoint", "no/such/file")
		w.forward(24 * time.Hour)
		mu.Lock()
		defer mu.Unlock()
		if len(got) != 4 {
			t.Errorf("a day later it was sent %d times in all, want 4", len(got))
		}
	})
}

// TestCheckpointIsGivenOnce: however many gateways there are, and however often each of them starts.
func TestCheckpointIsGivenOnce(t *testing.T) {
	stories(t, func(w *world) {
		w.givesCheckpoints(`{to: "` + keeper + `"}`)
		other := &world{t: t, env: environment{}, clock: w.clock, logs: w.logs, officer: map[string]string{}}
		for name, value := range w.env {
			other.env[name] = value
		}
		other.env["CHUMROK_DATA"], other.env["CHUMROK_KEYS"] = t.TempDir(), w.gateway.config.Keys
		if other.env["CHUMROK_DATABASE_URL"] == "" {
			other.env["CHUMROK_DATABASE_URL"] = w.gateway.config.DatabaseURL
		}
		other.open()
		defer other.gateway.Close()
		other.gateway.phones = w.gateway.phones
		other.gateway.channels = w.gateway.channels
		for range 3 {
			if err := errors.Join(w.gateway.planCheckpoint(t.Context()), other.gateway.planCheckpoint(t.Context())); err != nil {
				t.Fatal(err)
			}
			var both sync.WaitGroup
			both.Go(w.settle)
			both.Go(other.settle)
			both.Wait()
		}
		w.gets("keeper")
		w.getsNothing("keeper")
		if kept, err := w.gateway.store.Checkpoints(t.Context()); err != nil || len(kept) != 1 {
			t.Errorf("%d checkpoints are kept, %v", len(kept), err)
		}
	})
}

// TestAuditCommands: what is listed, and what is signed for somebody to keep.
func TestAuditCommands(t *testing.T) {
	stories(t, func(w *world) {
		w.done("emergency", "on", "--area", "02", "--until", "2026-11-30", "--reason", "water")
		w.later(24 * time.Hour)
		w.done("emergency", "off")
		list := func(args ...string) string { return w.done(append([]string{"audit", "list"}, args...)...) }
		if out := list("--who", operator); strings.Count(out, "\n") != 2 || !strings.Contains(out, "command          emergency on  02 ") {
			t.Errorf("the list is:\n%s", out)
		}
		if out := list("--what", "emergency", "--since", "2026-11-25"); strings.Count(out, "\n") != 1 || !strings.Contains(out, "emergency off") {
			t.Errorf("the list is:\n%s", out)
		}
		if out := list("--json", "--what", "emergency on"); !strings.Contains(out, `"who": "command"`) || !strings.Contains(out, `"seq": 3`) {
			t.Errorf("the list is:\n%s", out)
		}
		w.refused("is no day", "audit", "list", "--since", "yesterday")
		w.refused("names nobody", "audit", "checkpoint", "--send")
		key := strings.TrimSpace(w.done("audit", "key"))
		verifier, err := note.NewVerifier(key)
		if err != nil {
			t.Fatal(err)
		}
		signed := w.done("audit", "checkpoint")
		if c, _, err := audit.ParseCheckpoint(signed, verifier); err != nil || c.Seq != w.entries() {
			t.Errorf("%q: %+v, %v", signed, c, err)
		}
		w.done("audit", "verify", "--checkpoint", w.done("audit", "checkpoint", "--short"))

		// The key is lost and made anew: what the old one signed is proved with the old verifying key.
		if err := os.Rename(recordKeyPath(w.gateway.config), filepath.Join(t.TempDir(), "old")); err != nil {
			t.Fatal(err)
		}
		w.refused("make it with 'audit key'", "audit", "checkpoint")
		w.refused("signed by", "audit", "verify", "--checkpoint", signed)
		w.done("audit", "verify", "--checkpoint", signed, "--key", key)
		w.refused("is no verifying key", "audit", "verify", "--checkpoint", signed, "--key", "x")
		if again := strings.TrimSpace(w.done("audit", "key")); again == key {
			t.Error("another key is the same key")
		}
		w.sql(`UPDATE audit SET who = 'nobody' WHERE what = 'emergency on'`)
		w.notHeld("entry 3", "audit", "verify")
		w.notHeld("entry 3", "audit", "checkpoint")
		w.notHeld("entry 3", "ledger", "--check")
		w.sql(`UPDATE audit SET who = 'command' WHERE what = 'emergency on'`)
	})
}

func TestCheckpointIsSentWhenItIsAskedFor(t *testing.T) {
	stories(t, func(w *world) {
		w.givesCheckpoints(`{to: "` + keeper + `"}`)
		w.gets("keeper")
		w.later(time.Hour)
		w.done("audit", "checkpoint", "--send")
		w.gets("keeper")
		w.forward(22 * time.Hour)
		w.getsNothing("keeper")
	})
}

// TestProductionNeedsTheRecordsKey where checkpoints are to be given away, and sends them over https only.
func TestProductionNeedsTheRecordsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	g := w.gateway
	g.config.Mode = Production
	g.config.Keys = filepath.Join(t.TempDir(), "keys")
	if err := g.openRecord(t.Context()); err != nil {
		t.Errorf("without a key, and nobody to give a checkpoint to: %v", err)
	}
	if err := g.planCheckpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.pack.Checkpoint.URL = "http://records.example.org/x"
	if err := g.openRecord(t.Context()); err == nil || !strings.Contains(err.Error(), "make it with 'audit key'") {
		t.Errorf("without a key: %v", err)
	}
	if _, _, err := makeRecordKey(recordKeyPath(g.config), g.random); err != nil {
		t.Fatal(err)
	}
	if err := g.openRecord(t.Context()); err == nil || !strings.Contains(err.Error(), "https://") {
		t.Errorf("over plain http: %v", err)
	}
	g.pack.Checkpoint.URL = "https://records.example.org/x"
	if err := g.openRecord(t.Context()); err != nil {
		t.Errorf("with everything: %v", err)
	}
	g.pack.Checkpoint.URL = ""
	if err := g.checkpoint(t.Context(), store.Due{Kind: store.DueCheckpoint, Subject: theRecord}); err != nil {
		t.Errorf("work that is left from before it was turned off: %v", err)
	}
}
