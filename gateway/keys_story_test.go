package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/internal/seal"
	"chumrok/internal/store"
)

// TestRecoveryFromEscrow: the whole folder of the keys is lost and the database kept; with the escrow files and the recovery holder's key
// everything can be read again, and the child's call goes on where it was.
func TestRecoveryFromEscrow(t *testing.T) {
	stories(t, func(w *world) {
		child := w.tellsTheChair(childPhone)
		w.nextMonth()
		other := w.tellsByUSSD(spare(1)) // under the key of the next month
		safe := t.TempDir()
		data := w.env["CHUMROK_DATA"]
		for _, folder := range []string{"escrow", holdersFolder} {
			if err := os.CopyFS(filepath.Join(safe, folder), os.DirFS(filepath.Join(data, folder))); err != nil {
				t.Fatal(err)
			}
		}
		keysFile := w.gateway.config.Keys
		w.settle()
		w.gateway.Close()
		for _, lost := range []string{keysFile, filepath.Join(data, "epochs"), filepath.Join(data, "escrow")} {
			if err := os.RemoveAll(lost); err != nil {
				t.Fatal(err)
			}
		}

		// Started without them, a gateway refuses, and leaves no keys behind that would stand in the way.
		config, err := readConfig(w.env)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), config, slog.New(slog.DiscardHandler), w.clock.Now); err == nil || !strings.Contains(err.Error(), "keys recover") {
			t.Fatalf("without keys: %v", err)
		}
		if _, err := os.Lstat(keysFile); err == nil {
			t.Fatal("keys were made for a database that has others")
		}

		holders := filepath.Join(safe, holdersFolder)
		if code, out, _ := w.operates("keys", "recover", "--escrow", filepath.Join(safe, "escrow"), "--key", filepath.Join(holders, "case.key")); code != exitFault {
			t.Fatalf("the case holder recovers: %s", out)
		}
		out := w.done("keys", "recover", "--escrow", filepath.Join(safe, "escrow"), "--key", filepath.Join(holders, "recovery.key"))
		if strings.Count(out, "put back") != 2 {
			t.Fatalf("put back: %s", out)
		}
		w.read = map[string]int{}
		w.open()
		for _, told := range []toldBy{child, other} {
			r, found, err := w.gateway.store.ReportByCode(t.Context(), told.code)
			if err != nil || !found || !strings.Contains(r.More, secret) {
				t.Errorf("a report: found %t, %v", found, err)
			}
			if _, err := w.gateway.store.Turns(t.Context(), told.conversation); err != nil {
				t.Error(err)
			}
		}
		if !w.gateway.keys.HasHolders() || w.gateway.keys.Fingerprint(seal.CaseHolder) == "" {
			t.Error("the holders did not come back")
		}
	})
}

// TestNothingToldCanBeReadAtRest: a number, a story and an answer in the middle of a call, in the report, in what an officer read of it, in the
// phone that gets lessons and in an officer's new one: none stands readable in a file or table of SQL or in Redis, nor in the copies for holders.
func TestNothingToldCanBeReadAtRest(t *testing.T) {
	stories(t, func(w *world) {
		child := w.tellsTheChair(childPhone)
		w.replies("banan1-chair", "1")
		w.onDuty("banan1-chair", w.pin("banan1-chair")).opens(child.referral).presses("1")
		number := w.number(spare(3))
		if _, err := w.gateway.store.StartLessons(t.Context(), w.clock.Now(), "caller", store.Lessons{ID: store.NewID(), Audience: "child",
			Language: "en", Hours: "any", Number: number, Next: 1, NextAt: w.clock.Now().Add(24 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
		w.done("officer", "phone", "banan1-focal", "012 000 177")
		open := w.caller(parentPhone).dials("*1280#").presses(toDanger...) // a call that is not over: Redis has it
		open.presses("2", "1", "កន្ទឺ ១ បាត់ដំបង", "1")
		w.caller(spare(4)).texts("He hits me " + secret)
		w.settle()

		db := w.database()
		defer db.Close()
		if sessions, err := w.gateway.client.Keys(t.Context(), "chumrok:session:*").Result(); err != nil || len(sessions) < 2 {
			t.Fatalf("Redis has %d sessions, %v: this looks at the wrong thing", len(sessions), err)
		}
		if copies := w.values(db, `SELECT sealed FROM archive`); len(copies) < 2 {
			t.Fatalf("%d copies for holders: this looks at the wrong thing", len(copies))
		}
		all := w.atRest(db)
		if !bytes.Contains(all, []byte(child.referral)) {
			t.Fatal("the referral's code is not there: this looks at the wrong bytes")
		}
		for _, told := range []string{secret, "He hits me", "កន្ទឺ ១ បាត់", childPhone, parentPhone, spare(3), spare(4), "+85512000177"} {
			for _, form := range []string{told, strings.TrimPrefix(told, "+"), strings.TrimPrefix(told, "+855"), fmt.Sprintf("%x", told)} {
				if bytes.Contains(all, []byte(form)) {
					t.Errorf("%q can be read", form)
				}
			}
		}
	})
}

// TestTwoGatewaysShareTheMonthsKey: neither makes the month's key while both run; one that is made ahead waits until both have it; and who lacks
// it says so, and goes on answering.
func TestTwoGatewaysShareTheMonthsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "real")
	folder := t.TempDir()
	copyKeys := func() {
		t.Helper()
		from := w.env["CHUMROK_DATA"]
		for _, name := range []string{"keys.json", "epochs"} {
			if err := os.RemoveAll(filepath.Join(folder, name)); err != nil {
				t.Fatal(err)
			}
		}
		text, err := os.ReadFile(filepath.Join(from, "keys.json"))
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, "keys.json"), text, 0o600)
		}
		if err == nil {
			err = os.CopyFS(filepath.Join(folder, "epochs"), os.DirFS(filepath.Join(from, "epochs")))
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range glob(t, filepath.Join(folder, "epochs", "*")) {
			if err := os.Chmod(file, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	copyKeys()
	env := environment{}
	for name, value := range w.env {
		env[name] = value
	}
	env["CHUMROK_DATA"] = folder
	second := func() *Gateway {
		t.Helper()
		config, err := readConfig(env)
		if err != nil {
			t.Fatal(err)
		}
		g, err := Open(context.WithoutCancel(t.Context()), config, slog.New(slog.DiscardHandler), w.clock.Now)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	b := second()
	t.Cleanup(func() { b.Close() })
	both := func(at time.Time) {
		t.Helper()
		for range 2 { // what one makes known, the other one follows
			at = at.Add(lookAtEpochs)
			w.clock.set(at)
			for _, g := range []*Gateway{w.gateway, b} {
				if err := g.keepEpochs(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	readyz := func(g *Gateway) string {
		r := httptest.NewRecorder()
		g.ready(r, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
		return r.Body.String()
	}
	month := func(g *Gateway) string {
		for _, e := range g.keys.Epochs() {
			if e.ID == g.keys.InUse() {
				return e.Month
			}
		}
		return ""
	}
	zone := w.clock.Now().Location()

	both(time.Date(2026, 11, 30, 23, 45, 0, 0, zone))
	both(time.Date(2026, 12, 1, 0, 5, 0, 0, zone))
	for _, g := range []*Gateway{w.gateway, b} {
		if month(g) != "2026-11" || !strings.Contains(readyz(g), "ready, degraded: 2026-12 has no key of its own") {
			t.Errorf("with two gateways and no key of the month: %s, %s", month(g), readyz(g))
		}
	}
	if n := len(w.epochs()); n != 1 {
		t.Errorf("%d keys are registered: rivals", n)
	}
	w.caller(childPhone).texts("They hit me").sees("received")

	out := w.done("keys", "rotate", "--months", "1")
	if !strings.Contains(out, "2026-12 made") || !strings.Contains(out, "2027-01 made") {
		t.Fatal(out)
	}
	both(time.Date(2026, 12, 1, 0, 20, 0, 0, zone))
	if month(w.gateway) != "2026-11" || !strings.Contains(readyz(w.gateway), "copy the file epochs/2026-12") {
		t.Errorf("a key that one gateway lacks: %s, %s", month(w.gateway), readyz(w.gateway))
	}
	copyKeys()
	both(time.Date(2026, 12, 1, 0, 35, 0, 0, zone))
	for _, g := range []*Gateway{w.gateway, b} {
		if month(g) != "2026-12" || readyz(g) != "ready\n" {
			t.Errorf("with the key everywhere: %s, %s", month(g), readyz(g))
		}
	}

	// One that loses it is told what to copy, refuses in production, and as it is goes on answering.
	caller := w.number(spare(2))
	message := func(id, text string) adapters.Message {
		return adapters.Message{Provider: "twilio", ID: id, Channel: adapters.SMS, From: caller, Text: text}
	}
	if _, err := w.gateway.Receive(t.Context(), message("SM1", "They hit me")); err != nil {
		t.Fatal(err)
	}
	b.Close()
	for _, file := range glob(t, filepath.Join(folder, "epochs", "2026-12.*")) {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	b = second()
	if month(b) != "2026-11" || !strings.Contains(readyz(b), "the key of 2026-12 is not here") {
		t.Errorf("without the key: %s, %s", month(b), readyz(b))
	}
	b.config.Mode = Production
	if err := b.beginEpochs(t.Context()); err == nil || !strings.Contains(err.Error(), "copy the file 2026-12.") {
		t.Errorf("production starts without the key in use: %v", err)
	}
	b.config.Mode = Trial
	answer, err := b.Receive(t.Context(), message("SM2", "and my brother"))
	if err != nil || answer.Text == "" {
		t.Errorf("a turn is refused for want of a key: %v", err)
	}
	if gone, err := w.gateway.store.DestroySpentEpochs(t.Context(), w.clock.Now().AddDate(0, 0, 5), zone); err != nil || len(gone) > 0 {
		t.Errorf("destroyed what another gateway wraps with: %v, %v", gone, err)
	}
	if _, some := store.InUse(w.epochs()); !some {
		t.Error("no key is in use")
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v", pattern, err)
	}
	return files
}
