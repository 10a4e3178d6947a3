package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClockMark(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		if m, err := s.ClockMark(ctx); err != nil || m != (ClockMark{}) {
			t.Fatalf("before anything: %+v, %v", m, err)
		}
		for _, c := range []struct{ reached, want ClockMark }{
			{ClockMark{At: noon}, ClockMark{At: noon}},
			{ClockMark{At: noon.Add(-time.Hour)}, ClockMark{At: noon}},
			{ClockMark{At: noon.Add(time.Hour), Jumped: noon}, ClockMark{At: noon.Add(time.Hour), Jumped: noon}},
			{ClockMark{At: noon}, ClockMark{At: noon.Add(time.Hour), Jumped: noon}},
		} {
			stands, err := s.RaiseClock(ctx, c.reached)
			if err != nil {
				t.Fatal(err)
			}
			kept, err := s.ClockMark(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]ClockMark{c.want, c.want}, []ClockMark{stands, kept}); diff != "" {
				t.Errorf("after %+v: %s", c.reached, diff)
			}
		}
		if err := s.ResetClock(ctx, noon, "", "wrong"); err == nil {
			t.Error("nobody's reset was taken")
		}
		if err := s.ResetClock(ctx, noon, "operator", "the machine's clock was a year ahead"); err != nil {
			t.Fatal(err)
		}
		if m, err := s.ClockMark(ctx); err != nil || m != (ClockMark{At: noon}) {
			t.Errorf("after the reset: %+v, %v", m, err)
		}
		acts, err := s.Acts(ctx, "clock reset")
		if err != nil || len(acts) != 1 || acts[0].Who != "operator" {
			t.Errorf("on record: %+v, %v", acts, err)
		}
		sound(t, s)
	})
}
