package flows

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const numbersFile = "released-numbers.txt"

// TestPublishedNumbersStay holds every option to the number that it was published with, and the list complete. -update adds new numbers and
// never changes one.
func TestPublishedNumbersStay(t *testing.T) {
	t.Parallel()
	l := conversations(t)
	if err := l.HoldNumbers("flows/"+numbersFile, ReleasedNumbers()); err != nil {
		t.Fatal(err)
	}
	known := strings.Split(strings.TrimSpace(ReleasedNumbers()), "\n")
	fresh := slices.DeleteFunc(l.Numbers(), func(line string) bool { return slices.Contains(known, line) })
	switch {
	case len(fresh) == 0:
	case *update:
		all := append(slices.DeleteFunc(known, func(line string) bool { return line == "" }), fresh...)
		slices.Sort(all)
		if err := os.WriteFile(numbersFile, []byte(strings.Join(all, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("options without a published number; add them with -update:\n%s", strings.Join(fresh, "\n"))
	}
}

// TestHoldNumbers names what moved and what was given away.
func TestHoldNumbers(t *testing.T) {
	t.Parallel()
	l := library(t)
	if _, err := l.Add("small.yaml", []byte(small)); err != nil {
		t.Fatal(err)
	}
	if got, want := l.Numbers(), []string{"small who 1 child", "small who 2 parent"}; !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
	for name, test := range map[string]struct{ list, want string }{
		"as it is":     {"# a comment\nsmall who 1 child\n\nsmall who 2 parent\nsmall who 3 aunt\nother node 1 child\n", ""},
		"moved":        {"small who 3 parent\n", `small.yaml:21:18: option parent of "who" was published with the number 3; give it 3 back`},
		"given away":   {"small who 2 aunt\n", `small.yaml:21:18: number 2 of "who" was published for aunt; give the new option a number that was never used`},
		"not a number": {"small who 2\n", `numbers.txt:1:1: "small who 2" is no published number; write conversation, node, number and option`},
	} {
		err := l.HoldNumbers("numbers.txt", test.list)
		if test.want == "" && err != nil || !strings.Contains(errorText(err), test.want) {
			t.Errorf("%s: got\n%v\nwant %s", name, err, test.want)
		}
	}
}

// TestGraphs holds the drawings of the conversations.
func TestGraphs(t *testing.T) {
	t.Parallel()
	for _, d := range conversations(t).Definitions() {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join("testdata", "graphs", d.Name+".mmd")
			got := d.Mermaid()
			for _, id := range d.Nodes() {
				if !regexp.MustCompile(`(?m)^  n_` + id + `[\[{(>]`).MatchString(got) {
					t.Errorf("%s is not drawn", id)
				}
			}
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got), or refresh with -update:\n%s", file, diff)
			}
		})
	}
}
