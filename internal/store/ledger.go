package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"chumrok/internal/audit"
	"chumrok/internal/panics"
	"chumrok/internal/seal"
)

// groupSize is how many entries share a transaction at most. Beyond some tens the cost of the transaction is spread thin enough, while
// one slow or failing group would hold up more callers.
const groupSize = 64

// member is one entry on its way into a group.
type member struct {
	gone    func() error // says whether the caller went away; its context has no other part in the transaction
	at      time.Time
	entry   *Entry // nil for Apply
	effects sealedEffects
	turn    string // id of the turn's row
	heard, answer, state,
	number []byte
	numberIndex string

	stored     []byte // a repeat's answer, sealed
	storedTurn string
	storedKey  seal.Wrapped

	outcome   Outcome
	err       error
	done      chan struct{}
	followers []*member // the same message at the same moment: they get what the first one gets
}

// Record writes an entry: the turn, sealed, and all it concludes, in one transaction that it may share with other callers' entries.
// When it returns Fresh the entry is durable. An error means that nothing is known to be written; the provider's next delivery of the
// same message will tell. When ctx ends first Record returns its error, and the entry may still be committed.
func (s *Store) Record(ctx context.Context, e Entry) (Outcome, error) {
	m, err := s.prepare(ctx, &e)
	if err != nil {
		return Outcome{}, fmt.Errorf("recording a turn: %w", err)
	}
	if err := s.commit(ctx, m); err != nil {
		return Outcome{}, fmt.Errorf("recording a turn: %w", err)
	}
	out := m.outcome
	if out.Kind == Repeat && m.storedTurn != "" && len(m.storedKey) > 0 && len(m.stored) > 0 { // else it was erased
		key, err := s.unwrap(out.Conversation, m.storedKey)
		if errors.Is(err, ErrPast) {
			return out, nil
		}
		if err == nil {
			out.Answer, err = open(key, "turns", "answer", m.storedTurn, m.stored)
		}
		if err != nil {
			return Outcome{}, fmt.Errorf("recording a turn: opening the stored answer: %w", err)
		}
	}
	return out, nil
}

// Apply writes effects that come without a turn: a clock ran out, a delivery was reported, a person decided. It is Fresh or Behind.
func (s *Store) Apply(ctx context.Context, at time.Time, e Effects) (OutcomeKind, error) {
	effects, err := s.sealEffects(ctx, "", seal.DataKey{}, e)
	if err != nil {
		return 0, fmt.Errorf("applying effects: %w", err)
	}
	m := &member{gone: ctx.Err, at: at, effects: effects, done: make(chan struct{})}
	if err := s.commit(ctx, m); err != nil {
		return 0, fmt.Errorf("applying effects: %w", err)
	}
	return m.outcome.Kind, nil
}

// prepare checks an entry and seals it, on the caller's own time.
func (s *Store) prepare(ctx context.Context, e *Entry) (*member, error) {
	c := &e.Conversation
	switch {
	case e.RepeatKey == "":
		return nil, errors.New("it has no repeat key")
	case c.ID == "":
		return nil, errors.New("it belongs to no conversation")
	case c.Key.IsZero():
		return nil, errors.New("it has no key to be sealed with")
	case c.New != (e.Seq == 1):
		return nil, fmt.Errorf("turn %d cannot be of a conversation with New %t", e.Seq, c.New)
	case e.Seq < 1:
		return nil, fmt.Errorf("there is no turn %d", e.Seq)
	case c.New && len(c.Wrapped) == 0:
		return nil, errors.New("a new conversation has no wrapped key")
	case e.At.IsZero():
		return nil, errors.New("it has no time")
	}
	if c.New && c.Bin == "" {
		c.Bin = StillOpen
	}
	effects, err := s.sealEffects(ctx, c.ID, c.Key, e.Effects)
	if err != nil {
		return nil, err
	}
	m := &member{gone: ctx.Err, at: e.At, entry: e, effects: effects, turn: NewID(), done: make(chan struct{})}
	m.heard = c.Key.Seal(seal.Place{Table: "turns", Column: "heard", Row: m.turn}, e.Heard)
	m.answer = c.Key.Seal(seal.Place{Table: "turns", Column: "answer", Row: m.turn}, e.Answer)
	m.state = c.Key.Seal(seal.Place{Table: "turns", Column: "state", Row: m.turn}, e.State)
	if c.New && !c.Number.IsZero() {
		m.number = c.Key.Seal(seal.Place{Table: "conversations", Column: "number", Row: c.ID}, []byte(c.Number.E164()))
		m.numberIndex = s.PhoneIndex(c.Number)
	}
	return m, nil
}

// commit hands m to the committer and waits for what became of it.
func (s *Store) commit(ctx context.Context, m *member) error {
	select {
	case <-s.stop:
		return ErrClosed
	default:
	}
	select {
	case s.queue <- m:
	case <-s.stop:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-m.done:
		return m.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// committer makes groups of the entries that wait and commits them one group after the other. Alone an entry never waits for company:
// a group is whatever gathered while the one before was being committed.
func (s *Store) committer() {
	defer close(s.done)
	var left []*member // put off because the group already had one of that conversation
	for {
		if len(left) == 0 {
			select {
			case m := <-s.queue:
				left = append(left, m)
			case <-s.stop:
				return
			}
		}
		left = s.gather(left)
		var group []*member
		group, left = pick(left)
		s.commitGroup(group)
	}
}

// gather takes what waits in the queue now, up to a group's size.
func (s *Store) gather(waiting []*member) []*member {
	for len(waiting) < groupSize {
		select {
		case m := <-s.queue:
			waiting = append(waiting, m)
		default:
			return waiting
		}
	}
	return waiting
}

// pick makes a group in which no two entries touch the same conversation, live key or subject, so that one statement can write them all;
// the others are left for the next group. An entry with the repeat key of another one follows it.
func pick(waiting []*member) (group, left []*member) {
	byRepeat := map[string]*member{}
	taken := map[string]bool{}
	for _, m := range waiting {
		if err := m.gone(); err != nil {
			m.finish(err)
			continue
		}
		if m.entry == nil {
			group = append(group, m)
			continue
		}
		if first := byRepeat[m.entry.RepeatKey]; first != nil {
			first.followers = append(first.followers, m)
			continue
		}
		c := m.entry.Conversation
		if taken[c.ID] || c.LiveKey != "" && taken[c.LiveKey] || c.Replaces != "" && taken[c.Replaces] {
			left = append(left, m)
			continue
		}
		taken[c.ID] = true
		for _, key := range []string{c.LiveKey, c.Replaces} {
			if key != "" {
				taken[key] = true
			}
		}
		byRepeat[m.entry.RepeatKey] = m
		group = append(group, m)
	}
	return group, left
}

// finish tells a member and its followers what became of it. Only the committer calls it.
func (m *member) finish(err error) {
	m.err = err
	for _, f := range m.followers {
		f.err, f.outcome = err, m.outcome
		f.stored, f.storedTurn, f.storedKey = m.stored, m.storedTurn, m.storedKey
		if f.outcome.Kind == Fresh {
			f.outcome.Kind = Repeat
		}
		close(f.done)
	}
	close(m.done)
}

// commitGroup commits the members together; when that fails for another reason than the database itself, one by one, so that a bad
// one fails alone.
func (s *Store) commitGroup(group []*member) {
	if len(group) == 0 {
		return
	}
	err := s.transact(group)
	if err != nil && len(group) > 1 && !Unreachable(err) {
		for _, m := range group {
			s.commitGroup([]*member{m})
		}
		return
	}
	wake := false
	for _, m := range group {
		if err == nil && m.err == nil && m.outcome.Kind == Fresh && len(m.effects.Due) > 0 {
			wake = true
		}
		m.finish(errors.Join(err, m.err))
	}
	if wake {
		s.wake()
	}
}

// transact makes one transaction of the group, again when it lost against another one. The callers' contexts have no part in it.
func (s *Store) transact(group []*member) error {
	return s.retry(context.Background(), func(ctx context.Context) (err error) {
		tx, err := s.write.BeginTx(ctx, nil)
		if err != nil {
			return fmt.Errorf("beginning: %w", err)
		}
		defer func() { // everybody's turns go through here: a panic is the error of this group, not the end of the process
			if p := recover(); p != nil {
				err = errors.Join(panics.Error(p), rollback(tx))
			}
		}()
		fresh, err := writeGroup(ctx, tx, group)
		if err != nil || !fresh {
			return errors.Join(err, rollback(tx))
		}
		if err := tx.Commit(); err != nil {
			return fmt.Errorf("committing: %w", err)
		}
		return nil
	})
}

func rollback(tx *sql.Tx) error {
	// When the transaction is lost already (its time ran out, its connection died) there is nothing left to roll back.
	if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("rolling back: %w", err)
	}
	return nil
}

// writeGroup writes the members and says whether there is anything to commit.
func writeGroup(ctx context.Context, tx *sql.Tx, group []*member) (fresh bool, err error) {
	var plain, rest []*member
	for _, m := range group {
		m.outcome, m.err, m.storedTurn = Outcome{}, nil, ""
		if m.entry != nil && m.effects.plain() && (m.entry.Conversation.New || m.entry.Conversation.Replaces == "") {
			plain = append(plain, m)
		} else {
			rest = append(rest, m)
		}
	}
	if err := writeTurns(ctx, tx, plain); err != nil {
		return false, err
	}
	for _, m := range rest {
		if err := writeMember(ctx, tx, m, len(group) == 1); err != nil {
			return false, err
		}
	}
	var due []Due
	var over []DueKey
	var acts []audit.Entry
	for _, m := range group {
		if m.outcome.Kind == Fresh {
			fresh = true
			over = append(over, m.effects.DueDone...)
			due = append(append(due, m.effects.Due...), m.effects.archiveDue(m.at)...)
			acts = append(acts, m.effects.acts(m.at)...)
		}
	}
	if err := dropDue(ctx, tx, over); err != nil {
		return false, err
	}
	if err := upsertDue(ctx, tx, due); err != nil {
		return false, err
	}
	return fresh, appendAudit(ctx, tx, acts)
}

// writeMember writes one entry with effects. In a group it stands inside a savepoint: what is Behind or fails leaves no trace.
func writeMember(ctx context.Context, tx *sql.Tx, m *member, alone bool) error {
	if !alone {
		if _, err := tx.ExecContext(ctx, `SAVEPOINT entry`); err != nil {
			return fmt.Errorf("setting a savepoint: %w", err)
		}
	}
	if err := writeAlone(ctx, tx, m); err != nil {
		return err
	}
	if alone {
		return nil
	}
	if m.outcome.Kind != Fresh {
		if _, err := tx.ExecContext(ctx, `ROLLBACK TO SAVEPOINT entry`); err != nil {
			return fmt.Errorf("going back to a savepoint: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, `RELEASE SAVEPOINT entry`); err != nil {
		return fmt.Errorf("releasing a savepoint: %w", err)
	}
	return nil
}

func writeAlone(ctx context.Context, tx *sql.Tx, m *member) error {
	m.outcome.Kind = Fresh
	if m.entry != nil {
		if err := writeTurns(ctx, tx, []*member{m}); err != nil || m.outcome.Kind != Fresh {
			return err
		}
	}
	ok, err := writeEffects(ctx, tx, m)
	if err == nil && !ok {
		m.outcome = Outcome{Kind: Behind}
	}
	return err
}
