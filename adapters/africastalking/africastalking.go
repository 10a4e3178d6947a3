// Package africastalking brings USSD sessions and SMS from Africa's Talking to the gateway and carries its messages out
// by that provider. It believes no request whose path lacks the secret token, since the provider signs nothing, and
// never sends twice.
//
// The provider's pages: developers.africastalking.com, USSD sessions and end-of-session notifications, incoming messages,
// delivery reports, opt-outs, sending bulk SMS. The list of its status codes was not found; see results in send.go.
package africastalking

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"chumrok/adapters"
	"chumrok/internal/phone"
)

// Name is the adapter's name.
const Name = "africastalking"

// Where Africa's Talking takes messages. The sandbox takes them from the user "sandbox" alone.
const (
	usualAPI   = "https://api.africastalking.com"
	sandboxAPI = "https://api.sandbox.africastalking.com"
)

// Config is an account of Africa's Talking.
type Config struct {
	Country   phone.Country // where senders are at home whose number comes without a plus sign
	Username  string
	APIKey    string
	From      string            // a short code or sender's name; "" is the account's own
	Token     string            // the secret part of the hooks' paths: at least 16 letters, digits, "-" or "_"
	APIURL    string            // replaces the API's base address
	Transport http.RoundTripper // the way out; nil = the usual one
}

// AfricasTalking is the adapter.
type AfricasTalking struct {
	config Config
	token  adapters.Token
	api    *url.URL
	http   *http.Client
}

// New checks the configuration and returns the adapter; all faults come in one error.
func New(c Config) (*AfricasTalking, error) {
	var faults []error
	if c.Username == "" {
		faults = append(faults, errors.New("the username is not set"))
	}
	if c.APIKey == "" {
		faults = append(faults, errors.New("the API key is not set"))
	}
	token, err := adapters.NewToken(c.Token)
	if err != nil {
		faults = append(faults, err)
	}
	if c.APIURL == "" {
		if c.APIURL = usualAPI; c.Username == "sandbox" {
			c.APIURL = sandboxAPI
		}
	}
	api, err := url.Parse(strings.TrimRight(c.APIURL, "/"))
	if err != nil || (api.Scheme != "https" && api.Scheme != "http") || api.Host == "" {
		faults = append(faults, errors.New("the API address is no URL: give https://HOST"))
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("africastalking: %w", errors.Join(faults...))
	}
	return &AfricasTalking{config: c, token: token, api: api, http: adapters.Client(c.Transport)}, nil
}

// Name returns Name.
func (a *AfricasTalking) Name() string { return Name }

// Routes are the hooks; {token} is the secret.
func (a *AfricasTalking) Routes() []adapters.Route {
	const base = "/hooks/" + Name + "/{token}"
	return []adapters.Route{
		{Method: http.MethodPost, Pattern: base + "/ussd", Handler: a.hook(a.ussd)},
		{Method: http.MethodPost, Pattern: base + "/ussd/ended", Handler: a.hook(ended)},
		{Method: http.MethodPost, Pattern: base + "/sms", Handler: a.hook(a.sms)},
		{Method: http.MethodPost, Pattern: base + "/delivery", Handler: a.hook(delivery)},
	}
}

// hook wraps what is done with a form into the check of the token and the reading of the form.
func (a *AfricasTalking) hook(do func(http.ResponseWriter, *http.Request, url.Values, adapters.Sink)) func(adapters.Sink) http.Handler {
	return func(sink adapters.Sink) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !a.token.Opens(w, r) {
				return
			}
			body, ok := adapters.ReadBody(w, r)
			if !ok {
				return
			}
			// What can be read of a form with a broken escape is kept: it is authentic, whatever it says. Of a field
			// that stands twice the first one counts.
			form, _ := url.ParseQuery(string(adapters.Body(body)))
			do(w, r, form, sink)
		})
	}
}

// ussd takes one turn of a session. The form's text is the whole path so far, "" for the first turn; a path that comes
// again is a repeat. The answer begins with CON, or with END when it is the last.
func (a *AfricasTalking) ussd(w http.ResponseWriter, r *http.Request, form url.Values, sink adapters.Sink) {
	session, text := form.Get("sessionId"), adapters.Text(form.Get("text"))
	if session == "" {
		http.Error(w, "sessionId is missing", http.StatusBadRequest)
		return
	}
	answer, err := sink.Receive(r.Context(), adapters.Message{
		Provider:   Name,
		Channel:    adapters.USSD,
		ID:         session + "|" + form.Get("text"),
		Session:    session,
		New:        text == "",
		From:       a.sender(form.Get("phoneNumber")),
		To:         adapters.Text(form.Get("serviceCode")),
		Text:       text,
		Cumulative: true,
	})
	var refused adapters.Refused
	if errors.As(err, &refused) && refused.Text != "" {
		answer, err = adapters.Answer{Text: refused.Text, End: true}, nil
	}
	if err != nil {
		adapters.SinkFailed(w) // which ends the session at the network
		return
	}
	word := "CON "
	if answer.End || answer.Text == "" {
		word = "END "
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, word+answer.Text)
}

// ended takes the notice that a session is over. Its other fields repeat everything that was typed; they are not read.
func ended(w http.ResponseWriter, r *http.Request, form url.Values, sink adapters.Sink) {
	session := form.Get("sessionId")
	if session == "" {
		http.Error(w, "sessionId is missing", http.StatusBadRequest)
		return
	}
	if err := sink.Ended(r.Context(), adapters.Ended{Provider: Name, Session: session}); err != nil {
		adapters.SinkFailed(w)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// sms takes an SMS, whose answer is sent apart, and an opt-out, which has no text of a person and is only acknowledged:
// the next message to that number is refused by the provider, which says so.
func (a *AfricasTalking) sms(w http.ResponseWriter, r *http.Request, form url.Values, sink adapters.Sink) {
	id := form.Get("id")
	if id == "" {
		if form.Get("senderId") != "" && form.Get("phoneNumber") != "" && !form.Has("text") {
			w.WriteHeader(http.StatusOK)
			return
		}
		http.Error(w, "id is missing", http.StatusBadRequest)
		return
	}
	_, err := sink.Receive(r.Context(), adapters.Message{
		Provider: Name,
		Channel:  adapters.SMS,
		ID:       id,
		From:     a.sender(form.Get("from")),
		To:       adapters.Text(form.Get("to")),
		Text:     adapters.Text(form.Get("text")),
		Apart:    true,
		At:       moment(form.Get("date")),
	})
	if err != nil {
		adapters.SinkFailed(w)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// states is what the provider's delivery statuses mean for the phone. A status that is not here is acknowledged and says
// nothing.
var states = map[string]adapters.DeliveryState{
	"Sent":      adapters.Handed,
	"Submitted": adapters.Handed,
	"Buffered":  adapters.Handed,
	"Success":   adapters.Delivered,
	"Rejected":  adapters.Failed,
	"Failed":    adapters.Failed,
	"Expired":   adapters.Failed,
}

// delivery takes a delivery report.
func delivery(w http.ResponseWriter, r *http.Request, form url.Values, sink adapters.Sink) {
	id, status := form.Get("id"), form.Get("status")
	if id == "" || status == "" {
		http.Error(w, "id or status is missing", http.StatusBadRequest)
		return
	}
	d := adapters.Delivery{Provider: Name, ID: id, State: states[status]}
	if d.State == adapters.Failed {
		d.Reason = word(form.Get("failureReason"))
	}
	adapters.Report(w, r, sink, d)
}

// sender reads a number, short code or name; what is none is kept as none.
func (a *AfricasTalking) sender(raw string) phone.Number {
	n, _ := a.config.Country.ParseSender(raw)
	return n
}

// moment reads a date in either of the forms that the provider uses, both UTC; zero for anything else.
func moment(s string) time.Time {
	for _, form := range []string{time.RFC3339, time.DateTime} {
		if t, err := time.Parse(form, strings.TrimSpace(s)); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// word lets through one word of letters, as the provider's reasons are, and nothing else, since a reason is shown and
// logged.
func word(s string) string {
	if len(s) > 40 || strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') }) {
		return ""
	}
	return s
}
