package flows

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestEveryNodeAndOptionHasATranscript holds the transcripts complete: each node and option of each conversation, in each language of the
// catalogue, on each channel on which it can be met, and each answer that a fetch may get.
func TestEveryNodeAndOptionHasATranscript(t *testing.T) {
	t.Parallel()
	l := conversations(t)
	met := map[string]bool{}
	for _, file := range transcriptFiles(t, l) {
		meets(t, l, file, met)
	}
	for _, key := range unmet(l, met) {
		t.Errorf("no transcript meets %s", key)
	}
}

// TestMissingTranscriptIsMissed tries the test above: without the transcripts of one language, of one channel, or of one node, it names
// exactly what is then met nowhere.
func TestMissingTranscriptIsMissed(t *testing.T) {
	t.Parallel()
	l := conversations(t)
	byFile := map[string]map[string]bool{}
	for _, file := range transcriptFiles(t, l) {
		byFile[file] = map[string]bool{}
		meets(t, l, file, byFile[file])
	}
	without := func(away func(file string, met map[string]bool) bool) []string {
		met := map[string]bool{}
		for file, has := range byFile {
			if !away(file, has) {
				maps.Copy(met, has)
			}
		}
		return unmet(l, met)
	}
	for _, language := range l.languages {
		if missing := without(func(file string, _ map[string]bool) bool { return strings.HasSuffix(file, "."+language+".txt") }); len(missing) == 0 {
			t.Errorf("without any transcript in %s nothing is missed", language)
		}
		for _, d := range l.Definitions() {
			for ci, channel := range channels {
				for i := range d.nodes {
					n := &d.nodes[i]
					key := language + " " + string(channel) + " " + d.Name + "/" + n.id
					if !n.on[ci] || d.Name == "menu" && n.id == "language" {
						continue
					}
					missing := without(func(_ string, met map[string]bool) bool { return met[key] })
					if !slices.Contains(missing, key) {
						t.Errorf("without any transcript that meets %s it is not missed", key)
					}
				}
			}
		}
	}
}

// meets notes what a transcript's caller meets.
func meets(t *testing.T, l *Library, file string, met map[string]bool) {
	t.Helper()
	script, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	play(t, l, string(script), func(what string) { met[what] = true })
}

// unmet are the nodes, options and answers that must be met and are not.
func unmet(l *Library, met map[string]bool) (missing []string) {
	for _, lang := range l.languages {
		for ci, channel := range channels {
			for _, d := range l.Definitions() {
				for i := range d.nodes {
					n := &d.nodes[i]
					if !n.on[ci] || d.Name == "menu" && n.id == "language" { // it is the same in all; what is chosen counts in the new one
						continue
					}
					for _, what := range d.toMeet(n) {
						if key := lang + " " + string(channel) + " " + d.Name + "/" + what; !met[key] && !unanswerable[d.Name+"/"+what] {
							missing = append(missing, key)
						}
					}
				}
			}
		}
	}
	return missing
}

// toMeet is what of a node some transcript must meet.
func (d *Definition) toMeet(n *node) []string {
	want := []string{n.id}
	for _, o := range n.options {
		want = append(want, n.id+" "+o.number)
	}
	if n.kind == kindList {
		want = append(want, n.id+" 1")
	}
	if f := d.fields[n.field]; n.kind == kindFetch && f != nil {
		for _, value := range sortedKeys(f.values) {
			want = append(want, n.id+" = "+value)
		}
	}
	return want
}

// unanswerable are answers of a field that this fetch never gets, since the field serves several.
var unanswerable = map[string]bool{
	"duty/cannot = review": true, "duty/cannot = taken": true,
	"duty/seen = next": true, "duty/seen = review": true, "duty/seen = taken": true,
	"duty/close = next": true, "duty/close = taken": true,
	"duty/set_away = gone": true, "duty/set_away = next": true, "duty/set_away = review": true, "duty/set_away = taken": true,
}
