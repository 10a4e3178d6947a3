package flows

import (
	"slices"
	"strconv"
	"strings"

	"chumrok/locales"
)

// Definition is a conversation, checked and compiled. It is immutable and safe for concurrent use.
type Definition struct {
	Name    string
	Version int
	Hash    string // of its content

	body   []byte
	l      *Library
	nodes  []node
	index  map[string]int
	entry  [len(channels)]int // -1: no conversation begins on this channel
	voices []voice
	fields map[string]*field
	keep   string
	mark   string            // of a conversation that is left in it
	vars   map[string]string // variable → field
	file   string
}

// Source returns the definition as it was written, for keeping it under its hash.
func (d *Definition) Source() []byte { return slices.Clone(d.body) }

// Nodes returns the nodes' names in the order of the file.
func (d *Definition) Nodes() []string {
	var names []string
	for i := range d.nodes {
		names = append(names, d.nodes[i].id)
	}
	return names
}

// NodesOn returns the nodes that a conversation on the channel can reach.
func (d *Definition) NodesOn(c Channel) []string {
	var names []string
	for i := range d.nodes {
		if d.nodes[i].on[c.index()] {
			names = append(names, d.nodes[i].id)
		}
	}
	return names
}

type voice struct {
	name string
	when *condition // nil: always
}

type nodeKind string

const (
	kindSay    nodeKind = "say"
	kindChoose nodeKind = "choose"
	kindAsk    nodeKind = "ask"
	kindPlace  nodeKind = "place"
	kindBranch nodeKind = "branch"
	kindAct    nodeKind = "act"
	kindEnd    nodeKind = "end"
	kindGo     nodeKind = "go"
	kindFetch  nodeKind = "fetch"
	kindList   nodeKind = "list"
	kindRead   nodeKind = "read"
)

// node is one compiled node.
type node struct {
	id      string
	kind    nodeKind
	src     *nodeEntry
	on      [len(channels)]bool // the channels on which it can be met
	exposed bool
	lost    bool // it leads to a node that there is not

	field   string
	to      int // -1: nowhere
	options []option
	when    []*condition          // of the options, each once; they select the variant of the screen
	faces   [len(channels)][]face // in each list by language, then voice

	wait bool   // say: until a key is pressed
	mark string // end

	ask        string // text, number, age, phone
	min, max   int
	needsWords bool
	ifCode     int
	codeField  string
	clubNumber bool
	secret     bool
	badPages   [][]string // by language and voice

	typed, area, from string // place

	flow string   // go
	want string   // fetch
	with []string // fetch
	do   string   // act

	cases []branchCase // branch
	other int
}

type option struct {
	number string
	value  string
	to     int
	when   int // index into node.when, -1: always
	set    []assignment
	danger bool
	back   bool
	src    *optionEntry
}

type assignment struct{ field, value string }

type branchCase struct {
	when *condition
	set  []assignment
	to   int
}

// face is a node in one channel, language and voice.
type face struct {
	key     string           // of the heading, resolved
	heading string           // ready, unless it has variables
	vars    bool             // the heading has variables, so it is made at each step
	options []locales.Option // all of them, in order
	folded  []string         // the options' words as they are compared with what was written
	pages   [][]string       // by variant
	leave   string
}

// mostVariants bounds the conditions of one node's options: each doubles the screens that are held ready.
const mostVariants = 4

type compiler struct {
	f      *faults
	l      *Library
	src    *source
	d      *Definition
	fields map[string]*field
	known  map[string]bool // the variables that a text can be filled with; help numbers and the like are already in the catalogue's texts
	at     *node           // that is being compiled
}

// compile builds the definition; what is wrong goes to the faults.
func (c *compiler) compile() *Definition {
	version, _ := strconv.Atoi(c.src.Version.text)
	c.d = &Definition{Name: c.src.Name.text, Version: version, l: c.l, index: map[string]int{}, mark: c.src.Mark.text}
	c.fields = map[string]*field{}
	c.d.fields = c.fields
	for _, p := range c.src.Fields {
		c.fields[p.name.text] = readField(p)
	}
	if f := c.fields["language"]; f != nil && f.values != nil {
		for _, lang := range c.l.languages { // a deployment's own language need not be written into every conversation
			f.values[lang] = lang
		}
	}
	c.secrets()
	for _, v := range c.src.Voices {
		voice := voice{name: v.Name.text}
		if v.When.given() {
			voice.when = c.condition(v.When)
		}
		c.d.voices = append(c.d.voices, voice)
	}
	if n := len(c.d.voices); n == 0 {
		c.d.voices = []voice{{}}
	} else if last := c.src.Voices[n-1]; last.When.given() {
		c.f.add(last.When.at, "take its when: away", "the last voice must hold for everybody")
	}
	c.keepField()
	c.variables()
	c.d.nodes = make([]node, len(c.src.Nodes))
	for i := range c.src.Nodes {
		id := c.src.Nodes[i].ID
		if _, twice := c.d.index[id.text]; twice {
			c.f.add(id.at, "give it another id", "there are two nodes %q", id.text)
			continue
		}
		c.d.index[id.text] = i
	}
	for i := range c.src.Nodes {
		c.at = &c.d.nodes[i]
		c.node(c.at, &c.src.Nodes[i])
	}
	c.at = nil
	c.entries()
	c.reach()
	for i := range c.d.nodes {
		c.faces(&c.d.nodes[i])
	}
	return c.d
}

func readField(p pair) *field {
	f := &field{name: p.name.text, kind: p.value.Value}
	if len(p.value.Content) > 0 {
		f.kind, f.values = "choice", map[string]any{}
		for _, v := range p.value.Content {
			f.values[v.Value] = v.Value
		}
	}
	return f
}

func (c *compiler) keepField() {
	keep := c.src.Keep
	if !keep.given() {
		return
	}
	if f := c.fields[keep.text]; f == nil || f.kind != "text" {
		c.f.add(keep.at, "declare it under fields: as text", "%q is no text field", keep.text)
		return
	}
	c.d.keep = keep.text
}

func (c *compiler) entries() {
	c.d.entry = [...]int{-1, -1}
	for _, p := range c.src.Entry {
		c.d.entry[Channel(p.name.text).index()] = c.target(word{text: p.value.Value, at: at{p.value.Line, p.value.Column}})
	}
}

// target is the index of the node that a word names.
func (c *compiler) target(w word) int {
	i, ok := c.d.index[w.text]
	if !ok {
		if c.at != nil {
			c.at.lost = true
		}
		c.f.add(w.at, "name a node that there is, or add it", "there is no node %q", w.text)
		return -1
	}
	return i
}

// node compiles what does not depend on words.
func (c *compiler) node(n *node, src *nodeEntry) {
	*n = node{id: src.ID.text, kind: nodeKind(src.Kind.text), exposed: src.Class.text == "exposed", field: src.Field.text, src: src,
		wait: src.Wait == nil || *src.Wait, to: -1, other: -1, ifCode: -1, ask: src.Type.text, needsWords: src.Words, clubNumber: src.Club,
		typed: src.Typed.text, area: src.Area.text, from: src.From.text, mark: src.Mark.text,
		codeField: src.CodeField.text, secret: src.Secret, flow: src.Flow.text, want: src.Want.text, do: src.Do.text}
	for _, w := range src.With {
		n.with = append(n.with, w.text)
	}
	if src.To.given() {
		n.to = c.target(src.To)
	}
	if src.Else.given() {
		n.other = c.target(src.Else)
	}
	if src.Code.given() {
		n.ifCode = c.target(src.Code)
	}
	c.bounds(n, src)
	c.nodeFields(src)
	options := src.Options
	if n.kind == kindSay && n.wait || n.kind == kindRead {
		if src.GoOn == nil {
			c.f.add(src.at, "add go_on: {number: 1, text: nav.go_on}, or wait: false", "%q waits for a key that it does not name", n.id)
		} else {
			src.GoOn.To = src.To
			options = []optionEntry{*src.GoOn}
		}
	}
	for i := range options {
		if c.spoken(n, &options[i]) {
			c.option(n, &options[i])
		}
	}
	c.always(n, src)
	for i := range src.Cases {
		cs := &src.Cases[i]
		n.cases = append(n.cases, branchCase{when: c.condition(cs.When), set: c.assignments(cs.Set), to: c.target(cs.To)})
	}
}

// nodeFields checks the fields that a node writes.
func (c *compiler) nodeFields(src *nodeEntry) {
	want := func(w word, kinds ...string) {
		if !w.given() {
			return
		}
		f := c.fields[w.text]
		switch {
		case f == nil:
			c.f.add(w.at, "declare it under fields:", "there is no field %q", w.text)
		case !slices.Contains(kinds, f.kind):
			c.f.add(w.at, "declare it as "+strings.Join(kinds, " or "), "field %q is %s", w.text, f.kind)
		}
	}
	switch nodeKind(src.Kind.text) {
	case kindChoose:
		want(src.Field, "choice")
	case kindAsk:
		want(src.Field, src.Type.text)
	case kindPlace:
		want(src.Field, "commune")
	case kindList:
		want(src.Field, "text")
	case kindFetch:
		want(src.Field, "choice")
	}
	want(src.CodeField, "digits")
	for _, w := range src.With {
		if c.fields[w.text] == nil {
			c.f.add(w.at, "declare it under fields:", "there is no field %q", w.text)
		}
	}
	want(src.Typed, "text")
	want(src.Area, "area")
	want(src.From, "text")
}

func (c *compiler) option(n *node, src *optionEntry) {
	o := option{number: src.Number.text, value: src.Value.text, to: -1, when: -1, danger: src.Event.text == "danger", back: src.Back, src: src}
	switch {
	case src.Back && src.To.given():
		c.f.add(src.To.at, "keep back: or to:", "option %s goes both back and to %q", o.number, src.To.text)
	case src.To.given():
		o.to = c.target(src.To)
	case n.kind == kindAsk && n.to >= 0:
		o.to = n.to
	case !src.Back:
		c.f.add(src.at, "add to: with the next node, or back: true", "option %s leads nowhere", o.number)
	}
	if src.When.given() {
		i := slices.IndexFunc(n.when, func(w *condition) bool { return w != nil && w.text == src.When.text })
		if i < 0 {
			i = len(n.when)
			n.when = append(n.when, c.condition(src.When))
		}
		if o.when = i; i >= mostVariants {
			c.f.add(src.When.at, "put a branch in front and make two nodes", "one node has more than %d conditions", mostVariants)
		}
	}
	for _, other := range n.options {
		if other.number == o.number {
			c.f.add(src.Number.at, "give it a number of its own", "two options have the number %s", o.number)
		}
		if o.value != "" && other.value == o.value {
			c.f.add(src.Value.at, "take one away", "two options answer %q", o.value)
		}
	}
	if o.value != "" {
		c.value(n, src)
	} else if n.kind == kindChoose && n.field != "" && !src.Back && len(src.Set) == 0 {
		c.f.add(src.at, "add value:, or set: for another field", "option %s answers nothing, but the node has the field %q", o.number, n.field)
	}
	o.set = c.assignments(src.Set)
	n.options = append(n.options, o)
}

func (c *compiler) value(n *node, src *optionEntry) {
	f := c.fields[n.field]
	switch {
	case n.field == "":
		c.f.add(src.Value.at, "give the node a field:, or take the value away", "%q answers no field", src.Value.text)
	case f != nil && !f.allows(src.Value.text):
		c.f.add(src.Value.at, "use one of "+f.list(), "%s can never be %q", n.field, src.Value.text)
	}
}

func (c *compiler) assignments(ps pairs) []assignment {
	var set []assignment
	for _, p := range ps {
		f, where := c.fields[p.name.text], at{p.value.Line, p.value.Column}
		switch {
		case f == nil:
			c.f.add(p.name.at, "declare it under fields:", "there is no field %q", p.name.text)
		case !f.allows(p.value.Value):
			c.f.add(where, "use one of "+f.list(), "%s can never be %q", f.name, p.value.Value)
		}
		set = append(set, assignment{p.name.text, p.value.Value})
	}
	return set
}

// always makes sure that a menu has an option for everybody.
func (c *compiler) always(n *node, src *nodeEntry) {
	if n.kind == kindChoose && !slices.ContainsFunc(n.options, func(o option) bool { return o.when < 0 }) {
		c.f.add(src.at, "give one option no when:", "%q can have no option at all", n.id)
	}
}
