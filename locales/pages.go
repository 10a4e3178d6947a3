package locales

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// Option is one line that a person can choose.
type Option struct {
	Key  string // what is pressed: "1", "11", "02"; "" for a line without a key
	Text string
}

// Menu is a screen before it is cut to size: a question and its options, or only a text.
type Menu struct {
	Heading   string   // may have several lines; on the first page only
	Options   []Option // none for a plain text
	Leave     string   // as shown: "0 ចេញ"
	More      string   // as shown: "9 ទៀត"
	Leaveable bool     // whether Leave is shown
}

// Pages cuts m into screens that each keep to b, with the page keys inside it: "9 ទៀត 0 ចេញ" on every page but the
// last, "0 ចេញ" on that. There is always at least one page. A zero in b is USSD's.
//
// A page ends after an option where one fits, else after a line, else at a break hint (U+200B) or a space, else between
// grapheme clusters, which keep a Khmer syllable whole; so no page begins with a subscript or a mark unless a line of m
// does. Nothing is lost or moved: the pages without their page keys are the text again, but for break hints and for the
// spaces and empty lines at which it was cut. Two things give way to the budget: page keys that leave no room for any
// text are not shown, and a single cluster longer than a whole screen, which no language has, is cut.
func Pages(m Menu, b Budget) []string {
	if b.Septets <= 0 {
		b.Septets = USSD.Septets
	}
	if b.Units <= 0 {
		b.Units = USSD.Units
	}
	p := pager{budget: b, lines: make([]line, 0, len(m.Options)+1)}
	if m.Heading != "" {
		p.addBlock("", m.Heading)
	}
	for _, o := range m.Options {
		p.addBlock(o.Key, o.Text)
	}
	leave := ""
	if m.Leaveable {
		leave = Strip(tidy(m.Leave))
	}
	last := p.roomy(leave)
	if n, bytes := p.fitting(p.lines, last.size); n == len(p.lines) {
		return []string{show(trimmed(p.lines), bytes, last)}
	}
	more := Strip(tidy(m.More))
	return p.pages(p.roomy(strings.TrimSpace(more+" "+leave), more), last)
}

// line is one line of a menu, its break hints taken out: hints are their places in text, in bytes.
type line struct {
	key   string // of an option; it stays with the words after it
	text  string
	size  size // of key, space and text
	hints []int
	block bool // an option or the heading begins here
}

func (l line) blank() bool { return l.key == "" && l.text == "" }

type nav struct {
	text string
	size size // with the line break before it; zero for none
}

type pager struct {
	budget Budget
	lines  []line
}

// oneMore is the size of a line break or a space.
var oneMore = size{septets: 1, units: 1}

func (p *pager) addBlock(key, text string) {
	head := line{key: key, block: true}
	if s, plain := plainSize(text); plain {
		head.text, head.size = text, s
		p.addLine(head)
		return
	}
	for i, t := range strings.Split(tidy(text), "\n") {
		l := newLine(strings.Trim(t, " \u200b"))
		if i == 0 {
			l.key, l.block = head.key, true
		}
		p.addLine(l)
	}
}

func (p *pager) addLine(l line) {
	if l.key != "" {
		l.size = l.size.plus(sizeOf(l.key))
		if l.text != "" {
			l.size = l.size.plus(oneMore)
		}
	}
	p.lines = append(p.lines, l)
}

// plainSize measures a text that is one line with nothing to take out, and reports whether it is one: nearly all are.
func plainSize(text string) (size, bool) {
	if text == "" || text[0] == ' ' || text[len(text)-1] == ' ' {
		return size{}, text == ""
	}
	var s size
	for _, r := range text {
		if r == '\n' || r == '\u00a0' || r == utf8.RuneError || invisible(r) {
			return size{}, false
		}
		s = s.plus(sizeOfRune(r))
	}
	return s, true
}

func newLine(text string) line {
	var hints []int
	if strings.ContainsRune(text, zeroSpace) {
		parts := strings.Split(text, string(zeroSpace))
		at := 0
		for _, part := range parts[:len(parts)-1] {
			at += len(part)
			hints = append(hints, at)
		}
		text = strings.Join(parts, "")
	}
	return line{text: text, size: sizeOf(text), hints: hints}
}

// roomy returns the first of texts that leaves room for something beside it.
func (p *pager) roomy(texts ...string) nav {
	for _, t := range texts {
		if t == "" {
			continue
		}
		n := nav{text: t, size: sizeOf(t).plus(oneMore)}
		if n.size.plus(size{septets: 2, units: 2, wide: true}).fits(p.budget) {
			return n
		}
	}
	return nav{}
}

func (p *pager) pages(more, last nav) []string {
	var pages []string
	rest := p.lines
	for {
		rest = trimmed(rest)
		n, bytes := p.fitting(rest, last.size)
		if n == len(rest) {
			return append(pages, show(rest, bytes, last))
		}
		n, bytes = p.fitting(rest, more.size)
		if n == 0 {
			var page string
			page, rest = p.split(rest, more)
			pages = append(pages, page)
			continue
		}
		for k := min(n, len(rest)-1); k > 0; k-- {
			if rest[k].block {
				n = k
				break
			}
		}
		pages = append(pages, show(trimmed(rest[:n]), bytes, more))
		rest = rest[n:]
	}
}

// trimmed leaves out empty lines at both ends.
func trimmed(lines []line) []line {
	for len(lines) > 0 && lines[0].blank() {
		lines = lines[1:]
	}
	for len(lines) > 0 && lines[len(lines)-1].blank() {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// fitting returns how many of lines fit on one page beside nav, and how many bytes they have.
func (p *pager) fitting(lines []line, nav size) (n, bytes int) {
	total := nav
	for i, l := range lines {
		if i > 0 {
			total = total.plus(oneMore)
		}
		total = total.plus(l.size)
		if !total.fits(p.budget) {
			return i, bytes
		}
		bytes += len(l.text) + 1
	}
	return len(lines), bytes
}

// show writes a page of about so many bytes.
func show(lines []line, bytes int, n nav) string {
	var b strings.Builder
	b.Grow(bytes + len(n.text))
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l.key)
		if l.key != "" && l.text != "" {
			b.WriteByte(' ')
		}
		b.WriteString(l.text)
	}
	if n.text != "" {
		if len(lines) > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(n.text)
	}
	return b.String()
}

// split cuts the first of rest, which is too long for a page, and returns the page and what is left.
func (p *pager) split(rest []line, more nav) (string, []line) {
	text, from := rest[0].text, 0
	hints := rest[0].hints
	if key := rest[0].key; key != "" {
		from = len(key) + 1
		text = key + " " + text
		hints = shifted(hints, from)
	}
	at := p.cut(text, from, hints, more.size)
	if at == 0 {
		more = nav{}
		at = p.cut(text, from, hints, more.size)
	}
	if at == 0 {
		at = p.cutRunes(text)
	}
	head, tail := strings.TrimRight(text[:at], " "), strings.TrimLeft(text[at:], " ")
	left := line{text: tail, size: sizeOf(tail), hints: shifted(hints, len(tail)-len(text))}
	page := show([]line{{text: head}}, len(head)+1, more)
	if tail == "" {
		return page, rest[1:]
	}
	return page, append([]line{left}, rest[1:]...)
}

// shifted moves hints by so many bytes, leaving out those before the text begins.
func shifted(hints []int, by int) []int {
	var out []int
	for _, h := range hints {
		if h+by > 0 {
			out = append(out, h+by)
		}
	}
	return out
}

// hanging marks belong to the word before them.
const hanging = "។ៗ៖?!.,:;)៕"

// cut returns where to cut text so that what comes before fits beside nav: 0 where no whole cluster fits. It takes the
// last break hint or space that fits, but none up to from; else the last end of a cluster, not before a mark that hangs on
// its word.
func (p *pager) cut(text string, from int, hints []int, nav size) int {
	total := nav
	soft, firm, loose := 0, 0, 0
	clusters := graphemes.FromString(text)
	before := ' '
	for clusters.Next() {
		start, cluster := clusters.Start(), clusters.Value()
		for len(hints) > 0 && hints[0] < start {
			hints = hints[1:]
		}
		// The next page begins with the first character that is not a space. Whatever the segmenter's tables say of
		// Khmer, that is never a mark, and no page ends in a coeng.
		next, _ := utf8.DecodeRuneInString(strings.TrimLeft(text[start:], " "))
		if start > 0 && !unicode.IsMark(next) && before != coeng {
			loose = start
			if start > from && !strings.ContainsRune(hanging, next) {
				firm = start
				if cluster == " " || before == ' ' || len(hints) > 0 && hints[0] == start {
					soft = start
				}
			}
		}
		total = total.plus(sizeOf(cluster))
		if !total.fits(p.budget) {
			break
		}
		before, _ = utf8.DecodeLastRuneInString(cluster)
	}
	switch {
	case soft > 0 && strings.TrimSpace(text[:soft]) != "":
		return soft
	case firm > 0:
		return firm
	}
	return loose
}

// cutRunes returns where to cut a cluster that is longer than a screen: after as many characters as fit, at least one.
func (p *pager) cutRunes(text string) int {
	var total size
	for i, r := range text {
		total = total.plus(sizeOfRune(r))
		if i > 0 && !total.fits(p.budget) {
			return i
		}
	}
	return len(text)
}
