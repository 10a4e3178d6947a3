package alert

import (
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/report"
)

// leastRepeat keeps the last step's repeats apart: shorter than this a phone only fills up, and nobody reads faster.
const leastRepeat = 5 * time.Minute

// A Clock holds how long each thing may take.
type Clock struct {
	Accepted time.Duration // from the alert, or from the turn that said danger, until a person accepts
	Seen     time.Duration // from accepting until a worker has seen the child
	Outcome  time.Duration // from accepting until the outcome is known
	Review   time.Duration // from an outcome that needs it until a reviewer agrees or does not; zero: as long as Seen
}

// Clocks are the deployment's times for each risk, and when its offices work.
type Clocks struct {
	ByRisk   map[report.Risk]Clock
	Remind   int             // after how many hundredths of a clock whoever must act is reminded; 0: nobody is
	Hours    directory.Hours // in which the clocks of medium and low risk run; the zero Hours are always
	Holidays directory.Holidays
	Zone     *time.Location // of the hours; nil: UTC
}

// fallback are the clocks of a risk that a deployment forgot. They are the pack's own defaults for high risk: too early wakes a person, too
// late leaves a child.
var fallback = Clock{Accepted: time.Hour, Seen: 24 * time.Hour, Outcome: 14 * 24 * time.Hour, Review: 24 * time.Hour}

// Of returns the clocks of a risk. A risk that has none, or was not judged, gets those of high risk.
func (c Clocks) Of(risk report.Risk) Clock {
	for _, r := range []report.Risk{risk, report.High} {
		if k, ok := c.ByRisk[r]; ok && k.Accepted > 0 {
			if k.Review == 0 {
				k.Review = k.Seen
			}
			return k
		}
	}
	return fallback
}

// repeatEvery is how often the last step is alerted again.
func (c Clocks) repeatEvery(risk report.Risk) time.Duration {
	return max(c.Of(risk).Accepted, leastRepeat)
}

const (
	aDay  = 24 * time.Hour
	aWeek = 7 * aDay
)

// Until is when a clock of a risk that begins at from and is d long runs out. High and immediate risk never wait. For the others offices
// count: of less than a day only their hours; of less than a week each of their days, so that three days begun on a Friday end on a
// Wednesday; what is longer runs through. None of them runs out while offices are closed.
func (c Clocks) Until(risk report.Risk, from time.Time, d time.Duration) time.Time {
	if risk == 0 || risk >= report.High || c.Hours.Always() {
		return from.Add(d)
	}
	t := from
	if c.Zone != nil {
		t = t.In(c.Zone)
	} else {
		t = t.UTC()
	}
	switch {
	case d < aDay:
		t = c.Hours.Add(t, d, c.Holidays)
	case d < aWeek:
		for range 366 {
			if d < aDay {
				break
			}
			if t = t.AddDate(0, 0, 1); c.Hours.Works(t, c.Holidays) {
				d -= aDay
			}
		}
		t = c.Hours.Next(t.Add(d), c.Holidays)
	default:
		t = c.Hours.Next(t.Add(d), c.Holidays)
	}
	return t.In(from.Location())
}

// reminder is when whoever must act is reminded of a clock that began at from, is d long and runs out at due; zero when nobody is.
func (c Clocks) reminder(risk report.Risk, from time.Time, d time.Duration, due time.Time) time.Time {
	if c.Remind <= 0 || c.Remind >= 100 {
		return time.Time{}
	}
	at := c.Until(risk, from, d*time.Duration(c.Remind)/100)
	if !at.Before(due) { // offices were closed in the last part of it
		at = from.Add(due.Sub(from) * time.Duration(c.Remind) / 100)
	}
	return at
}
