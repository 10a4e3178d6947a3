package flows

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

// released is every option number that a release has published: "conversation node number option" a line. It only grows: what is no longer
// offered keeps its number, since people know numbers by heart and posters print them.
//
//go:embed released-numbers.txt
var released string

// ReleasedNumbers is the list of option numbers that the releases have published, for HoldNumbers.
func ReleasedNumbers() string { return released }

// published is one option's number.
type published struct {
	flow, node, number, option string
	at                         at
}

func (p published) line() string {
	return p.flow + " " + p.node + " " + p.number + " " + p.option
}

// published are the options of a definition with their numbers, also those in a language that this catalogue does not have.
func (d *Definition) published() []published {
	var list []published
	for i := range d.nodes {
		n := &d.nodes[i]
		for j := range n.src.Options {
			src := &n.src.Options[j]
			o := option{number: src.Number.text, value: src.Value.text, src: src}
			list = append(list, published{d.Name, n.id, o.number, o.name(), src.Number.at})
		}
	}
	return list
}

// Numbers returns the option numbers of the current definitions, sorted, in the form of ReleasedNumbers.
func (l *Library) Numbers() []string {
	var all []string
	for _, d := range l.Definitions() {
		for _, p := range d.published() {
			all = append(all, p.line())
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// HoldNumbers compares the current definitions with a list of published numbers and names each that moved, and each that was given to
// another option. list is the list's name, for faults in it. The error joins all faults.
func (l *Library) HoldNumbers(list, text string) error {
	f := &faults{}
	byNumber, byOption := map[[3]string]string{}, map[[3]string]string{}
	row := 0
	for line := range strings.Lines(text) {
		row++
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if len(words) != 4 {
			f.file = list
			f.add(at{row, 1}, "write conversation, node, number and option", "%q is no published number", strings.TrimSpace(line))
			continue
		}
		byNumber[[3]string{words[0], words[1], words[2]}] = words[3]
		byOption[[3]string{words[0], words[1], words[3]}] = words[2]
	}
	for _, d := range l.Definitions() {
		f.file = d.file
		for _, p := range d.published() {
			was, moved := byOption[[3]string{p.flow, p.node, p.option}]
			owner, taken := byNumber[[3]string{p.flow, p.node, p.number}]
			switch {
			case moved && was != p.number:
				f.add(p.at, "give it "+was+" back; people learn numbers by heart",
					"option %s of %q was published with the number %s", p.option, p.node, was)
			case taken && owner != p.option:
				f.add(p.at, "give the new option a number that was never used",
					"number %s of %q was published for %s", p.number, p.node, owner)
			}
		}
	}
	return f.err()
}

// shownPages are the pages of a screen on one line, for a fault: [What is it?⏎9 More] [1 One⏎0 Exit].
func shownPages(pages []string) string {
	var b strings.Builder
	for i, p := range pages {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "[%s]", strings.ReplaceAll(p, "\n", "⏎"))
	}
	return b.String()
}

// LanguagesOffered are the languages that an option of a current conversation chooses.
func (l *Library) LanguagesOffered() []string {
	var offered []string
	for _, d := range l.Definitions() {
		for i := range d.nodes {
			if d.nodes[i].field != "language" {
				continue
			}
			for _, o := range d.nodes[i].options {
				offered = append(offered, o.value)
			}
		}
	}
	slices.Sort(offered)
	return slices.Compact(offered)
}
