// Package store writes down what callers said before they are answered, and who has to act on it, so that nothing said is lost.
// It decides nothing about a child and reads no clock: what to write and when it was comes in, sealed it goes to SQLite or PostgreSQL.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"chumrok/internal/phone"
	"chumrok/internal/seal"
)

// Store is the durable record of one deployment: SQLite or PostgreSQL behind one set of queries. It is safe for concurrent use.
type Store struct {
	dialect dialect
	write   *sql.DB // SQLite: one connection; PostgreSQL: the pool
	read    *sql.DB // SQLite: readers of their own; PostgreSQL: the same pool
	keys    *seal.Keyring
	erased  *ErasedList                     // nil: nothing is listed
	past    atomic.Pointer[map[string]bool] // ids of months' keys that were destroyed
	close   []func() error

	queue chan *member
	woken chan struct{}
	stop  chan struct{} // closed by Close: no member is taken any more
	done  chan struct{} // closed when the committer has ended
	once  sync.Once
}

// NewID is a fresh UUIDv7: made before the insert, because sealing binds the row. Ids made later sort later.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// PhoneIndex is the blind index under which this store finds a number: a column that can be compared and not read.
func (s *Store) PhoneIndex(n phone.Number) string { return n.Index(s.keys.BlindKey()) }

// Woken gets a value after a commit of this process that wrote due work. It has room for one: who reads it claims until nothing is due.
func (s *Store) Woken() <-chan struct{} { return s.woken }

// Keys is the keyring that this store seals with.
func (s *Store) Keys() *seal.Keyring { return s.keys }

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.read.PingContext(ctx) }

// Writable says whether the database takes a transaction, by beginning one and taking it back. SQLite may need longer than ctx allows, as long
// as somebody else holds its lock.
func (s *Store) Writable(ctx context.Context) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	return rollback(tx)
}

// Close lets the entries that were taken be committed, then closes the database. Entries that come later get ErrClosed.
func (s *Store) Close() error {
	var err error
	s.once.Do(func() {
		close(s.stop)
		<-s.done
		for i := len(s.close) - 1; i >= 0; i-- {
			if e := s.close[i](); e != nil && err == nil {
				err = e
			}
		}
	})
	return err
}

// wake tells the one who waits on Woken that there is due work; it never blocks.
func (s *Store) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// millis is how a time is kept: milliseconds UTC, 0 for no time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// instant is the time of millis.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
