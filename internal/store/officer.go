package store

import (
	"context"
	"database/sql"
	"time"

	"chumrok/internal/audit"
)

// PINTries is how many tries a phone has until somebody gives the right PIN or unlocks it: with six digits, five tries find a PIN once in
// two hundred thousand phones.
const PINTries = 5

// PIN is what an officer proves with on a phone of the directory. There is one for a phone, however many rows it stands on.
type PIN struct {
	PhoneIndex string // Store.PhoneIndex of the number
	OfficerID  string // the row of the directory for which it was drawn; acts of this phone stand on record under it
	Hash       string // of officerpin.Hash
	Failed     int    // tries since the last right one
	LockedAt   time.Time
	SetAt      time.Time
}

// Locked says that no try is left until somebody unlocks it.
func (p PIN) Locked() bool { return p.Failed >= PINTries }

// PINAnswer is what came of a try.
type PINAnswer string

const (
	// PINRight: it is the officer, and the tries are counted anew.
	PINRight PINAnswer = "ok"
	// PINWrong: another number was drawn for this phone.
	PINWrong PINAnswer = "wrong"
	// PINLocked: too many wrong tries; nothing was compared.
	PINLocked PINAnswer = "locked"
	// PINNone: no PIN was ever drawn for this phone.
	PINNone PINAnswer = "none"
)

const pinColumns = `phone_index, officer_id, hash, failed, locked_at, set_at`

func scanPIN(scan scanner) (p PIN, err error) {
	var locked, set int64
	err = scan(&p.PhoneIndex, &p.OfficerID, &p.Hash, &p.Failed, &locked, &set)
	p.LockedAt, p.SetAt = instant(locked), instant(set)
	return p, err
}

// SetPIN gives a phone a PIN in place of the one that it had, with all tries left, as the act of by at p.SetAt.
func (s *Store) SetPIN(ctx context.Context, by string, p PIN) error {
	return s.act(ctx, "setting a PIN", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		_, err := tx.ExecContext(ctx, `INSERT INTO pins (`+pinColumns+`) VALUES ($1,$2,$3,0,0,$4)
			ON CONFLICT (phone_index) DO UPDATE SET officer_id = excluded.officer_id, hash = excluded.hash, failed = 0, locked_at = 0,
			set_at = excluded.set_at`, p.PhoneIndex, p.OfficerID, p.Hash, millis(p.SetAt))
		return []audit.Entry{{At: p.SetAt, Who: by, What: "pin set", Subject: p.OfficerID}}, err
	})
}

// PIN is the PIN of a phone, if one was drawn.
func (s *Store) PIN(ctx context.Context, phoneIndex string) (PIN, bool, error) {
	return first(query(ctx, s.read, "reading a PIN", scanPIN, `SELECT `+pinColumns+` FROM pins WHERE phone_index = $1`, phoneIndex))
}

// PINs lists every PIN there is.
func (s *Store) PINs(ctx context.Context) ([]PIN, error) {
	return query(ctx, s.read, "reading PINs", scanPIN, `SELECT `+pinColumns+` FROM pins ORDER BY officer_id, phone_index`)
}

// TryPIN compares what was typed on a phone with its PIN; same says whether the hash is of what was typed. A try is counted before it is
// compared, so that many at once find no more than PINTries do one after another. Each try is on record.
func (s *Store) TryPIN(ctx context.Context, at time.Time, phoneIndex string, same func(hash string) bool) (PINAnswer, error) {
	p, answer := PIN{}, PINNone
	err := s.act(ctx, "counting a try of a PIN", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		taken, err := query(ctx, tx, "counting a try", scanPIN, `UPDATE pins SET failed = failed + 1,
			locked_at = CASE WHEN failed + 1 >= $2 THEN CAST($3 AS BIGINT) ELSE 0 END WHERE phone_index = $1 AND failed < $2 RETURNING `+pinColumns,
			phoneIndex, int64(PINTries), millis(at))
		if err != nil {
			return nil, err
		}
		if len(taken) == 1 {
			p, answer = taken[0], PINWrong
			return nil, nil
		}
		officers, err := words(ctx, tx, "reading a PIN", `SELECT officer_id FROM pins WHERE phone_index = $1`, phoneIndex)
		if err != nil || len(officers) == 0 {
			return nil, err
		}
		answer = PINLocked
		return []audit.Entry{{At: at, Who: officers[0], What: "pin locked", Subject: officers[0]}}, nil
	})
	if err != nil || answer != PINWrong {
		return answer, err
	}
	right := same(p.Hash)
	err = s.act(ctx, "noting a try of a PIN", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		act := audit.Entry{At: at, Who: p.OfficerID, What: "pin wrong", Subject: p.OfficerID}
		if !right {
			return []audit.Entry{act}, nil
		}
		// Only while it is still this PIN: one that was drawn anew in between has tries of its own.
		act.What = "pin right"
		_, err := tx.ExecContext(ctx, `UPDATE pins SET failed = 0, locked_at = 0 WHERE phone_index = $1 AND hash = $2`, phoneIndex, p.Hash)
		return []audit.Entry{act}, err
	})
	if err == nil && right {
		answer = PINRight
	}
	return answer, err
}

// UnlockPIN gives a phone its tries back, as the act of by. It is false when no PIN was drawn for it.
func (s *Store) UnlockPIN(ctx context.Context, at time.Time, by, phoneIndex string) (bool, error) {
	found := false
	err := s.act(ctx, "unlocking a PIN", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		officers, err := words(ctx, tx, "unlocking a PIN", `UPDATE pins SET failed = 0, locked_at = 0 WHERE phone_index = $1 RETURNING officer_id`, phoneIndex)
		if found = len(officers) == 1; err != nil || !found {
			return nil, err
		}
		return []audit.Entry{{At: at, Who: by, What: "pin unlock", Subject: officers[0]}}, nil
	})
	return found && err == nil, err
}

// Away is a time in which an officer is not to be asked.
type Away struct {
	OfficerID string
	From      time.Time
	Until     time.Time // the moment from which the officer is back
}

// SetAway notes that an officer is away, in place of what was noted before, as the act of by at a time.
func (s *Store) SetAway(ctx context.Context, at time.Time, by string, a Away) error {
	return s.act(ctx, "noting an absence", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		_, err := tx.ExecContext(ctx, `INSERT INTO aways (officer_id, from_at, until_at) VALUES ($1,$2,$3)
			ON CONFLICT (officer_id) DO UPDATE SET from_at = excluded.from_at, until_at = excluded.until_at`, a.OfficerID, millis(a.From), millis(a.Until))
		return []audit.Entry{{At: at, Who: by, What: "away", Subject: a.OfficerID}}, err
	})
}

// EndAway notes that an officer is back, as the act of by. It is false when the officer was not away at that time.
func (s *Store) EndAway(ctx context.Context, at time.Time, by, officerID string) (bool, error) {
	was := false
	err := s.act(ctx, "ending an absence", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		gone, err := words(ctx, tx, "ending an absence", `DELETE FROM aways WHERE officer_id = $1 AND until_at > $2 RETURNING officer_id`, officerID, millis(at))
		if was = len(gone) == 1; err != nil || !was {
			return nil, err
		}
		return []audit.Entry{{At: at, Who: by, What: "back", Subject: officerID}}, nil
	})
	return was && err == nil, err
}

// Aways lists who is away at now, by officer.
func (s *Store) Aways(ctx context.Context, now time.Time) ([]Away, error) {
	return query(ctx, s.read, "reading absences", func(scan scanner) (a Away, err error) {
		var from, until int64
		err = scan(&a.OfficerID, &from, &until)
		a.From, a.Until = instant(from), instant(until)
		return a, err
	}, `SELECT officer_id, from_at, until_at FROM aways WHERE from_at <= $1 AND until_at > $1 ORDER BY officer_id`, millis(now))
}
