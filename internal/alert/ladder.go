package alert

import (
	"fmt"
	"slices"
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/referral"
	"chumrok/internal/report"
)

// Start begins to alert for a new referral: ref needs ID, Code, Risk, AreaCode, Plan and DangerAt. Immediate and high risk call everybody of
// the first step at once, medium and low its first officer. Where danger was said, the accepted clock runs from that turn and not from
// now; if it has run out already, Decision.Clock is in the past and the next step is due at once.
func Start(ref referral.Referral, d *directory.Directory, clocks Clocks, now time.Time) Decision {
	ref = clone(ref)
	ref.State, ref.StartedAt, ref.Step, ref.Repeat = referral.Alerting, now, 0, 0
	from := now
	if !ref.DangerAt.IsZero() && ref.DangerAt.Before(now) {
		from = ref.DangerAt
	}
	l := ladder{ref: ref, d: d, clocks: clocks, now: now}
	l.run(from, clocks.Of(ref.Risk).Accepted)
	l.enter(0, "")
	if len(l.calls) == 0 && !l.next() {
		l.alarm = fmt.Sprintf("Referral %s: nobody of its plan can be told.", ref.Code)
	}
	return l.decide(Reply{}, nil)
}

// TimeOut is what follows when the accepted clock has run out: the next step is told, and the officers of the step before learn that it was;
// each of them can still accept. The last step is alerted again, all of its officers, and an alarm is raised. Before the time, or when
// somebody has accepted, nothing changes and Clock says when to come again.
func TimeOut(ref referral.Referral, d *directory.Directory, clocks Clocks, now time.Time) Decision {
	ref = clone(ref)
	l := ladder{ref: ref, d: d, clocks: clocks, now: now}
	if _, ok := ref.State.After(referral.TimeOut); !ok || now.Before(ref.AcceptDue) {
		return l.unchanged(Reply{}, nil)
	}
	if !l.next() {
		l.again()
	}
	return l.decide(Reply{}, nil)
}

// Failed is what follows when an officer's phone cannot be reached for good: the next officer, or the next step, at once. Whoever failed can
// still accept, should the alert arrive after all.
func Failed(ref referral.Referral, officerID string, d *directory.Directory, clocks Clocks, now time.Time) Decision {
	ref = clone(ref)
	l := ladder{ref: ref, d: d, clocks: clocks, now: now}
	if _, ok := ref.State.After(referral.Unreachable); !ok || !ref.WasCalled(officerID) || slices.Contains(ref.Failed, officerID) {
		return l.unchanged(Reply{}, nil)
	}
	l.ref.Failed = append(l.ref.Failed, officerID)
	if ref.State == referral.Review {
		return l.reviewerGone()
	}
	l.pursue()
	return l.decide(Reply{}, nil)
}

// ladder is a Decision in the making.
type ladder struct {
	ref    referral.Referral
	d      *directory.Directory
	clocks Clocks
	now    time.Time
	calls  []Call
	alarm  string
	hold   *referral.Hold
	asker  string // who writes; see who
}

func (l *ladder) decide(reply Reply, q *Question) Decision {
	dec := l.unchanged(reply, q)
	dec.Changed = true
	return dec
}

func (l *ladder) unchanged(reply Reply, q *Question) Decision {
	return Decision{Referral: l.ref, Calls: l.calls, Clock: l.ref.AcceptDue, Alarm: l.alarm, Hold: l.hold, Reply: reply, Question: q}
}

// together reports whether everybody of a step is alerted at once.
func (l *ladder) together() bool { return l.ref.Risk == 0 || l.ref.Risk >= report.High }

// out reports whether an officer said "cannot" or failed, on whichever row of the directory that phone stands.
func (l *ladder) out(o directory.Officer) bool {
	return l.any(l.ref.Declined, o) || l.any(l.ref.Failed, o)
}

func (l *ladder) any(ids []string, o directory.Officer) bool {
	return slices.ContainsFunc(ids, func(id string) bool { return same(l.d, id, o) })
}

// same reports whether the officer id is this officer, or another row of the same phone.
func same(d *directory.Directory, id string, o directory.Officer) bool {
	if id == o.ID {
		return true
	}
	other, ok := d.Get(id)
	return ok && !o.Phone.IsZero() && other.Phone == o.Phone
}

// run starts the accepted clock, which is d long from a time on.
func (l *ladder) run(from time.Time, d time.Duration) {
	l.ref.AcceptDue = l.clocks.Until(l.ref.Risk, from, d)
	l.ref.AcceptRemind = l.clocks.reminder(l.ref.Risk, from, d, l.ref.AcceptDue)
	if !l.ref.AcceptRemind.After(l.now) {
		l.ref.AcceptRemind = time.Time{} // they are told now
	}
}

// enter alerts the steps that start together with step i. other is the body that did not answer; empty in the first. No child in great danger
// rests on one phone: where fewer than two phones of people on duty were told of a high or immediate risk, the next step is told with them.
func (l *ladder) enter(i int, other directory.Body) {
	calls := len(l.calls)
	from, to := l.ref.Plan.Group(i)
	for s := from; s < to; s++ {
		l.enterStep(s, other)
	}
	for l.together() && len(l.calls) > calls && to < len(l.ref.Plan.Steps) && l.onDuty(from, to) < 2 {
		s := to
		l.ref.Plan.Steps[s].Parallel = true
		l.ref.Plan.Why = append(slices.Clone(l.ref.Plan.Why), "Fewer than two phones of people on duty could be told: the next tier is told with them.")
		for _, to = l.ref.Plan.Group(i); s < to; s++ {
			l.enterStep(s, other)
		}
	}
}

func (l *ladder) enterStep(s int, other directory.Body) {
	for _, o := range l.officers(s) {
		if l.out(o) || l.calling(o) {
			continue
		}
		l.call(o, s, other)
		if !l.wholeStep(s) {
			return
		}
	}
}

// officers gives those of a step who may be told. Where one after the other is asked, who is on duty comes first.
func (l *ladder) officers(s int) []directory.Officer {
	officers := l.ref.Plan.Officers(s, l.d)
	if !l.wholeStep(s) {
		slices.SortStableFunc(officers, func(a, b directory.Officer) int { return l.offDuty(a) - l.offDuty(b) })
	}
	return officers
}

func (l *ladder) offDuty(o directory.Officer) int {
	if l.d.OffDuty(o) {
		return 1
	}
	return 0
}

// wholeStep reports whether all of a step are asked at once.
func (l *ladder) wholeStep(s int) bool { return l.together() && !l.ref.Plan.Steps[s].Single }

// onDuty counts the phones of the steps [from, to) that were alerted, are not out and whose officers are on duty.
func (l *ladder) onDuty(from, to int) int {
	n := 0
	for s := from; s < to; s++ {
		for _, o := range l.ref.Plan.Officers(s, l.d) {
			if l.any(l.called(), o) && !l.out(o) && !l.d.OffDuty(o) {
				n++
			}
		}
	}
	return n
}

func (l *ladder) called() []string {
	ids := make([]string, len(l.ref.Called))
	for i, c := range l.ref.Called {
		ids[i] = c.OfficerID
	}
	return ids
}

// calling reports whether this decision already writes to that phone.
func (l *ladder) calling(o directory.Officer) bool {
	return slices.ContainsFunc(l.calls, func(c Call) bool { return same(l.d, c.OfficerID, o) })
}

// call alerts an officer of step s for the first time.
func (l *ladder) call(o directory.Officer, s int, other directory.Body) {
	key := "alert.new"
	switch {
	case other != "" && !l.asked(other):
		key = "alert.nobody_there"
	case other != "":
		key = "alert.next_tier"
	case l.ref.Risk == report.Immediate:
		key = "alert.danger"
	}
	l.write(o, s, Call{Key: key, Other: string(other)})
}

// asked reports whether anybody of a body was alerted. Where all of them are away, nobody failed to answer.
func (l *ladder) asked(body directory.Body) bool {
	return slices.ContainsFunc(l.ref.Called, func(c referral.Called) bool { return l.ref.Plan.Steps[c.Step].Body == body })
}

func (l *ladder) write(o directory.Officer, s int, c Call) {
	c.OfficerID, c.Tier = o.ID, string(o.Body)
	l.calls = append(l.calls, c)
	if !l.ref.WasCalled(o.ID) {
		l.ref.Called = append(l.ref.Called, referral.Called{OfficerID: o.ID, Step: s})
	}
}

// before is the body of the group before step i's, for the text of its alerts; empty in the first.
func (l *ladder) before(i int) directory.Body {
	from, _ := l.ref.Plan.Group(i)
	if from == 0 {
		return ""
	}
	return l.silent(from - 1)
}

// silent is the body to name of the group that step i belongs to: the first of which somebody was alerted, else the first.
func (l *ladder) silent(i int) directory.Body {
	from, to := l.ref.Plan.Group(i)
	for _, s := range l.ref.Plan.Steps[from:to] {
		if l.asked(s.Body) {
			return s.Body
		}
	}
	return l.ref.Plan.Steps[from].Body
}

// next goes on to the next group that has somebody to tell, and tells the officers of the one left. It reports whether there was one.
func (l *ladder) next() bool {
	left, at := l.ref.Plan.Group(l.ref.Step)
	if left >= len(l.ref.Plan.Steps) {
		return false
	}
	calls := len(l.calls)
	for at < len(l.ref.Plan.Steps) && len(l.calls) == calls {
		l.enter(at, l.silent(left))
		if len(l.calls) == calls {
			_, at = l.ref.Plan.Group(at)
		}
	}
	if len(l.calls) == calls {
		return false
	}
	l.ref.Step = at
	l.run(l.now, l.clocks.Of(l.ref.Risk).Accepted)
	for _, c := range l.ref.Called {
		o, ok := l.d.Get(c.OfficerID)
		if !ok || c.Step < left || c.Step >= at || l.out(o) || l.calling(o) || l.ref.Plan.Removed.IsRemoved(o, l.d) {
			continue
		}
		l.calls = append(l.calls, Call{OfficerID: o.ID, Key: "alert.passed_up", Tier: string(o.Body), Other: string(l.ref.Plan.Steps[at].Body)})
	}
	return true
}

// again alerts the last group once more, everybody in it, and raises the alarm. Those who said "cannot" are left in peace as long as somebody
// else is there; a phone that failed is tried again, since it may be back.
func (l *ladder) again() {
	l.ref.Repeat++
	l.ref.AcceptDue, l.ref.AcceptRemind = l.clocks.Until(l.ref.Risk, l.now, l.clocks.repeatEvery(l.ref.Risk)), time.Time{}
	from, to := l.ref.Plan.Group(l.ref.Step)
	for _, skip := range []func(directory.Officer) bool{l.declined, nobody} {
		for s := from; s < to; s++ {
			for _, o := range l.ref.Plan.Officers(s, l.d) {
				if !skip(o) && !l.calling(o) && (l.wholeStep(s) || !l.ref.Plan.Steps[s].Single || l.ref.WasCalled(o.ID)) {
					l.write(o, s, Call{Key: "alert.again", Repeat: l.ref.Repeat})
				}
			}
		}
		if len(l.calls) > 0 {
			break
		}
	}
	l.alarm = fmt.Sprintf("Referral %s: the last step has not answered; it was alerted again (%d).", l.ref.Code, l.ref.Repeat)
	if len(l.calls) == 0 {
		l.alarm = fmt.Sprintf("Referral %s: nobody of its plan can be told any more.", l.ref.Code)
	}
}

func nobody(directory.Officer) bool { return false }

// pursue goes on after somebody fell out: in a step whose officers are told one by one, the next of them; when nobody of the running steps is
// left, the next step at once.
func (l *ladder) pursue() {
	from, to := l.ref.Plan.Group(l.ref.Step)
	live := false
	for s := from; s < to; s++ {
		officers := slices.DeleteFunc(l.officers(s), l.out)
		waiting := slices.ContainsFunc(officers, func(o directory.Officer) bool { return l.ref.WasCalled(o.ID) })
		for _, o := range officers {
			if l.ref.WasCalled(o.ID) || l.calling(o) || waiting && !l.wholeStep(s) {
				continue
			}
			l.call(o, s, l.before(s))
			waiting = true
		}
		live = live || waiting
	}
	if live || l.next() {
		return
	}
	// Everybody of the last step is out. Its clock goes on, soon, so that it is never silent.
	if soon := l.now.Add(leastRepeat); l.ref.AcceptDue.IsZero() || l.ref.AcceptDue.After(soon) {
		l.ref.AcceptDue, l.ref.AcceptRemind = soon, time.Time{}
	}
	l.alarm = fmt.Sprintf("Referral %s: everybody of the last step said no or cannot be reached.", l.ref.Code)
	l.toDesk()
}

// toDesk opens a hold once: a person decides who else may be asked, while the last step is alerted again by its clock.
func (l *ladder) toDesk() {
	if l.ref.AtDesk || l.hold != nil {
		return
	}
	l.ref.AtDesk = true
	l.hold = &referral.Hold{
		ReportID: l.ref.ReportID, ConversationID: l.ref.ConversationID, ReferralID: l.ref.ID, Reason: referral.DeclinedByAll,
		State: referral.HoldWaiting, Risk: l.ref.Risk, Danger: l.ref.Risk == report.Immediate, AreaCode: l.ref.AreaCode, Removed: l.ref.Plan.Removed,
		Why: []string{fmt.Sprintf("Nobody who was asked about referral %s can act on it, or can be reached.", l.ref.Code)},
	}
}

func clone(ref referral.Referral) referral.Referral {
	ref.Called, ref.Declined, ref.Failed = slices.Clone(ref.Called), slices.Clone(ref.Declined), slices.Clone(ref.Failed)
	ref.Plan.Steps, ref.Reviewers = slices.Clone(ref.Plan.Steps), slices.Clone(ref.Reviewers)
	return ref
}
