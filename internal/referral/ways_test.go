package referral

import (
	"slices"
	"testing"

	"chumrok/internal/directory"
	"chumrok/internal/gazetteer"
	"chumrok/internal/report"

	"github.com/google/go-cmp/cmp"
)

// waysOfTheirOwn is the pack's ladder with an order for each harm that may have one.
var waysOfTheirOwn = Ladders{
	Default:    ladders.Default,
	Emergency:  ladders.Emergency,
	ByProvince: map[string][]directory.Body{"02": {directory.ProvinceOffice}},
	DangerHelp: []directory.Body{directory.DistrictOffice, directory.Helpline},
	ByHarm: map[report.Harm][]directory.Body{
		report.HarmBullying: {directory.Committee, directory.DistrictOffice},
		report.HarmSelf:     {directory.Helpline, directory.Committee, directory.DistrictOffice, directory.ProvinceOffice},
	},
}

func TestHarmsWithAWayOfTheirOwn(t *testing.T) {
	t.Parallel()
	self := report.Report{AreaCode: "020101", Harm: report.HarmSelf}
	with := func(r report.Report, change func(*report.Report)) report.Report {
		change(&r)
		return r
	}
	bullied := report.Report{AreaCode: "020101", Harm: report.HarmBullying}
	const bullying = "Bullying: on a committee those who know the children are told first."
	for _, c := range []struct {
		name   string
		r      report.Report
		risk   report.Risk
		caller string
		with   []string
		steps  []string
		first  []string // the officers of the first step, as they are told
		why    []string // among others
	}{
		{name: "a child who wants to hurt herself", r: self, risk: report.Immediate,
			steps: []string{"helpline@KH", "+committee@020101[c-focal-f c-focal-m]", "+district_office@0201", "province_office@02", "desk@KH"},
			why: []string{"A child wants to hurt herself or himself: told at once, and to one person of a committee, not to all of it.",
				"First the helpline, which serves the whole country: 1 officer.",
				"At the same time the committee of commune Kantueu Muoy (020101): one person."}},
		{name: "her words say so", r: report.Report{AreaCode: "020101", Suggested: map[string][]string{"harm": {"self_harm", "bullying"}}}, risk: report.High,
			steps: []string{"helpline@KH", "+committee@020101[c-focal-f c-focal-m]", "+district_office@0201", "province_office@02", "desk@KH"}},
		{name: "no focal person: one other", r: self, risk: report.Immediate, with: []string{"-c-focal-m", "-c-focal-f"},
			steps: []string{"helpline@KH", "+committee@020101[c-chair c-police c-school c-village]", "+district_office@0201", "province_office@02", "desk@KH"}},
		{name: "and the chief is named", r: with(self, func(r *report.Report) { r.ByWhom, r.Official = "official", "commune_chief" }), risk: report.Immediate,
			steps: []string{"helpline@KH", "+district_office@0201", "province_office@02", "desk@KH"},
			why:   []string{"The committee is skipped: the caller names the commune chief."}},
		{name: "and another official is named", r: with(self, func(r *report.Report) { r.Official = "other" }), risk: report.Immediate,
			steps: []string{"helpline@KH", "province_office@02", "desk@KH"}},
		{name: "and a teacher", r: with(self, func(r *report.Report) { r.ByWhom = "teacher" }), risk: report.Immediate,
			steps: []string{"helpline@KH", "+district_office@0201", "province_office@02", "desk@KH"}},
		{name: "not them", r: with(self, func(r *report.Report) { r.Told, r.NotThem = "committee", true }), risk: report.Immediate,
			steps: []string{"helpline@KH", "+district_office@0201", "province_office@02", "desk@KH"}},
		{name: "the caller is the focal person", r: self, risk: report.Immediate, caller: "012 000 103",
			steps: []string{"helpline@KH", "+committee@020101[c-focal-m]", "+district_office@0201", "province_office@02", "desk@KH"}},
		{name: "the caller is the helpline's own", r: self, risk: report.Immediate, caller: "012 000 501",
			steps: []string{"committee@020101[c-focal-f c-focal-m]", "+district_office@0201", "province_office@02", "desk@KH"}},
		{name: "sexual harm too: fewer know", r: with(self, func(r *report.Report) { r.Suggested = map[string][]string{"harm": {"sexual"}} }), risk: report.Immediate,
			with: []string{"-c-focal-m", "-c-focal-f"}, steps: []string{"district_office@0201", "+helpline@KH", "province_office@02", "desk@KH"}},
		{name: "a flood changes nothing", r: with(self, func(r *report.Report) { r.Emergency = true }), risk: report.Immediate,
			steps: []string{"helpline@KH", "+committee@020101[c-focal-f c-focal-m]", "+district_office@0201", "province_office@02", "desk@KH"}},
		{name: "bullying", r: bullied, risk: report.Medium,
			steps: []string{"committee@020101", "district_office@0201", "desk@KH"},
			first: []string{"c-focal-m", "c-focal-f", "c-school", "c-chair", "c-police", "c-village"},
			why: []string{bullying,
				"Commune Kantueu Muoy (020101) is served by its committee: 6 officers, the focal person and who sits there for a school before the others."}},
		{name: "nobody there knows the children", r: bullied, risk: report.Medium, with: []string{"-c-focal-m", "-c-focal-f", "-c-school"},
			steps: []string{"committee@020101", "district_office@0201", "desk@KH"}, first: []string{"c-chair", "c-police", "c-village"},
			why: []string{"Commune Kantueu Muoy (020101) is served by its committee: 3 officers."}},
		{name: "her words speak of bullying: by whom was not asked", r: report.Report{AreaCode: "020101", Suggested: map[string][]string{"harm": {"bullying"}}},
			risk: report.Medium, steps: []string{"committee@020101", "district_office@0201", "desk@KH"},
			first: []string{"c-focal-m", "c-focal-f", "c-chair", "c-police", "c-school", "c-village"}},
		{name: "by a teacher", r: with(bullied, func(r *report.Report) { r.ByWhom = "teacher" }), risk: report.Medium,
			steps: []string{"district_office@0201", "desk@KH"}, first: []string{"d-1", "d-2"},
			why: []string{"The committee is skipped: the caller names a teacher, and somebody from a school sits on it."}},
		{name: "by a teacher, none of a school sits there", r: with(bullied, func(r *report.Report) { r.ByWhom = "teacher" }), risk: report.Medium,
			with: []string{"-c-school"}, steps: []string{"committee@020101", "district_office@0201", "desk@KH"},
			first: []string{"c-focal-m", "c-focal-f", "c-chair", "c-police", "c-village"}},
		{name: "the caller is the school's own", r: bullied, risk: report.Medium, caller: "012 000 105",
			steps: []string{"committee@020101", "district_office@0201", "desk@KH"},
			first: []string{"c-focal-m", "c-focal-f", "c-chair", "c-police", "c-village"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.caller == "" {
				c.caller = "012 000 001"
			}
			d, from := load(t, c.with...), number(t, c.caller)
			p, hold := Route(c.r, c.risk, from, waysOfTheirOwn, d, gazetteer.Default())
			if hold != nil {
				t.Fatalf("held: %+v", hold)
			}
			if diff := cmp.Diff(c.steps, steps(p)); diff != "" {
				t.Error(diff)
			}
			if got := ids(p.Officers(0, d)); c.first != nil && !slices.Equal(c.first, got) {
				t.Errorf("told are %v, not %v", got, c.first)
			}
			for _, want := range c.why {
				if !slices.Contains(p.Why, want) {
					t.Errorf("not said: %s\nin %q", want, p.Why)
				}
			}
			for i := range p.Steps {
				if slices.ContainsFunc(p.Officers(i, d), func(o directory.Officer) bool { return o.Phone == from }) {
					t.Error("the caller is told of his own report")
				}
			}
		})
	}
}

// Without an order of its own a harm takes the way of any report, and self-harm is still told to one of a committee only.
func TestNoLadderOfItsOwn(t *testing.T) {
	t.Parallel()
	for harm, want := range map[report.Harm][]string{
		report.HarmSelf:     {"committee@020101[c-focal-f c-focal-m]", "+district_office@0201", "+police@02", "+helpline@KH", "province_office@02", "desk@KH"},
		report.HarmBullying: {"committee@020101", "district_office@0201", "province_office@02", "desk@KH"},
	} {
		risk := report.Medium
		if harm == report.HarmSelf {
			risk = report.Immediate
		}
		p, _ := Route(report.Report{AreaCode: "020101", Harm: harm}, risk, number(t, "012 000 001"), ladders, load(t), gazetteer.Default())
		if diff := cmp.Diff(want, steps(p)); diff != "" {
			t.Errorf("%s: %s", harm, diff)
		}
	}
}
