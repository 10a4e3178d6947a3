package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/internal/store"
)

// drills starts a drill, and returns its id and its code.
func (w *world) drills(args ...string) (id, code string) {
	w.t.Helper()
	status, out := w.runs(append([]string{"drill", "start"}, args...)...)
	if status != exitDone {
		w.t.Fatalf("%d %s", status, out)
	}
	list, err := w.gateway.store.Drills(w.t.Context())
	if err != nil || len(list) == 0 {
		w.t.Fatalf("%d drills, %v", len(list), err)
	}
	return list[0].ID, list[0].Code
}

// cameOf is what `drill show --json` prints, by officer.
func (w *world) cameOf(id string) map[string]string {
	w.t.Helper()
	status, out := w.runs("drill", "show", id, "--json")
	var list []callLine
	if err := json.Unmarshal([]byte(out), &list); err != nil || status != exitDone {
		w.t.Fatalf("%d %s", status, out)
	}
	results := map[string]string{}
	for _, one := range list {
		results[one.Officer] = one.Result
	}
	return results
}

// fails tells the gateway that the last message to an officer's phone never arrived.
func (w *world) fails(officer string) {
	w.t.Helper()
	id := w.values(w.database(), `SELECT id FROM messages WHERE officer_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1`, officer)
	if len(id) != 1 {
		w.t.Fatalf("%s was sent nothing", officer)
	}
	d := adapters.Delivery{Provider: "simulator", ID: string(id[0]), State: adapters.Failed, Reason: "the phone is not there"}
	if err := w.gateway.Delivered(w.t.Context(), d); err != nil {
		w.t.Fatal(err)
	}
}

// TestDrill: one answers, one does not, one's phone is dead, and a real alert comes in the middle. A test is never a task and a task never a test.
func TestDrill(t *testing.T) {
	stories(t, func(w *world) {
		before := w.counts()
		id, code := w.drills("--area", "02", "--reason", "a new month")
		w.forward(time.Minute)
		test := w.sentence("km", "alert.drill")[:12]
		for _, officer := range []string{"banan1-chair", "banan1-focal", "banan1-police", "banan-office", "battambang"} {
			if text := w.gets(officer, code); !strings.HasPrefix(text, test) {
				t.Errorf("a test begins with %q", text)
			}
		}
		if answer := w.replies("banan1-focal", "១"); !strings.Contains(answer, code) {
			t.Errorf("the answer to a test is answered with %q", answer)
		}
		w.fails("banan-office")

		w.tellsByWord(childPhone, false)
		task := digitsIn(t, w.gets("banan1-chair"), 6)
		if task == code {
			t.Fatal("a task has the code of the test")
		}
		answer := w.replies("banan1-chair", "1") // which of the two?
		if !strings.Contains(answer, task) || !strings.Contains(answer, code) {
			t.Errorf("a digit that may mean both is answered with %q", answer)
		}
		w.stands(task, "alerting", "")
		w.replies("banan1-chair", "1 "+code)
		w.stands(task, "alerting", "")
		w.replies("banan1-chair", "1")
		w.stands(task, "accepted", "banan1-chair")

		want := map[string]string{"banan1-chair": "answered", "banan1-focal": "answered", "banan1-police": "waiting", "banan-office": "failed", "battambang": "waiting"}
		for officer, result := range w.cameOf(id) {
			if want[officer] != result {
				t.Errorf("%s: %s, want %s", officer, result, want[officer])
			}
		}
		after := w.counts()
		if after.Reports != before.Reports+1 || after.Referrals["accepted"] != 1 || len(after.Referrals) != 1 || after.Held != 0 || after.Alerts["answered"] != 1 || len(after.Alerts) != 1 {
			t.Errorf("before %+v, after %+v", before, after)
		}
		if status, out := w.runs("drill", "list"); status != exitDone || !strings.Contains(out, "5 phones: 2 answered, 1 failed, 0 not called yet, 0 left out") {
			t.Errorf("%d %s", status, out)
		}

		// A second one, that the same phones leave unanswered.
		w.forward(25 * time.Hour)
		if got := w.cameOf(id)["battambang"]; got != "silent" {
			t.Errorf("after its end: %s", got)
		}
		if status, out := w.runs("coverage"); status != exitDone || strings.Contains(out, "silent ") {
			t.Errorf("%d %s", status, out)
		}
		_, second := w.drills("--area", "02")
		w.forward(time.Minute)
		for _, officer := range []string{"banan1-chair", "banan1-focal", "banan1-police", "banan-office", "battambang"} {
			w.gets(officer, second)
		}
		w.replies("banan1-focal", "1")
		w.forward(25 * time.Hour)
		status, out := w.runs("coverage")
		if status != exitDone || strings.Count(out, "silent ") != 3 || !strings.Contains(out, "silent   battambang") || !strings.Contains(out, "silent   banan1-police") ||
			!strings.Contains(out, "failing  banan-office") {
			t.Errorf("%d %s", status, out)
		}
	})
}

// TestDrillWakesNobody: begun in the evening, it rings in the morning; who is away is left out; by day it waits no longer than its turn.
func TestDrillWakesNobody(t *testing.T) {
	stories(t, func(w *world) {
		w.clock.set(w.clock.Now().Add(12 * time.Hour)) // nine in the evening
		away := store.Away{OfficerID: "kampot", From: w.clock.Now(), Until: w.clock.Now().Add(72 * time.Hour)}
		if err := w.gateway.store.SetAway(t.Context(), w.clock.Now(), operator, away); err != nil {
			t.Fatal(err)
		}
		id, code := w.drills("--area", "07")
		w.clock.set(w.clock.Now().Add(10*time.Hour + 59*time.Minute))
		w.getsNothing("meas-chair", "meas-focal", "meas-office", "kampot")
		w.clock.set(w.clock.Now().Add(2 * time.Minute))
		for _, officer := range []string{"meas-chair", "meas-focal", "meas-office"} {
			if text := w.gets(officer, code); !strings.HasPrefix(text, "Only a test") {
				t.Errorf("a test begins with %q", text)
			}
		}
		if got := w.cameOf(id); got["kampot"] != "skipped" || len(got) != 4 {
			t.Errorf("%v", got)
		}
		if status, out := w.runs("drill", "start", "--area", "99"); status != exitFault || !strings.Contains(out, "no officer") {
			t.Errorf("%d %s", status, out)
		}
	})
}

// TestMonthlyDrill: where the pack wants one, there is one in each month, however often the gateway starts.
func TestMonthlyDrill(t *testing.T) {
	t.Parallel()
	folder := storyPack(t)
	file := filepath.Join(folder, "pack.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(text, "\ndrills: {day: 5, hour: \"09:30\"}\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorldOf(t, "embedded", folder)
	for range 2 {
		if err := w.gateway.planDrill(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for month := range 2 {
		w.clock.set(time.Date(2026, time.Month(12+month), 5, 9, 29, 0, 0, w.gateway.pack.Zone))
		w.settle()
		list, err := w.gateway.store.Drills(t.Context())
		if err != nil || len(list) != month {
			t.Fatalf("a minute before: %d drills, %v", len(list), err)
		}
		w.forward(3 * time.Minute)
		if list, err = w.gateway.store.Drills(t.Context()); err != nil || len(list) != month+1 || list[0].Phones != 11 || list[0].Waiting != 0 {
			t.Fatalf("a minute after: %+v, %v", list, err)
		}
	}
	w.addsUp()
}
