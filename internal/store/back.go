package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"chumrok/internal/phone"
)

// mostCutOff is how many cut-off conversations of a phone are looked at, the newest first: a bad line cuts many calls short before anything
// is said, and they must not hide the one that matters.
const mostCutOff = 12

// ProofTried says that a number was given to take a conversation up again, and that it proved nothing: those that CutOff would find with
// the same words are not taken up any more.
type ProofTried struct {
	Number  phone.Number
	Channel string
	Since   time.Time
	Except  string // the conversation in which it was given
}

// cutOffWhere chooses conversations that a proof may take up again: of the number $1 and the channel $2, not silent since before $3, not $4.
const cutOffWhere = `number_index = $1 AND number_index <> '' AND channel = $2 AND last_at >= $3 AND id <> $4 AND ended_at = 0
	AND proof_tried = 0 AND (bin IN ('open','held') OR bin = 'marked' AND mark = 'empty')`

// CutOff are the conversations of a number that stopped half-way and that a proof may take up again: not over, not concluded, none of
// which a wrong proof was given, and with a turn at since or later. The newest come first; except is left out. A number that is hidden has none.
func (s *Store) CutOff(ctx context.Context, number phone.Number, channel string, since time.Time, except string) ([]Resumed, error) {
	index := ""
	if !number.IsZero() {
		index = s.PhoneIndex(number)
	}
	return s.resumed(ctx, `c.id IN (SELECT id FROM conversations WHERE `+cutOffWhere+`) ORDER BY c.last_at DESC, c.id DESC LIMIT $5`,
		index, channel, millis(since), except, mostCutOff)
}

// burnProof notes a wrong proof. It is the same statement, whether there is anything to note or not.
func burnProof(ctx context.Context, tx *sql.Tx, at time.Time, index string, p ProofTried) error {
	_, err := tx.ExecContext(ctx, `UPDATE conversations SET proof_tried = $5 WHERE `+cutOffWhere, index, p.Channel, millis(p.Since), p.Except, millis(at))
	if err != nil {
		return fmt.Errorf("noting a wrong proof: %w", err)
	}
	return nil
}

// takeUp gives the conversations of members that replace another one its live key, and leaves out those that can't have it any more: a
// wrong proof came in between, or the conversation went on or ended.
func takeUp(ctx context.Context, tx *sql.Tx, members []*member) ([]*member, error) {
	var able []*member
	for _, m := range members {
		c := m.entry.Conversation
		if c.Replaces == "" {
			able = append(able, m)
			continue
		}
		if err := freeLiveKeys(ctx, tx, []string{c.Replaces}); err != nil {
			return nil, err
		}
		taken, err := set(ctx, tx, "taking a conversation up again", `UPDATE conversations SET live_key = $2
			WHERE id = $1 AND ended_at = 0 AND proof_tried = 0 AND bin <> 'concluded' AND last_seq = $3 RETURNING id`,
			c.ID, null(c.LiveKey), m.entry.Seq-1)
		if err != nil {
			return nil, err
		}
		if taken[c.ID] {
			able = append(able, m)
		}
	}
	return able, nil
}
