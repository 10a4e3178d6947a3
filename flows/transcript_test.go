package flows

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chumrok/locales"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the transcripts, the graphs and new option numbers; review the difference as you would the words")

var began = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

const transcripts = "testdata/transcripts/"

// A transcript is a text: a comment, "begin: ussd" with what is known then, inputs after "> ", and after "< " what the gateway supplies
// when it is asked ("<v name value" a variable, "<+ value text" a line of a list, "<t text" a line of a text). What the phone shows after
// each is indented, with its size and what happened; at the end stand the answers.
//
// Its file is called after what it shows and the language. With -update the other languages of the catalogue get what they lack.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	l := conversations(t)
	for _, file := range transcriptFiles(t, l) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, l, string(want), nil)
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

// transcriptFiles are all transcripts. One whose conversation does not depend on what language it was found in is there in each.
func transcriptFiles(t *testing.T, l *Library) []string {
	t.Helper()
	files, err := filepath.Glob(transcripts + "*.txt")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d transcripts, %v", len(files), err)
	}
	for _, file := range files {
		name, ok := strings.CutSuffix(file, "."+l.languages[0]+".txt")
		if !ok {
			continue
		}
		script, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, lang := range l.languages {
			other := name + "." + lang + ".txt"
			if slices.Contains(files, other) {
				continue
			}
			translated, any := inLanguage(t, l, string(script), i)
			switch {
			case !any:
			case !*update:
				t.Errorf("there is no %s; make it with -update", other)
			default:
				if err := os.WriteFile(other, []byte(translated), 0o644); err != nil {
					t.Fatal(err)
				}
				files = append(files, other)
			}
		}
	}
	return files
}

// inLanguage is a transcript's script with another language chosen; it reports whether the language is chosen in it at all.
func inLanguage(t *testing.T, l *Library, script string, language int) (string, bool) {
	t.Helper()
	lang, first := l.languages[language], l.languages[0]
	number := ""
	for _, o := range l.Current("menu").nodes[0].options {
		if o.value == lang {
			number = o.number
		}
	}
	var out strings.Builder
	any := false
	s, now := State{}, began
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "begin: "):
			if changed := strings.Replace(line, "language="+first, "language="+lang, 1); changed != line {
				line, any = changed, true
			}
			s = l.Begin(beginning(t, line[len("begin: "):]), now)
		case strings.HasPrefix(line, ">"):
			input := strings.TrimPrefix(strings.TrimPrefix(line, ">"), " ")
			atLanguage := s.node == "language"
			before := s
			s, _, _ = l.Step(s, Input{input}, now)
			if atLanguage && s.node == "main" && number != "" {
				line, any = "> "+number, true
				s, _, _ = l.Step(before, Input{number}, now)
			}
		case strings.HasPrefix(line, "< "):
			s, _, _ = l.Supply(s, Supplied{Answer: line[2:], Options: []Option{{Value: "x", Text: "x"}}}, now)
		}
		if line == "" || strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "= ") {
			if line != "" {
				continue
			}
		}
		out.WriteString(line + "\n")
	}
	return out.String(), any
}

// beginning reads "begin: ussd flow=learn area=020401 emergency officer language=km".
func beginning(t *testing.T, line string) Beginning {
	t.Helper()
	b := Beginning{Code: "48213057", Proof: "47", Expires: 10 * time.Minute}
	for i, word := range strings.Fields(line) {
		name, value, _ := strings.Cut(word, "=")
		switch {
		case i == 0:
			b.Channel = Channel(word)
		case name == "area":
			b.AreaCode = value
		case name == "emergency":
			b.Emergency = true
		case name == "officer":
			b.Officer = true
		case name == "language":
			b.Language = value
		case name == "flow":
			b.Flow = value
		default:
			t.Fatalf("begin: %q is not known", word)
		}
	}
	return b
}

// script is a transcript being played.
type script struct {
	t     *testing.T
	l     *Library
	s     State
	now   time.Time
	begun bool
	see   func(string)
	out   strings.Builder
}

// play runs a transcript's inputs and returns the whole transcript as it really is. Between two inputs the state is encoded and decoded.
// see, if given, is told what a caller meets, with the conversation's language and channel in front.
func play(t *testing.T, l *Library, text string, see func(string)) string {
	t.Helper()
	p := &script{t: t, l: l, now: began, see: see}
	rows := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := 0; i < len(rows); i++ {
		line := rows[i]
		switch {
		case strings.HasPrefix(line, "begin: "):
			p.s, p.begun = l.Begin(beginning(t, line[len("begin: "):]), p.now), true
			p.out.WriteString(line + "\n")
		case strings.HasPrefix(line, ">"):
			p.out.WriteString(line + "\n")
			p.input(strings.TrimPrefix(line[1:], " "))
		case strings.HasPrefix(line, "< "):
			v := Supplied{Answer: line[2:], Vars: map[string]string{}}
			p.out.WriteString(line + "\n")
			for ; i+1 < len(rows) && suppliedRow(rows[i+1]); i++ {
				kind, rest := rows[i+1][1], rows[i+1][3:]
				name, value, _ := strings.Cut(rest, " ")
				switch kind {
				case 'v':
					v.Vars[name] = value
				case '+':
					v.Options = append(v.Options, Option{Value: name, Text: value})
				case 't':
					v.Text = lines(v.Text, rest)
				}
				p.out.WriteString(rows[i+1] + "\n")
			}
			p.supply(v)
		case line == "", strings.HasPrefix(line, "#"):
			p.out.WriteString(line + "\n")
		}
	}
	for _, name := range p.s.Fields() {
		value := p.s.Answer(name)
		if len(value) > 200 {
			value = fmt.Sprintf("(%d bytes)", len(value))
		}
		fmt.Fprintf(&p.out, "= %s: %s\n", name, strings.ReplaceAll(value, "\n", " / "))
	}
	return p.out.String()
}

// suppliedRow reports whether a line of a transcript says more of what is supplied.
func suppliedRow(row string) bool {
	return len(row) > 2 && slices.Contains([]string{"<v ", "<+ ", "<t "}, row[:3])
}

// stored is the state as it comes back from where it was kept.
func (p *script) stored() State {
	p.t.Helper()
	if !p.begun {
		p.t.Fatal("no begin: line in front of the first input")
	}
	again, err := Decode(p.s.AppendBinary(nil))
	if err != nil {
		p.t.Fatal(err)
	}
	return again
}

func (p *script) input(text string) {
	p.t.Helper()
	p.now = p.now.Add(7 * time.Second)
	if again, ok := strings.CutPrefix(text, "*1000 "); ok {
		text = strings.Repeat(again+" ", 1000)
	}
	var met []string
	s, screen, events := p.l.step(p.stored(), Input{text}, p.now, func(what string) { met = append(met, what) })
	p.after(s, screen, events, met)
}

func (p *script) supply(v Supplied) {
	p.t.Helper()
	at := p.s
	var met []string
	s, screen, events := p.l.supply(p.stored(), v, p.now, func(what string) { met = append(met, what) })
	if n := p.l.nodeOf(at); n != nil {
		met = append(met, p.l.ByHash(at.hash).Name+"/"+n.id+" = "+v.Answer)
	}
	p.after(s, screen, events, met)
}

func (p *script) after(s State, screen Screen, events []Event, met []string) {
	p.s = s
	for _, what := range met {
		if p.see != nil {
			p.see(s.Language() + " " + string(s.Channel()) + " " + what)
		}
	}
	p.out.WriteString(shown(s.channel, screen, events))
}

// nodeOf is the node that a state is at.
func (l *Library) nodeOf(s State) *node {
	d := l.ByHash(s.hash)
	if d == nil {
		return nil
	}
	r := run{d: d, s: s}
	return r.node()
}

// shown is a screen as a transcript has it.
func shown(c Channel, screen Screen, events []Event) string {
	var b strings.Builder
	if screen.Text != "" {
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
	}
	for _, e := range events {
		switch e.Kind { //nolint:exhaustive // the answers stand at the end
		case Answered, Unanswered:
			continue
		case Wanted:
			fmt.Fprintf(&b, "  ? %s\n", strings.TrimSpace(e.Name+" "+e.Value))
			continue
		}
		fmt.Fprintf(&b, "  ! %s", e.Kind)
		if e.Name != "" && e.Value != "" {
			fmt.Fprintf(&b, " %s=%s", e.Name, e.Value)
		}
		b.WriteString("\n")
	}
	return b.String()
}
