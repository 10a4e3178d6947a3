package flows

import (
	"fmt"
	"strings"
)

// shapes draw a node by its kind, with %s for its words.
var shapes = map[nodeKind]string{
	kindSay:    `["%s"]`,
	kindChoose: `{{"%s"}}`,
	kindAsk:    `[/"%s"/]`,
	kindPlace:  `[\"%s"\]`,
	kindBranch: `{"%s"}`,
	kindAct:    `[["%s"]]`,
	kindEnd:    `(["%s"])`,
	kindGo:     `>"%s"]`,
	kindFetch:  `[("%s")]`,
	kindList:   `[/"%s"\]`,
	kindRead:   `[\"%s"/]`,
}

// Mermaid draws the conversation as a Mermaid flowchart: a node by its kind's shape, an arrow for each option and each condition with what
// it is called, dotted where an option is offered to some callers only. What goes to another conversation ends in its name.
func (d *Definition) Mermaid() string {
	var b strings.Builder
	fmt.Fprintf(&b, "flowchart TD\n  %%%% %s, version %d\n", d.Name, d.Version)
	for ci, channel := range channels {
		if entry := d.entry[ci]; entry >= 0 {
			fmt.Fprintf(&b, "  begin_%s((%s)) --> %s\n", channel, channel, drawn(d.nodes[entry].id))
		}
	}
	for i := range d.nodes {
		n := &d.nodes[i]
		fmt.Fprintf(&b, "  %s"+shapes[n.kind]+"\n", drawn(n.id), quoted(n.caption()))
		d.arrows(&b, n)
	}
	return b.String()
}

// caption is what stands in a node: its id, and what it is about where that says more.
func (n *node) caption() string {
	switch n.kind { //nolint:exhaustive // the others are called by their id alone
	case kindGo:
		return "go to " + n.flow
	case kindFetch:
		return n.id + ": wants " + n.want
	case kindAct:
		return n.do
	case kindAsk:
		if n.secret {
			return n.id + " (secret " + n.ask + ")"
		}
		return n.id + " (" + n.ask + ")"
	case kindEnd:
		if n.mark != "" {
			return n.id + ": " + n.mark
		}
	}
	return n.id
}

func (d *Definition) arrows(b *strings.Builder, n *node) {
	to := func(i int, label string) {
		if i < 0 {
			return
		}
		arrow := "-->"
		if label != "" {
			arrow = `-->|"` + quoted(label) + `"|`
		}
		fmt.Fprintf(b, "  %s %s %s\n", drawn(n.id), arrow, drawn(d.nodes[i].id))
	}
	for i := range n.options {
		o := &n.options[i]
		label := o.number + " " + o.name()
		if o.value == o.number {
			label = o.number + " " + (&option{src: o.src}).name()
		}
		switch {
		case o.back: // 8 is on every screen and drawn on none
		case o.when >= 0:
			fmt.Fprintf(b, "  %s -. \"%s\" .-> %s\n", drawn(n.id), quoted(label+", when "+n.when[o.when].text), drawn(d.nodes[o.to].id))
		default:
			to(o.to, label)
		}
	}
	for i := range n.cases {
		to(n.cases[i].to, n.cases[i].when.text)
	}
	to(n.other, "else")
	to(n.ifCode, "a code")
	if n.kind != kindRead && !(n.kind == kindSay && n.wait) { // their way on is an option
		to(n.to, "")
	}
}

// drawn is a node's name that Mermaid does not take for a word of its own, such as end.
func drawn(id string) string { return "n_" + id }

func quoted(text string) string { return strings.ReplaceAll(text, `"`, "#quot;") }
