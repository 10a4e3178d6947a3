package store

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func apply(tb testing.TB, s *Store, e Effects) {
	tb.Helper()
	if kind, err := s.Apply(tb.Context(), noon, e); err != nil || kind != Fresh {
		tb.Fatalf("applying: %v, %v", kind, err)
	}
}

func claim(tb testing.TB, s *Store, at time.Time, limit int) []Due {
	tb.Helper()
	got, err := s.Claim(tb.Context(), at, "me", time.Minute, limit)
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

func subjects(list []Due) []string {
	out := []string{}
	for _, d := range list {
		out = append(out, d.Subject)
	}
	return out
}

func TestDueWorkComesInOrderAndOnTime(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		apply(t, s, Effects{Due: []Due{
			{Kind: "k", Subject: "late", At: noon.Add(-time.Minute)},
			{Kind: "k", Subject: "later", At: noon},
			{Kind: "k", Subject: "urgent", At: noon, Urgency: 2},
			{Kind: "k", Subject: "future", At: noon.Add(time.Millisecond), Urgency: 9},
		}})
		select {
		case <-s.Woken():
		default:
			t.Error("nobody was woken")
		}
		if diff := cmp.Diff([]string{"urgent", "late"}, subjects(claim(t, s, noon, 2))); diff != "" {
			t.Errorf("first (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"later"}, subjects(claim(t, s, noon, 9))); diff != "" {
			t.Errorf("then (-want +got):\n%s", diff)
		}
		if at, ok, err := s.NextDue(t.Context()); err != nil || !ok || !at.Equal(noon.Add(time.Millisecond)) {
			t.Errorf("next at %v, %t, %v", at, ok, err)
		}
		if diff := cmp.Diff([]string{"future"}, subjects(claim(t, s, noon.Add(time.Second), 9))); diff != "" {
			t.Errorf("time moved (-want +got):\n%s", diff)
		}
		again := claim(t, s, noon.Add(2*time.Minute), 9)
		if diff := cmp.Diff([]string{"future", "urgent", "late", "later"}, subjects(again)); diff != "" {
			t.Errorf("leases ran out (-want +got):\n%s", diff)
		}
		for _, d := range again {
			if d.Attempts != 2 {
				t.Errorf("%s was claimed %d times", d.Subject, d.Attempts)
			}
		}
		list, err := s.DueOf(t.Context(), "late")
		if err != nil || len(list) != 1 || !list[0].At.Equal(noon.Add(-time.Minute)) {
			t.Errorf("due of one subject: %v, %v", list, err)
		}
	})
}

func TestDueWorkThatWasWrittenAgainOutlivesItsOldHolder(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		for name, let := range map[string]func(Due) error{
			"finished":           func(d Due) error { return s.Finish(t.Context(), d) },
			"given back":         func(d Due) error { return s.Retry(t.Context(), d, noon.Add(time.Hour)) },
			"finished by effect": func(d Due) error { _, err := s.Apply(t.Context(), noon, Effects{DueFinished: []Due{d}}); return err },
		} {
			apply(t, s, Effects{Due: []Due{{Kind: name, Subject: "s", At: noon}}})
			old := claim(t, s, noon, 1)[0]
			apply(t, s, Effects{Due: []Due{{Kind: name, Subject: "s", At: noon.Add(time.Second)}}})
			if err := let(old); err != nil {
				t.Fatal(err)
			}
			got := claim(t, s, noon.Add(time.Second), 9)
			if len(got) != 1 || got[0].Kind != name || got[0].Attempts != 1 {
				t.Errorf("%s: %v", name, got)
				continue
			}
			if err := s.Finish(t.Context(), got[0]); err != nil {
				t.Fatal(err)
			}
			// Finished, then written anew: the one who held the first still finishes nothing.
			apply(t, s, Effects{Due: []Due{{Kind: name, Subject: "s", At: noon}}})
			if err := let(old); err != nil {
				t.Fatal(err)
			}
			apply(t, s, Effects{DueDone: []DueKey{{name, "other"}}})
			if n := counts(t, s).Due[name]; n != 1 {
				t.Errorf("%s: %d left, want 1", name, n)
			}
			apply(t, s, Effects{DueDone: []DueKey{{name, "s"}}})
			if n := counts(t, s).Due[name]; n != 0 {
				t.Errorf("%s: %d left, want 0", name, n)
			}
		}
	})
}

func TestDueWorkThatIsGivenBackComesLater(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		apply(t, s, Effects{Due: []Due{{Kind: "k", Subject: "s", At: noon}}})
		first := claim(t, s, noon, 1)[0]
		second := claim(t, s, noon.Add(2*time.Minute), 1)[0] // the first one's lease ran out
		if err := s.Retry(t.Context(), first, noon); err != nil {
			t.Fatal(err)
		}
		if got := claim(t, s, noon.Add(2*time.Minute), 1); len(got) != 0 {
			t.Errorf("who lost the lease gave the work back: %v", got)
		}
		if err := s.Retry(t.Context(), second, noon.Add(3*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if got := claim(t, s, noon.Add(2*time.Minute), 1); len(got) != 0 {
			t.Errorf("claimed too early: %v", got)
		}
		if got := claim(t, s, noon.Add(3*time.Minute), 1); len(got) != 1 || got[0].Attempts != 3 {
			t.Errorf("given back: %v", got)
		}
	})
}

func TestTwoClaimersNeverHoldTheSame(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		var work []Due
		for i := range 300 {
			work = append(work, Due{Kind: "k", Subject: fmt.Sprint(i), At: noon})
		}
		apply(t, s, Effects{Due: work})
		var mu sync.Mutex
		held := map[string]int{}
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for {
					got, err := s.Claim(context.WithoutCancel(t.Context()), noon, fmt.Sprint("claimer ", i), time.Minute, 7)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					for _, d := range got {
						held[d.Subject]++
					}
					n := len(held)
					mu.Unlock()
					if len(got) == 0 && n == len(work) {
						return
					}
				}
			})
		}
		all.Wait()
		for subject, n := range held {
			if n != 1 {
				t.Errorf("%s was claimed %d times", subject, n)
			}
		}
	})
}
