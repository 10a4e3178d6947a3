package alert

import (
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/referral"
)

// Withdrawn is the outcome of a referral that the desk took back before anybody accepted it: its report went another way, or needs nobody.
const Withdrawn = "withdrawn"

// Withdraw is what follows when the desk takes a referral back: it is closed, and whoever was asked learns that nothing is to be done. Once
// somebody has accepted, nothing changes: then it is that person's to close.
func Withdraw(ref referral.Referral, d *directory.Directory, clocks Clocks, now time.Time) Decision {
	l := ladder{ref: clone(ref), d: d, clocks: clocks, now: now}
	to, ok := l.ref.State.After(referral.TakeBack)
	if !ok {
		return l.unchanged(Reply{}, nil)
	}
	l.ref.State, l.ref.ClosedAt, l.ref.Outcome = to, now, Withdrawn
	l.ref.AcceptDue, l.ref.AcceptRemind = time.Time{}, time.Time{}
	for _, c := range ref.Called {
		o, known := d.Get(c.OfficerID)
		if known && !l.out(o) && !l.calling(o) && !ref.Plan.Removed.IsRemoved(o, d) {
			l.calls = append(l.calls, Call{OfficerID: o.ID, Key: "alert.withdrawn", Tier: string(o.Body)})
		}
	}
	return l.decide(Reply{}, nil)
}
