package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"chumrok/adapters/operatorussd"
)

// hook is one public path as its provider calls it.
type hook struct {
	method, pattern string
	token           string // in place of {token}
	kind            operatorussd.Type
	fields          map[string]string // of a right request; # stands for what is another one for each
	sign            func(r *http.Request, body string)
	echoes          []string // fields that its answer repeats, since the provider wants it so
}

// hooks are all hooks that providers call, by method and pattern.
func (w *world) hooks() map[string]hook {
	w.t.Helper()
	config := w.gateway.config
	sms := w.twilioForm(canaryCaller, canaryKhmer, "SM#")
	status := url.Values{"MessageSid": {"SM#"}, "SmsSid": {"SM#"}, "AccountSid": sms["AccountSid"], "From": {"1280"}, "To": {canaryOfficer},
		"MessageStatus": {"failed"}, "ErrorCode": {"30003"}, "ErrorMessage": {"unreachable " + canaryOfficer}}
	signed := func(r *http.Request, body string) {
		form, _ := url.ParseQuery(body)
		r.Header.Set("X-Twilio-Signature", twilioSignature(config.Twilio.AuthToken, w.env["CHUMROK_PUBLIC_URL"]+r.URL.RequestURI(), form))
	}
	stamped := func(r *http.Request, body string) {
		stamp := strconv.FormatInt(w.clock.Now().Unix(), 10)
		mac := hmac.New(sha256.New, []byte(config.AndroidSMS.SigningKey))
		_, _ = io.WriteString(mac, body+stamp)
		r.Header.Set("X-Timestamp", stamp)
		r.Header.Set("X-Signature", hex.EncodeToString(mac.Sum(nil)))
	}
	all := []hook{
		{method: "POST", pattern: "/hooks/twilio/sms", kind: operatorussd.Form, fields: flat(sms), sign: signed},
		{method: "POST", pattern: "/hooks/twilio/status", kind: operatorussd.Form, fields: flat(status), sign: signed},
		{method: "POST", pattern: "/hooks/androidsms", kind: operatorussd.JSON, sign: stamped, fields: map[string]string{
			"deviceId": "d", "event": "sms:received", "id": "e-#", "webhookId": "w", "payload.messageId": "a1b2", "payload.message": canaryKhmer,
			"payload.sender": "012000987", "payload.phoneNumber": "012 000 987", "payload.recipient": "1280", "payload.receivedAt": "2026-11-24T09:00:00.000+07:00",
			"payload.reason": "RESULT_ERROR " + canaryOfficer}},
	}
	africasTalking := map[string]map[string]string{
		"ussd": {"sessionId": "ATUid_#", "phoneNumber": canaryCaller, "networkCode": "99999", "serviceCode": "*1280#", "text": "1*1*" + canaryKhmer},
		"ussd/ended": {"sessionId": "ATUid_#", "phoneNumber": canaryCaller, "networkCode": "99999", "serviceCode": "*1280#", "date": "2026-11-24 02:00:00",
			"status": "Failed", "input": "1*" + canaryKhmer, "lastAppResponse": canaryLatin, "errorMessage": canaryCaller, "cost": "0"},
		"sms":      {"id": "at-#", "from": canaryCaller, "to": "1280", "text": canaryKhmer, "date": "2026-11-24 02:00:00", "linkId": "l", "networkCode": "9"},
		"delivery": {"id": "ATXid_#", "status": "Failed", "phoneNumber": canaryOfficer, "failureReason": "UserAbsent", "networkCode": "9", "retryCount": "0"},
	}
	for path, fields := range africasTalking {
		all = append(all, hook{method: "POST", pattern: "/hooks/africastalking/{token}/" + path, token: config.AfricasTalking.Token, kind: operatorussd.Form, fields: fields})
	}
	for path, fields := range map[string]map[string]string{
		"sms":      flat(kannelSMS("k-#", "85512000987", canaryKhmer)),
		"ussd":     flat(kannelScreen("k-#", canaryCaller, canaryKhmer, "%01")),
		"delivery": {"id": "k-#", "type": "16", "reply": "NACK/0x0000000b/stat:UNDELIV err:011 text:" + canaryKhmer, "from": "012000987"},
	} {
		all = append(all, hook{method: "GET", pattern: "/hooks/kannel/{token}/" + path, token: config.Kannel.Token, kind: operatorussd.Query, fields: fields})
	}
	shapes, err := operatorussd.Load(operatorussd.Shipped(), "shapes")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, shape := range shapes {
		r := shape.Request
		h := hook{method: r.Method, pattern: "/hooks/" + operatorussd.Prefix + shape.Name + "/{token}", token: w.ussdToken(), kind: r.Type,
			fields: map[string]string{}, echoes: slices.Collect(maps.Values(shape.Answer.Echo))}
		for value, names := range map[string][]string{"s-#": r.Session, canaryCaller[1:]: r.Phone, canaryKhmer: r.Input, "1280": r.Code, "t-#": r.Turn} {
			for _, name := range names {
				h.fields[name] = value
			}
		}
		for _, name := range h.echoes {
			if h.fields[name] == "" {
				h.fields[name] = "something"
			}
		}
		all = append(all, h)
	}
	byRoute := map[string]hook{}
	for _, h := range all {
		byRoute[h.method+" "+h.pattern] = h
	}
	return byRoute
}

func flat(form url.Values) map[string]string {
	fields := map[string]string{}
	for name := range form {
		fields[name] = form.Get(name)
	}
	return fields
}

// call is one request to a hook.
type siegeCall struct {
	what   string
	method string
	path   string
	query  string
	body   string
	header map[string]string
	sign   func(*http.Request, string)
	reader io.Reader       // in place of body
	given  map[string]bool // fields in which something other than usual stands
	right  bool            // it is authentic and well-formed
}

// right is a whole request with these fields.
func (h hook) right(what string, fields map[string]string, n *int) siegeCall {
	*n++
	form, object := url.Values{}, map[string]any{}
	c := siegeCall{what: what, method: h.method, path: strings.ReplaceAll(h.pattern, "{token}", h.token), sign: h.sign, right: true,
		header: map[string]string{}, given: map[string]bool{}}
	query := url.Values{}
	for name, value := range fields {
		value = strings.ReplaceAll(value, "#", fmt.Sprintf("%032d", *n))
		kind, rest, special := strings.Cut(name, ":")
		switch {
		case special && kind == "header":
			c.header[rest] = value
			continue
		case special && kind == "query":
			query.Set(rest, value)
			continue
		}
		form.Set(name, value)
		at, parts := object, strings.Split(name, ".")
		for _, part := range parts[:len(parts)-1] {
			inner, ok := at[part].(map[string]any)
			if !ok {
				inner = map[string]any{}
				at[part] = inner
			}
			at = inner
		}
		at[parts[len(parts)-1]] = value
	}
	c.query = query.Encode()
	switch h.kind {
	case operatorussd.Form:
		c.body, c.header["Content-Type"] = form.Encode(), "application/x-www-form-urlencoded"
	case operatorussd.Query:
		c.query = form.Encode()
	case operatorussd.Text:
		c.body, c.header["Content-Type"] = form.Get("body"), "text/plain"
	case operatorussd.JSON:
		body, _ := json.Marshal(object)
		c.body, c.header["Content-Type"] = string(body), "application/json"
	}
	return c
}

// calls are a hook's requests: right, with a canary in each field, without each field, and broken in every way that a network has.
func (h hook) calls(n *int) []siegeCall {
	all := []siegeCall{h.right("right", h.fields, n)}
	for name := range h.fields {
		for _, value := range []string{canaryCaller, khmerDigits("012 000 987"), canaryKhmer, canaryLatin + "\x00\xff"} {
			fields := maps.Clone(h.fields)
			fields[name] = value
			c := h.right(name+" says a canary", fields, n)
			c.given[name] = true
			all = append(all, c)
		}
		fields := maps.Clone(h.fields)
		delete(fields, name)
		all = append(all, h.right("without "+name, fields, n))
	}
	broken := func(what string, do func(*siegeCall)) {
		c := h.right(what, h.fields, n)
		c.right = false
		do(&c)
		all = append(all, c)
	}
	story := url.QueryEscape(canaryKhmer)
	broken("unsigned", func(c *siegeCall) { c.sign = nil; c.path = strings.ReplaceAll(h.pattern, "{token}", "none") })
	broken("signed with a canary", func(c *siegeCall) {
		c.sign = nil
		c.header["X-Twilio-Signature"], c.header["X-Signature"], c.header["X-Timestamp"] = canaryCaller, canaryCaller, canaryCaller
		c.path = strings.ReplaceAll(h.pattern, "{token}", "%2B85512000987")
	})
	broken("a story for a token", func(c *siegeCall) { c.path = strings.ReplaceAll(h.pattern, "{token}", story) })
	broken("a story behind the path", func(c *siegeCall) { c.path += "/" + story + "/" + canaryCaller })
	broken("a broken path", func(c *siegeCall) { c.path += "/../" + story })
	broken("garbage", func(c *siegeCall) { c.body, c.query = "\xff\xfe"+canaryKhmer+"%zz"+canaryCaller, "%zz"+story })
	broken("a broken object", func(c *siegeCall) { c.body = `{"a":"` + canaryKhmer + `","b":` + canaryCaller[1:] })
	broken("a broken form", func(c *siegeCall) { c.body += "&%zz=" + canaryCaller + ";" + story + "=%u" })
	broken("a field twice", func(c *siegeCall) { c.body += "&" + c.body; c.query += "&" + c.query })
	broken("nothing", func(c *siegeCall) { c.body, c.query = "", "" })
	broken("too large", func(c *siegeCall) { c.body += strings.Repeat(story, largestBody/len(story)+1); c.query = c.body })
	broken("not received whole", func(c *siegeCall) {
		c.reader = io.MultiReader(strings.NewReader(c.body), brokenReader{errors.New("reading from " + canaryCaller + ": " + canaryKhmer)})
	})
	for _, kind := range []string{"text/plain", "application/json; charset=" + canaryLatin, "multipart/form-data; boundary=" + canaryLatin, canaryKhmer, "application/x-www-form-urlencoded; charset=utf-16"} {
		broken("of the type "+kind, func(c *siegeCall) { c.header["Content-Type"] = kind })
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead, "STORY"} {
		broken("by "+method, func(c *siegeCall) {
			if method == h.method {
				method = http.MethodPatch
			}
			c.method = method
			c.query += "&text=" + story
		})
	}
	broken("with headers", func(c *siegeCall) {
		for _, name := range []string{"User-Agent", "Referer", "Cookie", "X-Forwarded-For", "Authorization", "X-Kannel-Meta-Data", "Host"} {
			c.header[name] = canaryCaller + " " + canaryLatin
		}
	})
	return all
}

type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

// sent gives a request to one of the gateway's doors and returns the answer, with its headers.
func (w *world) sent(door http.Handler, c siegeCall) (int, []byte) {
	w.t.Helper()
	target := c.path
	if c.query != "" {
		target += "?" + c.query
	}
	r := httptest.NewRequestWithContext(w.t.Context(), c.method, "/", strings.NewReader(c.body))
	if u, err := url.ParseRequestURI(target); err == nil {
		r.URL = u
	} else {
		path, query, _ := strings.Cut(target, "?")
		r.URL = &url.URL{Path: path, RawQuery: query}
	}
	r.RequestURI = target
	if c.reader != nil {
		r.Body, r.ContentLength = io.NopCloser(c.reader), -1
	}
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	if c.sign != nil {
		c.sign(r, c.body)
	}
	rec := httptest.NewRecorder()
	door.ServeHTTP(rec, r)
	var answer bytes.Buffer
	_ = rec.Result().Header.Write(&answer)
	answer.Write(rec.Body.Bytes())
	return rec.Code, answer.Bytes()
}
