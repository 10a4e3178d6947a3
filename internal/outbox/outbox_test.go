package outbox

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/phone"
)

func number(tb testing.TB, raw string) phone.Number {
	tb.Helper()
	n, err := phone.ParseSender(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func TestChoose(t *testing.T) {
	t.Parallel()
	routes, err := New([]string{"+8551200010", "+8551200020", "+8551200030"}, []Route{
		{Prefix: "+85512000", Via: []string{"kannel", "africastalking", "twilio"}},
		{Prefix: "+855120001", Via: []string{"twilio", "kannel"}},
		{Prefix: "+8559", Via: []string{"androidsms"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	wide, err := New([]string{"+"}, nil)
	if err == nil {
		t.Errorf("a bare plus sign was taken for a prefix: %v", wide)
	}
	general, err := New([]string{"+855"}, []Route{{Via: []string{"twilio"}}, {Prefix: "+855", Via: []string{"kannel"}}})
	if err != nil {
		t.Fatal(err)
	}
	routeless, err := New([]string{"+855"}, []Route{{Prefix: "+8559", Via: []string{"kannel"}}})
	if err != nil {
		t.Fatal(err)
	}
	on := func(names ...string) func(string) bool {
		return func(name string) bool { return strings.Contains(strings.Join(names, " "), name) }
	}
	for _, c := range []struct {
		name      string
		routes    Routes
		to        string
		available func(string) bool
		want      Choice
	}{
		{"the longest prefix wins", routes, "+85512000101", nil,
			Choice{Providers: []string{"twilio", "kannel"}, Allowed: true, Why: "The route for prefix +855120001 names twilio, then kannel."}},
		{"the shorter prefix", routes, "+85512000201", nil,
			Choice{Providers: []string{"kannel", "africastalking", "twilio"}, Allowed: true, Why: "The route for prefix +85512000 names kannel, then africastalking, then twilio."}},
		{"one is left out", routes, "+85512000101", on("kannel"),
			Choice{Providers: []string{"kannel"}, LeftOut: []string{"twilio"}, Allowed: true, Why: "The route for prefix +855120001 names twilio, then kannel. Left out for now: twilio."}},
		{"none works: each is tried", routes, "+85512000101", on(),
			Choice{Providers: []string{"twilio", "kannel"}, Allowed: true, Why: "The route for prefix +855120001 names twilio, then kannel. None of them seems to work now, so each is tried all the same."}},
		{"allowed, no route", routeless, "+85512000101", nil, Choice{Allowed: true, Why: "The pack has no route for numbers of this prefix."}},
		{"not allowed", routes, "+85512000901", nil, Choice{Why: "The pack does not allow messages to numbers of this prefix."}},
		{"a short code", routes, "1280", nil, Choice{Why: "This is no number that can be written to."}},
		{"the zero Routes", Routes{}, "+85512000101", nil, Choice{Why: "The pack does not allow messages to numbers of this prefix."}},
		{"everything", Everything("simulator"), "+85512000901", nil, Choice{Providers: []string{"simulator"}, Allowed: true, Why: "The route for every number names simulator."}},
		{"a prefix before every number", general, "+85512000101", nil, Choice{Providers: []string{"kannel"}, Allowed: true, Why: "The route for prefix +855 names kannel."}},
		{"some are configured", routes.Available(map[string]bool{"twilio": true, "kannel": false}), "+85512000201", nil,
			Choice{Providers: []string{"twilio"}, Allowed: true, Why: "The route for prefix +85512000 names twilio."}},
		{"none is configured", routes.Available(nil), "+85512000101", nil,
			Choice{Allowed: true, Why: "None of the providers that the pack names for prefix +855120001 is configured."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := c.routes.Choose(number(t, c.to), c.available)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(got.Why, strings.TrimPrefix(c.to, "+")) {
				t.Error("the sentence shows the number")
			}
		})
	}
	if c := routes.Choose(phone.Number{}, nil); c.Allowed || len(c.Providers) != 0 {
		t.Errorf("no number: %+v", c)
	}
	first := routes.Choose(number(t, "+85512000101"), nil)
	first.Providers = append(first.Providers[:0], "changed")
	if again := routes.Choose(number(t, "+85512000101"), nil); again.Providers[0] != "twilio" {
		t.Error("a Choice shares its providers with the routes")
	}
}

func TestNewNamesEveryFault(t *testing.T) {
	t.Parallel()
	_, err := New([]string{"855"}, []Route{{Prefix: "0", Via: []string{"a"}}, {Prefix: "+855"}, {Prefix: "+855", Via: []string{"a"}}, {Prefix: "+"}})
	if err == nil {
		t.Fatal("faulty routes were taken")
	}
	for _, want := range []string{"allowed prefix", "route's prefix", "names no provider", "two routes"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
}

func TestRetry(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		attempt, urgency int
		want             time.Duration
	}{
		{-1, 1, 5 * time.Second}, {0, 1, 5 * time.Second}, {1, 1, 5 * time.Second}, {2, 1, 10 * time.Second}, {3, 1, 20 * time.Second},
		{4, 1, 40 * time.Second}, {5, 1, time.Minute}, {6, 3, time.Minute}, {1 << 40, 3, time.Minute},
		{5, 0, 80 * time.Second}, {7, 0, 5 * time.Minute}, {1 << 40, 0, 5 * time.Minute},
	} {
		for rnd, want := range map[io.Reader]time.Duration{
			nil:                              c.want,
			bytes.NewReader(nil):             c.want,
			bytes.NewReader([]byte{0}):       c.want,
			bytes.NewReader([]byte{255}):     c.want * 4 / 5,
			bytes.NewReader([]byte{51}):      c.want * 24 / 25,
			errReader{errors.New("no dice")}: c.want,
		} {
			if got := Retry(c.attempt, c.urgency, rnd); got != want {
				t.Errorf("attempt %d, urgency %d: %v, want %v", c.attempt, c.urgency, got, want)
			}
		}
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }
