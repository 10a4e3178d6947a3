package alert

import (
	"testing"
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/referral"
	"chumrok/internal/report"

	"github.com/google/go-cmp/cmp"
)

// expect compares the calls and the clock of a decision.
func expect(t *testing.T, what string, dec Decision, clock time.Time, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, calls(dec.Calls)); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
	if !dec.Clock.Equal(clock) {
		t.Errorf("%s: the clock is at %v, want %v", what, dec.Clock, clock)
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	d := load(t, "p-2,02,province_office,social_worker,2,Province,012000302,km,always,m,,")
	now := t0
	dec := Start(fresh(t, report.Report{}, report.High, d), d, clocks, now)
	expect(t, "all of the committee at once", dec, now.Add(time.Hour), "c-1 new", "c-2 new", "c-3 new")

	early := TimeOut(dec.Referral, d, clocks, now.Add(59*time.Minute))
	expect(t, "before its time", early, now.Add(time.Hour))
	if early.Changed {
		t.Error("before its time: changed")
	}

	now = now.Add(time.Hour)
	dec = TimeOut(dec.Referral, d, clocks, now)
	expect(t, "the district is told and the committee learns it", dec, now.Add(time.Hour),
		"d-1 next_tier committee", "d-2 next_tier committee",
		"c-1 passed_up district_office", "c-2 passed_up district_office", "c-3 passed_up district_office")
	now = now.Add(time.Hour)
	dec = TimeOut(dec.Referral, d, clocks, now)
	expect(t, "the province", dec, now.Add(time.Hour), "p-1 next_tier district_office", "p-2 next_tier district_office",
		"d-1 passed_up province_office", "d-2 passed_up province_office")
	now = now.Add(time.Hour)
	dec = TimeOut(dec.Referral, d, clocks, now)
	expect(t, "the desk", dec, now.Add(time.Hour), "desk-1 next_tier province_office", "desk-2 next_tier province_office",
		"p-1 passed_up desk", "p-2 passed_up desk")
	if dec.Alarm != "" {
		t.Errorf("an alarm before the last step was silent: %s", dec.Alarm)
	}
	for i := range 3 {
		now = now.Add(time.Hour)
		dec = TimeOut(dec.Referral, d, clocks, now)
		n := string(rune('1' + i))
		expect(t, "the desk again", dec, now.Add(time.Hour), "desk-1 again x"+n, "desk-2 again x"+n)
		if want := "Referral 482135: the last step has not answered; it was alerted again (" + n + ")."; dec.Alarm != want {
			t.Errorf("alarm %q, want %q", dec.Alarm, want)
		}
	}
	dec = Accept(dec.Referral, "c-3", d, clocks, now)
	if dec.Referral.Owner != "c-3" || dec.Reply.Key != "alert.accepted" || !dec.Clock.IsZero() || !dec.Reply.When.Equal(now.Add(24*time.Hour)) {
		t.Errorf("the first step can no longer accept: %+v", dec)
	}
}

func TestOneByOne(t *testing.T) {
	t.Parallel()
	d := load(t)
	due := t0.Add(3 * time.Hour)
	dec := Start(fresh(t, report.Report{}, report.Medium, d), d, clocks, t0)
	expect(t, "the first", dec, due, "c-1 new")
	dec = Cannot(dec.Referral, "c-1", 0, d, clocks, t0.Add(time.Minute))
	expect(t, "the next, before a reason is given", dec, due, "c-2 new")
	if dec.Reply.Key != "alert.decline_why" || dec.Question == nil || dec.Question.Kind != AskReason || dec.Question.Code != "482135" {
		t.Errorf("the reason is not asked: %+v %+v", dec.Reply, dec.Question)
	}
	dec = Cannot(dec.Referral, "c-1", Away, d, clocks, t0.Add(2*time.Minute))
	expect(t, "the reason moves nothing more", dec, due)
	if dec.Reply.Key != "alert.declined" || dec.Question != nil {
		t.Errorf("%+v", dec.Reply)
	}
	dec = Failed(dec.Referral, "c-2", d, clocks, t0.Add(3*time.Minute))
	expect(t, "a dead number: the next at once", dec, due, "c-3 new")
	now := t0.Add(4 * time.Minute)
	dec = Cannot(dec.Referral, "c-3", AnotherCause, d, clocks, now)
	expect(t, "the last one's cannot: the next step at once", dec, now.Add(3*time.Hour), "d-1 next_tier committee")
	dec = Accept(dec.Referral, "c-1", d, clocks, now)
	if dec.Referral.Owner != "c-1" || len(dec.Referral.Declined) != 1 {
		t.Errorf("who said no cannot change their mind: %+v", dec.Referral)
	}
}

func TestImmediateRunsFromTheTurnThatSaidDanger(t *testing.T) {
	t.Parallel()
	d := load(t)
	said := t0.Add(-7 * time.Minute)
	r := report.Report{Danger: report.DangerYes, DangerAt: said}
	dec := Start(fresh(t, r, report.Immediate, d), d, clocks, t0)
	expect(t, "all who can help, at once", dec, said.Add(20*time.Minute),
		"c-1 danger", "c-2 danger", "c-3 danger", "d-1 danger", "d-2 danger", "pol-1 danger")
	now := said.Add(20 * time.Minute)
	dec = TimeOut(dec.Referral, d, clocks, now)
	expect(t, "the province", dec, now.Add(20*time.Minute), "p-1 next_tier committee",
		"desk-1 next_tier committee", "desk-2 next_tier committee", "c-1 passed_up province_office",
		"c-2 passed_up province_office", "c-3 passed_up province_office", "d-1 passed_up province_office", "d-2 passed_up province_office",
		"pol-1 passed_up province_office")

	r.DangerAt = t0.Add(-time.Hour)
	dec = Start(fresh(t, r, report.Immediate, d), d, clocks, t0)
	if !dec.Clock.Before(t0) {
		t.Errorf("the clock is past and the next step is not due at once: %v", dec.Clock)
	}
	dec = TimeOut(dec.Referral, d, clocks, t0)
	if dec.Referral.Step != 3 || !dec.Clock.Equal(t0.Add(20*time.Minute)) {
		t.Errorf("step %d, clock %v", dec.Referral.Step, dec.Clock)
	}
}

func TestAShortClockDoesNotFloodTheLastStep(t *testing.T) {
	t.Parallel()
	d := load(t, "-c-1", "-c-2", "-c-3", "-d-1", "-d-2", "-p-1")
	short := Clocks{ByRisk: map[report.Risk]Clock{report.High: {Accepted: time.Minute, Seen: time.Hour, Outcome: time.Hour}}}
	dec := Start(fresh(t, report.Report{}, report.High, d), d, short, t0)
	expect(t, "the desk is the first", dec, t0.Add(time.Minute), "desk-1 new", "desk-2 new")
	dec = TimeOut(dec.Referral, d, short, t0.Add(time.Minute))
	expect(t, "and again", dec, t0.Add(6*time.Minute), "desk-1 again x1", "desk-2 again x1")
}

func TestEverybodySaysNo(t *testing.T) {
	t.Parallel()
	d := load(t)
	dec := Start(fresh(t, report.Report{}, report.Medium, d), d, clocks, t0)
	now := t0
	for _, id := range []string{"c-1", "c-2", "c-3", "d-1", "d-2", "p-1", "desk-1"} {
		now = now.Add(time.Minute)
		dec = Cannot(dec.Referral, id, Away, d, clocks, now)
		if len(dec.Calls) != 1 || dec.Alarm != "" {
			t.Fatalf("after %s: %v %s", id, calls(dec.Calls), dec.Alarm)
		}
	}
	dec = Cannot(dec.Referral, "desk-2", Away, d, clocks, now)
	expect(t, "no step is left", dec, now.Add(5*time.Minute))
	if dec.Alarm != "Referral 482135: everybody of the last step said no or cannot be reached." {
		t.Errorf("alarm %q", dec.Alarm)
	}
	now = dec.Clock
	dec = TimeOut(dec.Referral, d, clocks, now)
	expect(t, "the desk is asked again all the same", dec, now.Add(3*time.Hour), "desk-1 again x1", "desk-2 again x1")
}

func TestADeadPhoneIsTriedAgainAtTheEnd(t *testing.T) {
	t.Parallel()
	d := load(t, "-c-1", "-c-2", "-c-3", "-d-1", "-d-2", "-p-1")
	dec := Start(fresh(t, report.Report{}, report.High, d), d, clocks, t0)
	dec = Failed(dec.Referral, "desk-1", d, clocks, t0)
	expect(t, "one is left", dec, t0.Add(time.Hour))
	if again := Failed(dec.Referral, "desk-1", d, clocks, t0); again.Changed {
		t.Error("failing twice changes something")
	}
	dec = TimeOut(dec.Referral, d, clocks, t0.Add(time.Hour))
	expect(t, "both", dec, t0.Add(2*time.Hour), "desk-1 again x1", "desk-2 again x1")
}

func TestSexualHarmIsToldToOne(t *testing.T) {
	t.Parallel()
	d := load(t)
	dec := Start(fresh(t, report.Report{Harm: report.HarmSexual}, report.High, d), d, clocks, t0)
	expect(t, "one focal person and the district", dec, t0.Add(time.Hour), "c-2 new", "d-1 new", "d-2 new")
	dec = Cannot(dec.Referral, "c-2", Away, d, clocks, t0)
	expect(t, "no other of the committee", dec, t0.Add(time.Hour))
}

func TestTheOwnerGivesBack(t *testing.T) {
	t.Parallel()
	d := load(t)
	dec := Start(fresh(t, report.Report{}, report.High, d), d, clocks, t0)
	dec = Accept(dec.Referral, "c-2", d, clocks, t0)
	now := t0.Add(5 * time.Hour)
	dec = Cannot(dec.Referral, "c-2", Away, d, clocks, now)
	expect(t, "the others are asked again", dec, now.Add(time.Hour), "c-1 again x1", "c-3 again x1")
	if r := dec.Referral; r.State != referral.Alerting || r.Owner != "" || !r.SeenDue.IsZero() || !r.AcceptedAt.IsZero() {
		t.Errorf("%+v", r)
	}
	dec = Accept(dec.Referral, "c-2", d, clocks, now)
	if dec.Referral.Owner != "c-2" {
		t.Error("the owner cannot take it back")
	}

	dec = Start(fresh(t, report.Report{}, report.Medium, d), d, clocks, t0)
	dec = Accept(dec.Referral, "c-1", d, clocks, t0)
	dec = Cannot(dec.Referral, "c-1", 0, d, clocks, now)
	expect(t, "one by one: the next", dec, now.Add(3*time.Hour), "c-2 new")
}

func TestConnectedIsToldNothingMore(t *testing.T) {
	t.Parallel()
	d := load(t)
	dec := Start(fresh(t, report.Report{}, report.High, d), d, clocks, t0)
	dec = Cannot(dec.Referral, "c-2", Connected, d, clocks, t0)
	if dec.Reply.Key != "alert.declined" {
		t.Errorf("an officer who is connected is answered %q, not as anybody else", dec.Reply.Key)
	}
	dec = TimeOut(dec.Referral, d, clocks, t0.Add(time.Hour))
	expect(t, "not even that it was passed up", dec, t0.Add(2*time.Hour), "d-1 next_tier committee", "d-2 next_tier committee",
		"c-1 passed_up district_office", "c-3 passed_up district_office")
	if got := Accept(dec.Referral, "c-2", d, clocks, t0); got.Changed || got.Reply.Key != "alert.not_yours" {
		t.Errorf("%+v", got.Reply)
	}
}

func TestWrongCommuneGoesToTheDeskAndTheLadderGoesOn(t *testing.T) {
	t.Parallel()
	d := load(t)
	dec := Start(fresh(t, report.Report{}, report.Medium, d), d, clocks, t0)
	dec = Cannot(dec.Referral, "c-1", NotOurs, d, clocks, t0.Add(time.Minute))
	expect(t, "nobody else of the wrong committee; the clock runs on", dec, t0.Add(3*time.Hour))
	if h := dec.Hold; h == nil || h.Reason != referral.WrongCommune || h.ReferralID != "ref" || h.ReportID != "rep" || h.ConversationID != "con" ||
		h.Risk != report.Medium || h.Danger || h.State != referral.HoldWaiting || len(h.Why) != 1 {
		t.Fatalf("%+v", h)
	}
	if dec.Reply.Key != "alert.wrong_commune" {
		t.Errorf("%+v", dec.Reply)
	}
	dec = Cannot(dec.Referral, "c-1", NotOurs, d, clocks, t0.Add(2*time.Minute))
	if dec.Hold != nil {
		t.Error("a second hold of the same")
	}
	dec = TimeOut(dec.Referral, d, clocks, t0.Add(3*time.Hour))
	expect(t, "then the district", dec, t0.Add(6*time.Hour), "d-1 next_tier committee")
}

func TestAPersonOnTwoRowsIsOne(t *testing.T) {
	t.Parallel()
	d := load(t, "d-1,0201,district_office,social_worker,1,District,012000101,km,always,f,,")
	dec := Start(fresh(t, report.Report{}, report.High, d), d, clocks, t0)
	dec = TimeOut(dec.Referral, d, clocks, t0.Add(time.Hour))
	expect(t, "one message to the phone of c-1 and d-1", dec, t0.Add(2*time.Hour), "d-1 next_tier committee", "d-2 next_tier committee",
		"c-2 passed_up district_office", "c-3 passed_up district_office")
	dec = Accept(dec.Referral, "c-1", d, clocks, t0)
	if again := Accept(dec.Referral, "d-1", d, clocks, t0); again.Changed || again.Reply.Key != "alert.accepted" {
		t.Errorf("the same person is told %q", again.Reply.Key)
	}
}

func TestAStepThatEmptiedIsPassed(t *testing.T) {
	t.Parallel()
	d := load(t)
	dec := Start(fresh(t, report.Report{}, report.High, d), d, clocks, t0)
	later := load(t, "-d-1", "-d-2")
	dec = TimeOut(dec.Referral, later, clocks, t0.Add(time.Hour))
	expect(t, "the province at once, and the desk with its one phone", dec, t0.Add(2*time.Hour), "p-1 next_tier committee",
		"desk-1 next_tier committee", "desk-2 next_tier committee", "c-1 passed_up province_office",
		"c-2 passed_up province_office", "c-3 passed_up province_office")
	nobody := load(t, "-c-1", "-c-2", "-c-3", "-d-1", "-d-2", "-p-1", "-desk-1", "-desk-2")
	dec = Start(fresh(t, report.Report{}, report.High, d), nobody, clocks, t0)
	if len(dec.Calls) != 0 || dec.Alarm == "" || dec.Clock.IsZero() {
		t.Errorf("an empty directory is silent: %+v", dec)
	}
	dec = TimeOut(dec.Referral, nobody, clocks, t0.Add(time.Hour))
	if dec.Alarm != "Referral 482135: nobody of its plan can be told any more." || !dec.Clock.Equal(t0.Add(2*time.Hour)) {
		t.Errorf("%q %v", dec.Alarm, dec.Clock)
	}
}

func TestNothingGivenIsChanged(t *testing.T) {
	t.Parallel()
	d := load(t)
	dec := Start(fresh(t, report.Report{}, report.High, d), d, clocks, t0)
	before := dec.Referral
	before.Declined, before.Called = make([]string, 0, 8), append(make([]referral.Called, 0, 16), before.Called...)
	n := len(before.Called)
	a := Cannot(before, "c-1", Connected, d, clocks, t0)
	b := Cannot(before, "c-2", 0, d, clocks, t0)
	TimeOut(before, d, clocks, t0.Add(time.Hour))
	if a.Referral.Declined[0] != "c-1" || b.Referral.Declined[0] != "c-2" || before.Called[:n+1][n].OfficerID != "" {
		t.Error("two decisions on one referral share memory")
	}
	if len(before.Plan.Removed.Officers) != 0 || before.State != referral.Alerting {
		t.Error("the referral given was changed")
	}
}

func TestClocksOfAForgottenRisk(t *testing.T) {
	t.Parallel()
	if got := clocks.Of(0); got.Accepted != time.Hour || got.Review != got.Seen {
		t.Errorf("a risk that was not judged: %v", got)
	}
	if got := (Clocks{}).Of(report.Low); got != fallback || got.Accepted <= 0 {
		t.Errorf("no clocks at all: %v", got)
	}
}

// The post on the committee is found out to be the police contact's own phone only after the first alert: from then on it hears nothing.
func TestWhoIsRemovedLaterHearsNothingMore(t *testing.T) {
	t.Parallel()
	d := load(t)
	ref := fresh(t, report.Report{}, report.High, d)
	ref.Plan.Removed.Everywhere = append(ref.Plan.Removed.Everywhere, directory.Police)
	dec := Start(ref, d, clocks, t0)
	expect(t, "nobody is known to be of the police", dec, t0.Add(time.Hour), "c-1 new", "c-2 new", "c-3 new")
	later := load(t, "pol-2,0203,police,duty,2,Police,012000102,km,always,,,")
	dec = TimeOut(dec.Referral, later, clocks, t0.Add(time.Hour))
	expect(t, "c-2 is", dec, t0.Add(2*time.Hour), "d-1 next_tier committee", "d-2 next_tier committee", "c-1 passed_up district_office",
		"c-3 passed_up district_office")
	if got := Help(dec.Referral, "c-2", later, clocks, t0); got.Reply.Key != "alert.help" || got.Reply.Code != "" {
		t.Error("the code is given to a phone that is removed")
	}
}

// Who is away did not fail to answer: the next tier hears that nobody is there, and not that nobody has answered.
func TestNobodyThereIsNotNoAnswer(t *testing.T) {
	t.Parallel()
	all := load(t)
	committee := map[string]bool{"c-1": true, "c-2": true, "c-3": true}
	dec := Start(fresh(t, report.Report{}, report.High, all), all.Without(committee), clocks, t0)
	expect(t, "the committee is away", dec, t0.Add(time.Hour), "d-1 nobody_there committee", "d-2 nobody_there committee")

	dec = Start(fresh(t, report.Report{}, report.High, all), all.Without(map[string]bool{"d-1": true, "d-2": true}), clocks, t0)
	dec = TimeOut(dec.Referral, all.Without(map[string]bool{"d-1": true, "d-2": true}), clocks, t0.Add(time.Hour))
	expect(t, "the district between them is away", dec, t0.Add(2*time.Hour), "p-1 next_tier committee",
		"desk-1 next_tier committee", "desk-2 next_tier committee", "c-1 passed_up province_office",
		"c-2 passed_up province_office", "c-3 passed_up province_office")
}
