package flows

import (
	"strconv"
	"strings"
	"time"

	"chumrok/locales"
)

// faces makes a node's screens ready: for each channel on which it can be met, in each language and voice, with and without the options
// that depend on a condition.
func (c *compiler) faces(n *node) {
	if n.wordless() || n.kind == kindPlace {
		return
	}
	for ci, channel := range channels {
		if !n.on[ci] {
			continue
		}
		for li := range c.l.languages {
			for _, v := range c.d.voices {
				n.faces[ci] = append(n.faces[ci], c.faceOf(n, channel, li, v.name))
			}
		}
	}
	if n.src.Bad.given() {
		for li, lang := range c.l.languages {
			for _, v := range c.d.voices {
				t := c.l.tongues[li]
				heading := c.text(n, USSD, n.src.Bad, lang, v.name)
				again := locales.Option{Key: "1", Text: c.l.texts.Text(lang, "error.unknown_key.again")}
				pages := c.l.pages(t, locales.Menu{Heading: heading, Leaveable: true, Options: []locales.Option{again}})
				n.badPages = append(n.badPages, pages)
			}
		}
	}
}

func (c *compiler) faceOf(n *node, channel Channel, li int, voice string) face {
	lang, t := c.l.languages[li], c.l.tongues[li]
	key := n.src.Text.key[channel.index()]
	f := face{key: resolve(key.text, voice)}
	switch {
	case key.given():
		f.heading = c.text(n, channel, key, lang, voice)
		f.vars = len(c.l.texts.Vars(f.key)) > 0
	case n.kind != kindChoose && n.kind != kindRead:
		c.f.add(n.src.Text.at, "add its key for "+string(channel), "%q says nothing by %s", n.id, channel)
	}
	if n.src.Leave.given() {
		f.leave = "0 " + c.text(n, channel, n.src.Leave, lang, voice)
	}
	for _, o := range n.options {
		k := o.src.Text.key[channel.index()]
		if !k.given() {
			c.f.add(o.src.Text.at, "add its key for "+string(channel), "option %s says nothing by %s", o.number, channel)
		}
		words := c.text(n, channel, k, lang, voice)
		f.options = append(f.options, locales.Option{Key: o.number, Text: words})
		f.folded = append(f.folded, letters(words))
	}
	if f.vars {
		c.sample(n, f, channel, li)
		return f
	}
	for mask := range 1 << min(len(n.when), mostVariants) {
		pages := c.l.face(channel, t, n.menu(f, f.heading, mask))
		f.pages = append(f.pages, pages)
		c.fit(n, channel, lang, pages)
	}
	return f
}

// menu is a face's menu in one variant.
func (n *node) menu(f face, heading string, mask int) locales.Menu {
	m := locales.Menu{Heading: heading, Leave: f.leave, Leaveable: n.kind != kindEnd}
	if len(n.when) == 0 {
		m.Options = f.options
		return m
	}
	for i, o := range n.options {
		if o.when < 0 || mask&(1<<o.when) != 0 {
			m.Options = append(m.Options, f.options[i])
		}
	}
	return m
}

// sample measures a screen with variables at their longest.
func (c *compiler) sample(n *node, f face, channel Channel, li int) {
	lang := c.l.languages[li]
	vars := map[string]string{}
	for name := range c.known {
		vars[name] = strings.Repeat("8", 20)
	}
	vars["code"], vars["proof"] = strings.Repeat("8", 8), strings.Repeat("8", 2)
	vars["when"] = c.l.texts.When(lang, time.Date(2026, 12, 22, 10, 30, 0, 0, time.UTC)) // as long as a time can be
	heading := c.l.texts.Format(lang, f.key, vars)
	c.fit(n, channel, lang, c.l.face(channel, c.l.tongues[li], n.menu(f, heading, 1<<mostVariants-1)))
}

// fit checks pages against what their channel carries. The last screen of a USSD dialogue must be one: nobody can press 9 on it.
func (c *compiler) fit(n *node, channel Channel, lang string, pages []string) {
	where := n.src.Text.at
	if where == (at{}) {
		where = n.src.at
	}
	for _, p := range pages {
		if problem := c.l.tooLong(channel, p); problem != "" {
			c.f.add(where, "shorten the text", "%q does not fit in %s: %s: %s", n.id, lang, problem, shownPages(pages))
		}
	}
	if channel == USSD && n.kind == kindEnd && len(pages) > 1 {
		c.f.add(where, "shorten the text to one screen", "%q ends the dialogue in %s, but takes %d screens: %s", n.id, lang, len(pages), shownPages(pages))
	}
}

// tooLong says in words why a screen does not fit; empty when it does.
func (l *Library) tooLong(channel Channel, text string) string {
	if channel == SMS {
		if n := locales.SMSSegments(text); n > mostSegments {
			return plural(n, "message") + ", and " + plural(mostSegments, "message") + " are allowed"
		}
		return ""
	}
	if !locales.Fits(text, l.budget()) {
		_, n := locales.Measure(text)
		return plural(n, "unit") + " on one screen"
	}
	return ""
}

// resolve puts the voice into a key.
func resolve(key, voice string) string { return strings.ReplaceAll(key, "<voice>", voice) }

// text is a word's text; a key that the catalogue does not have is a fault, as is a variable that no state can fill.
func (c *compiler) text(n *node, channel Channel, key word, lang, voice string) string {
	if !key.given() {
		return ""
	}
	if strings.Contains(key.text, "<voice>") && voice == "" {
		c.f.add(key.at, "declare voices:, or take <voice> out", "%q needs a voice, and there is none", key.text)
		return ""
	}
	k := resolve(key.text, voice)
	if !c.l.texts.Has(lang, k) {
		c.f.add(key.at, "add it to locales/"+lang+".toml, or mend the key", "the key %s has no text in %q", k, lang)
		return ""
	}
	c.exposure(n, channel, key, k)
	for _, v := range c.l.texts.Vars(k) {
		if !c.known[v] {
			c.f.add(key.at, "use {{."+strings.Join(sortedKeys(c.known), "}}, {{.")+"}} only, or declare it under vars: or supplies:", "the text of %s has {{.%s}}, which no conversation can fill", k, v)
		}
	}
	return c.l.texts.Text(lang, k)
}

// exposure holds an exposed node to sentences that a stranger may read; the catalogue knows which those are.
func (c *compiler) exposure(n *node, channel Channel, at word, key string) {
	need, who := locales.Neutral, "a screen that a stranger may see"
	if channel == SMS {
		need, who = locales.ReporterSMS, "an SMS to a caller"
	}
	if n.exposed && c.l.texts.Reader(key)&need == 0 {
		c.f.add(at.at, "use an exposed sentence, or list the key in locales/readers.toml", "%s is not written for %s", key, who)
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
