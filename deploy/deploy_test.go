package deploy

import (
	"encoding/csv"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCambodiaHasItsFiles(t *testing.T) {
	t.Parallel()
	var names []string
	entries, err := fs.ReadDir(Cambodia(), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if diff := cmp.Diff([]string{"directory.csv", "pack.yaml"}, names); diff != "" {
		t.Error(diff)
	}
}

// TestSampleReachesNobody holds the promise that the sample directory can't write to a person: all its phones lie in 012 000 500 to 999,
// a range that we keep for officers in samples, and its names are roles.
func TestSampleReachesNobody(t *testing.T) {
	t.Parallel()
	f, err := Cambodia().Open("directory.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < 300 || rows[0][5] != "name" || rows[0][6] != "phone" {
		t.Fatalf("%d rows under %v", len(rows), rows[0])
	}
	roles := []string{"Focal person", "Chair", "Committee member", "Police post", "Police contact", "Health centre", "School", "Clerk", "Social worker",
		"Second social worker", "Reviewer", "Duty officer", "Helpline counsellor"}
	for i, row := range rows[1:] {
		last, ok := strings.CutPrefix(row[6], "012 000 ")
		if !ok || len(last) != 3 || last < "500" || strings.Trim(last, "0123456789") != "" {
			t.Errorf("row %d has a phone outside the sample range", i+2)
		}
		known := false
		for _, r := range roles {
			known = known || strings.HasPrefix(row[5], r)
		}
		if !known {
			t.Errorf("row %d is called %q, which is no role", i+2, row[5])
		}
	}
}
