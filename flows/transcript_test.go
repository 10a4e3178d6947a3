package flows

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chumrok/locales"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the transcripts anew; review the difference as you would the words")

var began = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// A transcript is a text: a comment, "begin: ussd" with what is known then, and inputs after "> ". What the phone shows after each is
// indented, with its size and what happened; at the end stand the answers.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	d := report(t)
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d transcripts, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, d, string(want), nil)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got), or refresh with -update:\n%s", file, diff)
			}
		})
	}
}

// TestEveryNodeAndOptionHasATranscript holds the transcripts complete: in each language, on each channel on which it can be met.
func TestEveryNodeAndOptionHasATranscript(t *testing.T) {
	t.Parallel()
	d := report(t)
	files, _ := filepath.Glob("testdata/transcripts/*.txt")
	met := map[string]bool{}
	for _, file := range files {
		script, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		play(t, d, string(script), func(what string) { met[what] = true })
	}
	for _, lang := range []string{"km", "en"} {
		for ci, channel := range channels {
			for _, n := range d.nodes {
				if !n.on[ci] {
					continue
				}
				want := []string{n.id}
				for _, o := range n.options {
					want = append(want, n.id+" "+o.number)
				}
				for _, what := range want {
					// The language screen is the same in both; the choice made on it is counted in the new language.
					if what == "language" || strings.HasPrefix(what, "language ") {
						continue
					}
					if key := lang + " " + string(channel) + " " + what; !met[key] {
						t.Errorf("no transcript meets %s", key)
					}
				}
			}
		}
	}
}

// beginning reads "begin: ussd area=020401 emergency language=km".
func beginning(t *testing.T, line string) Beginning {
	t.Helper()
	b := Beginning{Code: "48213057", Expires: 10 * time.Minute}
	for i, word := range strings.Fields(line) {
		name, value, _ := strings.Cut(word, "=")
		switch {
		case i == 0:
			b.Channel = Channel(word)
		case name == "area":
			b.AreaCode = value
		case name == "emergency":
			b.Emergency = true
		case name == "language":
			b.Language = value
		default:
			t.Fatalf("begin: %q is not known", word)
		}
	}
	return b
}

// play runs a transcript's inputs and returns the whole transcript as it really is. Between two inputs the state is encoded and decoded.
// see, if given, is told what a caller meets, with the conversation's language and channel in front.
func play(t *testing.T, d *Definition, script string, see func(string)) string {
	t.Helper()
	var out strings.Builder
	var s State
	begun := false
	now := began
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		if rest, ok := strings.CutPrefix(line, "begin: "); ok {
			s, begun = d.Begin(beginning(t, rest), now), true
		}
		if input, ok := strings.CutPrefix(line, ">"); ok {
			if !begun {
				t.Fatal("no begin: line in front of the first input")
			}
			now = now.Add(7 * time.Second)
			again, err := Decode(s.AppendBinary(nil))
			if err != nil {
				t.Fatalf("before %q: %v", line, err)
			}
			input = strings.TrimPrefix(input, " ")
			if count, ok := strings.CutPrefix(input, "*1000 "); ok {
				input = strings.Repeat(count+" ", 1000)
			}
			var screen Screen
			var events []Event
			var met []string
			s, screen, events = d.step(again, Input{input}, now, func(what string) { met = append(met, what) })
			for _, what := range met {
				if see != nil {
					see(s.Language() + " " + string(s.Channel()) + " " + what)
				}
			}
			out.WriteString(line + "\n" + shown(s.channel, screen, events))
			continue
		}
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "begin: ") {
			out.WriteString(line + "\n")
		}
	}
	for _, name := range s.Fields() {
		value := s.Answer(name)
		if len(value) > 200 {
			value = fmt.Sprintf("(%d bytes)", len(value))
		}
		fmt.Fprintf(&out, "= %s: %s\n", name, strings.ReplaceAll(value, "\n", " / "))
	}
	return out.String()
}

// shown is a screen as a transcript has it.
func shown(c Channel, screen Screen, events []Event) string {
	var b strings.Builder
	for line := range strings.SplitSeq(screen.Text, "\n") {
		b.WriteString("    " + line + "\n")
	}
	encoding, size := locales.Measure(screen.Text)
	unit := "units"
	if encoding == locales.GSM7 {
		unit = "septets"
	}
	fmt.Fprintf(&b, "  ~ %d %s", size, unit)
	if c == SMS {
		fmt.Fprintf(&b, ", %s", plural(locales.SMSSegments(screen.Text), "message"))
	}
	if screen.End {
		b.WriteString(", end")
	}
	b.WriteString("\n")
	for _, e := range events {
		if e.Kind == Answered || e.Kind == Unanswered {
			continue // the answers stand at the end
		}
		fmt.Fprintf(&b, "  ! %s", e.Kind)
		if e.Name != "" && e.Value != "" {
			fmt.Fprintf(&b, " %s=%s", e.Name, e.Value)
		}
		b.WriteString("\n")
	}
	return b.String()
}
