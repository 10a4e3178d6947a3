package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"chumrok/internal/officerpin"
	"chumrok/internal/store"
)

// toDuty are the keys from the first screen to the officers' question for the PIN, in English.
var toDuty = []string{"2", "4"}

// pin draws a PIN for an officer's phone, as `officer pin` does.
func (w *world) pin(officer string) string {
	w.t.Helper()
	g := w.gateway
	pin, err := drawPIN(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	index := g.store.PhoneIndex(w.number(w.officer[officer]))
	hash, err := officerpin.Hash(rand.Reader, pinSecret(g.keys, index, pin))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := g.store.SetPIN(w.t.Context(), operator, store.PIN{PhoneIndex: index, OfficerID: officer, Hash: hash, SetAt: w.clock.Now()}); err != nil {
		w.t.Fatal(err)
	}
	return pin
}

// onDuty is an officer who dialled, chose English and the tasks, and gave a PIN.
func (w *world) onDuty(officer, pin string) *caller {
	w.t.Helper()
	return w.caller(w.officer[officer]).dials("*1280#").presses(toDuty...).presses(pin)
}

// opens goes to one of the officer's tasks, which must be the only one in the list.
func (c *caller) opens(code string) *caller {
	c.w.t.Helper()
	c.presses("1").sees("1 "+code+" ", c.w.sentence("en", "duty.list"))
	if strings.Contains(c.screen, "\n2 ") {
		c.w.t.Fatalf("there is more than one task:\n%s", c.screen)
	}
	return c.presses("1").sees(c.w.sentence("en", "duty.one"))
}

// hasNoTask says that an officer's list is empty.
func (w *world) hasNoTask(officer, pin string) {
	w.t.Helper()
	w.onDuty(officer, pin).presses("1").sees(w.sentence("en", "duty.none"))
}

// reads turns all pages of a text and returns their words, without the keys and without what divides them.
func (c *caller) reads() string {
	c.w.t.Helper()
	var pages []string
	for range 60 {
		if strings.Contains(c.screen, "\n1 "+c.w.sentence("en", "nav.go_on")) {
			return squeezed(strings.Join(append(pages, c.words()), " "))
		}
		pages = append(pages, c.words())
		c.presses("9")
	}
	c.w.t.Fatal("the text has no end")
	return ""
}

// words are the lines of a screen that are no keys.
func (c *caller) words() string {
	lines := slices.DeleteFunc(strings.Split(c.screen, "\n"), func(line string) bool {
		return strings.HasPrefix(line, "9 ") || strings.HasPrefix(line, "0 ") || line == "1 "+c.w.sentence("en", "nav.go_on")
	})
	return strings.Join(lines, " ")
}

// squeezed takes out everything that only divides, since pages are broken between syllables.
func squeezed(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\u200B' {
			return -1
		}
		return r
	}, text)
}

// says checks that each of these stands in a squeezed text.
func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, squeezed(part)) {
			t.Errorf("%q is not in %q", part, text)
		}
	}
}

// saysNot checks that none of these does.
func saysNot(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(squeezed(text), squeezed(part)) {
			t.Errorf("%q stands in %q", part, text)
		}
	}
}

// onRecord counts the acts of a kind on the record.
func (w *world) onRecord(who, what, subject string) int {
	w.t.Helper()
	acts, err := w.gateway.store.Audit(w.t.Context(), 0, 10_000)
	if err != nil {
		w.t.Fatal(err)
	}
	n := 0
	for _, act := range acts {
		if act.Who == who && act.What == what && act.Subject == subject {
			n++
		}
	}
	return n
}

// tellsBySMS tells of beating in Kantueu Muoy by SMS, and returns the reporter's code and the referral's, which the chair of
// the committee got.
func (w *world) tellsBySMS(number string) (reporters, referral string) {
	w.t.Helper()
	child := w.caller(number).texts("គាត់វាយប្អូនខ្ញុំរាល់យប់")
	child.texts("ឃុំកន្ទឺ ១ ខេត្តបាត់ដំបង").texts("1").texts("2").texts("3")
	return child.code(8), digitsIn(w.t, w.gets("banan1-chair"), 6)
}

// asks asks by USSD what became of a code, in English, and returns the answer.
func (w *world) asks(number, code string) string {
	w.t.Helper()
	c := w.caller(number).dials("*1280#").presses("2", "3", code, "1")
	if !c.ended {
		w.t.Fatalf("asking goes on:\n%s", c.screen)
	}
	return c.screen
}

// sends posts an SMS without doing the work that falls due after it, and returns the answer; it may run beside others.
func (w *world) sends(number, text, sid string) (string, error) {
	status, body := w.post("/hooks/twilio/sms", w.twilioForm(number, text, sid), w.gateway.config.Twilio.AuthToken)
	if status != http.StatusOK {
		return "", fmt.Errorf("the SMS hook answered %d", status)
	}
	return body, nil
}

// forgets takes everything off these phones unread, where a story is not about what they were told.
func (w *world) forgets(officers ...string) {
	w.t.Helper()
	w.settle()
	for _, officer := range officers {
		w.read[w.officer[officer]] = len(w.inbox(w.officer[officer]))
	}
}

// replaceInDirectory writes another text into the pack's directory, which counts after a restart.
func (w *world) replaceInDirectory(old, text string) {
	w.t.Helper()
	path := filepath.Join(w.env["CHUMROK_PACK"], "directory.csv")
	body, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(body), old, text)), 0o600); err != nil {
		w.t.Fatal(err)
	}
}
