package pack

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"chumrok/deploy"
)

// FuzzClubs gives any text as clubs.csv. A fault names file, line and mend and quotes nothing as long as a phone; a club that is taken has a number
// that a phone can dial, a name and a commune that there is.
func FuzzClubs(f *testing.F) {
	settings, err := fs.ReadFile(deploy.Cambodia(), "pack.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"", "code,area_code,name\n0204,020101,Club\n", "code,area_code,name\n0204,20101,Club\n0204,020101,", "code;area_code;name", "012000101,020101,x", "\ufeff\"", "\xff\xfec"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, _, err := Load(fstest.MapFS{
			"pack.yaml": {Data: settings}, "clubs.csv": {Data: []byte(text)},
			"directory.csv": {Data: []byte("officer_id,area_code,body,role,order,name,phone,languages,hours,gender,case_system,case_account\n")},
		}, "p")
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "p/") || !strings.Contains(line, "; ") || strings.Contains(line, "12000101") {
					t.Fatalf("a fault without a mend, or with a phone: %q", line)
				}
			}
			return
		}
		for code, c := range p.Clubs {
			if place, ok := p.Gazetteer.Get(c.AreaCode); !ok || len(place.Code) != 6 || code != c.Code || len(code) < 3 || len(code) > 5 || strings.Trim(code, "0123456789") != "" || c.Name == "" {
				t.Fatalf("taken: %q %+v", code, c)
			}
		}
	})
}
