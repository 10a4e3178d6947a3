// Package alert gets a person to act on a referral: whom to write to next, when the next step of the ladder is told, and what an officer's
// answer means. It sends nothing, reads no clock and keeps nothing: a referral, a directory and a time go in, a Decision comes out.
package alert

import (
	"slices"
	"time"

	"chumrok/internal/referral"
)

// A Call is somebody to be written to. Its text needs what the gateway knows of the referral (code, place, risk) and the two tiers.
type Call struct {
	OfficerID string
	Key       string    // of locales: the Asking keys, or one that only informs
	Tier      string    // the officer's own tier: a body of the directory, "tier."+Tier in locales
	Other     string    // the tier that the text names: in alert.next_tier the one that did not answer, in alert.nobody_there the one whose officers are all away, in alert.late_seen and alert.late_outcome the owner's, in alert.passed_up and alert.late_owner the one told now
	When      time.Time // the time in the text, where it is another than the accepted clock's
	Repeat    int       // 0 the first time, then how often it was sent again; an alert that is repeated says so
}

// informing are the keys of calls that go to somebody who was alerted before and ask for no new answer, though they can be answered.
var informing = []string{"alert.passed_up", "alert.added", "alert.reminder", "alert.remind_seen", "alert.remind_outcome", "alert.remind_review",
	"alert.late_owner", "alert.returned", "alert.withdrawn"}

// Asks reports whether the call is an alert, which is kept until it is answered; the others only inform.
func (c Call) Asks() bool { return !slices.Contains(informing, c.Key) }

// A Reply is the answer to the phone that wrote. The zero Reply is no answer.
type Reply struct {
	Key   string
	Code  string    // the referral or hold that it is about; an example in alert.several and alert.help
	When  time.Time // the time in the text: by when to see the child, or to give the outcome; zero when the text has none
	Codes []string  // alert.several: the codes to choose from, the newest first, four at most
	N     int       // alert.several: how many there are in all
}

// A QuestionKind is what we asked a phone last. A bare digit within ten minutes is the answer to it.
type QuestionKind string

const (
	// AskReason: why an officer cannot.
	AskReason QuestionKind = "reason"
	// AskOutcome: which outcome.
	AskOutcome QuestionKind = "outcome"
)

// A Question is what we asked a phone last. The gateway keeps one for each phone, and forgets it as soon as any other message goes to that
// phone: a bare digit after that may answer the other one.
type Question struct {
	Kind    QuestionKind
	Code    string
	AskedAt time.Time
}

// A Decision is what follows from something that happened to a referral. Referral is the changed copy, with the Version it had, so that
// the store can see whether somebody else was faster; if so, load it again and decide again.
type Decision struct {
	Referral referral.Referral
	Changed  bool           // the Referral differs from the one given
	Calls    []Call         // whom to write to
	Clock    time.Time      // the accepted clock that runs now: put it in the due work; zero: none runs, remove it. The others are the Referral's Timers
	Alarm    string         // non-empty: the last step did not answer, in words; raise what cannot be silent
	Hold     *referral.Hold // something for the desk: give it ID and Code, then StartHold
	Reply    Reply          // to the phone that wrote
	Question *Question      // to be kept for the phone that wrote; nil: there is none, forget an older one
}

// A HoldDecision is a Decision about a hold.
type HoldDecision struct {
	Hold     referral.Hold
	Changed  bool
	Calls    []Call
	Clock    time.Time // when the desk is told again; zero: nobody needs to be
	Deserted bool      // everybody at the desk is away, and was told all the same
	Alarm    string
	Reply    Reply
	Question *Question
}
