package store

import (
	"errors"
	"time"

	"chumrok/internal/audit"
	"chumrok/internal/phone"
	"chumrok/internal/referral"
	"chumrok/internal/report"
	"chumrok/internal/seal"
)

// ErrClosed is returned for an entry that came after Close.
var ErrClosed = errors.New("the store is closed")

// Bin is where a conversation stands; each is in exactly one at any moment.
type Bin string

const (
	// StillOpen is a conversation that may still go on.
	StillOpen Bin = "open"
	// Concluded is a conversation whose report has a referral.
	Concluded Bin = "concluded"
	// Held is a conversation about which a person must decide.
	Held Bin = "held"
	// Marked is a conversation that needs nobody; its Mark says why.
	Marked Bin = "marked"
)

// Mark says why a conversation needs nobody.
type Mark string

// The kinds of promise 1 of the design.
const (
	MarkEmpty       Mark = "empty"       // nothing was told
	MarkInformation Mark = "information" // something was asked or learned
	MarkService     Mark = "service"     // a network's or a provider's own message
	MarkOfficer     Mark = "officer"     // an officer's answer to an alert
	MarkTest        Mark = "test"        // a drill
	MarkSpam        Mark = "spam"        // a person decided so
	MarkJoined      Mark = "joined"      // added to another conversation
	MarkErased      Mark = "erased"      // destroyed on request; the row stays
)

// Conversation is whom a turn belongs to. For a turn of a conversation that is already stored only ID, Key, and what changes (Bin, Mark,
// DangerAt, Ended) count.
type Conversation struct {
	ID         string // UUIDv7
	LiveKey    string // under which its next turn finds it; unique among conversations that go on; "" = cannot be taken up
	Channel    string // ussd, sms
	Provider   string
	Definition string // hash of the flow definition that it began with
	Number     phone.Number
	New        bool      // to be inserted with this turn, whose Seq is 1
	Replaces   string    // the conversation that gives up its LiveKey in the same transaction; without New this one is taken up under LiveKey instead of it
	Bin        Bin       // "" = unchanged (StillOpen when New)
	Mark       Mark      // only with Marked
	DangerAt   time.Time // when danger was first said; kept once it is set
	Ended      bool      // over: its LiveKey becomes free
	Key        seal.DataKey
	Wrapped    seal.Wrapped
}

// Entry is one inbound turn and everything that it concludes. It becomes durable as a whole or not at all.
type Entry struct {
	RepeatKey    string // Keyring.RepeatKey over provider and its id of the message; never empty
	At           time.Time
	Conversation Conversation
	Seq          int64  // 1 for the first turn of a conversation, then without a gap
	Heard        []byte // what came in; plain here, sealed in the database
	Answer       []byte // what is answered
	State        []byte // the flow's state after it
	Ended        bool   // the answer ends the provider's session
	Effects      Effects
}

// Effects is what a turn, a clock or a delivery changes beside the turn itself.
type Effects struct {
	Conversations  []ConversationChange
	Report         *Report
	Referrals      []referral.Referral // Version 0 = insert; else only if the stored version is this one, which then counts up
	Holds          []referral.Hold     // likewise
	Alerts         []Alert             // inserted
	AlertStates    []AlertState
	Messages       []Message // inserted
	Digested       []Digested
	DrillMoves     []DrillMove
	MessageStates  []MessageState
	Due            []Due    // upserted by kind and subject: a later one moves the time of an earlier one
	DueDone        []DueKey // removed, whoever holds them
	DueFinished    []Due    // claimed rows that are done: removed unless they were upserted again since the claim
	Question       *Question
	ClearQuestions []string // phone indexes
	LessonsSent    []LessonSent
	Additions      []Addition
	Shown          []Shown
	EraseTry       *EraseTry
	Erasures       []ErasureChange
	ProofTried     *ProofTried
	Checkpoint     *Kept // given away with what this sends
	Audit          []audit.Entry
}

// ConversationChange is a change of a conversation that comes without a turn of it, for instance when it is found unfinished.
type ConversationChange struct {
	ID    string
	Seq   int64 // the last turn that the decision knew; another one → Behind. 0 = whatever it is.
	Bin   Bin   // "" = unchanged
	Mark  Mark
	Ended bool // its LiveKey becomes free
}

// Report is a caller's report with what triage made of it and the code that the reporter was told.
type Report struct {
	report.Report
	Risk    report.Risk
	Reasons []string
	Code    string // of the reporter, eight digits; "" = none; sealed and found by blind index
	Proof   string // two digits that only the reporter was told; "" = none, or unchanged; kept as a keyed hash
	Version int    // 0 = insert, a second one for the conversation → Behind; else update if the stored version is this one
}

// OutcomeKind is what became of an entry.
type OutcomeKind int

const (
	// Fresh means that the entry is durable.
	Fresh OutcomeKind = iota + 1
	// Repeat means that its repeat key was known: nothing was written, the stored answer comes back.
	Repeat
	// Behind means that somebody else was first (the turn's place, the live key, a code, or a version): nothing was written; reload and step again.
	Behind
)

// String is the word for it.
func (k OutcomeKind) String() string {
	switch k {
	case Fresh:
		return "fresh"
	case Repeat:
		return "repeat"
	case Behind:
		return "behind"
	}
	return "none"
}

// Outcome is what Record answers. Answer and Ended are set for Fresh (as given) and Repeat (as stored).
type Outcome struct {
	Kind         OutcomeKind
	Conversation string // the one that the turn belongs to
	Seq          int64
	Answer       []byte
	Ended        bool
}
