package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/internal/store"
)

// quotingAnswers are bodies in which a provider says the number and the text back, each in the form of one of them.
var quotingAnswers = func() []string {
	story := canaryKhmer + " " + canaryLatin
	all := []string{"0: Accepted for delivery to " + canaryOfficer, "Not routable: " + canaryOfficer + " " + story, "<html>" + story + "</html>", story, ""}
	for _, value := range []any{canaryOfficer, "012 000 986", 85512000986, story, []string{canaryOfficer}, map[string]string{"to": canaryOfficer}} {
		for _, code := range []any{101, 21211, 21610, 85512000986, canaryOfficer} {
			body, _ := json.Marshal(map[string]any{"code": code, "message": value, "more_info": value, "status": value, "sid": value, "id": value, "state": value, "error": value,
				"SMSMessageData": map[string]any{"Message": value, "Recipients": []any{map[string]any{"number": canaryOfficer, "status": value, "statusCode": code, "messageId": value}}}})
			all = append(all, string(body))
		}
	}
	return all
}()

// quotingProvider answers as told, and says number and text in its headers as well.
type quotingProvider struct {
	server *httptest.Server
	status atomic.Int64 // 0 hangs up, -1 hangs
	body   atomic.Value
	asked  atomic.Int64
}

func newQuotingProvider(t *testing.T) *quotingProvider {
	t.Helper()
	p := &quotingProvider{}
	p.body.Store("")
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		status := int(p.status.Load())
		switch status {
		case -1:
			<-r.Context().Done()
			return
		case 0:
			hangUp(w)
			return
		}
		w.Header().Set("Retry-After", canaryOfficer)
		w.Header().Set("Location", "http://"+canaryOfficer[1:]+"/"+canaryLatin)
		w.Header().Set("X-Message", canaryLatin)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, p.body.Load().(string))
	}))
	t.Cleanup(p.server.Close)
	return p
}

// allProviders is the environment in which every provider that sends is set up, at one address.
func allProviders(address string) environment {
	return environment{
		"CHUMROK_AFRICASTALKING_USERNAME": "chumrok", "CHUMROK_AFRICASTALKING_API_KEY": "key", "CHUMROK_AFRICASTALKING_TOKEN": strings.Repeat("t", 32),
		"CHUMROK_AFRICASTALKING_FROM": "1280", "CHUMROK_AFRICASTALKING_API_URL": address,
		"CHUMROK_TWILIO_ACCOUNT_SID": trialAccount, "CHUMROK_TWILIO_AUTH_TOKEN": strings.Repeat("s", 32), "CHUMROK_TWILIO_FROM": "1280", "CHUMROK_TWILIO_API_URL": address,
		"CHUMROK_KANNEL_SENDSMS_URL": address + "/cgi-bin/sendsms", "CHUMROK_KANNEL_USERNAME": "chumrok", "CHUMROK_KANNEL_PASSWORD": "secret",
		"CHUMROK_KANNEL_FROM": "1280", "CHUMROK_KANNEL_TOKEN": strings.Repeat("k", 32),
		"CHUMROK_ANDROIDSMS_URL": address, "CHUMROK_ANDROIDSMS_USERNAME": "chumrok", "CHUMROK_ANDROIDSMS_PASSWORD": "secret", "CHUMROK_ANDROIDSMS_SIGNING_KEY": strings.Repeat("a", 32),
	}
}

// TestSilenceOfProvidersErrors: whatever a provider answers, in whatever way it breaks off, the error of sending repeats none of it.
func TestSilenceOfProvidersErrors(t *testing.T) {
	t.Parallel()
	p := newQuotingProvider(t)
	w := canaryWorld(t, "embedded")
	w.gateway.Close()
	for name, value := range allProviders(p.server.URL) {
		w.env[name] = value
	}
	w.open()
	senders := map[string]bool{"twilio": false, "africastalking": false, "kannel": false, "androidsms": false}
	for _, channel := range w.gateway.channels {
		if _, sends := senders[channel.Name()]; !sends {
			continue
		}
		senders[channel.Name()] = true
		send := func(ctx context.Context, what string) {
			p.asked.Store(0)
			_, err := channel.Send(ctx, adapters.Outgoing{ID: store.NewID(), To: w.number(canaryOfficer), Text: canaryKhmer})
			if p.asked.Load() == 0 && ctx.Err() == nil {
				t.Errorf("%s was not asked: %v", channel.Name(), err)
			}
			for ; err != nil; err = errors.Unwrap(err) {
				w.silentIn("the error of "+channel.Name()+" after "+what, fmt.Appendf(nil, "%v %+v %#v %q", err, err, err, err))
			}
		}
		for _, status := range []int{0, 200, 201, 202, 204, 302, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 503} {
			for _, body := range quotingAnswers {
				p.status.Store(int64(status))
				p.body.Store(body)
				send(t.Context(), fmt.Sprint(status))
			}
		}
		p.status.Store(-1)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		send(ctx, "no answer in time")
		cancel()
	}
	for name, seen := range senders {
		if !seen {
			t.Errorf("%s was not tried", name)
		}
	}
	if len(w.gateway.channels) != len(senders)+len(w.operators()) {
		t.Errorf("there are %d channels: one that sends is not named in this test", len(w.gateway.channels))
	}
}

// operators are the channels that carry no messages out.
func (w *world) operators() (names []string) {
	for _, channel := range w.gateway.channels {
		if strings.HasPrefix(channel.Name(), "ussd/") {
			names = append(names, channel.Name())
		}
	}
	return names
}

// TestSilenceWhileSendsFail: alerts that no provider takes, that are refused with a quotation, or taken under an id that is one, leave nothing of it
// in the log, in the reasons that are kept, or in the ids.
func TestSilenceWhileSendsFail(t *testing.T) {
	p := newQuotingProvider(t)
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nowhere := "http://" + nobody.Addr().String()
	_ = nobody.Close()
	t.Parallel()
	for _, house := range []string{"embedded", "real"} {
		t.Run(house, func(t *testing.T) {
			t.Parallel()
			w := canaryWorld(t, house)
			for _, address := range []string{nowhere, p.server.URL} {
				w.gateway.Close()
				for name, value := range allProviders(address) {
					w.env[name] = value
				}
				w.open()
				for i, body := range quotingAnswers {
					p.status.Store([]int64{400, 500, 201, 429, 202, 403}[i%6])
					p.body.Store(body)
					m := store.Message{ID: store.NewID(), Kind: store.ToReply, OfficerID: "banan1-chair", Number: w.number(canaryOfficer), Text: canaryKhmer}
					if _, err := w.gateway.store.Apply(t.Context(), w.clock.Now(), store.Effects{Messages: []store.Message{m},
						Due: []store.Due{{Kind: store.DueSend, Subject: m.ID, At: w.clock.Now()}}}); err != nil {
						t.Fatal(err)
					}
					if _, err := w.gateway.Sweep(t.Context()); err != nil {
						t.Fatal(err)
					}
					w.clock.set(w.clock.Now().Add(2 * time.Minute))
				}
			}
			if n := w.counts().Messages; n["handed"] == 0 || n["queued"] == 0 {
				t.Errorf("%v: some should have been taken and some not", n)
			}
			w.keepsSilenceIn(w.keptPlaces())
		})
	}
}
