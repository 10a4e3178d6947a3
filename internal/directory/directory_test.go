package directory

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/phone"
)

const roster = header +
	"kh-desk,KH,desk,duty,1,Duty officer,012 000 901,km,always,,,\n" +
	"kh-police,KH,police,duty,1,Police contact,012 000 917,km,always,,,\n" +
	"02-po,02,province_office,social_worker,1,Province,012 000 102,km,always,,,\n" +
	"0201-do,0201,district_office,social_worker,1,District,012 000 103,km,always,,,\n" +
	"020101-b,020101,committee,chair,2,Chair,012 000 104,km,always,,,\n" +
	"020101-c,020101,committee,member,2,Member,012 000 105,km,always,,,\n" +
	"020101-a,020101,committee,focal,10,Focal,012 000 106,km,always,,,\n" +
	"020101-z,020101,committee,health,1,Health centre,012 000 107,km,always,,,\n" +
	"020102-z,020102,committee,health,1,Health centre,012 000 107,km,always,,,\n" +
	"02-committee,02,committee,focal,1,Any commune of the province,012 000 108,km,always,,,\n"

func ids(officers []Officer) []string {
	var out []string
	for _, o := range officers {
		out = append(out, o.ID)
	}
	return out
}

func TestWhoServes(t *testing.T) {
	t.Parallel()
	d := must(t, roster)
	for _, c := range []struct {
		what string
		got  []string
		want []string
	}{
		{"order, then id", ids(d.Serving(Committee, "020101")), []string{"020101-z", "020101-b", "020101-c", "020101-a"}},
		{"the narrowest only", ids(d.Serving(Committee, "020102")), []string{"020102-z"}},
		{"the province's where the commune has none", ids(d.Serving(Committee, "020301")), []string{"02-committee"}},
		{"none elsewhere", ids(d.Serving(Committee, "010201")), nil},
		{"the district's", ids(d.Serving(DistrictOffice, "020101")), []string{"0201-do"}},
		{"none in the next district", ids(d.Serving(DistrictOffice, "020301")), nil},
		{"the nation's", ids(d.Serving(Police, "020101")), []string{"kh-police"}},
		{"a district asked for", ids(d.Serving(ProvinceOffice, "0203")), []string{"02-po"}},
		{"the nation asked for", ids(d.Serving(Desk, National)), []string{"kh-desk"}},
		{"exactly there", ids(d.At(Committee, "02")), []string{"02-committee"}},
		{"not exactly there", ids(d.At(Police, "020101")), nil},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: %s", c.what, diff)
		}
	}
}

func TestByPhone(t *testing.T) {
	t.Parallel()
	d := must(t, roster)
	n := number(t, "012 000 107")
	if diff := cmp.Diff([]string{"020101-z", "020102-z"}, ids(d.ByPhone(n))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"020101", "020102"}, d.Areas(n)); diff != "" {
		t.Error(diff)
	}
	if d.ByPhone(phone.Number{}) != nil || d.Areas(number(t, "012 000 999")) != nil {
		t.Error("a phone that is no officer's was found")
	}
}

func TestADirectoryIsNotChangedByItsReaders(t *testing.T) {
	t.Parallel()
	d := must(t, roster)
	d.Serving(Committee, "020101")[0].Name = "changed"
	d.All()[0].Name = "changed"
	d.ByPhone(number(t, "012 000 107"))[0].Name = "changed"
	for _, o := range d.All() {
		if o.Name == "changed" {
			t.Errorf("%s was changed", o.ID)
		}
	}
}

func TestHours(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("ICT", 7*60*60)
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	holidays := Holidays{"2026-11-23": true} // a Monday
	const office = "Mo-Fr 07:30-11:30 14:00-17:30"
	for _, c := range []struct {
		hours, at string
		open      bool
		next      string
	}{
		{"always", "2026-11-23 03:00", true, "2026-11-23 03:00"},
		{office, "2026-11-24 07:29", false, "2026-11-24 07:30"},
		{office, "2026-11-24 07:30", true, "2026-11-24 07:30"},
		{office, "2026-11-24 11:30", false, "2026-11-24 14:00"},
		{office, "2026-11-24 17:30", false, "2026-11-25 07:30"},
		{office, "2026-11-20 18:00", false, "2026-11-24 07:30"}, // Friday evening; Monday is a holiday
		{office, "2026-11-23 09:00", false, "2026-11-24 07:30"},
		{office + "; Sa 08:00-12:00", "2026-11-21 09:00", true, "2026-11-21 09:00"},
		{"Mo-Su 18:00-06:00", "2026-11-24 23:00", true, "2026-11-24 23:00"},
		{"Mo-Su 18:00-06:00", "2026-11-25 05:59", true, "2026-11-25 05:59"},
		{"Mo-Su 18:00-06:00", "2026-11-25 06:00", false, "2026-11-25 18:00"},
		{"Sa-Mo,We 08:00-24:00", "2026-11-25 23:59", true, "2026-11-25 23:59"},
		{"Sa-Mo,We 08:00-24:00", "2026-11-24 12:00", false, "2026-11-25 08:00"},
	} {
		h, err := ParseHours(c.hours)
		if err != nil {
			t.Errorf("%s: %v", c.hours, err)
			continue
		}
		if got := h.Open(at(c.at), holidays); got != c.open {
			t.Errorf("%s at %s: open %v", c.hours, c.at, got)
		}
		if got := h.Next(at(c.at), holidays); !got.Equal(at(c.next)) {
			t.Errorf("%s after %s: next %s, want %s", c.hours, c.at, got, c.next)
		}
	}
	for _, bad := range []string{"", "never", "Mo-Fr", "07:30-11:30", "Mo-Fr 07:30", "Mo-Fr 07:30-25:00", "Mo-Fr 07:60-08:00", "Mo-Fr 08:00-08:00",
		"Mo-Xx 08:00-09:00", "Mo- 08:00-09:00", "Mo-Fr 08:00-09:00;", "Mo-Fr 24:00-09:00", "Mo-Fr 007:00-09:00", "Mo-Fr 08:00 - 09:00"} {
		if h, err := ParseHours(bad); err == nil {
			t.Errorf("%q reads as %+v", bad, h)
		}
	}
	var zero Hours
	if !zero.Open(at("2026-11-23 03:00"), holidays) {
		t.Error("who said nothing is told at any hour")
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{"comittee": "committee", "Committee": "committee", "polcie": "police", "wizard": "", "": ""} {
		if got := Nearest(word, []string{"committee", "police", "desk"}); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
