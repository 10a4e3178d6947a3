package alert

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/referral"
)

// Reviews reports whether an officer was asked to agree with the outcome of a referral that waits for it, and may still do so. Nobody reviews
// what is his own.
func Reviews(ref referral.Referral, officerID string, d *directory.Directory) bool {
	o, ok := d.Get(officerID)
	return ok && ref.State == referral.Review && !same(d, ref.Owner, o) && !ref.Plan.Removed.IsRemoved(o, d) &&
		slices.ContainsFunc(ref.Reviewers, func(id string) bool { return same(d, id, o) })
}

// Review is a reviewer's word on an outcome. 1 agrees, and the referral is closed; 2 does not, and it goes back to its owner, who is told; 3 does
// not, and gives it to the next step. Any other digit is answered with what is asked.
func Review(ref referral.Referral, officerID string, verb Verb, d *directory.Directory, clocks Clocks, now time.Time) Decision {
	l := &ladder{ref: clone(ref), d: d, clocks: clocks, now: now}
	if !Reviews(ref, officerID, d) {
		_, w := l.who(officerID)
		return l.unchanged(l.standing(w), nil)
	}
	reply := Reply{Code: ref.Code}
	switch verb {
	case AcceptIt:
		l.ref.State, _ = ref.State.After(referral.Confirm)
		l.ref.ClosedAt, l.ref.ReviewClock, reply.Key = now, referral.Timer{}, "alert.outcome_kept"
	case CannotDo:
		event := referral.Refuse
		if !ref.SeenAt.IsZero() {
			event = referral.RefuseSeen
		}
		l.ref.State, _ = ref.State.After(event)
		l.ref.Outcome, l.ref.OutcomeAt, l.ref.OutcomeBy, l.ref.ReviewClock = "", time.Time{}, "", referral.Timer{}
		l.owned()
		l.tellOwner(Call{Key: "alert.returned"})
		reply.Key = "alert.review_back"
	case HaveSeen:
		to, _ := ref.State.After(referral.PassUp)
		l.upward(to)
		reply.Key = "alert.declined"
	case AskHelp:
		reply.Key = "alert.help"
		return l.unchanged(reply, nil)
	default:
		reply.Key = "alert.review"
		return l.unchanged(reply, nil)
	}
	l.ref.ReviewedBy = officerID
	return l.decide(reply, nil)
}

// reviewerConnected removes a reviewer who says that he is connected to those involved. The outcome waits for the others who were asked; where
// there is none, the next step is asked at once.
func reviewerConnected(ref referral.Referral, officerID string, d *directory.Directory, clocks Clocks, now time.Time) Decision {
	l := &ladder{ref: clone(ref), d: d, clocks: clocks, now: now}
	l.ref.Plan.Removed = ref.Plan.Removed.With(officerID)
	l.ref.Reviewers = slices.DeleteFunc(l.ref.Reviewers, func(id string) bool { o, ok := d.Get(id); return !ok || !l.mayReview(o) })
	if len(l.ref.Reviewers) == 0 {
		l.reviewOut()
	}
	return l.decide(Reply{Key: "alert.declined", Code: ref.Code}, nil)
}

// review asks for agreement with an outcome: the reviewers of the directory who serve the place, of the narrowest area that has any, else the
// step after the owner's.
func (l *ladder) review() {
	l.ref.Reviewers = nil
	l.ref.ReviewClock = l.timer(l.clocks.Of(l.ref.Risk).Review)
	call := Call{Key: "alert.review"}
	for _, area := range directory.Upward(l.ref.AreaCode) {
		for _, o := range l.d.All() {
			if o.Role == directory.Reviewer && o.AreaCode == area && l.mayReview(o) {
				l.write(o, l.ref.ReviewClock.Step, call)
			}
		}
		if len(l.calls) > 0 {
			break
		}
	}
	if len(l.calls) == 0 && !l.above(&l.ref.ReviewClock, call) {
		l.nobodyReviews()
	}
	l.reviewing()
}

func (l *ladder) mayReview(o directory.Officer) bool {
	return !l.calling(o) && !l.d.IsAway(o) && !same(l.d, l.ref.Owner, o) && !l.any(l.ref.Failed, o) && !l.ref.Plan.Removed.IsRemoved(o, l.d)
}

// reviewOut asks the next step, or all again and raises the alarm where none is left.
func (l *ladder) reviewOut() {
	t := &l.ref.ReviewClock
	t.Late++
	t.Remind = time.Time{}
	t.Next = l.clocks.Until(l.ref.Risk, l.now, max(l.clocks.Of(l.ref.Risk).Review/3, leastRepeat))
	if !l.above(t, Call{Key: "alert.review"}) {
		l.nobodyReviews()
	}
	l.reviewing()
}

// nobodyReviews asks everybody again who was asked, and the last step, and raises the alarm.
func (l *ladder) nobodyReviews() {
	t := &l.ref.ReviewClock
	t.Repeat++
	c := Call{Key: "alert.review", Repeat: t.Repeat}
	for _, id := range l.ref.Reviewers {
		if o, ok := l.d.Get(id); ok && l.mayReview(o) {
			l.write(o, t.Step, c)
		}
	}
	if len(l.calls) == 0 {
		l.atLast(t, c)
	}
	l.alarm = fmt.Sprintf("Referral %s: nobody has agreed with its outcome; those who can were asked again (%d).", l.ref.Code, t.Repeat)
	if len(l.calls) == 0 {
		l.alarm = fmt.Sprintf("Referral %s: nobody may agree with its outcome.", l.ref.Code)
	}
}

// reviewing keeps whom this decision asks to agree.
func (l *ladder) reviewing() {
	for _, c := range l.calls {
		if strings.HasPrefix(c.Key, "alert.review") && !slices.Contains(l.ref.Reviewers, c.OfficerID) {
			l.ref.Reviewers = append(l.ref.Reviewers, c.OfficerID)
		}
	}
}

// reviewerGone asks the next step when no reviewer can be reached any more.
func (l *ladder) reviewerGone() Decision {
	for _, id := range l.ref.Reviewers {
		if !slices.Contains(l.ref.Failed, id) {
			return l.decide(Reply{}, nil)
		}
	}
	l.reviewOut()
	return l.decide(Reply{}, nil)
}
