package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatWasErasedStaysErased: a backup from before an erasing brings nothing back, since the list of what was erased lies beside the keys.
func TestWhatWasErasedStaysErased(t *testing.T) {
	stories(t, func(w *world) {
		identity, public := keyPair(t)
		told := w.tellsTheChair(childPhone)
		w.closes(told.referral)
		file := filepath.Join(t.TempDir(), "before.age")
		w.done("backup", "--to", public, "--out", file)
		w.done("erase", told.referral, "--reason", "She asked at the office.")
		database := w.otherHouse()
		if out := w.done("restore", file, "--identity", identity, "--into", database); !strings.Contains(out, "erased  again 1 conversations") {
			t.Errorf("restoring says\n%s", out)
		}
		w.loses(database)
		if _, found, err := w.gateway.store.ReportByCode(t.Context(), told.code); err != nil || found {
			t.Errorf("what was erased is found again: %t, %v", found, err)
		}
	})
}
