package flows

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"chumrok/internal/gazetteer"
	"chumrok/locales"

	"github.com/google/go-cmp/cmp"
)

// pin is what the walk enters where a secret is asked for; no state may ever hold it.
const pin = "48219993"

// situation is what of a state decides what comes next, so that a walk need not see the same twice.
func situation(s State) string {
	if s.place.phase.lists() {
		s.place.tries = 0
	}
	place := fmt.Sprint(s.hash, s.node, s.channel, s.language, s.mode, s.page, s.place.phase)
	if p := s.place; p.phase.lists() || p.tries > 0 || p.area != "" || p.phase == phaseChoose { // these look the same whoever reads them
		return fmt.Sprint(place, p.area, p.tries, p.codes)
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
	return fmt.Sprint(place, s.place.codes, s.before, club, emergency, s.concluded, s.over, len(s.supplied.options), s.supplied.text == "",
		"|", s.Answer("who") == "child", harm, official, s.Answer("by_whom") == "teacher",
		"|", s.Answer("audience"), s.Answer("daily") == "", s.Answer("officer"))
}

// inputs are what a caller may do at a state: every option, every list entry, every page, and wrong keys.
func inputs(d *Definition, s State) []string {
	r := run{d: d, s: s}
	n := r.node()
	in := []string{"9", "7"}
	for _, o := range n.options {
		in = append(in, o.number)
	}
	for _, o := range s.supplied.options {
		if n.kind == kindList {
			in = append(in, fmt.Sprint(o.Number), o.Value)
		}
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
	case n.secret:
		in = append(in, pin, "12")
	case n.ask == "digits":
		in = append(in, "48213057", "4821-3057", "12", "ពាក្យ")
	case n.ask == "number":
		in = append(in, "3", "100")
	case n.ask == "text":
		in = append(in, "ពាក្យ", strings.Repeat("ខ្ញុំ", 300), "4821 3057")
	}
	return in
}

// supplies are what a gateway may answer where the conversation waits: each value of the field, and one that nobody foresaw, each with a
// list of several pages and a long text, or with nothing at all.
func supplies(n *node, d *Definition) []Supplied {
	values := []string{"unforeseen"}
	if f := d.fields[n.field]; f != nil {
		values = append(values, sortedKeys(f.values)...)
	}
	var list []Supplied
	for _, value := range values {
		list = append(list, Supplied{Answer: value}, plenty(value))
	}
	return list
}

func plenty(value string) Supplied {
	v := Supplied{Answer: value, Vars: map[string]string{"code": "482131", "when": "ម៉ោង 10:30 ព្រឹក 22/12"}, Text: strings.Repeat("ពាក្យ​ដែលគេសរសេរ ", 40) + "\n" + strings.Repeat("x", 400)}
	for i := range 12 {
		v.Options = append(v.Options, Option{Value: fmt.Sprint(482131 + i), Text: fmt.Sprint(482131+i) + " កម្រិតខ្ពស់ 2h"})
	}
	return v
}

// starts are the ways in which a conversation can begin.
func starts(l *Library) []Beginning {
	list := []Beginning{{Channel: USSD}, {Channel: USSD, Emergency: true}, {Channel: USSD, Officer: true}, {Channel: USSD, AreaCode: "020401"}}
	for _, lang := range l.languages {
		list = append(list, Beginning{Channel: SMS, Language: lang})
	}
	return append(list, Beginning{Channel: SMS, Language: "km", AreaCode: "020401"})
}

// TestWalk walks through every option of every conversation, in each language and channel, through every answer that the gateway may give
// and every place list of every province. Whatever is pressed ends in a screen within its budget, or in a question to the gateway; the
// state comes back from storage at each step; no answer changes untold; 0 always leaves; 8 goes back to the question before and takes its
// answer away, and the same answer again leads to the same place; 9 comes round; a secret is nowhere.
func TestWalk(t *testing.T) {
	t.Parallel()
	l := conversations(t)
	var todo []State
	for _, b := range starts(l) {
		b.Code = "48213057"
		first := ""
		if b.Channel == SMS {
			first = "ពូខ្ញុំវាយខ្ញុំ"
		}
		todo = append(todo, walked(t, l, l.Begin(b, began), first))
		if b.Channel == SMS {
			todo = append(todo, walked(t, l, l.Begin(b, began), "48213057"), walked(t, l, l.Begin(b, began), "😀"))
		}
	}
	seen, nodes := map[string]bool{}, map[string]bool{}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		key := situation(s)
		if seen[key] || s.Over() {
			continue
		}
		seen[key] = true
		d := l.ByHash(s.hash)
		nodes[s.language+" "+d.Name+"/"+s.node] = true
		if left, screen, events := l.Step(s, Input{"0"}, began); !left.Over() || !screen.End || len(events) != 2 || events[0].Kind != Left {
			t.Fatalf("0 does not leave at %s: %+v %v", key, screen, events)
		}
		if n := l.nodeOf(s); n.kind == kindFetch {
			for _, v := range supplies(n, d) {
				todo = append(todo, given(t, l, s, v))
			}
			walked(t, l, s, "1") // a state that was kept in between asks again
			continue
		}
		around(t, l, s)
		for _, in := range inputs(d, s) {
			next := walked(t, l, s, in)
			back(t, l, s, next, in)
			todo = append(todo, next)
		}
	}
	for _, lang := range l.languages {
		for _, d := range l.Definitions() {
			for i := range d.nodes {
				if n := &d.nodes[i]; !n.passes() && n.kind != kindEnd && !nodes[lang+" "+d.Name+"/"+n.id] && n.id != "language" {
					t.Errorf("the walk never came to %s in %s", d.Name+"/"+n.id, lang)
				}
			}
		}
	}
	t.Logf("%d situations at %d nodes", len(seen), len(nodes))
}

// walked is a state after an input, with everything held that must hold of any step.
func walked(t *testing.T, l *Library, s State, in string) State {
	t.Helper()
	kept := s.AppendBinary(nil)
	stored, err := Decode(kept)
	if err != nil {
		t.Fatalf("%q at %q: the state does not come back: %v", in, s.node, err)
	}
	next, screen, events := l.Step(s, Input{in}, began)
	if !bytes.Equal(s.AppendBinary(nil), kept) {
		t.Fatalf("%q at %q changed the state that it was given", in, s.node)
	}
	if again, same, _ := l.Step(stored, Input{in}, began); same != screen || !bytes.Equal(again.AppendBinary(nil), next.AppendBinary(nil)) {
		t.Fatalf("%q at %q: the state that came back from storage goes another way", in, s.node)
	}
	held(t, l, s, next, screen, events)
	return next
}

// given is a state after the gateway supplied what it waited for.
func given(t *testing.T, l *Library, s State, v Supplied) State {
	t.Helper()
	next, screen, events := l.Supply(s, v, began)
	held(t, l, s, next, screen, events)
	return next
}

// held is what holds of any step.
func held(t *testing.T, l *Library, s, next State, screen Screen, events []Event) {
	t.Helper()
	waits := l.nodeOf(next) != nil && l.nodeOf(next).kind == kindFetch && !next.Over()
	wants := 0
	for _, e := range events {
		if e.Kind == Wanted {
			wants++
		} else if strings.Contains(e.Value, pin) {
			t.Fatalf("at %q an event tells the secret: %v", s.node, e)
		}
	}
	switch {
	case waits != (wants > 0) || wants > 1:
		t.Fatalf("from %q to %q: waits %t, with %d questions to the gateway", s.node, next.node, waits, wants)
	case waits && screen != Screen{}:
		t.Fatalf("from %q: something is shown while the gateway is asked: %+v", s.node, screen)
	case !waits:
		fits(t, l, next, screen)
	}
	if bytes.Contains(next.AppendBinary(nil), []byte(pin)) {
		t.Fatalf("from %q to %q: the state holds the secret", s.node, next.node)
	}
	told(t, s, next, events)
}

// told holds that no answer changes, comes or goes without an event that says so.
func told(t *testing.T, s, next State, events []Event) {
	t.Helper()
	for _, name := range append(s.Fields(), next.Fields()...) {
		was, is := s.Answer(name), next.Answer(name)
		if was == is {
			continue
		}
		said := Event{}
		for _, e := range events {
			if e.Name == name && (e.Kind == Answered || e.Kind == Unanswered) {
				said = e
			}
		}
		if said.Kind == "" || said.Kind == Answered && said.Value != is {
			t.Fatalf("from %q to %q the answer %q changed from %q to %q, and the events say %v", s.node, next.node, name, was, is, events)
		}
	}
}

// fits checks a screen against its channel.
func fits(t *testing.T, l *Library, s State, screen Screen) {
	t.Helper()
	if screen.Text == "" || screen.End != s.Over() {
		t.Fatalf("at %q: %+v, over: %t", s.Node(), screen, s.Over())
	}
	if problem := l.tooLong(s.Channel(), screen.Text); problem != "" {
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
func around(t *testing.T, l *Library, s State) {
	t.Helper()
	s.mode, s.page = modeAsk, 0
	first := l.Show(s).Text
	r := run{d: l.ByHash(s.hash), s: s}
	pages := r.pages(r.node())
	for i := range pages {
		var screen Screen
		s, screen, _ = l.Step(s, Input{"9"}, began)
		if want := pages[(i+1)%len(pages)]; screen.Text != want {
			t.Fatalf("at %q 9 shows %q as page %d of %d", s.Node(), screen.Text, i+2, len(pages))
		}
	}
	if l.Show(s).Text != first {
		t.Fatalf("at %q 9 does not come round", s.Node())
	}
}

// back presses 8 after an answer: the question is there again and has no answer; and the same answer leads where it led before.
func back(t *testing.T, l *Library, s, next State, in string) {
	t.Helper()
	if next.Over() || next.concluded != s.concluded || s.place.phase != phaseAsk || len(next.trail) <= len(s.trail) || next.node == s.node && next.hash == s.hash {
		return
	}
	first := next
	if n := l.nodeOf(next); n.kind == kindFetch { // an answer of the gateway that leads to a screen
		first = given(t, l, next, plenty("some"))
		if first.Over() || len(first.trail) < len(next.trail) {
			return
		}
	}
	again := walked(t, l, first, "8")
	if first.place.phase != phaseAsk { // 8 first goes back inside the question
		return
	}
	if n := l.nodeOf(again); n.kind == kindFetch { // what was supplied is supplied afresh
		same := Supplied{Answer: s.Answer(n.field), Options: s.supplied.options, Text: s.supplied.text, Vars: map[string]string{}}
		for _, v := range s.supplied.vars {
			same.Vars[v.field] = v.value
		}
		again = given(t, l, again, same)
	}
	if again.hash != s.hash || again.node != s.node || again.trail != s.trail {
		t.Fatalf("8 after %q at %q is at %q\n%s\n%s", in, s.node, again.node, s.trail, again.trail)
	}
	if s.Answer("more") != again.Answer("more") { // words where a number was asked: they are kept
		return
	}
	answers := s.answers[:min(s.base, len(s.answers))]
	if diff := cmp.Diff(fmt.Sprint(answers), fmt.Sprint(again.answers)); diff != "" && !l.nodeOf(s).shows() {
		t.Fatalf("8 after %q at %q leaves other answers (-before +after):\n%s", in, s.node, diff)
	}
	if s.mode != modeAsk || s.page != 0 || s.tries != 0 || fmt.Sprint(s.place) != fmt.Sprint(again.place) {
		return // the question is there as if it had just been reached, and that is another state
	}
	if forward := walked(t, l, again, in); !bytes.Equal(forward.AppendBinary(nil), next.AppendBinary(nil)) {
		t.Fatalf("back and forward with %q at %q is not the same again: %q, %q", in, s.node, next.node, forward.node)
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

// after is the state of the report after some inputs by USSD.
func after(t *testing.T, d *Definition, inputs ...string) State {
	t.Helper()
	s := d.Begin(Beginning{Channel: USSD, Code: "48213057"}, began)
	for _, in := range inputs {
		s, _, _ = d.Step(s, Input{in}, began)
	}
	return s
}
