package androidsms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/adapters"
	"chumrok/adapters/adaptertest"
	"chumrok/internal/phone"
)

const (
	key  = "a-signing-key-of-32-letters-0000"
	hook = "/hooks/androidsms"
	base = "http://192.168.1.5:8080"
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func adapter(tb testing.TB, signingKey string, way http.RoundTripper) *AndroidSMS {
	tb.Helper()
	a, err := New(Config{URL: base + "/", Username: "sms", Password: "a-password", SigningKey: signingKey, Transport: way,
		Now: func() time.Time { return now }})
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func number(tb testing.TB, raw string) phone.Number {
	tb.Helper()
	n, err := phone.ParseSender(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// signed makes a request as the app signs it at that moment.
func signed(at time.Time, signingKey, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, hook, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(signingKey))
	mac.Write([]byte(body + stamp))
	r.Header.Set("X-Timestamp", stamp)
	r.Header.Set("X-Signature", hex.EncodeToString(mac.Sum(nil)))
	return r
}

type object = map[string]any

func report(tb testing.TB, name, id string, payload object) string {
	tb.Helper()
	b, err := json.Marshal(object{"deviceId": "ffffffffceb0b1db0000018e937c815b", "event": name, "id": id, "webhookId": "hook-1", "payload": payload})
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

func received(tb testing.TB, id, text, at string) string {
	tb.Helper()
	return report(tb, "sms:received", id, object{"messageId": "abc123", "message": text, "sender": "012000301", "recipient": "+85512000901",
		"simNumber": 1, "receivedAt": at})
}

func body(name, id string, payload object) func(testing.TB) *http.Request {
	return func(tb testing.TB) *http.Request { return signed(now, key, report(tb, name, id, payload)) }
}

func TestHook(t *testing.T) {
	t.Parallel()
	khmer := adapters.Message{Provider: Name, Channel: adapters.SMS, ID: "Ey6ECgOkVVFjz3CL48B8C", From: number(t, "+85512000301"),
		To: "+85512000901", Text: "គេវាយខ្ញុំ", Apart: true, At: time.Date(2026, 11, 22, 9, 58, 11, 0, time.UTC)}
	older := khmer
	older.To = ""
	nameless := adapters.Message{Provider: Name, Channel: adapters.SMS, ID: "e-2", Text: "", Apart: true}
	dump := func(name string) func(testing.TB) *http.Request {
		return func(tb testing.TB) *http.Request {
			r := adaptertest.ReadRequest(tb, name)
			return r
		}
	}
	wire := []adaptertest.Wire{
		{Name: "an SMS", Request: dump("sms-received.http"), Messages: []adapters.Message{khmer}},
		{Name: "an SMS from an older app", Request: dump("sms-received-older.http"), Messages: []adapters.Message{older}},
		{Name: "an answer is not in the response", Request: dump("sms-received.http"), Answer: adapters.Answer{Text: "នៅឃុំណា?"}, Messages: []adapters.Message{khmer}},
		{Name: "from nobody, saying nothing", Request: body("sms:received", "e-2", object{"messageId": "1", "sender": nil, "recipient": nil}),
			Messages: []adapters.Message{nameless}},
		{Name: "sent", Request: body("sms:sent", "e-3", object{"messageId": "our-1", "recipient": "+85512000101", "sentAt": "2026-11-22T17:00:00.000+07:00"}),
			Deliveries: []adapters.Delivery{{Provider: Name, ID: "our-1", State: adapters.Handed}}},
		{Name: "failed", Request: body("sms:failed", "e-4", object{"messageId": "our-1", "phoneNumber": "+85512000101", "reason": "Send failed to +85512000101: RESULT_ERROR_NO_SERVICE"}),
			Deliveries: []adapters.Delivery{{Provider: Name, ID: "our-1", State: adapters.Failed, Reason: "RESULT_ERROR_NO_SERVICE"}}},
		{Name: "a reason without a code is dropped", Request: body("sms:failed", "e-5", object{"messageId": "our-1", "reason": "to +85512000101"}),
			Deliveries: []adapters.Delivery{{Provider: Name, ID: "our-1", State: adapters.Failed}}},
		{Name: "cancelled", Request: body("sms:cancelled", "e-6", object{"messageId": "our-1"}),
			Deliveries: []adapters.Delivery{{Provider: Name, ID: "our-1", State: adapters.Failed}}},
	}
	for _, other := range []string{"system:ping", "mms:received", "sms:data-received", "app:started", "something:new"} {
		wire = append(wire, adaptertest.Wire{Name: other + " is acknowledged", Request: body(other, "e-9", object{"messageId": "1"})})
	}
	const at = "2026-11-22T16:58:11.000+07:00"
	message := func(tb testing.TB, id, text string) *http.Request {
		return signed(now, key, received(tb, id, text, at))
	}
	adaptertest.Inbound{
		Channel:  adapter(t, key, &adaptertest.Network{}),
		Stranger: adapter(t, "another-signing-key-000000000000", &adaptertest.Network{}),
		Signed:   true,
		JSON:     true,
		Wire:     wire,
		Text:     message,
		Date: func(tb testing.TB, raw string) *http.Request {
			return signed(now, key, received(tb, "e-1", "x", raw))
		},
		DateForms: []string{time.RFC3339, "2006-01-02T15:04:05.000Z07:00"},
		Delivery: func(tb testing.TB, id string, state adapters.DeliveryState) *http.Request {
			name := map[adapters.DeliveryState]string{adapters.Handed: "sms:sent", adapters.Delivered: "sms:delivered", adapters.Failed: "sms:failed"}[state]
			return body(name, "e-7", object{"messageId": id})(tb)
		},
		Forged: map[string]func(testing.TB) *http.Request{
			"unsigned": func(tb testing.TB) *http.Request {
				return httptest.NewRequest(http.MethodPost, hook, strings.NewReader(received(tb, "e-1", "1", at)))
			},
			"signed six minutes ago": func(tb testing.TB) *http.Request {
				return signed(now.Add(-6*time.Minute), key, received(tb, "e-1", "1", at))
			},
			"signed in six minutes": func(tb testing.TB) *http.Request {
				return signed(now.Add(6*time.Minute), key, received(tb, "e-1", "1", at))
			},
			"another time stamp": func(tb testing.TB) *http.Request {
				r := message(tb, "e-1", "1")
				r.Header.Set("X-Timestamp", strconv.FormatInt(now.Unix()+1, 10))
				return r
			},
			"no time stamp": func(tb testing.TB) *http.Request {
				r := message(tb, "e-1", "1")
				r.Header.Del("X-Timestamp")
				return r
			},
			"a time stamp that is none": func(tb testing.TB) *http.Request {
				r := message(tb, "e-1", "1")
				r.Header.Set("X-Timestamp", "now")
				return r
			},
			"a signature that is no hex": func(tb testing.TB) *http.Request {
				r := message(tb, "e-1", "1")
				r.Header.Set("X-Signature", "zz")
				return r
			},
			"a body changed": func(tb testing.TB) *http.Request {
				r := signed(now, key, received(tb, "e-1", "2", at))
				r.Header = message(tb, "e-1", "1").Header
				return r
			},
		},
		Missing: map[string]func(testing.TB) *http.Request{
			"no id":                  func(tb testing.TB) *http.Request { return message(tb, "", "1") },
			"no event":               body("", "e-1", object{}),
			"a report about nothing": body("sms:sent", "e-1", object{}),
			"no JSON":                func(testing.TB) *http.Request { return signed(now, key, "hello") },
			"half of it":             func(testing.TB) *http.Request { return signed(now, key, `{"id":"e-1","event":"sms:received"`) },
			"an empty body":          func(testing.TB) *http.Request { return signed(now, key, "") },
			"a message that is a list": func(testing.TB) *http.Request {
				return signed(now, key, `{"id":"e-1","event":"sms:received","payload":[]}`)
			},
		},
		Reports: map[string]func(testing.TB) *http.Request{"a report": body("sms:sent", "e-8", object{"messageId": "our-1"})},
		Secrets: []string{key, "a-password", "12000301"},
	}.Examine(t)
}

// TestRetriesAreSignedAfresh delivers one event two days later: the signature is new, the id is not.
func TestRetriesAreSignedAfresh(t *testing.T) {
	t.Parallel()
	moment := now
	a, err := New(Config{URL: base, Username: "sms", Password: "p", SigningKey: key, Now: func() time.Time { return moment }})
	if err != nil {
		t.Fatal(err)
	}
	sink := &adaptertest.Sink{}
	event := received(t, "e-1", "1", "2026-11-22T16:58:11.000+07:00")
	for range 2 {
		if status, _, _ := adaptertest.Serve(t, a, sink, signed(moment, key, event)); status != http.StatusOK {
			t.Errorf("status %d", status)
		}
		moment = moment.Add(48 * time.Hour)
	}
	if got := sink.Messages(); len(got) != 2 || got[0].ID != "e-1" || !cmp.Equal(got[0], got[1]) {
		t.Errorf("%d messages, or they differ", len(got))
	}
}

// watching notes what is left aside.
type watching struct {
	adaptertest.Sink
	seen []string
}

func (w *watching) Ignored(provider, what string) { w.seen = append(w.seen, provider+" "+what) }

func TestWhatIsLeftAsideIsNoted(t *testing.T) {
	t.Parallel()
	sink := &watching{}
	for _, name := range []string{"system:ping", "a name that says +85512000301", "sms:received"} {
		adaptertest.Serve(t, adapter(t, key, nil), sink, body(name, "e-1", object{})(t))
	}
	if diff := cmp.Diff([]string{"androidsms system:ping", "androidsms other"}, sink.seen); diff != "" {
		t.Error(diff)
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	const ours = "01890a5d-ac96-774b-bcce-b302099a8057"
	taken := `{"id":"` + ours + `","state":"Pending","isHashed":false,"isEncrypted":false,"recipients":[{"phoneNumber":"+85512000101","state":"Pending"}],"states":{}}`
	sent := func(id, text, to string) string {
		if id != "" {
			id = `"id":"` + id + `",`
		}
		return `{` + id + `"textMessage":{"text":"` + text + `"},"phoneNumbers":["` + to + `"],"withDeliveryReport":true,"ttl":3600,"priority":100}`
	}
	adaptertest.Outbound{
		New: func(tb testing.TB, way http.RoundTripper) adapters.Channel { return adapter(tb, key, way) },
		Sendings: []adaptertest.Sending{
			{Name: "taken", Status: 202, Body: taken, Receipt: ours, Sent: &adaptertest.Exchange{Method: "POST", URL: base + "/message",
				Header: http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("sms:a-password"))}, "Content-Type": {"application/json"}},
				Body:   sent(ours, "លេខ 482131 ចុច 1 ទទួល", "+85512000101")}},
			{Name: "without an id of ours", Status: 201, Body: `{"id":"theirs","state":"Pending"}`, Receipt: "theirs",
				Message: adapters.Outgoing{To: number(t, "+85512000102"), Text: "a"},
				Sent:    &adaptertest.Exchange{Method: "POST", URL: base + "/message", Body: sent("", "a", "+85512000102")}},
			{Name: "taken before, the answer got lost", Status: 409, Body: `{"message":"Message with such ID already exists"}`, Receipt: ours},
			{Name: "another conflict", Status: 409, Body: `{"message":"device is busy"}`, Kind: adaptertest.Again},
			{Name: "refused at once", Status: 202, Body: `{"id":"` + ours + `","state":"Failed"}`, Kind: adaptertest.Again},
			{Name: "no id", Status: 202, Body: `{"state":"Pending"}`, Kind: adaptertest.Uncertain},
			{Name: "the queue is full", Status: 503, Body: `{"error":"QueueLimitExceeded","message":"queue limits exceeded: too many pending messages: 3 / 3"}`,
				Header: []string{"Retry-After", "20"}, Kind: adaptertest.Throttled, After: 20 * time.Second},
			{Name: "the server is down", Status: 503, Body: `{"error":"Other"}`, Kind: adaptertest.Uncertain},
			{Name: "slower, please", Status: 429, Header: []string{"Retry-After", "5"}, Kind: adaptertest.Throttled, After: 5 * time.Second},
			{Name: "wrong password", Status: 401, Body: `{"message":"unauthorized"}`, Kind: adaptertest.Misconfigured},
			{Name: "a number that the server does not like", Status: 400, Body: `{"message":"invalid phone +85512000101"}`, Kind: adaptertest.Again},
		},
		Secrets: []string{key, "a-password"},
		URLs:    []string{base + "/message"},
	}.Examine(t)
}

func TestSendThroughTheCloud(t *testing.T) {
	t.Parallel()
	way := &adaptertest.Network{Reply: adaptertest.Reply(202, `{"id":"x"}`)}
	a, err := New(Config{URL: "https://api.sms-gate.app/3rdparty/v1", Username: "u", Password: "p", SigningKey: key, Transport: way})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Send(t.Context(), adapters.Outgoing{To: number(t, "+85512000101"), Text: "a"}); err != nil {
		t.Fatal(err)
	}
	if got := way.Sent()[0].URL; got != "https://api.sms-gate.app/3rdparty/v1/message" {
		t.Errorf("sent to %s", got)
	}
}

func TestNewNamesEveryFault(t *testing.T) {
	t.Parallel()
	_, err := New(Config{URL: "phone"})
	if err == nil {
		t.Fatal("an empty configuration was taken")
	}
	for _, want := range []string{"username", "password", "signing key", "API address"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name the %s", want)
		}
	}
}
