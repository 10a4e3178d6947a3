package flows

import (
	"slices"
	"strconv"
)

// bounds are what a number may be, or how many digits there may be.
func (c *compiler) bounds(n *node, src *nodeEntry) {
	switch n.ask {
	case "age":
		n.min, n.max = 0, 120
	case "number":
		n.min, n.max = 0, 1_000_000
	case "digits": // how many
		n.min, n.max = 1, 20
	}
	if src.Min != nil {
		n.min = *src.Min
	}
	if src.Max != nil {
		n.max = *src.Max
	}
	if n.min > n.max {
		c.f.add(src.at, "swap min and max", "no number is at least %d and at most %d", n.min, n.max)
	}
}

// asked takes an answer to an open question.
func (r *run) asked(n *node, k key) {
	if k.digits != "" {
		if o := r.chosen(n, k); o != nil {
			r.take(n, o)
			return
		}
	}
	switch n.ask {
	case "text":
		r.text(n, k)
		return
	case "digits":
		digits := k.digits
		if digits == "" {
			digits = allDigits(k.text)
		}
		if len(digits) >= max(n.min, 1) && len(digits) <= n.max {
			r.answered(n, digits)
			return
		}
	case "phone":
		if number, err := r.d.l.options.Phones.Parse(k.text); err == nil {
			r.answered(n, number.E164())
			return
		}
	default:
		if v, err := strconv.Atoi(k.digits); err == nil && v >= n.min && v <= n.max {
			r.answered(n, strconv.Itoa(v))
			return
		}
	}
	r.unknown(n, k)
}

func (r *run) answered(n *node, value string) {
	r.s.trail = r.s.trail.push(n.id, r.s.base)
	if n.secret {
		r.secret, r.secretField = value, n.field
	} else {
		r.set(n.field, value)
	}
	r.arrive(n.to)
}

// text takes free text: all of it, up to mostBytes; the caller is told when it was long.
func (r *run) text(n *node, k key) {
	if r.card(n, k.text) {
		return
	}
	if digits := allDigits(k.text); digits != "" {
		switch place, _, known := r.d.l.places.Current(r.d.l.club(digits)); {
		case n.ifCode >= 0 && len(digits) == 8:
			r.s.trail = r.s.trail.push(n.id, r.s.base)
			if n.codeField != "" {
				r.set(n.codeField, digits)
			}
			r.arrive(n.ifCode)
			return
		case n.clubNumber && known:
			r.s.club = place.Code
			return
		}
	}
	if n.needsWords && !hasLetter(k.text) {
		return // the question once more: nobody is told off for a smile
	}
	if len(k.digits) > 0 && len(k.digits) <= 2 || k.text == "" {
		r.unknown(n, k) // a slip of the finger, not a story
		return
	}
	if r.s.channel == SMS && r.s.Answer("language") == "" && r.d.fields["language"] != nil {
		has := func(lang string) bool {
			return slices.Contains(r.d.l.languages, lang) && r.d.fields["language"].allows(lang)
		}
		r.set("language", r.d.l.guessLanguage(k.text, r.s.language, has))
	}
	value := cut(lines(r.s.Answer(n.field), cut(k.text, mostBytes)), mostTotal)
	if runes := len([]rune(k.text)); runes > mostRunes && r.s.channel == USSD {
		r.set(n.field, value)
		r.s.mode, r.s.page = modeLong, 0
		return
	}
	r.answered(n, value)
}

// long is the answer to "a little too long": write more, or go on.
func (r *run) long(n *node, k key) {
	switch {
	case k.digits == "1":
		r.s.mode, r.s.page = modeMore, 0
	case k.digits == "2":
		r.s.trail = r.s.trail.push(n.id, r.s.base)
		r.arrive(n.to)
	case k.digits == "8":
		r.s.trail = r.s.trail.push(n.id, r.s.base)
		r.back()
	case k.digits == "9":
	case k.digits == "" && hasLetter(k.text):
		r.s.mode = modeMore
		r.text(n, k)
	default:
		r.s.tries++
		r.event(Retried, n.id, "")
		if r.s.tries > r.d.l.options.Retries {
			r.giveUp()
		}
	}
}
