package flows

import (
	"strconv"
	"strings"
	"time"
)

// Begin starts a conversation. The first turn is a Step on it: by USSD with an empty input, by SMS with the first message.
func (d *Definition) Begin(b Beginning, now time.Time) State {
	if b.Expires <= 0 {
		b.Expires = defaultExpiry
	}
	s := State{
		Code: b.Code, Proof: b.Proof, hash: d.Hash, channel: b.Channel, fresh: true,
		language: d.l.languages[0], mark: d.mark, startedAt: now, expires: b.Expires, expiresAt: now.Add(b.Expires),
	}
	if s.channel != SMS {
		s.channel = USSD
	}
	if b.Language != "" {
		s.language = d.l.languages[d.l.language(b.Language)]
		if s.channel == SMS {
			s = d.fact(s, "language", s.language)
		}
	}
	if b.Emergency { // a fact for whichever definition the conversation comes to
		s = s.With("emergency", "yes")
	}
	if b.Officer {
		s = s.With("officer", "yes")
	}
	if place, _, ok := d.l.places.Current(b.AreaCode); ok {
		s.club = place.Code
	}
	return s
}

// fact answers a field that the definition declares with a value that it can have.
func (d *Definition) fact(s State, name, value string) State {
	if f := d.fields[name]; f != nil && f.allows(value) {
		return s.With(name, value)
	}
	return s
}

// Step takes one input and returns the state after it, the screen to show and what happened. It never fails and changes nothing but what it
// returns: a state that fits no node of the definition ends with the neutral "try again".
func (d *Definition) Step(s State, in Input, now time.Time) (State, Screen, []Event) {
	return d.step(s, in, now, nil)
}

// step is Step; see, if given, is told each node that is reached and each option that is taken ("report/who", "report/who 3").
func (d *Definition) step(s State, in Input, now time.Time, see func(string)) (State, Screen, []Event) {
	r := run{d: d, s: s, see: see}
	r.s.expiresAt = now.Add(r.s.expires)
	if r.s.over != notOver {
		return r.s, r.screen(), nil
	}
	if r.s.fresh {
		r.s.fresh = false
		r.s.node = ""
		r.arrive(d.entry[r.s.channel.index()])
		if r.s.channel == USSD || r.s.over != notOver {
			return r.s, r.screen(), r.events
		}
	}
	if n := r.node(); n == nil || n.passes() {
		r.giveUp()
	} else {
		r.input(n, in.Text)
	}
	return r.s, r.screen(), r.events
}

// run is one step being made.
type run struct {
	d      *Definition
	s      State
	events []Event
	said   string // instead of the node's own screen, for this answer only
	see    func(string)

	carried string // keys of texts that did not wait, in front of a fetch

	secret, secretField string // an answer that is kept nowhere, until its fetch has it
}

func (r *run) node() *node {
	i, ok := r.d.index[r.s.node]
	if !ok || !r.d.nodes[i].on[r.s.channel.index()] {
		return nil
	}
	return &r.d.nodes[i]
}

func (r *run) event(kind EventKind, name, value string) {
	if r.events == nil {
		r.events = make([]Event, 0, 4)
	}
	r.events = append(r.events, Event{kind, name, value})
}

// input is where a key or words meet the screen that the caller sees.
func (r *run) input(n *node, text string) {
	k := r.key(text)
	switch {
	case k.leave, k.text == "" && r.s.channel == USSD: // an empty answer leaves too: nothing is quicker
		r.leave()
		return
	case n.kind == kindFetch:
		r.wantAgain(n)
		return
	case k.again, k.text == "" && n.kind != kindAsk:
		return
	}
	switch r.s.mode {
	case modeError, modeBad:
		if k.digits == "1" || k.digits == "8" || k.digits == "9" {
			r.s.mode = modeAsk
			return
		}
		if n.kind == kindSay || n.kind == kindChoose || n.kind == kindList || n.kind == kindRead || n.kind == kindPlace && k.digits != "" && r.s.place.phase.menu() {
			r.unknown(n, k) // the caller sees 1 and 0 only, so no other number can be meant
			return
		}
		r.s.mode = modeAsk // a new answer at once, without a key in between
	case modeLong:
		r.long(n, k)
		return
	case modeAsk, modeMore:
	}
	switch k.digits {
	case "8":
		if n.kind != kindPlace || !r.placeBack(n) {
			r.back()
		}
		return
	case "9":
		if pages := len(r.pages(n)); pages > 0 {
			r.s.page = (r.s.page + 1) % pages
		}
		return
	}
	switch n.kind { //nolint:exhaustive // the others never wait
	case kindPlace:
		r.place(n, k)
	case kindAsk:
		r.asked(n, k)
	case kindList:
		r.picked(n, k)
	default:
		if o := r.chosen(n, k); o != nil {
			r.take(n, o)
		} else {
			r.unknown(n, k)
		}
	}
}

// key reads a key; the words for leaving, back and more are keys in the language that the caller sees.
func (r *run) key(text string) key {
	k := readKey(text)
	if n, ok := r.d.l.options.Numbers[strings.ToLower(k.text)]; ok && k.digits == "" && n < 10 {
		k.digits = strconv.Itoa(n)
		k.leave = n == 0
	}
	if k.digits != "" || k.text == "" || len(k.text) > longestKey {
		return k
	}
	switch words := r.tongue().words; letters(k.text) {
	case words[0]:
		k.leave = true
	case words[1]:
		k.digits = "8"
	case words[2]:
		k.digits = "9"
	}
	return k
}

// chosen finds the option that a key means: by its number from any page, by "yes", or by its own words or the same in others.
func (r *run) chosen(n *node, k key) *option {
	for i := range n.options {
		if o := &n.options[i]; o.number == k.digits && r.offered(n, o) {
			return o
		}
	}
	if k.digits != "" {
		return nil
	}
	f, words := r.face(n), letters(k.text)
	other := sameWords[words]
	for i := range n.options {
		o := &n.options[i]
		said := k.yes && o.value == "yes" || words != "" && f != nil && (f.folded[i] == words || f.folded[i] == other)
		if said && r.offered(n, o) {
			return o
		}
	}
	return nil
}

func (r *run) offered(n *node, o *option) bool {
	return o.when < 0 || n.when[o.when].holds(&r.s)
}

// take answers with an option.
func (r *run) take(n *node, o *option) {
	if r.see != nil {
		r.see(r.d.Name + "/" + n.id + " " + o.number)
	}
	if o.back {
		r.back()
		return
	}
	r.s.trail = r.s.trail.push(r.fetched(n))
	if o.value != "" {
		r.set(n.field, o.value)
	}
	r.assign(o.set)
	if o.danger {
		r.event(Danger, n.field, o.value)
	}
	r.arrive(o.to)
}

// set answers a field.
func (r *run) set(name, value string) {
	r.s.answer(name, value)
	if name == "language" {
		r.s.language = r.d.l.languages[r.d.l.language(value)]
	}
	r.event(Answered, name, value)
}

func (r *run) assign(set []assignment) {
	for _, a := range set {
		r.set(a.field, a.value)
	}
}

// arrive goes to a node, and on from those that do not wait for the caller.
func (r *run) arrive(i int) {
	before := r.carried
	r.carried = ""
	for range mostHops {
		if i < 0 || i >= len(r.d.nodes) {
			break
		}
		n := &r.d.nodes[i]
		if r.see != nil {
			r.see(r.d.Name + "/" + n.id)
		}
		r.s.node, r.s.mode, r.s.page, r.s.tries, r.s.before, r.s.base = n.id, modeAsk, 0, 0, before, len(r.s.answers)
		r.s.place = placeState{}
		switch {
		case n.kind == kindBranch:
			i = r.branch(n)
		case n.kind == kindAct:
			r.act(n)
			i = n.to
		case n.kind == kindGo:
			i = r.cross(n.flow)
		case n.kind == kindFetch:
			r.s.supplied = supplied{by: n.id, base: r.s.base}
			r.want(n)
			return
		case n.kind == kindEnd:
			r.end(overEnd, n.mark)
			return
		case !n.wait:
			if f := r.face(n); f != nil {
				before = joined(before, f.key)
			}
			i = n.to
		case n.kind == kindPlace:
			r.placeBegin(n)
			return
		default:
			return
		}
	}
	r.giveUp() // only with a definition that no check has seen
}

func (r *run) branch(n *node) int {
	for i := range n.cases {
		if cs := &n.cases[i]; cs.when.holds(&r.s) {
			r.assign(cs.set)
			return cs.to
		}
	}
	return n.other
}

// act does what a node says. What was said or done before cannot be taken back afterwards.
func (r *run) act(n *node) {
	r.s.trail = ""
	if n.do == "conclude" && !r.s.concluded {
		r.s.concluded = true
		r.event(Concluded, "", "")
	}
}

// back goes to the question before and takes its answer away. Where there is none, the same screen is shown.
func (r *run) back() {
	r.s.mode = modeAsk
	if r.s.trail == "" {
		r.s.page = 0
		return
	}
	rest, id, answers, ok := r.s.trail.pop()
	if node, hash, crossed := strings.Cut(id, "@"); crossed {
		before := r.d.l.ByHash(hash)
		if before == nil {
			r.giveUp()
			return
		}
		r.enter(before)
		id = node
	}
	i, known := r.d.index[id]
	if !ok || !known || answers > len(r.s.answers) {
		r.giveUp()
		return
	}
	r.s.trail = rest
	gone := r.s.answers[answers:]
	r.s.answers = r.s.answers[:answers:answers]
	for _, a := range gone {
		r.event(Unanswered, a.field, "")
		if a.field == "language" {
			r.s.language = r.d.l.languages[r.d.l.language(r.s.Answer("language"))]
		}
	}
	r.arrive(i)
}

func (r *run) leave() {
	r.event(Left, r.s.node, "")
	r.end(overLeft, r.s.mark)
}

func (r *run) giveUp() { r.end(overTries, r.s.mark) }

// end closes the conversation. What a person must see has no mark. What was supplied is done with, but for the last screen's variables.
func (r *run) end(how over, mark string) {
	if r.s.HasContent() {
		mark = ""
	}
	r.s.over, r.s.mark = how, mark
	r.s.supplied.options, r.s.supplied.text = nil, ""
	r.event(Ended, "mark", mark)
}

// unknown is an input that the screen has no use for. Words are kept all the same: somebody may have written what matters.
func (r *run) unknown(n *node, k key) {
	r.s.tries++
	r.event(Retried, n.id, "")
	r.keepWords(n, k)
	if r.s.tries > r.d.l.options.Retries {
		r.giveUp()
		return
	}
	r.s.mode = modeError
	if n.badPages != nil {
		r.s.mode = modeBad
	}
	if r.s.channel == SMS { // the question stands in the thread above; its numbers go on counting
		r.s.mode = modeAsk
		r.said = r.tongue().notUnderstood
	}
}

// keepWords adds words that came instead of a number to the field that the definition keeps for them.
func (r *run) keepWords(n *node, k key) {
	if r.d.keep == "" || n.secret || k.digits != "" || !hasLetter(k.text) {
		return
	}
	if r.s.concluded { // what is complete stays as it is; these come after it
		r.event(Added, "", cut(k.text, mostBytes))
		return
	}
	kept := r.s.Answer(r.d.keep)
	if kept == k.text || strings.HasSuffix(kept, "\n"+k.text) {
		return // said again, not said more
	}
	all := cut(lines(kept, cut(k.text, mostBytes)), mostTotal)
	r.s = r.s.With(r.d.keep, all)
	r.event(Answered, r.d.keep, all)
}

func lines(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n" + b
}
