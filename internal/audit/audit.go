// Package audit keeps the record of who looked at what and who decided what, so that a child's story cannot be read or changed unseen.
// It stores nothing and knows no names or numbers: it makes of entries the hashes of a transparency log (golang.org/x/mod/sumdb/tlog), puts
// a log's head into a signed checkpoint that somebody outside keeps, and says which entry does not hold.
package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Entry is one act on the record. Who is an officer id, a desk account or a subcommand; What is a word of the product such as "reveal"
// or "accept"; Subject is the id or the code of what was acted on. None of them may hold a number, a name or a word of a caller.
// Reason is what the person who acted gave as the cause, in his own words: it is kept apart from the record, which has only Because, and
// may be destroyed without breaking anything. Seq, Because and Salt are given by the appender. Prev and Hash are of an entry that was
// written before the record became a tree (see VerifyChain), and empty in all others.
type Entry struct {
	Seq     int64
	At      time.Time
	Who     string
	What    string
	Subject string
	Reason  string
	Salt    []byte
	Because []byte
	Prev    []byte
	Hash    []byte
}

// Head is a state of the record: how many entries it has and the root of the tree over them.
type Head struct {
	Seq  int64
	Hash tlog.Hash
}

// ErrBroken is wrapped by every error that says that the record does not hold.
var ErrBroken = errors.New("the record does not hold")

// recordDomain and reasonDomain keep these hashes apart from every other use of SHA-256 in the product.
const (
	recordDomain = "chumrok record entry 2\x00"
	reasonDomain = "chumrok record reason 1\x00"
)

// Record is the entry's canonical form, the data of its leaf of the tree: the domain, At in milliseconds UTC, then Who, What, Subject and
// Because, each with its length before it, so that no two different entries have one form. Its number is its place in the tree.
func (e Entry) Record() []byte {
	buf := make([]byte, 0, 256)
	buf = append(buf, recordDomain...)
	buf = binary.BigEndian.AppendUint64(buf, uint64(e.At.UnixMilli()))
	return appendFields(buf, []byte(e.Who), []byte(e.What), []byte(e.Subject), e.Because)
}

func appendFields(buf []byte, fields ...[]byte) []byte {
	for _, field := range fields {
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(field)))
		buf = append(buf, field...)
	}
	return buf
}

// Give fills in what the record says of the entry's reason: a hash that tells nothing of it to who has not the salt, which is kept with the
// reason and goes with it. It also cuts the time to milliseconds, which is what a database keeps.
func (e Entry) Give(salt []byte) Entry {
	e.At = e.At.UTC().Truncate(time.Millisecond)
	e.Salt, e.Because, e.Prev, e.Hash = nil, nil, nil, nil
	if e.Reason != "" {
		e.Salt = bytes.Clone(salt)
		e.Because = because(e.Salt, e.Reason)
	}
	return e
}

func because(salt []byte, reason string) []byte {
	sum := sha256.Sum256(appendFields([]byte(reasonDomain), salt, []byte(reason)))
	return sum[:]
}

// reasonHolds says whether the reason that is kept, if any is, is the one that was given.
func (e Entry) reasonHolds() bool {
	return e.Reason == "" && len(e.Salt) == 0 || bytes.Equal(because(e.Salt, e.Reason), e.Because)
}
