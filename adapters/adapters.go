// Package adapters says what the gateway and a provider's adapter owe each other, so that a message from any network
// reaches the same conversation and an alert leaves by whichever network can carry it. It speaks to no provider itself,
// keeps nothing, and decides neither what is answered nor whether something is sent again.
//
// An adapter checks that a request is authentic, parses it, calls the Sink and writes the answer in the provider's
// form; outbound it sends once and says what became of it. Repeats, retries, routing, limits on body size and logging
// are above it. No adapter writes a log, and no error of one holds a phone number, a text or a provider's body.
package adapters

import (
	"context"
	"net/http"
	"strings"
	"time"

	"chumrok/internal/phone"
)

// What a message came by.
const (
	SMS  = "sms"  // a message that stays on the phone
	USSD = "ussd" // a screen of a session, gone when the session ends
)

// Message is one authentic message from a phone. Whatever it says, it is handed to the Sink.
type Message struct {
	Provider string // the adapter's name
	Channel  string // SMS or USSD
	// ID is the same however often the provider delivers the message, another for any other; it may hold what was typed.
	// It is "" for a turn of USSD whose provider gives turns no id: its Session, and the order of its turns, stand for it.
	ID      string
	Session string // the network's session, for USSD
	New     bool   // the first message of a session, where the provider tells
	// From is who wrote. It is the zero Number when the provider named nobody or something that is no number: such
	// a message is kept, and cannot be answered except in the response.
	From phone.Number
	// To is the number or service code that was written to or dialled, as the provider gives it.
	To string
	// Text is what was written, whole UTF-8 (see Text), otherwise as it came: it may be empty or hold control characters.
	Text       string
	Dialled    bool      // where this begins a session, Text is what was dialled, with or without its * and #
	Cumulative bool      // Text is the whole path of the session so far; Tail gives what is new
	Apart      bool      // the response carries no answer: what is to be said is sent with Channel.Send
	At         time.Time // when the provider says it was written; zero when it does not say
}

// Answer is what the phone is shown. An empty Text is no answer at all, and for USSD ends the session.
type Answer struct {
	Text string
	End  bool // for USSD: the session ends with this screen
}

// DeliveryState is what became of a message after the provider took it.
type DeliveryState string

// The states of a delivery. They may arrive in any order and more than once.
const (
	Handed    DeliveryState = "handed"    // handed to the network, not yet to the phone
	Delivered DeliveryState = "delivered" // on the phone
	Failed    DeliveryState = "failed"    // the network gave it up: it will not arrive
)

// Delivery is a provider's word about a message sent earlier.
type Delivery struct {
	Provider string
	ID       string // the ID of the Receipt
	State    DeliveryState
	Reason   string // the provider's code for a failure; never text about a person
}

// Ended says that a session is over at the network: hung up, timed out, or ended by us.
type Ended struct{ Provider, Session string }

// Sink takes what arrives. An error of any method means that nothing was kept: the adapter answers so that the provider
// delivers again, or, when the error is or wraps a Refused and the response can show a text, shows that text.
type Sink interface {
	// Receive keeps m and says what to answer. For a repeat of m it gives the same answer again.
	Receive(ctx context.Context, m Message) (Answer, error)
	// Delivered keeps what became of a message.
	Delivered(ctx context.Context, d Delivery) error
	// Ended notes that a session is over.
	Ended(ctx context.Context, e Ended) error
}

// Watcher is what a Sink may be besides: it counts what adapters acknowledge and leave aside.
type Watcher interface {
	// Ignored notes that a provider told something that is about no message; what is a word of the adapter's own list.
	Ignored(provider, what string)
}

// Ignored tells the sink of something that the adapter acknowledges and leaves aside, where the sink wants to know.
func Ignored(sink Sink, provider, what string) {
	if w, ok := sink.(Watcher); ok {
		w.Ignored(provider, what)
	}
}

// Outgoing is a message to one phone.
type Outgoing struct {
	ID   string // ours; the same when it is sent again. A provider that takes an id of ours is given it
	To   phone.Number
	Text string
	From string // the sender shown; "" is the adapter's own
}

// Receipt says that the provider took a message.
type Receipt struct{ ID string } // the provider's id, as a Delivery repeats it; "" when it gave none

// Route is one public path of an adapter.
type Route struct {
	Method, Pattern string // the pattern in the router's form; a secret part of the path is a parameter of it
	Handler         func(Sink) http.Handler
}

// Channel is a provider's adapter. It may be used by many goroutines at once.
type Channel interface {
	// Name is the provider's name, in lower case: the one that stands in routes, in the pack and in a Message.
	Name() string
	// Routes are the public paths that the provider calls.
	Routes() []Route
	// Send sends a message once and waits for the provider's word, at most as long as ctx allows. Any error means
	// try again, here or by another provider, unless IsPermanent says otherwise; see Throttled, IsMisconfigured and
	// IsUncertain for what more is known.
	Send(ctx context.Context, m Outgoing) (Receipt, error)
}

// Tail returns what is new in a cumulative text, that is one that repeats everything typed in the session so far, joined
// by "*", as Africa's Talking sends it. previous is the text of the turn before, "" for the first.
//
// Remembering the previous text is what keeps a "*" that the caller typed: it cannot be told from a separator by looking
// at the current text alone. Where previous is no beginning of current (the session is another one, or a turn was lost),
// only the last part is surely new, and it is returned.
func Tail(previous, current string) string {
	if previous == "" || current == previous {
		return strings.TrimPrefix(current, previous)
	}
	if rest, ok := strings.CutPrefix(current, previous+"*"); ok {
		return rest
	}
	return current[strings.LastIndexByte(current, '*')+1:]
}
