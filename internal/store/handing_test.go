package store

import (
	"strings"
	"testing"
)

// TestHandingsTellNothing: what a provider calls a message is found again and can be read only where it cannot be anybody's number or words.
func TestHandingsTellNothing(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		for _, id := range []string{"", "SM" + strings.Repeat("0123456789abcdef", 2), "ATXid_" + strings.Repeat("f", 32), NewID()} {
			if kept := s.handingID("twilio", id); kept != id {
				t.Errorf("%s is kept as %s", id, kept)
			}
		}
		for _, id := range []string{"+85512000123", "85512000123", canaryStory, "12000123-1", "SM\x00", "\xff", strings.Repeat("1", 32) + "2"} {
			kept := s.handingID("kannel", id)
			if kept == id || len(kept) != 64 || kept == s.handingID("twilio", id) {
				t.Errorf("%q is kept as %s", id, kept)
			}
			if ok, err := s.KeepEarly(t.Context(), noon, "kannel", id, Early{State: Failed, Reason: "1"}); err != nil || !ok {
				t.Errorf("a report about %q: %t, %v", id, ok, err)
			}
			if early, found, err := s.Early(t.Context(), "kannel", id); err != nil || !found || early.Reason != "1" {
				t.Errorf("the report about %q: %+v, %t, %v", id, early, found, err)
			}
		}
	})
}
