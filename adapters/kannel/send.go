package kannel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"chumrok/adapters"
)

// The bodies of sendsms that mean taken, both with status 202.
const (
	accepted = "0: Accepted for delivery"
	queued   = "3: Queued for later delivery" // no operator is connected now; bearerbox keeps it
)

// refusals is what else sendsms answers and we know. A body that is not here goes by the status; nothing is given up by
// Kannel's word, since each of these is about our set-up and another provider may still carry the message.
var refusals = map[string]func(error) error{
	// Nothing was taken, whatever a 503 may mean elsewhere: bearerbox's queue is full.
	"Temporal failure, try again later.":                           func(err error) error { return adapters.Throttled{Err: err} },
	"Not routable. Do not try again.":                              adapters.Misconfigured, // no connection takes this receiver
	"Number(s) has/have been denied by white- and/or black-lists.": adapters.Misconfigured, // Kannel's own lists
	"Sender missing and no global set, rejected":                   adapters.Misconfigured,
	"Charset or body misformed, rejected":                          adapters.Misconfigured,
	"DLR-URL field misformed, rejected":                            adapters.Misconfigured,
	"Missing receiver number, rejected":                            adapters.Misconfigured, // sendsms-chars lacks "+"
	"Missing receiver(s) number(s), rejected":                      adapters.Misconfigured,
	"Empty receiver number not allowed, rejected":                  adapters.Misconfigured,
	"Authorization failed for sendsms":                             adapters.Misconfigured,
}

// dlrMask asks for every report: delivered, failed, buffered, accepted and refused by the operator.
const dlrMask = "31"

// Send hands one message to Kannel. Kannel names it by nothing, so the receipt is our own id, which stands in the address
// that its delivery reports come to.
func (k *Kannel) Send(ctx context.Context, m adapters.Outgoing) (adapters.Receipt, error) {
	if !m.To.Dialable() {
		return adapters.Receipt{}, adapters.Permanent(errors.New("kannel: the message is to no number"))
	}
	from := m.From
	if from == "" {
		from = k.config.From
	}
	to := *k.sendsms
	to.RawQuery = url.Values{
		"username": {k.config.Username},
		"password": {k.config.Password},
		"from":     {from},
		"to":       {m.To.E164()},
		"text":     {m.Text},
		"charset":  {"UTF-8"},
		"coding":   {coding(m.Text)},
		"dlr-mask": {dlrMask},
		"dlr-url":  {k.config.HooksURL + strings.Replace(hooks, "{token}", k.config.Token, 1) + "/delivery?id=" + url.QueryEscape(m.ID) + "&type=%d&reply=%A"},
	}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	if err != nil {
		return adapters.Receipt{}, adapters.Misconfigured(errors.New("kannel: the sendsms address is no URL"))
	}
	r.Close = true // on a kept connection that breaks, net/http would ask once more by itself, and send twice
	answer, err := k.http.Do(r)
	if err != nil {
		return adapters.Receipt{}, fmt.Errorf("kannel: sending: %w", adapters.FromTransport(err))
	}
	defer answer.Body.Close()
	body, err := adapters.ReadAnswer(answer)
	if err == nil {
		err = judge(answer, strings.TrimSpace(string(body)))
	}
	if err != nil {
		return adapters.Receipt{}, fmt.Errorf("kannel: sending: %w", err)
	}
	return adapters.Receipt{ID: m.ID}, nil
}

// judge says what an answer means. Nothing but Kannel's own sentence for it, whole, is a receipt: a proxy on the way may
// say 202 as well.
func judge(answer *http.Response, body string) error {
	said := fmt.Errorf("%s answered %d", Name, answer.StatusCode)
	if mean, known := refusals[body]; known && answer.StatusCode >= 400 {
		return mean(said)
	}
	if err := adapters.FromStatus(Name, answer.StatusCode, answer.Header, time.Now()); err != nil {
		return err
	}
	if body != accepted && body != queued {
		return adapters.Uncertain(errors.New("the answer does not say that the message was taken"))
	}
	return nil
}
