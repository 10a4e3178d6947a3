package flows

import (
	"testing"
	"time"
)

// TestACardIsAnsweredByNumber: the club's number and one of the card's, however they are written, or one after the other.
func TestACardIsAnsweredByNumber(t *testing.T) {
	t.Parallel()
	d := report(t)
	d.l.AskClubs(func(number string) string { return map[string]string{"30218": "020402"}[number] })
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name     string
		messages []string
		harm     string
		club     string
	}{
		{"together", []string{"0204 2"}, "sexual", "020401"},
		{"in Khmer digits", []string{"០២០៤ ២"}, "sexual", "020401"},
		{"with a hyphen", []string{"0204-11"}, "online", "020401"},
		{"with a full stop", []string{"0204. 16."}, "self_harm", "020401"},
		{"without a space", []string{"020417"}, "other", "020401"},
		{"without a space, one digit", []string{"02045"}, "labour", "020401"},
		{"one after the other", []string{"0204", "2"}, "sexual", "020401"},
		{"one after the other, two digits", []string{"0204", "12"}, "bullying", "020401"},
		{"what only an emergency offers", []string{"0204 14"}, "lost", "020401"},
		{"a club that was added while it serves", []string{"30218 1"}, "physical", "020402"},
		{"a number that is not on the card", []string{"0204 10"}, "", ""},
		{"a club that is not known", []string{"0999 2"}, "", ""},
		{"a number without a club", []string{"2"}, "", ""},
		{"a club alone", []string{"0204"}, "", "020401"},
		{"three numbers", []string{"0204 2 3"}, "", ""},
		{"words with numbers", []string{"0204 2 ប៉ះពាល់"}, "", ""},
		{"a reporter's code", []string{"48213057"}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := d.Begin(Beginning{Channel: SMS, Language: "km", Code: "48213057"}, now)
			var screen Screen
			var events []Event
			danger := false
			for _, text := range c.messages {
				s, screen, events = d.Step(s, Input{Text: text}, now)
				for _, e := range events {
					danger = danger || e.Kind == Danger
				}
			}
			if got := s.Answer("harm"); got != c.harm || s.club != c.club {
				t.Fatalf("harm %q and club %q, expected %q and %q; the screen is %q", got, s.club, c.harm, c.club, screen.Text)
			}
			if danger != (c.harm == "self_harm") {
				t.Errorf("danger is said: %t", danger)
			}
			if c.harm != "" && (s.Node() != "sms_place" || !s.HasContent()) {
				t.Errorf("it goes on at %s, content %t", s.Node(), s.HasContent())
			}
		})
	}
}
