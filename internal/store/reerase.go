package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"chumrok/internal/audit"
)

// reErasePage is how many conversations of the list are looked for at once.
const reErasePage = 500

// ReErase erases again what stands on the list of what was erased and is there, because a backup brought it back, and says how much that was. It
// goes on record as one act. A gateway calls it when it starts, and whoever brought a backup back before anybody reads in it.
func (s *Store) ReErase(ctx context.Context, at time.Time) (int, error) {
	listed, err := s.erased.read()
	if err != nil {
		return 0, err
	}
	n := 0
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(listed)), reErasePage) {
		back, err := words(ctx, s.read, "looking for what was erased and is there", `SELECT id FROM conversations WHERE emptied_at = 0 AND id IN `+
			list(len(ids))+` ORDER BY id`, anys(ids)...)
		if err != nil {
			return n, err
		}
		for _, id := range back {
			done, err := s.eraseAgain(ctx, at, id, listed[id])
			if err != nil {
				return n, err
			}
			n += done
		}
	}
	if n == 0 {
		return 0, nil
	}
	err = s.act(ctx, "recording what was erased again", func(context.Context, *sql.Tx) ([]audit.Entry, error) {
		return []audit.Entry{{At: at, Who: "gateway", What: "erased again", Subject: strconv.Itoa(n) + " conversations"}}, nil
	})
	if err != nil {
		return n, err
	}
	if err := s.Wipe(ctx); err != nil && !errors.Is(err, errBusy) { // what was erased is erased; the log is emptied with the next one
		return n, err
	}
	return n, nil
}

// eraseAgain erases one conversation as it was erased before. What went by time and is open in this database, because the backup is older than its
// end, goes as by a wish: nobody is to act on words that are gone.
func (s *Store) eraseAgain(ctx context.Context, at time.Time, id string, how erasedHow) (done int, err error) {
	err = s.act(ctx, "erasing again", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		done = 0
		if there, err := hold(ctx, tx, id); err != nil || !there {
			return nil, err // as a part of another one
		}
		done = 1
		over, err := isOver(ctx, tx, id)
		switch {
		case err != nil:
		case how == erasedByTime && !over:
			young, err := words(ctx, tx, "looking whether its time can have been over", `SELECT id FROM conversations WHERE last_at >= $2 AND (id = $1
				OR id IN (SELECT conversation_id FROM additions WHERE report_of = $1)) LIMIT 1`, id, millis(at.Add(-CodeKept)))
			if err != nil {
				return nil, err
			}
			if len(young) > 0 { // the line was written and its erasing was broken off; meanwhile somebody added to it
				done = 0
				return nil, s.erased.add(notErased, id)
			}
			_, err = destroy(ctx, tx, at, id, true)
			if err != nil {
				return nil, err
			}
		case how == erasedByTime:
			err = emptyAtOnce(ctx, tx, at, id)
		default:
			_, err = destroy(ctx, tx, at, id, true)
		}
		if err != nil {
			return nil, err
		}
		_, err = tx.ExecContext(ctx, `UPDATE erasures SET decision = 'erase', decided_by = CASE WHEN decided_by = '' THEN 'gateway' ELSE decided_by END,
			decided_at = CASE WHEN decided_at = 0 THEN $2 ELSE decided_at END, erased_at = $2 WHERE conversation_id = $1 AND asked_at + decided_at > 0`, id, millis(at))
		if err != nil {
			return nil, fmt.Errorf("noting that it is erased: %w", err)
		}
		return nil, nil
	})
	return done, err
}

// emptyAtOnce is what eraseByTime does, also where an officer has it on the screen.
func emptyAtOnce(ctx context.Context, tx *sql.Tx, at time.Time, id string) error {
	copies, err := shownOf(ctx, tx, []string{id})
	if err != nil {
		return err
	}
	open, err := stillOpen(ctx, tx, copies)
	if err != nil {
		return err
	}
	if err := endReading(ctx, tx, open); err != nil {
		return err
	}
	if err := endSessions(ctx, tx, at, open); err != nil {
		return err
	}
	return empty(ctx, tx, at, []string{id}, copies)
}

// isOver says that nothing of a conversation is open, and that it may stay in its bin without its words.
func isOver(ctx context.Context, tx *sql.Tx, id string) (bool, error) {
	open, err := words(ctx, tx, "looking for what is open", `SELECT c.id FROM conversations c WHERE c.id = $1 AND (c.bin NOT IN ('concluded','marked')
		OR EXISTS (SELECT 1 FROM referrals f WHERE f.conversation_id = c.id AND f.closed_at = 0)
		OR EXISTS (SELECT 1 FROM holds h WHERE h.conversation_id = c.id AND h.closed_at = 0))`, id)
	return err == nil && len(open) == 0, err
}
