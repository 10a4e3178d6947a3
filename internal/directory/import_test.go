package directory

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/gazetteer"
	"chumrok/internal/phone"
	"chumrok/internal/sheet"
)

func imports(t *testing.T, text string) (*Directory, []Note, error) {
	t.Helper()
	rows, _, err := sheet.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return Import(Country{}, rows, "list.csv", gazetteer.Default())
}

// What an office sends is taken as directory.csv would be, and written so that it means the same when it is read again.
func TestImportAndWriteAgain(t *testing.T) {
	t.Parallel()
	d, notes, err := imports(t, "\ufeff"+header+",,,,,,,,,,,\n"+
		"a,020101,committee,focal,១,ភូមិ មួយ,០១២ ០០០ ១០១,km | en,Mo-Fr 07:30-11:30 14:00-17:30,f,primero,ccwc1\n"+
		"b,180203,committee,chair,1,\"Chair, two\",+85512000102,km,always,,,\n"+
		"c,KH,partner,duty,2,Partner,+66 2 000 0000,en,\"Mo-Fr 08:00-17:00; Sa 08:00-12:00\",,,\n"+
		"d,02,province_office,duty,1,Province,0961234567,km,always,,,\n\n\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(notes) != 1 || !strings.Contains(notes[0].Text, "180203 is retired; 180602") {
		t.Errorf("notes: %v", notes)
	}
	text, err := d.CSV(Country{})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"a,020101,committee,focal,1,ភូមិ មួយ,012 000 101,km|en,", `b,180602,committee,chair,1,"Chair, two",012 000 102,`, "+662 000 0000,", "096 123 4567,"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
	again, _, err := Load(strings.NewReader(string(text)), "directory.csv", gazetteer.Default())
	if err != nil {
		t.Fatal(err)
	}
	if difference := Compare(d, again, ""); !difference.None() {
		t.Errorf("%+v", difference)
	}
	twice, err := again.CSV(Country{})
	if err != nil || string(twice) != string(text) {
		t.Errorf("written twice it is another file: %v", err)
	}
}

// Elsewhere a number at home is written with its plus sign, and the nation by its name.
func TestWriteInAnotherCountry(t *testing.T) {
	t.Parallel()
	kenya, ok := phone.CountryOf("+254")
	if !ok {
		t.Fatal("+254 is no country")
	}
	rows, _, err := sheet.Read([]byte(header + "a,nation,desk,duty,1,Desk,0712 000 101,en,always,,,\nb,KH,desk,duty,2,Desk,+855 12 000 101,en,always,,,\n"))
	if err != nil {
		t.Fatal(err)
	}
	country := Country{Phones: kenya, Languages: []string{"en"}}
	d, _, err := Import(country, rows, "list.csv", gazetteer.Default())
	if err != nil {
		t.Fatal(err)
	}
	text, err := d.CSV(country)
	if err != nil || !strings.Contains(string(text), "a,nation,desk,duty,1,Desk,+254 712 000 101,") || !strings.Contains(string(text), ",+855 120 001 01,") {
		t.Errorf("%v\n%s", err, text)
	}
	if again, _, err := LoadFor(country, strings.NewReader(string(text)), "directory.csv", gazetteer.Default()); err != nil || !Compare(d, again, "").None() {
		t.Errorf("it is read otherwise: %v", err)
	}
}

func TestImportNamesTheCell(t *testing.T) {
	t.Parallel()
	_, _, err := imports(t, header+
		"a,20101,committee,focal,1,Focal,12000101,km,always,,,\n"+
		"b,020101,comittee,focal,1,,8.55E+10,km,always,,,\n"+
		"c,020101,committee,focal,x,=A1,012 000 101,km,11/22/2026,,,\n"+
		"d,០២០១០១,committee,focal,1,+x,012 000 101,km,always,,,\n"+
		"d,020101,committee,focal,1,Focal,012 000 101 / 012 000 102,km,always,,,acc\n")
	if err == nil {
		t.Fatal("nothing was found wrong")
	}
	want := []string{
		"list.csv:2 (cell B2): area_code \"20101\" has lost its leading 0; if the commune of Kantueu Muoy is meant, write 020101, and set the column to text before saving",
		"list.csv:2 (cell G2): phone has lost its leading 0; write the 0 in front, and set the column to text before saving",
		"list.csv:3 (cell C3): unknown body \"comittee\"; write committee",
		"list.csv:3 (cell F3): name is empty; write how the officer is to be asked for on the phone, such as the role and the place",
		"list.csv:3 (cell G3): a spreadsheet has turned phone into a calculation; set the column to text and write the number again",
		"list.csv:4 (cell F4): it holds a formula; write what it shows, and set the column to text before saving",
		"list.csv:5 (cell F5): it begins as a formula does, and the next spreadsheet would work it out; begin it with a letter or a digit",
		"list.csv:6 (cell G6): phone has more than one number; write one number; a second phone is a row of its own",
		"list.csv:6 (cell K6): there is a case_account, and case_system is empty; write primero or oscar, or empty both",
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(err.Error(), "12000101") || strings.Contains(err.Error(), "000 102") {
		t.Error("a number is shown")
	}
	for name, text := range map[string]string{
		"officers.csv without officers": header,
		"a list without our columns":    "Name,Phone\nx,012 000 101\n",
		"a heading above the columns":   "=TITLE()\n" + header,
	} {
		if d, _, err := imports(t, text); err == nil || d != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	before, _, err := imports(t, header+
		"a,020101,committee,focal,1,Focal,012 000 101,km,always,f,,\n"+
		"b,020101,committee,chair,2,Chair,012 000 102,km,always,,,\n"+
		"c,0201,district_office,duty,1,District,012 000 103,km,always,,,\n"+
		"d,02,province_office,duty,1,Province,012 000 104,km,always,,,\n")
	if err != nil {
		t.Fatal(err)
	}
	after, _, err := imports(t, header+
		"d,02,province_office,duty,1,Province,012 000 104,km,always,,,\n"+
		"a,020102,committee,focal,1,Focal,012 000 909,km|en,always,,,\n"+
		"c2,0201,district_office,duty,1,District,012 000 103,km,always,,,\n"+
		"e,020102,committee,member,2,Someone else,012 000 909,km,always,,,\n")
	if err != nil {
		t.Fatal(err)
	}
	d := Compare(before, after, "list.csv")
	ids := func(list []Change) (out []string) {
		for _, c := range list {
			out = append(out, c.Officer.ID)
		}
		return out
	}
	if diff := cmp.Diff([][]string{{"c2", "e"}, {"a"}, {"b", "c"}}, [][]string{ids(d.Added), ids(d.Changed), ids(d.Gone)}); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"area_code 020101 → 020102", "languages km → km|en", "gender f → (empty)", "phone"}, d.Changed[0].What); diff != "" || !d.Changed[0].Phone {
		t.Error(diff)
	}
	var notes []string
	for _, n := range d.Doubtful {
		notes = append(notes, n.String())
	}
	want := []string{
		"list.csv:4: c2 has the phone of c, who goes: the same person? Then keep the officer_id, under which open matters and away dates stand",
		"list.csv:5: e has the phone of a (line 3) in the same body and place: one person twice?",
		"list.csv:5: e has the phone of a (line 3) and another name",
	}
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Error(diff)
	}
	if !Compare(before, before, "").None() || d.None() {
		t.Error("nothing and something are taken for each other")
	}
}
