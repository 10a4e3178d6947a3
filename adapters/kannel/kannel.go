// Package kannel brings SMS and USSD to the gateway from the operators that a Kannel is connected to, and carries messages
// out by it. It believes no request whose path lacks the secret token, since Kannel signs nothing, and never sends twice.
//
// Kannel 1.4.5's user guide is the source of what is said here about its escapes (%I, %b …), headers (X-Kannel-Coding …),
// bits of delivery reports and answers to sendsms; package kannelconf checks that a kannel.conf asks for what is read here.
package kannel

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"chumrok/adapters"
	"chumrok/internal/phone"
)

// Name is the adapter's name.
const Name = "kannel"

// largestText is the longest text that is taken, in bytes of UTF-8: the gateway's limit for a body, set on what the query
// says, since percent-encoding makes a Khmer letter three times as long. It is eighty parts of an SMS in Khmer.
const largestText = 16 << 10

// Config is a Kannel.
type Config struct {
	Country    phone.Country // where senders are at home whose number comes without a plus sign
	SendsmsURL string        // where its smsbox takes messages: http://HOST:PORT/cgi-bin/sendsms
	Username   string        // of the group sendsms-user
	Password   string
	From       string            // the short code or sender's name
	Token      string            // the secret part of the hooks' paths: at least 16 letters, digits, "-" or "_"
	HooksURL   string            // the base address by which Kannel calls us, for delivery reports
	USSD       Shape             // how the operator speaks USSD
	Transport  http.RoundTripper // the way out; nil = the usual one
}

// Kannel is the adapter.
type Kannel struct {
	config  Config
	token   adapters.Token
	sendsms *url.URL
	http    *http.Client
}

// New checks the configuration and returns the adapter; all faults come in one error.
func New(c Config) (*Kannel, error) {
	var faults []error
	for _, v := range []struct{ value, what string }{{c.Username, "username"}, {c.Password, "password"}, {c.From, "sender (From)"}} {
		if v.value == "" {
			faults = append(faults, fmt.Errorf("the %s is not set", v.what))
		}
	}
	token, err := adapters.NewToken(c.Token)
	if err != nil {
		faults = append(faults, err)
	}
	sendsms, err := url.Parse(c.SendsmsURL)
	if err != nil || !isWeb(sendsms) || sendsms.RawQuery != "" {
		faults = append(faults, errors.New("the sendsms address is no URL: give http://HOST:PORT/cgi-bin/sendsms"))
	}
	hooks, err := url.Parse(c.HooksURL)
	if err != nil || !isWeb(hooks) || hooks.RawQuery != "" {
		faults = append(faults, errors.New("the hooks' address is no URL: give the http://HOST:PORT that Kannel calls the gateway by"))
	}
	c.USSD.fill()
	faults = append(faults, c.USSD.faults()...)
	if len(faults) > 0 {
		return nil, fmt.Errorf("kannel: %w", errors.Join(faults...))
	}
	c.HooksURL = strings.TrimRight(c.HooksURL, "/")
	return &Kannel{config: c, token: token, sendsms: sendsms, http: adapters.Client(c.Transport)}, nil
}

func isWeb(u *url.URL) bool { return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" }

// Name returns Name.
func (k *Kannel) Name() string { return Name }

// hooks is where the hooks begin; {token} is the secret.
const hooks = "/hooks/" + Name + "/{token}"

// Routes are the hooks. Kannel calls them by GET.
func (k *Kannel) Routes() []adapters.Route {
	return []adapters.Route{
		{Method: http.MethodGet, Pattern: hooks + "/sms", Handler: k.hook(k.sms)},
		{Method: http.MethodGet, Pattern: hooks + "/ussd", Handler: k.hook(k.ussd)},
		{Method: http.MethodGet, Pattern: hooks + "/delivery", Handler: k.hook(delivery)},
	}
}

// hook wraps what is done with a query into the check of the token and the reading of the query.
func (k *Kannel) hook(do func(http.ResponseWriter, *http.Request, url.Values, adapters.Sink)) func(adapters.Sink) http.Handler {
	return func(sink adapters.Sink) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !k.token.Opens(w, r) {
				return
			}
			// What can be read of a query with a broken escape is kept: it is authentic, whatever it says. Of a field that
			// stands twice the first one counts.
			query, _ := url.ParseQuery(r.URL.RawQuery)
			if len(query.Get("text")) >= largestText {
				http.Error(w, "too large", http.StatusRequestEntityTooLarge)
				return
			}
			do(w, r, query, sink)
		})
	}
}

// sms takes an SMS and answers it in the response. Where the response is lost, Kannel asks again with the same %I and is
// given the same answer, so the phone gets it once. There is no text for a Refused: Kannel asks again until we are up.
func (k *Kannel) sms(w http.ResponseWriter, r *http.Request, query url.Values, sink adapters.Sink) {
	id := query.Get("id")
	if id == "" {
		http.Error(w, "id is missing", http.StatusBadRequest)
		return
	}
	answer, err := sink.Receive(r.Context(), adapters.Message{
		Provider: Name,
		Channel:  adapters.SMS,
		ID:       id,
		From:     k.sender(query.Get("from")),
		To:       adapters.Text(query.Get("to")),
		Text:     text(query),
		At:       moment(query.Get("at")),
	})
	if err != nil {
		adapters.SinkFailed(w)
		return
	}
	say(w, answer.Text)
}

// states is what the bits of a delivery report (%d) mean for the phone. A bit that is not here is acknowledged and says
// nothing. They come in any order: 1 was seen before 8.
var states = map[string]adapters.DeliveryState{
	"1":  adapters.Delivered,
	"2":  adapters.Failed,
	"4":  adapters.Handed, // the operator keeps it until the phone is on
	"8":  adapters.Handed, // the operator took it
	"16": adapters.Failed, // the operator refused it
}

// delivery takes a delivery report. The message is known by our own id in the address that we gave; sender and receiver,
// which stand swapped in a report, are not asked for.
func delivery(w http.ResponseWriter, r *http.Request, query url.Values, sink adapters.Sink) {
	id, bit := query.Get("id"), query.Get("type")
	if id == "" || bit == "" {
		http.Error(w, "id or type is missing", http.StatusBadRequest)
		return
	}
	d := adapters.Delivery{Provider: Name, ID: id, State: states[bit]}
	if d.State == adapters.Failed {
		d.Reason = reason(query.Get("reply"))
	}
	adapters.Report(w, r, sink, d)
}

var (
	refusal = regexp.MustCompile(`^NACK/(0x[0-9a-fA-F]{1,8}|[0-9]{1,10})/`)
	status  = regexp.MustCompile(`\bstat:([A-Z]{5,8})\b`)
	code    = regexp.MustCompile(`\berr:([0-9A-Za-z]{1,4})\b`)
)

// reason takes the codes out of what the operator said (%A), and nothing else: a receipt repeats the message's beginning.
func reason(reply string) string {
	if found := refusal.FindStringSubmatch(reply); found != nil {
		return "refused " + found[1]
	}
	reply, _, _ = strings.Cut(reply, "text:")
	var words []string
	for _, part := range []*regexp.Regexp{status, code} {
		if found := part.FindStringSubmatch(reply); found != nil {
			words = append(words, found[1])
		}
	}
	return strings.Join(words, " ")
}

// sender reads a number, short code or name; what is none is kept as none.
func (k *Kannel) sender(raw string) phone.Number {
	n, _ := k.config.Country.ParseSender(raw)
	return n
}

// moment reads when a message came to Kannel: seconds (%T), or a date (%t), which is UTC; zero for anything else.
func moment(s string) time.Time {
	if seconds, err := strconv.ParseInt(s, 10, 64); err == nil && seconds > 0 {
		return time.Unix(seconds, 0).UTC()
	}
	for _, form := range []string{time.DateTime, "2006-01-02 15:04", time.RFC3339} {
		if t, err := time.Parse(form, strings.TrimSpace(s)); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
