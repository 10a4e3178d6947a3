package store

import (
	"path/filepath"
	"testing"
	"time"

	"chumrok/internal/seal"
)

func freshStore(t *testing.T) *Store {
	t.Helper()
	dir := t.TempDir()
	keys, err := seal.Create(filepath.Join(dir, "keys"), "2025-10", nil)
	if err != nil {
		t.Fatal(err)
	}
	return opened(t, "sqlite:"+filepath.Join(dir, "db"), keys)
}

// TestListedAndOpenedAgain: a gateway was killed between its line on the list and the commit, and somebody added to the matter; it stays.
func TestListedAndOpenedAgain(t *testing.T) {
	t.Parallel()
	s := freshStore(t)
	s.KeepErased(erasedList(t))
	e := mustFresh(t, s, concluding(t, s, beginning(t, s, "live"), "700001")) // its referral is open
	if err := s.erased.add(erasedByTime, e.Conversation.ID); err != nil {
		t.Fatal(err)
	}
	n, err := s.ReErase(t.Context(), noon.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, words := left(t, s, e.Conversation.ID); !words {
		t.Errorf("%d: an open matter of an hour ago is destroyed, with its alerts, since a line says that its time was over", n)
	}
}

// TestUnderADestroyedKey: another gateway destroyed a key while this one was away and went on wrapping with it; this one keeps it.
func TestUnderADestroyedKey(t *testing.T) {
	t.Parallel()
	s := freshStore(t)
	first := s.keys.Epochs()[0]
	if ok, err := s.RegisterEpoch(t.Context(), noon, first); err != nil || !ok {
		t.Fatal(err)
	}
	if err := s.UseEpoch(t.Context(), noon, first); err != nil || !s.keys.Use(first.ID) {
		t.Fatal(err)
	}
	second, err := s.keys.MakeEpoch("2025-11")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.ExecContext(t.Context(), `UPDATE epochs SET destroyed_at = 1 WHERE id = $1`, first.ID); err != nil {
		t.Fatal(err)
	}
	e := concluding(t, s, beginning(t, s, "live"), "700001")
	mustFresh(t, s, e)
	over(t, s, e, noon)
	if ok, err := s.RegisterEpoch(t.Context(), noon, second); err != nil || !ok {
		t.Fatal(err)
	}
	if err := s.UseEpoch(t.Context(), noon, second); err != nil || !s.keys.Use(second.ID) {
		t.Fatal(err)
	}
	if _, err := s.Rewrap(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DestroySpentEpochs(t.Context(), noon.AddDate(2, 0, 0), time.UTC); err != nil {
		t.Fatal(err)
	}
	if turns, err := s.Turns(t.Context(), e.Conversation.ID); err != nil || len(turns) == 0 || len(turns[0].Heard) == 0 {
		t.Errorf("what was told is gone: %v", err)
	}
}
