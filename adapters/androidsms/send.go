package androidsms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"chumrok/adapters"
)

const (
	// keptFor is how long a message may wait for a phone that is switched off. An alert older than that was sent another
	// way long ago, and would only confuse.
	keptFor = time.Hour
	// first is the priority from which on the app does not hold a message back to spread its load.
	first = 100
)

type outgoing struct {
	ID          string `json:"id,omitempty"`
	TextMessage struct {
		Text string `json:"text"`
	} `json:"textMessage"`
	PhoneNumbers       []string `json:"phoneNumbers"`
	WithDeliveryReport bool     `json:"withDeliveryReport"`
	TTL                int      `json:"ttl"`
	Priority           int      `json:"priority"`
}

// Send hands one message to the phone under our own id, which its events repeat. The phone's number is the sender,
// whatever the message says.
func (a *AndroidSMS) Send(ctx context.Context, m adapters.Outgoing) (adapters.Receipt, error) {
	if !m.To.Dialable() {
		return adapters.Receipt{}, adapters.Permanent(errors.New("androidsms: the message is to no number"))
	}
	o := outgoing{ID: m.ID, PhoneNumbers: []string{m.To.E164()}, WithDeliveryReport: true, TTL: int(keptFor.Seconds()), Priority: first}
	o.TextMessage.Text = adapters.Text(m.Text)
	body, err := json.Marshal(o)
	if err != nil {
		return adapters.Receipt{}, errors.New("androidsms: the message makes no JSON")
	}
	id, err := a.post(ctx, body, m.ID)
	if err != nil {
		return adapters.Receipt{}, fmt.Errorf("androidsms: sending: %w", err)
	}
	return adapters.Receipt{ID: id}, nil
}

func (a *AndroidSMS) post(ctx context.Context, body []byte, ours string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.api.JoinPath("message").String(), bytes.NewReader(body))
	if err != nil {
		return "", adapters.Misconfigured(errors.New("the API address is no URL"))
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	r.SetBasicAuth(a.config.Username, a.config.Password)
	answer, err := a.http.Do(r)
	if err != nil {
		return "", adapters.FromTransport(err)
	}
	defer answer.Body.Close()
	text, err := adapters.ReadAnswer(answer)
	if err != nil {
		return "", err
	}
	return judge(answer, text, ours)
}

// judge says what an answer means. Nothing of its text is kept, since it may repeat the number.
func judge(answer *http.Response, text []byte, ours string) (string, error) {
	var said struct {
		ID      string `json:"id"`
		State   string `json:"state"`
		Error   string `json:"error"`
		Message string `json:"message"`
	}
	whole := json.Unmarshal(adapters.Body(text), &said) == nil
	byStatus := adapters.FromStatus(Name, answer.StatusCode, answer.Header, time.Now())
	switch {
	case answer.StatusCode == http.StatusConflict && ours != "" && strings.Contains(said.Message, "already exists"):
		return ours, nil // it was taken under this id before: sent again after an answer that got lost
	case answer.StatusCode == http.StatusServiceUnavailable && said.Error == "QueueLimitExceeded":
		return "", adapters.Throttled{After: adapters.RetryAfter(answer.Header, time.Now()), Err: errors.New("the phone's queue is full")}
	case byStatus != nil:
		return "", byStatus
	case !whole || said.ID == "":
		return "", adapters.Uncertain(errors.New("the answer names no message"))
	case said.State == "Failed":
		return "", fmt.Errorf("the phone refused it at once, answer %d", answer.StatusCode)
	}
	return said.ID, nil
}
