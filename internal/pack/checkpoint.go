package pack

import (
	"net/url"
	"strings"

	"go.yaml.in/yaml/v4"

	"chumrok/internal/phone"
)

// Checkpoint says to whom the head of the record is given each day, so that nobody at the gateway can change the record unseen: a phone or a
// web address outside it. The zero Checkpoint is nobody.
type Checkpoint struct {
	To  phone.Number // gets it as an SMS; zero where it goes to URL
	URL string       // gets it by POST; "" where it goes to To
}

// On reports whether it is given to anybody.
func (c Checkpoint) On() bool { return !c.To.IsZero() || c.URL != "" }

// Safe reports whether it goes by SMS or over https, which is all that production allows.
func (c Checkpoint) Safe() bool { return !strings.HasPrefix(c.URL, "http:") }

// checkpoint reads to whom the record's head goes; country and outbound are read before it.
func (s *settings) checkpoint(n *yaml.Node, p *Pack) (c Checkpoint) {
	if n == nil {
		return c
	}
	keys := s.object(n, "checkpoint", "to?", "url?")
	if keys == nil {
		return c
	}
	if (keys["to"] == nil) == (keys["url"] == nil) {
		s.fault(n, `write {to: "+855…"} or {url: "https://…"}, one of them`, "checkpoint goes to a phone or to a web address")
		return c
	}
	if at := keys["to"]; at != nil {
		var err error
		if c.To, err = p.Country.Parse(s.text(at, "checkpoint.to")); err != nil {
			s.fault(at, "write the number of a phone outside the gateway's office, with its calling code", "checkpoint.to is no phone number")
			return c
		}
		reached := false
		for _, prefix := range p.Outbound.Prefixes {
			reached = reached || strings.HasPrefix(c.To.E164(), prefix)
		}
		if !reached {
			s.fault(at, "write a number that outbound.prefixes allows", "checkpoint.to is a number that nothing is sent to")
		}
		return c
	}
	at := keys["url"]
	c.URL = s.text(at, "checkpoint.url")
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.Fragment != "" {
		s.fault(at, "write an address such as https://records.example.org/checkpoints, without a name, a password or a # in it", "checkpoint.url is no web address")
		return c
	}
	if !c.Safe() {
		*s.notes = append(*s.notes, Note{File: s.file, Line: at.Line, Text: "checkpoint.url is plain http: only trial mode sends to it"})
	}
	return c
}
