package alert

import (
	"slices"
	"strings"
	"testing"
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/gazetteer"
	"chumrok/internal/phone"
	"chumrok/internal/referral"
	"chumrok/internal/report"
)

const roster = `officer_id,area_code,body,role,order,name,phone,languages,hours,gender,case_system,case_account
c-1,020101,committee,chair,1,Chair,012000101,km,always,m,,
c-2,020101,committee,focal,2,Focal,012000102,km,always,f,,
c-3,020101,committee,member,3,Member,012000103,km,always,m,,
d-1,0201,district_office,social_worker,1,District,012000201,km,always,f,,
d-2,0201,district_office,social_worker,2,District,012000202,km,always,m,,
p-1,02,province_office,social_worker,1,Province,012000301,km,always,f,,
pol-1,02,police,duty,1,Police,012000401,km,always,m,,
desk-1,KH,desk,duty,1,Desk,012000901,km,always,f,,
desk-2,KH,desk,duty,2,Desk,012000902,km,always,f,,
`

var (
	t0     = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	clocks = Clocks{ByRisk: map[report.Risk]Clock{
		report.Immediate: {Accepted: 20 * time.Minute, Seen: 4 * time.Hour, Outcome: 7 * 24 * time.Hour},
		report.High:      {Accepted: time.Hour, Seen: 24 * time.Hour, Outcome: 14 * 24 * time.Hour},
		report.Medium:    {Accepted: 3 * time.Hour, Seen: 72 * time.Hour, Outcome: 30 * 24 * time.Hour},
		report.Low:       {Accepted: 24 * time.Hour, Seen: 7 * 24 * time.Hour, Outcome: 30 * 24 * time.Hour},
	}}
	ladders = referral.Ladders{DangerHelp: []directory.Body{directory.Police}}
)

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

// fresh routes a report of commune 020101 and returns its referral, ready to start.
func fresh(t testing.TB, r report.Report, risk report.Risk, d *directory.Directory) referral.Referral {
	t.Helper()
	r.AreaCode = "020101"
	p, hold := referral.Route(r, risk, phone.Number{}, ladders, d, gazetteer.Default())
	if hold != nil {
		t.Fatalf("held: %v", hold.Why)
	}
	return referral.Referral{ID: "ref", ReportID: "rep", ConversationID: "con", Code: "482135", Risk: risk, AreaCode: "020101", Plan: p,
		DangerAt: r.DangerAt}
}

// calls writes a decision's calls in short: officer key, with the other tier and the repeat where there are any.
func calls(dec []Call) []string {
	out := []string{}
	for _, c := range dec {
		text := c.OfficerID + " " + strings.TrimPrefix(c.Key, "alert.")
		if c.Other != "" {
			text += " " + c.Other
		}
		if c.Repeat > 0 {
			text += " x" + string(rune('0'+c.Repeat))
		}
		out = append(out, text)
	}
	return out
}
