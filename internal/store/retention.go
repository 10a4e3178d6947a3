package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"chumrok/internal/audit"
)

// DueRetention is the due work that erases by time, once a day; its subject is the word TheRetention.
const (
	DueRetention = "retention"
	TheRetention = "daily"
)

// Keeping is how long what belongs to something is kept after it is over: a matter when its last referral and hold are closed and nothing was
// said in it any more, a conversation without a matter after its last turn. Zero keeps it.
type Keeping struct {
	Nothing  time.Duration // conversations in which nothing was told
	Number   time.Duration // numbers, and the indexes that find them
	Told     time.Duration // what was told, with its key, its plan and its code
	Messages time.Duration // what was sent: text, number, provider's id
	Officers time.Duration // what officers wrote and read, and what they were asked last
	Drills   time.Duration // who was called in a drill, and who answered
}

// A lapse is one kind of what is erased by time.
type lapse struct {
	what  string
	keep  time.Duration
	find  func(ctx context.Context, cut time.Time, after place) ([]place, error)
	erase func(ctx context.Context, tx *sql.Tx, at, cut time.Time, ids []string) ([]string, error) // the ids for which it was done
	list  bool                                                                                     // they are put on the list of what was erased
}

// place is where a row stands in the order in which rows of its kind are looked at.
type place struct {
	at int64
	id string
}

// lapsePage is how many rows are erased in one transaction: few enough that SQLite's one writer has room again before a caller notices.
const lapsePage = 20

// Lapse erases what is older than its time, in transactions of a page each, at most so many of them, and says how much of each kind it was and
// whether more is left. It may be broken off at any moment and goes on where it was. Nothing of a matter that is open in any part of it is
// touched, whatever its age. What was erased stands in RecordLapsed's next entry.
func (s *Store) Lapse(ctx context.Context, now time.Time, keep Keeping, pages int) (erased map[string]int, more bool, err error) {
	erased = map[string]int{}
	for _, l := range s.lapses(keep) {
		if l.keep <= 0 {
			continue
		}
		cut, after := now.Add(-l.keep), place{}
		for {
			found, err := l.find(ctx, cut, after)
			if err != nil {
				return erased, true, fmt.Errorf("looking for %s whose time is over: %w", l.what, err)
			}
			if len(found) == 0 {
				break
			}
			if pages == 0 {
				return erased, true, nil
			}
			after = found[len(found)-1]
			n, err := s.lapsePage(ctx, l, now, cut, found)
			if err != nil {
				return erased, true, fmt.Errorf("erasing %s whose time is over: %w", l.what, err)
			}
			if erased[l.what] += n; n > 0 {
				pages--
			}
			if len(found) < lapsePage {
				break
			}
		}
	}
	return erased, false, nil
}

// lapses are the kinds, those that take less of a matter away first.
func (s *Store) lapses(keep Keeping) []lapse {
	conversations := func(where string) func(context.Context, time.Time, place) ([]place, error) {
		return func(ctx context.Context, cut time.Time, after place) ([]place, error) {
			return s.lapsedConversations(ctx, where, cut, after)
		}
	}
	return []lapse{
		{"questions", keep.Officers, s.lapsedQuestions, eraseQuestions, false},
		{"messages", keep.Messages, s.lapsedMessages, eraseMessages, false},
		{"numbers", keep.Number, conversations(`c.number IS NOT NULL`), eraseNumbers, false},
		{"drills", keep.Drills, s.lapsedDrills, eraseDrillCalls, false},
		{"nothing told", keep.Nothing, conversations(`c.mark <> 'officer' AND NOT ` + isMatter), eraseByTime, false},
		{"officers' words", keep.Officers, conversations(`c.mark = 'officer' AND NOT ` + isMatter), eraseByTime, false},
		{"told", keep.Told, conversations(isMatter), eraseByTime, true},
		{"who was asked", max(keep.Told, CodeKept), s.lapsedAlerts, eraseAsked, false},
	}
}

// isMatter chooses conversations c that are a matter, or part of one.
const isMatter = `(EXISTS (SELECT 1 FROM reports r WHERE r.conversation_id = c.id) OR EXISTS (SELECT 1 FROM holds h WHERE h.conversation_id = c.id)
	OR EXISTS (SELECT 1 FROM additions a WHERE a.conversation_id = c.id))`

// unsettled chooses conversations c in which something is open, or was closed or said at $1 or later.
const unsettled = `(c.bin NOT IN ('concluded','marked') OR c.last_at >= $1
	OR EXISTS (SELECT 1 FROM referrals f WHERE f.conversation_id = c.id AND (f.closed_at = 0 OR f.closed_at >= $1))
	OR EXISTS (SELECT 1 FROM holds h WHERE h.conversation_id = c.id AND (h.closed_at = 0 OR h.closed_at >= $1))
	OR EXISTS (SELECT 1 FROM erasures e WHERE e.conversation_id = c.id AND e.erased_at = 0 AND (e.decision = 'erase' OR e.asked_at > 0 AND e.decision = '')))`

func places(ctx context.Context, db querier, doing, text string, args ...any) ([]place, error) {
	return query(ctx, db, doing, func(scan scanner) (p place, err error) {
		err = scan(&p.at, &p.id)
		return p, err
	}, text, args...)
}

func (s *Store) lapsedConversations(ctx context.Context, where string, cut time.Time, after place) ([]place, error) {
	return places(ctx, s.read, "reading old conversations", `SELECT c.last_at, c.id FROM conversations c WHERE c.emptied_at = 0 AND c.last_at < $1
		AND (c.last_at > $2 OR c.last_at = $2 AND c.id > $3) AND `+where+` AND NOT `+unsettled+` ORDER BY c.last_at, c.id LIMIT $4`,
		millis(cut), after.at, after.id, lapsePage)
}

// lapsedMessages finds what was sent about matters that are over, or about none.
func (s *Store) lapsedMessages(ctx context.Context, cut time.Time, after place) ([]place, error) {
	return places(ctx, s.read, "reading old messages", `SELECT m.created_at, m.id FROM messages m WHERE m.text IS NOT NULL AND m.created_at < $1
		AND (m.created_at > $2 OR m.created_at = $2 AND m.id > $3) AND m.state <> 'queued'
		AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.id = m.conversation_id AND `+unsettled+`) ORDER BY m.created_at, m.id LIMIT $4`,
		millis(cut), after.at, after.id, lapsePage)
}

// lapsedAlerts finds whom nobody needs to know any more that they were asked: their matters were emptied, and their codes say nothing to anybody.
func (s *Store) lapsedAlerts(ctx context.Context, cut time.Time, after place) ([]place, error) {
	return places(ctx, s.read, "reading old alerts", `SELECT a.created_at, a.id FROM alerts a WHERE a.phone_index <> '' AND a.created_at < $1
		AND (a.created_at > $2 OR a.created_at = $2 AND a.id > $3)
		AND NOT EXISTS (SELECT 1 FROM referrals f JOIN conversations c ON c.id = f.conversation_id WHERE f.id = a.referral_id
			AND (f.closed_at = 0 OR f.closed_at >= $1 OR c.emptied_at = 0))
		AND NOT EXISTS (SELECT 1 FROM holds h JOIN conversations c ON c.id = h.conversation_id WHERE h.id = a.hold_id
			AND (h.closed_at = 0 OR h.closed_at >= $1 OR c.emptied_at = 0)) ORDER BY a.created_at, a.id LIMIT $4`,
		millis(cut), after.at, after.id, lapsePage)
}

func (s *Store) lapsedDrills(ctx context.Context, cut time.Time, after place) ([]place, error) {
	return places(ctx, s.read, "reading old drills", `SELECT d.ends_at, d.id FROM drills d WHERE d.ends_at < $1
		AND (d.ends_at > $2 OR d.ends_at = $2 AND d.id > $3) AND EXISTS (SELECT 1 FROM drill_calls k WHERE k.drill_id = d.id AND k.phone_index <> '')
		ORDER BY d.ends_at, d.id LIMIT 1`, millis(cut), after.at, after.id)
}

func (s *Store) lapsedQuestions(ctx context.Context, cut time.Time, after place) ([]place, error) {
	return places(ctx, s.read, "reading old questions", `SELECT asked_at, phone_index FROM questions WHERE asked_at < $1
		AND (asked_at > $2 OR asked_at = $2 AND phone_index > $3) ORDER BY asked_at, phone_index LIMIT $4`, millis(cut), after.at, after.id, lapsePage)
}

// lapsePage erases one page in one transaction, with its count for the record.
func (s *Store) lapsePage(ctx context.Context, l lapse, at, cut time.Time, page []place) (int, error) {
	ids := make([]string, len(page))
	for i, p := range page {
		ids[i] = p.id
	}
	slices.Sort(ids) // two gateways must not wait for each other
	var done, listed []string
	err := s.act(ctx, "erasing", func(ctx context.Context, tx *sql.Tx) (_ []audit.Entry, err error) {
		if done, err = l.erase(ctx, tx, at, cut, ids); err != nil || len(done) == 0 {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO lapsed AS l (what, n) VALUES ($1, $2) ON CONFLICT (what) DO UPDATE SET n = l.n + excluded.n`,
			l.what, len(done)); err != nil {
			return nil, fmt.Errorf("counting what was erased: %w", err)
		}
		if l.list {
			listed = done
			return nil, s.erased.add(erasedByTime, done...)
		}
		return nil, nil
	})
	if err != nil {
		return 0, errors.Join(err, s.erased.add(notErased, listed...))
	}
	return len(done), nil
}

// settled leaves those of some conversations that are there, and in whose whole matter nothing is open or happened since cut. It holds their
// rows: whoever wants to add to them comes before, and is seen, or after, and finds them empty.
func settled(ctx context.Context, tx *sql.Tx, cut time.Time, ids []string) ([]string, error) {
	there, err := words(ctx, tx, "holding conversations", `UPDATE conversations SET mark = mark WHERE id IN `+list(len(ids))+` AND emptied_at = 0 RETURNING id`, anys(ids)...)
	if err != nil || len(there) == 0 {
		return nil, err
	}
	tied, err := tiedToOthers(ctx, tx, there)
	if err != nil {
		return nil, err
	}
	alone := slices.DeleteFunc(slices.Clone(there), func(id string) bool { return tied[id] })
	busy, err := busySince(ctx, tx, cut, alone)
	if err != nil {
		return nil, err
	}
	able := slices.DeleteFunc(alone, func(id string) bool { return busy[id] })
	for _, id := range there {
		if !tied[id] {
			continue
		}
		matter, whole, err := matterOf(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if busy, err = busySince(ctx, tx, cut, matter); err != nil {
			return nil, err
		}
		if whole && len(busy) == 0 {
			able = append(able, id)
		}
	}
	return able, nil
}

// busySince is which of some conversations are unsettled, or have work that is still to be done.
func busySince(ctx context.Context, tx *sql.Tx, cut time.Time, ids []string) (map[string]bool, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	in := list(len(ids))
	return set(ctx, tx, "looking for what is open", `SELECT c.id FROM conversations c WHERE c.id IN `+in+` AND `+
		strings.ReplaceAll(unsettled, "$1", "$"+strconv.Itoa(len(ids)+1))+`
		UNION SELECT x.conversation FROM due d JOIN (SELECT id, id AS conversation FROM conversations WHERE id IN `+in+`
			UNION ALL SELECT id, conversation_id FROM referrals WHERE conversation_id IN `+in+`
			UNION ALL SELECT id, conversation_id FROM holds WHERE conversation_id IN `+in+`
			UNION ALL SELECT id, conversation_id FROM messages WHERE conversation_id IN `+in+` AND state = 'queued') x ON x.id = d.subject
			WHERE d.kind NOT IN ('`+DueForget+`','`+DueErase+`')`, append(anys(ids), millis(cut))...)
}

// tiedToOthers is which of some conversations belong to a matter of more than one.
func tiedToOthers(ctx context.Context, tx *sql.Tx, ids []string) (map[string]bool, error) {
	in := list(len(ids))
	return set(ctx, tx, "looking for what belongs together", `SELECT conversation_id FROM additions WHERE conversation_id IN `+in+`
		UNION SELECT report_of FROM additions WHERE report_of IN `+in+` UNION SELECT conversation_id FROM shown WHERE conversation_id IN `+in, anys(ids)...)
}

// mostBeside is how many conversations of one matter are looked at. One with more stays for a person to erase.
const mostBeside = 5000

// matterOf is a conversation with all those that belong to the same matter, however they came to it, and what was read in them; false where they
// are too many.
func matterOf(ctx context.Context, tx *sql.Tx, id string) ([]string, bool, error) {
	all, known := []string{id}, map[string]bool{id: true}
	for i := 0; i < len(all) && i < mostBeside; i++ {
		near, err := words(ctx, tx, "looking for what belongs to a matter", `SELECT report_of FROM additions WHERE conversation_id = $1
			UNION SELECT conversation_id FROM additions WHERE report_of = $1 UNION SELECT report_of FROM shown WHERE conversation_id = $1`, all[i])
		if err != nil {
			return nil, false, err
		}
		for _, n := range near {
			if !known[n] {
				all, known[n] = append(all, n), true
			}
		}
	}
	return all, len(all) <= mostBeside, nil
}

// RecordLapsed wipes what was erased by time out of the files, and puts on record, in one entry, how much that was since the last such entry. Where
// it was nothing it does nothing.
func (s *Store) RecordLapsed(ctx context.Context, at time.Time) error {
	kinds, err := words(ctx, s.read, "looking for what was erased", `SELECT what FROM lapsed WHERE n > 0`)
	if err != nil || len(kinds) == 0 {
		return err
	}
	if err := s.Wipe(ctx); err != nil {
		return err
	}
	return s.act(ctx, "recording what was erased by time", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		counts, err := query(ctx, tx, "counting what was erased", func(scan scanner) (string, error) {
			var what string
			var n int
			err := scan(&what, &n)
			return fmt.Sprintf("%s %d", what, n), err
		}, `SELECT what, n FROM lapsed WHERE n > 0 AND what <> '`+unwiped+`' ORDER BY what`)
		if err != nil || len(counts) == 0 {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE lapsed SET n = 0 WHERE what <> '`+unwiped+`'`); err != nil {
			return nil, fmt.Errorf("counting what was erased: %w", err)
		}
		return []audit.Entry{{At: at, Who: "gateway", What: "erased by time", Subject: strings.Join(counts, ", ")}}, nil
	})
}
