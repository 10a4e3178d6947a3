package directory_test

import (
	"testing"

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
