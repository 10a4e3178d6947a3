package flows

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"
)

// State is a conversation between two turns. It is a value: a step returns a new one and leaves the old as it was. It holds what a caller
// said, so it prints as nothing and is sealed wherever it is kept.
type State struct {
	Seq   int64  // how many turns there were; counted by the gateway
	Heard string // a provider's cumulative text so far; kept by the gateway
	Code  string // the reporter's code
	Proof string // the two digits that show on redial that it is the same person; "" where it was begun without

	hash      string // of the definition that it began with
	channel   Channel
	language  string
	node      string
	mode      mode
	page      int
	tries     int
	before    string // keys of texts in front of this screen, with a space between
	club      string // the commune of the club whose number was dialled or sent
	fresh     bool   // nothing has been shown yet
	concluded bool
	over      over
	mark      string
	answers   []answer // in the order in which they were given; the last one of a field counts
	trail     trail    // the questions that were answered, for the way back
	base      int      // how many answers there were when this node was reached
	place     placeState
	supplied  supplied
	startedAt time.Time
	expiresAt time.Time
	expires   time.Duration
}

type answer struct{ field, value string }

// supplied is what the gateway gave for the last fetch, and where it was asked for.
type supplied struct {
	vars    []answer // for the texts that follow, by name
	options []Option // what a list shows
	text    string   // what a read shows
	by      string   // the fetch node
	base    int      // how many answers there were when it was reached
}

// mode is what of a node is on the screen.
type mode byte

const (
	modeAsk   mode = iota // the node itself
	modeError             // "that number is not in the list"
	modeBad               // "that is no phone number" and the like
	modeLong              // "a little too long"
	modeMore              // the question again, to write more
)

// over is how a conversation ended.
type over byte

const (
	notOver   over = iota
	overEnd        // at an end node
	overLeft       // by 0 or STOP
	overTries      // after too many inputs that could not be taken
)

// Answer returns the answer to a field, empty when it has none.
func (s State) Answer(field string) string {
	for i := len(s.answers) - 1; i >= 0; i-- {
		if s.answers[i].field == field {
			return s.answers[i].value
		}
	}
	return ""
}

// With returns the state with a field answered from outside the conversation. Going back does not take such an answer away.
func (s State) With(field, value string) State {
	for i := len(s.answers) - 1; i >= 0; i-- {
		if s.answers[i].field == field {
			s.answers = slices.Clone(s.answers)
			s.answers[i].value = value
			return s
		}
	}
	s.answers = slices.Insert(slices.Clone(s.answers), 0, answer{field, value})
	s.trail = s.trail.shifted()
	s.base++
	return s
}

// Fields returns the names of the fields that have an answer, in the order in which they were first given.
func (s State) Fields() []string {
	var names []string
	for _, a := range s.answers {
		if !slices.Contains(names, a.field) && s.Answer(a.field) != "" {
			names = append(names, a.field)
		}
	}
	return names
}

// HasContent reports whether something was told that a person must see: a story, a harm, a place, or "yes" or "not sure" to danger.
func (s State) HasContent() bool {
	for _, name := range []string{"story", "more", "harm", "place", "place_typed", "place_area"} {
		if s.Answer(name) != "" {
			return true
		}
	}
	switch s.Answer("danger") {
	case "yes", "unsure":
		return true
	}
	return s.Answer("urgent") == "yes"
}

// Hash names the definition that the conversation began with; Library.ByHash finds it.
func (s State) Hash() string { return s.hash }

// Channel is the way the conversation reaches the phone.
func (s State) Channel() Channel { return s.channel }

// Language is the language that the conversation is held in.
func (s State) Language() string { return s.language }

// Node is the node whose screen the phone shows, for figures and for tests.
func (s State) Node() string { return s.node }

// Concluded reports whether the report is complete.
func (s State) Concluded() bool { return s.concluded }

// Over reports whether the conversation has ended; a step on it only shows its last screen again.
func (s State) Over() bool { return s.over != notOver }

// Mark is what a conversation that ends here is marked with, empty for none. While it is open it is what would be its mark if the caller
// hung up now; what must be seen by a person is never marked.
func (s State) Mark() string {
	if s.over == notOver && s.HasContent() {
		return ""
	}
	return s.mark
}

// StartedAt is when the conversation began.
func (s State) StartedAt() time.Time { return s.startedAt }

// ExpiresAt is until when the conversation can be gone on with; each turn moves it.
func (s State) ExpiresAt() time.Time { return s.expiresAt }

// String tells nothing of what was said.
func (s State) String() string { return "conversation" }

// Format makes every verb print what String returns.
func (s State) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue keeps what was said out of a log.
func (s State) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON writes nothing of what was said; AppendBinary is the way to keep a state.
func (s State) MarshalJSON() ([]byte, error) { return []byte(`"conversation"`), nil }

// answer appends an answer; the old slice is never written to, so earlier states stay as they were.
func (s *State) answer(field, value string) {
	longer := make([]answer, len(s.answers)+1)
	copy(longer, s.answers)
	longer[len(s.answers)] = answer{field, value}
	s.answers = longer
}
