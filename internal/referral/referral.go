// Package referral decides which bodies and which people are responsible for a report, who must not be told of it, and says why in words.
// It sends nothing, reads no clock and keeps nothing: a directory, a gazetteer and a report go in, a plan or a hold comes out.
package referral

import (
	"slices"
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/report"
)

// A Referral is a report given to a body to act on. It is a value: package alert returns a changed copy. All of it can be written as JSON and
// read back; nothing in it is secret, except that its Plan shows who was named, so a list for officers never shows the Plan.
// At every moment until it is closed somebody is named and a clock runs: while alerting AcceptDue, while accepted SeenClock and OutcomeClock
// and Owner answers for it, while seen OutcomeClock, in review ReviewClock and Reviewers.
type Referral struct {
	ID             string
	ReportID       string
	ConversationID string
	Code           string // six digits, what officers write
	State          State
	Risk           report.Risk
	AreaCode       string // the commune in force, six digits
	Plan           Plan
	Step           int      // index in Plan.Steps of the first step that was started last; steps after it with Parallel started with it
	Called         []Called // who was alerted, in order, each once
	Declined       []string // officers who answered "cannot"
	Failed         []string // officers whose phone could not be reached for good
	Misplaced      bool     // an officer said that it is another commune's, and the desk was asked
	AtDesk         bool     // everybody on the ladder said no or cannot be reached, and the desk was asked
	Repeat         int      // how many times the last step's alert was sent again
	Owner          string   // the officer who accepted
	StartedAt      time.Time
	DangerAt       time.Time // when danger was said; zero when it was not
	AcceptDue      time.Time // when the next step is told; zero unless alerting
	AcceptRemind   time.Time // when those who are asked are reminded; zero when they were, or are not to be
	AcceptedAt     time.Time
	SeenDue        time.Time // by when a worker should have seen the child; zero unless accepted
	SeenAt         time.Time
	OutcomeDue     time.Time // by when the outcome should be known; zero unless accepted or seen
	SeenClock      Timer     // runs while accepted
	OutcomeClock   Timer     // runs while accepted or seen
	ReviewClock    Timer     // runs in review
	Reviewers      []string  // who was asked to agree with the outcome, in order, each once
	Outcome        string    // one of the outcomes of package alert
	OutcomeAt      time.Time // when it was given
	OutcomeBy      string    // the officer who gave it
	ReviewedBy     string    // the officer who agreed with it, or did not
	Note           string    // what was written beside the outcome
	ClosedAt       time.Time
	ToldTaken      bool // the reporter was, or is to be, told that somebody took it
	ToldClosed     bool // and that it is closed
	Version        int  // counted by the store; 0 is not stored yet
}

// Called is an officer who was alerted, and in which step.
type Called struct {
	OfficerID string
	Step      int
}

// A Timer is a clock that runs while somebody already answers for a referral. When it runs out the next step is told, and it runs again.
type Timer struct {
	Remind time.Time // when whoever must act is reminded; zero when that was done, or is not to be
	Next   time.Time // when the next step is told; zero when it does not run
	Late   int       // how often it has run out
	Step   int       // index in Plan.Steps of the last step that was told
	Repeat int       // how often the last step of all was told again: nobody above is left
}

// Running reports whether the clock runs.
func (t Timer) Running() bool { return !t.Next.IsZero() }

// Unanswered reports whether the last step of all was told and a clock has run out there too: a person must act now.
func (r Referral) Unanswered() bool {
	return r.State == Alerting && r.Repeat > 0 || r.State.Open() && r.SeenClock.Repeat+r.OutcomeClock.Repeat+r.ReviewClock.Repeat > 0
}

// WasCalled reports whether the officer was alerted.
func (r Referral) WasCalled(officerID string) bool {
	return slices.ContainsFunc(r.Called, func(c Called) bool { return c.OfficerID == officerID })
}

// A Plan is the order in which bodies are told. Steps[0] is told first. Why explains each step taken and each step skipped, one sentence each.
type Plan struct {
	Steps   []Step
	Why     []string
	Removed Removal
}

// A Step is one body told, at the area that it serves.
type Step struct {
	Body     directory.Body
	Area     string   // the area of its officers in the directory: 6, 4 or 2 digits, or KH
	Only     []string `json:",omitempty"` // when not empty, these officers alone are told, whoever else serves there
	First    []string `json:",omitempty"` // these officers of the step are told before its others, in this order
	Single   bool     `json:",omitempty"` // one person of it is told, and another one only when that one cannot
	Parallel bool     `json:",omitempty"` // told together with the step before it
	Why      string
}

// Group returns the indices [from, to) of the steps that start together with step i.
func (p Plan) Group(i int) (from, to int) {
	if i < 0 || i >= len(p.Steps) {
		return len(p.Steps), len(p.Steps)
	}
	from, to = i, i+1
	for from > 0 && p.Steps[from].Parallel {
		from--
	}
	for to < len(p.Steps) && p.Steps[to].Parallel {
		to++
	}
	return from, to
}

// Ladders are the deployment's orders of bodies, as they stand under ladder in pack.yaml.
type Ladders struct {
	Default    []directory.Body            `yaml:"default"`
	Emergency  []directory.Body            `yaml:"emergency"`   // while emergency mode is on; empty: as Default
	ByProvince map[string][]directory.Body `yaml:"by_province"` // two-digit code → the order there, instead of Default
	DangerHelp []directory.Body            `yaml:"danger_help"` // told at the same time when a child is in danger now
	// ByHarm is the order for a harm with a way of its own, instead of all others: see HarmsWithLadder.
	ByHarm map[report.Harm][]directory.Body `yaml:"-"`
}

// HarmsWithLadder are the harms for which a deployment may name a ladder. Sexual harm has none: who may know of it is not a deployment's to
// widen.
func HarmsWithLadder() []report.Harm { return []report.Harm{report.HarmBullying, report.HarmSelf} }

// A HoldReason says why something waits at the desk for a person.
type HoldReason string

const (
	// UnclearPlace means that a place was told but not which commune it is.
	UnclearPlace HoldReason = "unclear_place"
	// NoPlace means that no place was told.
	NoPlace HoldReason = "no_place"
	// NobodyReachable means that the directory has nobody who may be told.
	NobodyReachable HoldReason = "nobody_reachable"
	// UnfinishedReport means that the caller stopped half-way, with something told.
	UnfinishedReport HoldReason = "unfinished"
	// WrongCommune means that an officer says that the matter belongs to another commune.
	WrongCommune HoldReason = "wrong_commune"
	// AddedTo means that something was added to a report by its code, and nobody is there who could be told of it, or too much was added.
	AddedTo HoldReason = "added_to"
	// AskedToErase means that the reporter asks that what was told be erased.
	AskedToErase HoldReason = "asked_to_erase"
	// SuspectedDuplicate means that another report speaks of the same commune, harm and age. Both go their way; a person may join them.
	SuspectedDuplicate HoldReason = "duplicate"
	// Flood means that very many reports came from one commune or from one phone in a short time.
	Flood HoldReason = "flood"
	// DeclinedByAll means that everybody on the ladder said no or cannot be reached.
	DeclinedByAll HoldReason = "declined"
)

// HoldReasons returns all reasons for which something is held.
func HoldReasons() []HoldReason {
	return []HoldReason{UnclearPlace, NoPlace, NobodyReachable, UnfinishedReport, WrongCommune, AddedTo, AskedToErase, SuspectedDuplicate, Flood, DeclinedByAll}
}

// Meaning says in a sentence what the reason is.
func (r HoldReason) Meaning() string {
	switch r {
	case UnclearPlace:
		return "A place was told, but not which commune it is."
	case NoPlace:
		return "No place was told."
	case NobodyReachable:
		return "The directory has nobody who may be told."
	case UnfinishedReport:
		return "The caller stopped half-way, with something told."
	case WrongCommune:
		return "An officer says that the matter belongs to another commune."
	case AddedTo:
		return "Something was added to a report, and a person must look at it."
	case AskedToErase:
		return "The reporter asks that what was told be erased; a person decides."
	case SuspectedDuplicate:
		return "Another report speaks of the same commune, harm and age; a person says whether it is the same child."
	case Flood:
		return "Very many reports came in a short time; a person must look at what is happening."
	case DeclinedByAll:
		return "Everybody on the ladder said no or cannot be reached."
	}
	return "This reason is not known."
}

// Quiet reports whether the desk is told of such a hold only when its clock runs out: what it is about goes its way meanwhile, and others are
// being asked.
func (r HoldReason) Quiet() bool { return r == SuspectedDuplicate || r == DeclinedByAll }

// A HoldState is where a hold stands.
type HoldState string

const (
	// HoldWaiting means that the desk has been asked and nobody has taken it yet; a clock runs.
	HoldWaiting HoldState = "waiting"
	// HoldTaken means that a person at the desk is deciding.
	HoldTaken HoldState = "taken"
	// HoldReleased means that a person decided, and what was held went on.
	HoldReleased HoldState = "released"
)

// Meaning says in a sentence what the state is for a person.
func (s HoldState) Meaning() string {
	switch s {
	case HoldWaiting:
		return "The desk has been asked and nobody has taken it yet."
	case HoldTaken:
		return "A person at the desk is deciding."
	case HoldReleased:
		return "A person decided, and what was held went on."
	}
	return "This state is not known."
}

// A Hold is something that waits for a person at the desk. Like a Referral it can be written as JSON, and package alert moves it.
type Hold struct {
	ID             string
	ReportID       string
	ConversationID string
	ReferralID     string // the referral that it is about, where it is about one and holds none back; else empty
	Code           string // six digits, as a referral's
	Reason         HoldReason
	Why            []string // what is known of it, in sentences
	State          HoldState
	Risk           report.Risk // zero when not judged
	Danger         bool        // danger was said: the immediate clock runs
	AreaCode       string      // what is known of the place: 6, 4 or 2 digits, or empty
	Removed        Removal     // who must not be told, at the desk either
	Called         []string    // desk officers who were told
	Declined       []string    // desk officers who answered "cannot"
	Repeat         int         // how many times the desk was told again
	Owner          string      // the desk officer who took it
	StartedAt      time.Time
	DangerAt       time.Time
	Due            time.Time // when its owner is reminded, or else the desk told again; zero once it is released
	TakenAt        time.Time
	Nudged         bool     // its owner was reminded that it is not decided
	Like           []string // the codes of what it may be the same as: SuspectedDuplicate
	Version        int      // counted by the store; 0 is not stored yet
}
