package adapters_test

import (
	"net/http"
	"testing"
	"time"

	"chumrok/adapters"
)

// FuzzRetryAfter: whatever a provider asks for, an alert waits no longer than an hour and never less than no time.
func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "30", "-1", "99999999999999999999", "Sun, 22 Nov 2026 10:00:00 GMT", "+85512000101", "\xff"} {
		f.Add(s, 503)
	}
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value string, status int) {
		header := http.Header{"Retry-After": {value}}
		if wait := adapters.RetryAfter(header, now); wait < 0 || wait > time.Hour {
			t.Errorf("%q is to wait %v", value, wait)
		}
		err := adapters.FromStatus("p", status, header, now)
		if (err == nil) != (status >= 200 && status <= 299) || adapters.IsPermanent(err) {
			t.Errorf("%d means %v", status, err)
		}
	})
}
