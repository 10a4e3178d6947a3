package flows

import (
	"cmp"
	"slices"

	"chumrok/internal/gazetteer"
	"chumrok/locales"
)

// The keys of the question for a place, by channel.
var (
	placeKeysUSSD = []string{"place.ask", "place.ask.list", "place.many", "place.many.list", "place.confirm", "place.confirm.yes", "place.confirm.no",
		"place.same_name", "place.same_name.neither", "place.not_found", "place.not_found.again", "place.not_found.list", "place.not_found.unknown",
		"place.province", "place.district", "place.commune"}
	placeKeysSMS = []string{"sms.where", "sms.place.many", "sms.place.confirm", "sms.place.same_name", "sms.place.not_found",
		"place.confirm.yes", "place.confirm.no", "place.same_name.neither"}
)

// placePages are the pages of the question for a place as it stands. Lists and fixed questions are made once and kept.
func (r *run) placePages(n *node) []string {
	p := &r.s.place
	if p.phase == phaseConfirm || p.phase == phaseChoose || r.s.before != "" {
		return r.d.l.face(r.s.channel, *r.tongue(), r.placeMenu(n))
	}
	again := p.phase == phaseNotFound && p.tries < enoughTries
	k := listKey{channel: r.s.channel, lang: r.tongue().lang, phase: p.phase, again: again}
	if p.phase.lists() {
		k.area = p.area
	}
	if pages, ok := r.d.l.lists.Load(k); ok {
		return pages.([]string)
	}
	pages := r.d.l.face(r.s.channel, *r.tongue(), r.placeMenu(n))
	if _, known := r.d.l.places.Get(p.area); known || p.area == "" {
		r.d.l.lists.Store(k, pages)
	}
	return pages
}

type listKey struct {
	channel Channel
	lang    string
	phase   phase
	area    string
	again   bool
}

// placeMenu is the question for a place as it stands, before it is cut to the channel's size.
func (r *run) placeMenu(*node) locales.Menu {
	p, l, lang := &r.s.place, r.d.l, r.tongue().lang
	text := func(ussd, sms string) string {
		if r.s.channel == SMS {
			return l.texts.Text(lang, sms)
		}
		return l.texts.Text(lang, ussd)
	}
	m := locales.Menu{Leaveable: true}
	option := func(number, words string) { m.Options = append(m.Options, locales.Option{Key: number, Text: words}) }
	switch p.phase {
	case phaseAsk:
		m.Heading = text("place.ask", "sms.where")
		if r.s.channel == USSD {
			option("1", text("place.ask.list", ""))
		}
	case phaseMany:
		m.Heading = text("place.many", "sms.place.many")
		if r.s.channel == USSD {
			option("1", text("place.many.list", ""))
		}
	case phaseConfirm:
		key := "place.confirm"
		if r.s.channel == SMS {
			key = "sms.place.confirm"
		}
		if len(p.codes) > 0 {
			m.Heading = l.texts.Format(lang, key, map[string]string{"place": l.placeName(lang, p.codes[0])})
		}
		option("1", l.texts.Text(lang, "place.confirm.yes"))
		option("2", l.texts.Text(lang, "place.confirm.no"))
	case phaseChoose:
		m.Heading = text("place.same_name", "sms.place.same_name")
		byDistrict := l.apart(p.codes)
		for i, code := range p.codes {
			option(choiceNumber(i), l.choiceName(lang, code, byDistrict))
		}
		option(choiceNumber(len(p.codes)), l.texts.Text(lang, "place.same_name.neither"))
		if !byDistrict && r.s.channel == USSD {
			m.Heading = text("place.commune", "")
		}
	case phaseNotFound:
		m.Heading = text("place.not_found", "sms.place.not_found")
		if r.s.channel == USSD {
			if p.tries < enoughTries {
				option("1", text("place.not_found.again", ""))
			}
			option("2", text("place.not_found.list", ""))
			option("3", text("place.not_found.unknown", ""))
		}
	case phaseProvince, phaseDistrict, phaseCommune:
		m.Heading = text([]string{"place.province", "place.district", "place.commune"}[p.phase-phaseProvince], "")
		for _, child := range l.ordered(p.area) {
			option(child.Code[len(child.Code)-2:], l.nameOf(lang, child))
		}
		option(notKnown, text("place.not_found.unknown", ""))
	}
	m.Heading = r.inFront(m.Heading)
	return m
}

// ordered are the areas inside one, by code; the deployment's own provinces come before the others.
func (l *Library) ordered(area string) []gazetteer.Place {
	children := slices.Clone(l.places.Children(area))
	if area == "" {
		rank := func(p gazetteer.Place) int {
			if i := slices.Index(l.options.OwnProvinces, p.Code); i >= 0 {
				return i
			}
			return len(l.options.OwnProvinces)
		}
		slices.SortStableFunc(children, func(a, b gazetteer.Place) int { return cmp.Compare(rank(a), rank(b)) })
	}
	return children
}

// apart reports whether communes have one name and lie in different districts, so that the district alone tells them from each other.
func (l *Library) apart(codes []string) bool {
	seen, name := map[string]bool{}, ""
	for _, code := range codes {
		p, _, _ := l.places.Current(code)
		district := p.Code[:min(4, len(p.Code))]
		if seen[district] || name != "" && p.Km != name {
			return false
		}
		seen[district], name = true, p.Km
	}
	return true
}

// choiceName is a commune as one of a few: district and province, or commune and district.
func (l *Library) choiceName(lang, code string, byDistrict bool) string {
	path := l.places.Path(code)
	if len(path) < 3 {
		return l.placeName(lang, code)
	}
	province, district, commune := l.nameOf(lang, path[0]), l.nameOf(lang, path[1]), l.nameOf(lang, path[2])
	if byDistrict {
		return joined(district, province)
	}
	return joined(commune, district)
}

// placeKeys checks the sentences that the question for a place needs, and the longest place in those that name one.
func (c *compiler) placeKeys(n *node) {
	for ci, keys := range [][]string{placeKeysUSSD, placeKeysSMS} {
		if !n.on[ci] {
			continue
		}
		for _, key := range keys {
			c.needs(n.src.at, key)
			c.exposure(n, channels[ci], word{at: n.src.Class.at}, key)
		}
		key := []string{"place.confirm", "sms.place.confirm"}[ci]
		for li, lang := range c.l.languages {
			heading := c.l.texts.Format(lang, key, map[string]string{"place": c.l.longestPlace(lang)})
			m := locales.Menu{Heading: heading, Leaveable: true, Options: []locales.Option{
				{Key: "1", Text: c.l.texts.Text(lang, "place.confirm.yes")}, {Key: "2", Text: c.l.texts.Text(lang, "place.confirm.no")}}}
			c.fit(n, channels[ci], lang, c.l.face(channels[ci], c.l.tongues[li], m))
		}
	}
}

// longestPlace is the commune whose name, with district and province, takes the most room.
func (l *Library) longestPlace(lang string) string {
	longest, most := "", 0
	for _, p := range l.places.Communes() {
		name := l.placeName(lang, p.Code)
		if _, size := locales.Measure(name); size > most {
			longest, most = name, size
		}
	}
	return longest
}
