package flows

import (
	"errors"
	"strings"
	"testing"
)

// FuzzAdd gives any text as a conversation. It is refused with faults that name a line and a mend, or it can be held: then it is the same again when it
// is kept and restored, and every input gets a screen.
func FuzzAdd(f *testing.F) {
	for _, name := range defaults {
		f.Add(string(SourceOf(name)))
	}
	f.Add("name: x\nversion: 1\nentry: {ussd: a}\nnodes:\n  - {id: a, kind: end, text: leave}\n")
	f.Add("a: &a [*a, *a]\nnodes: *a")
	f.Add("- \xff\n\t")
	f.Fuzz(func(t *testing.T, text string) {
		l := library(t)
		d, err := l.Add("fuzz.yaml", []byte(text))
		if (d == nil) == (err == nil) {
			t.Fatalf("a definition %t and the error %v", d != nil, err)
		}
		if err != nil {
			var fault Fault
			if !errors.As(err, &fault) || fault.Line < 1 || fault.Mend == "" {
				t.Fatalf("a fault without a line or a mend: %v", err)
			}
			return
		}
		if again, err := library(t).Restore("fuzz.yaml", d.Source()); err != nil || again.Hash != d.Hash || again.Name != d.Name {
			t.Fatalf("kept and restored it is another one: %v", err)
		}
		if l.Connected() != nil || l.Default() == nil {
			return // it leads to a conversation that is not there
		}
		for _, b := range []Beginning{{Channel: USSD, Code: "48213057"}, {Channel: SMS, Code: "48213057"}} {
			s := l.Begin(b, began)
			for _, input := range []string{"", "1", "9", "8", "x", "0"} {
				var screen Screen
				var events []Event
				s, screen, events = l.Step(s, Input{input}, began)
				if screen.Text == "" && (len(events) == 0 || events[len(events)-1].Kind != Wanted) {
					t.Fatalf("no screen after %q", input)
				}
				if strings.Contains(screen.Text, "<no value>") {
					t.Fatalf("a screen with a hole: %q", screen.Text)
				}
			}
		}
	})
}
