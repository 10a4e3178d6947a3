// Package twilio brings SMS from Twilio's webhooks to the gateway and carries its messages out by Twilio's REST API. It
// believes no request without Twilio's signature, fetches no picture that a message links to, and never sends twice.
//
// Twilio's pages: docs/messaging/guides/webhook-request (what comes in), docs/usage/security (signatures),
// docs/messaging/api/message-resource (sending), docs/messaging/guides/track-outbound-message-status (status callbacks).
// Single-word messages such as STOP and HELP are also answered by Twilio itself, unless that is turned off there.
package twilio

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/twilio/twilio-go/client"
	"github.com/twilio/twilio-go/twiml"

	"chumrok/adapters"
	"chumrok/internal/phone"
)

// Name is the adapter's name.
const Name = "twilio"

const (
	smsPath    = "/hooks/twilio/sms"
	statusPath = "/hooks/twilio/status"
	usualAPI   = "https://api.twilio.com"
)

// Config is an account of Twilio.
type Config struct {
	Country    phone.Country // where senders are at home whose number comes without a plus sign
	AccountSID string        // begins with AC
	AuthToken  string
	From       string            // a number, a sender's name, or a Messaging Service, which begins with MG
	APIURL     string            // replaces https://api.twilio.com: a region, or a test's own
	PublicURL  string            // the base address that Twilio calls us by, which its signatures are over
	Transport  http.RoundTripper // the way out; nil = the usual one
}

// Twilio is the adapter.
type Twilio struct {
	config    Config
	public    string // PublicURL without a slash at its end
	api       *url.URL
	validator client.RequestValidator
	http      *http.Client
}

// New checks the configuration and returns the adapter; all faults come in one error.
func New(c Config) (*Twilio, error) {
	var faults []error
	missing := func(value, what string) {
		if value == "" {
			faults = append(faults, fmt.Errorf("%s is not set", what))
		}
	}
	missing(c.AccountSID, "the account SID")
	missing(c.AuthToken, "the auth token")
	missing(c.From, "the sender (From)")
	if c.APIURL == "" {
		c.APIURL = usualAPI
	}
	api, err := baseURL(c.APIURL)
	if err != nil {
		faults = append(faults, errors.New("the API address is no URL: give https://HOST"))
	}
	if _, err := baseURL(c.PublicURL); err != nil {
		faults = append(faults, errors.New("the public address is no URL: give the https://HOST that Twilio calls"))
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("twilio: %w", errors.Join(faults...))
	}
	return &Twilio{config: c, public: strings.TrimRight(c.PublicURL, "/"), api: api,
		validator: client.NewRequestValidator(c.AuthToken), http: adapters.Client(c.Transport)}, nil
}

func baseURL(s string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(s, "/"))
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("no base URL")
	}
	return u, nil
}

// Name returns Name.
func (t *Twilio) Name() string { return Name }

// Routes are the hook of messages and the hook of delivery reports.
func (t *Twilio) Routes() []adapters.Route {
	return []adapters.Route{
		{Method: http.MethodPost, Pattern: smsPath, Handler: t.sms},
		{Method: http.MethodPost, Pattern: statusPath, Handler: t.status},
	}
}

// sms takes a message and answers it in the response.
func (t *Twilio) sms(sink adapters.Sink) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, ok := t.authentic(w, r)
		if !ok {
			return
		}
		// Without the id a repeat could not be told from a new message; Twilio always sends it.
		if form.Get("MessageSid") == "" {
			http.Error(w, "MessageSid is missing", http.StatusBadRequest)
			return
		}
		from, _ := t.config.Country.ParseSender(form.Get("From")) // a sender that is none is kept as none
		answer, err := sink.Receive(r.Context(), adapters.Message{
			Provider: Name,
			Channel:  adapters.SMS,
			ID:       form.Get("MessageSid"),
			From:     from,
			To:       adapters.Text(form.Get("To")),
			Text:     adapters.Text(form.Get("Body")), // empty for a picture without words; the picture is not fetched
		})
		var refused adapters.Refused
		if errors.As(err, &refused) && refused.Text != "" {
			answer, err = adapters.Answer{Text: refused.Text}, nil
		}
		if err != nil {
			adapters.SinkFailed(w)
			return
		}
		reply(w, answer.Text)
	})
}

// reply writes TwiML: one message, or none.
func reply(w http.ResponseWriter, text string) {
	var verbs []twiml.Element
	// A control character would make the whole answer unreadable to an XML parser.
	if text = strings.Map(printable, adapters.Text(text)); text != "" {
		verbs = append(verbs, &twiml.MessagingMessage{Body: text})
	}
	body, err := twiml.Messages(verbs)
	if err != nil {
		adapters.SinkFailed(w)
		return
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	_, _ = io.WriteString(w, body)
}

func printable(r rune) rune {
	if unicode.IsControl(r) && r != '\n' || r == '\ufffe' || r == '\uffff' {
		return -1
	}
	return r
}

// states is what Twilio's message statuses mean for the phone. A status that is not here is acknowledged and says
// nothing.
var states = map[string]adapters.DeliveryState{
	"accepted":    adapters.Handed,
	"queued":      adapters.Handed,
	"sending":     adapters.Handed,
	"sent":        adapters.Handed,
	"delivered":   adapters.Delivered,
	"read":        adapters.Delivered,
	"undelivered": adapters.Failed,
	"failed":      adapters.Failed,
	"canceled":    adapters.Failed,
}

// status takes a delivery report.
func (t *Twilio) status(sink adapters.Sink) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, ok := t.authentic(w, r)
		if !ok {
			return
		}
		id, status := form.Get("MessageSid"), form.Get("MessageStatus")
		if id == "" || status == "" {
			http.Error(w, "MessageSid or MessageStatus is missing", http.StatusBadRequest)
			return
		}
		d := adapters.Delivery{Provider: Name, ID: id, State: states[status]}
		if d.State == adapters.Failed {
			d.Reason = code(form.Get("ErrorCode"))
		}
		adapters.Report(w, r, sink, d)
	})
}

// code lets through what is a number of Twilio's list of errors and nothing else, since a reason is shown and logged.
func code(s string) string {
	if len(s) > 6 || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return s
}

// authentic reads the form and checks that Twilio signed it for this address and account; else it answers the request.
func (t *Twilio) authentic(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	body, ok := adapters.ReadBody(w, r)
	if !ok {
		return nil, false
	}
	form, ok := t.signed(r.URL.RequestURI(), body, r.Header.Get("X-Twilio-Signature"))
	if !ok || form.Get("AccountSid") != t.config.AccountSID {
		adapters.Forbid(w)
		return nil, false
	}
	return form, true
}

// signed parses a form and says whether Twilio signed it.
//
// A field that stands twice is refused: the signature's rule says nothing of it, so each side could read another value.
// The address is the configured one and what was asked for below it, since a Host header is whatever a caller makes it.
func (t *Twilio) signed(uri string, body []byte, signature string) (url.Values, bool) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, false
	}
	for _, values := range form {
		if len(values) != 1 {
			return nil, false
		}
	}
	return form, t.validator.ValidateBody(t.public+uri, body, signature)
}
