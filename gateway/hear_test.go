package main

import (
	"testing"

	"chumrok/adapters"
)

// TestHear: what is new in a cumulative text is found also behind a PIN, which is kept nowhere.
func TestHear(t *testing.T) {
	t.Parallel()
	cumulative := func(text string) adapters.Message { return adapters.Message{Text: text, Cumulative: true} }
	first := hear(cumulative("2*4"), "2", false)
	if first != (said{input: "4", heard: "2*4", record: "2*4"}) {
		t.Fatalf("%+v", first)
	}
	pin := hear(cumulative("2*4*123456"), first.heard, true)
	if pin != (said{input: "123456", heard: "2*4*\x00\x00\x00\x00\x00\x00", record: "2*4*•"}) {
		t.Fatalf("%+v", pin)
	}
	after := hear(cumulative("2*4*123456*1"), pin.heard, false)
	if after != (said{input: "1", heard: "2*4*\x00\x00\x00\x00\x00\x00*1", record: "2*4*•*1"}) {
		t.Fatalf("%+v", after)
	}
	if got := hear(adapters.Message{Text: "123456"}, "", true); got != (said{input: "123456", record: "•"}) {
		t.Fatalf("%+v", got)
	}
	if got := hear(adapters.Message{Text: "hello"}, "", false); got != (said{input: "hello", record: "hello"}) {
		t.Fatalf("%+v", got)
	}
}

// TestClubDialled: a club's number behind the service code, as networks hand it over in either way, or as a whole SMS.
func TestClubDialled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		m    adapters.Message
		want string
	}{
		{adapters.Message{Channel: adapters.USSD, To: "*1280*0204#"}, "0204"},
		{adapters.Message{Channel: adapters.USSD, To: "*1280#", Text: "0204"}, "0204"},
		{adapters.Message{Channel: adapters.USSD, To: "*1280#", Text: "0204*1"}, "0204"},
		{adapters.Message{Channel: adapters.USSD, To: "*1280#", Text: "*1280*0204#", Dialled: true}, "0204"},
		{adapters.Message{Channel: adapters.USSD, To: "*1280#", Text: "1280*0204", Dialled: true}, "0204"},
		{adapters.Message{Channel: adapters.USSD, To: "*1280#", Text: "*1280#", Dialled: true}, ""},
		{adapters.Message{Channel: adapters.USSD, To: "*1280*0204#", Text: "1280", Dialled: true}, ""},
		{adapters.Message{Channel: adapters.USSD, To: "*1280#"}, ""},
		{adapters.Message{Channel: adapters.USSD, To: "*1280#", Text: "1"}, ""},
		{adapters.Message{Channel: adapters.SMS, To: "1280", Text: "០២០៤"}, "0204"},
		{adapters.Message{Channel: adapters.SMS, To: "1280", Text: "48213057"}, ""},
		{adapters.Message{Channel: adapters.SMS, To: "1280", Text: "hello 0204"}, ""},
	} {
		if got := clubDialled(c.m); got != c.want {
			t.Errorf("%+v names club %q, want %q", c.m, got, c.want)
		}
	}
}
