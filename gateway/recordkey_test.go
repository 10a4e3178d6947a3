package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"chumrok/internal/audit"
)

func TestTheKeyOfTheRecordIsMadeOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "record.key")
	var mu sync.Mutex
	keys := map[string]int{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			k, _, err := makeRecordKey(path, rand.Reader)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			keys[k.verifying]++
		})
	}
	all.Wait()
	if len(keys) != 1 {
		t.Fatalf("%d keys were made", len(keys))
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("left beside it: %v, %v", left, err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	signing, verifying, err := audit.GenerateKey(bytes.NewReader(bytes.Repeat([]byte("x"), 100)))
	if err != nil {
		t.Fatal(err)
	}
	own, _ := parseRecordKey(string(text))
	for name, c := range map[string]struct{ text, want string }{
		"another file":      {"chumrok-keys 1\n", "first line"},
		"no signing key":    {recordHead + "\nverifying " + own.verifying + "\n", "signing key"},
		"no verifying key":  {recordHead + "\nsigning " + signing + "\n", "verifying key"},
		"two that differ":   {recordHead + "\nsigning " + signing + "\nverifying " + own.verifying + "\n", "belong together"},
		"a letter is wrong": {recordHead + "\nsigning " + signing + "\nverifying " + verifying[:len(verifying)-3] + "x==\n", "verifying key"},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := loadRecordKey(path)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), signing[20:]) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, err := makeRecordKey(path, rand.Reader); err == nil {
			t.Errorf("%s: it was made anew over a file", name)
		}
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := loadRecordKey(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("open to others: %v", err)
	}
	if _, _, err := makeRecordKey(filepath.Join(path, "below", "a file"), rand.Reader); err == nil {
		t.Error("a key was kept where nothing can be")
	}
	plain := filepath.Join(t.TempDir(), "plain")
	if err := createPlain(plain, string(text)); err != nil {
		t.Error(err)
	}
	if err := createPlain(plain, "x"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file took another's place: %v", err)
	}
	if _, err := loadRecordKey(plain); err != nil {
		t.Error(err)
	}
	if _, err := loadRecordKey(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
