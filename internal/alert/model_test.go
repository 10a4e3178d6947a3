package alert

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/gazetteer"
	"chumrok/internal/phone"
	"chumrok/internal/referral"
	"chumrok/internal/report"

	"pgregory.net/rapid"
)

// people makes a random directory for commune 020101: few phones, so that many stand on several rows and in several bodies.
func people(t *rapid.T, phones []phone.Number, label string) *directory.Directory {
	areas := map[directory.Body][]string{
		directory.Committee: {"020101"}, directory.DistrictOffice: {"0201"}, directory.DistrictCommittee: {"0201"},
		directory.ProvinceOffice: {"02"}, directory.ProvinceCommittee: {"02"}, directory.Police: {"0201", "02", "KH"}, directory.Helpline: {"KH"},
		directory.Partner: {"02"}, directory.Emergency: {"02"}, directory.Desk: {"KH", "02"},
	}
	var all []directory.Officer
	for i := range rapid.IntRange(0, 16).Draw(t, label) {
		body := rapid.SampledFrom(directory.Bodies()).Draw(t, "body")
		all = append(all, directory.Officer{
			ID: "o" + string(rune('a'+i)), Body: body, AreaCode: rapid.SampledFrom(areas[body]).Draw(t, "area"),
			Role: rapid.SampledFrom(directory.Roles()).Draw(t, "role"), Order: rapid.IntRange(1, 3).Draw(t, "order"),
			Phone: rapid.SampledFrom(phones).Draw(t, "phone"), Gender: rapid.SampledFrom([]string{"f", "m", ""}).Draw(t, "gender"),
		})
	}
	return directory.New(all...)
}

// Random reports, rosters that change, answers, dead phones and clocks: whatever comes, a referral has an owner, or a clock that runs, or is
// with a reviewer or closed; who is removed is never written to; there is one owner, who was alerted.
func TestWhateverComesSomebodyAnswersForIt(t *testing.T) {
	t.Parallel()
	g := gazetteer.Default()
	var phones []phone.Number
	for _, raw := range []string{"012 000 101", "012 000 102", "012 000 103", "012 000 104", "012 000 105", "012 000 106", "012 000 107", "012 000 108"} {
		n, err := phone.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		phones = append(phones, n)
	}
	rapid.Check(t, func(t *rapid.T) {
		one := func(label string, values ...string) string { return rapid.SampledFrom(values).Draw(t, label) }
		d := people(t, phones, "officers")
		r := report.FromAnswers(func(field string) string {
			switch field {
			case "place":
				return "020101"
			case "harm":
				return one(field, "physical", "sexual", "self_harm", "bullying")
			case "danger":
				return one(field, "yes", "no", "unsure", "")
			case "by_whom":
				return one(field, "family", "teacher", "official", "")
			case "official":
				return one(field, "", "", "village_chief", "commune_chief", "police", "committee", "other")
			case "told":
				return one(field, "committee", "sexual", "district", "province", "")
			case "not_them", "emergency":
				return one(field, "no", "no", "yes")
			}
			return ""
		})
		now := t0
		if r.DangerSaid() {
			r.DangerAt = now.Add(-time.Duration(rapid.IntRange(0, 60).Draw(t, "ago")) * time.Minute)
		}
		risk, _ := report.Triage{Default: rapid.SampledFrom([]report.Risk{report.Low, report.Medium}).Draw(t, "default")}.Assess(r)
		caller := rapid.SampledFrom(append([]phone.Number{{}}, phones...)).Draw(t, "caller")
		p, hold := referral.Route(r, risk, caller, referral.Ladders{Emergency: []directory.Body{directory.Emergency, directory.ProvinceOffice},
			DangerHelp: []directory.Body{directory.Police, directory.Helpline, directory.Partner}}, d, g)
		if hold != nil {
			if hold.Reason != referral.NobodyReachable {
				t.Fatalf("held: %v", hold.Why)
			}
			checkHold(t, *hold, d, now)
			return
		}
		ref := referral.Referral{ID: "ref", Code: "482135", Risk: risk, AreaCode: "020101", Plan: p, DangerAt: r.DangerAt}
		dec := Start(ref, d, reminding, now)
		checkStep(t, ref, dec, d, now, "")
		for range rapid.IntRange(1, 30).Draw(t, "deeds") {
			// What is decided is stored and read back.
			b, err := json.Marshal(dec.Referral)
			if err != nil {
				t.Fatal(err)
			}
			ref = referral.Referral{}
			if err := json.Unmarshal(b, &ref); err != nil {
				t.Fatal(err)
			}
			writer := ""
			switch rapid.IntRange(0, 9).Draw(t, "deed") {
			case 0, 1, 2:
				if next := next(ref); next.After(now) {
					now = next
				}
				dec = Tick(ref, d, reminding, now)
				if ref.State.Open() && !dec.Changed {
					t.Fatal("a clock ran out and nothing followed")
				}
				if next := next(dec.Referral); ref.State.Open() && !next.After(now) {
					t.Fatalf("what was due at %v is due again at %v", now, next)
				}
			case 3:
				dec = Failed(ref, someone(t, d), d, reminding, now)
			case 4:
				d = people(t, phones, "officers then")
				dec = Decision{Referral: ref, Clock: ref.AcceptDue}
			case 5:
				dec = HandOn(ref, rapid.SampledFrom([]string{"", someone(t, d)}).Draw(t, "to"), d, reminding, now)
			default:
				now = now.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "minutes")) * time.Minute)
				writer = someone(t, d)
				m := Match{Verb: Verb(rapid.IntRange(1, 5).Draw(t, "verb")), Follow: rapid.IntRange(0, 6).Draw(t, "follow")}
				dec = Answer(ref, writer, m, d, reminding, now)
				if dec.Reply.Key == "" {
					t.Fatal("no answer")
				}
			}
			checkStep(t, ref, dec, d, now, writer)
		}
	})
}

// reminding are clocks with reminders and offices that close.
var reminding = func() Clocks {
	c := clocks
	c.Remind = 67
	c.Hours, _ = directory.ParseHours("Mo-Fr 07:30-11:30 14:00-17:30")
	c.Holidays = directory.Holidays{"2026-11-24": true}
	return c
}()

// next is when something falls due of a referral by its clocks; zero when it is closed.
func next(ref referral.Referral) time.Time {
	next := NextReminder(ref)
	for _, at := range []time.Time{ref.AcceptDue, ref.SeenClock.Next, ref.OutcomeClock.Next, ref.ReviewClock.Next} {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

func someone(t *rapid.T, d *directory.Directory) string {
	ids := []string{"gone"}
	for _, o := range d.All() {
		ids = append(ids, o.ID)
	}
	return rapid.SampledFrom(ids).Draw(t, "officer")
}

func checkStep(t *rapid.T, was referral.Referral, dec Decision, d *directory.Directory, now time.Time, writer string) {
	t.Helper()
	now1 := dec.Referral
	sound(t, now1, dec.Clock)
	var written []phone.Number
	for _, c := range dec.Calls {
		o, ok := d.Get(c.OfficerID)
		if !ok || now1.Plan.Removed.IsRemoved(o, d) || was.Plan.Removed.IsRemoved(o, d) {
			t.Fatalf("%s is written to and must not be", c.OfficerID)
		}
		if slices.Contains(written, o.Phone) {
			t.Fatalf("the phone of %s is written to twice at once", c.OfficerID)
		}
		written = append(written, o.Phone)
		if c.Asks() && now1.State != referral.Alerting && !strings.HasPrefix(c.Key, "alert.late_") && c.Key != "alert.review" {
			t.Fatalf("%s is asked in %s", c.OfficerID, now1.State)
		}
	}
	if dec.Changed && was.State == referral.Alerting && now1.State == referral.Alerting && now1.Step < was.Step {
		t.Fatalf("the ladder went down from %d to %d", was.Step, now1.Step)
	}
	if now1.Owner != was.Owner && now1.Owner != "" {
		if was.Owner != "" && was.State != referral.Review || now1.Owner != writer || !was.WasCalled(writer) && !calledPhone(was, writer, d) {
			t.Fatalf("the owner %q became %q by a message of %q", was.Owner, now1.Owner, writer)
		}
	}
	if hold := dec.Hold; hold != nil {
		checkHold(t, *hold, d, now)
	}
}

func calledPhone(ref referral.Referral, id string, d *directory.Directory) bool {
	o, _ := d.Get(id)
	return slices.ContainsFunc(ref.Called, func(c referral.Called) bool { return same(d, c.OfficerID, o) })
}

func checkHold(t *rapid.T, h referral.Hold, d *directory.Directory, now time.Time) {
	t.Helper()
	dec := StartHold(h, d, reminding, now)
	again := HoldTimeOut(dec.Hold, d, clocks, dec.Clock)
	for _, x := range []HoldDecision{dec, again} {
		if x.Clock.IsZero() || x.Hold.State != referral.HoldWaiting || len(x.Calls) == 0 && x.Alarm == "" && !(h.Reason.Quiet() && x.Hold.Repeat == 0) {
			t.Fatalf("a hold is silent: %+v", x)
		}
		for _, c := range x.Calls {
			if o, ok := d.Get(c.OfficerID); !ok || o.Body != directory.Desk || h.Removed.IsRemoved(o, d) {
				t.Fatalf("%s is told of a hold and must not be", c.OfficerID)
			}
		}
	}
}
