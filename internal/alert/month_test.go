package alert

import (
	"container/heap"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/gazetteer"
	"chumrok/internal/phone"
	"chumrok/internal/referral"
	"chumrok/internal/report"
)

// monthReports is how many reports a simulated month has.
const monthReports = 5000

// month is a month of a deployment, without any of its machinery: what is decided is kept under a version, and everything that can
// happen to a decision happens: it is lost in a crash and made again, made twice, or made on what no longer stands.
type month struct {
	t       *testing.T
	random  *rand.Rand
	all     *directory.Directory
	present *directory.Directory
	now     time.Time
	events  happenings
	refs    []kept
	holds   []keptHold
	count   map[string]int
}

type kept struct {
	ref     referral.Referral
	version int
	removed referral.Removal // as it was routed
}

type keptHold struct {
	hold    referral.Hold
	removed referral.Removal
}

type happening struct {
	at   time.Time
	turn int // the order among equals
	do   func()
}

type happenings []happening

func (h happenings) Len() int { return len(h) }
func (h happenings) Less(i, j int) bool {
	return h[i].at.Before(h[j].at) || h[i].at.Equal(h[j].at) && h[i].turn < h[j].turn
}
func (h happenings) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *happenings) Push(x any)   { *h = append(*h, x.(happening)) } //nolint:forcetypeassert // the heap's own
func (h *happenings) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

func (m *month) in(d time.Duration, do func()) {
	m.count["events"]++
	heap.Push(&m.events, happening{m.now.Add(d), m.count["events"], do})
}

func (m *month) chance(percent int) bool { return m.random.IntN(100) < percent }

func (m *month) some(hours int) time.Duration {
	return time.Duration(1+m.random.IntN(hours*60)) * time.Minute
}

// officers are ten communes with committees of different sizes, their districts and province, police, a reviewer and a desk; a phone now and then
// stands on two rows.
func officers(t *testing.T, random *rand.Rand) *directory.Directory {
	t.Helper()
	var all []directory.Officer
	number := 100
	add := func(area string, body directory.Body, role directory.Role, hours string) {
		if number++; random.IntN(12) == 0 {
			number--
		}
		n, err := phone.Parse(fmt.Sprintf("012 000 %03d", number))
		if err != nil {
			t.Fatal(err)
		}
		h, err := directory.ParseHours(hours)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, directory.Officer{ID: fmt.Sprintf("%s-%s-%d", body, area, len(all)), AreaCode: area, Body: body, Role: role, Order: len(all),
			Phone: n, Hours: h, Gender: []string{"f", "m"}[random.IntN(2)]})
	}
	const office = "Mo-Fr 07:30-11:30 14:00-17:30"
	for i := range 8 {
		area := fmt.Sprintf("0201%02d", i+1)
		roles := []directory.Role{directory.Chair, directory.Focal, directory.Focal, directory.PolicePost, directory.School, directory.VillageChief}
		for _, role := range roles[:random.IntN(len(roles)+1)] {
			add(area, directory.Committee, role, []string{"always", office}[random.IntN(2)])
		}
	}
	for range 2 {
		add("0201", directory.DistrictOffice, directory.SocialWorker, office)
	}
	add("0201", directory.DistrictCommittee, directory.Reviewer, office)
	add("02", directory.ProvinceOffice, directory.SocialWorker, office)
	add("02", directory.Police, directory.Duty, "always")
	for range 3 {
		add("KH", directory.Desk, directory.Duty, "always")
	}
	return directory.New(all...)
}

// tells is one report at a random place with random answers.
func (m *month) tells(i int) {
	one := func(values ...string) string { return values[m.random.IntN(len(values))] }
	place := fmt.Sprintf("0201%02d", 1+m.random.IntN(8))
	if m.chance(3) {
		place = one("", "0201", "02")
	}
	r := report.FromAnswers(func(field string) string {
		switch field {
		case "place":
			return place
		case "harm":
			return one("physical", "physical", "sexual", "self_harm", "bullying", "neglect")
		case "danger":
			return one("yes", "no", "no", "no", "unsure", "")
		case "by_whom":
			return one("family", "family", "teacher", "official", "")
		case "official":
			return one("", "", "", "", "village_chief", "commune_chief", "police", "committee", "other")
		case "not_them":
			return one("no", "no", "no", "yes")
		}
		return ""
	})
	if r.DangerSaid() {
		r.DangerAt = m.now
	}
	risk, _ := report.Triage{Default: report.Medium}.Assess(r)
	if m.chance(20) {
		risk = report.Risk(1 + m.random.IntN(4))
	}
	p, hold := referral.Route(r, risk, phone.Number{}, ladders, m.all, gazetteer.Default())
	if hold != nil {
		hold.ID = fmt.Sprint(i)
		m.count["held"]++
		m.holds = append(m.holds, keptHold{removed: hold.Removed})
		m.holdDecided(len(m.holds)-1, StartHold(*hold, m.present, reminding, m.now))
		return
	}
	m.count["referred"]++
	m.refs = append(m.refs, kept{removed: p.Removed})
	ref := referral.Referral{ID: fmt.Sprint(i), Code: "482135", Risk: risk, AreaCode: place, Plan: p, DangerAt: r.DangerAt}
	m.decided(len(m.refs)-1, Start(ref, m.present, reminding, m.now))
}

// load is a referral as it stands; now and then as it is read back from what was written.
func (m *month) load(i int) referral.Referral {
	ref := m.refs[i].ref
	if m.chance(5) {
		body, err := json.Marshal(ref)
		if err != nil {
			m.t.Fatal(err)
		}
		ref = referral.Referral{}
		if err := json.Unmarshal(body, &ref); err != nil {
			m.t.Fatal(err)
		}
	}
	ref.Version = m.refs[i].version
	return ref
}

// happens is something that happens to a referral: decided, and then lost in a crash, done twice, or done.
func (m *month) happens(i int, decide func(referral.Referral) Decision) {
	ref := m.load(i)
	decision := decide(ref)
	switch {
	case m.chance(3): // killed before it was stored: the work comes again when its lease runs out, the message when its provider repeats it
		m.count["crashed"]++
		m.in(time.Minute, func() { m.happens(i, decide) })
		return
	case m.chance(5): // the same once more, at once
		m.count["repeated"]++
		defer m.happens(i, decide)
	}
	if decision.Changed && decision.Referral.Version != m.refs[i].version {
		m.t.Fatal("decided on what does not stand")
	}
	m.decided(i, decision)
}

// decided stores a decision and lets follow what follows from it.
func (m *month) decided(i int, d Decision) {
	k := &m.refs[i]
	ref := d.Referral
	if d.Changed || k.version == 0 {
		k.ref, k.version = ref, k.version+1
		m.clocks(i, ref)
	}
	sound(m.t, ref, ref.AcceptDue)
	for _, c := range d.Calls {
		o, ok := m.all.Get(c.OfficerID)
		if !ok || k.removed.IsRemoved(o, m.all) || ref.Plan.Removed.IsRemoved(o, m.all) {
			m.t.Fatalf("referral %d: %s is written to by %s and must not be", i, c.OfficerID, c.Key)
		}
		m.hears(i, c)
	}
	if d.Hold != nil {
		hold := *d.Hold
		m.holds = append(m.holds, keptHold{removed: hold.Removed})
		m.holdDecided(len(m.holds)-1, StartHold(hold, m.present, reminding, m.now))
	}
}

// clocks lets the clocks of a referral run, as due work does: at the earliest, and again as long as it is too early.
func (m *month) clocks(i int, ref referral.Referral) {
	due := next(ref)
	if due.IsZero() {
		return
	}
	version := m.refs[i].version
	m.in(max(0, due.Sub(m.now)), func() {
		if m.refs[i].version == version {
			m.happens(i, func(ref referral.Referral) Decision { return Tick(ref, m.present, reminding, m.now) })
		}
	})
}

// hears is an officer who was written to: he answers, or not, or his phone is dead.
func (m *month) hears(i int, c Call) {
	switch {
	case m.chance(4):
		m.in(time.Minute, func() {
			m.happens(i, func(ref referral.Referral) Decision { return Failed(ref, c.OfficerID, m.present, reminding, m.now) })
		})
	case m.chance(35): // silent
	default:
		m.in(m.some(4), func() { m.answers(i, c.OfficerID) })
	}
}

// answers is what somebody writes about a referral, and what he goes on to do.
func (m *month) answers(i int, officer string) {
	match := Match{Verb: Verb(1 + m.random.IntN(5)), Follow: m.random.IntN(7)}
	ref := m.load(i)
	switch o, _ := m.all.Get(officer); {
	case ref.State == referral.Alerting && m.chance(70):
		match.Verb = AcceptIt
	case ref.Owner != "" && same(m.all, ref.Owner, o) && m.chance(80):
		match.Verb, match.Follow = []Verb{HaveSeen, GiveOutcome}[m.random.IntN(2)], 1+m.random.IntN(6)
	case Reviews(ref, officer, m.all) && m.chance(80):
		match.Verb = []Verb{AcceptIt, AcceptIt, CannotDo, HaveSeen}[m.random.IntN(4)]
	}
	m.happens(i, func(ref referral.Referral) Decision { return Answer(ref, officer, match, m.present, reminding, m.now) })
	if ref = m.load(i); ref.Owner == officer && (ref.State == referral.Accepted || ref.State == referral.Seen) && m.chance(90) {
		if m.chance(3) {
			m.happens(i, func(ref referral.Referral) Decision { return HandOn(ref, "", m.present, reminding, m.now) })
			return
		}
		m.in(m.some(60), func() { m.answers(i, officer) })
	}
}

func (m *month) holdDecided(i int, d HoldDecision) {
	k := &m.holds[i]
	k.hold = d.Hold
	for _, c := range d.Calls {
		if o, ok := m.all.Get(c.OfficerID); !ok || k.removed.IsRemoved(o, m.all) {
			m.t.Fatalf("hold %d: %s is told and must not be", i, c.OfficerID)
		}
		if m.chance(60) {
			m.in(m.some(3), func() {
				m.holdDecided(i, AnswerHold(m.holds[i].hold, c.OfficerID, Match{Verb: Verb(1 + m.random.IntN(2))}, m.present, reminding, m.now))
			})
		}
	}
	if d.Changed && !d.Clock.IsZero() {
		m.in(max(0, d.Clock.Sub(m.now)), func() { m.holdDecided(i, HoldTimeOut(m.holds[i].hold, m.present, reminding, m.now)) })
	}
}

// TestAMonth: five thousand reports in a month of random officers, answers, dead phones, absences, crashes and repeats. After it each report is closed,
// or waits at a named person with a clock that runs; nobody who was to be skipped was ever written to; and what came in adds up.
func TestAMonth(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		random := rand.New(rand.NewPCG(seed, 2026))
		m := &month{t: t, random: random, all: officers(t, random), now: t0, count: map[string]int{}}
		m.present = m.all.On(m.now, nil)
		for i := range monthReports {
			m.in(time.Duration(random.Int64N(int64(30*aDay))), func() { m.tells(i) })
		}
		var day func()
		day = func() { // each half day some are away
			away := map[string]bool{}
			for _, o := range m.all.All() {
				away[o.ID] = m.chance(8)
			}
			for id, is := range away {
				if !is {
					delete(away, id)
				}
			}
			m.present = m.all.Without(away).On(m.now, nil)
			m.in(12*time.Hour, day)
		}
		day()
		end := t0.Add(30 * aDay)
		for len(m.events) > 0 && !m.events[0].at.After(end) {
			e, _ := heap.Pop(&m.events).(happening)
			m.now = e.at
			e.do()
		}
		m.addsUp(end)
	}
}

func (m *month) addsUp(end time.Time) {
	m.t.Helper()
	states, opened := map[referral.State]int{}, 0
	for i := range m.refs {
		ref := m.load(i)
		states[ref.State]++
		sound(m.t, ref, ref.AcceptDue)
		if !ref.State.Open() {
			continue
		}
		if due := next(ref); !due.After(end.Add(-2*time.Minute)) || due.IsZero() {
			m.t.Errorf("referral %d is %s and waits for a clock that ran out at %v", i, ref.State, due)
		}
		// Where everybody who could review has removed himself, the alarm rises each time.
		if ref.Owner == "" && len(ref.Called) == 0 || ref.State == referral.Review && len(ref.Reviewers) == 0 && ref.ReviewClock.Repeat == 0 {
			m.t.Errorf("referral %d is %s and waits for nobody", i, ref.State)
		}
	}
	for i, k := range m.holds {
		if k.hold.ReferralID != "" {
			opened++
		}
		runs := k.hold.Due.After(end.Add(-2 * time.Minute))
		waits := k.hold.State == referral.HoldWaiting &&
			(len(k.hold.Called) > 0 || k.hold.Reason.Quiet() && (k.hold.Repeat == 0 || len(desk(k.hold, m.all)) == 0)) // told later, or nobody may be: the alarm
		if !runs || !waits && (k.hold.State != referral.HoldTaken || k.hold.Owner == "") {
			m.t.Errorf("hold %d is %s, due %v, owned by %q", i, k.hold.State, k.hold.Due, k.hold.Owner)
		}
	}
	sum := 0
	for _, n := range states {
		sum += n
	}
	if sum+len(m.holds)-opened != monthReports || m.count["held"]+m.count["referred"] != monthReports {
		m.t.Errorf("%d reports came in; %d are referred and %d held", monthReports, sum, len(m.holds)-opened)
	}
	if states[referral.Closed] < monthReports/3 || m.count["crashed"] == 0 || m.count["repeated"] == 0 {
		m.t.Errorf("not much of a month: %v, %v", states, m.count)
	}
	m.t.Log(states, m.count)
}
