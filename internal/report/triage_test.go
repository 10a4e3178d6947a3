package report

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"
)

const table = `
default: medium
rules:
  - when: {harm: [bullying, emotional], danger: ["no"]}
    risk: low
    because: Words hurt, and no danger is seen.
  - when: {age: [under_6]}
    risk: high
    because: The child is under six.
  - when: {harm: [trafficking]}
    risk: immediate
    because: A child is being taken away.
  - words: {en: [knife, "locked in"], km: [កាំបិត, វាយ, ប្រហារ], km-Latn: [kambet]}
    risk: high
    because: The caller writes of a weapon, of blows or of being locked in.
  - when: {who: [child]}
    words: {en: [tonight]}
    risk: immediate
    because: A child writes of tonight.
  - words: {en: [joke]}
    risk: low
    because: The caller writes of a joke.
`

func readTable(t testing.TB) Triage {
	var tr Triage
	if err := yaml.Unmarshal([]byte(table), &tr); err != nil {
		t.Fatal(err)
	}
	if err := tr.Validate(); err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestAssess(t *testing.T) {
	t.Parallel()
	tr := readTable(t)
	for _, c := range []struct {
		name string
		r    Report
		risk Risk
		why  []string
	}{
		{"nothing speaks", Report{Harm: HarmNeglect}, Medium,
			[]string{"No rule speaks of what was told; medium is where such a report starts."}},
		{"a rule may say low", Report{Harm: HarmBullying, Danger: DangerNo}, Low, []string{"Words hurt, and no danger is seen."}},
		{"the highest counts", Report{Harm: HarmBullying, Danger: DangerNo, Age: "under_6"}, High,
			[]string{"The child is under six.", "Words hurt, and no danger is seen."}},
		{"danger now, whatever the table says", Report{Harm: HarmEmotional, Danger: DangerYes}, Immediate,
			[]string{"The caller says that a child is in danger now."}},
		{"harm to oneself", Report{Harm: HarmSelf, Danger: DangerNo}, Immediate, []string{"A child wants to hurt herself or himself."}},
		{"not sure", Report{Danger: DangerUnsure}, High, []string{"The caller is not sure that no child is in danger now."}},
		{"urgent", Report{Urgent: true, Danger: DangerUnsure}, High, []string{"The caller is not sure that no child is in danger now.",
			"The caller says that it is urgent, which counts as possible danger."}},
		{"a word raises", Report{Harm: HarmBullying, Danger: DangerNo, Story: "He has a KNIFE."}, High,
			[]string{"The caller writes of a weapon, of blows or of being locked in.", "Words hurt, and no danger is seen."}},
		{"a word in another language than the caller's raises", Report{Language: "en", Story: "មានកាំបិត"}, High,
			[]string{"The caller writes of a weapon, of blows or of being locked in.",
				"No rule speaks of what was told; medium is where such a report starts."}},
		{"a word never lowers", Report{Harm: HarmNeglect, Story: "this is no joke"}, Medium,
			[]string{"No rule speaks of what was told; medium is where such a report starts."}},
		{"a rule of both needs both", Report{Who: "parent", Story: "come tonight"}, Medium,
			[]string{"No rule speaks of what was told; medium is where such a report starts."}},
		{"a rule of both", Report{Who: "child", Story: "come tonight"}, Immediate,
			[]string{"A child writes of tonight.", "No rule speaks of what was told; medium is where such a report starts."}},
		{"words added at the end count", Report{More: "locked   in"}, High, []string{"The caller writes of a weapon, of blows or of being locked in.",
			"No rule speaks of what was told; medium is where such a report starts."}},
		{"words across two answers do not", Report{Story: "it is locked", More: "in the house"}, Medium,
			[]string{"No rule speaks of what was told; medium is where such a report starts."}},
	} {
		risk, why := tr.Assess(c.r)
		if risk != c.risk {
			t.Errorf("%s: %v, want %v", c.name, risk, c.risk)
		}
		if diff := cmp.Diff(c.why, why); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestWordsAreFoundWhole(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		word, text string
		want       bool
	}{
		{"knife", "a Knife!", true}, {"knife", "knifes", false}, {"knife", "penknife", false}, {"knife", "k n i f e", false},
		{"locked in", "Locked, in", true}, {"locked in", "locked him in", false}, {"don't", "I DON’T know", true}, {"117", "call ១១៧", true},
		{"វាយ", "គាត់វាយខ្ញុំ", true}, {"វាយ", "ស្វាយ", false}, {"វាយ", "វា\u200bយ", true}, {"វាយ", "គាត់ វាយ ខ្ញុំ", true}, {"វា", "វាយ", true},
		{"វា", "វាំ", false}, {"ខ្មៅ", "ខ្មៅ", true}, {"ខ្ម", "ខ្មៅ", false}, {"កាំបិត", "កាំ បិត", true}, {"កាំបិត", "កាំ។ បិត", false},
		{"ម្តាយ", "ម្\u178aាយ", true}, {"ស្ត្រី", "ស្រ្តី", true}, {"ញ៉ាំ", "ញាំ៉", true}, {"កើត", "ក\u17c1\u17b8ត", true}, {"កោត", "ក\u17c1\u17b6ត", true},
		{"ឱ្យ", "ឲ្យ", true}, {"", "anything", false}, {"...", "anything", false}, {"kambet ស្លាប់", "kambet ស្លាប់", true},
		{"kambet ស្លាប់", "kambet", false},
	} {
		if got := fold(c.text).has(fold(c.word)); got != c.want {
			t.Errorf("%q in %q: %v, want %v", c.word, c.text, got, c.want)
		}
	}
}

func TestValidateNamesEveryFault(t *testing.T) {
	t.Parallel()
	var tr Triage
	err := yaml.Unmarshal([]byte(`
rules:
  - {risk: high, because: x}
  - {when: {harms: [sexual]}, because: " "}
  - {when: {harm: [sexuel], age: []}, risk: low, because: x.}
  - {words: {en: ["!!"], km: []}, risk: low, because: x.}
`), &tr)
	if err != nil {
		t.Fatal(err)
	}
	err = tr.Validate()
	if err == nil {
		t.Fatal("a table full of faults was taken")
	}
	for _, want := range []string{
		"triage rule 1: it has no condition; write when or words",
		"triage rule 2: it has no risk; write low, medium, high or immediate",
		"triage rule 2: it gives no reason; write because as a sentence",
		`triage rule 2: unknown field "harms"; write one of about,`,
		`triage rule 3: field harm has no value "sexuel"; write one of physical,`,
		"triage rule 3: field age lists no value; write one of under_6,",
		`triage rule 4: "!!" in language en is no word`,
		"triage rule 4: language km lists no word",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not named: %s\nin: %v", want, err)
		}
	}
	if got := strings.Count(err.Error(), "\n") + 1; got != 8 {
		t.Errorf("%d faults, want 8: %v", got, err)
	}
	if err := yaml.Unmarshal([]byte("rules: [{risk: severe}]"), &tr); err == nil || !strings.Contains(err.Error(), "severe") {
		t.Errorf("an unknown risk: %v", err)
	}
	if err := (Triage{Default: 7}).Validate(); err == nil {
		t.Error("an unknown default was taken")
	}
}

// Whatever the caller writes, the risk is never lower than without a word.
func TestWordsNeverLower(t *testing.T) {
	t.Parallel()
	tr := readTable(t)
	rapid.Check(t, func(t *rapid.T) {
		r := Report{
			Who:    rapid.SampledFrom(values["who"]).Draw(t, "who"),
			Danger: rapid.SampledFrom([]Danger{"", DangerYes, DangerNo, DangerUnsure}).Draw(t, "danger"),
			Harm:   Harm(rapid.SampledFrom(append([]string{""}, values["harm"]...)).Draw(t, "harm")),
			Age:    rapid.SampledFrom(values["age"]).Draw(t, "age"),
		}
		silent, _ := tr.Assess(r)
		r.Story = rapid.OneOf(rapid.String(), rapid.StringMatching(`(joke|knife|tonight|កាំបិត| |។){0,6}`)).Draw(t, "story")
		spoken, why := tr.Assess(r)
		if spoken < silent {
			t.Fatalf("%v became %v by words", silent, spoken)
		}
		if len(why) == 0 {
			t.Fatal("no reason is given")
		}
	})
}

func FuzzFold(f *testing.F) {
	f.Add("គាត់វាយខ្ញុំ knife")
	f.Add("\u17d2")
	f.Add("ក\u17d2\u17d2\u17c1\u17b6\u17c9")
	f.Fuzz(func(t *testing.T, s string) {
		folded := fold(s)
		if (len(folded.khmer) > 0 || len(folded.latin) > 0) && !strings.Contains(s, " ") && len(folded.latin) == 0 && !folded.has(folded) {
			t.Errorf("%q is not found in itself", s)
		}
	})
}

// By SMS nobody is asked what happened or who did it: the words may keep people out as a menu's choice does.
func TestWordsSuggestWhoIsKeptOut(t *testing.T) {
	t.Parallel()
	tr := Triage{Rules: []Rule{
		{Words: map[string][]string{"en": {"raped"}, "km": {"រំលោភ"}}, Risk: High, Because: "Sexual harm.", Suggests: map[string][]string{"harm": {"sexual"}}},
		{Words: map[string][]string{"en": {"commune chief"}, "km": {"មេឃុំ"}}, Because: "The chief.", Suggests: map[string][]string{"official": {"commune_chief"}}},
		{Words: map[string][]string{"km": {"គ.ក.ន.ក"}}, Because: "The committee.", Suggests: map[string][]string{"official": {"committee"}}},
	}}
	if err := tr.Validate(); err != nil {
		t.Fatal(err)
	}
	for story, want := range map[string]map[string][]string{
		"He hits me":                  nil,
		"The COMMUNE CHIEF raped her": {"harm": {"sexual"}, "official": {"commune_chief"}},
		"មេឃុំរំលោភខ្ញុំ":                         {"harm": {"sexual"}, "official": {"commune_chief"}},
		"គ.ក.ន.ក មិនជួយទេ":                        {"official": {"committee"}},
		"the chief of police commune is my uncle": nil,
	} {
		if got := tr.Suggest(Report{Story: story}); !reflect.DeepEqual(got, want) {
			t.Errorf("%q suggests %v, want %v", story, got, want)
		}
	}
	r := Report{Harm: HarmPhysical, Suggested: map[string][]string{"harm": {"sexual"}}}
	if !r.Says("harm", "sexual") || !r.Says("harm", "physical") || r.Says("harm", "neglect") {
		t.Error("Says does not hold both what was chosen and what the words suggest")
	}
	for name, rule := range map[string]Rule{
		"no words":      {When: map[string][]string{"harm": {"sexual"}}, Risk: High, Because: "x", Suggests: map[string][]string{"harm": {"sexual"}}},
		"unknown field": {Words: map[string][]string{"en": {"x"}}, Because: "x", Suggests: map[string][]string{"danger": {"no"}}},
		"unknown value": {Words: map[string][]string{"en": {"x"}}, Because: "x", Suggests: map[string][]string{"harm": {"bad"}}},
	} {
		if err := (Triage{Rules: []Rule{rule}}).Validate(); err == nil {
			t.Errorf("%s: the rule was taken", name)
		}
	}
}
