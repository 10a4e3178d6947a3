// Package flows decides what a caller's phone shows next: from a definition, the state of the conversation and what she pressed or wrote.
// It does no I/O, reads no clock and keeps nothing between two calls; what its events call for is done by the gateway.
package flows

import "time"

// Channel is the way a conversation reaches the phone.
type Channel string

// The two channels. A USSD screen vanishes when it is answered; an SMS stays on the phone, so all its texts are exposed ones.
const (
	USSD Channel = "ussd"
	SMS  Channel = "sms"
)

// channels in the order in which compiled screens are held.
var channels = [...]Channel{USSD, SMS}

func (c Channel) index() int {
	if c == SMS {
		return 1
	}
	return 0
}

// Input is what came from the phone, already free of control characters.
type Input struct{ Text string }

// Screen is what goes to the phone. End closes the dialogue (USSD) or the conversation (SMS).
type Screen struct {
	Text string
	End  bool
}

// EventKind says what happened in a step.
type EventKind string

// The kinds of events, in the order in which a conversation meets them.
const (
	Answered   EventKind = "answered"   // Name is the field, Value the answer; an empty value takes an earlier answer back
	Unanswered EventKind = "unanswered" // the caller went back: Name is the field that has no answer any more
	Danger     EventKind = "danger"     // a child is or may be in danger now: Name and Value are the answer that says so
	Retried    EventKind = "retried"    // an input that no option and no question could take; Name is the node
	Wanted     EventKind = "wanted"     // the conversation waits for Library.Supply: Name is what is wanted, Value what the caller entered for it
	Added      EventKind = "added"      // words that came after the report was complete; Value is them
	Concluded  EventKind = "concluded"  // the report is complete; from here nothing can be unsaid
	Left       EventKind = "left"       // the caller left by key or word before the end
	Ended      EventKind = "ended"      // the conversation is over; Value is its mark, empty where there is none
)

// Event is one thing that a step brought about. A step's events are in the order in which they happened.
type Event struct {
	Kind        EventKind
	Name, Value string
}

// Beginning is what is known when a conversation begins.
type Beginning struct {
	Channel   Channel
	Flow      string        // the conversation to begin with; "" is the menu by USSD and the report by SMS
	Language  string        // "" unless known; by SMS it is then read from the first message
	Code      string        // the reporter's code, which the last screen shows
	Proof     string        // two digits by which the caller shows later that she is the same person
	AreaCode  string        // the commune of the club whose number was dialled, else ""
	Emergency bool          // emergency mode is on where the caller is
	Officer   bool          // the number stands in the directory, so the menu has the officers' part
	Expires   time.Duration // how long the conversation can be gone on with after each turn; 0 is half an hour
}

// defaultExpiry is how long a conversation waits when the pack says nothing: long enough for a call in between, short enough that a
// borrowed phone is given back first.
const defaultExpiry = 30 * time.Minute
