package pack

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/phone"
)

// TestCarrierOfANumber tells the operator of a number however it is written.
func TestCarrierOfANumber(t *testing.T) {
	t.Parallel()
	p := cambodia(t)
	for raw, want := range map[string]string{
		"+85512000123": "cellcard", "85512000123": "cellcard", "0085512000123": "cellcard", "012000123": "cellcard", "012 000 123": "cellcard",
		"០១២ ០០០ ១២៣": "cellcard", "12000123": "cellcard", "010000123": "smart", "0960001234": "smart", "097 000 1234": "metfone", "0880001234": "metfone",
		"018000123": "seatel", "023000123": "", "+14155552671": "", "1280": "", "Smart": "",
	} {
		n, err := phone.ParseSender(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Carrier(n); got != want {
			t.Errorf("%q belongs to %q, want %q", raw, got, want)
		}
	}
	if got := p.Carrier(phone.Number{}); got != "" {
		t.Errorf("no number belongs to %q", got)
	}
	for _, c := range p.Carriers {
		if c.Source == "" || c.Checked.IsZero() || c.Checked.After(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("carrier %s has no source or no date", c.Name)
		}
	}
}

const plainRoute = `    - {prefix: "+855", via: [kannel, africastalking, twilio, androidsms]}`

func TestRoutesByCarrier(t *testing.T) {
	t.Parallel()
	p, _, err := Load(edited(t, plainRoute, plainRoute+`
    - {carrier: seatel, via: [androidsms]}
    - {carrier: smart, via: [kannel]}
    - {prefix: "+85510", via: [twilio]}`, nil), "cambodia")
	if err != nil {
		t.Fatal(err)
	}
	got := p.Routes()
	if diff := cmp.Diff([]Route{
		{Prefix: "+855", Via: []string{"kannel", "africastalking", "twilio", "androidsms"}},
		{Prefix: "+85510", Via: []string{"twilio"}},
		{Prefix: "+85518", Carrier: "seatel", Via: []string{"androidsms"}},
		{Prefix: "+85515", Carrier: "smart", Via: []string{"kannel"}},
	}, got[:4]); diff != "" {
		t.Error(diff)
	}
	if len(got) != 2+1+10 {
		t.Errorf("%d routes", len(got))
	}
}

func TestFaultsOfCarriersAndRoutes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, new, want string }{
		{plainRoute, plainRoute + "\n    - {carrier: smarty, via: [kannel]}", `route.carrier: unknown "smarty"; write smart`},
		{plainRoute, plainRoute + "\n    - {carrier: smart, prefix: \"+85510\", via: [kannel]}", "a route is for a prefix or for a carrier"},
		{plainRoute, plainRoute + "\n    - {via: [kannel]}", "a route is for a prefix or for a carrier"},
		{plainRoute, plainRoute + "\n    - {carrier: smart, via: [kannel]}\n    - {carrier: smart, via: [twilio]}", "outbound.routes: smart stands twice"},
		{plainRoute, "    - {carrier: smart, via: [kannel]}", "no route carries +855"},
		{"name: seatel, prefixes: [\"+85518\"]", "name: seatel, prefixes: [\"+85510\"]", "carrier seatel: +85510 stands with smart already"},
		{"name: seatel, prefixes: [\"+85518\"]", "name: seatel, prefixes: [\"018\"]", `carrier.prefixes: "018" is no prefix`},
		{"{name: seatel,", "{name: smart,", "carrier smart stands twice"},
		{"{name: seatel,", "{name: Sea Tel,", "write one word in small letters"},
		{"{name: seatel,", "{", "carrier: name is missing"},
	} {
		_, _, err := Load(edited(t, c.old, c.new, nil), "cambodia")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q:\n%v\nwant %s", c.new, err, c.want)
		}
	}
}

func TestTheFolderOfOperators(t *testing.T) {
	t.Parallel()
	p, notes, err := Load(edited(t, "", "", map[string]string{"ussd/ricefield.yaml": "name: ricefield"}), "cambodia")
	if err != nil || len(notes) > 0 {
		t.Fatal(err, notes)
	}
	if _, err := fs.Stat(p.USSD, "ricefield.yaml"); err != nil {
		t.Error(err)
	}
}
