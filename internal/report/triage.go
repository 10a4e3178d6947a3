package report

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Risk says how soon somebody must act. The zero Risk has not been judged. Risks are ordered: a greater one is more pressing.
type Risk int

const (
	// Low means that a conversation in the coming days is enough.
	Low Risk = iota + 1
	// Medium means that a worker should see the child within days; it is the level of a report on which no rule speaks.
	Medium
	// High means that a worker should see the child within a day; it does not wait for working hours.
	High
	// Immediate means that a child is in danger now.
	Immediate
)

var riskNames = [...]string{Low: "low", Medium: "medium", High: "high", Immediate: "immediate"}

// Risks returns the risks from low to immediate.
func Risks() []Risk { return []Risk{Low, Medium, High, Immediate} }

// String is low, medium, high or immediate; a risk that was not judged is "unjudged".
func (r Risk) String() string {
	if r < Low || r > Immediate {
		return "unjudged"
	}
	return riskNames[r]
}

// MarshalText writes the risk's name; a risk that was not judged is written as no text.
func (r Risk) MarshalText() ([]byte, error) {
	if r == 0 {
		return nil, nil
	}
	if r < Low || r > Immediate {
		return nil, fmt.Errorf("risk %d is not one of low, medium, high, immediate", int(r))
	}
	return []byte(riskNames[r]), nil
}

// UnmarshalText reads low, medium, high or immediate; no text is a risk that was not judged.
func (r *Risk) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*r = 0
		return nil
	}
	for _, k := range Risks() {
		if riskNames[k] == string(b) {
			*r = k
			return nil
		}
	}
	return fmt.Errorf("unknown risk %q; write low, medium, high or immediate", b)
}

// A Rule raises the risk of the reports that it fits. It fits when every field of When has one of the listed values and, where Words are
// given, one of them stands in what the caller wrote. It has at least one of the two.
type Rule struct {
	When    map[string][]string `yaml:"when"`    // field of the report conversation → values
	Words   map[string][]string `yaml:"words"`   // language → words or phrases in the caller's text; every language is looked for
	Risk    Risk                `yaml:"risk"`    // what the report is when the rule fits; may be left out where Suggests is given
	Because string              `yaml:"because"` // the reason as a sentence, shown to those who act on the report
	// Suggests is what the words make likely, field → values, of the fields that decide who is told. Only with Words.
	Suggests map[string][]string `yaml:"suggests"`
}

// suggestible are the fields that words may suggest: those that keep somebody from being told.
var suggestible = []string{"by_whom", "harm", "official"}

// A Triage is the deployment's table of rules, as it stands under triage in pack.yaml. The zero Triage knows only the rules that no pack
// can take away.
type Triage struct {
	Default Risk   `yaml:"default"` // when no rule without words fits; medium unless given
	Rules   []Rule `yaml:"rules"`
}

// The rules that hold in every deployment. A pack's own rules can only add to them: a child in danger now must not become less pressing
// by a slip in a table.
var floor = []Rule{
	{When: map[string][]string{"danger": {"yes"}}, Risk: Immediate, Because: "The caller says that a child is in danger now."},
	{When: map[string][]string{"harm": {"self_harm"}}, Risk: Immediate, Because: "A child wants to hurt herself or himself."},
	{When: map[string][]string{"danger": {"unsure"}}, Risk: High, Because: "The caller is not sure that no child is in danger now."},
	{When: map[string][]string{"urgent": {"yes"}}, Risk: High, Because: "The caller says that it is urgent, which counts as possible danger."},
	{When: map[string][]string{"harm": {"sexual"}}, Risk: High, Because: "The caller says that the harm is sexual."},
}

// values lists the fields that a rule may ask about, with their values; a field without values, the language, may have any. Free text is
// asked about with words only.
var values = map[string][]string{
	"channel":  {"ussd", "sms"},
	"language": nil, // a deployment's own
	"who":      {"child", "parent", "neighbour", "teacher", "other"},
	"danger":   {"yes", "no", "unsure"},
	"urgent":   {"yes", "no"},
	"harm": {"physical", "sexual", "emotional", "neglect", "labour", "trafficking", "marriage", "online", "bullying", "institution", "lost",
		"shelter", "self_harm", "other"},
	"about":     {"self", "other", "several"},
	"age":       {"under_6", "6_11", "12_14", "15_17", "unknown"},
	"sex":       {"female", "male"},
	"by_whom":   {"family", "neighbour", "teacher", "official", "unknown"},
	"official":  {"village_chief", "commune_chief", "police", "committee", "other"},
	"contact":   {"call", "sms", "none"},
	"phone":     {"self", "others", "another", "ok"},
	"when":      {"morning", "noon", "afternoon", "evening", "any"},
	"told":      {"committee", "sexual", "district", "province"},
	"not_them":  {"yes", "no"},
	"emergency": {"yes", "no"},
}

// Values returns what a field can hold, in the order in which callers are shown it; none for a field of free text.
func Values(field string) []string { return slices.Clone(values[field]) }

func known(field, value string) bool { return slices.Contains(values[field], value) }

// field gives the report's value of a field that a rule may ask about.
func (r Report) field(name string) string {
	switch name {
	case "channel":
		return r.Channel
	case "language":
		return r.Language
	case "who":
		return r.Who
	case "danger":
		return string(r.Danger)
	case "urgent":
		return yes(r.Urgent)
	case "harm":
		return string(r.Harm)
	case "about":
		return r.About
	case "age":
		return r.Age
	case "sex":
		return r.Sex
	case "by_whom":
		return r.ByWhom
	case "official":
		return r.Official
	case "contact":
		return r.Contact.Way
	case "phone":
		return r.Contact.Phone
	case "when":
		return r.Contact.When
	case "told":
		return r.Told
	case "not_them":
		return yes(r.NotThem)
	case "emergency":
		return yes(r.Emergency)
	}
	return ""
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// Assess judges a report: the highest risk of all rules that fit it, and the reasons of those rules as sentences, the most pressing first.
// What the caller chose decides first; then what the caller wrote may raise it and never lower it, whatever the table says.
func (t Triage) Assess(r Report) (Risk, []string) {
	type reason struct {
		risk Risk
		text string
	}
	var reasons []reason
	var risk Risk
	rules := slices.Concat(floor, t.Rules)
	for _, rule := range rules {
		if len(rule.Words) == 0 && len(rule.When) > 0 && rule.fits(r) {
			risk = max(risk, rule.Risk)
			reasons = append(reasons, reason{rule.Risk, rule.Because})
		}
	}
	if risk == 0 {
		risk = t.normal()
		reasons = append(reasons, reason{risk, "No rule speaks of what was told; " + risk.String() + " is where such a report starts."})
	}
	chosen, told := risk, fold(r.written()...)
	for _, rule := range rules {
		if len(rule.Words) == 0 || rule.Risk <= chosen || !rule.fits(r) || !told.hasAny(rule.Words) {
			continue
		}
		risk = max(risk, rule.Risk)
		reasons = append(reasons, reason{rule.Risk, rule.Because})
	}
	slices.SortStableFunc(reasons, func(a, b reason) int { return int(b.risk) - int(a.risk) })
	var out []string
	for _, why := range reasons {
		if why.text != "" && !slices.Contains(out, why.text) {
			out = append(out, why.text)
		}
	}
	return risk, out
}

// Suggest returns what the words that the caller wrote make likely, by field; nil when they suggest nothing. It only ever adds: who a menu's
// choice keeps out stays out.
func (t Triage) Suggest(r Report) map[string][]string {
	told := fold(r.written()...)
	var likely map[string][]string
	for _, rule := range t.Rules {
		if len(rule.Suggests) == 0 || !rule.fits(r) || !told.hasAny(rule.Words) {
			continue
		}
		if likely == nil {
			likely = map[string][]string{}
		}
		for field, found := range rule.Suggests {
			for _, value := range found {
				if !slices.Contains(likely[field], value) {
					likely[field] = append(likely[field], value)
				}
			}
		}
	}
	return likely
}

func (t Triage) normal() Risk {
	if t.Default == 0 {
		return Medium
	}
	return t.Default
}

// fits reports whether every field that the rule asks about has one of the values it names.
func (rule Rule) fits(r Report) bool {
	for name, wanted := range rule.When {
		if v := r.field(name); v == "" || !slices.Contains(wanted, v) {
			return false
		}
	}
	return true
}

// Validate names every fault of the table: unknown fields, values and risks, rules without a condition or a reason. The errors are joined;
// each names its rule by its place in the list, counted from 1.
func (t Triage) Validate() error {
	var faults []error
	fault := func(i int, format string, a ...any) {
		faults = append(faults, fmt.Errorf("triage rule %d: %s", i+1, fmt.Sprintf(format, a...)))
	}
	if t.Default != 0 && (t.Default < Low || t.Default > Immediate) {
		faults = append(faults, fmt.Errorf("triage: unknown default risk %d; write low, medium, high or immediate", int(t.Default)))
	}
	fields := slices.Sorted(maps.Keys(values))
	for i, rule := range t.Rules {
		if len(rule.When) == 0 && len(rule.Words) == 0 {
			fault(i, "it has no condition; write when or words")
		}
		if (rule.Risk < Low || rule.Risk > Immediate) && (rule.Risk != 0 || len(rule.Suggests) == 0) {
			fault(i, "it has no risk; write low, medium, high or immediate")
		}
		if strings.TrimSpace(rule.Because) == "" {
			fault(i, "it gives no reason; write because as a sentence")
		}
		for _, name := range slices.Sorted(maps.Keys(rule.When)) {
			allowed, ok := values[name]
			if !ok {
				fault(i, "unknown field %q; write one of %s", name, strings.Join(fields, ", "))
				continue
			}
			if len(rule.When[name]) == 0 {
				fault(i, "field %s lists no value; write one of %s", name, strings.Join(allowed, ", "))
			}
			for _, v := range rule.When[name] {
				if allowed != nil && !slices.Contains(allowed, v) {
					fault(i, "field %s has no value %q; write one of %s", name, v, strings.Join(allowed, ", "))
				}
			}
		}
		if len(rule.Suggests) > 0 && len(rule.Words) == 0 {
			fault(i, "it suggests something without words; write words, since what was chosen needs no suggestion")
		}
		for _, name := range slices.Sorted(maps.Keys(rule.Suggests)) {
			if !slices.Contains(suggestible, name) {
				fault(i, "it suggests the field %q; write one of %s", name, strings.Join(suggestible, ", "))
				continue
			}
			for _, v := range rule.Suggests[name] {
				if !known(name, v) {
					fault(i, "it suggests %s %q; write one of %s", name, v, strings.Join(values[name], ", "))
				}
			}
		}
		for _, language := range slices.Sorted(maps.Keys(rule.Words)) {
			if len(rule.Words[language]) == 0 {
				fault(i, "language %s lists no word", language)
			}
			for _, w := range rule.Words[language] {
				if folded := fold(w); len(folded.khmer) == 0 && len(folded.latin) == 0 {
					fault(i, "%q in language %s is no word", w, language)
				}
			}
		}
	}
	return errors.Join(faults...)
}
