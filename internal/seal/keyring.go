package seal

import (
	"bytes"
	"cmp"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
)

// ErrKeyMissing says that a data key was wrapped by a key that is neither in the key file nor in its folder of epochs.
var ErrKeyMissing = errors.New("the key is neither in the key file nor in the folder epochs beside it")

// idSize is the length of the id of a wrapping key; it is written as eight hex digits. An id is no secret.
const idSize = 4

// Wrapped is a data key sealed by an epoch key, or in older databases by a master key: version, id of that key, nonce, the
// sealed key, tag; 65 bytes. It may be kept beside the conversation whose key it is.
type Wrapped []byte

// KeyID names the key that wrapped w, in eight hex digits; "" when w is not a wrapped key.
func (w Wrapped) KeyID() string {
	if len(w) < 1+idSize || w[0] != version {
		return ""
	}
	return hex.EncodeToString(w[1 : 1+idSize])
}

// Keyring holds the keys of the key file and of its folder of epochs: one key a month, of which one wraps, and the keys by
// which sealed things are found again. It prints as nothing and may be used by many goroutines, also while a month begins.
type Keyring struct{ c *core }

// core keeps the ring behind an address that fmt does not follow, for the reason that dataKey is behind two pointers.
type core struct {
	ring    atomic.Pointer[ring]
	change  sync.Mutex // held by whoever makes a new ring out of the old one
	path    string     // of the key file; "" = in memory alone
	scanned atomic.Int64
}

// ring does not change once made.
type ring struct {
	masters []master // of key files before there were epochs, the oldest first
	epochs  []master // the oldest first
	inUse   int      // of epochs, plus one: it wraps; 0 = the newest master does, or where there is none the newest epoch
	index   []byte   // the secret that blind indexes and repeat keys come from; it outlives the others
	phone   []byte   // derived from index
	blind   []byte   // derived from index
	repeat  []byte   // derived from index
	holders map[Holder]public
}

// master is a key that wraps data keys: of the key file, or with a month the one of an epoch.
type master struct {
	id     [idSize]byte
	month  string // "2026-11"; "" = of the key file
	turn   int    // 1 for the first of its month
	secret []byte
	wrap   cipher.AEAD // derived from secret
}

// Generate makes a keyring in memory, of one master key and new index keys. Create makes the files that a gateway keeps.
func Generate() (*Keyring, error) {
	m := fresh(nil)
	r, err := newRing(random(keySize), []master{m}, nil)
	if err != nil {
		return nil, fmt.Errorf("generating keys: %w", err)
	}
	return newKeyring(r, ""), nil
}

func newKeyring(r *ring, path string) *Keyring {
	k := &Keyring{&core{path: path}}
	k.c.ring.Store(r)
	return k
}

func (k *Keyring) ring() *ring { return k.c.ring.Load() }

// fresh makes a wrapping key whose id none of the others has.
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
func newRing(index []byte, masters, epochs []master) (*ring, error) {
	r := &ring{index: index, holders: map[Holder]public{}}
	for _, list := range []struct{ from, into *[]master }{{&masters, &r.masters}, {&epochs, &r.epochs}} {
		for _, m := range *list.from {
			key, err := derive(m.secret, "chumrok wrap 1")
			if err != nil {
				return nil, err
			}
			if m.wrap, err = newAEAD(key); err != nil {
				return nil, err
			}
			*list.into = append(*list.into, m)
		}
	}
	slices.SortFunc(r.epochs, master.compare)
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

// compare puts the older month first, and in a month the earlier turn.
func (m master) compare(o master) int {
	return cmp.Or(cmp.Compare(m.month, o.month), cmp.Compare(m.turn, o.turn), bytes.Compare(m.id[:], o.id[:]))
}

// wraps is the key that wraps now; false when there is none.
func (r *ring) wraps() (master, bool) {
	switch {
	case r.inUse > 0:
		return r.epochs[r.inUse-1], true
	case len(r.masters) > 0:
		return r.masters[len(r.masters)-1], true
	case len(r.epochs) > 0:
		return r.epochs[len(r.epochs)-1], true
	}
	return master{}, false
}

// find is the key with that id; false when the ring lacks it.
func (r *ring) find(id []byte) (master, bool) {
	for i := len(r.epochs) - 1; i >= 0; i-- {
		if bytes.Equal(r.epochs[i].id[:], id) {
			return r.epochs[i], true
		}
	}
	for _, m := range r.masters {
		if bytes.Equal(m.id[:], id) {
			return m, true
		}
	}
	return master{}, false
}

func derive(secret []byte, purpose string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, purpose, keySize)
	if err != nil {
		return nil, fmt.Errorf("deriving a key: %w", err)
	}
	return key, nil
}

// InUse names the key that wraps now; "" when there is none. Ids are no secrets.
func (k *Keyring) InUse() string {
	m, ok := k.ring().wraps()
	if !ok {
		return ""
	}
	return m.name()
}

func (m master) name() string { return hex.EncodeToString(m.id[:]) }

// NewDataKey makes the data key of one conversation, row being the conversation's id, and the same key wrapped by
// the key in use, bound to that id. An empty row is an error: a key bound to nothing could be moved.
func (k *Keyring) NewDataKey(row string) (DataKey, Wrapped, error) {
	d, err := dataKeyOf(random(keySize))
	if err != nil {
		return DataKey{}, nil, err
	}
	w, err := k.ring().wrap(row, d)
	if err != nil {
		return DataKey{}, nil, err
	}
	return d, w, nil
}

// Unwrap returns the data key of the conversation row. The error wraps ErrKeyMissing when the keyring lacks the key that
// wrapped it, also after a look at the folder of epochs, and ErrOpen when w belongs to another conversation or was changed.
func (k *Keyring) Unwrap(row string, w Wrapped) (DataKey, error) {
	if w.KeyID() == "" {
		return DataKey{}, fmt.Errorf("unwrapping a data key: %w", ErrOpen)
	}
	m, ok := k.ring().find(w[1 : 1+idSize])
	if !ok {
		_ = k.Refresh() // it may have been put there since; what is wrong with the folder is said when it is loaded
		if m, ok = k.ring().find(w[1 : 1+idSize]); !ok {
			return DataKey{}, fmt.Errorf("unwrapping a data key made with key %s: %w; put that key back", w.KeyID(), ErrKeyMissing)
		}
	}
	raw, err := m.wrap.Open(nil, nil, w[1+idSize:], m.bind(row))
	if err != nil || len(raw) != keySize {
		return DataKey{}, fmt.Errorf("unwrapping a data key: %w", ErrOpen)
	}
	return dataKeyOf(raw)
}

// Rewrap returns the data key of row wrapped by the key in use; changed is false, and w returned as it is, when it already
// was. This is the whole work of retiring an older key: what is sealed stays as it is.
func (k *Keyring) Rewrap(row string, w Wrapped) (_ Wrapped, changed bool, err error) {
	d, err := k.Unwrap(row, w)
	if err != nil {
		return nil, false, err
	}
	r := k.ring()
	if m, ok := r.wraps(); ok && m.name() == w.KeyID() {
		return w, false, nil
	}
	w, err = r.wrap(row, d)
	return w, err == nil, err
}

func (r *ring) wrap(row string, d DataKey) (Wrapped, error) {
	if row == "" {
		return nil, errors.New("wrapping a data key: no row to bind it to")
	}
	m, ok := r.wraps()
	if !ok {
		return nil, errors.New("wrapping a data key: no key to wrap it with; run `chumrok keys rotate`")
	}
	out := make([]byte, 1+idSize, 1+idSize+keySize+m.wrap.Overhead())
	out[0] = version
	copy(out[1:], m.id[:])
	return m.wrap.Seal(out, nil, (*d.k).raw[:], m.bind(row)), nil
}

// IndexMark tells whether two key files find the same things: eight bytes that follow from the index secret and say
// nothing about it.
func (k *Keyring) IndexMark() string { return mark(k.ring().index) }

// mark is a check value of a secret.
func mark(secret []byte) string {
	key, err := derive(secret, "chumrok check value 1")
	if err != nil {
		panic("seal: " + err.Error()) // the length is fixed; it cannot happen
	}
	return hex.EncodeToString(key[:8])
}

// bind is the additional data of a wrapped key: the wrapping key's id and the conversation.
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
	mac := newMAC(key)
	mac.Write(appendPart(appendPart(scratch[:0], a), b))
	return hex.EncodeToString(mac.Sum(scratch[:0]))
}

// Format prints no key, whatever the verb.
func (k Keyring) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hidden) }

// LogValue logs no key.
func (k Keyring) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText writes no key, in JSON or any other text.
func (k Keyring) MarshalText() ([]byte, error) { return []byte(hidden), nil }
