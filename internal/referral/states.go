package referral

// A State is where a referral stands. Its Meaning is a sentence for a person; states.md draws how one follows another.
type State string

const (
	// Alerting means that people are being alerted and nobody has accepted yet; the accepted clock runs.
	Alerting State = "alerting"
	// Accepted means that a named person has taken it and is to see the child.
	Accepted State = "accepted"
	// Seen means that a worker has seen the child; the outcome is awaited.
	Seen State = "seen"
	// Review means that an outcome was given that a district reviewer has to confirm.
	Review State = "review"
	// Closed means that the outcome is known and nothing more is asked of anybody.
	Closed State = "closed"
)

// States returns the states in the order in which a referral usually goes through them.
func States() []State { return []State{Alerting, Accepted, Seen, Review, Closed} }

// String is the state's word, as it is stored.
func (s State) String() string { return string(s) }

// Meaning says in a sentence what the state is for a person.
func (s State) Meaning() string {
	switch s {
	case Alerting:
		return "People are being alerted and nobody has accepted yet."
	case Accepted:
		return "A named person has taken it and is to see the child."
	case Seen:
		return "A worker has seen the child; the outcome is awaited."
	case Review:
		return "An outcome was given that a district reviewer has to confirm."
	case Closed:
		return "The outcome is known and nothing more is asked of anybody."
	}
	return "This state is not known."
}

// Open reports whether the referral still needs somebody.
func (s State) Open() bool { return s != Closed }

// An Event is what moves a referral from state to state.
type Event string

const (
	// Accept: an officer who was alerted takes it.
	Accept Event = "accept"
	// Cannot: an officer can't; from the owner it is a giving back.
	Cannot Event = "cannot"
	// Unreachable: an officer's phone cannot be reached for good.
	Unreachable Event = "unreachable"
	// TimeOut: the accepted clock ran out.
	TimeOut Event = "time out"
	// TakeBack: the desk takes it back before anybody accepted, since its report goes another way or needs nobody.
	TakeBack Event = "taken back"
	// SawChild: the owner says that a worker has seen the child.
	SawChild Event = "seen"
	// Finish: the owner gives an outcome that needs no review.
	Finish Event = "outcome"
	// FinishForReview: the owner gives an outcome that a district reviewer has to confirm.
	FinishForReview Event = "outcome to review"
	// Confirm: the reviewer confirms the outcome.
	Confirm Event = "confirm"
	// Refuse: the reviewer does not, and the child has not been seen; the owner goes on.
	Refuse Event = "refuse"
	// RefuseSeen: the reviewer does not, and the child has been seen; the owner goes on.
	RefuseSeen Event = "refuse after seen"
	// PassUp: the reviewer does not, and gives it to the next step.
	PassUp Event = "pass up"
	// HandOn: the owner, or the desk for him, gives it to somebody else.
	HandOn Event = "hand on"
	// SeenOut: the seen clock ran out; the owner stays.
	SeenOut Event = "seen clock out"
	// OutcomeOut: the outcome clock ran out; the owner stays.
	OutcomeOut Event = "outcome clock out"
	// ReviewOut: the review clock ran out.
	ReviewOut Event = "review clock out"
)

// Events returns everything that can happen to a referral.
func Events() []Event {
	return []Event{Accept, Cannot, Unreachable, TimeOut, SawChild, Finish, FinishForReview, Confirm, Refuse, RefuseSeen, PassUp, HandOn, SeenOut,
		OutcomeOut, ReviewOut}
}

// A Transition is one arrow of the drawing in states.md.
type Transition struct {
	From State
	On   Event
	To   State
}

// Transitions returns every arrow. What is not among them does not move a referral.
func Transitions() []Transition {
	return []Transition{
		{Alerting, Accept, Accepted},
		{Alerting, Cannot, Alerting},
		{Alerting, Unreachable, Alerting},
		{Alerting, TimeOut, Alerting},
		{Alerting, TakeBack, Closed},
		{Accepted, SawChild, Seen},
		{Accepted, Cannot, Alerting},
		{Accepted, HandOn, Alerting},
		{Accepted, SeenOut, Accepted},
		{Accepted, OutcomeOut, Accepted},
		{Accepted, Finish, Closed},
		{Accepted, FinishForReview, Review},
		{Seen, Cannot, Alerting},
		{Seen, HandOn, Alerting},
		{Seen, OutcomeOut, Seen},
		{Seen, Finish, Closed},
		{Seen, FinishForReview, Review},
		{Review, Confirm, Closed},
		{Review, Refuse, Accepted},
		{Review, RefuseSeen, Seen},
		{Review, PassUp, Alerting},
		{Review, Unreachable, Review},
		{Review, ReviewOut, Review},
	}
}

// After gives the state that an event leads to; ok is false where the event does not move a referral.
func (s State) After(on Event) (to State, ok bool) {
	for _, t := range Transitions() {
		if t.From == s && t.On == on {
			return t.To, true
		}
	}
	return s, false
}
