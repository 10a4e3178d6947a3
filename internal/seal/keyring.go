package seal

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// ErrKeyMissing says that a data key was wrapped by a master key that the key file does not hold.
var ErrKeyMissing = errors.New("the master key is not in the key file")

// idSize is the length of a master key's id in bytes; it is written as eight hex digits. An id is no secret.
const idSize = 4

// Wrapped is a data key sealed by a master key: version, id of the master key, nonce, the sealed key, tag;
// 65 bytes. It may be kept beside the conversation whose key it is.
type Wrapped []byte

// KeyID names the master key that wrapped w, in eight hex digits; "" when w is not a wrapped key.
func (w Wrapped) KeyID() string {
	if len(w) < 1+idSize || w[0] != version {
		return ""
	}
	return hex.EncodeToString(w[1 : 1+idSize])
}

// Keyring holds the keys of the key file: the master keys, of which the newest wraps, and the keys by which sealed
// things are found again. It prints as nothing, does not change once made, and may be used by many goroutines.
type Keyring struct{ r **ring }

// ring is behind two pointers for the reason that dataKey is.
type ring struct {
	masters []master // the oldest first; the last one wraps
	index   []byte   // the secret that blind indexes and repeat keys come from; it outlives the master keys
	phone   []byte   // derived from index
	blind   []byte   // derived from index
	repeat  []byte   // derived from index
}

type master struct {
	id     [idSize]byte
	secret []byte
	wrap   cipher.AEAD // derived from secret
}

// Generate makes a keyring of one new master key and new index keys.
func Generate() (*Keyring, error) {
	r, err := newRing(random(keySize), fresh(nil))
	if err != nil {
		return nil, fmt.Errorf("generating keys: %w", err)
	}
	return &Keyring{&r}, nil
}

func (k *Keyring) ring() *ring { return *k.r }

// Rotate returns a keyring with one master key more, which wraps from now on; the older ones still unwrap. What
// was found by blind index or repeat key is found as before. Save it before using it.
func (k *Keyring) Rotate() (*Keyring, error) {
	all := append(append([]master(nil), k.ring().masters...), fresh(k.ring().masters))
	r, err := newRing(k.ring().index, all...)
	if err != nil {
		return nil, fmt.Errorf("rotating keys: %w", err)
	}
	return &Keyring{&r}, nil
}

// fresh makes a master key whose id none of the others has.
func fresh(others []master) master {
	for {
		m := master{secret: random(keySize)}
		copy(m.id[:], random(idSize))
		taken := false
		for _, o := range others {
			taken = taken || o.id == m.id
		}
		if !taken {
			return m
		}
	}
}

// newRing derives each working key from the secrets: HKDF-SHA256 with a purpose of its own for each, so that no
// key ever serves two ends.
func newRing(index []byte, masters ...master) (*ring, error) {
	r := &ring{index: index}
	for _, m := range masters {
		key, err := derive(m.secret, "chumrok wrap 1")
		if err != nil {
			return nil, err
		}
		if m.wrap, err = newAEAD(key); err != nil {
			return nil, err
		}
		r.masters = append(r.masters, m)
	}
	for purpose, into := range map[string]*[]byte{
		"chumrok phone index 1": &r.phone,
		"chumrok blind index 1": &r.blind,
		"chumrok repeat key 1":  &r.repeat,
	} {
		key, err := derive(index, purpose)
		if err != nil {
			return nil, err
		}
		*into = key
	}
	return r, nil
}

func derive(secret []byte, purpose string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, purpose, keySize)
	if err != nil {
		return nil, fmt.Errorf("deriving a key: %w", err)
	}
	return key, nil
}

// KeyIDs names the master keys, the oldest first; the last one wraps. Ids are no secrets.
func (k *Keyring) KeyIDs() []string {
	ids := make([]string, len(k.ring().masters))
	for i, m := range k.ring().masters {
		ids[i] = hex.EncodeToString(m.id[:])
	}
	return ids
}

// NewDataKey makes the data key of one conversation, row being the conversation's id, and the same key wrapped by
// the newest master key, bound to that id. An empty row is an error: a key bound to nothing could be moved.
func (k *Keyring) NewDataKey(row string) (DataKey, Wrapped, error) {
	d, err := dataKeyOf(random(keySize))
	if err != nil {
		return DataKey{}, nil, err
	}
	w, err := k.wrap(row, d)
	if err != nil {
		return DataKey{}, nil, err
	}
	return d, w, nil
}

// Unwrap returns the data key of the conversation row. The error wraps ErrKeyMissing when the key file lacks the
// master key, and ErrOpen when w belongs to another conversation or was changed.
func (k *Keyring) Unwrap(row string, w Wrapped) (DataKey, error) {
	if w.KeyID() == "" {
		return DataKey{}, fmt.Errorf("unwrapping a data key: %w", ErrOpen)
	}
	for _, m := range k.ring().masters {
		if !bytes.Equal(m.id[:], w[1:1+idSize]) {
			continue
		}
		raw, err := m.wrap.Open(nil, nil, w[1+idSize:], m.bind(row))
		if err != nil || len(raw) != keySize {
			return DataKey{}, fmt.Errorf("unwrapping a data key: %w", ErrOpen)
		}
		return dataKeyOf(raw)
	}
	return DataKey{}, fmt.Errorf("unwrapping a data key made with master key %s: %w; put that key back into the file", w.KeyID(), ErrKeyMissing)
}

// Rewrap returns the data key of row wrapped by the newest master key; changed is false, and w returned as it is,
// when it already was. This is the whole work of retiring an old master key: what is sealed stays as it is.
func (k *Keyring) Rewrap(row string, w Wrapped) (_ Wrapped, changed bool, err error) {
	d, err := k.Unwrap(row, w)
	if err != nil {
		return nil, false, err
	}
	ids := k.KeyIDs()
	if w.KeyID() == ids[len(ids)-1] {
		return w, false, nil
	}
	w, err = k.wrap(row, d)
	return w, err == nil, err
}

func (k *Keyring) wrap(row string, d DataKey) (Wrapped, error) {
	if row == "" {
		return nil, errors.New("wrapping a data key: no row to bind it to")
	}
	m := k.ring().masters[len(k.ring().masters)-1]
	out := make([]byte, 1+idSize, 1+idSize+keySize+m.wrap.Overhead())
	out[0] = version
	copy(out[1:], m.id[:])
	return m.wrap.Seal(out, nil, (*d.k).raw[:], m.bind(row)), nil
}

// bind is the additional data of a wrapped key: the master key's id and the conversation.
func (m master) bind(row string) []byte {
	b := append([]byte("chumrok data key 1"), m.id[:]...)
	return appendPart(b, row)
}

// BlindKey returns the key for the index of phone numbers, a copy.
func (k *Keyring) BlindKey() []byte { return bytes.Clone(k.ring().phone) }

// Blind returns the index by which a value of some kind is found without being readable: 64 hex digits, the same
// for the same kind and value as long as the key file lives, and telling nothing without it.
func (k *Keyring) Blind(kind, value string) string { return keyed(k.ring().blind, kind, value) }

// RepeatKey returns what marks a message of a provider as seen: 64 hex digits of the provider's name and its own
// stable id for the message.
func (k *Keyring) RepeatKey(provider, id string) string { return keyed(k.ring().repeat, provider, id) }

func keyed(key []byte, a, b string) string {
	var scratch [192]byte
	mac := hmac.New(sha256.New, key)
	mac.Write(appendPart(appendPart(scratch[:0], a), b))
	return hex.EncodeToString(mac.Sum(scratch[:0]))
}

// Format prints no key, whatever the verb.
func (k Keyring) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hidden) }

// LogValue logs no key.
func (k Keyring) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText writes no key, in JSON or any other text.
func (k Keyring) MarshalText() ([]byte, error) { return []byte(hidden), nil }
