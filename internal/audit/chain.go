package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// chainDomain keeps the hashes of the chain apart from all others.
const chainDomain = "chumrok audit entry 1\x00"

// ChainDigest is the SHA-256 by which entries were linked before the record became a tree: over the domain, Seq, At in milliseconds UTC,
// then Who, What, Subject and Prev, each with its length before it. Hash was that of the entry, and Prev that of the one before it.
func (e Entry) ChainDigest() []byte {
	buf := make([]byte, 0, 256)
	buf = append(buf, chainDomain...)
	buf = binary.BigEndian.AppendUint64(buf, uint64(e.Seq))
	buf = binary.BigEndian.AppendUint64(buf, uint64(e.At.UnixMilli()))
	sum := sha256.Sum256(appendFields(buf, []byte(e.Who), []byte(e.What), []byte(e.Subject), e.Prev))
	return sum[:]
}

// VerifyChain checks the entry of a record that was linked as a chain against the hash of the entry before it, and returns its own. What an
// older release wrote stays under its own proof: the tree can only say that nothing changed since the record became one.
func VerifyChain(before []byte, e Entry) ([]byte, error) {
	switch {
	case !bytes.Equal(e.Prev, before):
		return nil, fmt.Errorf("entry %d: it does not follow entry %d: %w", e.Seq, e.Seq-1, ErrBroken)
	case !bytes.Equal(e.Hash, e.ChainDigest()):
		return nil, fmt.Errorf("entry %d: its content is not what was written: %w", e.Seq, ErrBroken)
	}
	return e.Hash, nil
}
