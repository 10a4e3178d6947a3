package directory

import (
	"errors"
	"flag"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/gazetteer"
	"chumrok/internal/phone"
)

var update = flag.Bool("update", false, "write the golden files anew")

const header = "officer_id,area_code,body,role,order,name,phone,languages,hours,gender,case_system,case_account\n"

func load(t *testing.T, text string) (*Directory, []Note, error) {
	t.Helper()
	return Load(strings.NewReader(text), "directory.csv", gazetteer.Default())
}

func must(t *testing.T, text string) *Directory {
	t.Helper()
	d, _, err := load(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func number(t *testing.T, s string) phone.Number {
	t.Helper()
	n, err := phone.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestLoadNamesEveryFaultByLine(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/broken.csv")
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := load(t, string(text))
	if err == nil || d != nil {
		t.Fatalf("a broken directory loaded: %v", err)
	}
	if *update {
		if err := os.WriteFile("testdata/broken.golden", []byte(err.Error()+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, readErr := os.ReadFile("testdata/broken.golden")
	if readErr != nil {
		t.Fatal(readErr)
	}
	if diff := cmp.Diff(string(golden), err.Error()+"\n"); diff != "" {
		t.Errorf("faults (-golden +got):\n%s", diff)
	}
	if strings.Contains(err.Error(), "000 1") || strings.Contains(err.Error(), "0001") {
		t.Error("a fault shows a phone number")
	}
	var f Fault
	if !errors.As(err, &f) || f.Line != 3 || f.File != "directory.csv" {
		t.Errorf("the first fault is %+v", f)
	}
}

func TestLoadHeaderFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"missing":    {strings.Replace(header, "phone,", "", 1), "directory.csv:1: the column phone is missing; add it to the first row and fill it in every row"},
		"misspelt":   {strings.Replace(header, "area_code", "area_cod", 1), "directory.csv:1: unknown column \"area_cod\"; write area_code\ndirectory.csv:1: the column area_code is missing; add it to the first row and fill it in every row"},
		"unknown":    {strings.Replace(header, "\n", ",shoe_size\n", 1), "directory.csv:1: unknown column \"shoe_size\"; delete it; the columns are officer_id,area_code,body,role,order,name,phone,languages,hours,gender,case_system,case_account"},
		"twice":      {strings.Replace(header, "\n", ",phone\n", 1), "directory.csv:1: the column phone stands twice; keep one of them"},
		"empty":      {"", "directory.csv:1: the file is empty; begin it with officer_id,area_code,body,role,order,name,phone,languages,hours,gender,case_system,case_account"},
		"semicolons": {strings.ReplaceAll(header, ",", ";"), "directory.csv:1: the columns are not separated by commas; save it with commas between the columns"},
		"utf-16":     {"\xff\xfeo\x00", `directory.csv:1: the file is UTF-16; save it as "CSV UTF-8"`},
		"not utf-8":  {header + "a,020101,committee,focal,1,Fran\xe7,012 000 101,km,always,,,\n", `directory.csv:2: the row is not UTF-8; save the file as "CSV UTF-8"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := load(t, c.text)
			if err == nil {
				t.Fatal("loaded")
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLoadToleratesWhatSpreadsheetsDo(t *testing.T) {
	t.Parallel()
	d := must(t, "\ufeff"+strings.ReplaceAll(header, ",", " , ")+
		" a , 020101 , committee , focal , 1 , Focal person , ០១២ ០០០ ១០១ , km | en , Mo-Fr  07:30-11:30 , f , primero , ccwc1 \r\n"+
		",,,,,,,,,,,\r\n\r\n"+
		"b,KH,desk,duty,1,\"Duty, day\",+85512000102,km,always\n")
	if len(d.All()) != 2 {
		t.Fatalf("%d officers", len(d.All()))
	}
	a, _ := d.Get("a")
	want := Officer{ID: "a", AreaCode: "020101", Body: Committee, Role: Focal, Order: 1, Name: "Focal person", Phone: number(t, "012000101"),
		Languages: []string{"km", "en"}, Hours: a.Hours, Gender: "f", CaseSystem: "primero", CaseAccount: "ccwc1", Line: 2}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
	if b, _ := d.Get("b"); b.Line != 5 || b.Name != "Duty, day" || !b.Hours.Always() {
		t.Errorf("%+v", b)
	}
	if _, ok := d.Get("c"); ok {
		t.Error("there is no c")
	}
}

func TestLoadFollowsRetiredCodes(t *testing.T) {
	t.Parallel()
	d, notes, err := load(t, header+"a,180203,committee,focal,1,Focal person,012 000 101,km,always,,,\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(d.At(Committee, "180203")) != 0 || len(d.At(Committee, "180602")) != 1 {
		t.Errorf("%+v", d.All())
	}
	if len(notes) != 1 || !strings.HasPrefix(notes[0].String(), "directory.csv:2: area_code 180203 is retired; 180602 (") {
		t.Errorf("notes: %v", notes)
	}
}

func TestLoadNotesAnEmptyRoster(t *testing.T) {
	t.Parallel()
	d, notes, err := load(t, header)
	if err != nil || len(d.All()) != 0 || len(notes) != 1 {
		t.Errorf("%v %v %v", d, notes, err)
	}
	if got := d.Serving(Committee, "020101"); got != nil {
		t.Errorf("served by %v", got)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestLoadReportsAReaderThatFails(t *testing.T) {
	t.Parallel()
	if _, _, err := Load(broken{}, "directory.csv", gazetteer.Default()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	text, err := os.ReadFile("testdata/broken.csv")
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range append(strings.SplitAfter(string(text), "\n"), string(text), "\ufeff", "\"", ";", "\xff") {
		f.Add(s)
		f.Add(header + s)
	}
	g := gazetteer.Default()
	f.Fuzz(func(t *testing.T, text string) {
		d, _, err := Load(strings.NewReader(text), "directory.csv", g)
		if (d == nil) != (err != nil) {
			t.Fatalf("directory %v and error %v", d, err)
		}
		if err != nil {
			for _, line := range strings.Split(err.Error(), "\ndirectory.csv:") {
				if !strings.Contains(line, "; ") || len(line) > 1000 {
					t.Fatalf("a fault without a mend, or endless: %q", line)
				}
			}
			return
		}
		for _, o := range d.All() {
			if p, ok := g.Get(o.AreaCode); o.AreaCode != National && (!ok || p.Retired) || !o.Phone.Dialable() || o.ID == "" || len(o.Languages) == 0 {
				t.Fatalf("loaded %+v", o)
			}
			if len(d.ByPhone(o.Phone)) == 0 || len(d.Areas(o.Phone)) == 0 {
				t.Fatalf("not found by phone: %+v", o)
			}
		}
	})
}
