package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/adapters/simulator"
	"chumrok/internal/backup"
	"chumrok/internal/servertest"
)

// keyPair draws a key as an operator does, and returns its file and its public part.
func keyPair(t *testing.T) (identity, public string) {
	t.Helper()
	identity = filepath.Join(t.TempDir(), "backup-key")
	code, out, complaints := command(t, environment{"CHUMROK_DATA": t.TempDir()}, "", "backup", "--new-identity", identity)
	if code != exitDone {
		t.Fatal(complaints)
	}
	return identity, strings.TrimSpace(out)
}

// otherHouse is an empty database of the engine that this world does not stand on.
func (w *world) otherHouse() string {
	if w.redis == nil {
		return servertest.Postgres(w.t)
	}
	return "sqlite:" + filepath.Join(w.t.TempDir(), "restored.db")
}

// loses goes on with another database after everything since its backup was lost. Redis still has all of it.
func (w *world) loses(database string) {
	w.t.Helper()
	w.gateway.Close()
	w.read = map[string]int{}
	w.env["CHUMROK_DATABASE_URL"] = database
	w.open()
}

// TestBackedUpAndRestored: a backup is taken while callers are in the middle of things; everything after it is lost, and it is restored into
// the other engine. A conversation goes on where the backup has it, what waited is sent and says that it may be the second time, and
// whoever was asked is asked still.
func TestBackedUpAndRestored(t *testing.T) {
	stories(t, func(w *world) {
		identity, public := keyPair(t)
		first := w.caller(childPhone)
		first.texts("គេវាយខ្ញុំ").texts("កន្ទឺ ១ បាត់ដំបង").texts("1").texts("2").texts("3")
		asked := digitsIn(t, w.gets("banan1-chair"), 6)

		w.gateway.phones.Behave(w.number(w.officer["banan1-chair"]), simulator.Behaviour{Err: errors.New("down")})
		second := w.caller("+85512000503")
		second.texts("គេវាយខ្ញុំ").texts("កន្ទឺ ១ បាត់ដំបង").texts("1").texts("2").texts("3")
		w.getsNothing("banan1-chair")
		half := w.caller(parentPhone)
		half.texts("គេវាយខ្ញុំ").sees(w.sentence("km", "sms.where"))

		file := filepath.Join(t.TempDir(), "monday.backup")
		w.env["CHUMROK_BACKUP_RECIPIENTS"] = public
		code, out, complaints := w.operates("backup", "--out", file)
		if code != exitDone {
			t.Fatal(complaints)
		}
		saysOfFile(t, out, file)

		// What nobody will know of afterwards, but Redis.
		half.texts("កន្ទឺ ១ បាត់ដំបង").sees("កន្ទឺ ១")
		half.texts("2") // not this place
		w.replies("banan1-chair", "1 "+asked)

		w.clock.set(w.clock.Now().Add(10 * time.Minute))
		database := w.otherHouse()
		code, out, complaints = w.operates("restore", file, "--identity", identity, "--into", database)
		if code != exitDone {
			t.Fatal(out, complaints)
		}
		for _, part := range []string{"(10m0s ago)", "it adds up", "the record holds: ", "it is in its place"} {
			if !strings.Contains(out, part) {
				t.Errorf("%q is not in what restoring prints:\n%s", part, out)
			}
		}
		w.loses(database)
		again := w.gets("banan1-chair", strings.TrimSuffix(strings.Fields(w.sentence("km", "alert.again"))[0], "។"))
		if code := digitsIn(t, again, 6); code == asked {
			t.Errorf("the alert that had arrived before the backup is sent again: %s", code)
		}
		half.texts("កន្ទឺ ១ បាត់ដំបង").sees("កន្ទឺ ១")
		half.texts("1").sees(w.sentence("km", "sms.urgent"))
		half.texts("2").sees(w.sentence("km", "sms.contact"))
		half.texts("3")
		w.gets("banan1-chair")
		w.stands(asked, "alerting", "")
		w.replies("banan1-chair", "1 "+asked)
		w.stands(asked, "accepted", "banan1-chair")
		if code, out, complaints := w.operates("referrals", "--reveal", asked); code != exitDone || !strings.Contains(out, "គេវាយខ្ញុំ") {
			t.Errorf("what was told cannot be read any more: %s%s", out, complaints)
		}
	})
}

// saysOfFile checks what a backup prints against the file.
func saysOfFile(t *testing.T, out, file string) {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the backup: %v", info.Mode())
	}
	if !strings.Contains(out, sumOf(t, file)) || !regexp.MustCompile(`holds   \d+ rows of \d+ tables`).MatchString(out) || !strings.Contains(out, "record  ends with entry") {
		t.Errorf("the backup says\n%s", out)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("beside the backup lies %v, %v", left, err)
	}
}

// sumOf is a file's SHA-256.
func sumOf(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// TestBackupsRefuse: each refusal is one line that says how to mend it, and changes nothing.
func TestBackupsRefuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	w.caller(childPhone).texts("គេវាយខ្ញុំ")
	identity, public := keyPair(t)
	strange, _ := keyPair(t)
	folder := t.TempDir()
	good := filepath.Join(folder, "good.backup")
	if code, _, complaints := w.operates("backup", "--to", public, "--out", good); code != exitDone {
		t.Fatal(complaints)
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	written := func(name string, text []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	target := filepath.Join(t.TempDir(), "new.db")
	into := "sqlite:" + target
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"nobody to open it", []string{"backup", "--out", filepath.Join(folder, "a")}, "--new-identity"},
		{"no file", []string{"backup", "--to", public}, "--out"},
		{"a key that is none", []string{"backup", "--to", "age1x", "--out", filepath.Join(folder, "a")}, "age1x"},
		{"over another file", []string{"backup", "--to", public, "--out", good}, "replaces none"},
		{"into no folder", []string{"backup", "--to", public, "--out", filepath.Join(folder, "none", "a")}, "--out"},
		{"over a key", []string{"backup", "--new-identity", identity}, "exists"},
		{"another's key", []string{"restore", good, "--identity", strange, "--into", into}, backup.ErrIdentity.Error()},
		{"the public key", []string{"restore", good, "--identity", written("public", []byte(public)), "--into", into}, "AGE-SECRET-KEY-"},
		{"cut short", []string{"restore", written("short", whole[:len(whole)-20]), "--identity", identity, "--into", into}, backup.ErrDamaged.Error()},
		{"changed", []string{"restore", written("changed", append([]byte{}, append(whole[:len(whole)-9:len(whole)-9], "changed.."...)...)), "--identity", identity, "--into", into}, backup.ErrDamaged.Error()},
		{"foreign", []string{"restore", written("letter", []byte("Dear all, here it is")), "--identity", identity, "--into", into}, backup.ErrForeign.Error()},
		{"no such file", []string{"restore", filepath.Join(folder, "no"), "--identity", identity, "--into", into}, "no such file"},
		{"over the ledger", []string{"restore", good, "--identity", identity}, "stop the gateway"},
		{"into nothing known", []string{"restore", good, "--identity", identity, "--into", "mysql://x"}, "sqlite:"},
	} {
		code, _, complaints := w.operates(c.args...)
		if code != exitFault || !strings.Contains(complaints, c.says) || strings.Count(complaints, "\n") != 1 {
			t.Errorf("%s: exit %d, %q", c.name, code, complaints)
		}
		if left, err := filepath.Glob(target + "*"); err != nil || len(left) > 0 {
			t.Errorf("%s leaves %v, %v", c.name, left, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(folder, ".chumrok*")); err != nil || len(left) > 0 {
		t.Errorf("unfinished backups are left: %v, %v", left, err)
	}
	if code, out, complaints := w.operates("restore", good, "--identity", identity, "--into", into); code != exitDone {
		t.Errorf("and the good one: %s%s", out, complaints)
	}
	w.addsUp()
}

// TestABackupIsOnRecord: who made one, which file it is, and what was restored from it.
func TestABackupIsOnRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	w.caller(childPhone).texts("គេវាយខ្ញុំ")
	identity, public := keyPair(t)
	file := filepath.Join(t.TempDir(), "b")
	before := w.record()
	w.done("backup", "--to", public, "--out", file)
	if diff := cmp.Diff(append(before[:len(before):len(before)], "command backup "+sumOf(t, file)), w.record()); diff != "" {
		t.Errorf("the record (-want +got):\n%s", diff)
	}
	target := "sqlite:" + filepath.Join(t.TempDir(), "new.db")
	w.done("restore", file, "--identity", identity, "--into", target)
	w.loses(target)
	if diff := cmp.Diff(append(before, "command restore "+sumOf(t, file)), w.record()); diff != "" {
		t.Errorf("the restored record (-want +got):\n%s", diff)
	}
	w.done("audit", "verify")
}
