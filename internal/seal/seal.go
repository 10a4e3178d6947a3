// Package seal keeps what a caller said readable only by a gateway that holds the keys, and only in the place where
// it was written. It stores nothing itself, prints no key in any form, and never hands out text that it could not
// prove to be unchanged.
//
// One random data key belongs to one conversation; it seals every column of that conversation. The data key is kept
// beside the conversation, itself sealed ("wrapped") by a master key of the key file, so that master keys can be
// changed without touching what was written, and forgetting one data key forgets one conversation.
package seal

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// ErrOpen says that sealed bytes did not open: they were sealed with another key, for another place, or were
// changed since. Which of the three it was cannot be told.
var ErrOpen = errors.New("sealed bytes do not open: another key, another place, or changed since")

// version is the first byte of everything sealed here, so that a later form can be told from this one.
const version = 1

// keySize is the length of every key in bytes: AES-256.
const keySize = 32

// hidden is what a key prints as, in every way that Go can print.
const hidden = "[key]"

// Place is what sealed bytes are bound to: they open only where they were sealed for. A copy in another table,
// column or row does not open.
type Place struct{ Table, Column, Row string }

// append writes the place so that no two places read alike: each part is preceded by its length, hence
// {"ab", "c"} and {"a", "bc"} differ.
func (p Place) append(b []byte) []byte {
	b = append(b, "chumrok field 1"...)
	b = appendPart(b, p.Table)
	b = appendPart(b, p.Column)
	return appendPart(b, p.Row)
}

func appendPart(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// DataKey seals what belongs to one conversation. It prints as nothing, in every way of printing, also inside
// another value. The zero DataKey is no key: it opens nothing, and sealing with it panics, since the alternative
// is to write a child's words in the clear. A DataKey may be used by many goroutines at once.
type DataKey struct{ k **dataKey }

// dataKey is reached through a pointer to a pointer, since fmt reads unexported fields of a struct inside a struct
// without asking their methods, and under a verb that does not fit (such as %s) it also follows one pointer. It does
// not follow two: it finds an address there and no key.
type dataKey struct {
	aead cipher.AEAD
	raw  [keySize]byte
}

func dataKeyOf(raw []byte) (DataKey, error) {
	aead, err := newAEAD(raw)
	if err != nil {
		return DataKey{}, err
	}
	k := &dataKey{aead: aead}
	copy(k.raw[:], raw)
	return DataKey{&k}, nil
}

// IsZero says whether d is no key at all.
func (d DataKey) IsZero() bool { return d.k == nil }

// Seal returns plain sealed for p: one byte of version, a random nonce of 12, the text, a tag of 16. Sealing the
// same text twice gives different bytes. It panics on the zero DataKey.
func (d DataKey) Seal(p Place, plain []byte) []byte {
	if d.k == nil {
		panic("seal: sealing without a key; make one with Keyring.NewDataKey")
	}
	var scratch [128]byte
	out := make([]byte, 1, 1+len(plain)+(*d.k).aead.Overhead())
	out[0] = version
	return (*d.k).aead.Seal(out, nil, plain, p.append(scratch[:0]))
}

// Open returns what was sealed for p. The error is or wraps ErrOpen, and never holds any of the bytes.
func (d DataKey) Open(p Place, sealed []byte) ([]byte, error) {
	if d.k == nil {
		return nil, fmt.Errorf("opening %s.%s without a key: %w", p.Table, p.Column, ErrOpen)
	}
	if len(sealed) < 1+(*d.k).aead.Overhead() || sealed[0] != version {
		return nil, fmt.Errorf("opening %s.%s: %w", p.Table, p.Column, ErrOpen)
	}
	var scratch [128]byte
	plain, err := (*d.k).aead.Open(nil, nil, sealed[1:], p.append(scratch[:0]))
	if err != nil {
		return nil, fmt.Errorf("opening %s.%s: %w", p.Table, p.Column, ErrOpen)
	}
	return plain, nil
}

// Format prints no key, whatever the verb.
func (d DataKey) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hidden) }

// LogValue logs no key.
func (d DataKey) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText writes no key, in JSON or any other text.
func (d DataKey) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// random returns n random bytes. crypto/rand stops the program rather than return anything less than random.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}
