package alert

import (
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/referral"
	"chumrok/internal/report"
)

// Raise makes a referral more pressing because of what was added to it, and never less: its clocks are drawn in to those of the greater risk,
// from now, and while nobody has accepted it everybody whom that risk alerts at once is alerted, also who was before.
func Raise(ref referral.Referral, risk report.Risk, d *directory.Directory, clocks Clocks, now time.Time) Decision {
	ref = clone(ref)
	l := ladder{ref: ref, d: d, clocks: clocks, now: now}
	if risk <= ref.Risk || !ref.State.Open() {
		return l.unchanged(Reply{}, nil)
	}
	l.ref.Risk = risk
	clock := clocks.Of(risk)
	for due, within := range map[*time.Time]time.Duration{
		&l.ref.AcceptDue: clock.Accepted, &l.ref.SeenDue: clock.Seen, &l.ref.OutcomeDue: clock.Outcome,
		&l.ref.SeenClock.Next: clock.Seen, &l.ref.OutcomeClock.Next: clock.Outcome, &l.ref.ReviewClock.Next: clock.Review,
	} {
		if at := clocks.Until(risk, now, within); !due.IsZero() && at.Before(*due) {
			*due = at
		}
	}
	if ref.State == referral.Alerting {
		l.enter(ref.Step, "")
	}
	return l.decide(Reply{}, nil)
}
