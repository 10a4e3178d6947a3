package operatorussd

import (
	"strings"
	"testing"
	"testing/fstest"
)

const good = `name: new
title: A new operator
request:
  method: POST
  type: form
  session: sid
  phone: from
  input: text
answer:
  type: text
  continue: {prefix: "CON "}
  end: {prefix: "END "}
screen: {septets: 160, units: 70}
`

// TestFaultsNameFileAndLine breaks a good shape in one place after the other.
func TestFaultsNameFileAndLine(t *testing.T) {
	t.Parallel()
	if _, err := Parse("ussd/new.yaml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{"name: new", "name: old", `ussd/new.yaml:1: name: "old"; write the file's name, new`},
		{"title: A new operator\n", "", "ussd/new.yaml:1: the file: title is missing"},
		{"title: A new operator", "title: ''", "ussd/new.yaml:2: title is empty"},
		{"method: POST", "method: PUT", `ussd/new.yaml:4: request.method: unknown "PUT"; write one of GET, POST`},
		{"method: POST", "method: GET", "ussd/new.yaml:5: request.type: form by GET"},
		{"type: form", "type: xml", `ussd/new.yaml:5: request.type: unknown "xml"`},
		{"type: form", "type: text", "ussd/new.yaml:6: request.session: plain text has no field sid; write body, header:NAME or query:NAME"},
		{"  session: sid\n", "", "ussd/new.yaml:4: request: session is missing"},
		{"session: sid", "sesion: sid", `ussd/new.yaml:6: request: unknown key "sesion"`},
		{"session: sid", "session: cookie:sid", "ussd/new.yaml:6: request.session: cookie:sid"},
		{"session: sid", "session: {a: b}", "ussd/new.yaml:6: request.session is not one short value"},
		{"input: text", "input: text\n  input: more", "ussd/new.yaml:9: request: input stands twice"},
		{"input: text", "input: text\n  cumulative: maybe", `ussd/new.yaml:9: request.cumulative: unknown "maybe"`},
		{"input: text", "input: text\n  new: {kind: [a]}\n  ended: {kind: [b, a]}", "ussd/new.yaml:10: request.ended: kind has a value of request.new"},
		{"type: text\n", "type: json\n", "ussd/new.yaml:10: answer.text is missing"},
		{"type: text\n", "type: text\n  text: msg\n", "ussd/new.yaml:10: answer: plain text has no fields"},
		{"type: text\n", "type: json\n  text: a\n  fixed: {a: 1}\n", "answer: a is written twice"},
		{"type: text\n", "type: json\n  text: a\n  fixed: {a.b: 1}\n", "answer: a.b is written twice"},
		{`end: {prefix: "END "}`, `end: {prefix: "CON "}`, "ussd/new.yaml:12: answer.end says the same as answer.continue"},
		{`end: {prefix: "END "}`, `end: {headers: {"Free flow": x}}`, `is no header of one line`},
		{`end: {prefix: "END "}`, `end: END`, "ussd/new.yaml:12: answer.end has no keys"},
		{"units: 70", "units: 700", `ussd/new.yaml:13: screen.units: "700"; write a number from 30 to 80`},
		{"screen: {septets: 160, units: 70}", "", "the file: screen is missing"},
		{"request:", "request: [", "this is no YAML"},
		{good, "", "ussd/new.yaml:1: the file is empty"},
		{good, "- a", "ussd/new.yaml:1: the file has no keys"},
	} {
		_, err := Parse("ussd/new.yaml", []byte(strings.Replace(good, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q:\n%v\nwant %s", c.new, c.old, err, c.want)
		}
	}
}

func TestLoadNamesTheFaultsOfEveryFile(t *testing.T) {
	t.Parallel()
	_, err := Load(fstest.MapFS{"a.yaml": {Data: []byte("name: b")}, "c.yaml": {Data: []byte("name: d")}, "readme.md": {Data: []byte("x")}}, "pack/ussd")
	if err == nil || !strings.Contains(err.Error(), "pack/ussd/a.yaml:1:") || !strings.Contains(err.Error(), "pack/ussd/c.yaml:1:") {
		t.Errorf("%v", err)
	}
	own, err := Load(fstest.MapFS{"new.yaml": {Data: []byte(good)}, "nalo.yaml": {Data: []byte(strings.Replace(good, "name: new", "name: nalo", 1))}}, "ussd")
	if err != nil {
		t.Fatal(err)
	}
	ours, err := Load(Shipped(), "shapes")
	if err != nil {
		t.Fatal(err)
	}
	merged := Merge(ours, own)
	if len(merged) != len(ours)+1 {
		t.Errorf("%d shapes, want %d", len(merged), len(ours)+1)
	}
	for _, s := range merged {
		if s.Name == "nalo" && s.Title != "A new operator" {
			t.Error("the pack's own shape does not replace ours")
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("request: &a [*a]"))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := Parse("new.yaml", body)
		if err == nil && (s.Name != "new" || len(s.Request.Session) == 0 || same(s.Answer.Continue, s.Answer.End)) {
			t.Errorf("taken: %+v", s)
		}
	})
}

// TestNewcomer is an operator that did not exist before this file: plain text by POST, the session in a header, the whole
// path each time, and Africa's Talking's own way, as a shape.
func TestNewcomer(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"ricefield": ricefield, "africastalking": africastalking} {
		s, err := Parse(name+".yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			examine(t, s)
		})
	}
}

const ricefield = `name: ricefield
title: An operator of our invention
request:
  method: POST
  type: text
  session: header:X-Session
  phone: header:X-Msisdn
  input: body
  new: {header:X-Event: [start]}
  ended: {header:X-Event: [abort, timeout]}
answer:
  type: text
  continue: {headers: {X-Ussd: wait}}
  end: {headers: {X-Ussd: done}}
screen: {septets: 182, units: 80}
`

const africastalking = `name: africastalking
title: Africa's Talking, as a shape
request:
  method: POST
  type: form
  session: sessionId
  phone: phoneNumber
  code: serviceCode
  input: text
  cumulative: true
  ended: {status: ["*"]}
answer:
  type: text
  continue: {prefix: "CON "}
  end: {prefix: "END "}
screen: {septets: 160, units: 70}
`
