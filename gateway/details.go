package main

import (
	"strings"

	"chumrok/internal/phone"
	"chumrok/internal/report"
	"chumrok/locales"
)

// matterText is what an officer who has not taken a matter may know of it: what the alert said, and the place.
func (g *Gateway) matterText(o onDuty, c charge) string {
	lines := []string{c.Code + " " + g.texts.Text(o.language, "risk."+c.risk.String())}
	if place := g.placePath(o.language, c.area); place != "" {
		lines = append(lines, place)
	}
	if !c.due.IsZero() {
		lines = append(lines, g.texts.When(o.language, c.due.In(g.pack.Zone)))
	}
	return locales.Strip(strings.Join(lines, "\n"))
}

// detailsText is what the officer who answers for a child reads: what was told, the advice last, so that it is what stays on
// the screen. It never has the number or the name of who told, nor who that is: a village has one teacher, and whoever
// wants to be called is called by the desk. A number in the story may be the caller's, so none is shown.
func (g *Gateway) detailsText(o onDuty, c charge, r report.Report) string {
	text := func(key string) string { return g.texts.Text(o.language, key) }
	lines := []string{c.Code + " " + text("risk."+c.risk.String())}
	if !c.due.IsZero() {
		lines[0] += " " + g.texts.When(o.language, c.due.In(g.pack.Zone))
	}
	add := func(label string, parts ...string) {
		var said []string
		for _, part := range parts {
			if part != "" {
				said = append(said, part)
			}
		}
		if len(said) > 0 {
			lines = append(lines, text("detail."+label)+" "+strings.Join(said, ", "))
		}
	}
	value := func(prefix, value string) string {
		if value == "" {
			return ""
		}
		return text(prefix + "." + value)
	}
	urgent := ""
	if r.Urgent {
		urgent = text("detail.urgent")
	}
	add("danger", value("report.danger", string(r.Danger)), urgent)
	add("harm", value("detail.harm", string(r.Harm)))
	if r.About == "several" {
		add("about", text("detail.about.several"))
	}
	add("age", value("report.age", r.Age))
	add("sex", value("report.sex", r.Sex))
	add("by", value("report.by_whom", r.ByWhom), value("report.official", r.Official))
	add("place", g.placePath(o.language, c.area), hideNumbers(r.PlaceTyped))
	add("story", hideNumbers(r.Story))
	add("more", hideNumbers(r.More))
	for _, a := range r.Added {
		add("added", a.At.In(g.pack.Zone).Format("2/1 15:04"), hideNumbers(a.Text))
	}
	when := ""
	if r.Contact.Allowed() {
		when = value("report.when", r.Contact.When)
	}
	add("contact", value("detail.contact", r.Contact.Way), when)
	lines = append(lines, text("detail.advice"))
	return locales.Strip(strings.Join(lines, "\n"))
}

// placePath names a place and what it lies in, the smallest first; "" for none.
func (g *Gateway) placePath(language, area string) string {
	var names []string
	for _, place := range g.places.Path(area) {
		names = append([]string{g.places.Name(place.Code, language)}, names...)
	}
	return strings.Join(names, ", ")
}

// leastNumber is how many digits in a row may be somebody's number: a Cambodian one has eight or nine without its 0.
const leastNumber = 8

// hideNumbers takes out of a text everything that may be a phone's number, in whichever digits and however it is spaced.
func hideNumbers(text string) string {
	var out strings.Builder
	run, digits := []rune{}, 0
	end := func() {
		tail := len(run) // what only divides at the end belongs to the text that follows
		for tail > 0 && !isDigit(run[tail-1]) {
			tail--
		}
		if digits >= leastNumber {
			out.WriteString("…")
			out.WriteString(string(run[tail:]))
		} else {
			out.WriteString(string(run))
		}
		run, digits = run[:0], 0
	}
	for _, r := range text {
		switch {
		case isDigit(r):
			digits++
			run = append(run, r)
		case len(run) > 0 && strings.ContainsRune(" -./)", r), r == '+', r == '(':
			run = append(run, r)
		default:
			end()
			out.WriteRune(r)
		}
	}
	end()
	return out.String()
}

// isDigit says that a character is a digit in one of the scripts that phones here type.
func isDigit(r rune) bool {
	folded := phone.Digits(string(r))
	return len(folded) == 1 && folded[0] >= '0' && folded[0] <= '9'
}
