package alert

import (
	_ "embed"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/referral"
	"chumrok/internal/report"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write answers.md anew; read the difference as you would the words")

//go:embed answers.md
var answers string

const answersHead = `# What each answer does

What an officer who sends a digit about a referral is answered, and what becomes of the referral, for every state, every sort of officer and
every message. A test works it out from the code and holds this page to it. The cells name the sentence of locales without ` + "`alert.`" + `; after →
the new state, with the outcome; ` + "`+calls`" + ` others are written to, ` + "`+hold`" + ` the desk is asked, ` + "`+question`" + ` a bare digit within ten
minutes answers us. The table is of a high risk, of which every officer of the committee was alerted.

- **owner**: accepted it. **asked**: was alerted, in this step or an earlier one. **declined**: was alerted and said "cannot".
  **removed**: must not be told. **stranger**: was never alerted. **reviewer**: was asked to agree with the outcome: 1 agrees, 2 sends it back to
  the owner, 3 gives it to the next tier, 2 2 (connected to those involved) leaves it to the other reviewers.
- Nobody is written to when somebody accepts, except who accepts: who answers later learns that it is taken.

`

// The officers of the table. c-1 owns where there is an owner.
var sorts = []struct{ name, id string }{{"owner", "c-1"}, {"asked", "c-2"}, {"declined", "c-3"}, {"removed", "c-4"}, {"stranger", "p-1"},
	{"reviewer", "d-1"}}

var messages = []string{"1", "2", "2 1", "2 2", "2 3", "2 4", "3", "4", "4 1", "4 2", "4 3", "4 4", "4 5", "4 6", "0"}

// inState gives a referral in a state, with each sort of officer in it.
func inState(t *testing.T, s referral.State, d *directory.Directory) referral.Referral {
	t.Helper()
	ref := Start(fresh(t, report.Report{}, report.High, d), d, clocks, t0).Referral
	ref = Cannot(ref, "c-3", Away, d, clocks, t0).Referral
	ref.Plan.Removed = ref.Plan.Removed.With("c-4")
	if s == referral.Alerting {
		return ref
	}
	ref = Accept(ref, "c-1", d, clocks, t0).Referral
	switch s {
	case referral.Seen:
		ref = Seen(ref, "c-1", d, clocks, t0).Referral
	case referral.Review:
		ref = Outcome(ref, "c-1", 5, d, clocks, t0).Referral
	case referral.Closed:
		ref = Outcome(ref, "c-1", 1, d, clocks, t0).Referral
	}
	if ref.State != s {
		t.Fatalf("the referral is %s, want %s", ref.State, s)
	}
	return ref
}

func TestEveryAnswerInEveryState(t *testing.T) {
	t.Parallel()
	d := load(t, "c-4,020101,committee,member,4,Member,012000104,km,always,m,,")
	var page strings.Builder
	page.WriteString(answersHead)
	for _, s := range referral.States() {
		fmt.Fprintf(&page, "## %s\n%s\n\n| message |", s, s.Meaning())
		who := sorts[:len(sorts)-1]
		switch s {
		case referral.Alerting:
			who = who[1:]
		case referral.Review:
			who = sorts
		}
		for _, w := range who {
			page.WriteString(" " + w.name + " |")
		}
		page.WriteString("\n|---|" + strings.Repeat("---|", len(who)) + "\n")
		for _, text := range messages {
			page.WriteString("| " + text + " |")
			for _, w := range who {
				page.WriteString(" " + cell(t, inState(t, s, d), w.id, text, d) + " |")
			}
			page.WriteString("\n")
		}
		page.WriteString("\n")
	}
	got := strings.TrimRight(page.String(), "\n") + "\n"
	if *update {
		if err := os.WriteFile("answers.md", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(answers, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("answers.md says something else than the code (-page +code):\n%s", diff)
	}
}

// cell works out one answer and checks what must hold of each.
func cell(t *testing.T, ref referral.Referral, id, text string, d *directory.Directory) string {
	t.Helper()
	w, ok := ParseWords(text)
	if !ok {
		t.Fatalf("%q is not understood", text)
	}
	m := Match{Found: true, Verb: w.Verb, Follow: w.Follow}
	dec := Answer(ref, id, m, d, clocks, t0.Add(time.Minute))
	out := strings.TrimPrefix(dec.Reply.Key, "alert.")
	if out == dec.Reply.Key || dec.Reply.Key == "" {
		t.Errorf("%s in %s from %s is answered with nothing", text, ref.State, id)
	}
	if dec.Referral.State != ref.State {
		out += " → " + string(dec.Referral.State)
		if dec.Referral.Outcome != "" {
			out += " (" + dec.Referral.Outcome + ")"
		}
	}
	if len(dec.Calls) > 0 {
		out += " +calls"
	}
	if dec.Hold != nil {
		out += " +hold"
	}
	if dec.Question != nil {
		out += " +question"
	}
	if !dec.Changed && cmp.Diff(ref, dec.Referral) != "" {
		t.Errorf("%s in %s from %s: changed, and does not say so", text, ref.State, id)
	}
	sound(t, dec.Referral, dec.Clock)
	if dec.Referral.State != ref.State && !slices.ContainsFunc(referral.Transitions(), func(tr referral.Transition) bool {
		return tr.From == ref.State && tr.To == dec.Referral.State
	}) {
		t.Errorf("%s in %s from %s: no arrow leads to %s", text, ref.State, id, dec.Referral.State)
	}
	return out
}

// sound checks what holds of every referral at every moment: exactly one thing moves it.
func sound(t interface {
	Helper()
	Errorf(string, ...any)
}, ref referral.Referral, clock time.Time) {
	t.Helper()
	alerting := ref.State == referral.Alerting
	if alerting != (ref.Owner == "") {
		t.Errorf("%s with owner %q", ref.State, ref.Owner)
	}
	if alerting == ref.AcceptDue.IsZero() || !clock.Equal(ref.AcceptDue) {
		t.Errorf("%s with the accepted clock at %v, told as %v", ref.State, ref.AcceptDue, clock)
	}
	if (ref.State == referral.Accepted) == ref.SeenDue.IsZero() {
		t.Errorf("%s with the seen clock at %v", ref.State, ref.SeenDue)
	}
	if (ref.State == referral.Accepted || ref.State == referral.Seen) == ref.OutcomeDue.IsZero() {
		t.Errorf("%s with the outcome clock at %v", ref.State, ref.OutcomeDue)
	}
	if (ref.State == referral.Accepted) != ref.SeenClock.Running() || (ref.State == referral.Review) != ref.ReviewClock.Running() ||
		(ref.State == referral.Accepted || ref.State == referral.Seen) != ref.OutcomeClock.Running() {
		t.Errorf("%s with the clocks %+v, %+v, %+v", ref.State, ref.SeenClock, ref.OutcomeClock, ref.ReviewClock)
	}
	if ref.State != referral.Alerting && !ref.AcceptRemind.IsZero() {
		t.Errorf("%s, and somebody is to be reminded to accept", ref.State)
	}
	if (ref.State == referral.Review || ref.State == referral.Closed) == (ref.Outcome == "") {
		t.Errorf("%s with outcome %q", ref.State, ref.Outcome)
	}
	if (ref.State == referral.Closed) == ref.ClosedAt.IsZero() {
		t.Errorf("%s, closed at %v", ref.State, ref.ClosedAt)
	}
}

func TestReview(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		outcome string
		risks   []report.Risk
	}{
		{Settled, report.Risks()}, {NotFound, []report.Risk{report.High, report.Immediate}}, {FalseAlarm, []report.Risk{report.High, report.Immediate}},
		{ServiceBegun, nil}, {ReferredOn, nil}, {OtherEnd, nil},
	} {
		for _, risk := range report.Risks() {
			if got, want := NeedsReview(c.outcome, risk), slices.Contains(c.risks, risk); got != want {
				t.Errorf("%s at %v risk: review is %v, want %v", c.outcome, risk, got, want)
			}
		}
	}
	if !NeedsReview(FalseAlarm, 0) {
		t.Error("a risk that was not judged counts as less than high")
	}
}
