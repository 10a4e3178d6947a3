package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestWireFaults: what is wrong with a phone or an operator is named before anything starts, and no secret with it.
func TestWireFaults(t *testing.T) {
	t.Parallel()
	const token = "a-secret-token-of-32-letters-0000"
	phone := func(more environment) environment {
		e := environment{"CHUMROK_ANDROIDSMS_URL": "https://api.sms-gate.app/3rdparty/v1", "CHUMROK_ANDROIDSMS_USERNAME": "u",
			"CHUMROK_ANDROIDSMS_PASSWORD": token, "CHUMROK_ANDROIDSMS_SIGNING_KEY": "abcdefgh"}
		for name, value := range more {
			e[name] = value
		}
		return e
	}
	for _, c := range []struct {
		name string
		env  environment
		want string // "" = nothing wrong
	}{
		{"a phone", phone(nil), ""},
		{"half a phone", environment{"CHUMROK_ANDROIDSMS_PASSWORD": token}, "SMS Gateway for Android is half set"},
		{"the app's own short key", phone(environment{"CHUMROK_MODE": "production"}), "CHUMROK_ANDROIDSMS_SIGNING_KEY is too short"},
		{"over the internet in the clear", phone(environment{"CHUMROK_MODE": "production", "CHUMROK_ANDROIDSMS_URL": "http://phone.example:8080"}), "CHUMROK_ANDROIDSMS_URL is plain http"},
		{"operators", environment{"CHUMROK_USSD_TOKENS": "hubtel:" + token + ", nalo:" + token, "CHUMROK_USSD_ADDRESSES": "hubtel:192.0.2.0/24,hubtel:2001:db8::1"}, ""},
		{"a token for nobody", environment{"CHUMROK_USSD_TOKENS": token}, "CHUMROK_USSD_TOKENS cannot be read"},
		{"two tokens", environment{"CHUMROK_USSD_TOKENS": "nalo:" + token + ",nalo:" + token}, "two tokens for nalo"},
		{"an address that is none", environment{"CHUMROK_USSD_TOKENS": "nalo:" + token, "CHUMROK_USSD_ADDRESSES": "nalo:here"}, "CHUMROK_USSD_ADDRESSES cannot be read"},
		{"an address of nobody", environment{"CHUMROK_USSD_ADDRESSES": "nalo:192.0.2.1"}, "CHUMROK_USSD_ADDRESSES cannot be read"},
	} {
		_, err := readConfig(c.env)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("%s: a secret is printed", c.name)
		}
	}
}

func TestPhonesNearby(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{"http://192.168.1.5:8080": true, "http://127.0.0.1:8080": true, "http://10.0.0.2": true,
		"http://8.8.8.8": false, "http://phone.example": false, "://": false} {
		if got := nearby(address); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

const ricefield = `name: ricefield
title: An operator of our invention
request: {method: GET, type: query, session: sid, phone: msisdn, input: text, dialled: true, new: {step: ["1"]}, ended: {step: [bye]}}
answer: {type: text, continue: {prefix: "C:"}, end: {prefix: "E:"}}
screen: {septets: 160, units: 70}
`

// TestOperatorOfThePack: a new operator is a file of the pack; gateway check names what is wrong with it, and the gateway
// does not start with an operator that it has no shape of, or whose screens are smaller than the sentences.
func TestOperatorOfThePack(t *testing.T) {
	t.Parallel()
	const token = "a-secret-token-of-32-letters-0000"
	for _, c := range []struct {
		name, shape, tokens string
		check, open         string // a part of what is said; "" = nothing wrong
	}{
		{"a good one", ricefield, "ricefield:" + token, "", ""},
		{"a faulty one", strings.Replace(ricefield, "GET", "POST", 1), "", "ussd/ricefield.yaml:3: request.type: query by POST", "ussd/ricefield.yaml:3:"},
		{"small screens", strings.Replace(ricefield, "units: 70", "units: 60", 1), "ricefield:" + token, "carries 160 and 60", "carries 160 and 60"},
		{"no such operator", ricefield, "rice:" + token, "", "add ussd/rice.yaml to the pack"},
		{"a short token", ricefield, "ricefield:short", "", "at least 16 letters"},
	} {
		folder := storyPack(t)
		if err := os.Mkdir(filepath.Join(folder, "ussd"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "ussd", "ricefield.yaml"), []byte(c.shape), 0o600); err != nil {
			t.Fatal(err)
		}
		_, out, _ := command(t, environment{"CHUMROK_DATA": t.TempDir()}, "", "check", folder)
		if c.check != "" && !strings.Contains(out, c.check) || c.check == "" && strings.Contains(out, "ricefield") {
			t.Errorf("%s: check says %s\nwant %q", c.name, out, c.check)
		}
		config, err := readConfig(environment{"CHUMROK_DATA": t.TempDir(), "CHUMROK_PACK": folder, "CHUMROK_USSD_TOKENS": c.tokens})
		if err != nil {
			t.Fatal(err)
		}
		g, err := Open(t.Context(), config, slog.New(slog.DiscardHandler), time.Now)
		if (err == nil) != (c.open == "") || err != nil && !strings.Contains(err.Error(), c.open) {
			t.Errorf("%s: %v, want %q", c.name, err, c.open)
		}
		if err == nil {
			if g.channel("ussd/ricefield") == nil {
				t.Errorf("%s: the operator's hook is not open", c.name)
			}
			g.Close()
		}
	}
}

// TestAProviderWithoutARoute: who configures a provider and forgets the route is told.
func TestAProviderWithoutARoute(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		via  string
		told bool
	}{{"[kannel, africastalking, twilio]", true}, {"[androidsms]", false}} {
		folder := storyPack(t)
		file := filepath.Join(folder, "pack.yaml")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.Replace(string(text), "[kannel, africastalking, twilio, androidsms]", c.via, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		config, err := readConfig(environment{"CHUMROK_DATA": t.TempDir(), "CHUMROK_PACK": folder, "CHUMROK_ANDROIDSMS_URL": "http://192.168.1.5:8080",
			"CHUMROK_ANDROIDSMS_USERNAME": "u", "CHUMROK_ANDROIDSMS_PASSWORD": "p", "CHUMROK_ANDROIDSMS_SIGNING_KEY": "abcdefgh"})
		if err != nil {
			t.Fatal(err)
		}
		log := &lines{}
		g, err := Open(t.Context(), config, slog.New(slog.NewJSONHandler(log, nil)), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		number := (&world{t: t}).number("+85512000101")
		if got := g.outbound.Choose(number, nil).Providers; (len(got) == 1 && got[0] == "androidsms") == c.told {
			t.Errorf("%s: carried by %v", c.via, got)
		}
		g.Close()
		if got := strings.Contains(log.String(), "no route names it"); got != c.told {
			t.Errorf("%s: told %v, want %v", c.via, got, c.told)
		}
	}
}
