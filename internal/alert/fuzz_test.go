package alert

import (
	"testing"
	"time"
)

// FuzzResolve lets an officer's phone say anything while one, two or no matters are open, and a question of ours or none. What is found is always one
// that was sent to this phone, a code counts for no other matter, and nothing is done where a bare digit could mean two.
func FuzzResolve(f *testing.F) {
	for _, text := range []string{"1", "1 482135", "2 482135 3", "២", "4 1", "482135", "3", "0", "12", "1 590241", "ok", ""} {
		for shape := range byte(12) {
			f.Add(text, shape, int64(60))
		}
	}
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string, shape byte, seconds int64) {
		all := []Open{{Code: "482135", ID: "r1", OfficerID: "a", AlertedAt: now.Add(-time.Hour)}, {Code: "590241", ID: "r2", OfficerID: "a", AlertedAt: now}}
		open := all[:int(shape)%3]
		var pending *Question
		if kind := shape / 3 % 4; kind > 0 {
			pending = &Question{Kind: []QuestionKind{AskReason, AskOutcome, "of a newer release"}[kind-1], Code: "482135", AskedAt: now.Add(-time.Duration(seconds%3600) * time.Second)}
		}
		w, ok := ParseWords(text)
		m := Resolve(w, ok, open, pending, now)
		if again := Resolve(w, ok, open, pending, now); again.Found != m.Found || again.Open != m.Open || again.Verb != m.Verb || again.Reply.Key != m.Reply.Key {
			t.Fatalf("%q is understood otherwise the second time", text)
		}
		if !m.Found {
			if m.Reply.Key == "" {
				t.Fatalf("%q is neither understood nor answered", text)
			}
			return
		}
		known := false
		for _, o := range open {
			known = known || o == m.Open
		}
		switch {
		case !known:
			t.Fatalf("%q is about %q, which was not sent to this phone", text, m.Open.Code)
		case !ok:
			t.Fatalf("%q was not read, and something is done", text)
		case w.Code != "" && w.Code != m.Open.Code:
			t.Fatalf("%q has the code %s and is taken for %s", text, w.Code, m.Open.Code)
		case w.Code == "" && len(open) > 1 && pending == nil:
			t.Fatalf("%q names no matter, two are open, and %s was guessed", text, m.Open.Code)
		case m.Follow != 0 && m.Verb != CannotDo && m.Verb != GiveOutcome:
			t.Fatalf("%q: %d follows %v", text, m.Follow, m.Verb)
		}
	})
}
