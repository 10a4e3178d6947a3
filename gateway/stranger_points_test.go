package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"chumrok/adapters"
	"chumrok/adapters/simulator"
	"chumrok/flows"
	"chumrok/internal/store"
)

// point is a place in a conversation and a way to it.
type point struct {
	channel, language, node string
	inputs                  []string // the first by USSD is the dialling
	officer                 bool
	lessons                 string // the hours in which a message a day was asked for
	code                    string // that she was told, as it was read off the screen
	number                  string // the phone that searches
	turn                    int    // counts points, so that a stranger does other things at each
	handed                  bool
}

// after names the way to a point by its first inputs.
func (p *point) after(i int) string {
	return fmt.Sprintf("%s %t %q", p.channel, p.officer, p.inputs[:i+1])
}

func (p *point) String() string { return strings.Join([]string{p.channel, p.language, p.node}, " ") }

var reportersCode = regexp.MustCompile(`\b[2-9]\d{7}\b`)

// reads keeps the code that a screen tells.
func (p *point) reads(screen string) {
	if found := reportersCode.FindString(screen); found != "" {
		p.code = found
	}
}

// toldWords are words that the walk tells and that come back nowhere: in no SMS, on no screen of a stranger.
var toldWords = []string{"pineapple", "ម្នាស់", "mneas", "012000777", "12000777", "ត្រសក់"}

// stories by SMS, one in each language, as somebody writes who has no other way.
var smsStories = map[string]string{
	"km": "ពូខ្ញុំវាយខ្ញុំនៅក្រោមដើមម្នាស់", "en": "My uncle hits me near the pineapple field", "km-Latn": "pu khnhom veay khnhom krom daem mneas juoy",
}

// typed are what a caller may type besides the numbers on the screen: a place, words, a phone, codes of all kinds, a wrong key.
func (k *walk) typed(state flows.State) []string {
	in := []string{"zz", "កន្ទឺ ១ បាត់ដំបង", "Samraong", "ត្រសក់ ម្នាស់ pineapple", "012 000 777", "12", k.pin, "9", "8"}
	for _, answer := range []string{askReceived, askTaken, askClosed} {
		in = append(in, k.codes[answer])
	}
	if state.Channel() == flows.SMS {
		in = append(in, "1", "2", "3", "4", "5")
	}
	return append(in, notACode)
}

// codesToAskFor are reporters' codes, by what became of them.
func (w *world) codesToAskFor() map[string]string {
	w.t.Helper()
	codes := map[string]string{}
	for i, became := range []string{askReceived, askTaken, askClosed} {
		reporters, referral := w.tellsBySMS(spare(i))
		codes[became] = reporters
		if became != askReceived {
			w.replies("banan1-chair", "1 "+referral)
		}
		if became == askClosed {
			w.replies("banan1-chair", "3 "+referral)
			w.replies("banan1-chair", "4 "+referral+" 1")
		}
	}
	return codes
}

// frontier is a state that the search has come to.
type frontier struct {
	state  flows.State
	screen flows.Screen
	point  point
}

// search looks through every conversation, breadth first, for the shortest way to each node in each language and each voice, with the
// gateway's real answers where a conversation asks it; nothing is written. It returns the ways that no other way goes on from.
func (k *walk) search() (ways []point) {
	w := k.world
	var todo []frontier
	for _, officer := range []bool{false, true} {
		number := spare(90)
		if officer {
			number = w.officer["banan1-chair"]
		}
		m := adapters.Message{Provider: simulator.Name, Channel: adapters.USSD, From: w.number(number), Session: "search", To: "*1280#"}
		todo = append(todo, k.begins(m, officer, ""))
	}
	for i, language := range w.gateway.pack.Languages {
		m := adapters.Message{Provider: simulator.Name, Channel: adapters.SMS, From: w.number(spare(80 + i)), To: "1280"}
		for _, first := range []string{smsStories[language], "😀", k.codes[askReceived], k.codes[askTaken], k.codes[askClosed], notACode} {
			todo = append(todo, k.begins(m, false, first))
		}
	}
	seen, longer := map[string]bool{}, map[string]bool{}
	for len(todo) > 0 {
		f := todo[0]
		todo = todo[1:]
		key, shown := k.situation(f)
		if seen[key] || f.point.officer && !strings.HasPrefix(f.point.node, "duty/") && !strings.HasPrefix(f.point.node, "menu/") {
			continue // what an officer shares with every caller is walked as a caller
		}
		seen[key] = true
		if !seen[shown] {
			seen[shown] = true
			p := f.point
			p.turn = len(k.known)
			k.known[p.after(len(p.inputs)-1)] = &p
			for i := range p.inputs[1:] {
				longer[p.after(i)] = true
			}
			k.leavesAnywhere(f)
		}
		if f.state.Over() {
			continue
		}
		for _, in := range slices.Concat(numbered(f.screen.Text), k.typed(f.state)) {
			todo = append(todo, k.steps(f, in))
		}
	}
	for at, p := range k.known {
		if !longer[at] || p.channel == adapters.SMS {
			ways = append(ways, *p)
		}
	}
	k.stopsLessons()
	return ways
}

// leavesAnywhere presses what nobody expects and the key that leaves: the last screen is a neutral one.
func (k *walk) leavesAnywhere(f frontier) {
	if f.state.Over() {
		return
	}
	for _, keys := range [][]string{{"0"}, {"☠", "0"}, {"8", "0"}, {"99", "zz", "0"}} {
		at := f
		for _, key := range keys {
			if !at.state.Over() {
				at = k.steps(at, key)
			}
		}
		ends := k.neutralEnds()
		if taken := map[string]string{"ask/write": "ask.written", "ask/proof": "ask.wished"}[f.point.node]; taken != "" {
			// Whatever is typed there is an answer, and its last screen says the same of every code.
			ends = append(ends, k.world.sentence(f.state.Language(), taken))
		}
		if got := at.screen.Text; !at.state.Over() || !slices.Contains(ends, got) {
			k.world.t.Errorf("%s: %v shows %q and ends %t", f.point.String(), keys, got, at.state.Over())
		}
	}
}

// situation names what of a state the search has to see once; shown is the node as a stranger is handed it.
func (k *walk) situation(f frontier) (key, shown string) {
	heading, _, _ := strings.Cut(f.screen.Text, "\n")
	child := f.state.Answer("who") == "child" || f.state.Answer("audience") == "child"
	shown = fmt.Sprint(f.point.String(), child, f.point.officer)
	if f.state.Channel() == flows.SMS || strings.HasSuffix(f.point.node, "/code") || strings.HasSuffix(f.point.node, "/place") {
		shown = fmt.Sprint(shown, len(heading) > 0 && !strings.Contains(f.screen.Text, "…"), f.state.Concluded())
	}
	var told []string
	for _, field := range []string{"harm", "by_whom", "official", "daily", "phone"} {
		told = append(told, f.state.Answer(field))
	}
	switch told[0] {
	case "", "sexual", "self_harm", "bullying":
	default:
		told[0] = "any"
	}
	if f.state.Answer("official") != "" && f.state.Answer("official") != "other" {
		told[2] = "any"
	}
	became := ""
	if strings.HasPrefix(f.point.node, "ask/") {
		became = f.state.Answer("status") // one menu stands before all that a code may be answered
	}
	return fmt.Sprint(shown, heading, told, became, f.state.Answer("pin_is"), f.state.Over()), shown
}

func (k *walk) begins(m adapters.Message, officer bool, first string) frontier {
	w := k.world
	open, err := w.gateway.begin(w.t.Context(), m, "", "", w.clock.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return k.steps(frontier{state: open.state, point: point{channel: m.Channel, officer: officer, number: m.From.E164()}}, first)
}

// steps is the search's next state; the point's number is that of the phone that searches, until the point is played.
func (k *walk) steps(f frontier, in string) frontier {
	w := k.world
	if !f.point.officer { // who asks too often is told to call, so each step is another phone's
		k.searched++
		f.point.number = searchers(k.searched)
	}
	m := adapters.Message{Provider: simulator.Name, Channel: f.point.channel, From: w.number(f.point.number), Session: "search", To: "*1280#", Text: in}
	out, err := w.gateway.step(w.t.Context(), m, &store.Entry{}, f.state, in, w.clock.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	if f.point.officer && strings.HasPrefix(out.state.Node(), "pin") {
		k.unlocks("banan1-chair")
	}
	p := f.point
	p.inputs = append(slices.Clone(p.inputs), in)
	d := w.gateway.flows.ByHash(out.state.Hash())
	p.language, p.node = out.state.Language(), d.Name+"/"+out.state.Node()
	if out.state.Answer("daily_is") == lessonsOK {
		p.lessons = out.state.Answer("when")
	}
	return frontier{state: out.state, screen: out.screen, point: p}
}

// completes fails for a node on which the walk never rested.
func (k *walk) completes() {
	met := map[string]bool{}
	for _, p := range k.known {
		met[p.String()] = true
	}
	for _, d := range k.world.gateway.flows.Definitions() {
		for _, n := range restingNode.FindAllStringSubmatch(string(d.Source()), -1) {
			for _, channel := range []flows.Channel{flows.USSD, flows.SMS} {
				for _, language := range k.world.gateway.pack.Languages {
					at := strings.Join([]string{string(channel), language, d.Name + "/" + n[1]}, " ")
					if strings.HasPrefix(at, "sms") && strings.HasPrefix(n[1], "sms_") && met["sms km "+d.Name+"/"+n[1]] {
						continue // a code alone has no language
					}
					if slices.Contains(d.NodesOn(channel), n[1]) && !met[at] && !unmetByWalk[d.Name+"/"+n[1]] {
						k.world.t.Errorf("the walk never came to %s", at)
					}
				}
			}
		}
	}
}

// restingNode finds the nodes at which a conversation waits for the phone, or ends.
var restingNode = regexp.MustCompile(`(?m)^ +- id: (\w+)\n +kind: (?:choose|ask|say|read|list|place|end)\n`)

// unmetByWalk are nodes that need a world of their own; each has a story.
var unmetByWalk = map[string]bool{
	"menu/language":         true, // in no language yet
	"report/story":          true, // likewise
	"report/urgent_numbers": true, // shown in front of the next question
	"duty/locked":           true, "duty/no_pin": true, "duty/next": true, "duty/review": true, "duty/taken": true, "duty/gone": true, "duty/none": true,
}

// searchers are the phones from which the search looks.
func searchers(n int) string { return fmt.Sprintf("+85512000%03d", 1000-1-n%80) }

// stopsLessons ends what the search asked for.
func (k *walk) stopsLessons() {
	w := k.world
	for n := range 80 {
		if _, err := w.gateway.store.StopLessons(w.t.Context(), w.clock.Now(), "caller", w.gateway.store.PhoneIndex(w.number(searchers(n)))); err != nil {
			w.t.Fatal(err)
		}
	}
}

// unlocks gives an officer's phone its tries again.
func (k *walk) unlocks(officer string) {
	w := k.world
	if _, err := w.gateway.store.UnlockPIN(w.t.Context(), w.clock.Now(), operator, w.gateway.store.PhoneIndex(w.number(w.officer[officer]))); err != nil {
		w.t.Fatal(err)
	}
}
