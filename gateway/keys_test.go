package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"chumrok/internal/seal"
	"chumrok/internal/store"
)

// nextMonth moves the clock to the third of the month that follows, and does what falls due there.
func (w *world) nextMonth() {
	w.t.Helper()
	now := w.clock.Now()
	w.clock.set(time.Date(now.Year(), now.Month()+1, 3, 9, 0, 0, 0, now.Location()))
	w.settle()
}

// tends does the daily work on keys now.
func (w *world) tends() {
	w.t.Helper()
	due := store.Effects{Due: []store.Due{{Kind: dueKeys, Subject: theKeys, At: w.clock.Now()}}}
	if _, err := w.gateway.store.Apply(w.t.Context(), w.clock.Now(), due); err != nil {
		w.t.Fatal(err)
	}
	w.settle()
}

// holderFile is the private half of a holder that a trial gateway made.
func (w *world) holderFile(h seal.Holder) string {
	return filepath.Join(w.env["CHUMROK_DATA"], holdersFolder, string(h)+".key")
}

// opens reads a file of archive copies with a holder's key, where there is no gateway and no database.
func opens(t *testing.T, file, key string, args ...string) (int, string) {
	t.Helper()
	code, out, complaints := command(t, environment{"CHUMROK_DATA": filepath.Join(t.TempDir(), "none")}, "", append([]string{"keys", "open", file, "--key", key}, args...)...)
	return code, out + complaints
}

// TestTheArchiveOpensForItsHoldersAlone: what a child told, and what was added to it, opens offline for both holders and for nobody else; and
// when she has it erased, the copies go too.
func TestTheArchiveOpensForItsHoldersAlone(t *testing.T) {
	stories(t, func(w *world) {
		child := w.tellsTheChair(childPhone)
		w.settle()
		w.caller(parentPhone).dials("*1280#").presses("2", "3", child.code, "2", "It is "+secret+" again").sees(w.sentence("en", "ask.written"))
		w.gets("desk", w.sentence("en", "alert.hold")[:6])
		w.settle()

		file := filepath.Join(t.TempDir(), w.env["CHUMROK_DATA"][len(w.env["CHUMROK_DATA"])-3:]+"copies")
		if code, out := w.runs("keys", "archive", "--out", file, child.referral); code != exitDone || !strings.Contains(out, "2 sealed copies") {
			t.Fatalf("keys archive: %d %s", code, out)
		}
		if w.onRecord(operator, "archive exported", child.referral) != 1 {
			t.Error("the export is not on record")
		}
		text, err := os.ReadFile(file)
		if err != nil || bytes.Contains(text, []byte(secret)) {
			t.Fatalf("the export can be read by anybody: %v", err)
		}
		for _, h := range seal.Holders() {
			if code, out := opens(t, file, w.holderFile(h)); code != exitDone || strings.Count(out, secret) != 2 || !strings.Contains(out, childPhone) ||
				!strings.Contains(out, child.referral) {
				t.Errorf("the %s holder: %d %s", h, code, out)
			}
		}
		if code, out := opens(t, file, w.holderFile(seal.CaseHolder), "--json"); code != exitDone || !json.Valid([]byte(out)) || !strings.Contains(out, secret) {
			t.Errorf("as JSON: %d %s", code, out)
		}
		for _, h := range seal.Holders() {
			stranger, err := seal.GenerateHolder(h)
			if err != nil {
				t.Fatal(err)
			}
			key := filepath.Join(t.TempDir(), "key")
			if err := stranger.Save(key, false); err != nil {
				t.Fatal(err)
			}
			if code, out := opens(t, file, key); code != exitFault || strings.Contains(out, secret) {
				t.Errorf("a stranger: %d %s", code, out)
			}
		}
		w.movedCopiesDoNotOpen(child, file)

		w.replies("desk", "1")
		w.closes(child.referral)
		w.asksToErase(childPhone, child.code, child.proof)
		hold := digitsIn(t, w.gets("desk"), 6)
		if code, out := w.runs("erase", hold, "--reason", "she asked"); code != exitDone {
			t.Fatalf("erase: %d %s", code, out)
		}
		w.settle()
		if left := w.values(w.database(), `SELECT sealed FROM archive`); len(left) > 0 {
			t.Errorf("%d copies are left", len(left))
		}
	})
}

// movedCopiesDoNotOpen: a copy is bound to its report.
func (w *world) movedCopiesDoNotOpen(child toldBy, file string) {
	w.t.Helper()
	var copies archiveFile
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &copies)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	for _, one := range copies.Copies {
		key, err := seal.LoadHolder(w.holderFile(one.Holder))
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := one.Open(key); err != nil || one.ConversationID != child.conversation {
			w.t.Errorf("a copy of the %s holder: %v", one.Holder, err)
		}
		one.ConversationID = store.NewID()
		if _, err := one.Open(key); !errors.Is(err, seal.ErrOpen) {
			w.t.Errorf("a copy that was moved opens: %v", err)
		}
	}
}

// TestAReportIsNeverWithoutItsArchive: the work is written with the report, so a gateway that is killed between the two makes the copy when it is back.
func TestAReportIsNeverWithoutItsArchive(t *testing.T) {
	stories(t, func(w *world) {
		child := w.caller(childPhone).dials("*1280#").presses(toDanger...)
		child.presses("2", "1", "កន្ទឺ ១ បាត់ដំបង", "1", "1", "3", "1", "2", "3", "He hits me "+secret, "1", "1", "1")
		r, found, err := w.gateway.store.ReportByCode(t.Context(), child.code(8))
		if err != nil || !found {
			t.Fatalf("found %t, %v", found, err)
		}
		due, err := w.gateway.store.DueOf(t.Context(), r.ConversationID)
		if err != nil || !slices.ContainsFunc(due, func(d store.Due) bool { return d.Kind == store.DueArchive }) {
			t.Fatalf("the report came without the work of its copies: %v %v", due, err)
		}
		w.gateway.Close() // as if it were killed: nothing was done
		w.open()
		w.settle()
		if left := w.values(w.database(), `SELECT sealed FROM archive`); len(left) != 2 {
			t.Errorf("%d copies", len(left))
		}
		w.gets("banan1-chair")
	})
}

// TestOldCopiesDieWithTheMonth: once a month is over and nothing of it is worked on any more, its key is destroyed. An open matter goes on; a
// copy of the database from before can be read by nobody, with all the keys that are left.
func TestOldCopiesDieWithTheMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	child := w.tellsTheChair(childPhone)
	w.settle()
	first, _ := store.InUse(w.epochs())
	if err := w.gateway.store.Ping(t.Context()); err != nil || first.Month != "2026-11" {
		t.Fatalf("the key in use is of %q, %v", first.Month, err)
	}
	old := filepath.Join(t.TempDir(), "old.db")
	if _, err := w.database().ExecContext(t.Context(), `VACUUM INTO '`+old+`'`); err != nil {
		t.Fatal(err)
	}

	w.nextMonth() // clocks ran out meanwhile, and everybody was told
	w.tends()
	second, _ := store.InUse(w.epochs())
	if second.Month != "2026-12" {
		t.Fatalf("the key in use is of %q", second.Month)
	}
	if r, found, err := w.gateway.store.ReportByCode(t.Context(), child.code); err != nil || !found || !strings.Contains(r.More, secret) {
		t.Errorf("the open matter: found %t, %v", found, err)
	}
	list := w.epochs()
	if i := slices.IndexFunc(list, func(e store.Epoch) bool { return e.ID == first.ID }); list[i].DestroyedAt.IsZero() {
		t.Error("the month's key is still there")
	}
	if w.onRecord("gateway", "key destroyed", "2026-11") != 1 {
		t.Error("that it was destroyed is not on record once")
	}
	for _, folder := range []string{"epochs", "escrow"} {
		if _, err := os.Lstat(filepath.Join(w.env["CHUMROK_DATA"], folder, first.Name())); err == nil {
			t.Errorf("its file is still in %s", folder)
		}
	}

	keys, err := seal.Load(w.gateway.config.Keys)
	if err != nil {
		t.Fatal(err)
	}
	back, err := store.Open(t.Context(), "sqlite:"+old, keys)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := back.Turns(t.Context(), child.conversation); !errors.Is(err, store.ErrPast) {
		t.Errorf("what was said can be read in the old copy: %v", err)
	}
	if _, found, err := back.ReportOf(t.Context(), child.conversation); found || err != nil {
		t.Errorf("the report in the old copy: found %t, %v", found, err)
	}
	back.Close()

	// Put back in place of the database, it stops nothing: what is past its time is left out, all else goes on.
	w.gateway.Close()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(w.env["CHUMROK_DATA"], "chumrok.db"+suffix)); err != nil && suffix == "" {
			t.Fatal(err)
		}
	}
	if err := os.Rename(old, filepath.Join(w.env["CHUMROK_DATA"], "chumrok.db")); err != nil {
		t.Fatal(err)
	}
	w.read = map[string]int{}
	w.open()
	w.settle()
	w.addsUp()
	if code, out := w.runs("referrals"); code != exitDone {
		t.Errorf("referrals: %d %s", code, out)
	}
	if code, out := w.runs("referrals", child.referral); code != exitFault || strings.Contains(out, secret) {
		t.Errorf("the matter itself: %d %s", code, out)
	}
	if c := w.caller(childPhone).texts("They hit me again"); c.screen == "" {
		t.Error("who writes is not answered")
	}
	w.onDuty("banan1-chair", w.pin("banan1-chair"))
}

// TestKeysAreRotated: beside a running gateway everything moves to a new key at once, and what comes after goes under it, in the middle of a call too.
func TestKeysAreRotated(t *testing.T) {
	stories(t, func(w *world) {
		child := w.tellsTheChair(childPhone)
		open := w.caller(parentPhone).dials("*1280#").presses(toDanger...)
		before, _ := store.InUse(w.epochs())
		w.acted(func() {
			if out := w.done("keys", "rotate"); !strings.Contains(out, "in use; 2 moved to it") {
				t.Errorf("keys rotate: %s", out)
			}
		}, "command keys rotated 2026-11")
		after, _ := store.InUse(w.epochs())
		if after.Month != before.Month || after.Turn != before.Turn+1 {
			t.Fatalf("after %s the key in use is %s", before.Name(), after.Name())
		}
		left, err := w.gateway.store.KeysLeft(t.Context())
		if err != nil || left[before.ID] != 0 || left[after.ID] != 2 {
			t.Errorf("conversations by key: %v, %v", left, err)
		}
		open.presses("2", "1").sees() // the call goes on: its state in Redis is still under the key from before
		if r, found, err := w.gateway.store.ReportByCode(t.Context(), child.code); err != nil || !found || !strings.Contains(r.More, secret) {
			t.Errorf("the report: found %t, %v", found, err)
		}
		w.forward(lookAtEpochs) // within minutes the gateway itself follows
		w.caller(spare(1)).texts("They hit me")
		if left, err = w.gateway.store.KeysLeft(t.Context()); err != nil || left[after.ID] != 3 {
			t.Errorf("what came after: %v, %v", left, err)
		}
		w.refused("index key cannot be changed yet", "keys", "rotate", "--index")
		w.refused("from 1 to", "keys", "rotate", "--months", "99")
	})
}

func (w *world) epochs() []store.Epoch {
	w.t.Helper()
	list, err := w.gateway.store.Epochs(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// TestKeysAreMadeAndProductionRefuses: without holders, and with a private half lying about, production does not start.
func TestKeysAreMadeAndProductionRefuses(t *testing.T) {
	t.Parallel()
	folder, stick := t.TempDir(), t.TempDir()
	env := environment{"CHUMROK_MODE": "production", "CHUMROK_DATA": filepath.Join(folder, "data"), "CHUMROK_KEYS": filepath.Join(folder, "keys", "keys"),
		"CHUMROK_PACK": storyPack(t), "CHUMROK_REDIS_URL": "redis://127.0.0.1:1/0", "CHUMROK_PUBLIC_URL": "https://reports.example"}
	if code, _, complaints := command(t, env, "", "keys", "generate"); code != exitFault || !strings.Contains(complaints, "the recovery holder has no key yet") && !strings.Contains(complaints, "the case holder has no key yet") {
		t.Fatalf("%d %s", code, complaints)
	}
	if code, _, complaints := command(t, env, "", "keys", "generate", "--private", filepath.Join(folder, "keys", "private")); code != exitFault || !strings.Contains(complaints, "carried away") {
		t.Fatalf("%d %s", code, complaints)
	}
	// Each holder makes his pair on a machine of his own, and sends the line.
	args := []string{"keys", "generate"}
	for _, h := range seal.Holders() {
		code, line, complaints := command(t, environment{}, "", "keys", "generate", "--holder", string(h), "--private", stick)
		if code != exitDone || !strings.HasPrefix(line, string(h)+" ") || strings.Contains(line+complaints, "private "+string(h)+" ") {
			t.Fatalf("%d %s%s", code, line, complaints)
		}
		file := filepath.Join(stick, string(h)+".line")
		if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--"+string(h), file)
	}
	if code, out, complaints := command(t, env, "", args...); code != exitDone || !strings.Contains(out, "escrow") {
		t.Fatalf("%d %s%s", code, out, complaints)
	}
	if code, _, complaints := command(t, env, "", args...); code != exitFault || !strings.Contains(complaints, "is there already") {
		t.Fatalf("a second key file: %d %s", code, complaints)
	}
	keys, err := seal.Load(env["CHUMROK_KEYS"])
	if err != nil || !keys.HasHolders() || len(keys.Epochs()) != 1 {
		t.Fatalf("what was made: %v", err)
	}

	config, err := readConfig(env)
	if err != nil {
		t.Fatal(err)
	}
	started := func() error {
		g := &Gateway{config: config, now: time.Now}
		return g.openKeys(t.Context())
	}
	if err := started(); err != nil {
		t.Fatalf("with all that it needs: %v", err)
	}
	lying := filepath.Join(config.Data, "a", "b", "case.key")
	text, err := os.ReadFile(filepath.Join(stick, "case.key"))
	if err := errors.Join(err, os.MkdirAll(filepath.Dir(lying), 0o700), os.WriteFile(lying, text, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := started(); err == nil || !strings.Contains(err.Error(), lying) || !strings.Contains(err.Error(), "carry it away") {
		t.Errorf("a private half in the data folder: %v", err)
	}
	if err := os.Remove(lying); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(config.Keys)
	if err != nil {
		t.Fatal(err)
	}
	without := regexp.MustCompile(`(?m)^recovery .*\n`).ReplaceAll(file, nil)
	if err := os.WriteFile(config.Keys, without, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := started(); err == nil || !strings.Contains(err.Error(), "names no holders") {
		t.Errorf("without a holder: %v", err)
	}
}
