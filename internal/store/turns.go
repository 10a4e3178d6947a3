package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// writeTurns writes the turns of members, no two of one conversation, and their conversations, and sets each member's outcome. The
// turns go first: the unique repeat key decides, also between two gateways, who may touch a conversation at all.
func writeTurns(ctx context.Context, tx *sql.Tx, members []*member) error {
	if len(members) == 0 {
		return nil
	}
	// Two groups that hold the same messages in opposite order would wait for each other.
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b *member) int { return strings.Compare(a.entry.RepeatKey, b.entry.RepeatKey) })

	args := make([]any, 0, len(members)*9)
	for _, m := range members {
		e := m.entry
		args = append(args, m.turn, e.Conversation.ID, e.Seq, e.RepeatKey, m.heard, m.answer, m.state, e.Ended, millis(e.At))
	}
	inserted, err := set(ctx, tx, "writing turns", `INSERT INTO turns
		(id, conversation_id, seq, repeat_key, heard, answer, state, ended, at) VALUES `+rows(len(members), 9)+`
		ON CONFLICT DO NOTHING RETURNING id`, args...)
	if err != nil {
		return err
	}
	var fresh, old, known []*member
	for _, m := range members {
		switch {
		case !inserted[m.turn]:
			known = append(known, m)
		case m.entry.Conversation.New:
			fresh = append(fresh, m)
		default:
			old = append(old, m)
		}
	}
	begun, err := beginConversations(ctx, tx, fresh)
	if err != nil {
		return err
	}
	moved, err := moveConversations(ctx, tx, old)
	if err != nil {
		return err
	}
	var undo []string
	for _, m := range slices.Concat(fresh, old) {
		if id := m.entry.Conversation.ID; begun[id] || moved[id] {
			m.outcome = Outcome{Kind: Fresh, Conversation: id, Seq: m.entry.Seq, Answer: m.entry.Answer, Ended: m.entry.Ended}
		} else {
			m.outcome = Outcome{Kind: Behind}
			undo = append(undo, m.turn)
		}
	}
	if len(undo) > 0 {
		if _, err := tx.ExecContext(ctx, `DELETE FROM turns WHERE id IN `+list(len(undo)), anys(undo)...); err != nil {
			return fmt.Errorf("taking back turns: %w", err)
		}
	}
	return findRepeats(ctx, tx, known)
}

// beginConversations inserts the new conversations of members, after those that they replace gave up their live keys.
func beginConversations(ctx context.Context, tx *sql.Tx, members []*member) (map[string]bool, error) {
	if len(members) == 0 {
		return nil, nil
	}
	var replaced, over []string
	args := make([]any, 0, len(members)*15)
	for _, m := range members {
		c, at := m.entry.Conversation, millis(m.entry.At)
		if c.Replaces != "" {
			replaced = append(replaced, c.Replaces)
		}
		ended := int64(0)
		if c.Ended {
			ended, over = at, append(over, c.ID)
		}
		args = append(args, c.ID, null(c.LiveKey), c.Channel, c.Provider, c.Definition, m.numberIndex, m.number, []byte(c.Wrapped),
			c.Bin, c.Mark, millis(c.DangerAt), m.entry.Seq, at, at, ended)
	}
	if err := freeLiveKeys(ctx, tx, replaced); err != nil {
		return nil, err
	}
	begun, err := set(ctx, tx, "writing conversations", `INSERT INTO conversations (id, live_key, channel, provider, definition, number_index, number,
		wrapped_key, bin, mark, danger_at, last_seq, started_at, last_at, ended_at) VALUES `+rows(len(members), 15)+`
		ON CONFLICT DO NOTHING RETURNING id`, args...)
	if err != nil {
		return nil, err
	}
	// One that is over with its first turn had to be free to begin all the same.
	return begun, freeLiveKeys(ctx, tx, over)
}

func freeLiveKeys(ctx context.Context, tx *sql.Tx, conversations []string) error {
	if len(conversations) == 0 {
		return nil
	}
	slices.Sort(conversations)
	_, err := tx.ExecContext(ctx, `UPDATE conversations SET live_key = NULL WHERE id IN `+list(len(conversations)), anys(conversations)...)
	if err != nil {
		return fmt.Errorf("freeing live keys: %w", err)
	}
	return nil
}

// moveConversations counts up the conversations of members whose last turn is the one before and that are not over. One that was marked
// in a silence, since nothing had been told, is open again with its next turn.
func moveConversations(ctx context.Context, tx *sql.Tx, members []*member) (map[string]bool, error) {
	members, err := takeUp(ctx, tx, members)
	if err != nil || len(members) == 0 {
		return nil, err
	}
	args := make([]any, 0, len(members)*7)
	for _, m := range members {
		c := m.entry.Conversation
		args = append(args, c.ID, m.entry.Seq, millis(m.entry.At), string(c.Bin), string(c.Mark), millis(c.DangerAt), c.Ended)
	}
	return set(ctx, tx, "moving conversations on", `WITH turn (conversation, seq, turn_at, new_bin, new_mark, danger, is_over) AS (VALUES `+
		rows(len(members), 7, "TEXT", "BIGINT", "BIGINT", "TEXT", "TEXT", "BIGINT", "BOOLEAN")+`)
		UPDATE conversations SET last_seq = turn.seq, last_at = turn.turn_at,
			bin = CASE WHEN turn.new_bin <> '' THEN turn.new_bin WHEN `+silent+` THEN 'open' ELSE bin END,
			mark = CASE WHEN turn.new_bin <> '' THEN turn.new_mark WHEN `+silent+` THEN '' ELSE mark END,
			danger_at = CASE WHEN danger_at = 0 THEN turn.danger ELSE danger_at END,
			live_key = CASE WHEN turn.is_over THEN NULL ELSE live_key END,
			ended_at = CASE WHEN turn.is_over THEN turn.turn_at ELSE ended_at END
		FROM turn WHERE id = turn.conversation AND last_seq = turn.seq - 1 AND ended_at = 0 RETURNING id`, args...)
}

// silent chooses conversations that were marked because nobody spoke on; each turn that does not end one has the clock that ends it.
const silent = `bin = 'marked' AND mark IN ('empty','information','service')`

// findRepeats tells repeats, whose stored turns it notes, from turns whose place was taken by another message.
func findRepeats(ctx context.Context, tx *sql.Tx, members []*member) error {
	if len(members) == 0 {
		return nil
	}
	byKey := make(map[string]*member, len(members))
	keys := make([]any, 0, len(members))
	for _, m := range members {
		m.outcome = Outcome{Kind: Behind}
		byKey[m.entry.RepeatKey] = m
		keys = append(keys, m.entry.RepeatKey)
	}
	_, err := query(ctx, tx, "finding repeats", func(scan scanner) (struct{}, error) {
		var repeat, turn, conversation string
		var seq int64
		var ended bool
		var answer, wrapped []byte
		if err := scan(&repeat, &turn, &conversation, &seq, &ended, &answer, &wrapped); err != nil {
			return struct{}{}, err
		}
		m := byKey[repeat]
		m.outcome = Outcome{Kind: Repeat, Conversation: conversation, Seq: seq, Ended: ended}
		m.stored, m.storedTurn, m.storedKey = answer, turn, wrapped
		return struct{}{}, nil
	}, `SELECT t.repeat_key, t.id, t.conversation_id, t.seq, t.ended, t.answer, c.wrapped_key
		FROM turns t JOIN conversations c ON c.id = t.conversation_id WHERE t.repeat_key IN `+list(len(keys)), keys...)
	return err
}

// set is the ids that a statement returns.
func set(ctx context.Context, tx *sql.Tx, doing, text string, args ...any) (map[string]bool, error) {
	ids, err := words(ctx, tx, doing, text, args...)
	if err != nil {
		return nil, err
	}
	out := make(map[string]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, nil
}
