//go:build e2e && linux

package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// noEnglish: whatever becomes of the gateway, no sentence of Kannel's own reaches a phone. The shipped configuration would
// offer each message for a day; here it gives up after the second time.
func noEnglish(t *testing.T) {
	failures := map[string]http.HandlerFunc{
		"gone": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"broken": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "internal error", http.StatusInternalServerError)
		},
		"refusing":  func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "forbidden", http.StatusForbidden) },
		"elsewhere": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "not found", http.StatusNotFound) },
		"silent": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		},
		"a picture": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write([]byte("png"))
		},
		"no charset": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/octet-stream")
		},
	}
	times := map[string]int{"gone": 2, "broken": 2, "refusing": 2, "elsewhere": 2, "silent": 1, "a picture": 1, "no charset": 1}
	const answer = "អរគុណ"
	listener, err := net.Listen("tcp", kannelCalls)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan string, 100)
	server := &httptest.Server{Listener: listener, Config: &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.FormValue("text")
		if fails := failures[r.FormValue("text")]; fails != nil {
			fails(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Kannel-Coding", "2")
		_, _ = w.Write([]byte(answer))
	})}}
	server.Start()
	t.Cleanup(server.Close)

	files := kannels(t)
	body, err := os.ReadFile(files["sms.conf"])
	if err != nil {
		t.Fatal(err)
	}
	impatient := strings.NewReplacer("http-request-retry = 17280", "http-request-retry = 1", "http-queue-delay = 5", "http-queue-delay = 1").Replace(string(body))
	for name, text := range map[string]string{"sms.conf": impatient, "sms-operator.conf": fakeOperator} {
		if err := os.WriteFile(files[name], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	boxes(t, files["sms.conf"], "13001", listens("127.0.0.1:13013"))
	network := newHandsets(t)
	until(t, "the handsets are connected", func() bool { return strings.Contains(status(t, "13000"), "FAKE:23010 (online") })
	// Each is given up after its last time: what fails is asked for twice, what is answered once.
	for failure := range failures {
		network.texts(e2eChild, failure)
		for range times[failure] {
			if asked := within(t, "Kannel asks", seen); asked != failure {
				t.Fatalf("Kannel asks about %q, not %q", asked, failure)
			}
		}
	}
	network.texts(e2eChild, "hello")
	if got := network.gets(e2eChild, 1); got != answer {
		t.Errorf("the phone is shown: %q", got)
	}
	network.texts(e2eChild, "hello")
	if got := network.gets(e2eChild, 2); got != answer {
		t.Errorf("the phone is shown: %q", got)
	}
}
