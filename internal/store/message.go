package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"chumrok/internal/phone"
	"chumrok/internal/seal"
)

// MessageKind says to whom an outbound message goes and why.
type MessageKind string

const (
	// ToAlert asks an officer to act.
	ToAlert MessageKind = "alert"
	// ToReply answers an officer.
	ToReply MessageKind = "reply"
	// ToInform tells an officer something that asks for nothing.
	ToInform MessageKind = "inform"
	// ToDrill tries whether an officer's phone is reached and answered.
	ToDrill MessageKind = "drill"
	// ToDigest tells an officer in one message of all that waits for him: its text is made when it is sent.
	ToDigest MessageKind = "digest"
	// ToKeep gives the record's checkpoint to whoever keeps it.
	ToKeep MessageKind = "keep"
	// ToReporter goes to a reporter's phone.
	ToReporter MessageKind = "reporter"
)

// Message is a text that goes out. Number and text are sealed; a zero Number means the officer's number in the directory.
type Message struct {
	ID             string
	ConversationID string // whose data key seals it; "" = a key of its own
	Kind           MessageKind
	AlertID        string // the alert that it carries, which follows its state
	OfficerID      string
	Number         phone.Number
	Text           string
	State          DeliveryState
	Provider       string // that took it last
	ProviderID     string // as the provider gave it, or its blind index where that could hold what is personal
	Attempts       int
	Maybe          bool      // a try may have arrived of which nobody knows for sure
	Why            string    // how its provider was chosen, in words and without the number
	Reason         string    // of the last failure, in the provider's terms; never with a number or a text
	CreatedAt      time.Time // zero = the entry's time
	HandedAt, DeliveredAt,
	FailedAt time.Time
}

// MessageState moves a message on, and with it the alert that it carries. A state that does not follow the stored one changes nothing
// but the count of attempts and the provider's id, under which a delivery report may come. What a digest carries moves with it.
type MessageState struct {
	ID         string
	State      DeliveryState
	Provider   string
	ProviderID string
	Attempts   int       // 0 = unchanged
	Maybe      bool      // this try may have arrived; once true it stays so
	Why        string    // "" = unchanged
	Reason     string    // of a failure
	At         time.Time // zero = the entry's time
}

// sealedMessage is a message as its row keeps it.
type sealedMessage struct {
	Message
	wrapped, number, text []byte
}

func (s *Store) sealMessage(m Message, keyOf func(conversation string) (seal.DataKey, error)) (sealedMessage, error) {
	out := sealedMessage{Message: m}
	if m.ID == "" {
		return out, fmt.Errorf("sealing a message: it has no id")
	}
	var key seal.DataKey
	var err error
	if m.ConversationID != "" {
		key, err = keyOf(m.ConversationID)
	} else {
		var wrapped seal.Wrapped
		key, wrapped, err = s.keys.NewDataKey(m.ID)
		out.wrapped = wrapped
	}
	if err != nil {
		return out, fmt.Errorf("sealing a message: %w", err)
	}
	if !m.Number.IsZero() {
		out.number = key.Seal(seal.Place{Table: "messages", Column: "number", Row: m.ID}, []byte(m.Number.E164()))
	}
	out.text = key.Seal(seal.Place{Table: "messages", Column: "text", Row: m.ID}, []byte(m.Text))
	return out, nil
}

func insertMessage(ctx context.Context, tx *sql.Tx, at time.Time, m sealedMessage) error {
	if m.State == "" {
		m.State = Queued
	}
	if m.CreatedAt.IsZero() {
		m.CreatedAt = at
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO messages (id, conversation_id, wrapped_key, kind, alert_id, officer_id, number, text, state,
		provider, provider_id, attempts, reason, created_at, handed_at, delivered_at, failed_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17)`,
		m.ID, null(m.ConversationID), m.wrapped, m.Kind, null(m.AlertID), m.OfficerID, m.number, m.text, m.State,
		m.Provider, m.ProviderID, m.Attempts, m.Reason, millis(m.CreatedAt), millis(m.HandedAt), millis(m.DeliveredAt), millis(m.FailedAt))
	if err != nil {
		return fmt.Errorf("writing a message: %w", err)
	}
	return nil
}

func moveMessage(ctx context.Context, tx *sql.Tx, at time.Time, m MessageState) error {
	if m.At.IsZero() {
		m.At = at
	}
	prior, known := before[m.State]
	if !known || m.State == Answered {
		return fmt.Errorf("moving a message: no state %q", m.State)
	}
	if m.Attempts > 0 || m.ProviderID != "" {
		maybe := 0
		if m.Maybe {
			maybe = 1
		}
		_, err := tx.ExecContext(ctx, `UPDATE messages SET attempts = CASE WHEN attempts < $2 THEN $2 ELSE attempts END,
			provider = CASE WHEN $4 = '' THEN provider ELSE $3 END, provider_id = CASE WHEN $4 = '' THEN provider_id ELSE $4 END,
			maybe = CASE WHEN $5 = 1 THEN 1 ELSE maybe END, why = CASE WHEN $6 = '' THEN why ELSE $6 END
			WHERE id = $1`, m.ID, int64(m.Attempts), m.Provider, m.ProviderID, maybe, m.Why)
		if err != nil {
			return fmt.Errorf("counting an attempt: %w", err)
		}
	}
	if m.ProviderID != "" {
		_, err := tx.ExecContext(ctx, `INSERT INTO handings (provider, provider_id, message_id, at) VALUES ($1,$2,$3,$4)
			ON CONFLICT (provider, provider_id) DO UPDATE SET message_id = excluded.message_id WHERE handings.message_id = ''`, m.Provider, m.ProviderID, m.ID, millis(m.At))
		if err != nil {
			return fmt.Errorf("keeping a provider's id: %w", err)
		}
	}
	set, args := `state = $2, reason = $3`, []any{m.ID, m.State, m.Reason}
	if m.State != Queued {
		set += `, ` + string(m.State) + `_at = $4`
		args = append(args, millis(m.At))
	}
	if _, err := tx.ExecContext(ctx, `UPDATE messages SET `+set+` WHERE (id = $1 OR digest_id = $1) AND state IN (`+prior+`)`, args...); err != nil {
		return fmt.Errorf("moving a message: %w", err)
	}
	if err := noteDrillReach(ctx, tx, m); err != nil {
		return err
	}
	return moveAlertWhere(ctx, tx, `id IN (SELECT alert_id FROM messages WHERE id = $1 OR digest_id = $1)`, AlertState{ID: m.ID, State: m.State, At: m.At})
}

// Message is one outbound message, opened. One that was erased has no number and no text.
func (s *Store) Message(ctx context.Context, id string) (Message, bool, error) {
	return s.message(ctx, `m.id = $1`, id)
}

// MessageByProviderID is the message that a provider took under this id, at whichever attempt.
func (s *Store) MessageByProviderID(ctx context.Context, provider, providerID string) (Message, bool, error) {
	return s.message(ctx, `m.id = (SELECT message_id FROM handings WHERE provider = $1 AND provider_id = $2)`, provider, s.handingID(provider, providerID))
}

func (s *Store) message(ctx context.Context, where string, args ...any) (Message, bool, error) {
	list, err := query(ctx, s.read, "reading a message", func(scan scanner) (m sealedMessage, err error) {
		var conversation, alert sql.NullString
		var own, theirs []byte
		var created, handed, delivered, failed, maybe int64
		err = scan(&m.ID, &conversation, &own, &theirs, &m.Kind, &alert, &m.OfficerID, &m.number, &m.text, &m.State,
			&m.Provider, &m.ProviderID, &m.Attempts, &maybe, &m.Why, &m.Reason, &created, &handed, &delivered, &failed)
		m.ConversationID, m.AlertID, m.Maybe = conversation.String, alert.String, maybe == 1
		m.CreatedAt, m.HandedAt, m.DeliveredAt, m.FailedAt = instant(created), instant(handed), instant(delivered), instant(failed)
		m.wrapped = own
		if conversation.Valid {
			m.wrapped = theirs
		}
		return m, err
	}, `SELECT m.id, m.conversation_id, m.wrapped_key, c.wrapped_key, m.kind, m.alert_id, m.officer_id, m.number, m.text, m.state,
		m.provider, m.provider_id, m.attempts, m.maybe, m.why, m.reason, m.created_at, m.handed_at, m.delivered_at, m.failed_at
		FROM messages m LEFT JOIN conversations c ON c.id = m.conversation_id WHERE `+where, args...)
	if err != nil || len(list) == 0 {
		return Message{}, false, err
	}
	m := list[0]
	if len(m.wrapped) == 0 || len(m.text) == 0 { // erased: there is nothing in it to open
		return m.Message, true, nil
	}
	row := m.ConversationID
	if row == "" {
		row = m.ID
	}
	if len(m.wrapped) == 0 { // its key went with its month; what had to go out went before
		return m.Message, m.State != Queued, nil
	}
	key, err := s.unwrap(row, m.wrapped)
	if errors.Is(err, ErrPast) {
		return Message{}, false, nil
	}
	if err != nil {
		return Message{}, false, fmt.Errorf("opening message %s: %w", m.ID, err)
	}
	if m.Number, err = openNumber(key, "messages", m.ID, m.number); err != nil {
		return Message{}, false, fmt.Errorf("opening message %s: %w", m.ID, err)
	}
	text, err := open(key, "messages", "text", m.ID, m.text)
	if err != nil {
		return Message{}, false, fmt.Errorf("opening message %s: %w", m.ID, err)
	}
	m.Text = string(text)
	return m.Message, true, nil
}
