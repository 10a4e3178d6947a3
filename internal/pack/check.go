package pack

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"chumrok/internal/directory"
)

// samplePrefix is where the numbers of the default pack's directory lie: subscribers 000 000 to 000 999 of 012, which reach nobody.
const samplePrefix = "+85512000"

// SampleOfficers are the officers whose phone is one of the sample's: a directory with any of them is not ready for a child's report.
func (p *Pack) SampleOfficers() []directory.Officer {
	var found []directory.Officer
	for _, o := range p.Directory.All() {
		if o.Phone.HasPrefix(samplePrefix) {
			found = append(found, o)
		}
	}
	return found
}

// Check names what is wrong with a loaded pack on a given day: help numbers that nobody has called for a year or that were checked in the
// future, a desk without anybody on duty, and communes whose reports nobody would be told of. The faults are joined; nil means none.
func (p *Pack) Check(now time.Time) error {
	var faults []error
	fault := func(file string, line int, mend, what string, args ...any) {
		faults = append(faults, Fault{File: p.File(file), Line: line, What: fmt.Sprintf(what, args...), Mend: mend})
	}
	for _, h := range p.HelpNumbers {
		switch {
		case h.Checked.AddDate(1, 0, 0).Before(now):
			fault("pack.yaml", h.Line, "call it, and write today's date", "help number %s was last checked on %s, more than a year ago", h.Name, h.Checked.Format(time.DateOnly))
		case h.Checked.After(now.AddDate(0, 0, 1)):
			fault("pack.yaml", h.Line, "write the day on which somebody called it", "help number %s was checked on %s, which is still to come", h.Name, h.Checked.Format(time.DateOnly))
		}
	}
	if desk := p.Directory.Serving(directory.Desk, directory.National); len(desk) == 0 {
		fault("directory.csv", 0, "add an officer with area_code nation, body desk, role duty", "nobody is at the duty desk of the nation; what waits for a person would wait unseen")
	}
	var uncovered []string
	if !p.Sample {
		for _, o := range p.SampleOfficers() {
			fault("directory.csv", o.Line, "write the officer's own number, or delete the row", "this phone is one of the sample's, which reach nobody")
		}
	}
	for _, c := range Coverage(p) {
		if c.Kind == NotCovered {
			uncovered = append(uncovered, fmt.Sprintf("%s (%s)", c.Code, p.Gazetteer.Name(c.Code, "en")))
		}
	}
	if n := len(uncovered); n > 0 {
		fault("directory.csv", 0, "add officers for them, or end their ladder with desk", "nobody can be told in %d communes, such as %s", n,
			strings.Join(uncovered[:min(n, 3)], ", "))
	}
	return errors.Join(faults...)
}
