package twilio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"chumrok/adapters"
)

// meaning is what Twilio's error codes say about a message (twilio.com/docs/api/errors). Codes that are not here go by
// the HTTP status, and no status alone gives a message up.
var meaning = map[int]func(error) error{
	21211: adapters.Permanent, // the number is not valid
	21214: adapters.Permanent, // the number cannot be reached
	21217: adapters.Permanent, // the number does not appear to be valid
	21401: adapters.Permanent, // no number that takes SMS
	21407: adapters.Permanent, // a kind of number that takes no SMS
	21421: adapters.Permanent, // the number is invalid
	21602: adapters.Permanent, // the message has no body
	21610: adapters.Permanent, // the owner answered STOP
	21614: adapters.Permanent, // not a mobile number
	21617: adapters.Permanent, // longer than 1,600 characters
	21635: adapters.Permanent, // a landline

	20003: adapters.Misconfigured, // wrong SID or token
	20005: adapters.Misconfigured, // the account is not active
	21408: adapters.Misconfigured, // the region is not allowed in the console
	21603: adapters.Misconfigured, // no sender
	21606: adapters.Misconfigured, // the sender is not ours
	21608: adapters.Misconfigured, // a trial account writes only to verified numbers
	21609: adapters.Misconfigured, // the status callback is no public URL
	30002: adapters.Misconfigured, // the account is suspended
}

// throttling are the codes that say "not now".
var throttling = map[int]bool{
	14107: true, // too many messages to one number
	20429: true, // too many requests
	21611: true, // the sender's queue is full
}

// Send hands one message to Twilio and returns its SID, which status callbacks repeat.
func (t *Twilio) Send(ctx context.Context, m adapters.Outgoing) (adapters.Receipt, error) {
	if !m.To.Dialable() {
		return adapters.Receipt{}, adapters.Permanent(errors.New("twilio: the message is to no number"))
	}
	from := m.From
	if from == "" {
		from = t.config.From
	}
	params := (&api.CreateMessageParams{}).
		SetTo(m.To.E164()).
		SetBody(m.Text).
		SetStatusCallback(t.public + statusPath)
	if strings.HasPrefix(from, "MG") && len(from) == 34 {
		params.SetMessagingServiceSid(from)
	} else {
		params.SetFrom(from)
	}
	way := &once{t: t, ctx: ctx}
	// The handler is made by hand, since the library's own reads TWILIO_EDGE and TWILIO_REGION from the environment.
	sent, err := api.NewApiService(&client.RequestHandler{Client: way}).CreateMessage(params)
	if way.err != nil {
		return adapters.Receipt{}, fmt.Errorf("twilio: sending: %w", way.err)
	}
	if err != nil || sent == nil || sent.Sid == nil || *sent.Sid == "" {
		// What the library says of an answer that it cannot read may quote it.
		return adapters.Receipt{}, adapters.Uncertain(errors.New("twilio: sending: the answer names no message"))
	}
	return adapters.Receipt{ID: *sent.Sid}, nil
}

// once is the library's way out for one message: with our deadline, to our address, and with errors of our own kinds.
type once struct {
	t   *Twilio
	ctx context.Context //nolint:containedctx // the library's interface has no place for one; this value lives for one call
	err error
}

// AccountSid returns the account.
func (o *once) AccountSid() string { return o.t.config.AccountSID }

// SetTimeout does nothing: the deadline is the context's.
func (o *once) SetTimeout(time.Duration) {}

// SetOauth does nothing: we sign in with the account's token.
func (o *once) SetOauth(client.OAuth) {}

// OAuth returns nil.
func (o *once) OAuth() client.OAuth { return nil }

// SendRequest sends the form. Any error is also kept, so that the library cannot reword it.
func (o *once) SendRequest(method, rawURL string, form url.Values, _ map[string]any, _ ...byte) (*http.Response, error) {
	answer, err := o.send(method, rawURL, form)
	o.err = err
	return answer, err
}

func (o *once) send(method, rawURL string, form url.Values) (*http.Response, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("the library made no URL")
	}
	r, err := http.NewRequestWithContext(o.ctx, method, o.t.api.JoinPath(u.EscapedPath()).String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, errors.New("the API address is no URL")
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	r.SetBasicAuth(o.t.config.AccountSID, o.t.config.AuthToken)
	answer, err := o.t.http.Do(r)
	if err != nil {
		return nil, adapters.FromTransport(err)
	}
	defer answer.Body.Close()
	body, err := adapters.ReadAnswer(answer)
	if err != nil {
		return nil, err
	}
	if err := judge(answer, body); err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// judge says what an answer means: by Twilio's own code where it gives one that we know, else by the status. Nothing of
// its text is kept, since Twilio's sentences repeat the number.
func judge(answer *http.Response, body []byte) error {
	byStatus := adapters.FromStatus(Name, answer.StatusCode, answer.Header, time.Now())
	if byStatus == nil {
		return nil
	}
	var e struct {
		Code int `json:"code"`
	}
	if json.Unmarshal(body, &e) != nil || adapters.Code(e.Code) == 0 {
		return byStatus
	}
	coded := fmt.Errorf("%s answered %d, code %d", Name, answer.StatusCode, e.Code)
	if throttling[e.Code] {
		return adapters.Throttled{After: adapters.RetryAfter(answer.Header, time.Now()), Err: coded}
	}
	if mean, ok := meaning[e.Code]; ok && answer.StatusCode < 500 {
		return mean(coded)
	}
	return fmt.Errorf("%w (code %d)", byStatus, e.Code)
}
