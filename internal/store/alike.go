package store

import (
	"context"
	"strconv"
	"time"
)

// Alike is a report that may speak of the same child as another one.
type Alike struct {
	ConversationID string
	Code           string // of its referral, or else of its hold
}

// AlikeTo lists reports of one commune and one harm since a time, whose children are in one of these age bands and that a person still acts on,
// the latest first; not the one of conversation.
func (s *Store) AlikeTo(ctx context.Context, conversation, area, harm string, ages []string, since time.Time) ([]Alike, error) {
	n := len(ages)
	return query(ctx, s.read, "looking for reports alike", func(scan scanner) (a Alike, err error) {
		err = scan(&a.ConversationID, &a.Code)
		return a, err
	}, `SELECT r.conversation_id, COALESCE((SELECT MAX(f.code) FROM referrals f WHERE f.conversation_id = r.conversation_id),
			(SELECT MAX(h.code) FROM holds h WHERE h.conversation_id = r.conversation_id), '')
		FROM reports r JOIN conversations c ON c.id = r.conversation_id
		WHERE r.age IN `+list(n)+` AND r.area_code = $`+strconv.Itoa(n+1)+` AND r.harm = $`+strconv.Itoa(n+2)+` AND r.at >= $`+strconv.Itoa(n+3)+`
			AND r.conversation_id <> $`+strconv.Itoa(n+4)+` AND c.bin IN ('concluded','held')
		ORDER BY r.at DESC, r.id DESC LIMIT 4`, append(anys(ages), area, harm, millis(since), conversation)...)
}

// ReportsOn counts the reports on a commune since a time.
func (s *Store) ReportsOn(ctx context.Context, area string, since time.Time) (int, error) {
	return s.counted(ctx, `SELECT count(*) FROM reports WHERE area_code = $1 AND at >= $2`, area, millis(since))
}

// ReportsBy counts the reports that the phone with this index told since a time.
func (s *Store) ReportsBy(ctx context.Context, phoneIndex string, since time.Time) (int, error) {
	return s.counted(ctx, `SELECT count(*) FROM reports r JOIN conversations c ON c.id = r.conversation_id WHERE c.number_index = $1 AND r.at >= $2`,
		phoneIndex, millis(since))
}

func (s *Store) counted(ctx context.Context, text string, args ...any) (int, error) {
	n, err := query(ctx, s.read, "counting reports", func(scan scanner) (n int, err error) {
		err = scan(&n)
		return n, err
	}, text, args...)
	if err != nil || len(n) == 0 {
		return 0, err
	}
	return n[0], nil
}
