package flows

import (
	"slices"

	"chumrok/internal/gazetteer"
)

// phase is where in the question for a place the caller is.
type phase byte

const (
	phaseAsk      phase = iota // which commune? a name or a club's number is written
	phaseMany                  // that name is found too often: the province too
	phaseConfirm               // this one?
	phaseChoose                // which of these?
	phaseNotFound              // not found: again, list, I do not know
	phaseProvince              // the lists
	phaseDistrict
	phaseCommune
)

// lists reports whether a list of areas is on the screen, in which numbers are the last two digits of official codes.
func (p phase) lists() bool { return p >= phaseProvince }

// menu reports whether a few numbers are offered and nothing else.
func (p phase) menu() bool { return p == phaseConfirm || p == phaseChoose || p == phaseNotFound }

// placeState is how far the question for a place has come.
type placeState struct {
	phase phase
	area  string   // the province or district that was chosen from a list, or that what was written names
	typed string   // what was written last
	codes []string // communes to confirm or to choose from
	tries int      // how often a place was not found, or was not the right one
}

const (
	// enoughTries is how often somebody is asked to write a name again. Two names not found mean a third will not be found either.
	enoughTries = 2
	// mostTries ends the question: the report goes on without a commune, and a person at the desk reads what was written.
	mostTries = 6
	// notKnown is the number of "I do not know" in a list of areas. No official code ends in it.
	notKnown = "99"
)

// placeBegin asks for the place, or has it confirmed when it is known from a club's number or from the story.
func (r *run) placeBegin(n *node) {
	r.s.place = placeState{phase: phaseAsk}
	if r.s.club != "" {
		r.setHere(n.typed, r.d.l.placeName(r.tongue().lang, r.s.club)) // for a person, should the caller be cut off before she confirms
		r.confirm(r.s.club)
		return
	}
	if n.from == "" {
		return
	}
	story := r.s.Answer(n.from)
	if story == "" {
		return
	}
	found := r.d.l.places.Extract(story)
	r.s.place.area = found.Within
	switch {
	case found.Many:
	case len(found.Places) == 1:
		r.confirm(found.Places[0].Code)
	case len(found.Places) > 1:
		r.choose(found.Places)
	}
}

// setHere answers a field of the node that is being asked; a second answer replaces the first.
func (r *run) setHere(name, value string) {
	for i := len(r.s.answers) - 1; i >= r.s.base; i-- {
		if r.s.answers[i].field == name {
			if r.s.answers[i].value == value {
				return
			}
			r.s.answers = slices.Clone(r.s.answers)
			r.s.answers[i].value = value
			r.event(Answered, name, value)
			return
		}
	}
	if r.s.Answer(name) != value {
		r.set(name, value)
	}
}

func (r *run) phase(p phase) {
	r.s.place.phase, r.s.page, r.s.mode = p, 0, modeAsk
}

func (r *run) confirm(code string) {
	r.s.place.codes = []string{code}
	r.phase(phaseConfirm)
}

func (r *run) choose(places []gazetteer.Place) {
	r.s.place.codes = nil
	for _, p := range places[:min(len(places), mostCandidates)] {
		r.s.place.codes = append(r.s.place.codes, p.Code)
	}
	r.phase(phaseChoose)
}

// list shows the areas inside one: provinces, a province's districts, a district's communes.
func (r *run) list(n *node, area string) {
	if len(area) > 4 || len(r.d.l.places.Children(area)) == 0 {
		area = ""
	}
	r.s.place.area, r.s.place.codes = area, nil
	if area != "" || r.s.Answer(n.area) != "" {
		r.setHere(n.area, area)
	}
	r.phase(phaseProvince + phase(len(area)/2))
}

// place takes one input of the question for a place.
func (r *run) place(n *node, k key) {
	p := &r.s.place
	switch {
	case p.phase.lists():
		r.listed(n, k)
		return
	case k.digits == "" && hasLetter(k.text) && !r.placeWords(n, &k):
		r.typed(n, k.text)
		return
	}
	switch p.phase { //nolint:exhaustive // lists are above
	case phaseConfirm:
		switch k.digits {
		case "1":
			if len(p.codes) > 0 {
				r.found(n, p.codes[0])
				return
			}
		case "2":
			r.refused(n)
			return
		}
	case phaseChoose:
		for i, code := range p.codes {
			if k.digits == choiceNumber(i) {
				r.found(n, code)
				return
			}
		}
		if k.digits == choiceNumber(len(p.codes)) {
			r.refused(n)
			return
		}
	case phaseNotFound:
		if r.s.channel == USSD {
			r.notFound(n, k)
			return
		}
		r.number(n, k)
		return
	default:
		if k.digits == "1" && r.s.channel == USSD {
			r.list(n, p.area)
			return
		}
		r.number(n, k)
		return
	}
	r.unknown(n, k)
}

// placeWords turns the words of an option, or "yes", into its number; it reports whether it did.
func (r *run) placeWords(n *node, k *key) bool {
	if k.yes && r.s.place.phase == phaseConfirm {
		k.digits = "1"
		return true
	}
	words := letters(k.text)
	for _, o := range r.placeMenu(n).Options {
		if words == letters(o.Text) {
			k.digits = o.Key
			return true
		}
	}
	return false
}

// number takes digits where a name was asked: a club's number, or the name of a commune that is a number.
func (r *run) number(n *node, k key) {
	digits := allDigits(k.text)
	if digits == "" {
		r.unknown(n, k)
		return
	}
	if place, _, ok := r.d.l.places.Current(r.d.l.club(digits)); ok {
		r.setHere(n.typed, k.text)
		r.confirm(place.Code)
		return
	}
	if found := r.d.l.places.Find(k.text, ""); len(found.Places) == 0 && !found.Many && len(digits) <= 2 {
		r.unknown(n, k)
		return
	}
	r.typed(n, k.text)
}

// notFound takes the answer to "that name was not found".
func (r *run) notFound(n *node, k key) {
	switch {
	case k.digits == "1" && r.s.place.tries < enoughTries:
		r.phase(phaseAsk)
	case k.digits == "2":
		r.list(n, r.s.place.area)
	case k.digits == "3":
		r.placeUnknown(n)
	default:
		r.unknown(n, k)
	}
}

// listed takes a choice from a list: two digits, or the area's name.
func (r *run) listed(n *node, k key) {
	p := &r.s.place
	if k.digits == notKnown {
		r.placeUnknown(n)
		return
	}
	name := ""
	if k.digits == "" {
		name = gazetteer.Fold(k.text)
	}
	for _, child := range r.d.l.places.Children(p.area) {
		if k.digits == child.Code[len(child.Code)-2:] || name != "" && (name == gazetteer.Fold(child.Km) || name == gazetteer.Fold(child.Latin)) {
			if child.Level == gazetteer.Commune {
				r.found(n, child.Code)
			} else {
				r.list(n, child.Code)
			}
			return
		}
	}
	if k.digits == "" && hasLetter(k.text) {
		r.typed(n, k.text)
		return
	}
	r.unknown(n, k)
}

// typed looks for a place that was written. What was written is kept until a commune is known.
func (r *run) typed(n *node, text string) {
	p := &r.s.place
	text = cut(text, mostBytes)
	kept := r.s.Answer(n.typed)
	if p.tries == 0 && p.phase != phaseMany {
		kept = ""
	}
	r.setHere(n.typed, cut(lines(kept, text), mostBytes))
	query, within := text, p.area
	found := gazetteer.Finding{}
	if p.phase == phaseMany && p.typed != "" { // the province was asked for: it counts together with the name
		query, within = p.typed+" "+text, ""
		found = r.find(query, within)
		if len(found.Places) == 0 && !found.Many {
			query = text
		}
	}
	if len(found.Places) == 0 && !found.Many {
		found = r.find(query, within)
	}
	if len(found.Places) == 0 && !found.Many && within != "" {
		found = r.find(query, "")
	}
	p.typed = cut(query, longestPlaceText)
	if found.Within != "" && len(found.Within) < 6 {
		p.area = found.Within // where a list begins, should it come to that
	}
	switch {
	case len(found.Places) == 1:
		r.confirm(found.Places[0].Code)
	case found.Many:
		r.many(n, found)
	case len(found.Places) > 1:
		r.choose(found.Places)
	default:
		r.failed(n)
	}
}

// longestPlaceText is how much of what was written is looked up, in bytes. No way of writing a place is longer.
const longestPlaceText = 300

func (r *run) find(text, within string) gazetteer.Finding {
	return r.d.l.places.Find(cut(text, longestPlaceText), within)
}

// many asks for the province too, once; where the caller wrote a province or district alone, its list is shown at once.
func (r *run) many(n *node, found gazetteer.Finding) {
	if found.Within != "" && len(found.Within) < 6 && r.s.channel == USSD {
		r.list(n, found.Within)
		return
	}
	if r.s.place.phase == phaseMany {
		r.failed(n)
		return
	}
	r.phase(phaseMany)
}

// failed is a name that is not found.
func (r *run) failed(n *node) {
	r.s.place.tries++
	if r.s.place.tries >= mostTries || r.s.place.tries >= enoughTries && r.s.channel == SMS {
		r.placeUnknown(n)
		return
	}
	r.phase(phaseNotFound)
}

// refused is "no" or "neither": the place that was found is not hers.
func (r *run) refused(n *node) {
	if r.s.club != "" { // she is away from her club
		r.s.club = ""
		r.setHere(n.typed, "")
		r.phase(phaseAsk)
		return
	}
	p := &r.s.place
	p.tries++
	switch {
	case p.tries >= mostTries, p.tries >= enoughTries && r.s.channel == SMS:
		r.placeUnknown(n)
	case p.tries >= enoughTries:
		r.phase(phaseNotFound)
	default:
		r.phase(phaseAsk)
	}
}

// found answers the question.
func (r *run) found(n *node, code string) {
	for _, name := range []string{n.typed, n.area} {
		if r.s.Answer(name) != "" {
			r.setHere(name, "")
		}
	}
	r.s.trail = r.s.trail.push(n.id, r.s.base)
	r.set(n.field, code)
	r.arrive(n.to)
}

// placeUnknown goes on without a commune; what was written and chosen stays for a person at the desk.
func (r *run) placeUnknown(n *node) {
	r.s.trail = r.s.trail.push(n.id, r.s.base)
	r.arrive(n.to)
}

// placeBack goes back inside the question; it reports false where the question before is meant.
func (r *run) placeBack(n *node) bool {
	p := &r.s.place
	switch {
	case p.phase == phaseAsk:
		return false
	case p.phase == phaseCommune && len(p.area) == 4:
		r.list(n, p.area[:2])
	case p.phase == phaseDistrict:
		r.list(n, "")
	default:
		r.phase(phaseAsk)
	}
	return true
}

// choiceNumber is the number of the i-th of a few places: 1 to 7, then 11 and up.
func choiceNumber(i int) string {
	numbers := [...]string{"1", "2", "3", "4", "5", "6", "7", "11", "12", "13", "14", "15", "16", "17", "18", "19"}
	if i < len(numbers) {
		return numbers[i]
	}
	return ""
}

// placeName is a commune with its district and province.
func (l *Library) placeName(lang, code string) string {
	name := ""
	path := l.places.Path(code)
	for i := len(path) - 1; i >= 0; i-- {
		name = joined(name, l.nameOf(lang, path[i]))
	}
	return name
}

func (l *Library) nameOf(lang string, p gazetteer.Place) string {
	return l.places.NameOf(p, lang)
}
