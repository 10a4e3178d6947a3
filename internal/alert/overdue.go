package alert

import (
	"fmt"
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/referral"
)

// Tick does what is due of a referral by now: reminders, and whatever follows when one of its clocks has run out. Where nothing is due it
// changes nothing.
func Tick(ref referral.Referral, d *directory.Directory, clocks Clocks, now time.Time) Decision {
	if _, ok := ref.State.After(referral.TimeOut); ok && !now.Before(ref.AcceptDue) {
		return TimeOut(ref, d, clocks, now)
	}
	l := &ladder{ref: clone(ref), d: d, clocks: clocks, now: now}
	changed := l.remindAll()
	if _, ok := ref.State.After(referral.SeenOut); ok && l.over(ref.SeenClock) {
		l.overdue(&l.ref.SeenClock, "alert.late_seen", clocks.Of(ref.Risk).Seen, "the child has not been seen in time")
		changed = true
	}
	if _, ok := ref.State.After(referral.OutcomeOut); ok && l.over(ref.OutcomeClock) {
		l.overdue(&l.ref.OutcomeClock, "alert.late_outcome", clocks.Of(ref.Risk).Outcome, "there is no outcome in time")
		changed = true
	}
	if _, ok := ref.State.After(referral.ReviewOut); ok && l.over(ref.ReviewClock) {
		l.reviewOut()
		changed = true
	}
	if !changed {
		return l.unchanged(Reply{}, nil)
	}
	return l.decide(Reply{}, nil)
}

// NextReminder is when somebody is reminded of a clock of a referral; zero when nobody is.
func NextReminder(ref referral.Referral) time.Time {
	var next time.Time
	for _, at := range []time.Time{ref.AcceptRemind, ref.SeenClock.Remind, ref.OutcomeClock.Remind, ref.ReviewClock.Remind} {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

func (l *ladder) over(t referral.Timer) bool { return t.Running() && !l.now.Before(t.Next) }

// reminds reports whether a reminder is due, and forgets it: there is one for each clock.
func (l *ladder) reminds(at *time.Time) bool {
	if at.IsZero() || l.now.Before(*at) {
		return false
	}
	*at = time.Time{}
	return true
}

// remindAll reminds those who must act before a clock runs out, and reports whether anybody was to be reminded.
func (l *ladder) remindAll() bool {
	asked, seen := l.reminds(&l.ref.AcceptRemind), l.reminds(&l.ref.SeenClock.Remind)
	outcome, review := l.reminds(&l.ref.OutcomeClock.Remind), l.reminds(&l.ref.ReviewClock.Remind)
	if asked {
		from, to := l.ref.Plan.Group(l.ref.Step)
		for s := from; s < to; s++ {
			for _, o := range l.ref.Plan.Officers(s, l.d) {
				if l.any(l.called(), o) && !l.out(o) && !l.calling(o) {
					l.inform(o, Call{Key: "alert.reminder", When: l.ref.AcceptDue})
				}
			}
		}
	}
	if seen {
		l.tellOwner(Call{Key: "alert.remind_seen", When: l.ref.SeenDue})
	}
	if outcome {
		l.tellOwner(Call{Key: "alert.remind_outcome", When: l.ref.OutcomeDue})
	}
	if review {
		for _, id := range l.ref.Reviewers {
			if o, ok := l.d.Get(id); ok && !l.calling(o) && !l.d.IsAway(o) && !l.ref.Plan.Removed.IsRemoved(o, l.d) {
				l.inform(o, Call{Key: "alert.remind_review", When: l.ref.ReviewClock.Next})
			}
		}
	}
	return asked || seen || outcome || review
}

// inform writes to an officer who was alerted before.
func (l *ladder) inform(o directory.Officer, c Call) {
	c.OfficerID, c.Tier = o.ID, string(o.Body)
	l.calls = append(l.calls, c)
}

// tellOwner writes to the owner, unless he was removed since he took it.
func (l *ladder) tellOwner(c Call) {
	if o, ok := l.d.Get(l.ref.Owner); ok && !l.calling(o) && !l.ref.Plan.Removed.IsRemoved(o, l.d) {
		l.inform(o, c)
	}
}

// owned starts the clocks of who has accepted.
func (l *ladder) owned() {
	k := l.clocks.Of(l.ref.Risk)
	l.ref.AtDesk = false // the desk is asked anew, should everybody decline again
	l.ref.SeenClock, l.ref.OutcomeClock = referral.Timer{}, l.timer(k.Outcome)
	l.ref.SeenDue, l.ref.OutcomeDue = time.Time{}, l.ref.OutcomeClock.Next
	if l.ref.State == referral.Accepted {
		l.ref.SeenClock = l.timer(k.Seen)
		l.ref.SeenDue = l.ref.SeenClock.Next
	}
}

// givenBack takes the owner's charge from him and starts the accepted clock anew.
func (l *ladder) givenBack(to referral.State) {
	l.ref.State, l.ref.Owner = to, ""
	l.ref.AcceptedAt, l.ref.SeenDue, l.ref.OutcomeDue = time.Time{}, time.Time{}, time.Time{}
	l.ref.SeenClock, l.ref.OutcomeClock, l.ref.ReviewClock = referral.Timer{}, referral.Timer{}, referral.Timer{}
	l.ref.Outcome, l.ref.OutcomeAt, l.ref.OutcomeBy = "", time.Time{}, ""
	l.run(l.now, l.clocks.Of(l.ref.Risk).Accepted)
}

// timer is a clock that begins now. The owner's own step counts as told.
func (l *ladder) timer(d time.Duration) referral.Timer {
	t := referral.Timer{Next: l.clocks.Until(l.ref.Risk, l.now, d), Step: l.ownStep()}
	t.Remind = l.clocks.reminder(l.ref.Risk, l.now, d, t.Next)
	return t
}

// ownStep is the step in which the owner was alerted.
func (l *ladder) ownStep() int {
	o, _ := l.d.Get(l.ref.Owner)
	for _, c := range l.ref.Called {
		if c.OfficerID == l.ref.Owner || same(l.d, c.OfficerID, o) {
			return c.Step
		}
	}
	return l.ref.Step
}

// overdue tells the next step that a clock which is d long ran out, and the owner that it was told; he stays the owner. After another third of
// it the step after that one is told. Where none is left the last one is told again, and the alarm is raised.
func (l *ladder) overdue(t *referral.Timer, key string, d time.Duration, what string) {
	t.Late++
	t.Remind = time.Time{}
	t.Next = l.clocks.Until(l.ref.Risk, l.now, max(d/3, leastRepeat))
	o, _ := l.d.Get(l.ref.Owner)
	told := l.above(t, Call{Key: key, Other: string(o.Body)})
	if !told {
		t.Repeat++
		l.alarm = fmt.Sprintf("Referral %s: %s, and nobody is left above who was not told (%d).", l.ref.Code, what, t.Repeat)
		l.atLast(t, Call{Key: key, Other: string(o.Body), Repeat: t.Repeat})
	}
	other := ""
	if len(l.calls) > 0 {
		other = l.calls[len(l.calls)-1].Tier
	}
	if other != "" {
		l.tellOwner(Call{Key: "alert.late_owner", Other: other})
	}
}

// above tells the first group after the last one told that has somebody else than the owner, and reports whether there was one.
func (l *ladder) above(t *referral.Timer, c Call) bool {
	for _, at := l.ref.Plan.Group(t.Step); at < len(l.ref.Plan.Steps); _, at = l.ref.Plan.Group(at) {
		if l.group(at, c, l.declined) {
			t.Step = at
			return true
		}
	}
	return false
}

// atLast tells the last group again that has somebody else than the owner; who said "cannot" only where all others did.
func (l *ladder) atLast(t *referral.Timer, c Call) {
	for _, skip := range []func(directory.Officer) bool{l.declined, nobody} {
		for s := len(l.ref.Plan.Steps) - 1; s >= 0; s-- {
			if l.group(s, c, skip) {
				t.Step = max(t.Step, s)
				return
			}
		}
	}
}

func (l *ladder) declined(o directory.Officer) bool { return l.any(l.ref.Declined, o) }

// group writes to those of the group of step i who are not the owner nor to be skipped, and reports whether there were any. Of a step of which
// one after the other is asked, one is told.
func (l *ladder) group(i int, c Call, skip func(directory.Officer) bool) bool {
	calls := len(l.calls)
	from, to := l.ref.Plan.Group(i)
	for s := from; s < to; s++ {
		for _, o := range l.officers(s) {
			if l.calling(o) || skip(o) || l.ref.Owner != "" && same(l.d, l.ref.Owner, o) {
				continue
			}
			l.write(o, s, c)
			if !l.wholeStep(s) {
				break
			}
		}
	}
	return len(l.calls) > calls
}

// HandOn gives a referral that somebody owns to somebody else: to an officer, or with an empty id to the next step. Until one accepts the
// accepted clock runs, and when it runs out it goes on as ever. Who may not be told, or owns it already, is not given it: then nothing changes.
func HandOn(ref referral.Referral, to string, d *directory.Directory, clocks Clocks, now time.Time) Decision {
	l := &ladder{ref: clone(ref), d: d, clocks: clocks, now: now}
	state, ok := ref.State.After(referral.HandOn)
	if !ok {
		return l.unchanged(Reply{}, nil)
	}
	if to == "" {
		l.upward(state)
		return l.decide(Reply{Key: "alert.declined", Code: ref.Code}, nil)
	}
	o, known := d.Get(to)
	if !known || same(d, ref.Owner, o) || ref.Plan.Removed.IsRemoved(o, d) {
		return l.unchanged(Reply{Key: "alert.not_yours", Code: ref.Code}, nil)
	}
	was := ref.Owner
	l.givenBack(state)
	l.ref.Declined = append(without(l.ref.Declined, d, o), was)
	l.ref.Failed = without(l.ref.Failed, d, o)
	step := ref.Step
	for s := range ref.Plan.Steps {
		for _, in := range ref.Plan.Officers(s, d) {
			if in.ID == o.ID {
				step = max(step, s)
			}
		}
	}
	l.ref.Step, _ = l.ref.Plan.Group(step)
	l.write(o, step, Call{Key: l.first()})
	return l.decide(Reply{Key: "alert.declined", Code: ref.Code}, nil)
}

// upward takes a referral from its owner and gives it to the step after his and after all that were alerted.
func (l *ladder) upward(to referral.State) {
	was, step := l.ref.Owner, max(l.ref.Step, l.ownStep())
	l.givenBack(to)
	l.ref.Step = step
	l.ref.Declined = append(l.ref.Declined, was)
	if !l.next() {
		l.again()
	}
}

// first is the key of an alert to somebody who has not been asked.
func (l *ladder) first() string {
	if l.ref.Risk >= 4 {
		return "alert.danger"
	}
	return "alert.new"
}

// without leaves an officer's phone out of a list of ids.
func without(ids []string, d *directory.Directory, o directory.Officer) []string {
	var left []string
	for _, id := range ids {
		if !same(d, id, o) {
			left = append(left, id)
		}
	}
	return left
}
