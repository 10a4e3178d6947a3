package store

import (
	"context"
	"testing"
	"time"

	"chumrok/internal/report"
	"chumrok/internal/seal"
)

// withHolders gives a store's keyring holders, and returns their private halves.
func withHolders(t *testing.T, s *Store) map[seal.Holder]seal.HolderKey {
	t.Helper()
	keys := map[seal.Holder]seal.HolderKey{}
	for _, h := range seal.Holders() {
		pair, err := seal.GenerateHolder(h)
		if err == nil {
			err = s.keys.SetHolder(h, pair.Public())
		}
		if err != nil {
			t.Fatal(err)
		}
		keys[h] = pair
	}
	return keys
}

// archives does the archive's work that is due, and says how much there was.
func archives(t *testing.T, s *Store, now time.Time) (n int) {
	t.Helper()
	claimed, err := s.Claim(t.Context(), now, "g", time.Minute, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range claimed {
		if d.Kind != DueArchive {
			continue
		}
		n++
		if err := s.Archive(t.Context(), now, d); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func TestAReportIsArchivedAgainWhenItGrows(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		keys := withHolders(t, s)
		e := mustFresh(t, s, concluding(t, s, beginning(t, s, "a"), "700001"))
		if n := archives(t, s, noon); n != 1 {
			t.Fatalf("%d pieces of work follow from a report", n)
		}
		r, _, err := s.Report(t.Context(), e.Effects.Report.ID)
		if err != nil {
			t.Fatal(err)
		}
		r.Report, _ = r.Report.Add(report.Addition{From: "c", At: noon, Text: "and again"})
		if _, err := s.Apply(t.Context(), noon, Effects{Report: &r}); err != nil {
			t.Fatal(err)
		}
		if n := archives(t, s, noon); n != 1 {
			t.Fatalf("%d pieces of work follow from what is added", n)
		}
		copies, err := s.ArchiveCopies(t.Context(), noon, "operator", "", "all")
		if err != nil || len(copies) != 2 {
			t.Fatalf("%d copies, %v", len(copies), err)
		}
		for _, c := range copies {
			got, err := c.Open(keys[c.Holder])
			if err != nil || got.Report.Story != r.Story || len(got.Report.Added) != 1 || got.Code != r.Code || got.Number != caller(t).E164() ||
				got.Report.Contact.Number != caller(t) || len(got.Codes) != 1 || got.Codes[0] != "700001" {
				t.Errorf("the %s holder's copy is not what was told: %v", c.Holder, err)
			}
		}
		// A slow gateway that read the report before does not put its copy over the newer one.
		if _, err := s.write.ExecContext(t.Context(), `UPDATE archive SET version = version + 7`); err != nil {
			t.Fatal(err)
		}
		if err := s.Archive(t.Context(), noon.Add(time.Hour), Due{Kind: DueArchive, Subject: e.Conversation.ID}); err != nil {
			t.Fatal(err)
		}
		after, err := s.ArchiveCopies(t.Context(), noon, "operator", e.Conversation.ID, "700001")
		if err != nil || len(after) != 2 || !after[0].At.Equal(copies[0].At) {
			t.Errorf("an older copy took the place of a newer one: %v", err)
		}
		sound(t, s)
	})
}

func TestWhatHasNoCopyForTheHoldersOfTodayGetsOne(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		e := mustFresh(t, s, concluding(t, s, beginning(t, s, "a"), "700001"))
		if err := s.WantArchive(t.Context(), noon); err != nil {
			t.Fatal(err)
		}
		if n := archives(t, s, noon); n != 0 {
			t.Errorf("%d copies for nobody", n)
		}
		withHolders(t, s)
		for range 2 {
			if err := s.WantArchive(t.Context(), noon); err != nil {
				t.Fatal(err)
			}
		}
		if n := archives(t, s, noon); n != 1 {
			t.Errorf("%d reports of before were copied", n)
		}
		keys := withHolders(t, s) // they change
		if err := s.WantArchive(t.Context(), noon); err != nil {
			t.Fatal(err)
		}
		archives(t, s, noon)
		copies, err := s.ArchiveCopies(t.Context(), noon, "operator", e.Conversation.ID, "700001")
		if err != nil || len(copies) != 2 {
			t.Fatalf("%d copies, %v", len(copies), err)
		}
		for _, c := range copies {
			if _, err := c.Open(keys[c.Holder]); err != nil {
				t.Errorf("the new %s holder: %v", c.Holder, err)
			}
		}
		erase := func(ctx context.Context) error {
			_, err := s.Apply(ctx, noon, Effects{Erasures: []ErasureChange{{ConversationID: e.Conversation.ID, Decision: DecidedErase, By: "operator"}}})
			if err == nil {
				err = s.Erase(ctx, noon, "operator", e.Conversation.ID)
			}
			return err
		}
		if err := erase(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left, err := s.ArchiveCopies(t.Context(), noon, "operator", "", "all"); err != nil || len(left) != 0 {
			t.Errorf("%d copies are left of what was erased, %v", len(left), err)
		}
		if err := s.Archive(t.Context(), noon, Due{Kind: DueArchive, Subject: e.Conversation.ID}); err != nil {
			t.Errorf("work that is too late: %v", err)
		}
		if left, err := s.ArchiveCopies(t.Context(), noon, "operator", "", "all"); err != nil || len(left) != 0 {
			t.Errorf("what was erased was archived: %d, %v", len(left), err)
		}
	})
}
