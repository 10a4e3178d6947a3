package pack

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/deploy"
	"chumrok/internal/alert"
	"chumrok/internal/directory"
	"chumrok/internal/report"
	"chumrok/locales"
)

var update = flag.Bool("update", false, "write the golden files anew")

func cambodia(t *testing.T) *Pack {
	t.Helper()
	p, notes, err := Load(deploy.Cambodia(), "cambodia")
	if err != nil {
		t.Fatal(err)
	}
	if len(notes) > 0 {
		t.Fatalf("the default pack has notes: %v", notes)
	}
	return p
}

// edited is the default pack with its pack.yaml changed, and files added.
func edited(t *testing.T, old, new string, more map[string]string) fs.FS {
	t.Helper()
	files := make(fstest.MapFS)
	for _, name := range []string{"pack.yaml", "directory.csv"} {
		text, err := fs.ReadFile(deploy.Cambodia(), name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "pack.yaml" && old != "" {
			if !strings.Contains(string(text), old) {
				t.Fatalf("pack.yaml does not hold %q", old)
			}
			text = []byte(strings.Replace(string(text), old, new, 1))
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	for name, text := range more {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func TestCambodiaLoads(t *testing.T) {
	t.Parallel()
	p := cambodia(t)
	if !p.Sample || p.Name != "Cambodia" || p.Zone.String() != "Asia/Phnom_Penh" || p.ShortCode != "1280" || p.Sessions.Retries != 3 {
		t.Errorf("%+v", p)
	}
	if diff := cmp.Diff(map[string]string{"child_helpline": "1280", "police": "117", "anti_trafficking": "1288", "desk": "012000900"}, p.Facts()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[report.Risk]alert.Clock{
		report.Immediate: {Accepted: 20 * time.Minute, Seen: 4 * time.Hour, Outcome: 7 * 24 * time.Hour},
		report.High:      {Accepted: time.Hour, Seen: 24 * time.Hour, Outcome: 14 * 24 * time.Hour},
		report.Medium:    {Accepted: 3 * time.Hour, Seen: 72 * time.Hour, Outcome: 30 * 24 * time.Hour},
		report.Low:       {Accepted: 24 * time.Hour, Seen: 7 * 24 * time.Hour, Outcome: 30 * 24 * time.Hour},
	}, p.Clocks.ByRisk); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Outbound{Prefixes: []string{"+855"}, Routes: []Route{{Prefix: "+855", Via: []string{"kannel", "africastalking", "twilio", "androidsms"}}},
		Rates: map[string]float64{"kannel": 20, "androidsms": 0.25}, Budget: Budget{PerDay: 5000, Reserve: 2000, PerNumber: 60}}, p.Outbound); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]directory.Body{directory.Emergency, directory.ProvinceOffice, directory.Desk}, p.Ladders.Emergency); diff != "" {
		t.Error(diff)
	}
	if p.Budgets["ussd"] != (locales.Budget{Septets: 160, Units: 70}) {
		t.Errorf("%+v", p.Budgets)
	}
	if p.Clocks.Hours.Text != "Mo-Fr 07:30-11:30 14:00-17:30" || p.Clocks.Remind != 67 || p.Clocks.Zone != p.Zone || len(p.Clocks.Holidays) == 0 {
		t.Errorf("%+v", p.Clocks)
	}
	if !p.Holidays.Has(time.Date(2026, 11, 23, 9, 0, 0, 0, p.Zone)) || p.Flows != nil || p.Locales != nil {
		t.Error("holidays, flows or locales")
	}
	if err := p.Check(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Error(err)
	}
}

// TestCambodiaTriage holds the default table to the levels that were decided for it.
func TestCambodiaTriage(t *testing.T) {
	t.Parallel()
	triage := cambodia(t).Triage
	for _, c := range []struct {
		answers string
		want    report.Risk
	}{
		{"", report.Medium},
		{"danger=yes", report.Immediate},
		{"danger=unsure", report.High},
		{"danger=no", report.Medium},
		{"urgent=yes", report.Immediate},
		{"harm=self_harm", report.Immediate},
		{"harm=sexual", report.High},
		{"harm=trafficking", report.High},
		{"harm=marriage", report.High},
		{"harm=lost", report.High},
		{"harm=physical age=under_6", report.High},
		{"harm=physical age=6_11", report.Medium},
		{"harm=neglect age=under_6", report.High},
		{"harm=neglect age=15_17", report.Medium},
		{"harm=labour", report.Medium},
		{"harm=emotional", report.Medium},
		{"harm=bullying", report.Medium},
		{"harm=online", report.Medium},
		{"harm=other", report.Medium},
		{"harm=sexual danger=yes", report.Immediate},
		{"story=គាត់ចង់សម្លាប់ខ្ញុំ", report.Immediate},
		{"story=he_has_a_knife", report.Immediate},
		{"story=keat_mean_kambet", report.Immediate},
		{"story=មានឈាមច្រើន", report.Immediate},
		{"story=ក្មេងសន្លប់", report.Immediate},
		{"story=I_want_to_die", report.Immediate},
		{"story=គេចាក់សោទុក", report.High},
		{"story=romlop", report.High},
		{"story=I_keep_hurting_myself", report.Immediate},
		{"story=chong_thveubab_khluon_eng", report.Immediate},
		{"story=ចង់ធ្វើបាបខ្លួនឯង", report.Immediate},
		{"story=they_bully_me", report.Medium},
		{"story=I_am_locked_in", report.High},
		{"story=គេវាយខ្ញុំ", report.Medium},
		{"story=the_soup_was_good", report.Medium},
	} {
		answers := make(map[string]string)
		for pair := range strings.FieldsSeq(c.answers) {
			field, value, _ := strings.Cut(pair, "=")
			if field == "story" {
				value = strings.ReplaceAll(value, "_", " ")
			}
			answers[field] = value
		}
		got, why := triage.Assess(report.FromAnswers(func(field string) string { return answers[field] }))
		if got != c.want || len(why) == 0 {
			t.Errorf("%s: %v because %q, want %v", c.answers, got, why, c.want)
		}
	}
}

// TestBrokenPacks reads packs that are broken on purpose and compares all that is said of each with a golden file.
func TestBrokenPacks(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"settings", "tables", "syntax", "nothing"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := os.DirFS("testdata/" + name)
			if name == "tables" { // its settings are those of the default pack
				tables := make(map[string]string)
				for _, file := range []string{"directory.csv", "gazetteer.csv", "clubs.csv"} {
					text, err := fs.ReadFile(files, file)
					if err != nil {
						t.Fatal(err)
					}
					tables[file] = string(text)
				}
				files = edited(t, "", "", tables)
			}
			p, notes, err := Load(files, name)
			if err == nil || p != nil {
				t.Fatal("a broken pack loaded")
			}
			got := err.Error() + "\n"
			for _, n := range notes {
				got += "note: " + n.String() + "\n"
			}
			golden := "testdata/" + name + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("faults (-golden +got):\n%s", diff)
			}
		})
	}
}

func TestOneFaultIsOneFault(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		old, new, want string
	}{
		"unknown key":        {"short_code:", "shortcode:", `p/pack.yaml:25:1: pack.yaml: unknown key "shortcode"; write short_code`},
		"missing section":    {"sessions:", "# sessions:", ""},
		"octal look-alike":   {`["02", "08",`, `[02, 08,`, "none"},
		"lost zero":          {`["02", "08",`, `[2, "08",`, `p/pack.yaml:28:19: provinces_first: "2" is no province; if Battambang is meant, write "02"`},
		"bad duration":       {"20m, seen", "20 min, seen", `p/pack.yaml:32:25: clocks.immediate.accepted is "20 min"; write a duration such as 30s, 20m, 1h or 14d`},
		"number as a float":  {`short_code: "1280"`, `short_code: 1280.0`, `p/pack.yaml:25:13: short_code is "1280.0"; write 3 to 6 digits between quotes`},
		"an unquoted code":   {`short_code: "1280"`, `short_code: 1280`, "none"},
		"not reachable":      {`prefixes: ["+855"]`, `prefixes: ["+8551"]`, "none"},
		"a line for nothing": {`name: anti_trafficking, number: "1288", free: false`, `name: x, number: "1288", free: true, for: [sadness]`, "none of it"},
		"a line that costs": {`name: anti_trafficking, number: "1288", free: false`, `name: x, number: "1288", free: false, for: [self_harm]`,
			`p/pack.yaml:20:49: help number x is not free: the screen that shows it to a child says that it is; name a line that is free, or take ` + "`for` out"},
		"the helpline for one harm": {`number: "1280", free: true`, `number: "1280", free: true, for: [bullying]`,
			`p/pack.yaml:18:61: help number child_helpline is for every harm; take ` + "`for` out, and name the line for one harm beside it"},
		"an unknown ladder":    {"bullying: [committee", "bullied: [committee", "none of it"},
		"a ladder with nobody": {"bullying: [committee, district_office, province_office, desk]", "bullying: []", "none of it"},
		"bad hours":            {"working_hours: Mo-Fr 07:30-11:30", "working_hours: Mo-Fr 07:30-7:3", "none of it"},
		"no reminder":          {"reminder: 67", "reminder: 0", "none"},
		"a late reminder":      {"reminder: 67", "reminder: 100", "none of it"},
		"a review clock":       {"seen: 4h, outcome: 7d}", "seen: 4h, outcome: 7d, review: 2h}", "none"},
		"a silent desk":        {"default: [committee, district_office, province_office, desk]", "default: [committee, district_office]", "note"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, notes, err := Load(edited(t, c.old, c.new, nil), "p")
			switch {
			case c.want == "none" || c.want == "note":
				if err != nil || (len(notes) > 0) != (c.want == "note") {
					t.Errorf("%v, %v", notes, err)
				}
			case err == nil:
				t.Error("loaded")
			case c.want != "" && c.want != "none of it":
				if diff := cmp.Diff(c.want, err.Error()); diff != "" {
					t.Error(diff)
				}
			}
			var f Fault
			if err != nil && !errors.As(err, &f) {
				t.Errorf("%T is no fault", err)
			}
		})
	}
}

func TestAPhoneThatNobodyMayWriteToIsAFault(t *testing.T) {
	t.Parallel()
	_, _, err := Load(edited(t, `prefixes: ["+855"]`, `prefixes: ["+66"]`, nil), "")
	if err == nil || !strings.Contains(err.Error(), "\ndirectory.csv:2: no message can reach this phone; ") || !strings.Contains(err.Error(), "no route carries +66") {
		t.Errorf("%.300v", err)
	}
}

func TestAPackMayBringItsOwn(t *testing.T) {
	t.Parallel()
	p, notes, err := Load(edited(t, "", "", map[string]string{
		"clubs.csv":        "\ufeffcode, area_code, name\n0204,020101,Club 1\n0205,180203,Club 2\n,,\n",
		"flows/extra.yaml": "name: extra",
		"locales/km.toml":  "",
		"gazeteer.csv":     "",
		"README.md":        "",
	}), "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"0204": "020101", "0205": "180602"}, p.ClubAreas()); diff != "" {
		t.Error(diff)
	}
	var texts []string
	for _, n := range notes {
		texts = append(texts, n.String())
	}
	if len(notes) != 2 || !strings.Contains(texts[0], "clubs.csv:3: area_code 180203 is retired; 180602") || !strings.Contains(texts[1], "is gazetteer.csv meant?") {
		t.Errorf("%q", texts)
	}
	if _, err := fs.Stat(p.Flows, "extra.yaml"); err != nil {
		t.Error(err)
	}
	if _, err := fs.Stat(p.Locales, "km.toml"); err != nil {
		t.Error(err)
	}
}

func TestCheckNamesOldHelpNumbers(t *testing.T) {
	t.Parallel()
	p := cambodia(t)
	err := p.Check(time.Date(2027, 11, 23, 12, 0, 0, 0, time.UTC))
	want := "cambodia/pack.yaml:18: help number child_helpline was last checked on 2026-11-22, more than a year ago; call it, and write today's date"
	if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("got %v", err)
	}
	if err := p.Check(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)); err == nil || !strings.Contains(err.Error(), "still to come") {
		t.Errorf("got %v", err)
	}
}

func TestCheckNamesADeskWithNobody(t *testing.T) {
	t.Parallel()
	p := cambodia(t)
	p.Directory = directory.New()
	err := p.Check(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	if err == nil || !strings.Contains(err.Error(), "nobody is at the duty desk") || !strings.Contains(err.Error(), "nobody can be told in 1652 communes") {
		t.Errorf("got %v", err)
	}
}

func TestCoverage(t *testing.T) {
	t.Parallel()
	p := cambodia(t)
	all := Coverage(p)
	byCode := make(map[string]CommuneCoverage)
	for _, c := range all {
		byCode[c.Code] = c
	}
	counts := CoverageCounts(all)
	if len(all) != 1652 || counts[CoveredByTwo] != 18 || counts[CoveredByOne] != 626 || counts[CoveredByFallback] != 1008 || counts[NotCovered] != 0 {
		t.Errorf("%d communes: %v", len(all), counts)
	}
	for code, want := range map[string]CommuneCoverage{
		"020101": {"020101", CoveredByTwo, []directory.Body{"committee", "district_office"}, []directory.Body{"province_office", "desk"}, 9,
			"committee and district office can be told, on 9 phones; behind stands province office and desk"},
		"020103": {"020103", CoveredByOne, []directory.Body{"district_office"}, []directory.Body{"province_office", "desk"}, 2,
			"only district office can be told; no officer of committee; behind stands province office and desk"},
		"010201": {"010201", CoveredByFallback, nil, []directory.Body{"province_office", "desk"}, 0,
			"nobody near can be told; reports go to province office and desk; no officer of committee, district office"},
	} {
		if diff := cmp.Diff(want, byCode[code]); diff != "" {
			t.Error(diff)
		}
	}
}

func TestTwoBodiesOnOnePhoneAreOne(t *testing.T) {
	t.Parallel()
	p := cambodia(t)
	focal, _ := p.Directory.Get("020101-focal")
	office := focal
	office.ID, office.Body, office.AreaCode = "office", directory.DistrictOffice, "0201"
	p.Directory = directory.New(focal, office)
	for _, c := range Coverage(p) {
		if c.Code == "020101" && (c.Kind != CoveredByOne || c.Why != "committee and district office share one phone; no officer of province office, desk") {
			t.Errorf("%+v", c)
		}
	}
	p.Ladders.ByProvince = map[string][]directory.Body{"02": {directory.ProvinceCommittee}}
	if got := p.cover("020101"); got.Kind != NotCovered || got.Why != "nobody can be told; no officer of province committee" {
		t.Errorf("%+v", got)
	}
}

func FuzzSettings(f *testing.F) {
	text, err := fs.ReadFile(deploy.Cambodia(), "pack.yaml")
	if err != nil {
		f.Fatal(err)
	}
	broken, err := os.ReadFile("testdata/settings/pack.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(string(broken))
	f.Add("a: &a [*a]\nb: *a")
	f.Add("- x")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		p, _, err := Load(fstest.MapFS{
			"pack.yaml":     {Data: []byte(text)},
			"directory.csv": {Data: []byte("officer_id,area_code,body,role,order,name,phone,languages,hours,gender,case_system,case_account\n")},
		}, "")
		if (p == nil) != (err != nil) {
			t.Fatalf("pack %v and error %v", p, err)
		}
		if p != nil && (p.Zone == nil || len(p.Ladders.Default) == 0 || len(p.Clocks.ByRisk) != 4 || p.Facts()["desk"] == "") {
			t.Fatalf("loaded %+v", p)
		}
	})
}

// A free line for one harm stands on that harm's screen, and on no other.
func TestLineForOneHarm(t *testing.T) {
	t.Parallel()
	p, _, err := Load(edited(t, "help_numbers:\n", `help_numbers:
  - {name: counselling, number: "012000700", free: true, for: [self_harm, bullying], checked: 2026-11-22, source: "sample: reaches nobody"}
`, nil), "p")
	if err != nil {
		t.Fatal(err)
	}
	texts, err := locales.Load(p.Facts())
	if err != nil {
		t.Fatal(err)
	}
	plain, err := locales.Load(cambodia(t).Facts())
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range texts.Languages() {
		for _, key := range []string{"report.self_harm.child", "report.self_harm.adult", "report.bullying.child", "report.bullying.adult"} {
			if text := texts.Text(language, key); !strings.Contains(text, "012000700") || strings.Contains(text, "1280") {
				t.Errorf("%s in %s: %q", key, language, text)
			}
			if text := plain.Text(language, key); !strings.Contains(text, "1280") {
				t.Errorf("%s in %s, where no line is named: %q", key, language, text)
			}
		}
		if text := texts.Text(language, "report.numbers.child"); !strings.Contains(text, "1280") || strings.Contains(text, "012000700") {
			t.Errorf("the numbers for all: %q", text)
		}
	}
	twice := edited(t, "help_numbers:\n", `help_numbers:
  - {name: one, number: "012000700", free: true, for: [self_harm], checked: 2026-11-22}
  - {name: two, number: "012000701", free: true, for: [self_harm], checked: 2026-11-22}
`, nil)
	if _, _, err := Load(twice, "p"); err == nil || !strings.Contains(err.Error(), "and so is one in line 18") {
		t.Errorf("two lines for one harm: %v", err)
	}
}

// TestWordsForHarmsWithAWayOfTheirOwn: by SMS nobody is asked, so the words alone lead there, in every script.
func TestWordsForHarmsWithAWayOfTheirOwn(t *testing.T) {
	t.Parallel()
	triage := cambodia(t).Triage
	for story, want := range map[string]string{
		"ខ្ញុំចង់ស្លាប់":            "self_harm",
		"កូនខ្ញុំចង់ធ្វើបាបខ្លួនឯង": "self_harm",
		"I don't want to live":                      "self_harm",
		"my friend is cutting myself and self-harm": "self_harm",
		"khnhom chong slab":                         "self_harm",
		"Keat CHONG THVEUBAB KHLUON ENG":            "self_harm",
		"គេសើចចំអកខ្ញុំរាល់ថ្ងៃ":                    "bullying",
		"សិស្សធ្វើបាបខ្ញុំ":                         "bullying",
		"other children bully me":                   "bullying",
		"ke thveubab nov sala":                      "bullying",
		"គាត់ធ្វើបាបខ្លួនខ្ញុំ":                     "", // he hurts my body
		"my aunt hurt herself on a stone":           "",
		"គ្រូវាយខ្ញុំនៅសាលា":                        "",
	} {
		got := ""
		if harm := triage.Suggest(report.Report{Story: story})["harm"]; len(harm) > 0 {
			got = harm[0]
		}
		if got != want {
			t.Errorf("%q suggests %q, not %q", story, got, want)
		}
	}
}

// TestCheckpoint: to whom the record's head goes is read and checked; the default pack gives it to nobody.
func TestCheckpoint(t *testing.T) {
	t.Parallel()
	if c := cambodia(t).Checkpoint; c.On() || !c.Safe() {
		t.Errorf("the default pack gives checkpoints to %+v", c)
	}
	for _, c := range []struct {
		written, fault, note string
		to, url              string
	}{
		{written: `{to: "012 000 990"}`, to: "+85512000990"},
		{written: `{url: "https://records.example.org/checkpoints?token=x"}`, url: "https://records.example.org/checkpoints?token=x"},
		{written: `{url: "http://127.0.0.1:9999/x"}`, url: "http://127.0.0.1:9999/x", note: "checkpoint.url is plain http: only trial mode sends to it"},
		{written: `{}`, fault: "checkpoint goes to a phone or to a web address"},
		{written: `{to: "+85512000990", url: "https://records.example.org"}`, fault: "checkpoint goes to a phone or to a web address"},
		{written: `{to: "1280"}`, fault: "checkpoint.to is no phone number"},
		{written: `{to: "+447700900123"}`, fault: "checkpoint.to is a number that nothing is sent to"},
		{written: `{url: "records.example.org"}`, fault: "checkpoint.url is no web address"},
		{written: `{url: "ftp://records.example.org"}`, fault: "checkpoint.url is no web address"},
		{written: `{url: "https://me:word@records.example.org"}`, fault: "checkpoint.url is no web address"},
		{written: `{url: "https://records.example.org/#x"}`, fault: "checkpoint.url is no web address"},
		{written: `{mail: "a@example.org"}`, fault: `checkpoint: unknown key "mail"`},
		{written: `yes`, fault: "checkpoint is no mapping"},
	} {
		p, notes, err := Load(edited(t, "\nsessions:", "\ncheckpoint: "+c.written+"\nsessions:", nil), "x")
		switch {
		case c.fault != "":
			if err == nil || !strings.Contains(err.Error(), "x/pack.yaml:") || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("%s: %v, want %q with its line", c.written, err, c.fault)
			}
			continue
		case err != nil:
			t.Errorf("%s: %v", c.written, err)
			continue
		}
		if p.Checkpoint.To.E164() != c.to || p.Checkpoint.URL != c.url || !p.Checkpoint.On() || p.Checkpoint.Safe() != (c.note == "") {
			t.Errorf("%s: to %q, url %q", c.written, p.Checkpoint.To.E164(), p.Checkpoint.URL)
		}
		if said := fmt.Sprint(notes); !strings.Contains(said, c.note) || (c.note == "") != (len(notes) == 0) {
			t.Errorf("%s: notes %s", c.written, said)
		}
	}
}
