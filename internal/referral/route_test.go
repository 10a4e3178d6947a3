package referral

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/gazetteer"
	"chumrok/internal/phone"
	"chumrok/internal/report"

	"github.com/google/go-cmp/cmp"
)

// roster is Banan's committee of six in 020101, the bodies above it, and a commune with nobody of its own (020102).
const roster = `officer_id,area_code,body,role,order,name,phone,languages,hours,gender,case_system,case_account
c-chair,020101,committee,chair,1,Chair,012000101,km,always,m,,
c-focal-m,020101,committee,focal,2,Focal,012000102,km,always,m,,
c-focal-f,020101,committee,focal,3,Focal,012000103,km,always,f,,
c-police,020101,committee,police_post,4,Post,012000104,km,always,,,
c-school,020101,committee,school,5,School,012000105,km,always,,,
c-village,020101,committee,village_chief,6,Village,012000106,km,always,,,
d-1,0201,district_office,social_worker,1,District,012000201,km,always,f,,
d-2,0201,district_office,social_worker,2,District,012000202,km,always,m,,
dc-1,0201,district_committee,chair,1,Consultative,012000211,km,always,m,,
p-1,02,province_office,social_worker,1,Province,012000301,km,always,f,,
pol-1,02,police,duty,1,Police,012000401,km,always,m,,
help-1,KH,helpline,duty,1,Helpline,012000501,km,always,f,,
em-1,02,emergency,duty,1,Emergency,012000601,km,always,f,,
desk-1,KH,desk,duty,1,Desk,012000901,km,always,f,,
desk-2,KH,desk,duty,2,Desk,012000902,km,always,f,,
`

var ladders = Ladders{
	Default:    []directory.Body{directory.Committee, directory.DistrictOffice, directory.ProvinceOffice, directory.Desk},
	Emergency:  []directory.Body{directory.Emergency, directory.ProvinceOffice, directory.Desk},
	ByProvince: map[string][]directory.Body{"14": {directory.Committee, directory.ProvinceOffice}},
	DangerHelp: []directory.Body{directory.Police, directory.Helpline},
}

// load reads a roster; each row of with replaces the row of the same id or is added, a bare "-id" takes one out.
func load(t testing.TB, with ...string) *directory.Directory {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(roster), "\n")
	for _, row := range with {
		id, _, _ := strings.Cut(strings.TrimPrefix(row, "-"), ",")
		lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, id+",") })
		if !strings.HasPrefix(row, "-") {
			lines = append(lines, row)
		}
	}
	d, _, err := directory.Load(strings.NewReader(strings.Join(lines, "\n")+"\n"), "directory.csv", gazetteer.Default())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func number(t testing.TB, s string) phone.Number {
	t.Helper()
	n, err := phone.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// steps writes a plan's steps in short: body@area, + when told together with the one before, [ids] when not all.
func steps(p Plan) []string {
	var out []string
	for _, s := range p.Steps {
		text := string(s.Body) + "@" + s.Area
		if s.Parallel {
			text = "+" + text
		}
		if len(s.Only) > 0 {
			text += "[" + strings.Join(s.Only, " ") + "]"
		}
		out = append(out, text)
	}
	return out
}

const (
	here     = "The report is from commune Kantueu Muoy (020101), in district Banan (0201), province Battambang (02)."
	district = "Then the social affairs office of district Banan (0201): 2 officers."
	province = "Then the social affairs department of province Battambang (02): 1 officer."
	national = "Then the duty desk, which serves the whole country: 2 officers."
)

func TestRoute(t *testing.T) {
	t.Parallel()
	g := gazetteer.Default()
	caller := "012 000 001"
	for _, c := range []struct {
		name   string
		r      report.Report
		risk   report.Risk
		caller string
		with   []string
		steps  []string
		why    []string // all of them, or, when it starts with "…", these among others
	}{
		{name: "the committee, then upwards", r: report.Report{AreaCode: "020101"}, risk: report.Medium,
			steps: []string{"committee@020101", "district_office@0201", "province_office@02", "desk@KH"},
			why:   []string{here, "Commune Kantueu Muoy (020101) is served by its committee: 6 officers.", district, province, national}},
		{name: "no committee", r: report.Report{AreaCode: "020102"}, risk: report.Medium,
			steps: []string{"district_office@0201", "province_office@02", "desk@KH"},
			why: []string{"…", "The committee is skipped: it has no officers for this commune.",
				"First the social affairs office of district Banan (0201): 2 officers."}},
		{name: "sexual harm", r: report.Report{AreaCode: "020101", Harm: report.HarmSexual}, risk: report.High,
			steps: []string{"committee@020101[c-focal-f c-focal-m]", "+district_office@0201", "province_office@02", "desk@KH"},
			why: []string{here, "Sexual harm: told to the district and to one focal person, not to the whole committee.",
				"Commune Kantueu Muoy (020101) is served by its committee: one focal person.",
				"At the same time the social affairs office of district Banan (0201): 2 officers.", province, national}},
		{name: "sexual harm, a man is the only focal person", r: report.Report{AreaCode: "020101", Harm: report.HarmSexual}, risk: report.High,
			with: []string{"-c-focal-f"}, steps: []string{"committee@020101[c-focal-m]", "+district_office@0201", "province_office@02", "desk@KH"},
			why: []string{"…"}},
		{name: "sexual harm, no focal person", r: report.Report{AreaCode: "020101", Harm: report.HarmSexual}, risk: report.High,
			with: []string{"-c-focal-f", "-c-focal-m"}, steps: []string{"district_office@0201", "province_office@02", "desk@KH"},
			why: []string{"…", "The committee is skipped: it has no focal person who may be told, and sexual harm is never told to a whole committee."}},
		{name: "sexual harm in an emergency is not told to a team", r: report.Report{AreaCode: "020101", Harm: report.HarmSexual, Emergency: true},
			risk: report.High, steps: []string{"committee@020101[c-focal-f c-focal-m]", "+district_office@0201", "province_office@02", "desk@KH"}, why: []string{"…"}},
		{name: "danger now", r: report.Report{AreaCode: "020101", Danger: report.DangerYes}, risk: report.Immediate,
			steps: []string{"committee@020101", "+district_office@0201", "+police@02", "+helpline@KH", "province_office@02", "desk@KH"},
			why: []string{"…", "A child is in danger now: the district and those who can help at once are told at the same time.",
				"At the same time the police contact of province Battambang (02): 1 officer.",
				"At the same time the helpline, which serves the whole country: 1 officer."}},
		{name: "danger now and sexual harm", r: report.Report{AreaCode: "020101", Danger: report.DangerYes, Harm: report.HarmSexual},
			risk:  report.Immediate,
			steps: []string{"committee@020101[c-focal-f c-focal-m]", "+district_office@0201", "+police@02", "+helpline@KH", "province_office@02", "desk@KH"},
			why:   []string{"…"}},
		{name: "the village chief is named", r: report.Report{AreaCode: "020101", ByWhom: "official", Official: "village_chief"}, risk: report.Medium,
			steps: []string{"district_office@0201", "province_office@02", "desk@KH"},
			why:   []string{"…", "The committee is skipped: the caller names the village chief."}},
		{name: "the commune chief is named", r: report.Report{AreaCode: "020101", ByWhom: "official", Official: "commune_chief"}, risk: report.Medium,
			steps: []string{"district_office@0201", "province_office@02", "desk@KH"},
			why:   []string{"…", "The committee is skipped: the caller names the commune chief."}},
		{name: "the committee is named and there is sexual harm", r: report.Report{AreaCode: "020101", Official: "committee", Harm: report.HarmSexual},
			risk: report.High, steps: []string{"district_office@0201", "province_office@02", "desk@KH"},
			why: []string{"…", "The committee is skipped: the caller names somebody on it."}},
		{name: "the police are named, danger now", r: report.Report{AreaCode: "020101", Official: "police", Danger: report.DangerYes},
			risk: report.Immediate, steps: []string{"district_office@0201", "+helpline@KH", "province_office@02", "desk@KH"},
			why: []string{"…", "The police are named: no police contact is told.", "The police contact is skipped: the caller names the police."}},
		{name: "another official", r: report.Report{AreaCode: "020101", ByWhom: "official", Official: "other"}, risk: report.Medium,
			steps: []string{"province_office@02", "desk@KH"},
			why: []string{"…", "The social affairs office is skipped: the caller names another official, so that this starts at the province.",
				"First the social affairs department of province Battambang (02): 1 officer."}},
		{name: "an official, and not said which", r: report.Report{AreaCode: "020101", ByWhom: "official"}, risk: report.Medium,
			steps: []string{"province_office@02", "desk@KH"}, why: []string{"…"}},
		{name: "another official, danger now: the province at once", r: report.Report{AreaCode: "020101", Official: "other", Danger: report.DangerYes},
			risk: report.Immediate, steps: []string{"province_office@02", "+police@02", "+helpline@KH", "desk@KH"}, why: []string{"…"}},
		{name: "a teacher, and a school person sits on the committee", r: report.Report{AreaCode: "020101", ByWhom: "teacher"}, risk: report.Medium,
			steps: []string{"district_office@0201", "province_office@02", "desk@KH"},
			why: []string{"…", "A teacher is named: nobody from a school is told.",
				"The committee is skipped: the caller names a teacher, and somebody from a school sits on it."}},
		{name: "a teacher, and none from a school sits on it", r: report.Report{AreaCode: "020101", ByWhom: "teacher"}, risk: report.Medium,
			with: []string{"-c-school"}, steps: []string{"committee@020101", "district_office@0201", "province_office@02", "desk@KH"}, why: []string{"…"}},
		{name: "not them: the committee", r: report.Report{AreaCode: "020101", Told: "committee", NotThem: true}, risk: report.Medium,
			steps: []string{"district_office@0201", "province_office@02", "desk@KH"},
			why:   []string{"…", "The committee is skipped: the caller asked that it is not told."}},
		{name: "not them: the district and all below", r: report.Report{AreaCode: "020101", Told: "district", NotThem: true}, risk: report.Medium,
			steps: []string{"province_office@02", "desk@KH"}, why: []string{"…"}},
		{name: "not them: of sexual harm", r: report.Report{AreaCode: "020101", Told: "sexual", NotThem: true, Harm: report.HarmSexual},
			risk: report.High, steps: []string{"province_office@02", "desk@KH"}, why: []string{"…"}},
		{name: "not them: the province and all below", r: report.Report{AreaCode: "020101", Told: "province", NotThem: true}, risk: report.Medium,
			steps: []string{"desk@KH"}, why: []string{"…", "First the duty desk, which serves the whole country: 2 officers."}},
		{name: "not them, and not said whom", r: report.Report{AreaCode: "020101", NotThem: true}, risk: report.Medium,
			steps: []string{"district_office@0201", "province_office@02", "desk@KH"}, why: []string{"…"}},
		{name: "the caller sits on the committee", r: report.Report{AreaCode: "020101"}, risk: report.Medium, caller: "012 000 101",
			steps: []string{"committee@020101", "district_office@0201", "province_office@02", "desk@KH"},
			why: []string{"…", "The caller's own number is an officer's: that officer is not told.",
				"Commune Kantueu Muoy (020101) is served by its committee: 5 officers."}},
		{name: "the caller is the only one of the province", r: report.Report{AreaCode: "020101"}, risk: report.Medium, caller: "012 000 301",
			steps: []string{"committee@020101", "district_office@0201", "desk@KH"},
			why:   []string{"…", "The social affairs department is skipped: none of its officers may be told of this report."}},
		{name: "an emergency", r: report.Report{AreaCode: "020101", Emergency: true}, risk: report.Medium,
			steps: []string{"emergency@02", "province_office@02", "desk@KH"}, why: []string{"…"}},
		{name: "no desk: the last step says so", r: report.Report{AreaCode: "020101"}, risk: report.Medium, with: []string{"-desk-1", "-desk-2"},
			steps: []string{"committee@020101", "district_office@0201", "province_office@02"},
			why: []string{"…", "The duty desk is skipped: it has no officers for this commune.",
				"Nobody stands behind the last step: the desk has no officer who may be told."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			from := caller
			if c.caller != "" {
				from = c.caller
			}
			p, hold := Route(c.r, c.risk, number(t, from), ladders, load(t, c.with...), g)
			if hold != nil {
				t.Fatalf("held: %+v", hold)
			}
			if diff := cmp.Diff(c.steps, steps(p)); diff != "" {
				t.Error(diff)
			}
			if c.why[0] != "…" {
				if diff := cmp.Diff(c.why, p.Why); diff != "" {
					t.Error(diff)
				}
				return
			}
			for _, want := range c.why[1:] {
				if !slices.Contains(p.Why, want) {
					t.Errorf("not said: %s\nin %q", want, p.Why)
				}
			}
			for _, why := range p.Why {
				if !strings.HasSuffix(why, ".") || strings.ToUpper(why[:1]) != why[:1] {
					t.Errorf("no sentence: %q", why)
				}
			}
		})
	}
}

func TestRouteHolds(t *testing.T) {
	t.Parallel()
	g := gazetteer.Default()
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		r      report.Report
		with   []string
		reason HoldReason
		area   string
		why    string
		danger bool
	}{
		{name: "no place", r: report.Report{}, reason: NoPlace, why: "No place was told."},
		{name: "a typed place", r: report.Report{PlaceTyped: "near the market"}, reason: UnclearPlace,
			why: "The place that the caller wrote is not clear; it is not guessed."},
		{name: "a district only", r: report.Report{AreaCode: "0201", PlaceTyped: "x", DangerAt: at, Danger: report.DangerYes}, reason: UnclearPlace,
			area: "0201", why: "Only the district is known: Banan (0201). The commune is not guessed.", danger: true},
		{name: "a province only", r: report.Report{AreaCode: "02"}, reason: UnclearPlace, area: "02",
			why: "Only the province is known: Battambang (02). The commune is not guessed."},
		{name: "a code that is none", r: report.Report{AreaCode: "999999"}, reason: UnclearPlace, area: "999999",
			why: "The code 999999 is no place in force."},
		{name: "nobody may be told", r: report.Report{AreaCode: "020101", Told: "province", NotThem: true}, with: []string{"-desk-1", "-desk-2"},
			reason: NobodyReachable, area: "020101", why: "Nobody in the directory may be told of it: a person has to decide."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.r.ID, c.r.ConversationID = "r", "c"
			p, hold := Route(c.r, report.Medium, number(t, "012 000 001"), ladders, load(t, c.with...), g)
			if hold == nil {
				t.Fatalf("not held: %v", steps(p))
			}
			if len(p.Steps) > 0 || hold.Reason != c.reason || hold.AreaCode != c.area || hold.Danger != c.danger || hold.State != HoldWaiting ||
				hold.ReportID != "r" || hold.ConversationID != "c" || !hold.DangerAt.Equal(c.r.DangerAt) {
				t.Errorf("%+v", hold)
			}
			if !slices.Contains(hold.Why, c.why) {
				t.Errorf("not said: %s\nin %q", c.why, hold.Why)
			}
		})
	}
}

func TestARetiredCodeIsFollowed(t *testing.T) {
	t.Parallel()
	g := gazetteer.Default()
	p, hold := Route(report.Report{AreaCode: "050501"}, report.Medium, phone.Number{}, ladders,
		load(t, "x,051001,committee,member,1,X,012000777,km,always,,,"), g)
	if hold != nil {
		t.Fatalf("held: %+v", hold)
	}
	if diff := cmp.Diff([]string{"committee@051001", "desk@KH"}, steps(p)); diff != "" {
		t.Error(diff)
	}
	if want := "The commune code 050501 is retired; Chan Saen (051001) took its place."; p.Why[0] != want || p.Removed.Area != "051001" {
		t.Errorf("%q, %q", p.Why[0], p.Removed.Area)
	}
}

func TestLadderOfAProvince(t *testing.T) {
	t.Parallel()
	g := gazetteer.Default()
	d := load(t, "v,140101,committee,member,1,V,012000778,km,always,,,", "v2,1401,district_office,duty,1,V,012000779,km,always,,,",
		"v3,14,province_office,duty,1,V,012000780,km,always,,,")
	p, _ := Route(report.Report{AreaCode: "140101"}, report.Medium, phone.Number{}, ladders, d, g)
	if diff := cmp.Diff([]string{"committee@140101", "province_office@14", "desk@KH"}, steps(p)); diff != "" {
		t.Error(diff)
	}
	p, _ = Route(report.Report{AreaCode: "140101"}, report.Medium, phone.Number{}, Ladders{}, d, g)
	if diff := cmp.Diff([]string{"committee@140101", "district_office@1401", "province_office@14", "desk@KH"}, steps(p)); diff != "" {
		t.Error(diff)
	}
}

// Promise 3: whoever is removed stays removed, whichever row, whichever day.
func TestRemovalReachesThoseAddedLater(t *testing.T) {
	t.Parallel()
	g := gazetteer.Default()
	plan := func(r report.Report, caller string) Plan {
		r.AreaCode = "020101"
		p, hold := Route(r, report.Medium, number(t, caller), ladders, load(t), g)
		if hold != nil {
			t.Fatal("held")
		}
		return p
	}
	for _, c := range []struct {
		name    string
		p       Plan
		added   string
		removed bool
	}{
		{"a new police contact, police named", plan(report.Report{Official: "police"}, "012 000 001"),
			"new,0203,police,duty,1,N,012000881,km,always,,,", true},
		{"a new post on the district's committee, police named", plan(report.Report{Official: "police"}, "012 000 001"),
			"new,0201,district_committee,police_post,1,N,012000881,km,always,,,", true},
		{"a new member of the named committee", plan(report.Report{Official: "committee"}, "012 000 001"),
			"new,020101,committee,member,1,N,012000881,km,always,,,", true},
		{"a member of another commune's committee", plan(report.Report{Official: "committee"}, "012 000 001"),
			"new,020102,committee,member,1,N,012000881,km,always,,,", false},
		{"the named committee's chair at the desk", plan(report.Report{Official: "committee"}, "012 000 001"),
			"new,KH,desk,duty,9,N,012000101,km,always,,,", true},
		{"the caller at the desk", plan(report.Report{}, "012 000 201"), "new,KH,desk,duty,9,N,012000201,km,always,,,", true},
		{"a new school person, a teacher named", plan(report.Report{ByWhom: "teacher"}, "012 000 001"),
			"new,02,partner,school,1,N,012000881,km,always,,,", true},
		{"a new district worker, another official named", plan(report.Report{Official: "other"}, "012 000 001"),
			"new,0201,district_office,social_worker,1,N,012000881,km,always,,,", true},
		{"a new desk officer", plan(report.Report{Official: "police", ByWhom: "teacher"}, "012 000 001"),
			"new,KH,desk,duty,9,N,012000881,km,always,,,", false},
	} {
		d := load(t, c.added)
		o, ok := d.Get("new")
		if !ok {
			t.Fatal("the row was not read")
		}
		b, err := json.Marshal(c.p)
		if err != nil {
			t.Fatal(err)
		}
		var stored Plan
		if err := json.Unmarshal(b, &stored); err != nil {
			t.Fatal(err)
		}
		if got := stored.Removed.IsRemoved(o, d); got != c.removed {
			t.Errorf("%s: removed is %v, want %v", c.name, got, c.removed)
		}
		for i := range stored.Steps {
			if c.removed && slices.ContainsFunc(stored.Officers(i, d), func(o directory.Officer) bool { return o.ID == "new" }) {
				t.Errorf("%s: would be told", c.name)
			}
		}
	}
}

func TestUnfinishedKeepsTheSamePeopleOut(t *testing.T) {
	t.Parallel()
	d, g := load(t), gazetteer.Default()
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	h := Unfinished(report.Report{ID: "r", AreaCode: "020101", Official: "police", Danger: report.DangerUnsure, DangerAt: at}, report.High,
		number(t, "012 000 901"), d, g)
	if h.Reason != UnfinishedReport || !h.Danger || h.AreaCode != "020101" || !h.DangerAt.Equal(at) || h.State != HoldWaiting {
		t.Errorf("%+v", h)
	}
	for id, want := range map[string]bool{"desk-1": true, "desk-2": false, "pol-1": true} {
		if o, _ := d.Get(id); h.Removed.IsRemoved(o, d) != want {
			t.Errorf("%s: removed is %v, want %v", id, !want, want)
		}
	}
}

func TestGroup(t *testing.T) {
	t.Parallel()
	p := Plan{Steps: []Step{{}, {Parallel: true}, {Parallel: true}, {}, {}}}
	for i, want := range [][2]int{{0, 3}, {0, 3}, {0, 3}, {3, 4}, {4, 5}, {5, 5}} {
		if from, to := p.Group(i); from != want[0] || to != want[1] {
			t.Errorf("group of %d: %d, %d, want %v", i, from, to, want)
		}
	}
}
