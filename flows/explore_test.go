package flows

import (
	"fmt"
	"strings"
	"testing"

	"chumrok/internal/gazetteer"
	"chumrok/locales"

	"github.com/google/go-cmp/cmp"
)

// situation is what of a state decides what comes next, so that a walk need not see the same twice.
func situation(s State) string {
	if s.place.phase.lists() {
		s.place.tries = 0
	}
	if p := s.place; p.phase.lists() || p.tries > 0 || p.area != "" || p.phase == phaseChoose { // these look the same whoever reads them
		return fmt.Sprint(s.node, s.channel, s.language, s.mode, s.page, p.phase, p.area, p.tries, p.codes)
	}
	harm := s.Answer("harm")
	switch harm {
	case "", "sexual", "self_harm", "lost":
	default:
		harm = "any"
	}
	official := s.Answer("official")
	if official != "" && official != "other" {
		official = "any"
	}
	club, emergency := s.club, s.Answer("emergency")
	if s.Answer("place") != "" {
		club = ""
	}
	if harm != "" {
		emergency = ""
	}
	return fmt.Sprint(s.node, s.channel, s.language, s.mode, s.page, s.place.phase, s.place.codes, s.before, club, emergency, s.concluded, s.over,
		"|", s.Answer("who") == "child", harm, official, s.Answer("by_whom") == "teacher")
}

// inputs are what a caller may do at a state: every option, every list entry, every page, and a wrong key.
func inputs(d *Definition, s State) []string {
	r := run{d: d, s: s}
	n := r.node()
	in := []string{"9", "7"}
	for _, o := range n.options {
		in = append(in, o.number)
	}
	switch {
	case n.kind == kindPlace && s.place.phase.lists():
		for _, child := range d.l.places.Children(s.place.area) {
			in = append(in, child.Code[len(child.Code)-2:])
		}
		in = append(in, notKnown)
	case n.kind == kindPlace:
		in = append(in, "1", "2", "3", "0204", "Samraong", "Khvav", "Takeo", "zzzz", "បវេល បាត់ដំបង")
	case n.ask == "phone":
		in = append(in, "012 000 111")
	case n.ask == "text":
		in = append(in, "ពាក្យ", strings.Repeat("ខ្ញុំ", 300))
	}
	return in
}

// TestWalk walks through every option, language, channel, and every place list of every province: no screen is over its budget, 0 always
// leaves, 8 goes back to the question before and takes its answer away, 9 comes round.
func TestWalk(t *testing.T) {
	t.Parallel()
	d := report(t)
	var todo []State
	for _, b := range []Beginning{
		{Channel: USSD}, {Channel: USSD, Emergency: true}, {Channel: USSD, AreaCode: "020401"},
		{Channel: SMS, Language: "km"}, {Channel: SMS, Language: "en"}, {Channel: SMS, Language: "km", AreaCode: "020401"},
	} {
		b.Code = "48213057"
		first := ""
		if b.Channel == SMS {
			first = "ពូខ្ញុំវាយខ្ញុំ"
		}
		s, screen, _ := d.Step(d.Begin(b, began), Input{first}, began)
		fits(t, d, s, screen)
		todo = append(todo, s)
	}
	seen := map[string]bool{}
	nodes := map[string]bool{}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		key := situation(s)
		if seen[key] || s.Over() {
			continue
		}
		seen[key] = true
		nodes[s.language+" "+s.node] = true
		if left, screen, events := d.Step(s, Input{"0"}, began); !left.Over() || !screen.End || len(events) != 2 || events[0].Kind != Left {
			t.Fatalf("0 does not leave at %s: %+v %v", key, screen, events)
		}
		around(t, d, s)
		for _, in := range inputs(d, s) {
			kept := string(s.AppendBinary(nil))
			next, screen, _ := d.Step(s, Input{in}, began)
			if string(s.AppendBinary(nil)) != kept {
				t.Fatalf("%q at %s changed the state that it was given", in, key)
			}
			fits(t, d, next, screen)
			back(t, d, s, next, in)
			todo = append(todo, next)
		}
	}
	if len(seen) < 3000 || len(nodes) < 60 {
		t.Errorf("the walk saw only %d situations at %d nodes", len(seen), len(nodes))
	}
	t.Logf("%d situations", len(seen))
}

// fits checks a screen against its channel.
func fits(t *testing.T, d *Definition, s State, screen Screen) {
	t.Helper()
	if screen.Text == "" || screen.End != s.Over() {
		t.Fatalf("at %q: %+v, over: %t", s.Node(), screen, s.Over())
	}
	if problem := d.l.tooLong(s.Channel(), screen.Text); problem != "" {
		t.Fatalf("at %q: %s\n%s", s.Node(), problem, screen.Text)
	}
	if s.Channel() == SMS && strings.Contains(screen.Text, "\n") {
		t.Fatalf("an SMS of more than one line: %q", screen.Text)
	}
	if locales.Strip(screen.Text) != screen.Text {
		t.Fatalf("break hints are left in %q", screen.Text)
	}
}

// around presses 9 until the first page is there again.
func around(t *testing.T, d *Definition, s State) {
	t.Helper()
	s.mode, s.page = modeAsk, 0
	first := d.Show(s).Text
	r := run{d: d, s: s}
	pages := len(r.pages(r.node()))
	for i := range pages {
		var screen Screen
		s, screen, _ = d.Step(s, Input{"9"}, began)
		if again := screen.Text == first; again != (i == pages-1) && pages > 1 {
			t.Fatalf("at %q 9 shows %q as page %d of %d", s.Node(), screen.Text, i+2, pages)
		}
	}
}

// back presses 8 after an answer: the question is there again and has no answer.
func back(t *testing.T, d *Definition, s, next State, in string) {
	t.Helper()
	if next.Over() || next.node == s.node || next.concluded != s.concluded || s.place.phase != phaseAsk || len(next.trail) <= len(s.trail) {
		return
	}
	again, screen, _ := d.Step(next, Input{"8"}, began)
	fits(t, d, again, screen)
	if next.place.phase != phaseAsk { // 8 first goes back inside the question
		return
	}
	if again.node != s.node || again.trail != s.trail {
		t.Fatalf("8 after %q at %q is at %q", in, s.node, again.node)
	}
	answers := s.answers[:min(s.base, len(s.answers))]
	if diff := cmp.Diff(fmt.Sprint(answers), fmt.Sprint(again.answers)); diff != "" && s.Answer("more") == again.Answer("more") {
		t.Fatalf("8 after %q at %q leaves other answers (-before +after):\n%s", in, s.node, diff)
	}
}

// TestNumbersWorkFromAnyPage presses each number of a list of several pages on each of its pages.
func TestNumbersWorkFromAnyPage(t *testing.T) {
	t.Parallel()
	d := report(t)
	s := after(t, d, "", "1", "1", "1", "1", "1", "2", "1", "1")
	r := run{d: d, s: s}
	pages := len(r.pages(r.node()))
	if pages < 5 {
		t.Fatalf("the provinces take %d pages", pages)
	}
	for page := range pages {
		for _, province := range gazetteer.Default().Children("") {
			next, _, _ := d.Step(s, Input{province.Code}, began)
			if next.place.area != province.Code {
				t.Errorf("%s on page %d chooses %q", province.Code, page+1, next.place.area)
			}
		}
		s, _, _ = d.Step(s, Input{"9"}, began)
	}
}

// after is the state after some inputs by USSD.
func after(t *testing.T, d *Definition, inputs ...string) State {
	t.Helper()
	s := d.Begin(Beginning{Channel: USSD, Code: "48213057"}, began)
	for _, in := range inputs {
		s, _, _ = d.Step(s, Input{in}, began)
	}
	return s
}
