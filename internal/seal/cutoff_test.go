package seal

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCutOffWhileAKeyIsDestroyed: the power went after a spent key was overwritten and before its name was removed; the rest loads.
func TestCutOffWhileAKeyIsDestroyed(t *testing.T) {
	t.Parallel()
	k, path, _ := created(t)
	first := k.Epochs()[0]
	second, err := k.MakeEpoch("2026-12")
	if err != nil || !k.Use(second.ID) {
		t.Fatal(err)
	}
	if err := k.noteDestroyed(first.ID); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(epochsOf(path), first.Name())
	info, _ := os.Stat(name)
	if err := os.WriteFile(name, random(int(info.Size())), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err != nil {
		t.Errorf("the gateway does not start: %v", err)
	}
}

// TestNoEscrowOfAKeyThatWasNotKept: the folder of epochs takes nothing, and that of escrow does; no look leaves a file there.
func TestNoEscrowOfAKeyThatWasNotKept(t *testing.T) {
	t.Parallel()
	k, path, _ := created(t)
	// root writes everywhere: a file in place of the folder
	if err := os.Rename(epochsOf(path), epochsOf(path)+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(t.TempDir(), "gone"), epochsOf(path)); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, err := k.MakeEpoch("2026-12"); err == nil {
			t.Fatal("made")
		}
	}
	list, _ := os.ReadDir(escrowOf(path))
	if len(list) > 1 {
		t.Errorf("%d escrow files", len(list))
	}
}
