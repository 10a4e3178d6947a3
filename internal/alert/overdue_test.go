package alert

import (
	"slices"
	"strings"
	"testing"
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/referral"
	"chumrok/internal/report"

	"github.com/google/go-cmp/cmp"
)

// told compares whom a decision writes to.
func told(t *testing.T, what string, dec Decision, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, calls(dec.Calls)); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
	sound(t, dec.Referral, dec.Referral.AcceptDue)
}

// accepted is a referral of high risk that c-1 has taken at t0.
func accepted(t *testing.T, d *directory.Directory, with Clocks) referral.Referral {
	t.Helper()
	return Accept(Start(fresh(t, report.Report{}, report.High, d), d, with, t0).Referral, "c-1", d, with, t0).Referral
}

func TestAReminderBeforeEachClock(t *testing.T) {
	t.Parallel()
	d := load(t)
	with := clocks
	with.Remind = 50
	dec := Start(fresh(t, report.Report{}, report.High, d), d, with, t0)
	dec = Cannot(dec.Referral, "c-3", Away, d, with, t0)
	if next := NextReminder(dec.Referral); !next.Equal(t0.Add(30 * time.Minute)) {
		t.Fatalf("the reminder is at %v", next)
	}
	if early := Tick(dec.Referral, d, with, t0.Add(29*time.Minute)); early.Changed {
		t.Error("reminded before its time")
	}
	dec = Tick(dec.Referral, d, with, t0.Add(30*time.Minute))
	told(t, "those who are asked and have not said no", dec, "c-1 reminder", "c-2 reminder")
	if again := Tick(dec.Referral, d, with, t0.Add(31*time.Minute)); again.Changed {
		t.Error("reminded twice")
	}
	dec = Accept(dec.Referral, "c-1", d, with, t0.Add(40*time.Minute))
	from := t0.Add(40 * time.Minute)
	dec = Tick(dec.Referral, d, with, from.Add(12*time.Hour))
	told(t, "to see the child", dec, "c-1 remind_seen")
	if when := dec.Calls[0].When; !when.Equal(from.Add(24 * time.Hour)) {
		t.Errorf("the reminder names %v", when)
	}
	dec = Seen(dec.Referral, "c-1", d, with, from.Add(13*time.Hour))
	dec = Tick(dec.Referral, d, with, from.Add(7*24*time.Hour))
	told(t, "for the outcome", dec, "c-1 remind_outcome")
	dec = Outcome(dec.Referral, "c-1", 5, d, with, from.Add(8*24*time.Hour))
	dec = Tick(dec.Referral, d, with, from.Add(8*24*time.Hour+12*time.Hour))
	told(t, "to agree", dec, "d-1 remind_review", "d-2 remind_review")
}

func TestSeenClockOutTheOwnerStays(t *testing.T) {
	t.Parallel()
	d := load(t)
	ref := accepted(t, d, clocks)
	now := t0.Add(24 * time.Hour)
	dec := Tick(ref, d, clocks, now)
	told(t, "the district", dec, "d-1 late_seen committee", "d-2 late_seen committee", "c-1 late_owner district_office")
	if dec.Referral.Owner != "c-1" || dec.Referral.State != referral.Accepted || !dec.Referral.SeenClock.Next.Equal(now.Add(8*time.Hour)) {
		t.Errorf("%+v", dec.Referral)
	}
	if got := Accept(dec.Referral, "d-1", d, clocks, now); got.Changed || got.Reply.Key != "alert.already_taken" {
		t.Errorf("the district took it from its owner: %+v", got.Reply)
	}
	dec = Tick(dec.Referral, d, clocks, now.Add(8*time.Hour))
	told(t, "the province", dec, "p-1 late_seen committee", "c-1 late_owner province_office")
	dec = Tick(dec.Referral, d, clocks, now.Add(16*time.Hour))
	told(t, "the desk", dec, "desk-1 late_seen committee", "desk-2 late_seen committee", "c-1 late_owner desk")
	if dec.Alarm != "" || dec.Referral.Unanswered() {
		t.Errorf("an alarm before the last step was silent: %s", dec.Alarm)
	}
	dec = Tick(dec.Referral, d, clocks, now.Add(24*time.Hour))
	told(t, "the desk again", dec, "desk-1 late_seen committee x1", "desk-2 late_seen committee x1", "c-1 late_owner desk")
	if dec.Alarm != "Referral 482135: the child has not been seen in time, and nobody is left above who was not told (1)." || !dec.Referral.Unanswered() {
		t.Errorf("alarm %q", dec.Alarm)
	}
	dec = Seen(dec.Referral, "c-1", d, clocks, now.Add(25*time.Hour))
	if dec.Referral.Unanswered() || dec.Referral.SeenClock.Running() {
		t.Errorf("seen, and the clock runs: %+v", dec.Referral.SeenClock)
	}
	dec = Tick(dec.Referral, d, clocks, t0.Add(14*24*time.Hour))
	told(t, "no outcome", dec, "d-1 late_outcome committee", "d-2 late_outcome committee", "c-1 late_owner district_office")
}

func TestAHandOn(t *testing.T) {
	t.Parallel()
	d := load(t)
	ref := accepted(t, d, clocks)
	dec := HandOn(ref, "c-2", d, clocks, t0)
	told(t, "to a colleague", dec, "c-2 new")
	if dec.Referral.State != referral.Alerting || dec.Referral.Owner != "" || !dec.Clock.Equal(t0.Add(time.Hour)) {
		t.Errorf("%+v", dec.Referral)
	}
	if got := Accept(dec.Referral, "c-2", d, clocks, t0); got.Referral.Owner != "c-2" {
		t.Errorf("%+v", got.Reply)
	}
	dec = TimeOut(dec.Referral, d, clocks, dec.Clock)
	if dec.Referral.Step != 1 {
		t.Errorf("who it was handed to is silent, and step %d runs", dec.Referral.Step)
	}
	told(t, "to the next step", HandOn(ref, "", d, clocks, t0), "d-1 next_tier committee", "d-2 next_tier committee", "c-2 passed_up district_office",
		"c-3 passed_up district_office")
	told(t, "to the province", HandOn(ref, "p-1", d, clocks, t0), "p-1 new")
	removed := ref
	removed.Plan.Removed = removed.Plan.Removed.With("d-1")
	for what, dec := range map[string]Decision{
		"to himself": HandOn(ref, "c-1", d, clocks, t0), "to nobody": HandOn(ref, "gone", d, clocks, t0),
		"to somebody removed": HandOn(removed, "d-1", d, clocks, t0),
		"of nobody's":         HandOn(Start(fresh(t, report.Report{}, report.High, d), d, clocks, t0).Referral, "c-1", d, clocks, t0),
	} {
		if dec.Changed || len(dec.Calls) > 0 {
			t.Errorf("%s: handed on", what)
		}
	}
}

func TestOneFocalPersonAndTheNextWhenSheIsAwayOrOffDuty(t *testing.T) {
	t.Parallel()
	second := "c-4,020101,committee,focal,4,Second,012000104,km,always,f,,"
	sexual := report.Report{Harm: report.HarmSexual}
	d := load(t, second)
	told(t, "one of two", Start(fresh(t, sexual, report.High, d), d, clocks, t0), "c-2 new", "d-1 new", "d-2 new")
	away := d.Without(map[string]bool{"c-2": true})
	told(t, "away", Start(fresh(t, sexual, report.High, d), away, clocks, t0), "c-4 new", "d-1 new", "d-2 new")
	d = load(t, second, "c-2,020101,committee,focal,2,Focal,012000102,km,Mo-Fr 08:00-12:00,f,,")
	off := d.On(t0, nil) // a Sunday
	dec := Start(fresh(t, sexual, report.High, d), off, clocks, t0)
	told(t, "off duty", dec, "c-4 new", "d-1 new", "d-2 new")
	dec = Cannot(dec.Referral, "c-4", Connected, off, clocks, t0)
	told(t, "connected: the other one, though off duty", dec, "c-2 new")
	dec = Cannot(dec.Referral, "c-2", Away, off, clocks, t0)
	told(t, "never the rest of the committee", dec)
}

func TestNoGreatDangerRestsOnOnePhone(t *testing.T) {
	t.Parallel()
	d := load(t, "-c-2", "-c-3")
	dec := Start(fresh(t, report.Report{}, report.High, d), d, clocks, t0)
	told(t, "one phone", dec, "c-1 new", "d-1 new", "d-2 new")
	if !strings.HasPrefix(dec.Referral.Plan.Why[len(dec.Referral.Plan.Why)-1], "Fewer than two phones") {
		t.Errorf("it is not said why: %q", dec.Referral.Plan.Why)
	}
	told(t, "medium waits for its clock", Start(fresh(t, report.Report{}, report.Medium, d), d, clocks, t0), "c-1 new")
	const office = "Mo-Fr 07:30-11:30 14:00-17:30"
	night := load(t, "c-1,020101,committee,chair,1,Chair,012000101,km,"+office+",m,,", "c-2,020101,committee,focal,2,Focal,012000102,km,"+office+",f,,",
		"c-3,020101,committee,member,3,Member,012000103,km,"+office+",m,,").On(t0.Add(12*time.Hour), nil)
	told(t, "three phones, all off duty", Start(fresh(t, report.Report{}, report.High, night), night, clocks, t0), "c-1 new", "c-2 new", "c-3 new",
		"d-1 new", "d-2 new")
}

func TestOfficesCountForMediumAndLow(t *testing.T) {
	t.Parallel()
	with := clocks
	with.Hours, _ = directory.ParseHours("Mo-Fr 07:30-11:30 14:00-17:30")
	with.Zone = time.FixedZone("ICT", 7*3600)
	with.Holidays = directory.Holidays{"2026-04-14": true, "2026-04-15": true, "2026-04-16": true}
	at := func(text string) time.Time {
		when, err := time.ParseInLocation("2006-01-02 15:04", text, with.Zone)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, c := range []struct {
		what string
		risk report.Risk
		from string
		d    time.Duration
		want string
	}{
		{"over lunch", report.Medium, "2026-03-02 10:30", 3 * time.Hour, "2026-03-02 16:00"},
		{"over a week-end", report.Medium, "2026-03-06 16:30", 3 * time.Hour, "2026-03-09 09:30"},
		{"begun at night", report.Medium, "2026-03-02 22:00", 3 * time.Hour, "2026-03-03 10:30"},
		{"three days from a Friday", report.Medium, "2026-03-06 10:00", 72 * time.Hour, "2026-03-11 10:00"},
		{"a day over the New Year", report.Low, "2026-04-13 15:00", 24 * time.Hour, "2026-04-17 15:00"},
		{"a day begun at night", report.Low, "2026-03-02 22:00", 24 * time.Hour, "2026-03-04 07:30"},
		{"a week runs through", report.Low, "2026-03-02 10:00", 7 * 24 * time.Hour, "2026-03-09 10:00"},
		{"a week that ends on a Sunday", report.Low, "2026-03-01 10:00", 7 * 24 * time.Hour, "2026-03-09 07:30"},
		{"high never waits", report.High, "2026-04-13 22:00", time.Hour, "2026-04-13 23:00"},
		{"immediate never waits", report.Immediate, "2026-04-14 02:00", 20 * time.Minute, "2026-04-14 02:20"},
		{"not judged never waits", 0, "2026-04-14 02:00", time.Hour, "2026-04-14 03:00"},
	} {
		if got := with.Until(c.risk, at(c.from), c.d); !got.Equal(at(c.want)) {
			t.Errorf("%s: %s and %v give %s, want %s", c.what, c.from, c.d, got.Format("2006-01-02 15:04"), c.want)
		}
	}
	with.Remind = 67
	d := load(t)
	dec := Start(fresh(t, report.Report{}, report.Medium, d), d, with, at("2026-03-06 16:30"))
	if remind := dec.Referral.AcceptRemind; !remind.Before(dec.Clock) || !with.Hours.Open(remind.In(with.Zone), with.Holidays) {
		t.Errorf("reminded at %v of a clock at %v", remind.In(with.Zone), dec.Clock)
	}
}

// Every state and everything that can happen: where states.md has an arrow it leads where it says, and where it has none nothing changes.
func TestEveryEventInEveryState(t *testing.T) {
	t.Parallel()
	d := load(t, "c-4,020101,committee,member,4,Member,012000104,km,always,m,,")
	late := t0.Add(365 * 24 * time.Hour)
	for _, s := range referral.States() {
		for _, on := range referral.Events() {
			ref := inState(t, s, d)
			if on == referral.RefuseSeen {
				ref.SeenAt = t0
			}
			var dec Decision
			switch on {
			case referral.Accept:
				dec = Accept(ref, "c-2", d, clocks, t0)
			case referral.Cannot:
				dec = Cannot(ref, "c-1", Away, d, clocks, t0)
			case referral.Unreachable:
				id := "c-2"
				if s == referral.Review {
					id = "d-1"
				}
				dec = Failed(ref, id, d, clocks, t0)
			case referral.TimeOut:
				dec = TimeOut(ref, d, clocks, late)
			case referral.SawChild:
				dec = Seen(ref, "c-1", d, clocks, t0)
			case referral.Finish:
				dec = Outcome(ref, "c-1", 1, d, clocks, t0)
			case referral.FinishForReview:
				dec = Outcome(ref, "c-1", 5, d, clocks, t0)
			case referral.Confirm:
				dec = Review(ref, "d-1", AcceptIt, d, clocks, t0)
			case referral.Refuse, referral.RefuseSeen:
				dec = Review(ref, "d-1", CannotDo, d, clocks, t0)
			case referral.PassUp:
				dec = Review(ref, "d-1", HaveSeen, d, clocks, t0)
			case referral.HandOn:
				dec = HandOn(ref, "c-2", d, clocks, t0)
			case referral.SeenOut:
				if s == referral.Accepted {
					dec = Tick(ref, d, clocks, ref.SeenClock.Next)
				} else {
					dec = Tick(ref, d, clocks, t0)
				}
			case referral.OutcomeOut, referral.ReviewOut:
				dec = Tick(ref, d, clocks, late)
			}
			want, moves := s.After(on)
			ticks := slices.Contains([]referral.Event{referral.OutcomeOut, referral.ReviewOut}, on) // with all that is late by then
			if dec.Referral.State != want || dec.Changed != moves && !ticks {
				t.Errorf("%s in %s: %s, changed %v; want %s, %v", on, s, dec.Referral.State, dec.Changed, want, moves)
			}
			sound(t, dec.Referral, dec.Clock)
		}
	}
}
