package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"chumrok/internal/seal"
	"chumrok/internal/steadyclock"
	"chumrok/internal/store"
)

func adrift(t *testing.T, month string) (*store.Store, *seal.Keyring, string) {
	t.Helper()
	dir := t.TempDir()
	keys, err := seal.Create(filepath.Join(dir, "keys"), month, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "db"), keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, keys, dir
}

func turned(t *testing.T, s *store.Store, keys *seal.Keyring, at time.Time) []string {
	t.Helper()
	trouble, err := turnEpoch(t.Context(), s, keys, "a", at.Format(seal.MonthLayout), at)
	if err != nil {
		t.Fatal(err)
	}
	return trouble
}

func inUse(t *testing.T, keys *seal.Keyring) string {
	for _, e := range keys.Epochs() {
		if e.ID == keys.InUse() {
			return e.Name()
		}
	}
	t.Fatal("none")
	return ""
}

// TestAMonthThatHasNotCome: a machine's clock was years ahead for one look; once it is set right, months have keys of their own again.
func TestAMonthThatHasNotCome(t *testing.T) {
	t.Parallel()
	s, keys, _ := adrift(t, "2026-11")
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	turned(t, s, keys, now)
	turned(t, s, keys, now.AddDate(10, 0, 0))
	if err := s.ResetClock(t.Context(), now, "operator", "wrong"); err != nil {
		t.Fatal(err)
	}
	for m := range 4 {
		at := now.AddDate(0, m, 0)
		trouble := turned(t, s, keys, at)
		t.Logf("%s: in use %s, trouble %q", at.Format("2006-01"), inUse(t, keys), trouble)
	}
	e, err := keys.MakeEpoch("2027-02")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := s.RegisterEpoch(t.Context(), now, e); !ok || err != nil {
		t.Fatal(ok, err)
	}
	turned(t, s, keys, now.AddDate(0, 3, 0))
	if name := inUse(t, keys); name[:7] != "2027-02" {
		t.Errorf("in February 2027 %s is in use, also after a rotation", name)
	}
}

// TestTheMonthsKeyIsLost: the disk is lost with this month's key before its escrow was handed over; a new one of this month can be made.
func TestTheMonthsKeyIsLost(t *testing.T) {
	t.Parallel()
	s, keys, dir := adrift(t, "2026-10")
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	turned(t, s, keys, now.AddDate(0, -1, 0))
	turned(t, s, keys, now)
	lost := keys.Epochs()[1]
	// the same key file without that key, as on a new machine
	if err := os.Remove(filepath.Join(dir, "epochs", lost.Name())); err != nil {
		t.Fatal(err)
	}
	again, err := seal.Load(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	t.Log("trouble of the gateway:", turned(t, s, again, now.Add(time.Hour)), "in use:", again.InUse())
	t.Log("trouble some days later:", turned(t, s, again, now.Add(72*time.Hour)), "in use:", again.InUse(), again.Epochs()[0].ID)
	e, err := again.MakeEpochAfter("2026-11", 1)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := s.RegisterEpoch(t.Context(), now, e); err != nil || !ok {
		t.Errorf("rotating: %t %v (turn %d)", ok, err, e.Turn)
	}
}

// TestKeysOfMonthsBetweenAreKnownAfterARestore: they are registered, and so destroyed when they are spent.
func TestKeysOfMonthsBetweenAreKnownAfterARestore(t *testing.T) {
	t.Parallel()
	s, keys, _ := adrift(t, "2026-08")
	if _, err := keys.MakeEpoch("2026-09"); err != nil {
		t.Fatal(err)
	}
	turned(t, s, keys, time.Date(2026, 8, 5, 9, 0, 0, 0, time.UTC)) // the backup knows August alone
	if _, err := keys.MakeEpoch("2026-10"); err != nil {
		t.Fatal(err)
	}
	for m := 10; m < 16; m++ {
		at := time.Date(2026, time.Month(m), 23, 9, 0, 0, 0, time.UTC)
		turned(t, s, keys, at)
		gone, err := s.DestroySpentEpochs(t.Context(), at, time.UTC)
		var left []string
		for _, e := range keys.Epochs() {
			left = append(left, e.Name())
		}
		t.Log(at.Format("2006-01"), "gone", len(gone), "left", left, err)
	}
	for _, e := range keys.Epochs() {
		if e.Month == "2026-09" {
			t.Error("the key of September lives for ever")
		}
	}
}

// TestAnotherGatewaysClockLeapt: who follows its time destroys nothing by it for a day either.
func TestAnotherGatewaysClockLeapt(t *testing.T) {
	t.Parallel()
	s, _, _ := adrift(t, "2026-11")
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	b := &Gateway{store: s, now: func() time.Time { return now }, machine: func() time.Time { return now }}
	b.clock.Store(steadyclock.New(b.machine, now, time.Time{}))
	leapt := now.AddDate(0, 0, 5)
	if _, err := s.RaiseClock(t.Context(), store.ClockMark{At: leapt, Jumped: leapt}); err != nil {
		t.Fatal(err)
	}
	stands, err := s.RaiseClock(t.Context(), store.ClockMark{At: b.clock.Load().Now()})
	if err != nil {
		t.Fatal(err)
	}
	b.clock.Load().Reach(stands.At, stands.Jumped) // as writeTime does
	if b.mayDestroy(b.clock.Load().Now()) {
		t.Errorf("B is at %v and may destroy", b.clock.Load().Now())
	}
}

// TestTheListOfErasedCannotBeRead: a command of another user made it; what callers say is taken all the same.
func TestTheListOfErasedCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "simulated")
	w.settle()
	w.gateway.Close()
	path := erasedList(w.gateway.config)
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	config, err := readConfig(w.env)
	if err != nil {
		t.Fatal(err)
	}
	g, err := Open(t.Context(), config, slog.New(slog.DiscardHandler), w.clock.Now)
	if err != nil {
		t.Errorf("no gateway: %v", err)
	} else {
		g.Close()
	}
}
