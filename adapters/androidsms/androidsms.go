// Package androidsms carries SMS through an ordinary Android phone with a local SIM, so that a commune can begin before
// any operator has signed anything: the app SMS Gateway for Android reports what the phone receives and sends what we
// ask. It believes no report without the phone's signature, and never sends twice.
//
// Facts: the app's own documentation, features/webhooks and features/sending-messages (docs.sms-gate.app), and its source
// for what is signed when: a report that is delivered again is signed afresh.
package androidsms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
const Name = "androidsms"

// clocksApart is how far the phone's clock may be from ours: what the app's documentation advises. It can be this short
// although the app tries for two days, since each attempt is signed with its own time.
const clocksApart = 5 * time.Minute

// Config is a phone, reached on its own or through the app's cloud or private server.
type Config struct {
	Country    phone.Country // where senders are at home whose number comes without a plus sign
	URL        string        // the base address of its API: http://PHONE:8080, or https://api.sms-gate.app/3rdparty/v1
	Username   string
	Password   string
	SigningKey string            // of the app's settings, Webhooks; its own default of eight letters is too short
	Now        func() time.Time  // nil = time.Now
	Transport  http.RoundTripper // the way out; nil = the usual one
}

// AndroidSMS is the adapter.
type AndroidSMS struct {
	config Config
	api    *url.URL
	http   *http.Client
}

// New checks the configuration and returns the adapter; all faults come in one error.
func New(c Config) (*AndroidSMS, error) {
	var faults []error
	for _, v := range []struct{ value, what string }{
		{c.Username, "the username"}, {c.Password, "the password"}, {c.SigningKey, "the signing key"},
	} {
		if v.value == "" {
			faults = append(faults, fmt.Errorf("%s is not set", v.what))
		}
	}
	api, err := url.Parse(strings.TrimRight(c.URL, "/"))
	if err != nil || (api.Scheme != "https" && api.Scheme != "http") || api.Host == "" || api.RawQuery != "" {
		faults = append(faults, errors.New("the API address is no URL: give http://PHONE:8080 or https://api.sms-gate.app/3rdparty/v1"))
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("androidsms: %w", errors.Join(faults...))
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &AndroidSMS{config: c, api: api, http: adapters.Client(c.Transport)}, nil
}

// Name returns Name.
func (a *AndroidSMS) Name() string { return Name }

// Routes is the one hook: the app tells its events apart in the body.
func (a *AndroidSMS) Routes() []adapters.Route {
	return []adapters.Route{{Method: http.MethodPost, Pattern: "/hooks/" + Name, Handler: a.hook}}
}

// event is what the app reports. The outer id is the event's own and stays the same however often it is delivered;
// payload.messageId of a received message is a short hash of its content, which two messages can share.
type event struct {
	Event   string `json:"event"`
	ID      string `json:"id"`
	Payload struct {
		MessageID   string `json:"messageId"`
		Message     string `json:"message"`
		Sender      string `json:"sender"`
		PhoneNumber string `json:"phoneNumber"` // of older apps
		Recipient   string `json:"recipient"`
		ReceivedAt  string `json:"receivedAt"`
		Reason      string `json:"reason"`
	} `json:"payload"`
}

// states is what the app's events about a message that we sent mean for the phone that it was sent to.
var states = map[string]adapters.DeliveryState{
	"sms:sent":      adapters.Handed,
	"sms:delivered": adapters.Delivered, // comes once for each part of a long message
	"sms:failed":    adapters.Failed,
	"sms:cancelled": adapters.Failed,
}

func (a *AndroidSMS) hook(sink adapters.Sink) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := a.authentic(w, r)
		if !ok {
			return
		}
		var e event
		if json.Unmarshal(adapters.Body(body), &e) != nil || e.ID == "" || e.Event == "" {
			http.Error(w, "this is no event of the app: id or event is missing", http.StatusBadRequest)
			return
		}
		state, report := states[e.Event]
		var err error
		switch {
		case e.Event == "sms:received":
			err = a.received(r, e, sink)
		case report && e.Payload.MessageID == "":
			http.Error(w, "messageId is missing", http.StatusBadRequest)
			return
		case report:
			d := adapters.Delivery{Provider: Name, ID: e.Payload.MessageID, State: state}
			if state == adapters.Failed {
				d.Reason = reasonWord.FindString(e.Payload.Reason)
			}
			err = sink.Delivered(r.Context(), d)
		default:
			adapters.Ignored(sink, Name, known(e.Event))
		}
		if err != nil {
			adapters.SinkFailed(w)
			return
		}
		w.WriteHeader(http.StatusOK)
	})
}

// received takes an SMS, whose answer is sent apart.
func (a *AndroidSMS) received(r *http.Request, e event, sink adapters.Sink) error {
	sender := e.Payload.Sender
	if sender == "" {
		sender = e.Payload.PhoneNumber
	}
	from, _ := a.config.Country.ParseSender(sender) // often in national form; what is no number is kept as none
	at, _ := time.Parse(time.RFC3339, e.Payload.ReceivedAt)
	_, err := sink.Receive(r.Context(), adapters.Message{
		Provider: Name,
		Channel:  adapters.SMS,
		ID:       e.ID,
		From:     from,
		To:       adapters.Text(e.Payload.Recipient),
		Text:     adapters.Text(e.Payload.Message),
		Apart:    true,
		At:       at.UTC(),
	})
	return err
}

// reasonWord is the app's code for a failure (RESULT_ERROR_NO_SERVICE); its sentences are not kept.
var reasonWord = regexp.MustCompile(`\b[A-Z][A-Z_]{2,39}\b`)

// others are the events that say nothing about a text message.
var others = map[string]bool{"sms:data-received": true, "mms:received": true, "mms:downloaded": true, "system:ping": true, "app:started": true}

// known returns the event's name, or "other" for one that is not in our list, since a name may hold anything.
func known(name string) string {
	if others[name] {
		return name
	}
	return "other"
}

// authentic reads the body and checks that the phone signed it, and when; else it answers the request.
func (a *AndroidSMS) authentic(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, ok := adapters.ReadBody(w, r)
	if !ok {
		return nil, false
	}
	stamp := r.Header.Get("X-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	given, noHex := hex.DecodeString(r.Header.Get("X-Signature"))
	apart := a.config.Now().Sub(time.Unix(seconds, 0)).Abs()
	if err != nil || noHex != nil || apart > clocksApart || !hmac.Equal(given, a.sign(body, stamp)) {
		adapters.Forbid(w)
		return nil, false
	}
	return body, true
}

// sign is the app's signature: HMAC-SHA256 over the body as it came and the time stamp behind it.
func (a *AndroidSMS) sign(body []byte, stamp string) []byte {
	mac := hmac.New(sha256.New, []byte(a.config.SigningKey))
	mac.Write(body)
	mac.Write([]byte(stamp))
	return mac.Sum(nil)
}
