package flows

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// asking is a faultless little definition with every kind of node that goes to the gateway or to another conversation.
const asking = `name: asking
version: 1
for: officer
mark: officer
fields:
  pin: digits
  pin_is: [ok, wrong]
  task: text
  more: text
vars: {code: task}
entry: {ussd: pin}
nodes:
  - id: pin
    kind: ask
    class: inside
    field: pin
    type: digits
    secret: true
    text: duty.pin
    to: check
  - id: check
    kind: fetch
    want: pin
    with: pin
    field: pin_is
    supplies: when
    to: checked
  - id: checked
    kind: branch
    cases:
      - {when: pin_is == "ok", to: list}
    else: over
  - id: list
    kind: list
    class: inside
    field: task
    text: duty.list
    to: details
  - id: details
    kind: fetch
    want: details
    with: [task, pin_is]
    to: read
  - id: read
    kind: read
    class: inside
    go_on: {number: 1, text: nav.go_on}
    to: taken
  - id: taken
    kind: say
    class: inside
    text: duty.accepted
    go_on: {number: 1, text: nav.go_on}
    to: away
  - id: away
    kind: go
    flow: small
  - id: over
    kind: end
    class: inside
    text: duty.locked
`

func TestFaultsOfWhatIsHandedOver(t *testing.T) {
	t.Parallel()
	if _, err := library(t).Add("asking.yaml", []byte(asking)); err != nil {
		t.Fatalf("the definition that the tests break is faulty already:\n%v", err)
	}
	for name, test := range map[string]struct{ old, new, want string }{
		"secret to a question":  {"text: duty.pin\n    to: check", "text: duty.pin\n    to: taken", `asking.yaml:20:9: "pin" asks for a secret, which only a fetch right behind it can use; lead it to a fetch that has with: pin`},
		"secret in a condition": {`when: pin_is == "ok"`, `when: pin == "4821"`, `"pin" is a secret, and nothing of it is kept to compare; let a fetch say whether it is right`},
		"secret kept":           {"    secret: true\n", "    secret: true\n    if_code: over\n    code_field: pin\n", `"pin" would keep what another node asks for in secret`},
		"no want":               {"    want: details\n", "", `asking.yaml:39:5: want is missing; add it`},
		"no such field":         {"with: [task, pin_is]", "with: [task, reason]", `asking.yaml:42:18: there is no field "reason"; declare it under fields:`},
		"a fetch's field":       {"    field: pin_is\n", "    field: more\n", `field "more" is text; declare it as choice`},
		"a list's field":        {"    field: task\n    text", "    field: pin_is\n    text", `field "pin_is" is choice; declare it as text`},
		"nothing supplied":      {"text: nav.go_on}\n    to: away", "text: nav.go_on}\n    to: list", `asking.yaml:49:9: "taken" leads to "list", which shows what nothing has supplied; put a fetch in between`},
		"unsupplied variable":   {"    supplies: when\n", "", `the text of duty.accepted has {{.when}}, which no conversation can fill; use {{.code}}, {{.proof}} only, or declare it under vars: or supplies:`},
		"no go on":              {"    go_on: {number: 1, text: nav.go_on}\n    to: taken", "    to: taken", `go_on is missing`},
		"for a caller":          {"for: officer\n", "", `asking.yaml:14:12: "pin" is the first screen, which anybody may see`},
		"an end for a caller":   {"for: officer\n", "", `"over" is the last screen and stays on the phone`},
		"by SMS":                {"entry: {ussd: pin}", "entry: {ussd: pin, sms: pin}", `"list" would leave on the phone what it shows; use it by USSD only`},
		"vars of no field":      {"vars: {code: task}", "vars: {code: job}", `asking.yaml:10:14: there is no field "job"; declare it under fields:`},
		"secret of a choice":    {"    secret: true\n", "    secret: true\n    do: settle\n", `"do" means nothing in a node of this kind; take it out`},
		"a round of fetches":    {"    with: [task, pin_is]\n    to: read", "    with: [task, pin_is]\n    to: details", `"details" and "details" lead to each other without a stop; put a question in between`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(asking, test.old) {
				t.Fatalf("there is no %q to break", test.old)
			}
			_, err := library(t).Add("asking.yaml", []byte(strings.Replace(asking, test.old, test.new, 1)))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got\n%v\nwant %s", err, test.want)
			}
		})
	}
}

func TestConnected(t *testing.T) {
	t.Parallel()
	l := library(t)
	if _, err := l.Add("asking.yaml", []byte(asking)); err != nil {
		t.Fatal(err)
	}
	want := `asking.yaml:57:11: there is no conversation "small"; add flows/small.yaml, or name one that there is`
	if got := errorText(l.Connected()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// A conversation that comes to such a node ends neutrally all the same.
	s := l.Begin(Beginning{Channel: USSD, Flow: "asking"}, began)
	s, _, _ = l.Step(s, Input{}, began)
	s, _, _ = l.Step(s, Input{"4821"}, began)
	s, _, _ = l.Supply(s, plenty("ok"), began)
	s, _, _ = l.Step(s, Input{"1"}, began)
	s, _, _ = l.Supply(s, plenty(""), began)
	s, _, _ = l.Step(s, Input{"1"}, began)
	if s, screen, _ := l.Step(s, Input{"1"}, began); !s.Over() || !screen.End || screen.Text == "" {
		t.Errorf("it went on: %+v", screen)
	}
	if _, err := l.Add("small.yaml", []byte(strings.Replace(small, "ussd: who", "sms: end", 1))); err == nil {
		t.Fatal("the definition should be faulty")
	}
	if _, err := l.Add("small.yaml", []byte(small)); err != nil {
		t.Fatal(err)
	}
	if err := l.Connected(); err != nil {
		t.Errorf("got\n%v", err)
	}
}

// TestSuppliedOptionsAreNumbered gives every line of a list a number that means nothing else.
func TestSuppliedOptionsAreNumbered(t *testing.T) {
	t.Parallel()
	options := make([]Option, 10)
	options[0].Number, options[1].Number, options[2].Number, options[3].Number, options[4].Number = 8, 2, 2, 10, -1
	var got []int
	for _, o := range numbered(options) {
		got = append(got, o.Number)
	}
	if diff := cmp.Diff([]int{1, 2, 3, 4, 5, 6, 7, 11, 12, 13}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := len(numbered(make([]Option, 500))); n != mostOptions {
		t.Errorf("%d options are kept", n)
	}
	if options[0].Number != 8 {
		t.Error("the gateway's own list was changed")
	}
}

// TestSecretIsKeptNowhere enters a PIN and looks for it in the state, in what happened, and after a crash between the two halves of a turn.
func TestSecretIsKeptNowhere(t *testing.T) {
	t.Parallel()
	l := conversations(t)
	s := l.Begin(Beginning{Channel: USSD, Officer: true}, began)
	for _, in := range []string{"", "1", "4"} {
		if l.Secret(s) {
			t.Error("no secret is asked for yet")
		}
		s, _, _ = l.Step(s, Input{in}, began)
	}
	if !l.Secret(s) {
		t.Error("a secret is asked for, and nobody is told")
	}
	waiting, screen, events := l.Step(s, Input{pin}, began)
	if diff := cmp.Diff([]Event{{Wanted, "pin", pin}}, events); diff != "" || screen != (Screen{}) {
		t.Errorf("%+v (-want +got):\n%s", screen, diff)
	}
	if strings.Contains(string(waiting.AppendBinary(nil)), pin) || waiting.Answer("pin") != "" || l.Secret(waiting) {
		t.Error("the state has the secret")
	}
	// Nothing was supplied: the secret is gone, so it is asked for once more.
	if again, screen, events := l.Step(waiting, Input{"1"}, began); again.Node() != "pin" || screen.Text == "" || len(events) != 0 {
		t.Errorf("after a crash: at %q, %v", again.Node(), events)
	}
}

// TestWhatWasToldIsNeverMarked leaves a conversation that is marked by itself after something was told in it.
func TestWhatWasToldIsNeverMarked(t *testing.T) {
	t.Parallel()
	l := conversations(t)
	for _, test := range []struct {
		flow, said, mark string
	}{{"learn", "", "information"}, {"ask", "", "service"}, {"menu", "", ""}, {"report", "", ""}, {"learn", "ពូវាយខ្ញុំ", ""}, {"ask", "help me please", ""}} {
		s := l.Begin(Beginning{Channel: USSD, Flow: test.flow}, began)
		s, _, _ = l.Step(s, Input{}, began)
		if test.said != "" {
			s, _, _ = l.Step(s, Input{test.said}, began)
		}
		if s.Mark() != test.mark {
			t.Errorf("%s, open, said %q: %q", test.flow, test.said, s.Mark())
		}
		s, _, events := l.Step(s, Input{"0"}, began)
		if got := events[len(events)-1]; s.Mark() != test.mark || got != (Event{Ended, "mark", test.mark}) {
			t.Errorf("%s, left, said %q: %q, %v", test.flow, test.said, s.Mark(), got)
		}
	}
}

// TestAcrossConversations takes what is known along, and the way back.
func TestAcrossConversations(t *testing.T) {
	t.Parallel()
	l := conversations(t)
	b := Beginning{Channel: USSD, Code: "48213057", AreaCode: "020401", Emergency: true, Expires: time.Hour}
	s := l.Begin(b, began)
	for _, in := range []string{"", "2", "1", "1", "1", "1", "1", "1", "2"} {
		s, _, _ = l.Step(s, Input{in}, began)
	}
	if s.Hash() != l.Default().Hash || s.Language() != "en" || s.Code != b.Code || s.StartedAt() != began || s.Node() != "harm" {
		t.Errorf("at %q in %s", s.Node(), s.Language())
	}
	s, _, _ = l.Step(s, Input{"14"}, began) // emergency mode is on
	if screen := l.Show(s); !strings.Contains(screen.Text, "Kantueu Pir") && s.place.phase != phaseConfirm {
		t.Errorf("the club is forgotten: %q", screen.Text)
	}
	for range 20 {
		s, _, _ = l.Step(s, Input{"8"}, began)
	}
	if s.Node() != "language" || s.Hash() != l.Current("menu").Hash || s.Answer("harm") != "" || s.Answer("emergency") != "yes" {
		t.Errorf("back at %q with %v", s.Node(), s.Fields())
	}
	// A definition that the library does not have ends the conversation neutrally.
	s.hash = "gone"
	if over, screen, _ := l.Step(s, Input{"1"}, began); !over.Over() || !screen.End || screen.Text == "" {
		t.Errorf("astray: %+v", screen)
	}
	if over, screen, _ := l.Supply(s, Supplied{}, began); !over.Over() || !screen.End {
		t.Errorf("astray: %+v", screen)
	}
	if s := (&Library{texts: l.texts, languages: l.languages, tongues: l.tongues, places: l.places}).Begin(b, began); s.hash != "" {
		t.Error("an empty library began something")
	}
}
