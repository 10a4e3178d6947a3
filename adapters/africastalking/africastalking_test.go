package africastalking

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/adapters/adaptertest"
	"chumrok/internal/phone"
)

const (
	secret  = "a-secret-token-of-32-letters-0000"
	apiKey  = "atsk_0123456789"
	hooks   = "/hooks/africastalking/" + secret
	session = "ATUid_0123456789abcdef0123456789abcdef"
)

func adapter(tb testing.TB, way http.RoundTripper) *AfricasTalking {
	tb.Helper()
	a, err := New(Config{Username: "chumrok", APIKey: apiKey, From: "1280", Token: secret, Transport: way})
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// stranger is an account with another token.
func stranger(tb testing.TB) *AfricasTalking {
	tb.Helper()
	a, err := New(Config{Username: "chumrok", APIKey: apiKey, Token: "another-token-of-32-letters-00000"})
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func number(tb testing.TB, raw string) phone.Number {
	tb.Helper()
	n, err := phone.Parse(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func form(target string, fields ...string) func(testing.TB) *http.Request {
	return func(testing.TB) *http.Request { return adaptertest.Form(target, fields...) }
}

func TestUSSD(t *testing.T) {
	t.Parallel()
	turn := func(text string) adapters.Message {
		return adapters.Message{Provider: Name, Channel: adapters.USSD, ID: session + "|" + text, Session: session, New: text == "",
			From: number(t, "+85512000201"), To: "*1280#", Text: text, Cumulative: true}
	}
	ussdFields := []string{"sessionId", "s-1", "phoneNumber", "+85512000201", "serviceCode", "*1280#", "text", "1"}
	const plain = "text/plain; charset=utf-8"
	adaptertest.Inbound{
		Channel: adapter(t, &adaptertest.Network{}),
		Wire: []adaptertest.Wire{
			{Name: "the first turn", Dump: "ussd-first.http", Answer: adapters.Answer{Text: "1 ខ្មែរ Khmer\n2 English\n0 ចេញ"},
				Type: plain, Body: "CON 1 ខ្មែរ Khmer\n2 English\n0 ចេញ", Messages: []adapters.Message{turn("")}},
			{Name: "a path", Dump: "ussd-path.http", Answer: adapters.Answer{Text: "សូមអរគុណ", End: true},
				Type: plain, Body: "END សូមអរគុណ", Messages: []adapters.Message{turn("1*2*ព្រែកតាទែន")}},
			{Name: "no text field is the first turn", Dump: "ussd-no-text.http", Answer: adapters.Answer{Text: "1"},
				Body: "CON 1", Messages: []adapters.Message{turn("")}},
			{Name: "no words end the session", Dump: "ussd-first.http", Body: "END ", Messages: []adapters.Message{turn("")}},
			{Name: "ended", Dump: "ussd-ended.http", Ended: []adapters.Ended{{Provider: Name, Session: session}}},
			{Name: "a field twice: the first counts", Request: form(hooks+"/ussd", "sessionId", "s-1", "sessionId", "s-2", "text", "", "text", "1"),
				Answer: adapters.Answer{Text: "1"}, Body: "CON 1",
				Messages: []adapters.Message{{Provider: Name, Channel: adapters.USSD, ID: "s-1|", Session: "s-1", New: true, Cumulative: true}}},
			{Name: "a broken escape", Answer: adapters.Answer{Text: "1"}, Body: "CON 1",
				Request: func(testing.TB) *http.Request {
					return withBody(adaptertest.Form(hooks+"/ussd"), "sessionId=s-1&text=1&networkCode=%zz")
				},
				Messages: []adapters.Message{{Provider: Name, Channel: adapters.USSD, ID: "s-1|1", Session: "s-1", Text: "1", Cumulative: true}}},
		},
		Text: func(_ testing.TB, id, text string) *http.Request {
			return adaptertest.Form(hooks+"/ussd", "sessionId", id, "phoneNumber", "+85512000201", "serviceCode", "*1280#", "text", text)
		},
		Stranger:   stranger(t),
		Cumulative: true,
		Refused:    func(text string) string { return "END " + text },
		Forged: map[string]func(testing.TB) *http.Request{
			"another token":   form("/hooks/africastalking/a-secret-token-of-32-letters-0001/ussd", ussdFields...),
			"a shorter token": form("/hooks/africastalking/a/ussd", ussdFields...),
			"a longer token":  form(hooks+"0/ussd", ussdFields...),
			"other letters":   form("/hooks/africastalking/"+strings.ToUpper(secret)+"/ussd", ussdFields...),
			"the ended hook":  form("/hooks/africastalking/a-secret-token-of-32-letters-0001/ussd/ended", "sessionId", "s-1"),
		},
		Missing: map[string]func(testing.TB) *http.Request{
			"no session":           form(hooks+"/ussd", adaptertest.Without(ussdFields, "sessionId")...),
			"an empty session":     form(hooks+"/ussd", append(adaptertest.Without(ussdFields, "sessionId"), "sessionId", "")...),
			"no form at all":       form(hooks + "/ussd"),
			"ended without a name": form(hooks+"/ussd/ended", "phoneNumber", "+85512000201"),
		},
		Reports: map[string]func(testing.TB) *http.Request{"ended": form(hooks+"/ussd/ended", "sessionId", "s-1")},
		Secrets: []string{secret, apiKey, "12000201"},
	}.Examine(t)
}

func withBody(r *http.Request, body string) *http.Request {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return r
}

func TestSMS(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 6, 4, 45, 0, time.UTC)
	khmer := adapters.Message{Provider: Name, Channel: adapters.SMS, ID: "6f8f0e1e-3d1b-4c3e-8f5b-2a1d5c9e7b10", From: number(t, "+85512000202"),
		To: "1280", Text: "គេវាយខ្ញុំ", Apart: true, At: at}
	fields := []string{"id", "m-1", "from", "+85512000202", "to", "1280", "text", "a", "date", "2026-11-22 06:04:45"}
	wire := []adaptertest.Wire{
		{Name: "a date with T", Dump: "sms-date-t.http", Messages: []adapters.Message{khmer}},
		{Name: "a date with a blank", Dump: "sms-date-blank.http", Messages: []adapters.Message{khmer}},
		{Name: "an answer is not in the response", Dump: "sms-date-t.http", Answer: adapters.Answer{Text: "នៅឃុំណា?"}, Messages: []adapters.Message{khmer}},
		{Name: "from nobody, at no time", Dump: "sms-no-sender.http",
			Messages: []adapters.Message{{Provider: Name, Channel: adapters.SMS, ID: "x-1", To: "1280", Text: "hello", Apart: true}}},
		{Name: "an opt-out is acknowledged", Dump: "opt-out.http"},
		{Name: "delivered", Dump: "delivery-success.http", Deliveries: []adapters.Delivery{{Provider: Name, ID: "ATXid_1", State: adapters.Delivered}}},
		{Name: "failed", Dump: "delivery-failed.http",
			Deliveries: []adapters.Delivery{{Provider: Name, ID: "ATXid_2", State: adapters.Failed, Reason: "UserDoesNotExist"}}},
		{Name: "a reason that is no word is dropped", Request: form(hooks+"/delivery", "id", "x", "status", "Failed", "failureReason", "no +85512000202"),
			Deliveries: []adapters.Delivery{{Provider: Name, ID: "x", State: adapters.Failed}}},
	}
	for status, want := range map[string]adapters.DeliveryState{
		"Success": adapters.Delivered, "Sent": adapters.Handed, "Submitted": adapters.Handed, "Buffered": adapters.Handed,
		"Rejected": adapters.Failed, "Failed": adapters.Failed, "Expired": adapters.Failed, "Something": "", "success": "",
	} {
		w := adaptertest.Wire{Name: "status " + status, Request: form(hooks+"/delivery", "id", "x", "status", status)}
		if want != "" {
			w.Deliveries = []adapters.Delivery{{Provider: Name, ID: "x", State: want}}
		}
		wire = append(wire, w)
	}
	wrong := "/hooks/africastalking/a-secret-token-of-32-letters-0001"
	adaptertest.Inbound{
		Channel: adapter(t, &adaptertest.Network{}),
		Wire:    wire,
		Text: func(_ testing.TB, id, text string) *http.Request {
			return adaptertest.Form(hooks+"/sms", "id", id, "from", "+85512000202", "to", "1280", "text", text, "date", "2026-11-22 06:04:45")
		},
		Stranger: stranger(t),
		Date: func(_ testing.TB, raw string) *http.Request {
			return adaptertest.Form(hooks+"/sms", append(adaptertest.Without(fields, "date"), "date", raw)...)
		},
		DateForms: []string{time.RFC3339, time.DateTime},
		Delivery: func(_ testing.TB, id string, state adapters.DeliveryState) *http.Request {
			word := map[adapters.DeliveryState]string{adapters.Handed: "Sent", adapters.Delivered: "Success", adapters.Failed: "Failed"}[state]
			return adaptertest.Form(hooks+"/delivery", "id", id, "status", word, "phoneNumber", "+85512000202")
		},
		Forged: map[string]func(testing.TB) *http.Request{
			"an SMS on another token":     form(wrong+"/sms", fields...),
			"a report on another token":   form(wrong+"/delivery", "id", "x", "status", "Success"),
			"an opt-out, another token":   form(wrong+"/sms", "senderId", "1280", "phoneNumber", "+85512000202"),
			"a token of another spelling": form(strings.ReplaceAll(hooks, "-", "_")+"/sms", fields...),
		},
		Missing: map[string]func(testing.TB) *http.Request{
			"no id":                   form(hooks+"/sms", adaptertest.Without(fields, "id")...),
			"nothing":                 form(hooks + "/sms"),
			"a report without id":     form(hooks+"/delivery", "status", "Success"),
			"a report without status": form(hooks+"/delivery", "id", "x"),
		},
		Reports: map[string]func(testing.TB) *http.Request{"a report": form(hooks+"/delivery", "id", "x", "status", "Sent")},
		Secrets: []string{secret, apiKey, "12000202"},
	}.Examine(t)
}

func TestSend(t *testing.T) {
	t.Parallel()
	const messaging = "https://api.africastalking.com/version1/messaging"
	one := func(code int, status, id string) string {
		return fmt.Sprintf(`{"SMSMessageData":{"Message":"Sent to 1/1 Total Cost: KES 0.8000","Recipients":[{"statusCode":%d,"number":"+85512000101",`+
			`"status":%q,"cost":"KES 0.8000","messageId":%q}]}}`, code, status, id)
	}
	sendings := []adaptertest.Sending{
		{Name: "sent", Status: 201, Body: one(101, "Success", "ATXid_1"), Receipt: "ATXid_1", Sent: &adaptertest.Exchange{
			Method: "POST", URL: messaging, Header: http.Header{"Apikey": {apiKey}, "Accept": {"application/json"},
				"Content-Type": {"application/x-www-form-urlencoded"}},
			Body: adaptertest.Encode("bulkSMSMode", "1", "enqueue", "0", "from", "1280", "message", "លេខ 482131 ចុច 1 ទទួល", "to", "+85512000101", "username", "chumrok")}},
		{Name: "processed", Status: 200, Body: one(100, "Processed", "ATXid_2"), Receipt: "ATXid_2"},
		{Name: "queued", Status: 201, Body: one(102, "Queued", "ATXid_3"), Receipt: "ATXid_3"},
		{Name: "from another sender", Status: 201, Body: one(101, "Success", "ATXid_4"), Receipt: "ATXid_4",
			Message: adapters.Outgoing{To: number(t, "+85512000102"), Text: "a", From: "Office"},
			Sent: &adaptertest.Exchange{Method: "POST", URL: messaging,
				Body: adaptertest.Encode("bulkSMSMode", "1", "enqueue", "0", "from", "Office", "message", "a", "to", "+85512000102", "username", "chumrok")}},
		{Name: "sent, without an id", Status: 201, Body: one(101, "Success", "None"), Kind: adaptertest.Uncertain},
		{Name: "a code and a word nobody knows", Status: 201, Body: one(599, "SomethingNew", "None"), Kind: adaptertest.Again},
		{Name: "a code of refusal with a word nobody knows", Status: 201, Body: one(403, "SomethingNew", "None"), Kind: adaptertest.Again},
		{Name: "the provider's server", Status: 201, Body: one(500, "InternalServerError", "None"), Kind: adaptertest.Again},
		{Name: "two recipients for one message", Status: 201, Kind: adaptertest.Uncertain,
			Body: `{"SMSMessageData":{"Recipients":[{"statusCode":101,"messageId":"a"},{"statusCode":101,"messageId":"b"}]}}`},
		{Name: "nobody", Status: 201, Body: `{"SMSMessageData":{"Message":"Sent to 0/1 Total Cost: 0","Recipients":[]}}`, Kind: adaptertest.Uncertain},
		{Name: "the whole request refused", Status: 201, Body: `{"SMSMessageData":{"Message":"InvalidSenderId","Recipients":[]}}`, Kind: adaptertest.Misconfigured},
		{Name: "wrong key", Status: 401, Body: "The supplied authentication is invalid", Kind: adaptertest.Misconfigured},
		{Name: "slower, please", Status: 429, Header: []string{"Retry-After", "11"}, Kind: adaptertest.Throttled, After: 11 * time.Second},
	}
	for word, mean := range results {
		sendings = append(sendings, adaptertest.Sending{Name: word, Status: 201, Body: one(400, word, "None"), Kind: adaptertest.KindOf(mean(http.ErrBodyNotAllowed))})
	}
	sendings = append(sendings, adaptertest.Sending{Name: "no such number", Status: 201, Body: one(403, "InvalidPhoneNumber", "None"), Kind: adaptertest.Permanent})
	adaptertest.Outbound{
		New:      func(tb testing.TB, way http.RoundTripper) adapters.Channel { return adapter(tb, way) },
		Sendings: sendings,
		Secrets:  []string{secret, apiKey},
		URLs:     []string{messaging},
	}.Examine(t)
}

func TestSendGoesWhereItIsTold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ user, api, want string }{
		{"chumrok", "", "https://api.africastalking.com/version1/messaging"},
		{"sandbox", "", "https://api.sandbox.africastalking.com/version1/messaging"},
		{"sandbox", "http://127.0.0.1:4020/", "http://127.0.0.1:4020/version1/messaging"},
	} {
		way := &adaptertest.Network{Reply: adaptertest.Reply(201, `{"SMSMessageData":{"Recipients":[{"statusCode":101,"messageId":"x"}]}}`)}
		a, err := New(Config{Username: c.user, APIKey: apiKey, Token: secret, APIURL: c.api, Transport: way})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Send(t.Context(), adapters.Outgoing{To: number(t, "+85512000101"), Text: "a"}); err != nil {
			t.Fatal(err)
		}
		sent := way.Sent()[0]
		if sent.URL != c.want || strings.Contains(sent.Body, "from=") {
			t.Errorf("%s, %q: sent to %s, %s", c.user, c.api, sent.URL, sent.Body)
		}
	}
}

func TestNewNamesEveryFault(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"", "short", "with a blank in the middle", "with/a/slash/in/the/middle"} {
		_, err := New(Config{APIURL: "api", Token: token})
		if err == nil {
			t.Fatal("an empty configuration was taken")
		}
		for _, want := range []string{"username", "API key", "token", "API address"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("the error does not name the %s", want)
			}
		}
		if token != "" && strings.Contains(err.Error(), token) {
			t.Error("the error shows the token")
		}
	}
}
