package flows

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// codecVersion is the first byte of an encoded state. States of the versions before it are still read, since conversations are open while
// a release goes in; one of any other is refused, and the caller begins anew.
const (
	codecVersion  = 3
	codecOldest   = 1
	codecSupplied = 2 // the first with what was supplied
	codecProof    = 3 // the first with a proof
)

// Bounds of a state that is read: far above what a conversation can reach, and low enough that no bytes make us allocate much.
const (
	mostAnswers    = 4096
	mostCandidates = 64
	mostOptions    = 64
	mostVars       = 16
)

// ErrState says that bytes are no state of this version.
var ErrState = errors.New("not a conversation's state")

// The bits of the flags byte.
const (
	flagFresh = 1 << iota
	flagConcluded
)

// AppendBinary appends the state to b: a version byte, then numbers as varints and texts with their length in front.
func (s State) AppendBinary(b []byte) []byte {
	b = append(b, codecVersion)
	var flags byte
	if s.fresh {
		flags |= flagFresh
	}
	if s.concluded {
		flags |= flagConcluded
	}
	b = append(b, flags, byte(s.channel.index()), byte(s.mode), byte(s.over), byte(s.place.phase))
	b = binary.AppendVarint(b, s.Seq)
	b = binary.AppendUvarint(b, uint64(s.page))
	b = binary.AppendUvarint(b, uint64(s.tries))
	b = appendTime(b, s.startedAt)
	b = appendTime(b, s.expiresAt)
	b = binary.AppendVarint(b, int64(s.expires))
	for _, text := range [...]string{s.Heard, s.Code, s.hash, s.language, s.node, s.before, s.club, s.mark, s.place.area, s.place.typed, string(s.trail)} {
		b = appendText(b, text)
	}
	b = binary.AppendUvarint(b, uint64(s.place.tries))
	b = binary.AppendUvarint(b, uint64(s.base))
	b = binary.AppendUvarint(b, uint64(len(s.place.codes)))
	for _, code := range s.place.codes {
		b = appendText(b, code)
	}
	b = binary.AppendUvarint(b, uint64(len(s.answers)))
	for _, a := range s.answers {
		b = appendText(appendText(b, a.field), a.value)
	}
	return appendText(s.supplied.append(b), s.Proof)
}

func (p supplied) append(b []byte) []byte {
	b = appendText(appendText(b, p.by), p.text)
	b = binary.AppendUvarint(b, uint64(p.base))
	b = binary.AppendUvarint(b, uint64(len(p.vars)))
	for _, v := range p.vars {
		b = appendText(appendText(b, v.field), v.value)
	}
	b = binary.AppendUvarint(b, uint64(len(p.options)))
	for _, o := range p.options {
		b = appendText(appendText(binary.AppendUvarint(b, uint64(o.Number)), o.Value), o.Text)
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// appendTime keeps milliseconds; the zero time is kept as itself.
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return binary.AppendVarint(b, 0)
	}
	return binary.AppendVarint(b, t.UnixMilli())
}

// Decode reads what AppendBinary wrote. Any other bytes give an error that wraps ErrState.
func Decode(b []byte) (State, error) {
	if len(b) == 0 || b[0] < codecOldest || b[0] > codecVersion {
		return State{}, fmt.Errorf("reading the version: %w", ErrState)
	}
	d := decoder{rest: string(b[1:])} // one copy; every text below is a part of it
	var s State
	flags := d.byte()
	s.fresh, s.concluded = flags&flagFresh != 0, flags&flagConcluded != 0
	s.channel = channels[d.below(byte(len(channels)))]
	s.mode = mode(d.below(byte(modeMore) + 1))
	s.over = over(d.below(byte(overTries) + 1))
	s.place.phase = phase(d.below(byte(phaseCommune) + 1))
	s.Seq = d.varint()
	s.page = d.count(1 << 16)
	s.tries = d.count(1 << 16)
	s.startedAt, s.expiresAt = d.time(), d.time()
	s.expires = time.Duration(d.varint())
	for _, text := range [...]*string{&s.Heard, &s.Code, &s.hash, &s.language, &s.node, &s.before, &s.club, &s.mark, &s.place.area, &s.place.typed, (*string)(&s.trail)} {
		*text = d.text()
	}
	s.place.tries = d.count(1 << 16)
	s.base = d.count(mostAnswers)
	if n := d.count(mostCandidates); n > 0 {
		s.place.codes = make([]string, n)
		for i := range s.place.codes {
			s.place.codes[i] = d.text()
		}
	}
	if n := d.count(min(mostAnswers, len(d.rest))); n > 0 {
		s.answers = make([]answer, n)
		for i := range s.answers {
			s.answers[i] = answer{d.text(), d.text()}
		}
	}
	if b[0] >= codecSupplied {
		s.supplied = d.supplied()
	}
	if b[0] >= codecProof {
		s.Proof = d.text()
	}
	if d.bad || d.rest != "" {
		return State{}, fmt.Errorf("reading the state: %w", ErrState)
	}
	return s, nil
}

func (d *decoder) supplied() supplied {
	p := supplied{by: d.text(), text: d.text(), base: d.count(mostAnswers)}
	if n := d.count(mostVars); n > 0 {
		p.vars = make([]answer, n)
		for i := range p.vars {
			p.vars[i] = answer{d.text(), d.text()}
		}
	}
	if n := d.count(mostOptions); n > 0 {
		p.options = make([]Option, n)
		for i := range p.options {
			p.options[i] = Option{Number: d.count(mostNumber), Value: d.text(), Text: d.text()}
		}
	}
	return p
}

// decoder takes a state apart from the front. After the first fault everything it gives is empty.
type decoder struct {
	rest string
	bad  bool
}

func (d *decoder) fail() {
	d.bad, d.rest = true, ""
}

func (d *decoder) byte() byte {
	if d.rest == "" {
		d.fail()
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

// below is a byte under a bound.
func (d *decoder) below(bound byte) byte {
	b := d.byte()
	if b >= bound {
		d.fail()
		return 0
	}
	return b
}

func (d *decoder) uvarint() uint64 {
	var n uint64
	for i := range min(len(d.rest), binary.MaxVarintLen64) {
		b := d.rest[i]
		if i == binary.MaxVarintLen64-1 && b > 1 {
			break
		}
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			d.rest = d.rest[i+1:]
			return n
		}
	}
	d.fail()
	return 0
}

func (d *decoder) varint() int64 {
	u := d.uvarint()
	n := int64(u >> 1)
	if u&1 != 0 {
		n = ^n
	}
	return n
}

// count is a number up to a bound.
func (d *decoder) count(most int) int {
	n := d.uvarint()
	if n > uint64(most) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) text() string {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.fail()
		return ""
	}
	text := d.rest[:n]
	d.rest = d.rest[n:]
	return text
}

func (d *decoder) time() time.Time {
	ms := d.varint()
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
