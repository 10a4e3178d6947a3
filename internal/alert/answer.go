package alert

import (
	"fmt"
	"slices"
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/referral"
	"chumrok/internal/report"
)

// The reasons for "cannot", by the digit that an officer sends. 0 is no reason yet.
const (
	Away         = 1 // not there
	Connected    = 2 // connected to those involved
	NotOurs      = 3 // another commune's
	AnotherCause = 4
)

// The outcomes, as they are kept in Referral.Outcome.
const (
	ServiceBegun = "service_begun" // help was given, or has begun
	ReferredOn   = "referred_on"
	NotFound     = "not_found"
	FalseAlarm   = "false_alarm" // there was no problem
	Settled      = "settled"     // by agreement: always for a reviewer
	OtherEnd     = "other"
	SafeAtHome   = "safe_at_home"
	WithKin      = "with_kin" // moved to relatives
	Medical      = "medical"
	Police       = "police"
)

// outcomes lists the outcomes by their number. An SMS offers the first six, a longer list where there is room for it all of them.
var outcomes = [...]string{1: ServiceBegun, 2: ReferredOn, 3: NotFound, 4: FalseAlarm, 5: Settled, 6: OtherEnd, 7: SafeAtHome, 8: WithKin,
	9: Medical, 10: Police}

// smsOutcomes is how many of them an SMS offers.
const smsOutcomes = 6

// Outcomes returns every outcome, in the order of their numbers.
func Outcomes() []string { return slices.Clone(outcomes[1:]) }

// OutcomeOf returns the outcome of a number; ok is false when there is none.
func OutcomeOf(digit int) (outcome string, ok bool) {
	if digit < 1 || digit >= len(outcomes) {
		return "", false
	}
	return outcomes[digit], true
}

// NeedsReview reports whether a district reviewer has to confirm an outcome: "settled by agreement" always, "not found" and "false alarm" for
// immediate and high risk.
func NeedsReview(outcome string, risk report.Risk) bool {
	switch outcome {
	case Settled:
		return true
	case NotFound, FalseAlarm:
		return risk == 0 || risk >= report.High
	}
	return false
}

// Answer is what follows from an officer's message about a referral, as Resolve understood it. answers.md has the whole table.
func Answer(ref referral.Referral, officerID string, m Match, d *directory.Directory, clocks Clocks, now time.Time) Decision {
	if Reviews(ref, officerID, d) {
		if m.Verb == CannotDo && m.Follow == Connected {
			return reviewerConnected(ref, officerID, d, clocks, now)
		}
		return Review(ref, officerID, m.Verb, d, clocks, now)
	}
	switch m.Verb {
	case AcceptIt:
		return Accept(ref, officerID, d, clocks, now)
	case CannotDo:
		return Cannot(ref, officerID, m.Follow, d, clocks, now)
	case HaveSeen:
		return Seen(ref, officerID, d, clocks, now)
	case GiveOutcome:
		return Outcome(ref, officerID, m.Follow, d, clocks, now)
	}
	return Help(ref, officerID, d, clocks, now)
}

// who an officer is to a referral.
type who int

const (
	stranger who = iota // never alerted, or removed: is told nothing
	asked               // alerted, in this step or an earlier one
	owner               // accepted it
)

// who finds out who is writing. A phone on several rows of the directory is one person.
func (l *ladder) who(officerID string) (directory.Officer, who) {
	l.asker = officerID
	o, ok := l.d.Get(officerID)
	switch {
	case !ok || l.ref.Plan.Removed.IsRemoved(o, l.d):
		return o, stranger
	case l.ref.Owner != "" && same(l.d, l.ref.Owner, o):
		return o, owner
	case slices.ContainsFunc(l.ref.Called, func(c referral.Called) bool { return same(l.d, c.OfficerID, o) }):
		return o, asked
	}
	return o, stranger
}

// reply to an officer whose message changes nothing.
func (l *ladder) standing(w who) Reply {
	r := Reply{Code: l.ref.Code}
	switch {
	case w == stranger:
		r.Key = "alert.not_yours"
	case w == asked && l.ref.State == referral.Closed && l.ref.ReviewedBy == l.asker:
		r.Key = "alert.outcome_kept"
	case w == owner:
		switch l.ref.State {
		case referral.Seen:
			r.Key, r.When = "alert.seen", l.ref.OutcomeDue
		case referral.Review:
			r.Key = "alert.outcome_review"
		case referral.Closed:
			r.Key = "alert.outcome_kept"
		default:
			r.Key, r.When = "alert.accepted", l.ref.SeenDue
		}
	case l.ref.State == referral.Alerting:
		r.Key = "alert.again"
	default:
		r.Key = "alert.already_taken"
	}
	return r
}

// Accept gives the referral to an officer who was alerted, in this step or an earlier one, and starts the seen and outcome clocks. Whoever
// comes second is told that it is taken. The others are not written to: a message that asks nothing of anybody costs a family's trust when
// a stranger reads it, and who answers learns it anyway.
func Accept(ref referral.Referral, officerID string, d *directory.Directory, clocks Clocks, now time.Time) Decision {
	l := &ladder{ref: clone(ref), d: d, clocks: clocks, now: now}
	o, w := l.who(officerID)
	to, ok := l.ref.State.After(referral.Accept)
	if w != asked || !ok {
		return l.unchanged(l.standing(w), nil)
	}
	l.ref.State, l.ref.Owner, l.ref.AcceptedAt, l.ref.AcceptDue, l.ref.AcceptRemind = to, o.ID, now, time.Time{}, time.Time{}
	l.owned()
	l.ref.Declined = slices.DeleteFunc(l.ref.Declined, func(id string) bool { return same(d, id, o) })
	return l.decide(l.standing(owner), nil)
}

// Cannot is an officer's "cannot" with the digit of the reason, 0 when none was given: then the referral moves on at once all the same, and the
// reason is asked. From the owner it is a giving back. "Connected to those involved" removes the officer from everything that follows;
// "wrong commune" opens a hold for the desk, while the accepted clock runs on, so that one phone's digit never stops the ladder.
func Cannot(ref referral.Referral, officerID string, reason int, d *directory.Directory, clocks Clocks, now time.Time) Decision {
	l := &ladder{ref: clone(ref), d: d, clocks: clocks, now: now}
	o, w := l.who(officerID)
	declined := l.any(ref.Declined, o)
	to, ok := ref.State.After(referral.Cannot)
	switch {
	case w == stranger, !ref.State.Open(), w == owner && !ok:
		return l.unchanged(l.standing(w), nil)
	case w == asked && ref.State != referral.Alerting && !declined:
		// Somebody else has it, so that nothing moves; but who is connected is not asked again should it be given back.
		if reason != Connected {
			return l.unchanged(l.standing(w), nil)
		}
		l.ref.Plan.Removed, l.ref.Declined = ref.Plan.Removed.With(o.ID), append(l.ref.Declined, o.ID)
		return l.decide(l.standing(w), nil)
	}
	switch reason {
	case Connected:
		l.ref.Plan.Removed = ref.Plan.Removed.With(o.ID)
	case NotOurs:
		l.misplaced(o)
	}
	if w == owner {
		l.givenBack(to)
	}
	if !declined {
		l.ref.Declined = append(l.ref.Declined, o.ID)
	}
	switch {
	case declined, reason == NotOurs:
	case w == owner:
		l.remind(o)
		l.pursue()
	default:
		l.pursue()
	}
	switch reason {
	case Away, Connected, AnotherCause:
		return l.decide(Reply{Key: "alert.declined", Code: ref.Code}, nil)
	case NotOurs:
		return l.decide(Reply{Key: "alert.wrong_commune", Code: ref.Code}, nil)
	}
	return l.decide(Reply{Key: "alert.decline_why", Code: ref.Code}, &Question{Kind: AskReason, Code: ref.Code, AskedAt: now})
}

// remind writes once more to those of the running steps who were alerted before the owner accepted and gave back.
func (l *ladder) remind(gaveBack directory.Officer) {
	from, to := l.ref.Plan.Group(l.ref.Step)
	for s := from; s < to; s++ {
		for _, o := range l.ref.Plan.Officers(s, l.d) {
			if l.ref.WasCalled(o.ID) && !l.out(o) && !l.calling(o) && !same(l.d, gaveBack.ID, o) {
				l.write(o, s, Call{Key: "alert.again", Repeat: 1})
			}
		}
	}
}

// misplaced opens a hold once: the desk decides which commune it is.
func (l *ladder) misplaced(o directory.Officer) {
	if l.ref.Misplaced {
		return
	}
	l.ref.Misplaced = true
	danger := l.ref.Risk == report.Immediate
	h := &referral.Hold{
		ReportID: l.ref.ReportID, ConversationID: l.ref.ConversationID, ReferralID: l.ref.ID, Reason: referral.WrongCommune,
		State: referral.HoldWaiting, Risk: l.ref.Risk, Danger: danger, AreaCode: l.ref.AreaCode, Removed: l.ref.Plan.Removed,
		Why: []string{fmt.Sprintf("Officer %s says that referral %s belongs to another commune than %s.", o.ID, l.ref.Code, l.ref.AreaCode)},
	}
	l.hold = h
}

// Seen is the owner's word that a worker has seen the child. Anybody else is answered with what stands: a bare 3 may be a late answer to
// "cannot, because?", so it never makes an owner.
func Seen(ref referral.Referral, officerID string, d *directory.Directory, clocks Clocks, now time.Time) Decision {
	l := &ladder{ref: clone(ref), d: d, clocks: clocks, now: now}
	_, w := l.who(officerID)
	to, ok := ref.State.After(referral.SawChild)
	if w != owner || !ok {
		return l.unchanged(l.standing(w), nil)
	}
	l.ref.State, l.ref.SeenAt, l.ref.SeenDue, l.ref.SeenClock = to, now, time.Time{}, referral.Timer{}
	return l.decide(l.standing(owner), nil)
}

// Outcome is the owner's word how it ended, by its digit; 0 or a digit that is none asks which. An outcome that needs a reviewer leaves the
// referral open.
func Outcome(ref referral.Referral, officerID string, digit int, d *directory.Directory, clocks Clocks, now time.Time) Decision {
	l := &ladder{ref: clone(ref), d: d, clocks: clocks, now: now}
	_, w := l.who(officerID)
	if _, ok := ref.State.After(referral.Finish); w != owner || !ok {
		return l.unchanged(l.standing(w), nil)
	}
	outcome, ok := OutcomeOf(digit)
	if !ok {
		return l.unchanged(Reply{Key: "alert.outcome_which", Code: ref.Code}, &Question{Kind: AskOutcome, Code: ref.Code, AskedAt: now})
	}
	event := referral.Finish
	if NeedsReview(outcome, ref.Risk) {
		event = referral.FinishForReview
	}
	l.ref.State, _ = ref.State.After(event)
	l.ref.Outcome, l.ref.OutcomeAt, l.ref.OutcomeBy, l.ref.ReviewedBy = outcome, now, l.ref.Owner, ""
	l.ref.SeenDue, l.ref.OutcomeDue, l.ref.SeenClock, l.ref.OutcomeClock = time.Time{}, time.Time{}, referral.Timer{}, referral.Timer{}
	if l.ref.State == referral.Closed {
		l.ref.ClosedAt = now
	} else {
		l.review()
	}
	return l.decide(l.standing(owner), nil)
}

// Help is the answer to 0: the digits, and whom to call. A phone that must not be told of the referral gets it without the code.
func Help(ref referral.Referral, officerID string, d *directory.Directory, clocks Clocks, now time.Time) Decision {
	l := &ladder{ref: clone(ref), d: d, clocks: clocks, now: now}
	if _, w := l.who(officerID); w == stranger {
		return l.unchanged(Reply{Key: "alert.help"}, nil)
	}
	return l.unchanged(Reply{Key: "alert.help", Code: ref.Code}, nil)
}
