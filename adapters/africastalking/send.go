package africastalking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"chumrok/adapters"
)

// results is what the words of a recipient's status say about a message that was not taken. The provider gives each also
// as a number, but its list of numbers was not found, so only the words are trusted; a word that is not here means try
// again.
var results = map[string]func(error) error{
	"InvalidPhoneNumber":    adapters.Permanent, // no such number
	"UnsupportedNumberType": adapters.Permanent, // a landline, for instance
	"UserInBlacklist":       adapters.Permanent, // the owner refused messages
	"UserInBlackList":       adapters.Permanent,
	"DoNotDisturbRejection": adapters.Permanent,
	"UserOptedOut":          adapters.Permanent,

	"InvalidSenderId":     adapters.Misconfigured, // the sender is not registered for us
	"InsufficientBalance": adapters.Misconfigured, // somebody must pay
	"RiskHold":            adapters.Misconfigured, // the account is held until somebody speaks with the provider
}

// Codes of a recipient whose message was taken.
const (
	processed = 100
	sent      = 101
	queued    = 102
)

// Send hands one message to Africa's Talking and returns its message id, which delivery reports repeat.
func (a *AfricasTalking) Send(ctx context.Context, m adapters.Outgoing) (adapters.Receipt, error) {
	if !m.To.Dialable() {
		return adapters.Receipt{}, adapters.Permanent(errors.New("africastalking: the message is to no number"))
	}
	form := url.Values{
		"username":    {a.config.Username},
		"to":          {m.To.E164()},
		"message":     {m.Text},
		"bulkSMSMode": {"1"},
		"enqueue":     {"0"}, // we queue ourselves, and want to hear at once what is refused
	}
	from := m.From
	if from == "" {
		from = a.config.From
	}
	if from != "" {
		form.Set("from", from)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.api.JoinPath("version1/messaging").String(), strings.NewReader(form.Encode()))
	if err != nil {
		return adapters.Receipt{}, adapters.Misconfigured(errors.New("africastalking: the API address is no URL"))
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("apikey", a.config.APIKey)
	answer, err := a.http.Do(r)
	if err != nil {
		return adapters.Receipt{}, fmt.Errorf("africastalking: sending: %w", adapters.FromTransport(err))
	}
	defer answer.Body.Close()
	if err := adapters.FromStatus(Name, answer.StatusCode, answer.Header, time.Now()); err != nil {
		return adapters.Receipt{}, fmt.Errorf("africastalking: sending: %w", err)
	}
	body, err := adapters.ReadAnswer(answer)
	if err != nil {
		return adapters.Receipt{}, fmt.Errorf("africastalking: sending: %w", err)
	}
	id, err := receipt(body)
	if err != nil {
		return adapters.Receipt{}, fmt.Errorf("africastalking: sending: %w", err)
	}
	return adapters.Receipt{ID: id}, nil
}

// receipt reads the answer to one message. Nothing of its text but known words gets into an error, since it repeats the
// number.
func receipt(body []byte) (string, error) {
	var reply struct {
		SMSMessageData struct {
			Message    string
			Recipients []struct {
				StatusCode int    `json:"statusCode"`
				Status     string `json:"status"`
				MessageID  string `json:"messageId"`
			}
		}
	}
	if json.Unmarshal(body, &reply) != nil {
		return "", adapters.Uncertain(errors.New("the answer cannot be read"))
	}
	switch list := reply.SMSMessageData.Recipients; {
	case len(list) == 1:
		to := list[0]
		switch to.StatusCode {
		case processed, sent, queued:
			if to.MessageID == "" || to.MessageID == "None" {
				return "", adapters.Uncertain(errors.New("taken, but the answer names no message"))
			}
			return to.MessageID, nil
		}
		if mean, known := results[to.Status]; known {
			return "", mean(fmt.Errorf("refused with code %d, %s", adapters.Code(to.StatusCode), to.Status))
		}
		return "", fmt.Errorf("refused with code %d", adapters.Code(to.StatusCode))
	// A refusal of the whole request names no recipient, only a word.
	case len(list) == 0 && results[reply.SMSMessageData.Message] != nil:
		word := reply.SMSMessageData.Message
		return "", results[word](fmt.Errorf("refused, %s", word))
	}
	return "", adapters.Uncertain(errors.New("the answer names no recipient"))
}
