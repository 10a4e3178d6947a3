package figures

import (
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func lists() []Dimension {
	return []Dimension{
		{Name: "province", Values: []Value{{"02", "02 Battambang"}, {"08", "08 Kandal"}, {"12", "12 Phnom Penh"}, {"", "not known"}}},
		{Name: "sex", Values: []Value{{"female", "girl"}, {"male", "boy"}, {"", "not said"}}},
	}
}

// tell counts n reports alike, each referred and accepted after a number of minutes that grows.
func tell(t *Tally, n int, values ...string) {
	for i := range n {
		t.Report(values, true)
		t.Referral(values, Times{Accepted: time.Duration(i+1) * time.Minute, Seen: time.Duration(i+1) * time.Hour, Closed: NotYet})
	}
}

func shape(f Figures) map[string]string {
	out := map[string]string{"total": f.Total.Reports.String()}
	for _, table := range f.Tables {
		for _, r := range table.Rows {
			out[table.Name+" "+r.Label] = r.Reports.String()
		}
	}
	return out
}

func TestNothingWasReported(t *testing.T) {
	t.Parallel()
	for n := range Least {
		tally := NewTally(lists()...)
		tell(tally, n, "02", "female")
		f := tally.Result()
		for what, shown := range shape(f) {
			if shown != "<5" {
				t.Errorf("of %d reports %s shows %s", n, what, shown)
			}
		}
		if !f.Total.Accept.Hidden || f.Total.Accept.Median != 0 || fmt.Sprintf("%#v", f) != fmt.Sprintf("%#v", NewTally(lists()...).Result()) {
			t.Errorf("%d reports can be told from none: %#v", n, f.Total)
		}
	}
}

func TestThousands(t *testing.T) {
	t.Parallel()
	tally := NewTally(lists()...)
	tell(tally, 2000, "02", "female")
	tell(tally, 1000, "08", "male")
	tell(tally, 3, "12", "female")
	tell(tally, 4, "99", "")
	tally.Report([]string{"02", "male"}, false)
	f := tally.Result()
	want := map[string]string{"total": "3008", "province 02 Battambang": "2001", "province 08 Kandal": "<5", "province 12 Phnom Penh": "<5",
		"province not known": "<5", "sex girl": "2003", "sex boy": "<5", "sex not said": "<5"}
	if diff := cmp.Diff(want, shape(f)); diff != "" {
		t.Error(diff)
	}
	if got := f.Total.Referred.N; got != 3007 {
		t.Errorf("%d were referred", got)
	}
	girls := f.Tables[1].Rows[0]
	if girls.Accept.Median != 999*time.Minute || girls.Accept.P90 != 1800*time.Minute || !girls.Close.Hidden {
		t.Errorf("girls: %+v", girls)
	}
}

// Who is hidden tells nothing by another way: no bar, no time, no number in the value itself.
func TestAHiddenRowHoldsNothing(t *testing.T) {
	t.Parallel()
	tally := NewTally(lists()...)
	tell(tally, 100, "02", "female")
	tell(tally, 4, "08", "female")
	for _, table := range tally.Result().Tables {
		for _, r := range table.Rows {
			empty := Row{Value: r.Value, Reports: Count{Hidden: true}, Referred: Count{Hidden: true},
				Accept: Spell{Hidden: true}, See: Spell{Hidden: true}, Close: Spell{Hidden: true}}
			if r.Hidden() && !cmp.Equal(r, empty) {
				t.Errorf("%+v", r)
			}
		}
	}
}

func TestRank(t *testing.T) {
	t.Parallel()
	list := []time.Duration{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	if rank(list, 50) != 5 || rank(list, 90) != 9 || rank(list[:5], 50) != 3 || rank(list[:5], 90) != 5 || rank(list[:1], 50) != 1 {
		t.Error("the ranks are wrong")
	}
	for d, want := range map[time.Duration]string{0: "0m", 29 * time.Second: "0m", 99 * time.Minute: "99m", 100 * time.Minute: "2h",
		47 * time.Hour: "47h", 48 * time.Hour: "2d", 9999 * 24 * time.Hour: "9999d"} {
		if got := short(d); got != want {
			t.Errorf("%v is %s, expected %s", d, got, want)
		}
	}
}

func many() Figures {
	d := lists()
	d[0].Values[0].Label = `=HYPERLINK("http://x","y")`
	d[0].Values[1].Label = "<script>alert(1)</script>"
	tally := NewTally(d...)
	tell(tally, 70, "02", "female")
	tell(tally, 50, "08", "male")
	tell(tally, 21, "12", "male")
	tell(tally, 9, "", "")
	f := tally.Result()
	f.Title, f.Period, f.Provinces, f.Notes = "Cambodia", "2026-01 to 2026-10", "all provinces", []string{"The running month is not in it."}
	return f
}

func TestCSVIsSafeAndWhole(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := many().CSV(&out); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 1+1+4+3 || !cmp.Equal(records[0], columns) {
		t.Fatalf("%v", records)
	}
	if diff := cmp.Diff([]string{"province", "02", `'=HYPERLINK("http://x","y")`, "70", "70", "35", "63", "2100", "3780", "<5", "<5"}, records[2]); diff != "" {
		t.Error(diff)
	}
	for _, record := range records {
		for _, cell := range record {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("a spreadsheet takes %q for a formula", cell)
			}
		}
	}
	for in, want := range map[string]string{"+1": "'+1", " =1": "' =1", "-1": "'-1", "@x": "'@x", "＝1": "'＝1", "a\r\n=b": "a  =b", "\t=1": "' =1", "12": "12",
		"": "", "<5": "<5", "'=1": "''=1", "\u200b=1": "'=1", "\u202e\ufeff+1": "'+1", "a\u2028=b": "a =b"} {
		if got := Plain(in); got != want {
			t.Errorf("%q becomes %q, expected %q", in, got, want)
		}
	}
}

// No count under five is in any of the three forms, whatever was counted.
func TestNoFormShowsASmallCount(t *testing.T) {
	t.Parallel()
	for n := range 60 {
		tally := NewTally(lists()...)
		tell(tally, n, "02", "female")
		tell(tally, n%7, "08", "male")
		tell(tally, n/9, "12", "")
		var out strings.Builder
		if err := tally.Result().CSV(&out); err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, record := range records[1:] {
			for _, cell := range record[3:5] {
				if number, err := strconv.Atoi(cell); err == nil && number < Least || err != nil && cell != "<5" {
					t.Errorf("%d: a count is %q", n, cell)
				}
			}
		}
	}
}

func TestTextFitsATerminal(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	many().Text(&out)
	for line := range strings.Lines(out.String()) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, part := range []string{"Cambodia · 2026-01 to 2026-10 · all provinces", "███████", "girl", "35m", "The running month is not in it.", "<5 stands for"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%q is not in:\n%s", part, out.String())
		}
	}
	if bar(1, 1000) != "▏      " || bar(1000, 1000) != "███████" || bar(0, 0) != "       " {
		t.Error("the bars are wrong")
	}
}

// The page is well-formed, draws its charts itself, and holds no script and no address.
func TestPage(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := many().HTML(&out); err != nil {
		t.Fatal(err)
	}
	page := out.String()
	for _, part := range []string{"<svg", `<rect x="0" y="1" width="200"`, "By province", "&lt;script&gt;", "&lt;5 stands for"} {
		if !strings.Contains(page, part) {
			t.Errorf("%q is not in the page", part)
		}
	}
	for _, part := range []string{"<script", "http:", "https:", "src=", "url("} {
		if strings.Contains(strings.ReplaceAll(page, "HYPERLINK(&#34;http:", ""), part) {
			t.Errorf("%q is in the page", part)
		}
	}
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkTally counts 100,000 reports and protects what it counted.
func BenchmarkTally(b *testing.B) {
	for b.Loop() {
		t := NewTally(lists()...)
		tell(t, 60_000, "02", "female")
		tell(t, 40_000, "08", "male")
		if f := t.Result(); f.Total.Reports.N != 100_000 {
			b.Fatal("not all were counted")
		}
	}
}
