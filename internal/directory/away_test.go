package directory_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/directory"
	"chumrok/internal/phone"
)

func TestWithoutThoseAway(t *testing.T) {
	t.Parallel()
	number := func(text string) phone.Number {
		n, err := phone.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	d := directory.New(
		directory.Officer{ID: "chair", Body: directory.Committee, AreaCode: "020101", Order: 1, Phone: number("012000101")},
		directory.Officer{ID: "chair-too", Body: directory.Committee, AreaCode: "020102", Order: 1, Phone: number("012000101")},
		directory.Officer{ID: "focal", Body: directory.Committee, AreaCode: "020101", Order: 2, Phone: number("012000102")},
		directory.Officer{ID: "office", Body: directory.DistrictOffice, AreaCode: "0201", Phone: number("012000201")},
		directory.Officer{ID: "desk", Body: directory.Desk, AreaCode: directory.National, Phone: number("012000901")},
	)
	ids := func(officers []directory.Officer) (list []string) {
		for _, o := range officers {
			list = append(list, o.ID)
		}
		return list
	}
	if d.Without(nil) != d {
		t.Error("nobody is away, and the directory is another one")
	}
	present := d.Without(map[string]bool{"chair": true, "office": true, "desk": true})
	for name, c := range map[string]struct {
		got  []directory.Officer
		want []string
	}{
		"who is away is not asked":                    {present.At(directory.Committee, "020101"), []string{"focal"}},
		"on no row of the phone":                      {present.At(directory.Committee, "020102"), nil},
		"a whole office away serves nobody":           {present.Serving(directory.DistrictOffice, "020101"), nil},
		"the desk is asked though all of it is away":  {present.At(directory.Desk, directory.National), []string{"desk"}},
		"who is away still stands there":              {present.ByPhone(number("012000101")), []string{"chair", "chair-too"}},
		"and the directory itself is as it was":       {d.At(directory.Committee, "020101"), []string{"chair", "focal"}},
		"as is everybody in it, by order and then ID": {present.All(), ids(d.All())},
	} {
		if diff := cmp.Diff(c.want, ids(c.got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if _, ok := present.Get("chair"); !ok {
		t.Error("who is away cannot answer any more")
	}
	if two := directory.New(append(d.All(), directory.Officer{ID: "desk2", Body: directory.Desk, AreaCode: "02", Phone: number("012000902")})...).
		Without(map[string]bool{"desk": true}); len(two.At(directory.Desk, directory.National)) != 0 {
		t.Error("of two at the desk the one who is away was asked")
	}
}

func TestPhonesThatChanged(t *testing.T) {
	t.Parallel()
	number := func(text string) phone.Number {
		n, err := phone.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	d := directory.New(
		directory.Officer{ID: "chair", Body: directory.Committee, AreaCode: "020101", Order: 1, Phone: number("012000101")},
		directory.Officer{ID: "focal", Body: directory.Committee, AreaCode: "020101", Order: 2, Phone: number("012000102")},
	)
	if d.With(nil) != d {
		t.Error("no phone changed, and the directory is another one")
	}
	now := d.With(map[string]phone.Number{"chair": {}, "focal": number("012000177")})
	if left := now.At(directory.Committee, "020101"); len(left) != 1 || left[0].ID != "focal" || left[0].Phone != number("012000177") {
		t.Errorf("asked are %v", left)
	}
	if rows := append(now.ByPhone(number("012000101")), now.ByPhone(number("012000102"))...); len(rows) > 0 {
		t.Errorf("an old phone is still that of %v", rows)
	}
	if o, ok := now.Get("chair"); !ok || !o.Phone.IsZero() || !now.IsAway(o) || !now.Without(map[string]bool{"focal": true}).IsAway(o) {
		t.Error("who lost a phone is asked on it")
	}
}

func TestWhoIsOnDuty(t *testing.T) {
	t.Parallel()
	hours, err := directory.ParseHours("Mo-Fr 08:00-12:00")
	if err != nil {
		t.Fatal(err)
	}
	o := directory.Officer{ID: "chair", Body: directory.Committee, AreaCode: "020101", Hours: hours}
	d := directory.New(o)
	monday := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for what, c := range map[string]struct {
		d    *directory.Directory
		want bool
	}{
		"no time": {d, false}, "a Monday morning": {d.On(monday, nil), false}, "noon": {d.On(monday.Add(3*time.Hour), nil), true},
		"a holiday": {d.On(monday, directory.Holidays{"2026-11-23": true}), true},
	} {
		if got := c.d.OffDuty(o); got != c.want {
			t.Errorf("%s: off duty is %v", what, got)
		}
	}
	if at := hours.Add(monday.Add(2*time.Hour), 3*time.Hour, nil); !at.Equal(monday.Add(25 * time.Hour)) {
		t.Errorf("three hours from eleven are at %v", at)
	}
}
