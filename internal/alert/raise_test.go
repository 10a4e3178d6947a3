package alert

import (
	"slices"
	"testing"
	"time"

	"chumrok/internal/referral"
	"chumrok/internal/report"
)

// TestRaise: a greater risk draws every clock in and alerts whom it alerts at once; a lesser one, and a closed referral, change nothing.
func TestRaise(t *testing.T) {
	t.Parallel()
	d := load(t)
	ref := referral.Referral{ID: "r", Code: "482131", Risk: report.Medium, State: referral.Accepted, Owner: "someone",
		SeenDue: t0.Add(72 * time.Hour), OutcomeDue: t0.Add(30 * 24 * time.Hour)}
	dec := Raise(ref, report.Immediate, d, clocks, t0)
	c := clocks.Of(report.Immediate)
	if !dec.Changed || dec.Referral.Risk != report.Immediate || !dec.Referral.SeenDue.Equal(t0.Add(c.Seen)) ||
		!dec.Referral.OutcomeDue.Equal(t0.Add(c.Outcome)) || !dec.Clock.IsZero() || len(dec.Calls) > 0 {
		t.Errorf("%+v", dec)
	}
	for _, risk := range []report.Risk{report.Low, report.Medium} {
		if dec := Raise(ref, risk, d, clocks, t0); dec.Changed || dec.Referral.Risk != report.Medium {
			t.Errorf("%v made it %+v", risk, dec)
		}
	}
	ref.State = referral.Closed
	if dec := Raise(ref, report.Immediate, d, clocks, t0); dec.Changed {
		t.Error("a closed referral was raised")
	}
}

// TestAWishToEraseKeepsItsClock: three days, also once somebody has taken it; then it is everybody's again.
func TestAWishToEraseKeepsItsClock(t *testing.T) {
	t.Parallel()
	d := load(t)
	dec := StartHold(referral.Hold{ID: "h", Code: "333335", Reason: referral.AskedToErase, Risk: report.Low}, d, clocks, t0)
	due := t0.Add(ErasingClock)
	if !dec.Clock.Equal(due) || len(dec.Calls) == 0 {
		t.Errorf("%+v", dec)
	}
	dec = TakeHold(dec.Hold, "desk-2", d, clocks, t0.Add(time.Hour))
	if dec.Hold.State != referral.HoldTaken || !dec.Clock.Equal(due) {
		t.Errorf("taken: %+v", dec)
	}
	if early := HoldTimeOut(dec.Hold, d, clocks, due.Add(-time.Minute)); early.Changed {
		t.Error("told again before its time")
	}
	dec = HoldTimeOut(dec.Hold, d, clocks, due)
	if dec.Hold.State != referral.HoldWaiting || dec.Hold.Owner != "" || dec.Alarm == "" || !slices.ContainsFunc(dec.Calls, func(c Call) bool { return c.OfficerID == "desk-1" }) {
		t.Errorf("not decided: %+v", dec)
	}
}
