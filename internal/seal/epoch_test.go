package seal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// created is a keyring in files, with holders' pairs.
func created(t *testing.T) (*Keyring, string, map[Holder]HolderKey) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	pairs, publics := map[Holder]HolderKey{}, map[Holder]string{}
	for _, h := range Holders() {
		pair, err := GenerateHolder(h)
		if err != nil {
			t.Fatal(err)
		}
		pairs[h], publics[h] = pair, pair.Public()
	}
	k, err := Create(path, "2026-11", publics)
	if err != nil {
		t.Fatal(err)
	}
	return k, path, pairs
}

func TestEpochsAreFilesOfTheirOwn(t *testing.T) {
	t.Parallel()
	k, path, _ := created(t)
	_, w := newKey(t, k, "c-1")
	second, err := k.MakeEpoch("2026-12")
	if err != nil {
		t.Fatal(err)
	}
	again, err := k.MakeEpoch("2026-12")
	if err != nil || again.Turn != 2 {
		t.Fatalf("a second key of a month has turn %d, %v", again.Turn, err)
	}
	back, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(k.Epochs(), back.Epochs()); diff != "" || len(back.Epochs()) != 3 {
		t.Error(diff)
	}
	if _, err := back.Unwrap("c-1", w); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range k.ring().epochs {
		file := filepath.Join(back.EpochsFolder(), m.epoch().Name())
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", file, err)
		}
		if bytes.Contains(text, []byte(encode(m.secret))) {
			t.Error("the key file holds the key of a month")
		}
	}

	// Another process of this machine finds what was made since.
	third, err := k.MakeEpoch("2027-01")
	if err != nil || !k.Use(third.ID) {
		t.Fatal(err)
	}
	_, w = newKey(t, k, "c-2")
	if _, err := back.Unwrap("c-2", w); err != nil {
		t.Errorf("a key that was made by another process: %v", err)
	}
	if !back.Use(second.ID) {
		t.Error("a key that is there cannot be used")
	}
}

func TestADestroyedEpochIsGone(t *testing.T) {
	t.Parallel()
	k, path, _ := created(t)
	_, w := newKey(t, k, "c-1")
	first := k.Epochs()[0]
	if err := k.Destroy(first.ID); err == nil {
		t.Error("the key in use was destroyed")
	}
	next, err := k.MakeEpoch("2026-12")
	if err != nil || !k.Use(next.ID) {
		t.Fatal(err)
	}
	if err := errors.Join(k.Destroy(first.ID), k.Destroy(first.ID)); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"epochs", "escrow"} {
		if _, err := os.Lstat(filepath.Join(filepath.Dir(path), folder, first.Name())); err == nil {
			t.Errorf("%s still has it", folder)
		}
	}
	back, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []*Keyring{k, back} {
		if !one.Destroyed(first.ID) || one.Destroyed(next.ID) {
			t.Error("which keys were destroyed is not known")
		}
		if _, err := one.Unwrap("c-1", w); !errors.Is(err, ErrKeyMissing) {
			t.Errorf("what it wrapped: %v", err)
		}
	}
}

func TestABadEpochIsExplained(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(text string) string
		mode  os.FileMode
		want  string
	}{
		"open to others": {func(s string) string { return s }, 0o644, "chmod 600"},
		"cut short":      {func(s string) string { return s[:len(s)-9] }, 0o600, "the secret"},
		"another's":      {func(s string) string { return strings.Replace(s, "2026-11", "2026-10", 1) }, 0o600, "its name is not that"},
		"something else": {func(string) string { return "{}" }, 0o600, "it is not the key of a month"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, path, _ := created(t)
			file := filepath.Join(k.EpochsFolder(), k.Epochs()[0].Name())
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.WriteFile(file, []byte(c.spoil(string(text))), 0o600), os.Chmod(file, c.mode)); err != nil {
				t.Fatal(err)
			}
			_, err = Load(path)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("%v; want %q and the file", err, c.want)
			}
			if secret := encode(k.ring().epochs[0].secret); err != nil && strings.Contains(err.Error(), secret[:12]) {
				t.Error("the error shows a secret")
			}
		})
	}
}

func TestCopiesOpenForTheirHolderAlone(t *testing.T) {
	t.Parallel()
	k, path, pairs := created(t)
	place := Place{"archive", "sealed", "c-1"}
	for _, h := range Holders() {
		sealed, err := k.SealFor(h, place, []byte("a story"))
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := pairs[h].Open(place, sealed); err != nil || string(plain) != "a story" {
			t.Errorf("%s: %q, %v", h, plain, err)
		}
		for _, other := range Holders() {
			if other == h {
				continue
			}
			if _, err := pairs[other].Open(place, sealed); !errors.Is(err, ErrOpen) {
				t.Errorf("the %s holder opened what is for the %s holder: %v", other, h, err)
			}
		}
		for _, moved := range []Place{{"archive", "sealed", "c-2"}, {"escrow", "sealed", "c-1"}, {"archive", "other", "c-1"}} {
			if _, err := pairs[h].Open(moved, sealed); !errors.Is(err, ErrOpen) {
				t.Errorf("opened in %v: %v", moved, err)
			}
		}
		for _, cut := range [][]byte{nil, sealed[:5], sealed[:len(sealed)-1], append([]byte{2}, sealed[1:]...)} {
			if _, err := pairs[h].Open(place, cut); !errors.Is(err, ErrOpen) {
				t.Errorf("opened cut or changed: %v", err)
			}
		}
	}
	back, err := Load(path)
	if err != nil || !back.HasHolders() || back.Fingerprint(CaseHolder) != pairs[CaseHolder].Fingerprint() {
		t.Errorf("the holders did not come back: %v", err)
	}
	if _, err := keyring(t).SealFor(CaseHolder, place, nil); err == nil || keyring(t).HasHolders() {
		t.Error("sealed for nobody")
	}
}

func TestAHoldersKeyComesBackAndPrintsAsNothing(t *testing.T) {
	t.Parallel()
	_, _, pairs := created(t)
	key := pairs[RecoveryHolder]
	path := filepath.Join(t.TempDir(), "recovery.key")
	if err := key.Save(path, true); err != nil {
		t.Fatal(err)
	}
	if err := key.Save(path, true); err == nil {
		t.Error("a private key was written over")
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(text), HolderHead) || !strings.Contains(string(text), "FOR TRYING ONLY") {
		t.Errorf("the file does not say what it is: %v", err)
	}
	back, err := LoadHolder(path)
	if err != nil || back.Public() != key.Public() || back.Holder() != RecoveryHolder {
		t.Fatalf("%v", err)
	}
	if err := os.WriteFile(path, bytes.Replace(text, []byte("private recovery"), []byte("private recovery A"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadHolder(path); err == nil {
		t.Error("a damaged key was taken")
	}
	raw := (*key.k).raw
	printed := fmt.Sprintf("%v %+v %#v %s %x %d", key, key, key, key, key, struct{ K HolderKey }{key})
	for _, form := range []string{string(raw[:6]), fmt.Sprintf("%x", raw[:6]), encode(raw)[:8]} {
		if strings.Contains(printed, form) {
			t.Error("it prints its secret")
		}
	}
}

// TestRecoveringFromEscrow: the whole folder of the keys is lost, and the escrow files and the recovery holder's key bring it back.
func TestRecoveringFromEscrow(t *testing.T) {
	t.Parallel()
	k, path, pairs := created(t)
	_, first := newKey(t, k, "c-1")
	e, err := k.MakeEpoch("2026-12")
	if err != nil || !k.Use(e.ID) {
		t.Fatal(err)
	}
	_, second := newKey(t, k, "c-2")
	escrow := t.TempDir()
	if err := os.CopyFS(escrow, os.DirFS(filepath.Join(filepath.Dir(path), "escrow"))); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(t.TempDir(), "keys")
	if _, err := Recover(fresh, escrow, pairs[CaseHolder]); err == nil {
		t.Error("the case holder recovered keys")
	}
	stranger, err := GenerateHolder(RecoveryHolder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Recover(fresh, escrow, stranger); !errors.Is(err, ErrOpen) {
		t.Errorf("a stranger's key: %v", err)
	}
	got, err := Recover(fresh, escrow, pairs[RecoveryHolder])
	if err != nil || len(got) != 2 {
		t.Fatalf("%d keys came back, %v", len(got), err)
	}
	if got, err := Recover(fresh, escrow, pairs[RecoveryHolder]); err != nil || len(got) != 0 {
		t.Errorf("a second time: %d, %v", len(got), err)
	}
	back, err := Load(fresh)
	if err != nil || back.IndexMark() != k.IndexMark() || !back.HasHolders() {
		t.Fatalf("the key file did not come back whole: %v", err)
	}
	for row, w := range map[string]Wrapped{"c-1": first, "c-2": second} {
		if _, err := back.Unwrap(row, w); err != nil {
			t.Errorf("%s: %v", row, err)
		}
	}
	_, other, _ := created(t)
	if _, err := Recover(other, escrow, pairs[RecoveryHolder]); err == nil {
		t.Error("keys went into another gateway's folder")
	}
}

func FuzzEpochFile(f *testing.F) {
	m := master{month: "2026-11", turn: 1, secret: bytes.Repeat([]byte{7}, keySize)}
	f.Add(string(m.text()))
	f.Add(epochHead + "\nepoch")
	f.Add(escrowHead + "\nepoch 01020304 2026-11\nsealed AAAA\n")
	f.Add(HolderHead + "\nprivate case AAAA\n")
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := parseEpoch(text); err == nil && (m.month == "" || m.turn < 1 || len(m.secret) == 0) {
			t.Error("a key without a month was read")
		}
		if e, sealed, err := parseEscrow(text); err == nil && (e.ID == "" || len(sealed) == 0) {
			t.Error("an escrow file without anything was read")
		}
		if k, err := parseHolder(text); err == nil && !k.Holder().known() {
			t.Error("a key of nobody was read")
		}
	})
}
