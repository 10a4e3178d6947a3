package pack

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v4"

	"chumrok/internal/report"
)

// numbersNeeded are the help numbers that our own sentences name.
var numbersNeeded = []string{"child_helpline", "police", "desk"}

// lines are the facts by which our own sentences name the number to call for one harm, on the screen that follows it.
var lines = map[report.Harm]string{report.HarmSelf: "self_harm_line", report.HarmBullying: "bullying_line"}

// Facts returns what the sentences of locales may name: each help number by its name, and the lines that are for one harm.
func (p *Pack) Facts() map[string]string {
	facts := make(map[string]string, len(p.HelpNumbers))
	for _, h := range p.HelpNumbers {
		facts[h.Name] = h.Number
		for _, harm := range h.For {
			facts[lines[harm]] = h.Number
		}
	}
	return facts
}

func (s *settings) helpNumbers(n *yaml.Node, zone *time.Location) []HelpNumber {
	var numbers []HelpNumber
	lines := make(map[string]int)
	for _, item := range s.list(n, "help_numbers") {
		keys := s.object(item, "help number", "name", "number", "free?", "for?", "checked", "source?")
		h := HelpNumber{Name: s.text(keys["name"], "name"), Free: s.yes(keys["free"], "free"), Source: s.text(keys["source"], "source"), Line: item.Line}
		h.Number = s.digits(keys["number"], "help number "+h.Name, 3, 15)
		if checked := keys["checked"]; checked != nil {
			var err error
			if h.Checked, err = time.ParseInLocation(time.DateOnly, s.text(checked, "checked"), zone); err != nil {
				s.fault(checked, "write the day on which somebody last called it, as 2026-11-22", "help number %s: checked is no day", h.Name)
			}
		}
		h.For = s.helps(keys["for"], h, numbers)
		if first, twice := lines[h.Name]; twice {
			s.fault(item, "keep one of them", "help number %s stands already in line %d", h.Name, first)
			continue
		}
		lines[h.Name] = item.Line
		numbers = append(numbers, h)
	}
	for _, name := range numbersNeeded {
		if n != nil && lines[name] == 0 {
			s.fault(n, "add it: a caller is shown this number", "help_numbers: %s is missing", name)
		}
	}
	return numbers
}

// helps reads what a help number is for. Its screen says that the call costs nothing, and shows one number.
func (s *settings) helps(n *yaml.Node, h HelpNumber, before []HelpNumber) []report.Harm {
	if n == nil {
		return nil
	}
	harms := words(&s.reader, n, "for", []report.Harm{report.HarmSelf, report.HarmBullying})
	switch {
	case slices.Contains(numbersNeeded, h.Name):
		s.fault(n, "take `for` out, and name the line for one harm beside it", "help number %s is for every harm", h.Name)
		return nil
	case !h.Free:
		s.fault(n, "name a line that is free, or take `for` out", "help number %s is not free: the screen that shows it to a child says that it is", h.Name)
	}
	for _, other := range before {
		for _, harm := range harms {
			if slices.Contains(other.For, harm) {
				s.fault(n, "keep one of them", "help number %s is for %s, and so is %s in line %d", h.Name, harm, other.Name, other.Line)
			}
		}
	}
	return harms
}
