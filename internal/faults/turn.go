//go:build unix

package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio signs with it
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Turn is one message of a phone and what came of it.
type Turn struct {
	Provider string // twilio (SMS) or africastalking (USSD)
	ID       string // MessageSid, or session and path
	Session  string // of USSD
	From     string
	Text     string // what was written; by USSD the whole path
	Answer   string // what the phone was shown
	Ended    bool   // the answer ends the session
	Sent     int    // how often it was delivered until it was answered
	Took     time.Duration
	At       time.Time // when it was answered
}

// errApology says that a caller heard the help numbers in place of an answer, or had heard them a moment ago: what was said waits in the spool.
var errApology = errors.New("the caller heard the help numbers")

// errUnanswered says that a turn got no answer, whatever came instead.
var errUnanswered = errors.New("no answer")

// patience is how long a provider waits for an answer before it counts as none (Twilio: 15 s).
const patience = 15 * time.Second

var way = &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// deliver hands a turn to a gateway once and says what the phone was shown.
func (w *World) deliver(ctx context.Context, g *Gateway, t *Turn) (answer string, ended bool, err error) {
	path, form := "/hooks/twilio/sms", url.Values{"MessageSid": {t.ID}, "AccountSid": {account}, "From": {t.From}, "To": {"+1280"},
		"Body": {t.Text}, "NumMedia": {"0"}}
	if t.Provider != "twilio" {
		path = "/hooks/africastalking/" + hookToken + "/ussd"
		form = url.Values{"sessionId": {t.Session}, "phoneNumber": {t.From}, "serviceCode": {"*1280#"}, "networkCode": {"45601"}, "text": {t.Text}}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.Public+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", false, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if t.Provider == "twilio" {
		request.Header.Set("X-Twilio-Signature", signature(publicURL+path, form))
	}
	response, err := way.Do(request)
	if err != nil {
		return "", false, fmt.Errorf("%w: %w", errUnanswered, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", false, fmt.Errorf("%w: %w", errUnanswered, err)
	}
	if response.StatusCode != http.StatusOK {
		return "", false, fmt.Errorf("%w: status %d", errUnanswered, response.StatusCode)
	}
	return w.read(t, string(body))
}

// read is what the phone was shown, out of the provider's form.
func (w *World) read(t *Turn, body string) (answer string, ended bool, err error) {
	if t.Provider == "twilio" {
		var form struct {
			Message string `xml:"Message"`
		}
		if err := xml.Unmarshal([]byte(body), &form); err != nil {
			return "", false, fmt.Errorf("%w: it cannot be read: %w", errUnanswered, err)
		}
		if form.Message == w.apology || form.Message == "" { // told once in a while
			return form.Message, false, errApology
		}
		return form.Message, false, nil
	}
	word, text, ok := strings.Cut(body, " ")
	if !ok || word != "CON" && word != "END" {
		return "", false, fmt.Errorf("%w: it is neither CON nor END", errUnanswered)
	}
	if text == w.apology {
		return text, true, errApology
	}
	return text, word == "END", nil
}

// signature signs a form as Twilio does.
func signature(address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(twilioToken))
	mac.Write([]byte(address))
	var fields []string
	for field := range form {
		fields = append(fields, field)
	}
	slices.Sort(fields)
	for _, field := range fields {
		mac.Write([]byte(field + form.Get(field)))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// keep remembers a turn that was answered.
func (w *World) keep(t *Turn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.turns = append(w.turns, t)
	w.tally.answered++
	if t.Sent > 1 {
		w.tally.again++
	}
}

// keepLate remembers a turn whose caller heard the help numbers: it must be in the ledger in the end.
func (w *World) keepLate(t *Turn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.late = append(w.late, t)
	w.tally.apologies++
}

// tally counts what phones met with.
type tally struct {
	answered  int // turns
	again     int // of them, those that were delivered more than once
	twice     int // of them, those that were delivered twice at once
	refused   int // deliveries that nobody answered
	mute      int // of them, those by USSD, whose caller heard nothing
	apologies int // turns that were answered with the help numbers
	overLimit int // USSD turns that heard anything only when their session was over
	hungUp    int // conversations that a caller gave up on
	begun     int // conversations
	concluded int // of them, those that were told to the end
	officers  int // alerts that an officer answered
}

// Counted is how many turns were answered so far.
func (w *World) Counted() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tally.answered
}

func (w *World) count(f func(*tally)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(&w.tally)
}
