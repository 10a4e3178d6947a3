package gazetteer

import (
	"encoding/csv"
	"os"
	"slices"
	"testing"
)

// The corpus is written by hand from how names vary. A line's meant is the commune's code, "ambiguous" where several are, or an
// area is, meant by it, or "none".
func TestSpellings(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/spellings.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	g := Default()
	var meant, sure, alone, listed int
	for i, r := range rows[1:] {
		text, within, want := r[0], r[1], r[2]
		got := g.Find(text, within)
		switch want {
		case "none":
			if len(got.Places) > 0 || got.Many {
				t.Errorf("spellings.csv:%d: Find(%q, %q) = %s, many %v; nothing is meant", i+2, text, within, codes(got), got.Many)
			}
		case "ambiguous":
			if !got.Many && len(got.Places) < 2 || got.Sure {
				t.Errorf("spellings.csv:%d: Find(%q, %q) = %s, sure %v; several are meant", i+2, text, within, codes(got), got.Sure)
			}
		default:
			if _, ok := g.Get(want); !ok {
				t.Errorf("spellings.csv:%d: no place %s", i+2, want)
			}
			meant++
			in := slices.ContainsFunc(got.Places, func(p Place) bool { return p.Code == want })
			switch {
			case !in && len(got.Places) == 1:
				t.Errorf("spellings.csv:%d: Find(%q, %q) = %s, sure %v, which is wrong; %s is meant", i+2, text, within, codes(got), got.Sure, want)
			case !in:
				t.Logf("spellings.csv:%d: Find(%q, %q) = %s, many %v, within %q; %s is missed", i+2, text, within, codes(got), got.Many, got.Within, want)
			case got.Sure:
				sure++
			case len(got.Places) == 1:
				alone++
			default:
				listed++
			}
		}
	}
	found := sure + alone + listed
	t.Logf("%d spellings of a commune: %d sure, %d to confirm, %d in a list, %d missed; %d others", meant, sure, alone, listed, meant-found, len(rows)-1-meant)
	if found*100 < meant*97 {
		t.Errorf("%d of %d spellings are found, want 97 in a hundred", found, meant)
	}
}
