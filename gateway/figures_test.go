package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/referral"
	"chumrok/internal/report"
	"chumrok/internal/store"
)

// files files n reports alike at the world's time, as if they had been told; each is referred and accepted after half an hour.
func (w *world) files(n int, area, sex string, harm report.Harm) (conversations []string) {
	w.t.Helper()
	now := w.clock.Now()
	for range n {
		w.lines++
		id := store.NewID()
		key, wrapped, err := w.gateway.keys.NewDataKey(id)
		if err != nil {
			w.t.Fatal(err)
		}
		r := report.Report{ID: store.NewID(), ConversationID: id, Channel: "ussd", Harm: harm, AreaCode: area, Age: "6_11", Sex: sex,
			Story: "x", State: report.Referred, At: now}
		ref := referral.Referral{ID: store.NewID(), ReportID: r.ID, ConversationID: id, Code: fmt.Sprintf("%06d", 700000+w.lines), State: referral.Accepted,
			Risk: report.Medium, AreaCode: area, Owner: "banan1-chair", StartedAt: now, AcceptedAt: now.Add(30 * time.Minute)}
		out, err := w.gateway.store.Record(w.t.Context(), store.Entry{RepeatKey: id, At: now, Seq: 1, Ended: true,
			Conversation: store.Conversation{ID: id, Channel: "ussd", Provider: "simulator", New: true, Key: key, Wrapped: wrapped, Bin: store.Concluded, Ended: true},
			Effects: store.Effects{Report: &store.Report{Report: r, Risk: report.Medium}, Referrals: []referral.Referral{ref},
				Due: []store.Due{{Kind: store.DueSeen, Subject: ref.ID, At: now.AddDate(1, 0, 0)}, {Kind: store.DueOutcome, Subject: ref.ID, At: now.AddDate(1, 0, 0)}}}})
		if err != nil || out.Kind != store.Fresh {
			w.t.Fatal(out.Kind, err)
		}
		conversations = append(conversations, id)
	}
	return conversations
}

// figures are the reports of each row of the CSV.
func (w *world) figures(args ...string) map[string]string {
	w.t.Helper()
	records, err := csv.NewReader(strings.NewReader(w.done(append([]string{"figures", "--csv", "-"}, args...)...))).ReadAll()
	if err != nil {
		w.t.Fatal(err)
	}
	out := make(map[string]string)
	for _, record := range records[1:] {
		out[record[0]+" "+record[1]] = record[3]
		for _, cell := range record[3:] {
			if n, err := strconv.Atoi(cell); err == nil && n < 5 {
				w.t.Errorf("a count or a time under five is given out: %v", record)
			}
		}
	}
	return out
}

// shows compares the rows that are named.
func (w *world) shows(got, want map[string]string) {
	w.t.Helper()
	for row := range got {
		if _, asked := want[row]; !asked {
			delete(got, row)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Error(diff)
	}
}

// TestFigures: what leaves the desk counts each report once, in its province and month, and never what is marked.
func TestFigures(t *testing.T) {
	stories(t, func(w *world) {
		w.shows(w.figures(), map[string]string{"total all": "<5", "province 02": "<5", "harm physical": "<5", "month 2026-11": "<5", "channel sms": "<5"})
		w.files(1, "020101", "female", report.HarmPhysical)
		w.shows(w.figures(), map[string]string{"total all": "<5", "province 02": "<5", "sex female": "<5"})

		w.files(39, "020101", "female", report.HarmPhysical)
		w.files(30, "180203", "male", report.HarmSexual) // a code that was retired: its province today
		w.files(14, "", "", report.HarmOther)
		w.files(2, "0104", "female", report.HarmLabour)
		w.clock.set(w.clock.Now().AddDate(0, -1, 0))
		w.files(20, "070215", "male", "")
		w.clock.set(w.clock.Now().AddDate(0, 1, 0))
		for _, id := range w.files(50, "080101", "male", report.HarmOnline) {
			if _, err := w.gateway.store.Apply(w.t.Context(), w.clock.Now(), store.Effects{
				Conversations: []store.ConversationChange{{ID: id, Bin: store.Marked, Mark: store.MarkTest}}}); err != nil {
				w.t.Fatal(err)
			}
		}
		w.shows(w.figures(), map[string]string{"total all": "106", "province 02": "40", "province 18": "30", "province 07": "20", "province 08": "<5",
			"province 01": "<5", "province ": "<5", "harm physical": "40", "harm labour": "<5", "harm online": "<5", "harm sexual": "30",
			"sex female": "42", "sex male": "50", "sex ": "14", "month 2026-11": "86", "month 2026-10": "<5", "channel ussd": "<5"})
		w.shows(w.figures("--provinces", "programme"), map[string]string{"total all": "70", "province 02": "40", "province 18": "<5", "province 25": "<5",
			"sex female": "40", "sex male": "<5"})
		w.shows(w.figures("--provinces", "02,18", "--from", "2026-11-01", "--to", "2026-11-30"), map[string]string{"total all": "70", "province 02": "40",
			"province 18": "30", "month 2026-11": "70"})
		w.shows(w.figures("--to", "2026-10"), map[string]string{"total all": "20", "province 07": "<5", "month 2026-10": "<5"})

		text := w.done("figures")
		for _, part := range []string{"2025-12 to 2026-11 · all provinces", "02 Battambang", "████", "30m   30m", "Trial:"} {
			if !strings.Contains(text, part) {
				w.t.Errorf("%q is not in:\n%s", part, text)
			}
		}
		if n := slices.Index(w.record(), "command figures 2025-12..2026-11"); n != 0 {
			w.t.Errorf("the record is %v", w.record())
		}
		_, _, note := w.operates("figures", "--from", "2026-11")
		if !strings.Contains(note, "note: figures of 2025-12..2026-11 all were made on 2026-11-24") {
			w.t.Errorf("what can be subtracted is not said: %q", note)
		}
		file := filepath.Join(w.t.TempDir(), "figures")
		w.done("figures", "--csv", file+".csv", "--html", file+".html")
		for _, ending := range []string{".csv", ".html"} {
			if written, err := os.ReadFile(file + ending); err != nil || !strings.Contains(string(written), "02 Battambang") {
				w.t.Errorf("%s: %v", ending, err)
			}
		}
	})
}

// TestFiguresRefuse: no single day, no commune, and in production no month that is running.
func TestFiguresRefuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	for complaint, args := range map[string][]string{
		"write it as 2026-01":             {"--from", "November"},
		"cuts a month in two":             {"--from", "2026-11-02"},
		"and figures are of whole months": {"--to", "2026-10-30"},
		"2026-12 is not":                  {"--to", "2026-12"},
		"--from is after --to":            {"--from", "2026-11", "--to", "2026-10"},
		"at most twenty years":            {"--from", "1926-11"},
		"no figures of a smaller area":    {"--provinces", "020101"},
		`"99" is no province`:             {"--provinces", "02,99"},
		"both ask for standard output":    {"--csv", "-", "--html", "-"},
	} {
		w.refused(complaint, append([]string{"figures"}, args...)...)
	}
	p, err := packOf(&call{ctx: t.Context(), env: w.env})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		now  time.Time
		mode Mode
		want string
	}{
		{time.Date(2026, 11, 30, 16, 59, 0, 0, time.UTC), Production, "2025-11..2026-10 all"},
		{time.Date(2026, 11, 30, 17, 0, 0, 0, time.UTC), Production, "2025-12..2026-11 all"}, // the deployment's midnight
		{time.Date(2026, 11, 30, 16, 59, 0, 0, time.UTC), Trial, "2025-12..2026-11 all"},
	} {
		if got, err := (figuresCommand{}).choose(p, c.now, c.mode); err != nil || got.String() != c.want {
			t.Errorf("at %v in %s: %s, %v; expected %s", c.now, c.mode, got, err, c.want)
		}
	}
	if _, err := (figuresCommand{To: "2026-11"}).choose(p, time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), Production); err == nil {
		t.Error("a month that is running is counted")
	}
}
