package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"chumrok/internal/seal"
)

// Resumed is a conversation as it is stored, opened, with its last turn.
type Resumed struct {
	Conversation        // New and Replaces are not set; Ended is whether it is over
	Seq          int64  // of the last turn
	Heard        []byte // in the last turn
	Answer       []byte // to the last turn
	State        []byte // after the last turn
	TurnEnded    bool   // the last answer ended the provider's session
	ReportID     string // "" while it has none
	StartedAt    time.Time
	LastAt       time.Time
	EndedAt      time.Time
}

// Turn is one message in and the answer to it, opened. Its parts are nil once they were erased.
type Turn struct {
	Seq                  int64
	Heard, Answer, State []byte
	Ended                bool
	At                   time.Time
}

// Resume is the conversation that goes on under a live key. One whose key this gateway lacks comes with its id alone, so that a new one can
// take its place: a turn is never refused for want of a key.
func (s *Store) Resume(ctx context.Context, liveKey string) (Resumed, bool, error) {
	if liveKey == "" {
		return Resumed{}, false, nil
	}
	r, found, err := s.resume(ctx, `c.live_key = $1`, liveKey)
	if !errors.Is(err, seal.ErrKeyMissing) {
		return r, found, err
	}
	ids, err := words(ctx, s.read, "reading a conversation", `SELECT id FROM conversations WHERE live_key = $1`, liveKey)
	if err != nil || len(ids) == 0 {
		return Resumed{}, false, err
	}
	return Resumed{Conversation: Conversation{ID: ids[0], LiveKey: liveKey}}, true, nil
}

// Conversation is the conversation with this id. One that was erased, or whose working copy is past its time, has no key, no number and no words.
func (s *Store) Conversation(ctx context.Context, id string) (Resumed, bool, error) {
	return s.resume(ctx, `c.id = $1`, id)
}

func (s *Store) resume(ctx context.Context, where string, arg string) (Resumed, bool, error) {
	found, err := s.resumed(ctx, where, arg)
	if err != nil || len(found) == 0 {
		return Resumed{}, false, err
	}
	return found[0], true, nil
}

// resumed is the conversations that where chooses, opened.
func (s *Store) resumed(ctx context.Context, where string, args ...any) ([]Resumed, error) {
	type row struct {
		Resumed
		turn                                  sql.NullString
		number, heard, answer, state, wrapped []byte
	}
	found, err := query(ctx, s.read, "reading a conversation", func(scan scanner) (r row, err error) {
		var live, report sql.NullString
		var turnEnded sql.NullBool
		var danger, started, last, ended int64
		err = scan(&r.ID, &live, &r.Channel, &r.Provider, &r.Definition, &r.number, &r.wrapped, &r.Bin, &r.Mark, &danger,
			&r.Seq, &started, &last, &ended, &r.turn, &r.heard, &r.answer, &r.state, &turnEnded, &report)
		r.LiveKey, r.ReportID, r.TurnEnded = live.String, report.String, turnEnded.Bool
		r.DangerAt, r.StartedAt, r.LastAt, r.EndedAt = instant(danger), instant(started), instant(last), instant(ended)
		r.Ended = ended != 0
		return r, err
	}, `SELECT c.id, c.live_key, c.channel, c.provider, c.definition, c.number, c.wrapped_key, c.bin, c.mark, c.danger_at,
		c.last_seq, c.started_at, c.last_at, c.ended_at, t.id, t.heard, t.answer, t.state, t.ended, r.id
		FROM conversations c
		LEFT JOIN turns t ON t.conversation_id = c.id AND t.seq = c.last_seq
		LEFT JOIN reports r ON r.conversation_id = c.id
		WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	list := make([]Resumed, 0, len(found))
	for _, r := range found {
		if len(r.wrapped) == 0 { // erased: there is nothing in it to open
			list = append(list, r.Resumed)
			continue
		}
		r.Wrapped = seal.Wrapped(r.wrapped)
		if r.Key, err = s.unwrap(r.ID, r.Wrapped); errors.Is(err, ErrPast) {
			r.Wrapped = nil
			list = append(list, r.Resumed)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("opening conversation %s: %w", r.ID, err)
		}
		if r.Number, err = openNumber(r.Key, "conversations", r.ID, r.number); err != nil {
			return nil, fmt.Errorf("opening conversation %s: %w", r.ID, err)
		}
		turn := Turn{Heard: r.heard, Answer: r.answer, State: r.state}
		if err := turn.open(r.Key, r.turn.String); err != nil {
			return nil, fmt.Errorf("opening conversation %s: %w", r.ID, err)
		}
		r.Heard, r.Answer, r.State = turn.Heard, turn.Answer, turn.State
		list = append(list, r.Resumed)
	}
	return list, nil
}

// open replaces the sealed parts of a turn by the plain ones.
func (t *Turn) open(key seal.DataKey, row string) error {
	for column, part := range map[string]*[]byte{"heard": &t.Heard, "answer": &t.Answer, "state": &t.State} {
		plain, err := open(key, "turns", column, row, *part)
		if err != nil {
			return err
		}
		*part = plain
	}
	return nil
}

// Turns is all that was said in a conversation, opened, in order. Who asks for it is for the record (Effects.Audit).
func (s *Store) Turns(ctx context.Context, conversation string) ([]Turn, error) {
	key, err := s.key(ctx, conversation)
	if err != nil {
		return nil, fmt.Errorf("reading turns: %w", err)
	}
	return query(ctx, s.read, "reading turns", func(scan scanner) (t Turn, err error) {
		var id string
		var at int64
		if err := scan(&id, &t.Seq, &t.Heard, &t.Answer, &t.State, &t.Ended, &at); err != nil {
			return t, err
		}
		t.At = instant(at)
		err = t.open(key, id)
		return t, err
	}, `SELECT id, seq, heard, answer, state, ended, at FROM turns WHERE conversation_id = $1 ORDER BY seq`, conversation)
}

// errErased is returned for what is to be opened or sealed with a key that was destroyed.
var errErased = errors.New("it was erased")

// key is the data key of a stored conversation.
func (s *Store) key(ctx context.Context, conversation string) (seal.DataKey, error) {
	var wrapped []byte
	err := s.read.QueryRowContext(ctx, `SELECT wrapped_key FROM conversations WHERE id = $1`, conversation).Scan(&wrapped)
	if err != nil {
		return seal.DataKey{}, fmt.Errorf("reading the key of conversation %q: %w", conversation, err)
	}
	if len(wrapped) == 0 {
		return seal.DataKey{}, fmt.Errorf("reading the key of conversation %q: %w", conversation, errErased)
	}
	return s.unwrap(conversation, wrapped)
}

// changeConversation is false when a turn came in between.
func changeConversation(ctx context.Context, tx *sql.Tx, at time.Time, c ConversationChange) (bool, error) {
	changed, err := set(ctx, tx, "changing a conversation", `UPDATE conversations SET
		bin = CASE WHEN $2 = '' THEN bin ELSE $2 END,
		mark = CASE WHEN $2 = '' THEN mark ELSE $3 END,
		live_key = CASE WHEN $4 = 1 THEN NULL ELSE live_key END,
		ended_at = CASE WHEN $4 = 1 AND ended_at = 0 THEN $5 ELSE ended_at END
		WHERE id = $1 AND ($6 = 0 OR last_seq = $6) RETURNING id`,
		c.ID, string(c.Bin), string(c.Mark), flag(c.Ended), millis(at), c.Seq)
	return len(changed) == 1, err
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
