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

	"chumrok/adapters"
	"chumrok/adapters/adaptertest"
)

// FuzzHooks sends anything under Twilio's signature, and without it.
func FuzzHooks(f *testing.F) {
	f.Add(byte(1), "", "application/x-www-form-urlencoded", "AccountSid="+sid+"&MessageSid=SM1&MessageStatus=failed&ErrorCode=+85512000101")
	f.Add(byte(0), "", "application/x-www-form-urlencoded", "AccountSid="+sid+"&MessageSid=SM1&From=%2B85512000101&Body=a%00%ff")
	adaptertest.Fuzzed{Channels: []adapters.Channel{adapter(f, &adaptertest.Network{})}, Sign: func(r *http.Request, body string) {
		form, _ := url.ParseQuery(body)
		mac := hmac.New(sha1.New, []byte(token))
		fmt.Fprint(mac, public+r.URL.RequestURI())
		for _, name := range slices.Sorted(maps.Keys(form)) {
			fmt.Fprint(mac, name, form.Get(name))
		}
		r.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}}.Fuzz(f)
}

// FuzzJudge: what an answer of Twilio's API means is one of the kinds of errors, and repeats nothing of it.
func FuzzJudge(f *testing.F) {
	f.Add(400, `{"code":21211,"message":"The number +85512000101 is not valid","status":400}`)
	f.Add(201, `{"sid":"SM1"}`)
	f.Add(429, "")
	f.Fuzz(func(t *testing.T, status int, body string) {
		err := judge(&http.Response{StatusCode: status, Header: http.Header{"Retry-After": {body}}}, []byte(body))
		if (err == nil) != (status >= 200 && status <= 299) {
			t.Fatalf("%d means %v", status, err)
		}
		if err != nil && (len(err.Error()) > 120 || strings.Contains(err.Error(), "+855")) {
			t.Errorf("an error that may repeat the answer: %v", err)
		}
		if adapters.IsPermanent(err) && status >= 500 {
			t.Errorf("%d gives a message up", status)
		}
	})
}
