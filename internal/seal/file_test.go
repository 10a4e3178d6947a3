package seal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAKeyFileComesBackAsItWas(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	k := keyring(t)
	if err := k.Save(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v; want 0600", info.Mode(), err)
	}
	d, w := newKey(t, k, "c-1")
	at := Place{"turns", "heard", "c-1"}
	sealed := d.Seal(at, []byte("a story"))

	back, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := back.Unwrap("c-1", w)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := again.Open(at, sealed); err != nil || string(plain) != "a story" {
		t.Errorf("%q, %v", plain, err)
	}
	if back.RepeatKey("a", "b") != k.RepeatKey("a", "b") || back.Blind("a", "b") != k.Blind("a", "b") {
		t.Error("an index changed on the way through the file")
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 || back.InUse() != k.InUse() {
		t.Errorf("left behind beside the key file: %v, %v", left, err)
	}
}

func TestSaveNeverLosesAKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	k := keyring(t)
	if err := k.Save(path); err != nil {
		t.Fatal(err)
	}
	lacking, err := newRing(k.ring().index, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(path)
	if err := newKeyring(lacking, path).Save(path); err == nil || !strings.Contains(err.Error(), k.InUse()) {
		t.Errorf("a key was dropped: %v", err)
	}
	if err := keyring(t).Save(path); err == nil {
		t.Error("another keyring took the file's place")
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("a refused Save changed the file")
	}
	notes := filepath.Join(t.TempDir(), "notes")
	if err := os.WriteFile(notes, []byte("my notes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := k.Save(notes); err == nil {
		t.Error("Save wrote over a file that holds no keys")
	}
}

func TestABadKeyFileIsExplained(t *testing.T) {
	t.Parallel()
	k := keyring(t)
	good := string(k.ring().text())
	id, secret := k.InUse(), encode(k.ring().masters[0].secret)
	index := encode(k.ring().index)
	head := fileHead + "\n"
	swapped := []byte(secret)
	swapped[3], swapped[4] = 'A', 'B'
	if string(swapped) == secret {
		swapped[4] = 'C'
	}
	for _, c := range []struct{ name, file, want string }{
		{"empty", "", "the file is empty"},
		{"something else", "{\"keys\":[]}\n", ":1: the first line must be"},
		{"no master", head + "index " + index + "\n", "no key of any month"},
		{"no index", head + "master " + id + " " + secret + "\n", "no index line"},
		{"cut short", strings.Replace(good, secret, secret[:20], 1), ":8: master: the secret is cut short"},
		{"letters changed", strings.Replace(good, secret, string(swapped), 1), ":8: master: the secret was changed"},
		{"index changed", strings.Replace(good, index, "!"+index[1:], 1), ":9: index: the secret is cut short or has a wrong letter"},
		{"bad id", strings.Replace(good, "master "+id, "master zz", 1), ":8: master: the id must be 8 hex digits"},
		{"twice", good + "master " + id + " " + secret + "\n", ":10: master: the id " + id + " stands twice"},
		{"second index", good + "index " + index + "\n", ":10: a second index"},
		{"unknown word", good + secret + "\n", ":10: the first word must be index, case"},
		{"words missing", good + "master " + secret + "\n", ":10: a master key is three words"},
		{"too many words", good + "index " + index + " x\n", ":10: an index is two words"},
		{"a holder's key cut short", good + "case AAAA\n", ":10: case: the public key is cut short"},
		{"a holder without a key", good + "recovery\n", ":10: a holder is two words"},
		{"two faults", head + "index x\nmaster y z\n", ":3: master: the id"},
		{"endless line", head + strings.Repeat("x", 100_000), "cannot be read further"},
		{"huge", strings.Repeat("#\n", 1<<20), "is not a key file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "keys")
			if err := os.WriteFile(path, []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Load(path)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Fatalf("error %v; want %q and the path", err, c.want)
			}
			for _, s := range []string{secret[:12], index[:12], string(swapped[:12])} {
				if strings.Contains(err.Error(), s) {
					t.Error("the error shows a secret")
				}
			}
		})
	}
}

func TestAKeyFileOpenToOthersIsRefused(t *testing.T) {
	t.Parallel()
	for mode, ok := range map[fs.FileMode]bool{0o600: true, 0o400: true, 0o440: true, 0o644: false, 0o660: false, 0o604: false} {
		path := filepath.Join(t.TempDir(), "keys")
		if err := keyring(t).Save(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path)
		if ok && err != nil {
			t.Errorf("mode %04o: %v", mode, err)
		}
		if !ok && (err == nil || !strings.Contains(err.Error(), "chmod 600")) {
			t.Errorf("mode %04o was taken: %v", mode, err)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := Load(t.TempDir()); err == nil {
		t.Error("a folder was taken for a key file")
	}
}

func FuzzKeyFile(f *testing.F) {
	k := keyring(f)
	secret := encode(k.ring().index)
	f.Add(string(k.ring().text()))
	f.Add(fileHead + "\nmaster\nindex " + secret)
	f.Fuzz(func(t *testing.T, text string) {
		p := parser{path: "keys"}
		for line := range strings.Lines(text) {
			p.line(strings.TrimRight(line, "\n"))
		}
		err := p.whole()
		if _, made := p.ring(nil); err == nil && made != nil {
			t.Errorf("a file without a fault makes no keyring: %v", made)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Error("the error shows a secret")
		}
	})
}
