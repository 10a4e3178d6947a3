package flows

import (
	"strings"

	"chumrok/internal/phone"
)

// cardField is the question that a club's printed card answers by number.
const cardField = "harm"

// AskClubs gives the library a table of clubs that may grow while it serves, beside Options.Clubs, and before it: find returns the commune
// of a club's number, "" for no club's. It is called before the first conversation begins, and find must be safe for concurrent use.
func (l *Library) AskClubs(find func(number string) string) { l.clubs = find }

// club is the commune of a club's number, "" for no club's.
func (l *Library) club(number string) string {
	if l.clubs != nil {
		if area := l.clubs(number); area != "" {
			return area
		}
	}
	return l.options.Clubs[number]
}

// card takes a message by the club's printed card: the club's number and a number of the question for harm ("0204 2", "0204-2", "02042"),
// or that number alone once the club is known. Without its words the message tells nothing to who finds it on the phone. It is false for
// any other message.
func (r *run) card(n *node, text string) bool {
	digits := strings.FieldsFunc(phone.Digits(text), func(c rune) bool { return c < '0' || c > '9' })
	if !n.clubNumber || hasLetter(text) || len(digits) == 0 || len(digits) > 2 {
		return false
	}
	club, meant := r.s.club, (*option)(nil)
	try := func(number, option string) {
		if place, _, ok := r.d.l.places.Current(r.d.l.club(number)); ok {
			if o := r.onCard(option); o != nil && meant == nil {
				club, meant = place.Code, o
			}
		}
	}
	switch one := digits[0]; {
	case len(digits) == 2:
		try(one, digits[1])
	case len(one) > 2 && r.d.l.club(one) == "": // written together
		try(one[:len(one)-1], one[len(one)-1:])
		try(one[:len(one)-2], one[len(one)-2:])
	case club != "":
		meant = r.onCard(one)
	}
	if meant == nil {
		return false
	}
	r.s.club = club
	r.s.trail = r.s.trail.push(n.id, r.s.base)
	r.set(cardField, meant.value)
	if meant.danger {
		r.event(Danger, cardField, meant.value)
	}
	r.arrive(n.to)
	return true
}

// onCard is the option of a number as the card prints it, whether or not it is offered now: a card is not printed anew for a flood.
func (r *run) onCard(number string) *option {
	for i := range r.d.nodes {
		if n := &r.d.nodes[i]; n.field == cardField && n.kind == kindChoose {
			for j := range n.options {
				if n.options[j].number == number {
					return &n.options[j]
				}
			}
		}
	}
	return nil
}
