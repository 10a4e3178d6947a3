package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
)

// asked is a request as an attacker builds it.
type asked struct {
	method, path, body string
	header             map[string]string // "Host" is the Host header
}

// does sends a request and returns the answer; a POST is a form where no other type is given.
func (w *world) does(a asked) (int, string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), a.method, w.public.URL+a.path, strings.NewReader(a.body))
	if err != nil {
		w.t.Fatal(err)
	}
	if a.method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range a.header {
		if name == "Host" {
			request.Host = value
		}
		request.Header.Set(name, value)
	}
	return w.answered(request)
}

// refuses says that each of these is answered with one of the statuses, and that none of them left a row.
func (w *world) refuses(requests map[string]asked, statuses ...int) {
	w.t.Helper()
	before := w.counts().Turns
	for what, a := range requests {
		if status, _ := w.does(a); !slices.Contains(statuses, status) {
			w.t.Errorf("%s: answered %d, not one of %v", what, status, statuses)
		}
	}
	if n := w.counts().Turns - before; n != 0 {
		w.t.Errorf("forged requests left %d turns", n)
	}
}

// TestAttackSignatures: without a signature, with half of one, with somebody else's, with that of another message, another route or another
// time, nothing is believed: no message and no word that an alert was delivered.
func TestAttackSignatures(t *testing.T) {
	stories(t, func(w *world) {
		token, public := w.gateway.config.Twilio.AuthToken, w.env["CHUMROK_PUBLIC_URL"]
		form, other := w.twilioForm(childPhone, "He hits me", "SMsigned"), w.twilioForm(parentPhone, "All is well", "SMother")
		right := twilioSignature(token, public+"/hooks/twilio/sms", form)
		raw, err := base64.StdEncoding.DecodeString(right)
		if err != nil {
			w.t.Fatal(err)
		}
		forged := map[string]asked{}
		for what, signature := range map[string]string{
			"bypassed": "", "a word": "true", "truncated": right[:len(right)/2], "truncated inside": base64.StdEncoding.EncodeToString(raw[:10]),
			"lengthened": right + "AAAA", "of another token": twilioSignature("another token", public+"/hooks/twilio/sms", form),
			"of another message": twilioSignature(token, public+"/hooks/twilio/sms", other), "of nothing": twilioSignature(token, "", url.Values{}),
			"of another route": twilioSignature(token, public+"/hooks/twilio/status", form), "twice": right + "," + right,
			"of an empty token": twilioSignature("", public+"/hooks/twilio/sms", form),
		} {
			forged["twilio, "+what] = asked{http.MethodPost, "/hooks/twilio/sms", form.Encode(), map[string]string{"X-Twilio-Signature": signature}}
		}
		status := url.Values{"MessageSid": {"SMx"}, "MessageStatus": {"failed"}, "AccountSid": {trialAccount}}
		forged["twilio, a message's on a report"] = asked{http.MethodPost, "/hooks/twilio/status", status.Encode(), map[string]string{"X-Twilio-Signature": right}}

		body := `{"event":"sms:received","id":"e-1","payload":{"messageId":"1","message":"He hits me","sender":"` + childPhone + `","receivedAt":"2026-11-24T09:00:00.000+07:00"}}`
		key, now := w.gateway.config.AndroidSMS.SigningKey, w.clock.Now()
		signed := func(key, body string, at time.Time) map[string]string {
			stamp, signature := androidSignature(key, body, at)
			return map[string]string{"X-Timestamp": stamp, "X-Signature": signature, "Content-Type": "application/json"}
		}
		good := signed(key, body, now)
		with := func(name, value string) map[string]string {
			h := map[string]string{"Content-Type": "application/json", "X-Timestamp": good["X-Timestamp"], "X-Signature": good["X-Signature"]}
			h[name] = value
			return h
		}
		for what, header := range map[string]map[string]string{
			"bypassed": with("X-Signature", ""), "truncated": with("X-Signature", good["X-Signature"][:32]), "of another key": signed("another key", body, now),
			"of another message": signed(key, strings.Replace(body, "e-1", "e-2", 1), now), "of another time": with("X-Timestamp", fmt.Sprint(now.Unix()+1)),
			"of an hour ago": signed(key, body, now.Add(-time.Hour)), "of tomorrow": signed(key, body, now.Add(24*time.Hour)), "of an empty key": signed("", body, now),
		} {
			forged["android, "+what] = asked{http.MethodPost, "/hooks/androidsms", body, header}
		}
		w.refuses(forged, http.StatusForbidden)

		if got, _ := w.does(asked{http.MethodPost, "/hooks/twilio/sms", form.Encode(), map[string]string{"X-Twilio-Signature": right}}); got != http.StatusOK {
			w.t.Errorf("the right signature is answered %d", got)
		}
		if got, _ := w.does(asked{http.MethodPost, "/hooks/androidsms", body, good}); got != http.StatusOK {
			w.t.Errorf("the phone's right signature is answered %d", got)
		}
		w.forward(31 * time.Minute)
		w.forgets("desk")
		w.takesAll(childPhone)
	})
}

// takesAll reads everything on a phone that is no officer's.
func (w *world) takesAll(number string) {
	w.t.Helper()
	w.settle()
	w.read[number] = len(w.inbox(number))
}

// TestAttackForgedHeaders: what a request says of itself in Host and X-Forwarded headers makes no signature right and nobody's address allowed,
// and takes nothing away from a request that is.
func TestAttackForgedHeaders(t *testing.T) {
	stories(t, func(w *world) {
		w.gateway.Close()
		const token = "hubtel-token-of-these-stories-01"
		w.env["CHUMROK_USSD_TOKENS"], w.env["CHUMROK_USSD_ADDRESSES"] = "hubtel:"+token, "hubtel:192.0.2.0/24"
		w.open()
		twilio := w.gateway.config.Twilio.AuthToken
		form := w.twilioForm(childPhone, "He hits me", "SMhost")
		lies := map[string]string{"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7",
			"X-Real-Ip": "192.0.2.7", "Forwarded": "for=192.0.2.7;host=evil.example;proto=https", "X-Original-Url": "/hooks/twilio/sms",
			"X-Rewrite-Url": "/hooks/twilio/sms", "X-Http-Method-Override": "GET", "True-Client-Ip": "192.0.2.7", "Cf-Connecting-Ip": "192.0.2.7"}
		signed := func(signature string) map[string]string {
			h := map[string]string{"X-Twilio-Signature": signature}
			for name, value := range lies {
				h[name] = value
			}
			return h
		}
		hubtel := asked{http.MethodPost, "/hooks/ussd/hubtel/" + token, `{"SessionId":"s","Mobile":"85512000002","Type":"Initiation","Message":"*1280#"}`, lies}
		forged := map[string]asked{"from outside the operator's addresses": hubtel}
		for _, host := range []string{"http://evil.example", "https://evil.example", "https://" + w.public.Listener.Addr().String(), ""} {
			forged["signed for "+host] = asked{http.MethodPost, "/hooks/twilio/sms", form.Encode(), signed(twilioSignature(twilio, host+"/hooks/twilio/sms", form))}
		}
		w.refuses(forged, http.StatusForbidden)

		right := twilioSignature(twilio, w.env["CHUMROK_PUBLIC_URL"]+"/hooks/twilio/sms", form)
		if got, body := w.does(asked{http.MethodPost, "/hooks/twilio/sms", form.Encode(), signed(right)}); got != http.StatusOK || strings.Contains(body, "evil") {
			w.t.Errorf("an authentic request with these headers is answered %d %s", got, body)
		}
		w.gateway.Close()
		w.env["CHUMROK_USSD_ADDRESSES"] = "hubtel:127.0.0.0/8"
		w.open()
		hubtel.header = map[string]string{"X-Forwarded-For": "203.0.113.9"}
		if got, _ := w.does(hubtel); got != http.StatusOK {
			w.t.Errorf("from the operator's own address it is answered %d", got)
		}
		w.forward(31 * time.Minute)
		w.forgets("desk")
	})
}

// TestAttackRepeatedParameters: a field that stands twice is refused where it is signed, else the first one counts and the address counts for
// nothing; and what a phone types is never read as fields.
func TestAttackRepeatedParameters(t *testing.T) {
	stories(t, func(w *world) {
		token, chair := w.gateway.config.Twilio.AuthToken, w.officer["banan1-chair"]
		forged := map[string]asked{}
		form := w.twilioForm(childPhone, "He hits me", "SMtwice")
		for field := range form {
			twice := form.Encode() + "&" + url.Values{field: {chair}}.Encode()
			forged[field+" twice"] = asked{http.MethodPost, "/hooks/twilio/sms", twice, map[string]string{
				"X-Twilio-Signature": twilioSignature(token, w.env["CHUMROK_PUBLIC_URL"]+"/hooks/twilio/sms", form)}}
		}
		forged["From in the address"] = asked{http.MethodPost, "/hooks/twilio/sms?From=" + url.QueryEscape(chair), form.Encode(), map[string]string{
			"X-Twilio-Signature": twilioSignature(token, w.env["CHUMROK_PUBLIC_URL"]+"/hooks/twilio/sms", form)}}
		w.refuses(forged, http.StatusForbidden)

		// Whoever has the token may say anything; that no stranger's field sticks is for what a proxy or a provider passes on.
		hook := "/hooks/africastalking/" + w.gateway.config.AfricasTalking.Token + "/ussd"
		turn := func(session, text, before, after string) string {
			body := url.Values{"sessionId": {session}, "phoneNumber": {childPhone}, "serviceCode": {"*1280#"}, "text": {text}}.Encode()
			_, answer := w.does(asked{http.MethodPost, hook + before, body + after, nil})
			return answer
		}
		theirs := "phoneNumber=" + url.QueryEscape(chair)
		for session, c := range map[string][2]string{"AT-query": {"?" + theirs, ""}, "AT-second": {"", "&" + theirs}} {
			turn(session, "", c[0], c[1])
			turn(session, "2", c[0], c[1])
			if got := turn(session, "2*4", c[0], c[1]); strings.Contains(got, w.sentence("en", "duty.pin")) {
				w.t.Errorf("%s: a child's call was taken for an officer's: %s", session, got)
			}
		}
		c := w.caller(parentPhone).texts("He hits me&From=" + chair + "&MessageSid=1;To=2%26Body%3Dx")
		w.forward(31 * time.Minute)
		code := digitsIn(w.t, w.gets("desk"), 6)
		if status, out := w.reveals("referrals", "--reveal", code); status != exitDone || !strings.Contains(out, "He hits me&From=") || !strings.Contains(out, c.number) {
			w.t.Errorf("%d %s", status, out)
		}
	})
}

// TestAttackReplayAcrossRestart: everything that was ever delivered is delivered again to a gateway that was started anew and whose Redis is
// empty. It is the same answer, and nothing is counted twice.
func TestAttackReplayAcrossRestart(t *testing.T) {
	stories(t, func(w *world) {
		c := w.gateway.config
		requests := []asked{
			{http.MethodPost, "/hooks/twilio/status", "MessageSid=SMx", nil}, // refused, before and after
			{http.MethodGet, "/hooks/kannel/" + c.Kannel.Token + "/sms?id=k-1&from=85512000501&to=1280&text=They+hit+me", "", nil},
		}
		form := w.twilioForm(childPhone, "My uncle beats me", "SMreplayed")
		requests = append(requests, asked{http.MethodPost, "/hooks/twilio/sms", form.Encode(),
			map[string]string{"X-Twilio-Signature": twilioSignature(c.Twilio.AuthToken, w.env["CHUMROK_PUBLIC_URL"]+"/hooks/twilio/sms", form)}})
		for _, text := range []string{"", "2", "2*1", "2*1*1"} {
			requests = append(requests, asked{http.MethodPost, "/hooks/africastalking/" + c.AfricasTalking.Token + "/ussd",
				url.Values{"sessionId": {"AT-replayed"}, "phoneNumber": {parentPhone}, "serviceCode": {"*1280#"}, "text": {text}}.Encode(), nil})
		}
		said := `{"event":"sms:received","id":"e-9","payload":{"messageId":"1","message":"He hits me","sender":"+85512000602","receivedAt":"2026-11-24T09:00:00.000+07:00"}}`
		stamp, signature := androidSignature(c.AndroidSMS.SigningKey, said, w.clock.Now())
		requests = append(requests, asked{http.MethodPost, "/hooks/androidsms", said, map[string]string{"X-Timestamp": stamp, "X-Signature": signature}})

		type answer struct {
			status int
			body   string
		}
		var first []answer
		for _, r := range requests {
			status, body := w.does(r)
			first = append(first, answer{status, body})
		}
		w.settle()
		before := w.counts()
		if before.Turns != int64(len(requests))-1 {
			w.t.Fatalf("%d turns of %d requests", before.Turns, len(requests)-1)
		}
		w.takesAll(spare(2))
		w.emptyRedis()
		w.restart()
		for range 3 {
			for i, r := range requests {
				if status, body := w.does(r); status != first[i].status || body != first[i].body {
					w.t.Errorf("%s: first %v, again %d %s", r.path[:12], first[i], status, body)
				}
			}
		}
		w.settle()
		if after := w.counts(); after.Turns != before.Turns || after.Received != before.Received {
			w.t.Errorf("before %d turns in %d conversations, after %d in %d", before.Turns, before.Received, after.Turns, after.Received)
		}
		if again := w.inbox(spare(2)); len(again) != 0 {
			w.t.Errorf("the phone that wrote once is written to again: %q", again)
		}
		w.forward(31 * time.Minute)
		w.forgets("desk")
	})
}

// TestAttackUnsignedRoutes: every route of the public address, whichever adapter brings it, refuses a request without its secret, with a wrong one
// and with another route's, and leaves no row; and no operator is let in from an address that is not its own.
func TestAttackUnsignedRoutes(t *testing.T) {
	stories(t, func(w *world) {
		public, ok := w.gateway.Public().(chi.Routes)
		if !ok {
			w.t.Fatal("the public address is no router any more: list its routes here")
		}
		c, forged := w.gateway.config, map[string]asked{}
		body := "sessionId=s&id=1&MessageSid=SM1&From=%2B85512000002&text=1&status=Failed&MessageStatus=failed"
		tokens := []string{strings.Repeat("x", 32), "{token}", "%00", "..", c.Twilio.AuthToken, c.AndroidSMS.SigningKey, strings.ToLower(c.Kannel.Token)}
		if err := chi.Walk(public, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
			if route == "/healthz" {
				return nil
			}
			paths := []string{route}
			if strings.Contains(route, "{token}") {
				paths = paths[:0]
				for _, token := range append(tokens, w.tokenOfAnother(route)) {
					paths = append(paths, strings.ReplaceAll(route, "{token}", token))
				}
			} else if !strings.HasPrefix(route, "/hooks/twilio/") && route != "/hooks/androidsms" {
				w.t.Errorf("%s %s has no secret part, and this test knows no signature of it", method, route)
			}
			for _, path := range paths {
				forged[method+" "+path] = asked{method, path + "?" + body, body, nil}
				forged[method+" "+path+" in JSON"] = asked{method, path, `{"SessionId":"s","Mobile":"85512000002","event":"sms:received","id":"1"}`, nil}
			}
			return nil
		}); err != nil {
			w.t.Fatal(err)
		}
		if len(forged) < 60 {
			w.t.Errorf("only %d requests: are these all routes?", len(forged))
		}
		w.refuses(forged, http.StatusForbidden, http.StatusNotFound, http.StatusMovedPermanently)
		for _, path := range []string{"/", "/metrics", "/readyz", "/phones", "/debug/pprof/", "/hooks/", "/hooks/simulator"} {
			if status, _ := w.does(asked{http.MethodGet, path, "", nil}); status != http.StatusNotFound {
				w.t.Errorf("%s is answered %d on the public address", path, status)
			}
		}
	})
}

// tokenOfAnother is a right token, of another provider's route.
func (w *world) tokenOfAnother(route string) string {
	if strings.HasPrefix(route, "/hooks/africastalking/") {
		return w.gateway.config.Kannel.Token
	}
	return w.gateway.config.AfricasTalking.Token
}
