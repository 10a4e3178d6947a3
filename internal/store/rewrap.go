package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"chumrok/internal/audit"
	"chumrok/internal/seal"
)

// rewrapPage is how many keys are moved in one transaction: few enough that a turn never waits for them.
const rewrapPage = 100

// wrappedKeys is where wrapped keys stand. Of those under the key of an earlier month the ones that moves says go along into the month that
// is; all go when that key was retired.
var wrappedKeys = []struct{ table, id, bound, moves string }{
	{"conversations", "id", "", `bin IN ('open','held') OR live_key IS NOT NULL OR EXISTS (SELECT 1 FROM referrals f
		WHERE f.conversation_id = x.id AND f.closed_at = 0) OR EXISTS (SELECT 1 FROM holds h WHERE h.conversation_id = x.id AND h.closed_at = 0)`},
	{"messages", "id", "", `state = 'queued'`},
	{"lessons", "id", "", `1 = 1`},
	{"officer_phones", "officer_id", "officer_phones ", `1 = 1`},
}

// Rewrap moves data keys to the key in use: all of those under a key that was retired, or that stands in the key file, and those of open
// matters under the key of an earlier month. It goes on where it was ended, since what is moved is not found again. moved is told as it goes
// on; stuck is how many could not be moved because their key is not here.
func (s *Store) Rewrap(ctx context.Context, moved func(n int)) (stuck int, err error) {
	list, err := s.Epochs(ctx)
	if err != nil {
		return 0, err
	}
	inUse, some := InUse(list)
	if !some || s.keys.InUse() != inUse.ID {
		return 0, nil // before the first, or where the one in use is not here
	}
	stay := []any{bytesOf(inUse.ID)} // under these only open matters are moved
	for _, e := range list {
		if e.RetiredAt.IsZero() {
			stay = append(stay, bytesOf(e.ID))
		}
	}
	for i := range wrappedKeys {
		for after, more := "", true; more; {
			var n, left int
			if n, left, after, more, err = s.rewrapSome(ctx, i, after, bytesOf(inUse.ID), stay); err != nil {
				return stuck, fmt.Errorf("moving keys to the month's: %w", err)
			}
			stuck += left
			if n > 0 && moved != nil {
				moved(n)
			}
		}
	}
	return stuck, nil
}

// rewrapSome moves one page and says where the next one begins.
func (s *Store) rewrapSome(ctx context.Context, table int, after string, inUse []byte, stay []any) (n, stuck int, last string, more bool, err error) {
	t := wrappedKeys[table]
	type row struct {
		id  string
		old []byte
	}
	args := append([]any{after, inUse, rewrapPage}, stay...)
	in := ""
	for i := range stay {
		if i > 0 {
			in += ","
		}
		in += "$" + strconv.Itoa(i+4)
	}
	page, err := query(ctx, s.read, "reading wrapped keys", func(scan scanner) (r row, err error) {
		err = scan(&r.id, &r.old)
		return r, err
	}, `SELECT `+t.id+`, wrapped_key FROM `+t.table+` x WHERE `+t.id+` > $1 AND length(wrapped_key) > 0 AND substr(wrapped_key, 2, 4) <> $2
		AND (substr(wrapped_key, 2, 4) NOT IN (`+in+`) OR `+t.moves+`) ORDER BY `+t.id+` LIMIT $3`, args...)
	if err != nil || len(page) == 0 {
		return 0, 0, "", false, err
	}
	err = s.retry(ctx, func(ctx context.Context) error {
		n, stuck = 0, 0
		tx, err := s.write.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // without effect once it is committed
		for _, r := range page {
			w, _, err := s.keys.Rewrap(t.bound+r.id, r.old)
			if err != nil {
				stuck++ // its key is not here, or it was changed: who reads it is told
				continue
			}
			// Only what still is as it was read: it may have been erased meanwhile.
			if _, err := tx.ExecContext(ctx, `UPDATE `+t.table+` SET wrapped_key = $3 WHERE `+t.id+` = $1 AND wrapped_key = $2`, r.id, r.old, []byte(w)); err != nil {
				return err
			}
			n++
		}
		return tx.Commit()
	})
	return n, stuck, page[len(page)-1].id, len(page) == rewrapPage, err
}

// KeysLeft counts the conversations that each key wraps, by the key's id.
func (s *Store) KeysLeft(ctx context.Context) (map[string]int, error) {
	type count struct {
		id string
		n  int
	}
	list, err := query(ctx, s.read, "counting wrapped keys", func(scan scanner) (c count, err error) {
		var id []byte
		err = scan(&id, &c.n)
		c.id = fmt.Sprintf("%x", id)
		return c, err
	}, `SELECT substr(wrapped_key, 2, 4), count(*) FROM conversations WHERE length(wrapped_key) > 0 GROUP BY 1 ORDER BY 1`)
	left := map[string]int{}
	for _, c := range list {
		left[c.id] = c.n
	}
	return left, err
}

// graceMonth is how long the key of a month is kept after its end: a turn that began in the month may be written a little later, and clocks
// of gateways differ.
const graceMonth = 24 * time.Hour

// GatewaySeen is for how long a gateway that was seen counts as running.
const GatewaySeen = 15 * time.Minute

// DestroySpentEpochs destroys the keys of months that are over, in the zone of the deployment, and under which nothing is any more that anybody
// works with; it names them. Open matters are to be moved first (Rewrap). With the key everything goes that older copies of the database hold
// under it. While a running gateway lacks the key in use none is destroyed, since it wraps with an older one.
func (s *Store) DestroySpentEpochs(ctx context.Context, now time.Time, zone *time.Location) ([]Epoch, error) {
	list, err := s.Epochs(ctx)
	if err != nil {
		return nil, err
	}
	inUse, some := InUse(list)
	if !some || s.keys.InUse() != inUse.ID {
		return nil, nil
	}
	running, err := s.GatewaysSince(ctx, now.Add(-GatewaySeen))
	if err != nil {
		return nil, err
	}
	for _, g := range running {
		if !slices.Contains(g.Holds, inUse.ID) {
			return nil, nil
		}
	}
	var gone []Epoch
	for _, e := range list {
		month, err := time.ParseInLocation(seal.MonthLayout, e.Month, zone)
		if err != nil || e.ID == inUse.ID || !inUse.After(e) || now.Before(month.AddDate(0, 1, 0).Add(graceMonth)) {
			continue
		}
		if !e.DestroyedAt.IsZero() && !slices.ContainsFunc(s.keys.Epochs(), func(k seal.Epoch) bool { return k.ID == e.ID }) {
			continue // by another gateway, and it is not here either
		}
		spent, err := s.spend(ctx, now, e) // also where another gateway did: one that was away may have gone on wrapping with it
		if err != nil {
			return gone, err
		}
		if spent && e.DestroyedAt.IsZero() {
			gone = append(gone, e)
		}
		if spent {
			if err := s.keys.Destroy(e.ID); err != nil {
				return gone, err
			}
		}
	}
	_, err = s.Epochs(ctx) // what is past is known from here on
	return gone, err
}

// errInUse says that something is still under a key.
var errInUse = errors.New("something is still under it")

// spend notes that the key of a month is destroyed, if nothing is under it. What was sent and has no conversation is emptied with it.
func (s *Store) spend(ctx context.Context, now time.Time, e Epoch) (bool, error) {
	id := bytesOf(e.ID)
	err := s.act(ctx, "destroying the key of a month", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		for i, t := range wrappedKeys {
			only := ""
			if i == 1 { // of messages only those that have yet to go out
				only = ` AND ` + t.moves
			}
			left, err := words(ctx, tx, "looking for what is under it", `SELECT `+t.id+` FROM `+t.table+` x WHERE length(wrapped_key) > 0
				AND substr(wrapped_key, 2, 4) = $1`+only+` LIMIT 1`, id)
			if err != nil {
				return nil, err
			}
			if len(left) > 0 {
				return nil, errInUse
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE messages SET wrapped_key = NULL, number = NULL, text = NULL WHERE length(wrapped_key) > 0
			AND substr(wrapped_key, 2, 4) = $1`, id); err != nil {
			return nil, err
		}
		done, err := words(ctx, tx, "noting it", `UPDATE epochs SET destroyed_at = $2 WHERE id = $1 AND destroyed_at = 0 RETURNING id`, e.ID, millis(now))
		if err != nil || len(done) == 0 {
			return nil, err
		}
		return []audit.Entry{{At: now, Who: "gateway", What: "key destroyed", Subject: e.Month}}, nil
	})
	if errors.Is(err, errInUse) {
		return false, nil
	}
	return err == nil, err
}
