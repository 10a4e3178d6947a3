package simulator

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/adapters/adaptertest"
	"chumrok/internal/phone"
)

// FuzzHand sends anything to the page and to the terminal's paths. It never breaks; what reaches the gateway is of the phone that the path or the form
// names and no other; and what is refused gives the gateway nothing.
func FuzzHand(f *testing.F) {
	for _, body := range []string{`{"to":"1280","text":"x"}`, `{"session":"s","code":"*1280#","input":"1"}`, "number=012000101&do=sms&to=1280&text=a", "number=x&do=dial", "{", "\xff"} {
		for which := range byte(4) {
			f.Add(which, "+85512000101", "application/json", body)
			f.Add(which, "012 000 101", "application/x-www-form-urlencoded", body)
		}
	}
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, which byte, number, kind, body string) {
		sink := &adaptertest.Sink{Answer: adapters.Answer{Text: "next"}}
		s := New(func() time.Time { return now })
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/phones", strings.NewReader(body))
		if paths := []string{"", "/sms", "/ussd", "/messages"}; which%4 > 0 {
			r.URL.Path = "/phones/" + number + paths[which%4]
			r.URL.RawPath = ""
		}
		if which%4 == 3 {
			r.Method = http.MethodGet
		}
		r.Header["Content-Type"] = []string{kind}
		w := httptest.NewRecorder()
		s.Handler(sink).ServeHTTP(w, r)
		said := sink.Messages()
		if w.Code >= 400 && len(said) > 0 || w.Code >= 500 {
			t.Errorf("answered %d, and %d messages were taken", w.Code, len(said))
		}
		for _, m := range said {
			if m.ID == "" || m.Provider != Name || !m.From.Dialable() {
				t.Errorf("a message that cannot be told from others: %+v", m)
			}
			if want, err := phone.Parse(number); which%4 > 0 && (err != nil || m.From != want) {
				t.Errorf("the path names %q and another phone speaks", number)
			}
		}
	})
}
