package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"chumrok/internal/audit"
	"chumrok/internal/seal"
)

// ErrPast is wrapped by the error for what was sealed under the key of a month that was destroyed: its working copy is past its time. Lists
// leave such things out, and a single one is not found.
var ErrPast = errors.New("its working copy is past its time")

// Epoch is the key of a month as the database knows it, without the key.
type Epoch struct {
	seal.Epoch
	MadeAt      time.Time
	UsedAt      time.Time // since when it wraps what is new; zero = not yet
	RetiredAt   time.Time // when all of it was to be moved to a later one; zero = never
	DestroyedAt time.Time
}

// After says whether e follows o: a later month, or a later turn of the same.
func (e Epoch) After(o Epoch) bool { return e.Month > o.Month || e.Month == o.Month && e.Turn > o.Turn }

// GatewayKeys is which keys of months a gateway had when it was seen last.
type GatewayKeys struct {
	Name   string
	Holds  []string // ids
	SeenAt time.Time
}

// Epochs lists the keys of months that were ever registered, the oldest first.
func (s *Store) Epochs(ctx context.Context) ([]Epoch, error) {
	list, err := query(ctx, s.read, "reading the keys of months", func(scan scanner) (e Epoch, err error) {
		var made, used, retired, destroyed int64
		err = scan(&e.ID, &e.Month, &e.Turn, &e.Mark, &made, &used, &retired, &destroyed)
		e.MadeAt, e.UsedAt, e.RetiredAt, e.DestroyedAt = instant(made), instant(used), instant(retired), instant(destroyed)
		return e, err
	}, `SELECT id, month, turn, mark, made_at, used_at, retired_at, destroyed_at FROM epochs ORDER BY month, turn`)
	if err != nil {
		return nil, err
	}
	past := map[string]bool{}
	for _, e := range list {
		past[e.ID] = !e.DestroyedAt.IsZero()
	}
	s.past.Store(&past)
	return list, nil
}

// InUse is the key of a month that wraps what is new; false before the first.
func InUse(list []Epoch) (Epoch, bool) {
	var in Epoch
	for _, e := range list {
		if !e.UsedAt.IsZero() && (in.ID == "" || e.After(in)) {
			in = e
		}
	}
	return in, in.ID != ""
}

// RegisterEpoch makes the key of a month known, so that no other gateway makes a rival. It is false when another one has its place.
func (s *Store) RegisterEpoch(ctx context.Context, at time.Time, e seal.Epoch) (bool, error) {
	ours := false
	err := s.retry(ctx, func(ctx context.Context) error {
		_, err := s.write.ExecContext(ctx, `INSERT INTO epochs (id, month, turn, mark, made_at, used_at, retired_at, destroyed_at)
			VALUES ($1,$2,$3,$4,$5,0,0,0) ON CONFLICT DO NOTHING`, e.ID, e.Month, e.Turn, e.Mark, millis(at))
		if err != nil {
			return err
		}
		there, err := words(ctx, s.write, "looking for it", `SELECT id FROM epochs WHERE id = $1 AND mark = $2`, e.ID, e.Mark)
		ours = len(there) == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("registering the key of %s: %w", e.Month, err)
	}
	return ours, nil
}

// UseEpoch notes that the key of a month wraps what is new from now on.
func (s *Store) UseEpoch(ctx context.Context, at time.Time, e seal.Epoch) error {
	return s.retry(ctx, func(ctx context.Context) error {
		_, err := s.write.ExecContext(ctx, `UPDATE epochs SET used_at = $2 WHERE id = $1 AND used_at = 0 AND destroyed_at = 0`, e.ID, millis(at))
		if err != nil {
			return fmt.Errorf("taking the key of a month into use: %w", err)
		}
		return nil
	})
}

// RetireEpochs notes that everything which the keys before e wrap is to be moved to it, and not open matters alone, as the act of by.
func (s *Store) RetireEpochs(ctx context.Context, at time.Time, by string, e seal.Epoch) error {
	return s.act(ctx, "retiring keys", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		_, err := tx.ExecContext(ctx, `UPDATE epochs SET retired_at = $2 WHERE id <> $1 AND retired_at = 0 AND (month < $3 OR month = $3 AND turn < $4)`,
			e.ID, millis(at), e.Month, e.Turn)
		return []audit.Entry{{At: at, Who: by, What: "keys rotated", Subject: e.Month}}, err
	})
}

// SeeGateway notes which keys of months a gateway has.
func (s *Store) SeeGateway(ctx context.Context, g GatewayKeys) error {
	return s.retry(ctx, func(ctx context.Context) error {
		_, err := s.write.ExecContext(ctx, `INSERT INTO epoch_gateways (name, holds, seen_at) VALUES ($1,$2,$3)
			ON CONFLICT (name) DO UPDATE SET holds = excluded.holds, seen_at = excluded.seen_at`, g.Name, strings.Join(g.Holds, " "), millis(g.SeenAt))
		if err != nil {
			return fmt.Errorf("noting which keys are here: %w", err)
		}
		return nil
	})
}

// ForgetGateway notes that a gateway has stopped: nobody waits for it to have a key.
func (s *Store) ForgetGateway(ctx context.Context, name string) error {
	return s.retry(ctx, func(ctx context.Context) error {
		if _, err := s.write.ExecContext(ctx, `DELETE FROM epoch_gateways WHERE name = $1`, name); err != nil {
			return fmt.Errorf("noting that a gateway stops: %w", err)
		}
		return nil
	})
}

// GatewaysSince lists the gateways that were seen since a time.
func (s *Store) GatewaysSince(ctx context.Context, since time.Time) ([]GatewayKeys, error) {
	return query(ctx, s.read, "reading which gateways have which keys", func(scan scanner) (g GatewayKeys, err error) {
		var holds string
		var seen int64
		err = scan(&g.Name, &holds, &seen)
		g.Holds, g.SeenAt = strings.Fields(holds), instant(seen)
		return g, err
	}, `SELECT name, holds, seen_at FROM epoch_gateways WHERE seen_at >= $1 ORDER BY name`, millis(since))
}

// unwrap is the data key of a row, ErrPast where it went with its month.
func (s *Store) unwrap(row string, w seal.Wrapped) (seal.DataKey, error) {
	key, err := s.keys.Unwrap(row, w)
	if errors.Is(err, seal.ErrKeyMissing) && ((*s.past.Load())[w.KeyID()] || s.keys.Destroyed(w.KeyID())) {
		return seal.DataKey{}, ErrPast
	}
	return key, err
}

// pastMatter is ErrPast for a referral or a hold whose working copy is past its time, and nil for one that is not there.
func (s *Store) pastMatter(ctx context.Context, table, id string) error {
	_, err := query(ctx, s.read, "looking for what is past its time", func(scan scanner) (struct{}, error) {
		var conversation string
		var wrapped []byte
		if err := scan(&conversation, &wrapped); err != nil {
			return struct{}{}, err
		}
		if _, err := s.unwrap(conversation, wrapped); errors.Is(err, ErrPast) {
			return struct{}{}, fmt.Errorf("reading %s %s: %w", table, id, errMatterPast)
		}
		return struct{}{}, nil
	}, `SELECT c.id, c.wrapped_key FROM `+table+` x JOIN conversations c ON c.id = x.conversation_id WHERE x.id = $1 AND length(c.wrapped_key) > 0`, id)
	if errors.Is(err, errMatterPast) {
		return ErrPast
	}
	return err
}

// errMatterPast gets through query, which leaves ErrPast out.
var errMatterPast = errors.New("a matter is past its time")

// fits says whether the keys are those that the database was written with: with others nothing in it could be read, and what came in
// would be found by nobody. It takes the newest month's key into use that is here and was in use before.
func (s *Store) fits(ctx context.Context) error {
	known, err := words(ctx, s.read, "reading whose keys these are", `SELECT value FROM key_marks WHERE name = 'index'`)
	if err != nil {
		return err
	}
	switch {
	case len(known) == 0:
		if err := s.fitsLast(ctx); err != nil {
			return fmt.Errorf("trying the key file on what was written last: %w", err)
		}
		if _, err := s.write.ExecContext(ctx, `INSERT INTO key_marks (name, value) VALUES ('index', $1) ON CONFLICT DO NOTHING`, s.keys.IndexMark()); err != nil {
			return fmt.Errorf("noting whose keys these are: %w", err)
		}
	case known[0] != s.keys.IndexMark():
		return fmt.Errorf("this is not the key file that the database was written with: %w; restore that one, or put it back with `chumrok keys recover`", seal.ErrKeyMissing)
	}
	list, err := s.Epochs(ctx)
	if err != nil {
		return err
	}
	for _, e := range slices.Backward(list) {
		if !e.UsedAt.IsZero() && e.DestroyedAt.IsZero() && s.keys.Use(e.ID) {
			break
		}
	}
	return nil
}

// fitsLast is for databases of before there were months' keys.
func (s *Store) fitsLast(ctx context.Context) error {
	var id string
	var wrapped []byte
	err := s.read.QueryRowContext(ctx, `SELECT id, wrapped_key FROM conversations WHERE length(wrapped_key) > 0 ORDER BY id DESC LIMIT 1`).Scan(&id, &wrapped)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		_, err = s.keys.Unwrap(id, wrapped)
	}
	return err
}

// bytesOf is an id as it stands in a wrapped key.
func bytesOf(id string) []byte {
	raw, err := hex.DecodeString(id)
	if err != nil {
		return nil
	}
	return raw
}
