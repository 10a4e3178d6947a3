package flows

import (
	"fmt"
	"slices"
)

// check looks at the definition as a whole: what can be reached, what leads on, what ends.
func (c *compiler) check() {
	for _, key := range engineKeys {
		c.needs(at{1, 1}, key)
	}
	for i := range c.d.nodes {
		n := &c.d.nodes[i]
		if !n.on[0] && !n.on[1] {
			c.f.add(n.src.ID.at, "lead another node there, or take it out", "nothing leads to %q", n.id)
		}
		if n.kind == kindPlace {
			c.placeKeys(n)
		}
		c.classes(n)
		c.handed(n)
	}
	c.ends()
	c.standstill()
}

func (c *compiler) needs(where at, key string) {
	for _, lang := range c.l.languages {
		if !c.l.texts.Has(lang, key) {
			c.f.add(where, "add it to locales/"+lang+".toml", "the key %s has no text in %q", key, lang)
		}
	}
}

// next are the nodes that can follow a node, whatever the answers are.
func (n *node) next() []int {
	next := []int{n.to, n.other, n.ifCode}
	for _, o := range n.options {
		next = append(next, o.to)
	}
	for _, cs := range n.cases {
		next = append(next, cs.to)
	}
	return slices.DeleteFunc(next, func(i int) bool { return i < 0 })
}

// reach notes for every node on which channels it can be met.
func (c *compiler) reach() {
	for ci, entry := range c.d.entry {
		if entry < 0 {
			continue
		}
		todo := []int{entry}
		for len(todo) > 0 {
			n := &c.d.nodes[todo[0]]
			todo = todo[1:]
			if !n.on[ci] {
				n.on[ci] = true
				todo = append(todo, n.next()...)
			}
		}
	}
}

// ends makes sure that from every node an end can be reached. A definition with a mark of its own is a round that one leaves by 0, so
// there every node that stops for the caller is an end.
func (c *compiler) ends() {
	ends := make([]bool, len(c.d.nodes))
	for changed := true; changed; {
		changed = false
		for i := range c.d.nodes {
			n := &c.d.nodes[i]
			leads := n.kind == kindEnd || n.kind == kindGo || n.lost || c.d.mark != "" && n.waitsForCaller() || slices.ContainsFunc(n.next(), func(j int) bool { return ends[j] })
			if leads && !ends[i] {
				ends[i], changed = true, true
			}
		}
	}
	for i := range c.d.nodes {
		if n := &c.d.nodes[i]; !ends[i] {
			c.f.add(n.src.ID.at, "lead it to a node of kind end", "from %q no way leads to an end", n.id)
		}
	}
}

// passes reports whether a conversation goes through the node without stopping for the caller.
func (n *node) passes() bool {
	return n.kind == kindBranch || n.kind == kindAct || n.kind == kindGo || n.kind == kindSay && !n.wait
}

// wordless reports whether a node has nothing to say.
func (n *node) wordless() bool {
	return n.kind == kindBranch || n.kind == kindAct || n.kind == kindGo || n.kind == kindFetch
}

// standstill finds rounds of nodes that never stop for the caller: a step would never end.
func (c *compiler) standstill() {
	const unseen, open, done = 0, 1, 2
	state := make([]int, len(c.d.nodes))
	var visit func(i int)
	visit = func(i int) {
		n := &c.d.nodes[i]
		state[i] = open
		if n.passes() || n.kind == kindFetch { // a fetch waits for the gateway, which may answer at once and for ever
			for _, j := range n.next() {
				switch {
				case state[j] == open:
					c.f.add(n.src.ID.at, "put a question in between", "%q and %q lead to each other without a stop", n.id, c.d.nodes[j].id)
				case state[j] == unseen:
					visit(j)
				}
			}
		}
		state[i] = done
	}
	for i := range c.d.nodes {
		if state[i] == unseen {
			visit(i)
		}
	}
}

// classes holds the nodes to the two classes of text: what stays on a phone or is seen first is exposed.
func (c *compiler) classes(n *node) {
	if n.wordless() {
		return
	}
	class := n.src.Class.at
	switch {
	case n.exposed:
	case n.on[SMS.index()]:
		c.f.add(class, "write class: exposed, and exposed words", "%q is sent by SMS and stays on the phone", n.id)
	case c.src.For.given(): // an officer's own phone, and he came here from the menu
	case n.kind == kindEnd:
		c.f.add(class, "write class: exposed, and exposed words", "%q is the last screen and stays on the phone", n.id)
	case c.d.entry[USSD.index()] >= 0 && n == &c.d.nodes[c.d.entry[USSD.index()]]:
		c.f.add(class, "write class: exposed, and exposed words", "%q is the first screen, which anybody may see", n.id)
	}
}

// numbers compares the options with those of the version before: a number belongs to its option for ever.
func (c *compiler) numbers(before *Definition) {
	if before == nil {
		return
	}
	version := c.src.Version
	if c.d.Version < before.Version || c.d.Version == before.Version && c.d.Hash != before.Hash {
		c.f.add(version.at, fmt.Sprintf("raise it to %d", before.Version+1), "version %d is not newer than the version %d in use", c.d.Version, before.Version)
	}
	for i := range c.d.nodes {
		n := &c.d.nodes[i]
		j, ok := before.index[n.id]
		if !ok {
			continue
		}
		old := before.nodes[j].options
		for k := range n.options {
			o := &n.options[k]
			for m := range old {
				switch was := &old[m]; {
				case was.same(o) && was.number != o.number:
					c.f.add(o.src.Number.at, "give it "+was.number+" back; people learn numbers by heart",
						"option %s of %q had the number %s before", o.name(), n.id, was.number)
				case !was.same(o) && was.number == o.number:
					c.f.add(o.src.Number.at, "give the new option a number that was never used",
						"number %s of %q belonged to %s before", o.number, n.id, was.name())
				}
			}
		}
	}
}

// name is what stays of an option when its words change: what it answers, or else what it says.
func (o *option) name() string {
	if o.value != "" {
		return o.value
	}
	for _, k := range o.src.Text.key {
		if k.given() {
			return k.text
		}
	}
	return o.number
}

func (o *option) same(p *option) bool { return o.name() == p.name() }
