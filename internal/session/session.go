// Package session remembers open conversations in Redis, so that the next key of a caller is answered without reading the
// ledger. It may lose everything at any moment, and then only time is lost: it is no record, it never stands in a
// caller's way, and nothing in it can be read without the keys.
package session

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"chumrok/flows"
	"chumrok/internal/seal"
)

// ErrUnreadable says that Redis held something under a session's key that this gateway did not write there, or that was
// changed since. Load returns it with found false: the caller goes on from the ledger, and somebody should look.
var ErrUnreadable = errors.New("what Redis held is not what this gateway wrote")

const (
	// deadline bounds one call. A caller waits for the screen meanwhile, and the ledger answers in a few milliseconds.
	deadline = 250 * time.Millisecond
	// leastKept keeps a state that has expired, or nearly, for as long as clocks may differ.
	leastKept = time.Minute
	// mostKept bounds what a wrong expiry can leave behind.
	mostKept = 7 * 24 * time.Hour
)

// Open is an open conversation as Redis remembers it.
type Open struct {
	Key          string       // a blind index, 64 hex digits
	Conversation string       // the conversation's id, to which Wrapped is bound
	Wrapped      seal.Wrapped // the conversation's key
	Seq          int64        // of the turn after which the conversation is in this state
	Phone        string       // the index of the phone that the conversation is of; "" when that is hidden
	State        flows.State  // its ExpiresAt says until when it can be gone on with; whoever loads it decides
}

// Sessions are the open conversations.
type Sessions struct {
	client redis.UniversalClient
	keys   *seal.Keyring
	since  int64
}

// New returns the sessions in the Redis that client reaches. Use a client of Connect: another one may wait for seconds
// where this one gives up.
func New(client redis.UniversalClient, keys *seal.Keyring) *Sessions {
	return &Sessions{client: client, keys: keys}
}

// Since returns sessions that know nothing of those before a restore of the ledger, by the time of that restore; zero is none. What Redis
// remembers of the time that was lost is ahead of the ledger, and would be taken for its future.
func (s *Sessions) Since(restore time.Time) *Sessions {
	since := int64(0)
	if !restore.IsZero() {
		since = restore.UnixMilli()
	}
	return &Sessions{client: s.client, keys: s.keys, since: since}
}

// Load returns the conversation under key, in one round trip. found is false when there is none, and when there is
// something that cannot be read (the error then wraps ErrUnreadable); any other error means that Redis did not answer in
// time. In each case the caller goes on from the ledger. An expired conversation is returned like any other.
func (s *Sessions) Load(ctx context.Context, key string) (open Open, found bool, err error) {
	name, err := sessionKey(key, s.since)
	if err != nil {
		return Open{}, false, fmt.Errorf("loading a session: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	value, err := s.client.HGet(ctx, name, fieldValue).Bytes()
	switch {
	case errors.Is(err, redis.Nil):
		return Open{}, false, nil
	case redis.HasErrorPrefix(err, "WRONGTYPE"):
		return Open{}, false, fmt.Errorf("loading a session: %w", ErrUnreadable)
	case err != nil:
		return Open{}, false, fmt.Errorf("loading a session: %w", err)
	}
	if open, err = s.unpack(name, value); err != nil {
		return Open{}, false, fmt.Errorf("loading a session: %w", err)
	}
	open.Key = key
	return open, true, nil
}

// Save keeps the conversation, in one round trip, unless a later turn of it, or the same one, is kept already: then
// nothing changes, and that is no error.
func (s *Sessions) Save(ctx context.Context, o Open) error {
	name, err := sessionKey(o.Key, s.since)
	if err != nil {
		return fmt.Errorf("saving a session: %w", err)
	}
	value, err := s.pack(name, o)
	if err != nil {
		return fmt.Errorf("saving a session: %w", err)
	}
	keep := keepFor(o.State.ExpiresAt(), time.Now())
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	if err := saveScript.Run(ctx, s.client, []string{name}, o.Seq, value, keep.Milliseconds()).Err(); err != nil {
		return fmt.Errorf("saving a session: %w", err)
	}
	return nil
}

// keepFor is how long Redis keeps a state that expires then. It only sweeps: the state says itself when it has expired.
func keepFor(expires, now time.Time) time.Duration {
	return min(max(expires.Sub(now), leastKept), mostKept)
}

// Drop forgets the conversation under key.
func (s *Sessions) Drop(ctx context.Context, key string) error {
	name, err := sessionKey(key, s.since)
	if err != nil {
		return fmt.Errorf("dropping a session: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	if err := s.client.Del(ctx, name).Err(); err != nil {
		return fmt.Errorf("dropping a session: %w", err)
	}
	return nil
}

// Ping says with nil that Redis answers.
func (s *Sessions) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	if err := s.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("asking Redis: %w", err)
	}
	return nil
}

// packVersion is the first byte of a value.
const packVersion = 2

// pack writes a value: version; the conversation's id and its wrapped key, each with its length in front; then, sealed
// under that key for this Redis key, the turn's number, the phone's index with its length in front, and the state.
func (s *Sessions) pack(name string, o Open) ([]byte, error) {
	key, err := s.keys.Unwrap(o.Conversation, o.Wrapped)
	if err != nil {
		return nil, fmt.Errorf("taking the conversation's key: %w", err)
	}
	plain := binary.AppendUvarint(binary.AppendVarint(make([]byte, 0, 512), o.Seq), uint64(len(o.Phone)))
	plain = o.State.AppendBinary(append(plain, o.Phone...))
	sealed := key.Seal(place(name), plain)
	b := make([]byte, 0, 4+len(o.Conversation)+len(o.Wrapped)+len(sealed))
	b = append(b, packVersion)
	b = append(binary.AppendUvarint(b, uint64(len(o.Conversation))), o.Conversation...)
	b = append(binary.AppendUvarint(b, uint64(len(o.Wrapped))), o.Wrapped...)
	return append(b, sealed...), nil
}

// place binds a value to the Redis key that it stands under.
func place(name string) seal.Place { return seal.Place{Table: "redis", Column: fieldValue, Row: name} }

// unpack reads what pack wrote. Each error wraps ErrUnreadable and shows nothing of the value.
func (s *Sessions) unpack(name string, b []byte) (Open, error) {
	if len(b) == 0 || b[0] != packVersion {
		return Open{}, fmt.Errorf("%w: its form is unknown", ErrUnreadable)
	}
	conversation, b, ok := part(b[1:])
	if !ok {
		return Open{}, fmt.Errorf("%w: it is cut short", ErrUnreadable)
	}
	wrapped, sealed, ok := part(b)
	if !ok {
		return Open{}, fmt.Errorf("%w: it is cut short", ErrUnreadable)
	}
	o := Open{Conversation: string(conversation), Wrapped: seal.Wrapped(wrapped)}
	key, err := s.keys.Unwrap(o.Conversation, o.Wrapped)
	if err != nil {
		return Open{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	plain, err := key.Open(place(name), sealed)
	if err != nil {
		return Open{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	seq, n := binary.Varint(plain)
	if n <= 0 {
		return Open{}, fmt.Errorf("%w: it is cut short", ErrUnreadable)
	}
	index, state, ok := part(plain[n:])
	if !ok {
		return Open{}, fmt.Errorf("%w: it is cut short", ErrUnreadable)
	}
	o.Phone = string(index)
	// A state of another release that this one cannot read is in the ledger too.
	if o.State, err = flows.Decode(state); err != nil {
		return Open{}, fmt.Errorf("%w: the state is of another release", ErrUnreadable)
	}
	o.Seq = seq
	return o, nil
}

// part takes a length and so many bytes off b.
func part(b []byte) (p, rest []byte, ok bool) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return nil, nil, false
	}
	return b[n : n+int(size)], b[n+int(size):], true
}
