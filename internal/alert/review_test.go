package alert

import (
	"testing"
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/referral"
)

func TestAReviewerDecides(t *testing.T) {
	t.Parallel()
	d := load(t, "rev-1,0201,district_committee,reviewer,1,Reviewer,012000211,km,always,f,,")
	ref := accepted(t, d, clocks)
	dec := Outcome(ref, "c-1", 5, d, clocks, t0)
	told(t, "the district's reviewer alone", dec, "rev-1 review")
	if dec.Reply.Key != "alert.outcome_review" || dec.Referral.OutcomeBy != "c-1" || !dec.Referral.OutcomeAt.Equal(t0) {
		t.Errorf("%+v", dec.Referral)
	}
	waiting := dec.Referral
	agreed := Answer(waiting, "rev-1", Match{Verb: AcceptIt}, d, clocks, t0)
	if agreed.Referral.State != referral.Closed || agreed.Reply.Key != "alert.outcome_kept" || agreed.Referral.ReviewedBy != "rev-1" {
		t.Errorf("%+v", agreed)
	}
	if again := Answer(agreed.Referral, "rev-1", Match{Verb: AcceptIt}, d, clocks, t0); again.Changed || again.Reply.Key != "alert.outcome_kept" {
		t.Errorf("agreed twice: %+v", again.Reply)
	}
	back := Answer(waiting, "rev-1", Match{Verb: CannotDo}, d, clocks, t0.Add(time.Hour))
	told(t, "not agreed", back, "c-1 returned")
	if back.Referral.State != referral.Accepted || back.Referral.Owner != "c-1" || !back.Referral.SeenDue.Equal(t0.Add(25*time.Hour)) {
		t.Errorf("%+v", back.Referral)
	}
	told(t, "not agreed, and not with him", Answer(waiting, "rev-1", Match{Verb: HaveSeen}, d, clocks, t0), "d-1 next_tier committee",
		"d-2 next_tier committee", "c-2 passed_up district_office", "c-3 passed_up district_office", "rev-1 passed_up district_office")
	for _, id := range []string{"c-1", "c-2", "d-1", "gone"} {
		if got := Answer(waiting, id, Match{Verb: AcceptIt}, d, clocks, t0); got.Changed {
			t.Errorf("%s agreed: %+v", id, got.Reply)
		}
	}
}

func TestAReviewHasAClock(t *testing.T) {
	t.Parallel()
	d := load(t)
	dec := Outcome(accepted(t, d, clocks), "c-1", 4, d, clocks, t0)
	told(t, "no reviewer: the next step", dec, "d-1 review", "d-2 review")
	now := t0.Add(24 * time.Hour)
	dec = Tick(dec.Referral, d, clocks, now)
	told(t, "the province", dec, "p-1 review")
	if got := Review(dec.Referral, "d-2", AcceptIt, d, clocks, now); got.Referral.State != referral.Closed {
		t.Errorf("the district can no longer agree: %+v", got.Reply)
	}
	dec = Failed(dec.Referral, "p-1", d, clocks, now)
	told(t, "the district can still be reached", dec)
	dec = Tick(dec.Referral, d, clocks, now.Add(8*time.Hour))
	told(t, "the desk", dec, "desk-1 review", "desk-2 review")
	dec = Tick(dec.Referral, d, clocks, now.Add(16*time.Hour))
	told(t, "all again", dec, "d-1 review x1", "d-2 review x1", "desk-1 review x1", "desk-2 review x1")
	if dec.Alarm != "Referral 482135: nobody has agreed with its outcome; those who can were asked again (1)." || !dec.Referral.Unanswered() {
		t.Errorf("alarm %q", dec.Alarm)
	}
	for _, id := range dec.Referral.Reviewers {
		if id != "p-1" && id != "desk-2" {
			dec = Failed(dec.Referral, id, d, clocks, now)
		}
	}
	dec = Failed(dec.Referral, "desk-2", d, clocks, now.Add(17*time.Hour))
	if dec.Alarm != "Referral 482135: nobody has agreed with its outcome; those who can were asked again (2)." {
		t.Errorf("nobody can be reached: %q %v", dec.Alarm, calls(dec.Calls))
	}
}

func TestNobodyReviewsHisOwn(t *testing.T) {
	t.Parallel()
	d := load(t, "rev-1,0201,district_committee,reviewer,1,Reviewer,012000101,km,always,f,,", "rev-2,02,province_office,reviewer,1,Reviewer,012000311,km,always,f,,")
	told(t, "the province's, since the district's is the owner", Outcome(accepted(t, d, clocks), "c-1", 3, d, clocks, t0), "rev-2 review")
	ref := accepted(t, d, clocks)
	ref.Plan.Removed.Everywhere = append(ref.Plan.Removed.Everywhere, directory.ProvinceOffice)
	told(t, "nor one who is removed", Outcome(ref, "c-1", 3, d, clocks, t0), "d-1 review", "d-2 review")
}

func TestAConnectedReviewerIsOut(t *testing.T) {
	t.Parallel()
	d := load(t)
	dec := Outcome(accepted(t, d, clocks), "c-1", 4, d, clocks, t0)
	connected := Match{Verb: CannotDo, Follow: Connected}
	dec = Answer(dec.Referral, "d-1", connected, d, clocks, t0)
	told(t, "the other reviewer was asked already", dec)
	if dec.Reply.Key != "alert.declined" || dec.Referral.State != referral.Review || Reviews(dec.Referral, "d-1", d) {
		t.Fatalf("%q, %s", dec.Reply.Key, dec.Referral.State)
	}
	dec = Answer(dec.Referral, "d-2", connected, d, clocks, t0)
	told(t, "nobody of the district is left", dec, "p-1 review")
	if got := Answer(dec.Referral, "d-1", Match{Verb: AcceptIt}, d, clocks, t0); got.Referral.State != referral.Review {
		t.Errorf("who is connected agreed: %s", got.Referral.State)
	}
}
