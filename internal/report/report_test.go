package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"chumrok/internal/phone"

	"github.com/google/go-cmp/cmp"
)

// told gives the answers of a conversation.
func told(pairs ...string) func(string) string {
	answers := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		answers[pairs[i]] = pairs[i+1]
	}
	return func(field string) string { return answers[field] }
}

func TestFromAnswers(t *testing.T) {
	t.Parallel()
	n, err := phone.Parse("012 000 123")
	if err != nil {
		t.Fatal(err)
	}
	got := FromAnswers(told("language", "km", "who", "neighbour", "danger", "no", "harm", "neglect", "place", "020101", "about", "other",
		"age", "6_11", "sex", "male", "by_whom", "official", "official", "police", "contact", "call", "phone", "another", "number", "+85512000123",
		"when", "noon", "story", " he sleeps outside ", "more", "come soon", "told", "district", "not_them", "yes"))
	want := Report{Language: "km", Who: "neighbour", Danger: DangerNo, Harm: HarmNeglect, AreaCode: "020101", About: "other", Age: "6_11",
		Sex: "male", ByWhom: "official", Official: "police", Contact: Contact{Way: "call", Phone: "another", Number: n, When: "noon"},
		Story: "he sleeps outside", More: "come soon", Told: "district", NotThem: true, State: Draft}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the report holds something else than was answered: %+v", shown(got))
	}
}

func TestNothingSaidCountsAsLess(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		get    func(string) string
		danger Danger
		harm   Harm
		area   string
	}{
		"urgent is possible danger":          {told("urgent", "yes"), DangerUnsure, "", ""},
		"urgent after no is possible danger": {told("urgent", "yes", "danger", "no"), DangerUnsure, "", ""},
		"urgent never lowers yes":            {told("urgent", "yes", "danger", "yes"), DangerYes, "", ""},
		"not urgent says nothing":            {told("urgent", "no"), "", "", ""},
		"an unknown danger is not sure":      {told("danger", "perhaps"), DangerUnsure, "", ""},
		"an unknown harm is other":           {told("harm", "newly_named"), "", HarmOther, ""},
		"a known area is kept":               {told("place_typed", "near the market", "place_area", "0201"), "", "", "0201"},
		"a commune comes before an area":     {told("place", "020101", "place_area", "02"), "", "", "020101"},
	} {
		r := FromAnswers(c.get)
		if r.Danger != c.danger || r.Harm != c.harm || r.AreaCode != c.area {
			t.Errorf("%s: danger %q, harm %q, area %q", name, r.Danger, r.Harm, r.AreaCode)
		}
	}
}

func TestHasContent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		field, value string
		want         bool
	}{
		{"story", "help", true}, {"more", "help", true}, {"harm", "labour", true}, {"place", "020101", true}, {"place_area", "02", true},
		{"place_typed", "by the river", true}, {"danger", "yes", true}, {"danger", "unsure", true}, {"urgent", "yes", true},
		{"danger", "no", false}, {"urgent", "no", false}, {"who", "child", false}, {"language", "km", false}, {"age", "6_11", false},
		{"story", "  ", false}, {"contact", "none", false},
	} {
		if got := FromAnswers(told(c.field, c.value)).HasContent(); got != c.want {
			t.Errorf("%s %q: content is %v, want %v", c.field, c.value, got, c.want)
		}
	}
}

func TestPlainAndBack(t *testing.T) {
	t.Parallel()
	n, err := phone.Parse("012 000 456")
	if err != nil {
		t.Fatal(err)
	}
	want := Report{ID: "r1", ConversationID: "c1", Channel: "sms", Danger: DangerYes, Story: "រឿង", Contact: Contact{Way: "sms", Number: n},
		Suggested: map[string][]string{"harm": {"sexual"}},
		DangerAt:  time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), At: time.Date(2026, 11, 22, 10, 5, 0, 0, time.UTC), State: Concluded}
	b, err := want.Plain()
	if err != nil {
		t.Fatal(err)
	}
	got, err := FromPlain(b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read back: %+v", shown(got))
	}
	if !strings.Contains(string(b), "+85512000456") {
		t.Error("the number is lost on the way to the store")
	}
	if _, err := FromPlain([]byte(`{"Number":"nonsense"}`)); err == nil {
		t.Error("a broken number was read")
	}
}

func TestAReportShowsNothingOfItself(t *testing.T) {
	t.Parallel()
	n, err := phone.Parse("012 000 789")
	if err != nil {
		t.Fatal(err)
	}
	r := Report{ID: "r9", Story: "SECRETSTORY", More: "SECRETMORE", PlaceTyped: "SECRETPLACE", Contact: Contact{Number: n}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		fmt.Fprintf(&out, verb+"\n", r)
		fmt.Fprintf(&out, verb+"\n", &r)
		fmt.Fprintf(&out, verb+"\n", []Report{r})
		fmt.Fprintf(&out, verb+"\n", struct{ R Report }{r})
	}
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("x", "report", r)
	log.Info("x", "report", &r)
	b, err := json.Marshal(map[string]any{"r": r, "p": &r})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	for _, secret := range []string{"SECRET", "12000789", "012 000 789"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%s was printed in:\n%s", secret, out.String())
		}
	}
	if !strings.Contains(out.String(), "r9") {
		t.Error("the ID was not printed")
	}
}

func TestStatesHaveAMeaning(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range []State{Draft, Concluded, Unfinished, Held, Referred, Empty, "nonsense"} {
		m := s.Meaning()
		if !strings.HasSuffix(m, ".") || seen[m] {
			t.Errorf("state %s means %q", s, m)
		}
		seen[m] = true
	}
}

func TestRiskText(t *testing.T) {
	t.Parallel()
	for _, r := range append(Risks(), 0) {
		b, err := r.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back Risk
		if err := back.UnmarshalText(b); err != nil || back != r {
			t.Errorf("%v was read back as %v, %v", r, back, err)
		}
	}
	var r Risk
	if err := r.UnmarshalText([]byte("severe")); err == nil || !strings.Contains(err.Error(), "write low, medium, high or immediate") {
		t.Errorf("severe: %v", err)
	}
	if _, err := Risk(9).MarshalText(); err == nil {
		t.Error("risk 9 was written")
	}
	if diff := cmp.Diff([]string{"low", "medium", "high", "immediate", "unjudged"},
		[]string{Low.String(), Medium.String(), High.String(), Immediate.String(), Risk(0).String()}); diff != "" {
		t.Error(diff)
	}
}
