package pack

import (
	"fmt"
	"time"

	"go.yaml.in/yaml/v4"
)

// Retention says for how long what belongs to a matter is kept once it is over, and what belongs to none once nothing more was said in it.
type Retention struct {
	Nothing  time.Duration // calls and messages in which nothing was told
	Number   time.Duration // callers' numbers
	Told     time.Duration // what was told, and all that stands sealed about it
	Messages time.Duration // what was sent, to whom, and the ids under which providers know it
	Officers time.Duration // what officers wrote, and read on their screens
	Drills   time.Duration // which phones were called in drills
}

const (
	aDay = 24 * time.Hour
	// codesKept is how long after its end a code is still answered: store.CodeKept.
	codesKept = 90 * aDay
)

// usualRetention holds where a pack names nothing.
var usualRetention = Retention{Nothing: 7 * aDay, Number: 30 * aDay, Told: codesKept, Messages: 30 * aDay, Officers: codesKept, Drills: 365 * aDay}

// retention reads for how long things are kept. Everything has an end: a pack can set it, and cannot leave it out.
func (s *settings) retention(n *yaml.Node, resume time.Duration) Retention {
	r := usualRetention
	keys := s.object(n, "retention", "nothing_told?", "number?", "told?", "messages?", "officers?", "drills?")
	for key, to := range map[string]*time.Duration{"nothing_told": &r.Nothing, "number": &r.Number, "told": &r.Told, "messages": &r.Messages,
		"officers": &r.Officers, "drills": &r.Drills} {
		if keys[key] == nil {
			continue
		}
		if d := s.duration(keys[key], "retention."+key); d > 0 {
			if *to = d; d < max(aDay, resume) || d%aDay != 0 {
				s.fault(keys[key], "write whole days, such as 30d, and not less than sessions.sms_resume", "retention.%s is %s", key, s.text(keys[key], key))
			}
		}
	}
	for _, part := range []struct {
		key  string
		keep time.Duration
	}{{"number", r.Number}, {"messages", r.Messages}} {
		at := keys[part.key]
		if at == nil {
			at = keys["told"]
		}
		if at != nil && part.keep > r.Told {
			s.fault(at, "let told be the longest of the three: what is sealed with it cannot outlive it", "retention.%s is longer than retention.told", part.key)
		}
	}
	if at := keys["told"]; at != nil && r.Told < codesKept {
		*s.notes = append(*s.notes, Note{File: s.file, Line: at.Line, Text: fmt.Sprintf(
			"retention.told is under %d days: so long a reporter may ask with her code and say that it is not better; after retention.told the code is nobody's", codesKept/aDay)})
	}
	return r
}
