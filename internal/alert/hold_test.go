package alert

import (
	"testing"
	"time"

	"chumrok/internal/referral"
	"chumrok/internal/report"

	"github.com/google/go-cmp/cmp"
)

func expectHold(t *testing.T, what string, dec HoldDecision, clock time.Time, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, calls(dec.Calls)); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
	if !dec.Clock.Equal(clock) || !dec.Clock.Equal(dec.Hold.Due) {
		t.Errorf("%s: the clock is at %v (due %v), want %v", what, dec.Clock, dec.Hold.Due, clock)
	}
	if waiting := dec.Hold.State == referral.HoldWaiting; dec.Clock.IsZero() || waiting == (dec.Hold.Owner != "") {
		t.Errorf("%s: a hold that is %s has the clock %v and the owner %q", what, dec.Hold.State, dec.Clock, dec.Hold.Owner)
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	d := load(t)
	h := referral.Hold{ID: "h", Code: "333335", Reason: referral.UnclearPlace, Risk: report.Medium}
	dec := StartHold(h, d, clocks, t0)
	expectHold(t, "the whole desk", dec, t0.Add(3*time.Hour), "desk-1 hold", "desk-2 hold")
	if early := HoldTimeOut(dec.Hold, d, clocks, t0); early.Changed || len(early.Calls) > 0 {
		t.Error("told again before its time")
	}
	dec = HoldTimeOut(dec.Hold, d, clocks, t0.Add(3*time.Hour))
	expectHold(t, "again", dec, t0.Add(6*time.Hour), "desk-1 hold x1", "desk-2 hold x1")
	if dec.Alarm != "Hold 333335: nobody at the desk has taken it; the desk was told again (1)." {
		t.Errorf("alarm %q", dec.Alarm)
	}
	dec = TakeHold(dec.Hold, "desk-2", d, clocks, t0.Add(4*time.Hour))
	expectHold(t, "taken", dec, t0.Add(7*time.Hour))
	if dec.Hold.State != referral.HoldTaken || dec.Hold.Owner != "desk-2" || dec.Reply.Key != "alert.hold_taken" {
		t.Errorf("%+v", dec)
	}
	if early := HoldTimeOut(dec.Hold, d, clocks, t0.Add(6*time.Hour)); early.Changed || early.Alarm != "" {
		t.Error("told again although it was just taken")
	}
	dec = HoldTimeOut(dec.Hold, d, clocks, t0.Add(7*time.Hour))
	expectHold(t, "its owner is reminded", dec, t0.Add(10*time.Hour), "desk-2 hold_yours x1")
	if dec.Alarm != "" {
		t.Errorf("a reminder rings the alarm: %q", dec.Alarm)
	}
	dec = HoldTimeOut(dec.Hold, d, clocks, t0.Add(10*time.Hour))
	expectHold(t, "and then it is everybody's", dec, t0.Add(13*time.Hour), "desk-1 hold x2", "desk-2 hold x2")
	dec = TakeHold(dec.Hold, "desk-1", d, clocks, t0.Add(10*time.Hour))
	gone := HoldTimeOut(dec.Hold, load(t, "-desk-1"), clocks, dec.Clock)
	expectHold(t, "whose owner left the directory", gone, t0.Add(16*time.Hour), "desk-2 hold x3")
}

func TestHoldWithDanger(t *testing.T) {
	t.Parallel()
	d := load(t)
	said := t0.Add(-3 * time.Minute)
	dec := StartHold(referral.Hold{Code: "333335", Danger: true, DangerAt: said, Risk: report.High}, d, clocks, t0)
	expectHold(t, "the immediate clock from the turn that said danger", dec, said.Add(20*time.Minute), "desk-1 hold_danger", "desk-2 hold_danger")
	dec = StartHold(referral.Hold{Code: "333335", Danger: true}, d, clocks, t0)
	expectHold(t, "when it was said is not known", dec, t0.Add(20*time.Minute), "desk-1 hold_danger", "desk-2 hold_danger")
	dec = StartHold(referral.Hold{Code: "333335"}, d, clocks, t0)
	expectHold(t, "not judged: as high", dec, t0.Add(time.Hour), "desk-1 hold", "desk-2 hold")
}

func TestHoldKeepsTheRemovedOut(t *testing.T) {
	t.Parallel()
	d := load(t, "desk-9,KH,desk,duty,3,Desk,012000101,km,always,m,,", "desk-3,03,desk,duty,3,Desk,012000903,km,always,m,,",
		"desk-4,02,desk,duty,3,Desk,012000904,km,always,m,,", "desk-5,KH,desk,duty,5,Desk,012000904,km,always,m,,")
	h := referral.Hold{Code: "333335", AreaCode: "020101", Removed: referral.Removal{Area: "020101"}.With("c-1", "desk-1")}
	dec := StartHold(h, d, clocks, t0)
	expectHold(t, "neither the removed, nor another province's desk; one phone once", dec, t0.Add(time.Hour), "desk-2 hold", "desk-4 hold")
	for _, id := range []string{"desk-1", "desk-9", "desk-3", "p-1", "nobody"} {
		if got := TakeHold(dec.Hold, id, d, clocks, t0); got.Changed || got.Reply.Key != "alert.not_yours" {
			t.Errorf("%s takes it: %+v", id, got.Reply)
		}
	}
	none := StartHold(h, load(t, "-desk-1", "-desk-2"), clocks, t0)
	if none.Alarm != "Hold 333335: the desk has no officer who may be told." || none.Clock.IsZero() {
		t.Errorf("a hold that nobody is told of is silent: %+v", none)
	}
}

func TestAnswersAboutAHold(t *testing.T) {
	t.Parallel()
	d := load(t)
	waiting := StartHold(referral.Hold{Code: "333335", Risk: report.High}, d, clocks, t0).Hold
	taken := TakeHold(waiting, "desk-1", d, clocks, t0).Hold
	released := taken
	released.State = referral.HoldReleased
	for _, c := range []struct {
		name, officer string
		h             referral.Hold
		verb          Verb
		reply         string
		state         referral.HoldState
		changed       bool
	}{
		{"1", "desk-1", waiting, AcceptIt, "hold_taken", referral.HoldTaken, true},
		{"1 from the owner", "desk-1", taken, AcceptIt, "hold_taken", referral.HoldTaken, false},
		{"1 from another", "desk-2", taken, AcceptIt, "already_taken", referral.HoldTaken, false},
		{"1 from a stranger", "c-1", waiting, AcceptIt, "not_yours", referral.HoldWaiting, false},
		{"2", "desk-1", waiting, CannotDo, "declined", referral.HoldWaiting, true},
		{"2 from the owner", "desk-1", taken, CannotDo, "declined", referral.HoldWaiting, true},
		{"2 from another", "desk-2", taken, CannotDo, "already_taken", referral.HoldTaken, false},
		{"2 after the end", "desk-1", released, CannotDo, "hold_taken", referral.HoldReleased, false},
		{"2 from a stranger", "c-1", waiting, CannotDo, "not_yours", referral.HoldWaiting, false},
		{"3", "desk-1", taken, HaveSeen, "not_understood", referral.HoldTaken, false},
		{"4", "desk-1", waiting, GiveOutcome, "not_understood", referral.HoldWaiting, false},
		{"0", "desk-1", waiting, AskHelp, "help", referral.HoldWaiting, false},
		{"0 from a stranger", "c-1", waiting, AskHelp, "not_yours", referral.HoldWaiting, false},
	} {
		dec := AnswerHold(c.h, c.officer, Match{Verb: c.verb}, d, clocks, t0)
		if dec.Reply.Key != "alert."+c.reply || dec.Hold.State != c.state || dec.Changed != c.changed {
			t.Errorf("%s: %s, %s, changed %v", c.name, dec.Reply.Key, dec.Hold.State, dec.Changed)
		}
	}
}

func TestADeskThatSaysNo(t *testing.T) {
	t.Parallel()
	d := load(t)
	h := StartHold(referral.Hold{Code: "333335", Risk: report.Medium}, d, clocks, t0).Hold
	dec := AnswerHold(h, "desk-1", Match{Verb: CannotDo}, d, clocks, t0)
	expectHold(t, "the other was told too", dec, t0.Add(3*time.Hour))
	dec = AnswerHold(dec.Hold, "desk-2", Match{Verb: CannotDo}, d, clocks, t0)
	expectHold(t, "nobody is left: soon again", dec, t0.Add(5*time.Minute))
	if dec.Alarm != "Hold 333335: everybody at the desk said no." {
		t.Errorf("alarm %q", dec.Alarm)
	}
	dec = HoldTimeOut(dec.Hold, d, clocks, t0.Add(5*time.Minute))
	expectHold(t, "all the same", dec, t0.Add(3*time.Hour+5*time.Minute), "desk-1 hold x1", "desk-2 hold x1")

	taken := TakeHold(h, "desk-1", d, clocks, t0).Hold
	dec = AnswerHold(taken, "desk-1", Match{Verb: CannotDo}, d, clocks, t0.Add(time.Hour))
	expectHold(t, "given back: the other is told again", dec, t0.Add(4*time.Hour), "desk-2 hold x1")
}

// A hold goes to those of the desk who are there; when none is, to all of them, since behind the desk there is nobody.
func TestHoldAndTheDeskIsAway(t *testing.T) {
	t.Parallel()
	all := load(t)
	h := referral.Hold{Code: "333335", Risk: report.Medium}
	one := all.Without(map[string]bool{"desk-1": true})
	dec := StartHold(h, one, clocks, t0)
	expectHold(t, "one is there", dec, t0.Add(3*time.Hour), "desk-2 hold")
	if dec.Deserted {
		t.Error("one is there, and the desk counts as deserted")
	}
	dec = HoldTimeOut(dec.Hold, one, clocks, t0.Add(3*time.Hour))
	expectHold(t, "again", dec, t0.Add(6*time.Hour), "desk-2 hold x1")
	dec = AnswerHold(dec.Hold, "desk-2", Match{Verb: CannotDo}, one, clocks, t0.Add(3*time.Hour))
	dec = HoldTimeOut(dec.Hold, one, clocks, dec.Clock)
	expectHold(t, "who is there cannot", dec, dec.Clock, "desk-1 hold x2")

	none := all.Without(map[string]bool{"desk-1": true, "desk-2": true})
	dec = StartHold(h, none, clocks, t0)
	expectHold(t, "nobody is there", dec, t0.Add(3*time.Hour), "desk-1 hold", "desk-2 hold")
	if !dec.Deserted || !HoldTimeOut(dec.Hold, none, clocks, dec.Clock).Deserted {
		t.Error("it is not said that nobody is there")
	}
	if taken := TakeHold(dec.Hold, "desk-1", none, clocks, t0); taken.Hold.Owner != "desk-1" {
		t.Error("who is away could not take it")
	}
}

// What another asks of the desk is quiet until its clock runs out, and an owner is named by name.
func TestQuietAndAssigned(t *testing.T) {
	t.Parallel()
	d := load(t)
	h := referral.Hold{Code: "333335", Risk: report.High, Reason: referral.SuspectedDuplicate, Like: []string{"482135"}}
	dec := StartHold(h, d, clocks, t0)
	expectHold(t, "quiet", dec, t0.Add(24*time.Hour))
	dec = HoldTimeOut(dec.Hold, d, clocks, dec.Clock)
	expectHold(t, "and then said", dec, t0.Add(48*time.Hour), "desk-1 hold x1", "desk-2 hold x1")
	dec = AssignHold(dec.Hold, "desk-2", d, clocks, t0)
	expectHold(t, "assigned", dec, t0.Add(24*time.Hour), "desk-2 hold_yours x1")
	if again := AssignHold(dec.Hold, "desk-2", d, clocks, t0); again.Changed || again.Reply.Key != "alert.already_taken" {
		t.Errorf("assigned twice: %+v", again)
	}
	dec = AssignHold(dec.Hold, "desk-1", d, clocks, t0.Add(time.Hour))
	expectHold(t, "and to another", dec, t0.Add(25*time.Hour), "desk-1 hold_yours x1")
	for _, id := range []string{"c-1", "nobody"} {
		if no := AssignHold(dec.Hold, id, d, clocks, t0); no.Changed || no.Reply.Key != "alert.not_yours" {
			t.Errorf("%s is given it: %+v", id, no)
		}
	}
}
