package flows

import "slices"

// variables gathers what texts can be filled with: the reporter's code and proof, fields under vars:, and what fetches supply.
func (c *compiler) variables() {
	c.known = map[string]bool{"code": true, "proof": true}
	for _, p := range c.src.Vars {
		c.known[p.name.text] = true
		if c.d.vars == nil {
			c.d.vars = map[string]string{}
		}
		c.d.vars[p.name.text] = p.value.Value
		if c.fields[p.value.Value] == nil {
			c.f.add(at{p.value.Line, p.value.Column}, "declare it under fields:", "there is no field %q", p.value.Value)
		}
	}
	for i := range c.src.Nodes {
		for _, w := range c.src.Nodes[i].Supplies {
			c.known[w.text] = true
		}
	}
}

// secrets notes the fields that are asked for in secret, before any condition could read one.
func (c *compiler) secrets() {
	for i := range c.src.Nodes {
		if src := &c.src.Nodes[i]; src.Secret {
			if f := c.fields[src.Field.text]; f != nil {
				f.secret = true
			}
		}
	}
}

// spoken reports whether an option can be offered at all: one that chooses a language which the catalogue does not have is left out, so
// that one definition serves deployments with more and with fewer languages.
func (c *compiler) spoken(n *node, src *optionEntry) bool {
	return n.field != "language" || !src.Value.given() || slices.Contains(c.l.languages, src.Value.text)
}

// handed checks what goes to the gateway and what comes from it.
func (c *compiler) handed(n *node) {
	src := n.src
	secret := func(name string) bool { f := c.fields[name]; return f != nil && f.secret }
	if next := n.to; n.secret && next >= 0 && !(c.d.nodes[next].kind == kindFetch && slices.Contains(c.d.nodes[next].with, n.field)) {
		c.f.add(src.To.at, "lead it to a fetch that has with: "+n.field, "%q asks for a secret, which only a fetch right behind it can use", n.id)
	}
	if n.kind == kindAsk && !n.secret && secret(n.field) || secret(n.codeField) {
		c.f.add(src.at, "write secret: true, or use another field", "%q would keep what another node asks for in secret", n.id)
	}
	if n.shows() && n.on[SMS.index()] {
		c.f.add(src.Kind.at, "use it by USSD only", "%q would leave on the phone what it shows", n.id)
	}
	if n.waitsForCaller() {
		for _, j := range c.onwards(n.next()) {
			if shown := &c.d.nodes[j]; shown.shows() {
				c.f.add(src.ID.at, "put a fetch in between", "%q leads to %q, which shows what nothing has supplied", n.id, shown.id)
			}
		}
	}
}

func (n *node) waitsForCaller() bool {
	return !n.passes() && n.kind != kindFetch && n.kind != kindEnd
}

// onwards are the nodes at which a conversation stops after going to one of these.
func (c *compiler) onwards(to []int) []int {
	var stops []int
	seen := make([]bool, len(c.d.nodes))
	for len(to) > 0 {
		i := to[0]
		to = to[1:]
		if seen[i] {
			continue
		}
		seen[i] = true
		if n := &c.d.nodes[i]; n.passes() {
			to = append(to, n.next()...)
		} else {
			stops = append(stops, i)
		}
	}
	return stops
}
