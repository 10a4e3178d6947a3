package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/store"
	"chumrok/locales"
)

// leap moves the clock without what happens on the way, then lets a day pass in hours: long enough that erasing by time believes the clock.
func (w *world) leap(d time.Duration) {
	w.t.Helper()
	if err := w.gateway.planRetention(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.clock.set(w.clock.Now().Add(d))
	w.settle()
	for range 50 {
		w.clock.set(w.clock.Now().Add(time.Hour))
		w.settle()
	}
}

// silence forgets what rang on all phones.
func (w *world) silence() {
	w.t.Helper()
	for _, phone := range w.gateway.phones.Phones() {
		number := phone.Number().E164()
		w.read[number] = len(w.inbox(number))
	}
}

// TestAYearPasses: what is over is gone with its number, its words and every copy; what is open is whole; what is counted is what was counted
// before; and nobody who asks is told anything that is not so.
func TestAYearPasses(t *testing.T) {
	stories(t, func(w *world) {
		var closed []toldBy
		for n := range 6 {
			child := w.tellsTheChair(spare(n + 2))
			w.replies("banan1-chair", "1 "+child.referral)
			w.replies("banan1-chair", "3 "+child.referral)
			w.replies("banan1-chair", "4 "+child.referral+" 1")
			closed = append(closed, child)
			w.clock.set(w.clock.Now().Add(25 * time.Hour)) // two of one day might be one child
			w.settle()
		}
		child := w.tellsTheChair(childPhone)
		w.caller(parentPhone).dials("*1280#").presses("2", "3", child.code, "2", "It is "+secret+" again").sees(w.sentence("en", "ask.written"))
		hold := digitsIn(t, w.gets("desk"), 6)
		w.replies("desk", "1")
		w.closes(child.referral)
		if code, out := w.runs("holds", "release", hold, "--reason", "it was read to the committee"); code != exitDone {
			t.Fatalf("release: %d %s", code, out)
		}
		nothing := w.caller(parentPhone).dials("*1280#").presses("0")
		traces := w.traces(child.conversation)
		for _, one := range closed {
			traces = append(traces, w.traces(one.conversation)...)
		}
		w.clock.set(w.clock.Now().Add(25 * time.Hour))
		w.settle()
		open := w.tellsTheChair(spare(1))
		w.forward(time.Hour)
		w.silence()

		db := w.database()
		stays := w.values(db, `SELECT heard, answer, state FROM turns WHERE conversation_id = $1`, open.conversation)
		_, openWords := w.openText(open)
		year := []string{"figures", "--csv", "-", "--from", "2026-01", "--to", "2026-12"}
		before, figures := w.counts(), w.done(year...)
		old := *w.last(childPhone)
		record := len(w.acts("erased by time"))

		w.leap(400 * 24 * time.Hour)
		w.silence()
		w.addsUp()
		w.goneFromDatabase(traces, stays)
		after := w.counts()
		for what, n := range map[string][2]int64{"turns": {before.Turns, after.Turns}, "received": {before.Received, after.Received},
			"concluded": {before.Concluded, after.Concluded}, "reports": {before.Reports, after.Reports}} {
			if n[0] != n[1] {
				t.Errorf("%s were %d and are %d", what, n[0], n[1])
			}
		}
		if diff := cmp.Diff(before.Marked, after.Marked); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(figures, w.done(year...)); diff != "" || !strings.Contains(figures, "total,all,all,8,8") {
			t.Errorf("the figures are others, or are not those of eight:\n%s", diff)
		}
		if found, words := w.openText(open); !found || words != openWords {
			t.Error("what is open is not what it was")
		}
		if got := len(w.acts("erased by time")) - record; got != 1 {
			t.Errorf("%d entries say that something was erased", got)
		}
		if n := w.metric(`chumrok_erased_total{what="told"}`); n != "8" { // seven matters, and what was added to one of them
			t.Errorf("counted as erased are %s", n)
		}

		old.press("*1280#")
		if old.screen != w.sentence("km", "leave") || !old.ended {
			t.Errorf("an old turn that comes again is answered with %q", old.screen)
		}
		nothing.press("*1280#")
		for _, number := range []string{childPhone, parentPhone} {
			if got := w.asks(number, child.code); got != w.sentence("en", "ask.call") {
				t.Errorf("the code is answered with %q", got)
			}
		}
		w.asksToErase(childPhone, child.code, child.proof)
		w.getsNothing("desk")
		if answer := w.replies("banan1-chair", "4 "+child.referral+" 2"); strings.Contains(answer, secret) {
			t.Errorf("the officer is told %q", answer)
		}
		if code, out := w.runs("referrals", "--reveal", child.referral); code != exitFault || strings.Contains(out, "panic") {
			t.Errorf("reveal: %d %s", code, out)
		}
		if code, out := w.runs("erase", child.referral, "--reason", "she called"); code != exitFault || !strings.Contains(out, "past its time") && !strings.Contains(out, "erased") {
			t.Errorf("erase: %d %s", code, out)
		}
		w.forward(time.Hour)
		w.silence()
		if strings.Contains(w.done("audit", "list"), "it was read to the committee") {
			t.Error("the reason of an act about it is still there")
		}
		w.restart()
	})
}

// TestKeysThatCannotBeWrittenBeside: where the folder of the key file is read-only, reports are taken, and nothing is erased that could not be listed.
func TestKeysThatCannotBeWrittenBeside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	child := w.tellsTheChair(childPhone)
	w.closes(child.referral)
	list := filepath.Join(w.env["CHUMROK_DATA"], "erased")
	if err := os.Remove(list); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(list, 0o700); err != nil { // root may write in every folder, and to no file that is one
		t.Fatal(err)
	}
	if code, out := w.runs("erase", child.referral, "--reason", "she called"); code != exitFault || !strings.Contains(out, "beside its key file") {
		t.Errorf("erase: %d %s", code, out)
	}
	if found, words := w.openText(child); !found || !strings.Contains(words, secret) {
		t.Error("it is erased and on no list")
	}
	if err := os.Remove(list); err != nil {
		t.Fatal(err)
	}
	w.forward(2 * time.Hour)
	if found, _ := w.openText(child); found {
		t.Error("it is not erased once that can be listed")
	}
	w.addsUp()
}

// openText says whether a report is there, and what it tells.
func (w *world) openText(child toldBy) (bool, string) {
	w.t.Helper()
	r, found, err := w.gateway.store.ReportByCode(w.t.Context(), child.code)
	if err != nil {
		w.t.Fatal(err)
	}
	return found, r.Story + r.More
}

// acts is the entries of the record of one kind.
func (w *world) acts(what string) []string {
	w.t.Helper()
	list, err := w.gateway.store.Acts(w.t.Context(), what)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Subject)
	}
	return out
}

// goneFromDatabase says that none of these bytes is in the database, and all of those are.
func (w *world) goneFromDatabase(gone, stays [][]byte) {
	w.t.Helper()
	db := w.database()
	defer db.Close()
	var kept [][]byte
	if w.env["CHUMROK_DATABASE_URL"] == "" {
		for _, suffix := range []string{"", "-wal"} {
			body, err := os.ReadFile(w.env["CHUMROK_DATA"] + "/chumrok.db" + suffix)
			if err != nil {
				w.t.Fatal(err)
			}
			kept = append(kept, body)
		}
	}
	for _, text := range []string{`SELECT heard, answer, state FROM turns`, `SELECT wrapped_key, number FROM conversations`, `SELECT details FROM reports`,
		`SELECT body FROM referrals`, `SELECT body FROM holds`, `SELECT text, number, wrapped_key FROM messages`} {
		kept = append(kept, w.values(db, text)...)
	}
	all := bytes.Join(kept, []byte{0})
	for _, trace := range gone {
		if bytes.Contains(all, trace) {
			w.t.Fatal("something is left of what was erased")
		}
	}
	for _, trace := range stays {
		if !bytes.Contains(all, trace) {
			w.t.Fatal("something is gone of what is open")
		}
	}
}

// TestAnOfficerAsksForWhatWasErased: where a pack keeps what was told shorter than a code is understood, who asks for the code hears that it is closed.
func TestAnOfficerAsksForWhatWasErased(t *testing.T) {
	stories(t, func(w *world) {
		w.gateway.pack.Retention.Told, w.gateway.pack.Retention.Number, w.gateway.pack.Retention.Messages = 10*24*time.Hour, 10*24*time.Hour, 10*24*time.Hour
		child := w.tellsTheChair(childPhone)
		w.closes(child.referral)
		other := w.tellsTheChair(spare(1))
		w.leap(20 * 24 * time.Hour)
		w.silence()
		if found, _ := w.openText(child); found {
			t.Fatal("it is not erased")
		}
		for _, words := range []string{"1 ", "3 ", "4 "} {
			answer := w.replies("banan1-chair", words+child.referral)
			if want := w.gateway.texts.Format("km", "alert.outcome_kept", map[string]string{"code": child.referral}); answer != locales.Strip(want) {
				t.Errorf("%s is answered with %q, not %q", words, answer, want)
			}
		}
		if got := w.asks(childPhone, child.code); got != w.sentence("en", "ask.call") {
			t.Errorf("the code is answered with %q", got)
		}
		if answer := w.replies("banan1-chair", "1 "+other.referral); !strings.Contains(answer, other.referral) {
			t.Errorf("what is open is answered with %q", answer)
		}
		w.forward(time.Minute)
		w.silence()
	})
}

// TestAClockThatLeaptErasesNothing: a clock that is years ahead for an hour, until somebody sets it right, costs nobody anything.
func TestAClockThatLeaptErasesNothing(t *testing.T) {
	stories(t, func(w *world) {
		child := w.tellsTheChair(childPhone)
		w.closes(child.referral)
		if err := w.gateway.planRetention(t.Context()); err != nil {
			t.Fatal(err)
		}
		now := w.clock.Now()
		w.clock.set(now.AddDate(5, 0, 0))
		w.settle()
		w.clock.set(now.AddDate(5, 0, 0).Add(time.Hour))
		w.settle()
		if found, words := w.openText(child); !found || !strings.Contains(words, secret) {
			t.Error("a wrong clock erased it")
		}
		if list, err := w.gateway.store.DueOf(t.Context(), store.TheRetention); err != nil || len(list) != 1 {
			t.Errorf("%d runs are planned, %v", len(list), err)
		}
		if !strings.Contains(w.logs.String(), "is the clock right?") {
			t.Error("nobody is told")
		}
		w.clock.set(now.Add(time.Hour))
	})
}

// TestABackupBringsNothingBack: a database of before an erasing is put in the place of the one in which it was erased. Before anybody is served it
// is erased again, and that is on record; the list beside the keys holds ids and is nobody else's to read.
func TestABackupBringsNothingBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	child := w.tellsTheChair(childPhone)
	w.closes(child.referral)
	other := w.tellsTheChair(spare(1))
	w.asksToErase(childPhone, child.code, child.proof)
	hold := digitsIn(t, w.gets("desk"), 6)
	file, kept := filepath.Join(w.env["CHUMROK_DATA"], "chumrok.db"), filepath.Join(t.TempDir(), "backup.db")
	swap := func(from, to string) {
		t.Helper()
		w.nothingElseArrived()
		w.gateway.Close() // the last one out empties the log into the file
		body, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, body, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		w.read = map[string]int{}
		w.open()
	}
	swap(file, kept)
	traces := w.traces(child.conversation)
	if code, out := w.runs("erase", hold, "--reason", "she asked"); code != exitDone {
		t.Fatalf("erase: %d %s", code, out)
	}
	list, err := os.ReadFile(filepath.Join(w.env["CHUMROK_DATA"], "erased"))
	if err != nil || !strings.Contains(string(list), child.conversation+" asked\n") || strings.Contains(string(list), other.conversation) {
		t.Errorf("the list is %q, %v", list, err)
	}
	if info, err := os.Stat(filepath.Join(w.env["CHUMROK_DATA"], "erased")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}

	swap(kept, file)
	w.addsUp()
	w.isGoneFrom(traces, child)
	if found, words := w.openText(other); !found || !strings.Contains(words, secret) {
		t.Error("what nobody erased is gone")
	}
	if got := w.acts("erased again"); len(got) != 1 || !strings.HasSuffix(got[0], " conversations") {
		t.Errorf("on record is %q", got)
	}
	w.restart()
	if got := w.acts("erased again"); len(got) != 1 {
		t.Errorf("after another start on record is %q", got)
	}
	w.saysNothingPersonal()
}

// isGoneFrom says that a report's own bytes are in no file of the database.
func (w *world) isGoneFrom(traces [][]byte, child toldBy) {
	w.t.Helper()
	if found, _ := w.openText(child); found {
		w.t.Error("the report is there")
	}
	var all []byte
	for _, suffix := range []string{"", "-wal", "-shm"} {
		body, err := os.ReadFile(w.env["CHUMROK_DATA"] + "/chumrok.db" + suffix)
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, body...)
	}
	db := w.database()
	defer db.Close()
	others := bytes.Join(w.values(db, `SELECT heard, answer, state FROM turns`), []byte{0}) // other reports tell the same in this story
	for _, trace := range traces {
		if !bytes.Contains(others, trace) && bytes.Contains(all, trace) {
			w.t.Fatal("something is left in the files")
		}
	}
}
