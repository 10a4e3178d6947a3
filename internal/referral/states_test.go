package referral

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

//go:embed states.md
var drawing string

// The drawing and the code say the same.
func TestDrawing(t *testing.T) {
	t.Parallel()
	_, rest, ok := strings.Cut(drawing, "```mermaid\n")
	graph, table, ok2 := strings.Cut(rest, "```")
	if !ok || !ok2 {
		t.Fatal("states.md has no drawing")
	}
	var drawn []Transition
	for _, m := range regexp.MustCompile(`(?m)^ *(\w+) --> (\w+): (.+)$`).FindAllStringSubmatch(graph, -1) {
		drawn = append(drawn, Transition{State(m[1]), Event(m[3]), State(m[2])})
	}
	if diff := cmp.Diff(Transitions(), drawn); diff != "" {
		t.Errorf("states.md draws something else than Transitions says (-code +drawing):\n%s", diff)
	}
	for _, s := range States() {
		if want := "| " + s.String() + " | " + s.Meaning() + " |"; !strings.Contains(table, want) {
			t.Errorf("states.md lacks %s", want)
		}
		if s.Meaning() == State("?").Meaning() {
			t.Errorf("%s has no meaning", s)
		}
	}
}

func TestEveryStateIsReachedAndLeadsToTheEnd(t *testing.T) {
	t.Parallel()
	reached, ends := []State{Alerting}, []State{Closed}
	for range States() {
		for _, tr := range Transitions() {
			if slices.Contains(reached, tr.From) && !slices.Contains(reached, tr.To) {
				reached = append(reached, tr.To)
			}
			if slices.Contains(ends, tr.To) && !slices.Contains(ends, tr.From) {
				ends = append(ends, tr.From)
			}
		}
	}
	for _, s := range States() {
		if !slices.Contains(reached, s) || !slices.Contains(ends, s) {
			t.Errorf("%s is not on a way from alerting to closed", s)
		}
	}
	if _, ok := Closed.After(Accept); ok || Closed.Open() || !Review.Open() {
		t.Error("a closed referral can be moved")
	}
}

func TestHoldsHaveAMeaning(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range append(HoldReasons(), "nonsense") {
		if m := r.Meaning(); !strings.HasSuffix(m, ".") || seen[m] {
			t.Errorf("%s means %q", r, m)
		} else {
			seen[m] = true
		}
	}
	for _, s := range []HoldState{HoldWaiting, HoldTaken, HoldReleased, "nonsense"} {
		if m := s.Meaning(); !strings.HasSuffix(m, ".") || seen[m] && s != "nonsense" {
			t.Errorf("%s means %q", s, m)
		} else {
			seen[m] = true
		}
	}
}
