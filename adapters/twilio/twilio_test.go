package twilio

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/adapters/adaptertest"
	"chumrok/internal/phone"
)

const (
	sid    = "AC11111111111111111111111111111111"
	token  = "0123456789abcdef0123456789abcdef"
	public = "https://chumrok.example"
	sender = "+85512000901"
)

func adapter(tb testing.TB, way http.RoundTripper) *Twilio {
	tb.Helper()
	t, err := New(Config{AccountSID: sid, AuthToken: token, From: sender, PublicURL: public + "/", Transport: way})
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

func number(tb testing.TB, raw string) phone.Number {
	tb.Helper()
	n, err := phone.ParseSender(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// sign makes a request as Twilio signs it: HMAC-SHA1 over the address and each field's name and value, sorted by name.
func sign(key, target string, fields ...string) *http.Request {
	r := adaptertest.Form(target, fields...)
	form, _ := url.ParseQuery(adaptertest.Encode(fields...))
	mac := hmac.New(sha1.New, []byte(key))
	fmt.Fprint(mac, public+target)
	for _, name := range slices.Sorted(maps.Keys(form)) {
		fmt.Fprint(mac, name, form.Get(name))
	}
	r.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return r
}

func fields(id, text string) []string {
	return []string{"AccountSid", sid, "MessageSid", id, "From", "+85512000101", "To", sender, "Body", text, "NumMedia", "0"}
}

func request(key, target string, form ...string) func(testing.TB) *http.Request {
	return func(testing.TB) *http.Request { return sign(key, target, form...) }
}

// TestPublishedSignature holds the example of Twilio's page on webhook security.
func TestPublishedSignature(t *testing.T) {
	t.Parallel()
	t1, err := New(Config{AccountSID: sid, AuthToken: "12345", From: sender, PublicURL: "https://mycompany.com"})
	if err != nil {
		t.Fatal(err)
	}
	body := "Digits=1234&To=%2B18005551212&From=%2B12349013030&Caller=%2B12349013030&CallSid=CA1234567890ABCDE"
	const signature = "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
	if _, ok := t1.signed("/myapp.php?foo=1&bar=2", []byte(body), signature); !ok {
		t.Error("the published signature is refused")
	}
	for name, c := range map[string]struct{ uri, body, signature string }{
		"another path":      {"/other.php?foo=1&bar=2", body, signature},
		"another query":     {"/myapp.php?foo=1&bar=3", body, signature},
		"no query":          {"/myapp.php", body, signature},
		"another body":      {"/myapp.php?foo=1&bar=2", strings.Replace(body, "1234", "1235", 1), signature},
		"a field more":      {"/myapp.php?foo=1&bar=2", body + "&x=", signature},
		"a field repeated":  {"/myapp.php?foo=1&bar=2", body + "&Digits=9", signature},
		"another signature": {"/myapp.php?foo=1&bar=2", body, "0/KCTR6DLpKmkAf8muzZqo1nDgA="},
		"no signature":      {"/myapp.php?foo=1&bar=2", body, ""},
	} {
		if _, ok := t1.signed(c.uri, []byte(c.body), c.signature); ok {
			t.Errorf("%s is believed", name)
		}
	}
}

func TestHooks(t *testing.T) {
	t.Parallel()
	const empty = `<?xml version="1.0" encoding="UTF-8"?><Response/>`
	const xml = "text/xml; charset=utf-8"
	message := func(id, from, text string) adapters.Message {
		m := adapters.Message{Provider: Name, Channel: adapters.SMS, ID: id + strings.Repeat(string(id[2]), 31), To: sender, Text: text}
		if from != "" {
			m.From = number(t, from)
		}
		return m
	}
	wire := []adaptertest.Wire{
		{Name: "Khmer", Dump: "sms-khmer.http", Type: xml, Answer: adapters.Answer{Text: "នៅឃុំ​ណា?\nឆ្លើយ 1 < 2 & 3"},
			Body:     `<?xml version="1.0" encoding="UTF-8"?><Response><Message>នៅឃុំ​ណា?` + "\n" + `ឆ្លើយ 1 &lt; 2 &amp; 3</Message></Response>`,
			Messages: []adapters.Message{message("SMa", "+85512000101", "គេវាយខ្ញុំ នៅឃុំព្រែកតាទែន")}},
		{Name: "English, no answer", Dump: "sms-english.http", Type: xml, Body: empty,
			Messages: []adapters.Message{message("SMb", "+85512000101", "My neighbour's child & me: 100% true + more")}},
		{Name: "a picture without words", Dump: "mms-no-text.http", Type: xml, Body: empty,
			Messages: []adapters.Message{message("MMc", "+85512000101", "")}},
		{Name: "from a short code", Dump: "sms-short-code.http", Type: xml, Body: empty,
			Messages: []adapters.Message{message("SMd", "1280", "hello")}},
		{Name: "from nobody, saying nothing", Dump: "sms-no-sender-no-body.http", Type: xml, Body: empty,
			Messages: []adapters.Message{message("SMe", "", "")}},
		{Name: "a query is signed too", Dump: "sms-query.http", Type: xml, Body: empty,
			Messages: []adapters.Message{message("SMf", "+85512000101", "1")}},
		{Name: "an answer with control characters is still XML", Dump: "sms-english.http", Answer: adapters.Answer{Text: "a\x00b\x07"},
			Body:     `<?xml version="1.0" encoding="UTF-8"?><Response><Message>ab</Message></Response>`,
			Messages: []adapters.Message{message("SMb", "+85512000101", "My neighbour's child & me: 100% true + more")}},
		{Name: "delivered", Dump: "status-delivered.http",
			Deliveries: []adapters.Delivery{{Provider: Name, ID: "SM" + strings.Repeat("1", 32), State: adapters.Delivered}}},
		{Name: "undelivered", Dump: "status-undelivered.http",
			Deliveries: []adapters.Delivery{{Provider: Name, ID: "SM" + strings.Repeat("2", 32), State: adapters.Failed, Reason: "30003"}}},
	}
	for status, want := range map[string]adapters.DeliveryState{
		"accepted": adapters.Handed, "queued": adapters.Handed, "sending": adapters.Handed, "sent": adapters.Handed,
		"delivered": adapters.Delivered, "read": adapters.Delivered,
		"undelivered": adapters.Failed, "failed": adapters.Failed, "canceled": adapters.Failed, "something new": "",
	} {
		w := adaptertest.Wire{Name: "status " + status, Request: request(token, statusPath, "AccountSid", sid, "MessageSid", "SM9", "MessageStatus", status)}
		if want != "" {
			w.Deliveries = []adapters.Delivery{{Provider: Name, ID: "SM9", State: want}}
		}
		wire = append(wire, w)
	}
	wire = append(wire, adaptertest.Wire{Name: "a reason that is no code is dropped",
		Request:    request(token, statusPath, "AccountSid", sid, "MessageSid", "SM9", "MessageStatus", "failed", "ErrorCode", "no +85512000101"),
		Deliveries: []adapters.Delivery{{Provider: Name, ID: "SM9", State: adapters.Failed}}})

	good := fields("SM1", "1")
	stranger, err := New(Config{AccountSID: sid, AuthToken: "another token", From: sender, PublicURL: public})
	if err != nil {
		t.Fatal(err)
	}
	adaptertest.Inbound{
		Stranger: stranger,
		Signed:   true,
		Delivery: func(_ testing.TB, id string, state adapters.DeliveryState) *http.Request {
			word := map[adapters.DeliveryState]string{adapters.Handed: "sent", adapters.Delivered: "delivered", adapters.Failed: "undelivered"}[state]
			return sign(token, statusPath, "AccountSid", sid, "MessageSid", id, "MessageStatus", word)
		},
		Channel: adapter(t, &adaptertest.Network{}),
		Wire:    wire,
		Text:    func(_ testing.TB, id, text string) *http.Request { return sign(token, smsPath, fields(id, text)...) },
		Refused: func(text string) string {
			return `<?xml version="1.0" encoding="UTF-8"?><Response><Message>` + text + `</Message></Response>`
		},
		Forged: map[string]func(testing.TB) *http.Request{
			"unsigned":                  func(testing.TB) *http.Request { return adaptertest.Form(smsPath, good...) },
			"signed with another token": request("another", smsPath, good...),
			"signed for the other hook": func(testing.TB) *http.Request {
				r := sign(token, statusPath, good...)
				r.URL.Path = smsPath
				return r
			},
			"signed for what a Host header says": func(testing.TB) *http.Request {
				r := adaptertest.Form("http://evil.example"+smsPath, good...)
				r.Header.Set("X-Forwarded-Host", "evil.example")
				r.Header.Set("X-Twilio-Signature", sign(token, smsPath, good...).Header.Get("X-Twilio-Signature")+"x")
				return r
			},
			"a body changed": func(testing.TB) *http.Request {
				r := adaptertest.Form(smsPath, fields("SM1", "2")...)
				r.Header = sign(token, smsPath, good...).Header
				return r
			},
			"a field repeated":        request(token, smsPath, append(slices.Clone(good), "Body", "2")...),
			"a field repeated, alike": request(token, smsPath, append(slices.Clone(good), "Body", "1")...),
			"another account":         request(token, smsPath, append(adaptertest.Without(good, "AccountSid"), "AccountSid", "AC22222222222222222222222222222222")...),
			"no account":              request(token, smsPath, adaptertest.Without(good, "AccountSid")...),
			"a broken form": func(testing.TB) *http.Request {
				r := adaptertest.Form(smsPath)
				r.Body = http.NoBody
				return r
			},
			"an unsigned report": func(testing.TB) *http.Request {
				return adaptertest.Form(statusPath, "AccountSid", sid, "MessageSid", "SM1", "MessageStatus", "failed")
			},
		},
		Missing: map[string]func(testing.TB) *http.Request{
			"a message without its id":      request(token, smsPath, adaptertest.Without(good, "MessageSid")...),
			"a report without its id":       request(token, statusPath, "AccountSid", sid, "MessageStatus", "sent"),
			"a report without its status":   request(token, statusPath, "AccountSid", sid, "MessageSid", "SM1"),
			"a report with an empty status": request(token, statusPath, "AccountSid", sid, "MessageSid", "SM1", "MessageStatus", ""),
		},
		Reports: map[string]func(testing.TB) *http.Request{
			"a report": request(token, statusPath, "AccountSid", sid, "MessageSid", "SM1", "MessageStatus", "sent"),
		},
		Secrets: []string{token, sid, "12000101"},
	}.Examine(t)
}

func TestSend(t *testing.T) {
	t.Parallel()
	const messages = "https://api.twilio.com/2010-04-01/Accounts/" + sid + "/Messages.json"
	const taken = `{"account_sid":"` + sid + `","api_version":"2010-04-01","body":"x","date_created":"Sun, 22 Nov 2026 10:00:00 +0000",` +
		`"direction":"outbound-api","error_code":null,"error_message":null,"from":"+85512000901","num_media":"0","num_segments":"1",` +
		`"price":null,"price_unit":"USD","sid":"SM33333333333333333333333333333333","status":"queued","to":"+85512000101","uri":"/x"}`
	trouble := func(code int) string {
		return fmt.Sprintf(`{"code": %d, "message": "The 'To' number +85512000101 is bad", "more_info": "https://www.twilio.com/docs/errors/%d", "status": 400}`, code, code)
	}
	sendings := []adaptertest.Sending{
		{Name: "taken", Status: 201, Body: taken, Receipt: "SM33333333333333333333333333333333", Sent: &adaptertest.Exchange{
			Method: "POST", URL: messages,
			Header: http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(sid+":"+token))},
				"Content-Type": {"application/x-www-form-urlencoded"}},
			Body: adaptertest.Encode("Body", "លេខ 482131 ចុច 1 ទទួល", "From", sender, "StatusCallback", public+statusPath, "To", "+85512000101")}},
		{Name: "by a messaging service", Status: 201, Body: taken, Receipt: "SM33333333333333333333333333333333",
			Message: adapters.Outgoing{To: number(t, "+85512000102"), Text: "a", From: "MG44444444444444444444444444444444"},
			Sent: &adaptertest.Exchange{Method: "POST", URL: messages, Body: adaptertest.Encode("Body", "a",
				"MessagingServiceSid", "MG44444444444444444444444444444444", "StatusCallback", public+statusPath, "To", "+85512000102")}},
		{Name: "from a name", Status: 201, Body: taken, Receipt: "SM33333333333333333333333333333333",
			Message: adapters.Outgoing{To: number(t, "+85512000102"), Text: "a", From: "MGroup"},
			Sent: &adaptertest.Exchange{Method: "POST", URL: messages, Body: adaptertest.Encode("Body", "a",
				"From", "MGroup", "StatusCallback", public+statusPath, "To", "+85512000102")}},
		{Name: "a code nobody knows", Status: 400, Body: trouble(29999), Kind: adaptertest.Again},
		{Name: "too many requests", Status: 429, Body: trouble(20429), Header: []string{"Retry-After", "7"}, Kind: adaptertest.Throttled, After: 7 * time.Second},
		{Name: "too many requests, without words", Status: 429, Body: "", Kind: adaptertest.Throttled},
		{Name: "the sender's queue is full", Status: 400, Body: trouble(21611), Kind: adaptertest.Throttled},
		{Name: "unknown account", Status: 404, Body: trouble(20404), Kind: adaptertest.Misconfigured},
		{Name: "a number's fault, said by a broken server", Status: 503, Body: trouble(21614), Kind: adaptertest.Uncertain},
	}
	for code, mean := range meaning {
		sendings = append(sendings, adaptertest.Sending{Name: fmt.Sprint("code ", code), Status: 400, Body: trouble(code), Kind: adaptertest.KindOf(mean(http.ErrBodyNotAllowed))})
	}
	for _, code := range []int{21610, 21211, 21614} {
		sendings = append(sendings, adaptertest.Sending{Name: fmt.Sprint("given up on ", code), Status: 400, Body: trouble(code), Kind: adaptertest.Permanent})
	}
	adaptertest.Outbound{
		New:      func(tb testing.TB, way http.RoundTripper) adapters.Channel { return adapter(tb, way) },
		Sendings: sendings,
		Secrets:  []string{token, sid},
		URLs:     []string{messages},
	}.Examine(t)
}

func TestSendGoesWhereItIsTold(t *testing.T) {
	t.Setenv("TWILIO_EDGE", "sydney") // the library would follow these to a host of its own choice
	t.Setenv("TWILIO_REGION", "au1")
	for api, want := range map[string]string{
		"":                              "https://api.twilio.com/2010-04-01/Accounts/",
		"http://127.0.0.1:4010/":        "http://127.0.0.1:4010/2010-04-01/Accounts/",
		"https://api.ie1.twilio.com/a/": "https://api.ie1.twilio.com/a/2010-04-01/Accounts/",
	} {
		way := &adaptertest.Network{Reply: adaptertest.Reply(201, `{"sid":"SM1"}`)}
		c, err := New(Config{AccountSID: sid, AuthToken: token, From: sender, PublicURL: public, APIURL: api, Transport: way})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Send(t.Context(), adapters.Outgoing{To: number(t, "+85512000101"), Text: "a"}); err != nil {
			t.Fatal(err)
		}
		if got := way.Sent()[0].URL; got != want+sid+"/Messages.json" {
			t.Errorf("API %q: sent to %s", api, got)
		}
	}
}

func TestNewNamesEveryFault(t *testing.T) {
	t.Parallel()
	_, err := New(Config{APIURL: "api", PublicURL: "https://x/?a=1"})
	if err == nil {
		t.Fatal("an empty configuration was taken")
	}
	for _, want := range []string{"account SID", "auth token", "From", "API address", "public address"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name the %s", want)
		}
	}
}
