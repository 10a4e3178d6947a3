package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"chumrok/internal/audit"
	"chumrok/internal/phone"
	"chumrok/internal/seal"
)

// NewPhone is the phone of an officer that takes the place of the one in the directory.
type NewPhone struct {
	OfficerID string
	Number    phone.Number // zero: it was lost, and there is none
	At        time.Time
}

// SetPhone notes that an officer has another phone, or with a zero number that it was lost, as the act of by.
func (s *Store) SetPhone(ctx context.Context, by string, p NewPhone) error {
	var number, wrapped []byte
	what := "phone lost"
	if !p.Number.IsZero() {
		key, w, err := s.keys.NewDataKey(phoneRow(p.OfficerID))
		if err != nil {
			return fmt.Errorf("sealing a phone: %w", err)
		}
		number, wrapped, what = key.Seal(phonePlace(p.OfficerID), []byte(p.Number.E164())), w, "phone changed"
	}
	return s.act(ctx, "noting a phone", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		_, err := tx.ExecContext(ctx, `INSERT INTO officer_phones (officer_id, number, wrapped_key, at) VALUES ($1,$2,$3,$4)
			ON CONFLICT (officer_id) DO UPDATE SET number = excluded.number, wrapped_key = excluded.wrapped_key, at = excluded.at`,
			p.OfficerID, number, wrapped, millis(p.At))
		return []audit.Entry{{At: p.At, Who: by, What: what, Subject: p.OfficerID}}, err
	})
}

// Phones lists the phones that take the place of those in the directory, by officer.
func (s *Store) Phones(ctx context.Context) ([]NewPhone, error) {
	return query(ctx, s.read, "reading changed phones", func(scan scanner) (p NewPhone, err error) {
		var number, wrapped []byte
		var at int64
		if err := scan(&p.OfficerID, &number, &wrapped, &at); err != nil {
			return p, err
		}
		if p.At = instant(at); len(number) == 0 {
			return p, nil
		}
		key, err := s.unwrap(phoneRow(p.OfficerID), seal.Wrapped(wrapped))
		if err != nil {
			return p, fmt.Errorf("opening the phone of %s: %w", p.OfficerID, err)
		}
		p.Number, err = openNumber(key, "officer_phones", p.OfficerID, number)
		return p, err
	}, `SELECT officer_id, number, wrapped_key, at FROM officer_phones ORDER BY officer_id`)
}

func phoneRow(officerID string) string { return "officer_phones " + officerID }

func phonePlace(officerID string) seal.Place {
	return seal.Place{Table: "officer_phones", Column: "number", Row: officerID}
}
