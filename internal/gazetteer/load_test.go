package gazetteer

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const header = "code,level,name_km,name_latin,unit,status,successor\n"

// small is a table without a fault: one commune was replaced twice.
const small = header +
	"01,province,ក,Ka,Khaet,current,\n" +
	"0101,district,ខ,Kha,Srok,current,\n" +
	"010101,commune,គ,Ko,Khum,current,\n" +
	"010102,commune,ឃ,Kho,Khum,retired,010103\n" +
	"010103,commune,ង,Ngo,Khum,retired,010104\n" +
	"010104,commune,ច,Cha,Khum,current,\n" +
	"010901,commune,ឆ,Chha,Khum,retired,010101\n" // its district is gone

func TestLoadNamesEveryFault(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, in, want string }{
		{"empty", "", "g.csv:1: no header line (EOF); the first line must be code,level,name_km,name_latin,unit,status,successor"},
		{"no rows", header, "g.csv:1: no places; add at least one province, district and commune"},
		{"column", "code,level,name_km,unit,status\n", "g.csv:1: missing column name_latin, successor; the first line must be code,level,name_km,name_latin,unit,status,successor"},
		{"fields", small + "02,province\n", "g.csv:9: 2 fields where the header has 7; add or remove commas"},
		{"quotes", small + "\"02,province\n", "g.csv:9: not readable as CSV (extraneous or missing \" in quoted-field); check the quotes of this line"},
		{"zero lost", small + "1,province,ក,Ka,Khaet,current,\n", `g.csv:9: code "1" is not 2 digits, as the code of a province must be; mind lost leading zeros`},
		{"letters", small + "0x,province,ក,Ka,Khaet,current,\n", `g.csv:9: code "0x" is not 2 digits, as the code of a province must be; mind lost leading zeros`},
		{"level", small + "02,state,ក,Ka,Khaet,current,\n", `g.csv:9: unknown level "state"; write province, district or commune`},
		{"unit", small + "02,province,ក,Ka,Khum,current,\n", `g.csv:9: unknown unit "Khum" for a province; write Khaet, Reach Theani`},
		{"status", small + "02,province,ក,Ka,Khaet,old,\n", `g.csv:9: unknown status "old"; write current or retired`},
		{"double", small + "01,province,ក,Ka,Khaet,current,\n", "g.csv:9: code 01 is already on line 2; remove one of them"},
		{"parent", small + "0201,district,ក,Ka,Srok,current,\n", "g.csv:9: district 0201 lies in 02, which is not in the file; add it or mend the code"},
		{"no successor", small + "010105,commune,ក,Ka,Khum,retired,\n", "g.csv:9: retired place 010105 has no successor; write the code that replaced it"},
		{"unknown successor", small + "010105,commune,ក,Ka,Khum,retired,010199\n", "g.csv:9: successor 010199 of 010105 is not in the file; write a code that is"},
		{"successor of another level", small + "010105,commune,ក,Ka,Khum,retired,0101\n", "g.csv:9: successor 0101 of 010105 is a district; write the code of a commune"},
		{"current with successor", small + "010105,commune,ក,Ka,Khum,current,010101\n", `g.csv:9: a current place has the successor "010101"; empty the field, or write retired`},
		{
			"circle", small + "010105,commune,ក,Ka,Khum,retired,010106\n010106,commune,ក,Ka,Khum,retired,010105\n",
			"g.csv:9: successors of 010105 run in a circle; let one of them be a current place\ng.csv:10: successors of 010106 run in a circle; let one of them be a current place",
		},
		{"names", small + "02,province,,,Khaet,current,\n", "g.csv:9: name_km is empty; write the name as the country writes it\ng.csv:9: name_latin is empty; write the name in Latin letters"},
		{
			"several", small + "0301,district,,Ka,Srok,current,\n02,region,ក,Ka,Khaet,current,\n",
			"g.csv:9: name_km is empty; write the name as the country writes it\ng.csv:9: district 0301 lies in 03, which is not in the file; add it or mend the code\ng.csv:10: unknown level \"region\"; write province, district or commune",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(strings.NewReader(tc.in), "g.csv")
			if err == nil {
				t.Fatal("loaded without a fault")
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLoadSmall(t *testing.T) {
	t.Parallel()
	g, err := Load(strings.NewReader("\ufeff"+small), "g.csv")
	if err != nil {
		t.Fatal(err)
	}
	p, followed, ok := g.Current("010102")
	if !ok || !followed || p.Code != "010104" {
		t.Errorf("Current(010102) = %v %v %v, want 010104 by two steps", p.Code, followed, ok)
	}
	if p, ok := g.Get("010102"); !ok || !p.Retired || p.Successor != "010103" {
		t.Errorf("Get(010102) = %+v %v, want the retired row itself", p, ok)
	}
	if _, _, ok := g.Current("999999"); ok {
		t.Error("Current knows 999999")
	}
	if got := g.Path("010901"); len(got) != 3 || got[2].Code != "010101" || got[0].Code != "01" {
		t.Errorf("Path(010901) = %v", got)
	}
	if got := g.Path("77"); got != nil {
		t.Errorf("Path(77) = %v", got)
	}
	if got := len(g.Children("0101")); got != 2 {
		t.Errorf("0101 has %d communes in force, want 2", got)
	}
	if g.Name("0101", "km") != "ខ" || g.Name("0101", "en") != "Kha" || g.Name("0101", "km-Latn") != "Kha" || g.Name("x", "km") != "" {
		t.Error("names are mixed up")
	}
}

// Every retired commune is found by its code and, with its province, by its old name; a successor that is not its namesake is
// said to have been followed.
func TestRetiredCommunes(t *testing.T) {
	t.Parallel()
	g := Default()
	n := 0
	for _, p := range g.places {
		if !p.Retired {
			continue
		}
		n++
		now, followed, ok := g.Current(p.Code)
		if !ok || !followed || now.Retired {
			t.Errorf("Current(%s) = %v %v %v", p.Code, now, followed, ok)
		}
		if f := g.Find(p.Code, ""); len(f.Places) != 1 || f.Places[0].Code != now.Code || !f.Followed || !f.Sure {
			t.Errorf("Find(%s) = %s, followed %v", p.Code, codes(f), f.Followed)
		}
		for _, text := range []string{p.Km + " " + g.Name(p.Code[:2], "km"), p.Latin + " " + g.Name(p.Code[:2], "en"), "ឃុំ" + p.Km + g.Name(p.Code[:4], "km")} {
			if f := g.Find(text, ""); !strings.Contains(codes(f), now.Code) {
				t.Errorf("Find(%q) = %s, want %s", text, codes(f), now.Code)
			}
		}
	}
	if n != 45 {
		t.Errorf("%d retired communes, want 45", n)
	}
	if f := g.Find("បាក់ដាវ ខ្សាច់កណ្តាល", ""); !f.Followed {
		t.Error("Bak Dav in its old district is not said to be followed")
	}
}

// The embedded aliases are all of places that exist, under the Khmer names that they were written for.
func TestAliasesHold(t *testing.T) {
	t.Parallel()
	g := Default()
	for _, a := range aliases() {
		if p, ok := g.Get(a.code); !ok || p.Km != a.km || Fold(a.alias) == "" {
			t.Errorf("alias %+v is of %+v", a, p)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(bytes.NewReader(cambodiaCSV), "cambodia.csv"); err != nil {
			b.Fatal(err)
		}
	}
}
