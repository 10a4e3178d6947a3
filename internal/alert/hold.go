package alert

import (
	"fmt"
	"slices"
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/referral"
	"chumrok/internal/report"
)

// ErasingClock is by when a person decides whether what was told is erased; it runs until it is decided, also once somebody has taken it.
const ErasingClock = 72 * time.Hour

// duplicateRisk is by whose clock somebody should have looked whether two reports are one: both are being acted on already.
const duplicateRisk = report.Low

// StartHold tells the desk that something waits for a person: every desk officer who may know of it and is not away, at once; where all of
// them are away, all of them, and Deserted says so. h needs ID, Code and Reason, and
// DangerAt where danger was said. Its clock is the immediate one, from the turn that said danger, or else that of its risk from now; a hold
// whose risk was not judged counts as high.
// Of a quiet reason the desk is told when the clock runs out. A hold that waits already, and is started again because more came, keeps its clock
// where that runs out sooner: who goes on writing puts nothing off.
func StartHold(h referral.Hold, d *directory.Directory, clocks Clocks, now time.Time) HoldDecision {
	h = cloneHold(h)
	waited := h.State == referral.HoldWaiting && h.Due.After(now)
	before := h.Due
	h.State, h.StartedAt, h.Repeat, h.Owner, h.Nudged = referral.HoldWaiting, now, 0, "", false
	from := now
	if h.Danger && !h.DangerAt.IsZero() && h.DangerAt.Before(now) {
		from = h.DangerAt
	}
	h.Due = from.Add(clocks.Of(holdRisk(h)).Accepted)
	if h.Reason == referral.AskedToErase {
		h.Due = now.Add(ErasingClock)
	}
	if waited && before.Before(h.Due) {
		h.Due = before
	}
	if h.Reason.Quiet() {
		return HoldDecision{Hold: h, Changed: true, Clock: h.Due}
	}
	calls := callDesk(&h, d)
	dec := HoldDecision{Hold: h, Changed: true, Calls: calls, Clock: h.Due, Deserted: deserted(h, d)}
	if len(calls) == 0 {
		dec.Alarm = fmt.Sprintf("Hold %s: the desk has no officer who may be told.", h.Code)
	}
	return dec
}

// HoldTimeOut tells the desk again and raises the alarm, as often as its clock runs out and nobody has taken the hold. Whoever has taken it
// and decides nothing is reminded once; then it is everybody's again. A wish to erase has its own long clock, and no reminder.
func HoldTimeOut(h referral.Hold, d *directory.Directory, clocks Clocks, now time.Time) HoldDecision {
	h = cloneHold(h)
	if h.State == referral.HoldReleased || now.Before(h.Due) {
		return HoldDecision{Hold: h, Clock: h.Due}
	}
	if h.State == referral.HoldTaken {
		if owner, ok := d.Get(h.Owner); ok && !h.Nudged && h.Reason != referral.AskedToErase && mayDecide(h, owner, d) {
			h.Nudged, h.Due = true, now.Add(clocks.repeatEvery(holdRisk(h)))
			return HoldDecision{Hold: h, Changed: true, Calls: []Call{yours(h, owner)}, Clock: h.Due}
		}
		h.State, h.Owner, h.TakenAt, h.Nudged = referral.HoldWaiting, "", time.Time{}, false
	}
	h.Repeat++
	h.Due = now.Add(clocks.repeatEvery(holdRisk(h)))
	return HoldDecision{
		Hold: h, Changed: true, Calls: callDesk(&h, d), Clock: h.Due, Deserted: deserted(h, d),
		Alarm: fmt.Sprintf("Hold %s: nobody at the desk has taken it; the desk was told again (%d).", h.Code, h.Repeat),
	}
}

// TakeHold gives the hold to a desk officer, who then decides on it by a clock of his own; whoever comes second is told that it is taken.
func TakeHold(h referral.Hold, officerID string, d *directory.Directory, clocks Clocks, now time.Time) HoldDecision {
	h = cloneHold(h)
	dec := HoldDecision{Hold: h, Clock: h.Due, Reply: Reply{Key: "alert.not_yours", Code: h.Code}}
	o, ok := d.Get(officerID)
	if !ok || !mayDecide(h, o, d) {
		return dec
	}
	switch {
	case h.State == referral.HoldWaiting:
		h = give(h, o, clocks, now)
		return HoldDecision{Hold: h, Changed: true, Clock: h.Due, Reply: Reply{Key: "alert.hold_taken", Code: h.Code}}
	case same(d, h.Owner, o):
		dec.Reply.Key = "alert.hold_taken"
	default:
		dec.Reply.Key = "alert.already_taken"
	}
	return dec
}

// AssignHold gives a hold to a desk officer, whoever had it, and tells him. Reply.Key is alert.not_yours where he may not decide on it, and
// alert.already_taken where it is his already.
func AssignHold(h referral.Hold, officerID string, d *directory.Directory, clocks Clocks, now time.Time) HoldDecision {
	h = cloneHold(h)
	o, ok := d.Get(officerID)
	switch {
	case !ok || !mayDecide(h, o, d):
		return HoldDecision{Hold: h, Clock: h.Due, Reply: Reply{Key: "alert.not_yours", Code: h.Code}}
	case h.State == referral.HoldReleased || h.State == referral.HoldTaken && same(d, h.Owner, o):
		return HoldDecision{Hold: h, Clock: h.Due, Reply: Reply{Key: "alert.already_taken", Code: h.Code}}
	}
	h = give(h, o, clocks, now)
	if !slices.Contains(h.Called, o.ID) {
		h.Called = append(h.Called, o.ID)
	}
	return HoldDecision{Hold: h, Changed: true, Calls: []Call{yours(h, o)}, Clock: h.Due}
}

// give makes an officer the owner, with the time in which he decides.
func give(h referral.Hold, o directory.Officer, clocks Clocks, now time.Time) referral.Hold {
	h.State, h.Owner, h.TakenAt, h.Nudged = referral.HoldTaken, o.ID, now, false
	if h.Reason != referral.AskedToErase || h.Due.IsZero() {
		h.Due = now.Add(clocks.repeatEvery(holdRisk(h)))
	}
	return h
}

// yours tells an officer that a hold is his to decide.
func yours(h referral.Hold, o directory.Officer) Call {
	return Call{OfficerID: o.ID, Key: "alert.hold_yours", Tier: string(o.Body), Repeat: h.Repeat}
}

// AnswerHold is what follows from a desk officer's message about a hold. "Cannot" from one of them leaves it with the others, who were told at
// the same time; from the last one, or from its owner, the desk is told again soon.
func AnswerHold(h referral.Hold, officerID string, m Match, d *directory.Directory, clocks Clocks, now time.Time) HoldDecision {
	if m.Verb == AcceptIt {
		return TakeHold(h, officerID, d, clocks, now)
	}
	h = cloneHold(h)
	dec := HoldDecision{Hold: h, Clock: h.Due, Reply: Reply{Key: "alert.not_yours", Code: h.Code}}
	o, ok := d.Get(officerID)
	switch {
	case !ok || !mayDecide(h, o, d):
	case m.Verb == AskHelp:
		dec.Reply.Key = "alert.help"
	case m.Verb != CannotDo:
		dec.Reply.Key = "alert.not_understood"
	case h.State == referral.HoldTaken && !same(d, h.Owner, o):
		dec.Reply.Key = "alert.already_taken"
	case h.State == referral.HoldReleased:
		dec.Reply.Key = "alert.hold_taken"
	default:
		return declineHold(h, o, d, clocks, now)
	}
	return dec
}

func declineHold(h referral.Hold, o directory.Officer, d *directory.Directory, clocks Clocks, now time.Time) HoldDecision {
	if !slices.Contains(h.Declined, o.ID) {
		h.Declined = append(h.Declined, o.ID)
	}
	dec := HoldDecision{Changed: true, Reply: Reply{Key: "alert.declined", Code: h.Code}}
	left := slices.DeleteFunc(desk(h, d), func(o directory.Officer) bool {
		return slices.ContainsFunc(h.Declined, func(id string) bool { return same(d, id, o) })
	})
	if h.State == referral.HoldTaken {
		h.State, h.Owner, h.TakenAt, h.Due = referral.HoldWaiting, "", time.Time{}, now.Add(clocks.Of(holdRisk(h)).Accepted)
		if len(left) > 0 {
			h.Repeat++
			dec.Calls = callDesk(&h, d)
		}
	}
	if soon := now.Add(leastRepeat); len(left) == 0 {
		if h.Due.After(soon) {
			h.Due = soon
		}
		dec.Alarm = fmt.Sprintf("Hold %s: everybody at the desk said no.", h.Code)
	}
	dec.Hold, dec.Clock = h, h.Due
	return dec
}

// callDesk writes to the desk's officers: those who are there and have not said no, else those who are away and have not, else those who are
// there, else all of them.
func callDesk(h *referral.Hold, d *directory.Directory) []Call {
	key := "alert.hold"
	if h.Danger {
		key = "alert.hold_danger"
	}
	all := desk(*h, d)
	declined := func(o directory.Officer) bool {
		return slices.ContainsFunc(h.Declined, func(id string) bool { return same(d, id, o) })
	}
	willing := slices.DeleteFunc(slices.Clone(all), declined)
	for _, some := range [][]directory.Officer{slices.DeleteFunc(slices.Clone(willing), d.IsAway), willing, slices.DeleteFunc(slices.Clone(all), d.IsAway), all} {
		if willing = some; len(some) > 0 {
			break
		}
	}
	var calls []Call
	for _, o := range willing {
		calls = append(calls, Call{OfficerID: o.ID, Key: key, Tier: string(o.Body), Repeat: h.Repeat})
		if !slices.Contains(h.Called, o.ID) {
			h.Called = append(h.Called, o.ID)
		}
	}
	return calls
}

// deserted reports whether everybody who may decide on a hold is away.
func deserted(h referral.Hold, d *directory.Directory) bool {
	all := desk(h, d)
	return len(all) > 0 && !slices.ContainsFunc(all, func(o directory.Officer) bool { return !d.IsAway(o) })
}

// desk gives the desk's officers who may decide on a hold, each phone once.
func desk(h referral.Hold, d *directory.Directory) []directory.Officer {
	var out []directory.Officer
	for _, o := range d.All() {
		if mayDecide(h, o, d) && !slices.ContainsFunc(out, func(x directory.Officer) bool { return same(d, x.ID, o) }) {
			out = append(out, o)
		}
	}
	return out
}

// mayDecide reports whether an officer sits at a desk that serves the place of a hold and is not removed from it. A place of which too little
// is known is the business of every desk: a hold that nobody is told of would be worse than one desk too many.
func mayDecide(h referral.Hold, o directory.Officer, d *directory.Directory) bool {
	if o.Body != directory.Desk || h.Removed.IsRemoved(o, d) {
		return false
	}
	n := min(len(o.AreaCode), len(h.AreaCode))
	return o.AreaCode == directory.National || o.AreaCode[:n] == h.AreaCode[:n]
}

// holdRisk is the risk by whose clock a hold runs.
func holdRisk(h referral.Hold) report.Risk {
	switch {
	case h.Danger:
		return report.Immediate
	case h.Reason == referral.SuspectedDuplicate:
		return duplicateRisk
	}
	return h.Risk
}

func cloneHold(h referral.Hold) referral.Hold {
	h.Called, h.Declined, h.Like = slices.Clone(h.Called), slices.Clone(h.Declined), slices.Clone(h.Like)
	return h
}
