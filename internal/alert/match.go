package alert

import (
	"slices"
	"time"
)

// questionOpen is how long a bare digit counts as the answer to our question: contract "Committee phones".
const questionOpen = 10 * time.Minute

// staleTaken is how long a referral that somebody else has taken still counts among those that a bare digit could mean. Within a day an
// officer may still be answering that alert; later, it would only force a code on every answer for weeks.
const staleTaken = 24 * time.Hour

// A Kind says what a code belongs to.
type Kind string

const (
	// ForReferral is a referral's code.
	ForReferral Kind = "referral"
	// ForHold is a hold's code, at the desk.
	ForHold Kind = "hold"
	// ForDrill is the code of a test of the phones. Any answer to it is one.
	ForDrill Kind = "drill"
)

// Open is a referral or hold that this phone was alerted to and that is not closed.
type Open struct {
	Code      string
	Kind      Kind
	ID        string    // of the referral or hold
	OfficerID string    // the row of the directory under which this phone was alerted
	Taken     bool      // somebody else owns it
	AlertedAt time.Time // the last alert about it to this phone
}

// A Match says what an officer's message is about. Where Found is false, Reply is the answer and nothing else happens.
type Match struct {
	Found    bool
	Open     Open
	Verb     Verb
	Follow   int
	Reply    Reply
	Question *Question // to be kept for the phone; nil: forget an older one
}

// Resolve finds what a message is about: w and ok from ParseWords, what is open for the phone that sent it, and the question that we asked it
// last, nil when there is none or another message went to it since. A code counts only if it was sent to this phone; a bare digit counts
// only while one thing is open, or within ten minutes as the answer to our question. Everything else is asked back, never guessed.
func Resolve(w Words, ok bool, open []Open, pending *Question, now time.Time) Match {
	if !ok {
		w = Words{Digit: NoDigit}
		if m, asked := toQuestion(w, open, pending, now); asked {
			return m
		}
		return Match{Reply: Reply{Key: "alert.not_understood"}}
	}
	if w.Code != "" {
		return withCode(w, open)
	}
	if m, answered := toQuestion(w, open, pending, now); answered {
		return m
	}
	counted := slices.DeleteFunc(slices.Clone(open), func(o Open) bool { return o.Taken && now.Sub(o.AlertedAt) > staleTaken })
	if len(counted) == 0 {
		counted = open
	}
	slices.SortStableFunc(counted, func(a, b Open) int { return b.AlertedAt.Compare(a.AlertedAt) })
	switch {
	case w.Verb == AskHelp:
		m := Match{Reply: Reply{Key: "alert.help"}}
		if len(counted) > 0 {
			m.Reply.Code = counted[0].Code
		}
		return m
	case w.Verb == NoVerb, len(counted) == 0:
		return Match{Reply: Reply{Key: "alert.not_understood"}}
	case len(counted) > 1:
		return Match{Reply: Several(counted)}
	}
	return Match{Found: true, Open: counted[0], Verb: w.Verb, Follow: w.Follow}
}

// withCode finds the code among those that this phone was sent.
func withCode(w Words, open []Open) Match {
	i := slices.IndexFunc(open, func(o Open) bool { return o.Code == w.Code })
	switch {
	case i < 0:
		return Match{Reply: Reply{Key: "alert.not_yours", Code: w.Code}}
	case w.Verb == NoVerb:
		return Match{Reply: Reply{Key: "alert.help", Code: w.Code}}
	}
	return Match{Found: true, Open: open[i], Verb: w.Verb, Follow: w.Follow}
}

// toQuestion takes a bare digit as the answer to our question, while it may be one. Anything else that came instead of an answer is
// asked again.
func toQuestion(w Words, open []Open, q *Question, now time.Time) (Match, bool) {
	// A question of the future was asked by a gateway whose clock is ahead, or before ours was set back: it is still open.
	// Were it none, the digit of a reason would accept what was just declined.
	if q == nil || w.Follow != 0 || w.Spoken || w.Verb == AskHelp || now.Sub(q.AskedAt) > questionOpen {
		return Match{}, false
	}
	i := slices.IndexFunc(open, func(o Open) bool { return o.Code == q.Code })
	if i < 0 {
		return Match{}, false
	}
	m := Match{Found: true, Open: open[i], Follow: w.Digit}
	again := Reply{Code: q.Code}
	var fits bool
	switch q.Kind {
	case AskReason:
		m.Verb, again.Key, fits = CannotDo, "alert.decline_why", w.Digit >= Away && w.Digit <= AnotherCause
	case AskOutcome:
		m.Verb, again.Key = GiveOutcome, "alert.outcome_which"
		fits = w.Digit >= 1 && w.Digit <= smsOutcomes
	default:
		return Match{}, false
	}
	if !fits {
		return Match{Reply: again, Question: &Question{Kind: q.Kind, Code: q.Code, AskedAt: now}}, true
	}
	return m, true
}

// Several asks which one is meant. Four codes fit the message; the newest are the likeliest, and any other can be written too.
func Several(open []Open) Reply {
	r := Reply{Key: "alert.several", N: len(open)}
	for _, o := range open[:min(4, len(open))] {
		r.Codes = append(r.Codes, o.Code)
	}
	r.Code = r.Codes[0]
	return r
}
