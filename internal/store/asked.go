package store

import (
	"context"
	"time"

	"chumrok/internal/referral"
)

// Asked is what a reporter's code can be answered from: how many matters stand where, and nothing of what was told.
type Asked struct {
	Known      bool   // a report has this code
	PhoneIndex string // of the number that told it
	Working    int    // its referrals that a person has accepted and that are open
	Waiting    int    // its referrals and holds that are open and of which a person is still to say so
	ClosedAt   time.Time
}

// Asked finds what a reporter's code is about. One statement finds it by its blind index and counts, and it does the same for a code that is
// nobody's: neither its answer nor its time says how near a guess was. That somebody asked to erase it shows nowhere.
func (s *Store) Asked(ctx context.Context, code string) (Asked, error) {
	found, err := query(ctx, s.read, "looking for a reporter's code", func(scan scanner) (a Asked, err error) {
		var known, closed int64
		err = scan(&known, &a.PhoneIndex, &a.Working, &a.Waiting, &closed)
		a.Known, a.ClosedAt = known > 0, instant(closed)
		return a, err
	}, `WITH asked AS (SELECT COUNT(*) AS known, COALESCE(MAX(r.conversation_id), '') AS conversation, COALESCE(MAX(c.number_index), '') AS phone
			FROM reports r JOIN conversations c ON c.id = r.conversation_id WHERE r.reporter_code = $1)
		SELECT asked.known, asked.phone,
			(SELECT COUNT(*) FROM referrals x WHERE x.conversation_id = asked.conversation AND x.closed_at = 0 AND x.state <> $2),
			(SELECT COUNT(*) FROM referrals x WHERE x.conversation_id = asked.conversation AND x.closed_at = 0 AND x.state = $2) +
			(SELECT COUNT(*) FROM holds x WHERE x.conversation_id = asked.conversation AND x.closed_at = 0 AND x.id NOT IN (SELECT hold_id FROM erasures)),
			(SELECT COALESCE(MAX(closed), 0) FROM (
				SELECT x.closed_at AS closed FROM referrals x WHERE x.conversation_id = asked.conversation
				UNION ALL SELECT x.closed_at FROM holds x WHERE x.conversation_id = asked.conversation AND x.id NOT IN (SELECT hold_id FROM erasures)) AS both_kinds)
		FROM asked`, s.keys.Blind(reporterCodeKind, code), string(referral.Alerting))
	if err != nil {
		return Asked{}, err
	}
	return found[0], nil
}

// Owned lists the open matters that these officers have taken, as AlertsForPhone lists what a phone was alerted about: what an officer has
// taken stays the officer's when the number in the directory changes.
func (s *Store) Owned(ctx context.Context, officerIDs ...string) ([]Alerted, error) {
	if len(officerIDs) == 0 {
		return nil, nil
	}
	return query(ctx, s.read, "reading what officers have taken", func(scan scanner) (a Alerted, err error) {
		err = scan(&a.ReferralID, &a.HoldID, &a.OfficerID, &a.Code, &a.State, &a.AreaCode)
		a.Owner = a.OfficerID
		return a, err
	}, `SELECT id, '', owner, code, state, area_code FROM referrals WHERE closed_at = 0 AND owner IN `+list(len(officerIDs))+`
		UNION ALL SELECT '', id, owner, code, state, '' FROM holds WHERE closed_at = 0 AND owner IN `+list(len(officerIDs)),
		anys(officerIDs)...)
}
