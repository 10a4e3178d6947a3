package kannel

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/adapters"
	"chumrok/adapters/adaptertest"
	"chumrok/internal/phone"
)

const (
	secret   = "a-secret-token-of-32-letters-0000"
	another  = "a-secret-token-of-32-letters-0001"
	password = "sendsms-password"
	below    = "/hooks/kannel/" + secret
	plain    = "text/plain; charset=utf-8"
)

func adapter(tb testing.TB, way http.RoundTripper) *Kannel { return shaped(tb, way, Shape{}) }

// stranger is a Kannel with another token.
func stranger(tb testing.TB) *Kannel {
	tb.Helper()
	k, err := New(Config{SendsmsURL: "http://127.0.0.1:13013/cgi-bin/sendsms", Username: "chumrok", Password: password, From: "1280",
		Token: another, HooksURL: "http://127.0.0.1:8080"})
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func shaped(tb testing.TB, way http.RoundTripper, shape Shape) *Kannel {
	tb.Helper()
	k, err := New(Config{SendsmsURL: "http://127.0.0.1:13013/cgi-bin/sendsms", Username: "chumrok", Password: password, From: "1280",
		Token: secret, HooksURL: "http://127.0.0.1:8080/", USSD: shape, Transport: way})
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func number(tb testing.TB, raw string) phone.Number {
	tb.Helper()
	n, err := phone.Parse(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func get(path string, fields ...string) func(testing.TB) *http.Request {
	return func(testing.TB) *http.Request {
		return httptest.NewRequest(http.MethodGet, path+"?"+adaptertest.Encode(fields...), http.NoBody)
	}
}

func TestSMS(t *testing.T) {
	t.Parallel()
	khmer := adapters.Message{Provider: Name, Channel: adapters.SMS, ID: "2f3c6b0e-5d3c-4d6a-8f5e-0b1a5c9e7b10", From: number(t, "+85512000202"),
		To: "1280", Text: "គេវាយខ្ញុំ", At: time.Date(2026, 11, 22, 6, 4, 45, 0, time.UTC)}
	says := func(text string) []adapters.Message {
		return []adapters.Message{{Provider: Name, Channel: adapters.SMS, ID: "m-1", From: number(t, "+85512000202"), To: "1280", Text: text}}
	}
	fields := func(raw, coding, charset string) []string {
		return []string{"id", "m-1", "from", "85512000202", "to", "1280", "text", raw, "coding", coding, "charset", charset}
	}
	wire := []adaptertest.Wire{
		{Name: "Khmer, recoded by Kannel", Dump: "sms-khmer-utf8.http", Answer: adapters.Answer{Text: "នៅឃុំណា?"}, Type: plain, Body: "នៅឃុំណា?",
			Messages: []adapters.Message{khmer}},
		{Name: "Khmer as the operator sent it", Dump: "sms-khmer-utf16.http", Answer: adapters.Answer{Text: "Which commune?"}, Type: plain,
			Body: "Which commune?", Messages: []adapters.Message{khmer}},
		{Name: "no answer is an empty body", Dump: "sms-khmer-utf8.http", Messages: []adapters.Message{khmer}},
		{Name: "from nobody, in blanks that stay, at a date", Dump: "sms-no-sender.http", Messages: []adapters.Message{
			{Provider: Name, Channel: adapters.SMS, ID: "x-1", To: "1280", Text: "HELP please   help", At: khmer.At}}},
		{Name: "a field twice: the first counts", Request: get(below+"/sms", append(fields("a", "0", "UTF-8"), "text", "b", "id", "m-2")...), Messages: says("a")},
		{Name: "a broken escape", Messages: says("a"), Request: func(testing.TB) *http.Request {
			r := httptest.NewRequest(http.MethodGet, below+"/sms?id=m-1&from=85512000202&to=1280&text=a", http.NoBody)
			r.URL.RawQuery += "&meta=%zz"
			return r
		}},
	}
	for name, c := range map[string]struct{ raw, coding, charset, want string }{
		"UTF-16 without a charset":        {"\x17\x87\x17\xbd\x17\x99", "2", "", "ជួយ"},
		"UTF-16 by another name":          {"\x17\x87\x17\xbd\x17\x99", "2", "UCS-2", "ជួយ"},
		"UTF-16, low byte first":          {"\x87\x17\xbd\x17\x99\x17", "2", "utf-16le", "ជួយ"},
		"UTF-16 with its mark":            {"\xff\xfe\x87\x17\xbd\x17", "2", "UTF-16", "ជួ"},
		"half a letter of UTF-16":         {"\x17\x87\x17", "2", "UTF-16BE", "ជ�"},
		"half a pair of UTF-16":           {"\xd8\x3d\x00a", "2", "UTF-16BE", "�a"},
		"a pair of UTF-16":                {"\xd8\x3d\xde\x22", "2", "UTF-16BE", "😢"},
		"Latin-1":                         {"caf\xe9", "0", "ISO-8859-1", "café"},
		"Windows' Latin":                  {"\x93caf\xe9\x94", "0", "WINDOWS-1252", "“café”"},
		"a wrong charset: it is UTF-8":    {"ជួយ", "0", "ISO-8859-1", "ជួយ"},
		"Thai in UTF-16 could be bytes":   {"\x0e\x01\x0e\x02", "2", "UTF-16BE", "กข"},
		"a data coding without a charset": {"*1280#", "3", "", "*1280#"},
		"a charset nobody knows":          {"a\xff", "0", "X-UNKNOWN", "a�"},
	} {
		wire = append(wire, adaptertest.Wire{Name: name, Request: get(below+"/sms", fields(c.raw, c.coding, c.charset)...), Messages: says(c.want)})
	}
	wire = append(wire, deliveries()...)
	wrong := "/hooks/kannel/" + another
	adaptertest.Inbound{
		Channel: adapter(t, &adaptertest.Network{}),
		Wire:    wire,
		Text: func(tb testing.TB, id, text string) *http.Request {
			return get(below+"/sms", "id", id, "from", "+85512000202", "to", "1280", "text", text, "coding", "0", "charset", "UTF-8", "at", "1795327485")(tb)
		},
		Stranger: stranger(t),
		Date: func(tb testing.TB, raw string) *http.Request {
			return get(below+"/sms", append(fields("a", "0", "UTF-8"), "at", raw)...)(tb)
		},
		DateForms: []string{time.DateTime, time.RFC3339},
		Delivery: func(tb testing.TB, id string, state adapters.DeliveryState) *http.Request {
			bit := map[adapters.DeliveryState]string{adapters.Handed: "8", adapters.Delivered: "1", adapters.Failed: "16"}[state]
			return get(below+"/delivery", "id", id, "type", bit)(tb)
		},
		Forged: map[string]func(testing.TB) *http.Request{
			"another token":     get(wrong+"/sms", fields("a", "0", "UTF-8")...),
			"a shorter token":   get("/hooks/kannel/a/sms", fields("a", "0", "UTF-8")...),
			"other letters":     get("/hooks/kannel/"+strings.ToUpper(secret)+"/sms", fields("a", "0", "UTF-8")...),
			"the ussd hook":     get(wrong+"/ussd", fields("a", "0", "UTF-8")...),
			"the delivery hook": get(wrong+"/delivery", "id", "x", "type", "1"),
		},
		Missing: map[string]func(testing.TB) *http.Request{
			"no id":              get(below+"/sms", adaptertest.Without(fields("a", "0", "UTF-8"), "id")...),
			"an empty id":        get(below+"/sms", append([]string{"id", ""}, fields("a", "0", "UTF-8")...)...),
			"nothing at all":     get(below + "/sms"),
			"a report, no id":    get(below+"/delivery", "type", "1"),
			"a report, no type":  get(below+"/delivery", "id", "x"),
			"a USSD turn, no id": get(below+"/ussd", "text", "1"),
		},
		Reports: map[string]func(testing.TB) *http.Request{"a report": get(below+"/delivery", "id", "x", "type", "1")},
		Secrets: []string{secret, password, "12000202"},
	}.Examine(t)
}

// deliveries are reports of every kind, in an order that no network would think of, one after the other for one message.
func deliveries() []adaptertest.Wire {
	const ours = "01890a5d-ac96-774b-bcce-b302099a8057"
	told := func(state adapters.DeliveryState, reason string) []adapters.Delivery {
		return []adapters.Delivery{{Provider: Name, ID: ours, State: state, Reason: reason}}
	}
	report := func(bit, reply string, more ...string) func(testing.TB) *http.Request {
		return get(below+"/delivery", append([]string{"id", ours, "type", bit, "reply", reply}, more...)...)
	}
	const receipt = "id:1 sub:001 dlvrd:000 submit date:2611220604 done date:2611220605 stat:UNDELIV err:027 text:stat:SECRETS"
	return []adaptertest.Wire{
		{Name: "delivered before accepted", Request: report("1", "id:1 stat:DELIVRD err:000 text:x"), Deliveries: told(adapters.Delivered, "")},
		{Name: "accepted after it", Request: report("8", "ACK/"), Deliveries: told(adapters.Handed, "")},
		{Name: "sender and receiver swapped", Request: report("4", "", "from", "1280", "to", "85512000101"), Deliveries: told(adapters.Handed, "")},
		{Name: "failed", Request: report("2", receipt), Deliveries: told(adapters.Failed, "UNDELIV 027")},
		{Name: "refused", Request: report("16", "NACK/0x0000000b/Invalid Destination Address"), Deliveries: told(adapters.Failed, "refused 0x0000000b")},
		{Name: "refused in words that are not ours to show", Request: report("16", "no +85512000101"), Deliveries: told(adapters.Failed, "")},
		{Name: "a report between", Request: report("32", "")},
		{Name: "no bit at all", Request: report("x", "")},
	}
}

func TestUSSD(t *testing.T) {
	t.Parallel()
	const session = "1234|+85512000201"
	turn := func(id, to, text string, fresh bool) adapters.Message {
		return adapters.Message{Provider: Name, Channel: adapters.USSD, ID: id, Session: session, New: fresh, From: number(t, "+85512000201"), To: to, Text: text}
	}
	meta := func(op string) string { return "?smpp?ussd_service_op=" + op + "&its_session_info=%124&" }
	fields := func(text, op string) []string {
		return []string{"id", "u-1", "from", "+85512000201", "to", "1280", "text", text, "coding", "0", "charset", "UTF-8", "meta", meta(op)}
	}
	screen := "1 ខ្មែរ Khmer\n2 English"
	adaptertest.Inbound{
		Channel: adapter(t, &adaptertest.Network{}),
		Wire: []adaptertest.Wire{
			{Name: "dialled", Dump: "ussd-first.http", Answer: adapters.Answer{Text: screen}, Type: plain, Body: screen,
				Messages: []adapters.Message{turn("0a7d0d52-7c5b-4a58-9f0e-1d2c3b4a5f60", "*1280#", "*1280#", true)}},
			{Name: "dialled with a club's number", Request: get(below+"/ussd", fields("*1280*0204#", "%01")...), Answer: adapters.Answer{Text: "1"}, Body: "1",
				Messages: []adapters.Message{turn("u-1", "*1280*0204#", "*1280*0204#", true)}},
			{Name: "an answer", Request: get(below+"/ussd", fields("1", "%12")...), Answer: adapters.Answer{Text: "2", End: true}, Body: "2",
				Messages: []adapters.Message{turn("u-1", "1280", "1", false)}},
			{Name: "an operation nobody named is an answer", Request: get(below+"/ussd", fields("1", "%ff")...), Answer: adapters.Answer{Text: "2"}, Body: "2",
				Messages: []adapters.Message{turn("u-1", "1280", "1", false)}},
			{Name: "no words end the session with a blank", Request: get(below+"/ussd", fields("1", "%12")...), Body: "\u00a0",
				Messages: []adapters.Message{turn("u-1", "1280", "1", false)}},
			{Name: "hung up", Request: get(below+"/ussd", fields("", "%81")...), Ended: []adapters.Ended{{Provider: Name, Session: session}}},
			{Name: "our end is confirmed", Request: get(below+"/ussd", fields("", "%13")...), Ended: []adapters.Ended{{Provider: Name, Session: session}}},
		},
		Text: func(tb testing.TB, id, text string) *http.Request {
			return get(below+"/ussd", append([]string{"id", id}, adaptertest.Without(fields(text, "%12"), "id")...)...)(tb)
		},
		Stranger: stranger(t),
		Refused:  func(text string) string { return text },
		Forged:   map[string]func(testing.TB) *http.Request{"another token": get("/hooks/kannel/"+another+"/ussd", fields("1", "%12")...)},
		Missing:  map[string]func(testing.TB) *http.Request{"no id": get(below+"/ussd", adaptertest.Without(fields("1", "%12"), "id")...)},
		Reports:  map[string]func(testing.TB) *http.Request{"hung up": get(below+"/ussd", fields("", "%81")...)},
		Secrets:  []string{secret, password, "12000201"},
	}.Examine(t)
}

// TestHeaders holds what Kannel takes from the headers: without the coding Khmer is question marks, without the meta-data a
// screen belongs to no session.
func TestHeaders(t *testing.T) {
	t.Parallel()
	smpp := func(op, session string) string {
		return "?smpp?ussd_service_op=" + op + "&its_session_info=" + session + "&"
	}
	for name, c := range map[string]struct {
		path, meta    string
		shape         Shape
		answer        adapters.Answer
		err           error
		coding, reply string
		session       string
	}{
		"Khmer by SMS":   {path: "/sms", answer: adapters.Answer{Text: "នៅឃុំណា?"}, coding: "2"},
		"English by SMS": {path: "/sms", answer: adapters.Answer{Text: "Which commune?\n1 {a}"}, coding: "0"},
		"a grave accent": {path: "/sms", answer: adapters.Answer{Text: "`"}, coding: "2"},
		"a long dash":    {path: "/sms", answer: adapters.Answer{Text: "a – b"}, coding: "2"},
		"no SMS":         {path: "/sms"},
		"a screen": {path: "/ussd", meta: smpp("%12", "%00%26"), answer: adapters.Answer{Text: "១"}, coding: "2",
			reply: smpp("2", "%00%26"), session: "0026|+85512000201"},
		"the last screen": {path: "/ussd", meta: smpp("%12", "%124"), answer: adapters.Answer{Text: "Bye", End: true}, coding: "0",
			reply: smpp("17", "%12%34"), session: "1234|+85512000201"},
		"refused": {path: "/ussd", meta: smpp("%12", "%124"), err: adapters.Refused{Text: "ឥឡូវ"}, coding: "2", reply: smpp("17", "%12%34"),
			session: "1234|+85512000201"},
		"another vendor's values": {path: "/ussd", meta: smpp("%12", "%124"), shape: Shape{Ask: 18, End: 3}, answer: adapters.Answer{Text: "1", End: true},
			coding: "0", reply: smpp("3", "%12%34"), session: "1234|+85512000201"},
		"the first octet": {path: "/ussd", meta: smpp("%12", "%124"), shape: Shape{Bits: firstByte}, answer: adapters.Answer{Text: "1"}, coding: "0",
			reply: smpp("2", "%12%34"), session: "12|+85512000201"},
		"the end is a bit": {path: "/ussd", meta: smpp("%12", "%124"), shape: Shape{Bits: butLast}, answer: adapters.Answer{Text: "1", End: true}, coding: "0",
			reply: smpp("17", "%12%35"), session: "1234|+85512000201"},
		"another TLV": {path: "/ussd", meta: "?smpp?ussd_service_op=%12&user_message_reference=%00%07&", shape: Shape{Session: "user_message_reference"},
			answer: adapters.Answer{Text: "1"}, coding: "0", reply: "?smpp?ussd_service_op=2&user_message_reference=%00%07&", session: "0007|+85512000201"},
		"the phone is the session": {path: "/ussd", meta: smpp("%12", "%124"), shape: Shape{Session: bySender}, answer: adapters.Answer{Text: "1"}, coding: "0",
			reply: smpp("2", "%12%34"), session: "|+85512000201"},
		"no TLV at all": {path: "/ussd", meta: "?smpp?", answer: adapters.Answer{Text: "1"}, coding: "0", reply: "?smpp?ussd_service_op=2&", session: "|+85512000201"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := &adaptertest.Sink{Answer: c.answer, Err: c.err}
			request := get(below+c.path, "id", "m-1", "from", "+85512000201", "to", "1280", "text", "1", "charset", "UTF-8", "meta", c.meta)(t)
			status, header, _ := adaptertest.Serve(t, shaped(t, &adaptertest.Network{}, c.shape), sink, request)
			got := []string{header.Get("X-Kannel-Coding"), header.Get("X-Kannel-Meta-Data")}
			if diff := cmp.Diff([]string{c.coding, c.reply}, got); status != http.StatusOK || diff != "" {
				t.Errorf("status %d, coding and meta-data (-want +got):\n%s", status, diff)
			}
			if m := sink.Messages(); len(m) != 1 || m[0].Session != c.session {
				t.Errorf("messages %d, of session %q, want %q", len(m), m[0].Session, c.session)
			}
		})
	}
}

// TestSessionsBegin holds how a new session, an answer and an end are told apart.
func TestSessionsBegin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		shape Shape
		op    string
		its   string
		text  string
		want  phase
	}{
		"the specification's new":    {op: "\x01", its: "\x12\x34", want: begins},
		"the specification's answer": {op: "\x12", its: "\x12\x35", want: answers},
		"no operation, a code":       {text: "*1280#", want: begins},
		"no operation, a key":        {text: "1", want: answers},
		"no operation, much else":    {text: "*1a#", want: answers},
		"a vendor's new":             {shape: Shape{New: []int{0, 64}}, op: "\x40", want: begins},
		"a vendor's end":             {shape: Shape{Over: []int{130}}, op: "\x82", want: over},
		"the end is a bit":           {shape: Shape{Bits: butLast}, op: "\x12", its: "\x12\x35", want: over},
		"a new one has the bit":      {shape: Shape{Bits: firstByte}, op: "\x01", its: "\x12\x35", want: begins},
		"no bit":                     {shape: Shape{Bits: firstByte}, op: "\x12", its: "\x12\x34", want: answers},
	} {
		shape := c.shape
		shape.fill()
		found := map[string]string{}
		if c.op != "" {
			found[opTLV] = c.op
		}
		if c.its != "" {
			found[sessionTLV] = c.its
		}
		if got := shape.phase(found, c.text); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	const base = "http://127.0.0.1:13013/cgi-bin/sendsms?"
	query := func(text, coding, from string) string {
		return base + url.Values{"username": {"chumrok"}, "password": {password}, "from": {from}, "to": {"+85512000101"}, "text": {text},
			"charset": {"UTF-8"}, "coding": {coding}, "dlr-mask": {"31"},
			"dlr-url": {"http://127.0.0.1:8080" + below + "/delivery?id=01890a5d-ac96-774b-bcce-b302099a8057&type=%d&reply=%A"}}.Encode()
	}
	const ours = "01890a5d-ac96-774b-bcce-b302099a8057"
	english := adapters.Outgoing{ID: ours, To: number(t, "+85512000101"), Text: "New task 482131", From: "Chumrok"}
	sendings := []adaptertest.Sending{
		{Name: "taken", Status: 202, Body: "0: Accepted for delivery", Receipt: ours,
			Sent: &adaptertest.Exchange{Method: http.MethodGet, URL: query("លេខ 482131 ចុច 1 ទទួល", "2", "1280")}},
		{Name: "English, another sender", Message: english, Status: 202, Body: "0: Accepted for delivery\n", Receipt: ours,
			Sent: &adaptertest.Exchange{Method: http.MethodGet, URL: query("New task 482131", "0", "Chumrok")}},
		{Name: "queued until an operator is connected", Status: 202, Body: "3: Queued for later delivery", Receipt: ours},
		{Name: "another 202", Status: 202, Body: "Accepted", Kind: adaptertest.Uncertain},
		{Name: "the wrong password", Status: 403, Body: "Authorization failed for sendsms", Kind: adaptertest.Misconfigured},
		{Name: "the queue is full", Status: 503, Body: "Temporal failure, try again later.", Kind: adaptertest.Throttled},
		{Name: "smsbox stops", Status: 503, Body: "Service unavailable", Kind: adaptertest.Uncertain},
		{Name: "no connection takes it", Status: 403, Body: "Not routable. Do not try again.", Kind: adaptertest.Misconfigured},
		{Name: "on Kannel's own list", Status: 400, Body: "Number(s) has/have been denied by white- and/or black-lists.", Kind: adaptertest.Misconfigured},
		{Name: "a sentence nobody knows", Status: 400, Body: "Something", Kind: adaptertest.Again},
		{Name: "another's refusal with 202", Status: 202, Body: "Not routable. Do not try again.", Kind: adaptertest.Uncertain},
	}
	adaptertest.Outbound{
		New:      func(tb testing.TB, way http.RoundTripper) adapters.Channel { return adapter(tb, way) },
		Sendings: sendings,
		Secrets:  []string{secret, password},
		URLs:     []string{base},
	}.Examine(t)
}

func TestNewNamesEveryFault(t *testing.T) {
	t.Parallel()
	_, err := New(Config{Token: "with/a/slash/in/the/middle", SendsmsURL: "sendsms", HooksURL: "ftp://127.0.0.1",
		USSD: Shape{Session: "a b", Bits: "some", New: []int{1, 300}, Over: []int{1}, End: 256}})
	if err == nil {
		t.Fatal("an empty configuration was taken")
	}
	for _, want := range []string{"username", "password", "sender", "token", "sendsms address", "hooks' address", "bits", "name of a TLV",
		"operation 1 ", "operation 300", "operation 256"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name the %s:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "with/a/slash") {
		t.Error("the error shows the token")
	}
}
