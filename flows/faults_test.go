package flows

import (
	"errors"
	"strings"
	"testing"

	"chumrok/internal/gazetteer"
	"chumrok/locales"
)

// small is a faultless little definition; the tests break it.
const small = `name: small
version: 3
voices:
  - {name: child, when: who == "child"}
  - {name: adult}
fields:
  who: [child, parent]
  told: text
  place: commune
  place_typed: text
  place_area: area
entry: {ussd: who}
nodes:
  - id: who
    kind: choose
    class: exposed
    field: who
    text: report.alone
    options:
      - {number: 1, value: child, text: report.alone.yes, to: tell}
      - {number: 2, value: parent, text: report.alone.no, to: where}
  - id: where
    kind: place
    class: inside
    field: place
    typed: place_typed
    area: place_area
    to: tell
  - id: tell
    kind: ask
    class: inside
    type: text
    field: told
    text: report.more.<voice>
    to: done
  - id: done
    kind: act
    do: conclude
    to: end
  - id: end
    kind: end
    class: exposed
    text: report.end
`

func TestFaults(t *testing.T) {
	t.Parallel()
	if _, err := library(t).Add("small.yaml", []byte(small)); err != nil {
		t.Fatalf("the definition that the tests break is faulty already:\n%v", err)
	}
	for name, test := range map[string]struct{ old, new, want string }{
		"unreachable node":      {"to: where}", "to: tell}", `small.yaml:22:9: nothing leads to "where"; lead another node there, or take it out`},
		"no such node":          {"to: end\n", "to: fin\n", `small.yaml:39:9: there is no node "fin"; name a node that there is`},
		"no end":                {"to: end\n", "to: tell\n", `small.yaml:29:9: from "tell" no way leads to an end; lead it to a node of kind end`},
		"no such key":           {"text: report.end", "text: report.fin", `small.yaml:43:11: the key report.fin has no text in "en"; add it to locales/en.toml`},
		"no such key, km":       {"text: report.end", "text: report.fin", `the key report.fin has no text in "km"; add it to locales/km.toml`},
		"no such voice key":     {"report.more.<voice>", "report.age.<voice>", `small.yaml:34:11: the key report.age.child has no text`},
		"unknown field":         {`who == "child"`, `whom == "child"`, `small.yaml:4:25: the condition cannot be read: unknown name whom; use one of the declared fields: place, place_area, place_typed, told, who`},
		"impossible value":      {`who == "child"`, `who == "chidl"`, `small.yaml:4:32: who can never be "chidl"; use one of child, parent`},
		"impossible in":         {`when: who == "child"`, `when: 'who in ["child", "aunt"]'`, `small.yaml:4:43: who can never be "aunt"`},
		"impossible not":        {`when: who == "child"`, `when: '!("uncle" != who)'`, `small.yaml:4:28: who can never be "uncle"`},
		"no condition":          {`who == "child"`, `who`, `small.yaml:4:25: the condition cannot be read: expected bool, but got string`},
		"half a condition":      {`who == "child"`, `who ==`, `small.yaml:4:3`},
		"wrong types":           {`who == "child"`, `who == 3`, `small.yaml:4:29: the condition cannot be read: invalid operation: == (mismatched types string and int)`},
		"option's value":        {"value: parent", "value: uncle", `small.yaml:21:28: who can never be "uncle"; use one of child, parent`},
		"number 8":              {"number: 2", "number: 8", `small.yaml:21:18: `},
		"number 10":             {"number: 2", "number: 10", `an option's number is 1 to 7, or 11 and up: 0 leaves, 8 goes back, 9 shows more`},
		"two numbers":           {"number: 2", "number: 1", `small.yaml:21:18: two options have the number 1; give it a number of its own`},
		"no number":             {"number: 2, ", "", `small.yaml:21:9: number is missing; add it`},
		"unknown word":          {"    field: told", "    feild: told", `small.yaml:33:5: "feild" means nothing here; take it out`},
		"missing word":          {"    field: told\n", "", `small.yaml:29:5: field is missing; add it`},
		"word of another kind":  {"    do: conclude", "    do: conclude\n    mark: empty", `small.yaml:39:5: "mark" means nothing in a node of this kind; take it out`},
		"unknown kind":          {"kind: act", "kind: deed", `small.yaml:37:11: "deed" is not known here; write one of say, choose, ask, place, branch, act, end`},
		"two ids":               {"id: done", "id: tell", `there are two nodes "tell"; give it another id`},
		"two keys":              {"    do: conclude", "    do: conclude\n    do: conclude", `"do" stands here twice`},
		"end inside":            {"class: exposed\n    text: report.end", "class: inside\n    text: report.end", `small.yaml:42:12: "end" is the last screen and stays on the phone; write class: exposed`},
		"exposed says too much": {"text: report.end", "text: report.kind.child", `small.yaml:43:11: report.kind.child is not written for a screen that a stranger may see; use an exposed sentence`},
		"first screen inside":   {"class: exposed\n    field: who", "class: inside\n    field: who", `small.yaml:16:12: "who" is the first screen, which anybody may see`},
		"by SMS inside":         {"entry: {ussd: who}", "entry: {ussd: who, sms: tell}", `"tell" is sent by SMS and stays on the phone`},
		"a variable":            {"text: report.more.<voice>", "text: place.confirm", `the text of place.confirm has {{.place}}, which no conversation can fill`},
		"a field's kind":        {"told: text", "told: phone", `small.yaml:33:12: field "told" is phone; declare it as text`},
		"an unknown field":      {"field: told", "field: tale", `small.yaml:33:12: there is no field "tale"; declare it under fields:`},
		"all voices":            {"  - {name: adult}\n", "", `small.yaml:4:25: the last voice must hold for everybody; take its when: away`},
		"no voices":             {"voices:\n  - {name: child, when: who == \"child\"}\n  - {name: adult}\n", "", `"report.more.<voice>" needs a voice, and there is none`},
		"not YAML":              {"entry: {ussd: who}", "entry: {ussd: who", `this is not YAML`},
		"nothing":               {small, "", `the file holds no definition`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(small, test.old) {
				t.Fatalf("there is no %q to break", test.old)
			}
			_, err := library(t).Add("small.yaml", []byte(strings.Replace(small, test.old, test.new, 1)))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got\n%v\nwant %s", err, test.want)
			}
			for line := range strings.Lines(errorText(err)) {
				if parts := strings.SplitN(line, ":", 4); len(parts) < 4 || parts[0] != "small.yaml" || !strings.Contains(line, ";") {
					t.Errorf("not file:line:col: what; mend: %q", line)
				}
			}
		})
	}
}

// TestBudgets gives the same definition a channel that carries less.
func TestBudgets(t *testing.T) {
	t.Parallel()
	l := NewLibrary(catalogue(t), gazetteer.Default(), Options{Budget: map[Channel]locales.Budget{USSD: {Septets: 40, Units: 25}}})
	_, err := l.Add("small.yaml", []byte(strings.Replace(small, "text: report.end", "text: ask.taken", 1)))
	for _, want := range []string{`small.yaml:43:11: "end" ends the dialogue in en, but takes 2 screens: [Someone has taken it up. If it is⏎9 More] [urgent, call 1280.]; shorten the text to one screen`, `in km, but takes`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got\n%v\nwant %s", err, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	broken := strings.NewReplacer("to: where}", "to: nowhere}", `who == "child"`, `who == "kid"`, "report.end", "report.fin", "number: 2", "number: 1").Replace(small)
	_, err := library(t).Add("small.yaml", []byte(broken))
	var fault Fault
	if !errors.As(err, &fault) || fault.Line != 4 || fault.Mend == "" {
		t.Errorf("the first fault is %+v", fault)
	}
	if n := strings.Count(errorText(err), "\n") + 1; n < 6 {
		t.Errorf("%d faults:\n%v", n, err)
	}
}

func TestStandstill(t *testing.T) {
	t.Parallel()
	loop := strings.Replace(small, "to: done\n", "to: round\n  - id: round\n    kind: branch\n    cases:\n      - {when: who == \"child\", to: round2}\n    else: done\n"+
		"  - id: round2\n    kind: branch\n    cases:\n      - {when: who == \"parent\", to: done}\n    else: round\n", 1)
	_, err := library(t).Add("small.yaml", []byte(loop))
	if err == nil || !strings.Contains(err.Error(), `"round2" and "round" lead to each other without a stop; put a question in between`) {
		t.Errorf("got %v", err)
	}
}

func TestNumbersStay(t *testing.T) {
	t.Parallel()
	l := library(t)
	first, err := l.Add("small.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	next := strings.Replace(small, "version: 3", "version: 4", 1)
	for name, test := range map[string]struct{ body, want string }{
		"moved":    {strings.Replace(next, "number: 2", "number: 3", 1), `small.yaml:21:18: option parent of "who" had the number 2 before; give it 2 back`},
		"taken":    {strings.Replace(strings.Replace(next, "value: parent", "value: uncle", 1), "who: [child, parent]", "who: [child, uncle]", 1), `small.yaml:21:18: number 2 of "who" belonged to parent before; give the new option a number that was never used`},
		"no newer": {strings.Replace(small, "to: end\n", "to: end\n# changed\n", 1), `small.yaml:2:10: version 3 is not newer than the version 3 in use; raise it to 4`},
		"older":    {strings.Replace(small, "version: 3", "version: 2", 1), `version 2 is not newer than the version 3 in use`},
	} {
		if _, err := l.Add("small.yaml", []byte(test.body)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got\n%v\nwant %s", name, err, test.want)
		}
	}
	if l.Current("small") != first {
		t.Error("a faulty definition took the place of the one in use")
	}
}

// TestAConversationEndsAsItBegan upgrades the definition in the middle of a conversation.
func TestAConversationEndsAsItBegan(t *testing.T) {
	t.Parallel()
	l := library(t)
	old, err := l.Add("small.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	s, _, _ := old.Step(old.Begin(Beginning{Channel: USSD}, began), Input{}, began)
	body := strings.NewReplacer("version: 3", "version: 4", "text: report.more.<voice>", "text: report.number", "id: tell", "id: tell_us", "to: tell", "to: tell_us").Replace(small)
	current, err := l.Add("small.yaml", []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if l.Current("small") != current || l.ByHash(s.Hash()) != old {
		t.Fatal("the library does not keep both")
	}
	kept, err := Decode(s.AppendBinary(nil))
	if err != nil {
		t.Fatal(err)
	}
	if s, _, _ = l.ByHash(kept.Hash()).Step(kept, Input{"1"}, began); s.Node() != "tell" {
		t.Errorf("the conversation goes on at %q", s.Node())
	}
	// After a restart the old definition comes back from where it was kept, and is not the current one.
	fresh := library(t)
	if _, err := fresh.Add("small.yaml", []byte(body)); err != nil {
		t.Fatal(err)
	}
	again, err := fresh.Restore("small.yaml", old.Source())
	if err != nil || fresh.ByHash(s.Hash()) != again || fresh.Current("small") == again {
		t.Errorf("restored: %v", err)
	}
	// A state that meets the wrong definition ends neutrally instead of going astray.
	if over, screen, _ := current.Step(s, Input{"1"}, began); !over.Over() || !screen.End {
		t.Errorf("the wrong definition went on: %+v", screen)
	}
}

func TestExpiryMovesWithEachTurn(t *testing.T) {
	t.Parallel()
	d := report(t)
	s := d.Begin(Beginning{Channel: USSD, Expires: 10 * 60e9}, began)
	if s.ExpiresAt() != began.Add(10*60e9) || s.StartedAt() != began {
		t.Errorf("began %v, expires %v", s.StartedAt(), s.ExpiresAt())
	}
	later := began.Add(5 * 60e9)
	if s, _, _ = d.Step(s, Input{}, later); s.ExpiresAt() != later.Add(10*60e9) || s.StartedAt() != began {
		t.Errorf("began %v, expires %v", s.StartedAt(), s.ExpiresAt())
	}
}

func TestHasContent(t *testing.T) {
	t.Parallel()
	for field, want := range map[string]bool{"story": true, "harm": true, "place": true, "place_typed": true, "place_area": true, "more": true, "who": false, "language": false, "age": false} {
		if got := (State{}).With(field, "x").HasContent(); got != want {
			t.Errorf("%s: %t", field, got)
		}
	}
	for value, want := range map[string]bool{"yes": true, "unsure": true, "no": false, "": false} {
		if got := (State{}).With("danger", value).HasContent(); got != want {
			t.Errorf("danger %s: %t", value, got)
		}
	}
	if (State{}).With("urgent", "no").HasContent() || !(State{}).With("urgent", "yes").HasContent() {
		t.Error("urgent")
	}
}
