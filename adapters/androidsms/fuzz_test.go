package androidsms

import (
	"net/http"
	"strings"
	"testing"

	"chumrok/adapters"
	"chumrok/adapters/adaptertest"
)

// FuzzHooks sends anything under the phone's signature, and without it.
func FuzzHooks(f *testing.F) {
	for _, body := range []string{`{"event":"sms:received","id":"1","payload":{"message":"a\u0000","sender":"012000201","receivedAt":"2026"}}`,
		`{"event":"sms:failed","id":"1","payload":{"messageId":"m","reason":"RESULT_ERROR_NO_SERVICE of 012000201"}}`, `{"event":"sms:sent","id":"1","payload":{}}`,
		`{"event":"system:ping","id":"1"}`, `{"event":"\u1780","id":"1"}`, `{"event":1}`, "{", ""} {
		f.Add(byte(0), "", "application/json", body)
	}
	adaptertest.Fuzzed{Channels: []adapters.Channel{adapter(f, key, &adaptertest.Network{})}, Sign: func(r *http.Request, body string) {
		for name, values := range signed(now, key, body).Header {
			if strings.HasPrefix(name, "X-") {
				r.Header[name] = values
			}
		}
	}}.Fuzz(f)
}

// FuzzJudge: an answer of the app names a message, or gives an error that repeats nothing of it.
func FuzzJudge(f *testing.F) {
	f.Add(202, `{"id":"m-1","state":"Pending"}`, "m-1")
	f.Add(409, `{"message":"already exists"}`, "m-1")
	f.Add(503, `{"error":"QueueLimitExceeded","message":"to +85512000201"}`, "")
	f.Fuzz(func(t *testing.T, status int, body, ours string) {
		id, err := judge(&http.Response{StatusCode: status, Header: http.Header{"Retry-After": {body}}}, []byte(body), ours)
		if (id == "") != (err != nil) {
			t.Fatalf("id %q and error %v", id, err)
		}
		if err != nil && (len(err.Error()) > 120 || strings.Contains(err.Error(), "12000201")) {
			t.Errorf("an error that may repeat the answer: %v", err)
		}
		if adapters.IsPermanent(err) {
			t.Errorf("%d %q gives a message up", status, body)
		}
	})
}
