// Package audit keeps the record of who looked at what and who decided what, so that a child's story cannot be read or changed unseen.
// It stores nothing and knows no names or numbers: it links entries by their hashes and says which link does not hold.
package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Entry is one act on the record. Who is an officer id, a desk account or a subcommand; What is a word of the product such as "reveal"
// or "accept"; Subject is the id or the code of what was acted on. None of them may hold a number, a name or a word of a caller.
// Seq, Prev and Hash are given by the appender and are ignored in an entry that is still to be appended.
type Entry struct {
	Seq     int64
	At      time.Time
	Who     string
	What    string
	Subject string
	Prev    []byte
	Hash    []byte
}

// Head is the end of the record: the number and the hash of its last entry. The zero Head is the empty record.
type Head struct {
	Seq  int64
	Hash []byte
}

// ErrBroken is wrapped by every error of Verify.
var ErrBroken = errors.New("the record does not hold")

// domain keeps these hashes apart from every other use of SHA-256 in the product.
const domain = "chumrok audit entry 1\x00"

// Digest is the SHA-256 of the entry's canonical form: the domain, Seq, At in milliseconds UTC, then Who, What, Subject and Prev, each
// with its length before it, so that no two different entries have one form.
func (e Entry) Digest() []byte {
	buf := make([]byte, 0, 256)
	buf = append(buf, domain...)
	buf = binary.BigEndian.AppendUint64(buf, uint64(e.Seq))
	buf = binary.BigEndian.AppendUint64(buf, uint64(e.At.UnixMilli()))
	for _, field := range [][]byte{[]byte(e.Who), []byte(e.What), []byte(e.Subject), e.Prev} {
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(field)))
		buf = append(buf, field...)
	}
	sum := sha256.Sum256(buf)
	return sum[:]
}

// Link gives entries their numbers and hashes as the continuation of head, in the order given, and returns the new head.
// Times are cut to milliseconds, which is what a database keeps. The given slice is not changed.
func Link(head Head, entries ...Entry) ([]Entry, Head) {
	linked := make([]Entry, len(entries))
	for i, e := range entries {
		e.Seq = head.Seq + 1
		e.At = e.At.UTC().Truncate(time.Millisecond)
		e.Prev = bytes.Clone(head.Hash)
		e.Hash = e.Digest()
		head = Head{Seq: e.Seq, Hash: e.Hash}
		linked[i] = e
	}
	return linked, head
}

// Verify checks that entries continue from without a gap and that each holds, and returns the head after them.
// The error names the first entry that does not hold by its number and wraps ErrBroken.
func Verify(from Head, entries []Entry) (Head, error) {
	for _, e := range entries {
		switch {
		case e.Seq != from.Seq+1:
			return from, fmt.Errorf("entry %d: expected entry %d here: %w", e.Seq, from.Seq+1, ErrBroken)
		case !bytes.Equal(e.Prev, from.Hash):
			return from, fmt.Errorf("entry %d: it does not follow entry %d: %w", e.Seq, from.Seq, ErrBroken)
		case !bytes.Equal(e.Hash, e.Digest()):
			return from, fmt.Errorf("entry %d: its content is not what was written: %w", e.Seq, ErrBroken)
		}
		from = Head{Seq: e.Seq, Hash: e.Hash}
	}
	return from, nil
}
