package africastalking

import (
	"strings"
	"testing"

	"chumrok/adapters"
	"chumrok/adapters/adaptertest"
)

// FuzzHooks sends anything to the hooks, with the token and without it.
func FuzzHooks(f *testing.F) {
	for _, body := range []string{"sessionId=s&text=1*2&phoneNumber=%2B85512000201", "id=1&text=a%00%ff&from=012000201&date=2026-11-24", "senderId=1&phoneNumber=2",
		"id=1&status=Failed&failureReason=UserAbsent", "id=1&status=Failed&failureReason=+85512000201", "sessionId=&text", "id=1&id=2;x"} {
		for route := range byte(4) {
			f.Add(route, "", "application/x-www-form-urlencoded", body)
		}
	}
	adaptertest.Fuzzed{Channels: []adapters.Channel{adapter(f, &adaptertest.Network{})}, Token: secret}.Fuzz(f)
}

// FuzzReceipt: an answer names a message, or gives an error that repeats nothing of it; no answer that is not understood gives a message up.
func FuzzReceipt(f *testing.F) {
	f.Add(`{"SMSMessageData":{"Message":"Sent to 1/1","Recipients":[{"statusCode":101,"number":"+85512000201","status":"Success","messageId":"ATXid_1"}]}}`)
	f.Add(`{"SMSMessageData":{"Recipients":[{"statusCode":403,"status":"InvalidPhoneNumber"}]}}`)
	f.Add(`{"SMSMessageData":{"Message":"InvalidSenderId","Recipients":[]}}`)
	f.Add(`{"SMSMessageData":{"Recipients":[{"statusCode":85512000201}]}}`)
	f.Fuzz(func(t *testing.T, body string) {
		id, err := receipt([]byte(body))
		if (id == "") != (err != nil) {
			t.Fatalf("id %q and error %v", id, err)
		}
		if err != nil && (len(err.Error()) > 120 || strings.Contains(err.Error(), "12000201")) {
			t.Errorf("an error that may repeat the answer: %v", err)
		}
		if adapters.IsPermanent(err) {
			known := false
			for word := range results {
				known = known || strings.Contains(body, word)
			}
			if !known && !strings.Contains(body, "\\u") {
				t.Errorf("given up without a word that says so: %q", body)
			}
		}
	})
}
