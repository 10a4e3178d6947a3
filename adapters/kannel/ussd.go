package kannel

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"chumrok/adapters"
)

// Shape is how an operator speaks USSD over SMPP. The specification (SMPP 5.0, ussd_service_op and its_session_info) leaves
// much open and vendors differ, so all of it is configuration; the zero Shape is the specification's reading.
type Shape struct {
	// Session is the TLV that names the session, with the phone's number; "" is its_session_info. "sender": the number
	// alone does, and no TLV is looked at.
	Session string
	// Bits is which bits of that TLV name it: "all", the default; "first", those of the first octet, the second being a
	// counter and, in its last bit, the end; "but-last", all but the last bit, which is the end.
	Bits string
	// New are the values of ussd_service_op that begin a session, and Over those by which the network ends one or confirms
	// our end. Every other value is an answer to our last screen. nil is {1} and {19, 129}.
	New, Over []int
	// Ask and End are the values that we send with a screen that waits for an answer and with the last one. 0 is 2 and 17.
	Ask, End int
}

const (
	opTLV      = "ussd_service_op"
	sessionTLV = "its_session_info"
	bySender   = "sender"
)

// Which bits of the session's TLV name it.
const (
	allBits   = "all"
	firstByte = "first"
	butLast   = "but-last"
)

func (s *Shape) fill() {
	if s.Session == "" {
		s.Session = sessionTLV
	}
	if s.Bits == "" {
		s.Bits = allBits
	}
	if s.New == nil {
		s.New = []int{1} // PSSR indication
	}
	if s.Over == nil {
		s.Over = []int{19, 129} // USSN confirm; a user's abort, as several vendors tell it
	}
	if s.Ask == 0 {
		s.Ask = 2 // USSR request
	}
	if s.End == 0 {
		s.End = 17 // PSSR response
	}
}

func (s *Shape) faults() []error {
	var faults []error
	switch s.Bits {
	case allBits, firstByte, butLast:
	default:
		faults = append(faults, errors.New("the bits of the USSD session must be all, first or but-last"))
	}
	if strings.Trim(s.Session, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
		faults = append(faults, errors.New("the USSD session must be the name of a TLV, or sender"))
	}
	seen := map[int]bool{}
	for _, op := range append(append([]int{}, s.New...), s.Over...) {
		if op < 0 || op > 255 || seen[op] {
			faults = append(faults, fmt.Errorf("the USSD operation %d stands twice, or is not from 0 to 255", op))
		}
		seen[op] = true
	}
	for _, op := range []int{s.Ask, s.End} {
		if op < 0 || op > 255 {
			faults = append(faults, fmt.Errorf("the USSD operation %d is not from 0 to 255", op))
		}
	}
	return faults
}

// phase is where in its session a message stands.
type phase int

const (
	begins phase = iota
	answers
	over
)

// ussd takes one turn of a session, whose answer goes back in the response with the session's TLV and an operation that
// says whether it is the last. What is shown when the ledger cannot be written ends the session too.
func (k *Kannel) ussd(w http.ResponseWriter, r *http.Request, query url.Values, sink adapters.Sink) {
	id := query.Get("id")
	if id == "" {
		http.Error(w, "id is missing", http.StatusBadRequest)
		return
	}
	shape, tlvs, said := &k.config.USSD, tlvs(query.Get("meta")), text(query)
	session := shape.session(tlvs, query.Get("from"))
	at := shape.phase(tlvs, said)
	if at == over {
		if err := sink.Ended(r.Context(), adapters.Ended{Provider: Name, Session: session}); err != nil {
			adapters.SinkFailed(w)
			return
		}
		w.WriteHeader(http.StatusOK)
		return
	}
	to := adapters.Text(query.Get("to"))
	if at == begins && dialled(said) {
		to = said // with a club's number behind the code, where the operator hands that on
	}
	answer, err := sink.Receive(r.Context(), adapters.Message{
		Provider: Name,
		Channel:  adapters.USSD,
		ID:       id,
		Session:  session,
		New:      at == begins,
		From:     k.sender(query.Get("from")),
		To:       to,
		Text:     said,
		At:       moment(query.Get("at")),
	})
	var refused adapters.Refused
	if errors.As(err, &refused) && refused.Text != "" {
		answer, err = adapters.Answer{Text: refused.Text, End: true}, nil
	}
	if err != nil {
		adapters.SinkFailed(w)
		return
	}
	if answer.Text == "" {
		answer = adapters.Answer{Text: nothing, End: true}
	}
	w.Header().Set("X-Kannel-Meta-Data", shape.reply(tlvs, answer.End))
	say(w, answer.Text)
}

// nothing ends a session without words: Kannel sends no empty message, and the session would stay open.
const nothing = "\u00a0"

// tlvs reads the SMPP group of Kannel's meta-data (%D), "?smpp?name=value&name=value&": each value is the TLV's bytes,
// percent-encoded whatever its type.
func tlvs(meta string) map[string]string {
	found := map[string]string{}
	_, group, _ := strings.Cut(meta, "?smpp?")
	group, _, _ = strings.Cut(group, "?")
	for pair := range strings.SplitSeq(group, "&") {
		name, value, ok := strings.Cut(pair, "=")
		raw, err := url.QueryUnescape(value)
		if ok && err == nil && name != "" {
			found[name] = raw
		}
	}
	return found
}

// session names the session for the gateway: by the phone and, unless the shape says that the phone is enough, by the bits
// of its TLV. Two octets alone would soon name two callers at once.
func (s *Shape) session(tlvs map[string]string, from string) string {
	raw := []byte(tlvs[s.Session])
	switch {
	case s.Session == bySender:
		raw = nil
	case len(raw) > 1 && s.Bits == firstByte:
		raw = raw[:1]
	case len(raw) > 0 && s.Bits == butLast:
		raw[len(raw)-1] &^= 1
	}
	return hex.EncodeToString(raw) + "|" + from
}

// phase says where the message stands. Without an operation it is the dialled code that begins a session.
func (s *Shape) phase(tlvs map[string]string, said string) phase {
	raw, given := tlvs[opTLV]
	if !given || raw == "" {
		if dialled(said) {
			return begins
		}
		return answers
	}
	op := int(raw[len(raw)-1])
	has := func(ops []int) bool {
		for _, o := range ops {
			if o == op {
				return true
			}
		}
		return false
	}
	last := tlvs[s.Session]
	switch {
	case has(s.New):
		return begins
	case has(s.Over), s.Bits != allBits && last != "" && last[len(last)-1]&1 == 1:
		return over
	}
	return answers
}

// reply is the meta-data of our answer: the operation, and the session's TLV as it came. Where its last bit is the end, it
// is set as our answer says.
func (s *Shape) reply(tlvs map[string]string, end bool) string {
	op := s.Ask
	if end {
		op = s.End
	}
	name := s.Session
	if name == bySender {
		name = sessionTLV
	}
	meta := "?smpp?" + opTLV + "=" + strconv.Itoa(op) + "&"
	raw := []byte(tlvs[name])
	if len(raw) == 0 {
		return meta
	}
	if s.Bits != allBits && s.Session != bySender {
		raw[len(raw)-1] &^= 1
		if end {
			raw[len(raw)-1] |= 1
		}
	}
	var b strings.Builder
	for _, octet := range raw {
		fmt.Fprintf(&b, "%%%02x", octet)
	}
	return meta + name + "=" + b.String() + "&"
}

// dialled says whether a text is a service code, such as *1280#.
func dialled(text string) bool {
	return len(text) > 2 && text[0] == '*' && text[len(text)-1] == '#' && strings.Trim(text, "*#0123456789") == ""
}
