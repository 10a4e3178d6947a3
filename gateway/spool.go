package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"time"

	"github.com/google/uuid"

	"chumrok/adapters"
	"chumrok/internal/phone"
	"chumrok/internal/spool"
	"chumrok/internal/store"
)

const (
	// ledgerTime is what the ledger may take of turnTime. SQLite waits up to five seconds for whoever holds its lock, so a turn that gets
	// it then is still written; the rest is for the spool, whose disk may be slow too.
	ledgerTime = 7 * time.Second
	// lookTime is how long a ledger that was away may take to say that it is back, before a message goes to the spool at once: callers do
	// not each wait for what one has found out.
	lookTime = 500 * time.Millisecond
	// replayTime is how long one pass over the spool may keep sweepers from other due work.
	replayTime = 5 * time.Second
	// replaySize bounds a pass likewise.
	replaySize = 500
	// replayTries is how often a look or a pass begins again at once when it is cut off: each connection of before the outage fails once.
	replayTries = 10
)

// errAway says that the database did not answer a moment ago and still does not.
var errAway = errors.New("the database does not answer")

// errPINTyped says why a turn is not kept: a PIN is written nowhere, not even sealed.
var errPINTyped = errors.New("it may hold an officer's PIN, which is kept nowhere")

// The kinds of what the spool keeps.
const (
	keptTurn     = "turn"
	keptDelivery = "delivery"
	keptEnd      = "ended"
)

// spooled is what the spool holds of something that arrived while the ledger could not be written.
type spooled struct {
	Kind     string             `json:"kind"`
	At       time.Time          `json:"at"`                 // when it arrived
	Key      string             `json:"key,omitempty"`      // the repeat key of a turn
	Answered string             `json:"answered,omitempty"` // what the caller was told
	Message  *keptMessage       `json:"message,omitempty"`
	Delivery *adapters.Delivery `json:"delivery,omitempty"`
	Ended    *adapters.Ended    `json:"ended,omitempty"`
}

// keptMessage is a message as the spool holds it. A number hides from every encoding, so it stands beside; ids may hold bytes that are no
// text, and must come back as they were.
type keptMessage struct {
	adapters.Message
	From        string // in place of the message's own, as are those below
	ID, Session []byte
}

func keepMessage(m adapters.Message) *keptMessage {
	return &keptMessage{Message: m, From: m.From.E164(), ID: []byte(m.ID), Session: []byte(m.Session)}
}

func (k *keptMessage) message() (adapters.Message, error) {
	m := k.Message
	m.ID, m.Session = string(k.ID), string(k.Session)
	if k.From == "" {
		return m, nil
	}
	var err error
	if m.From, err = phone.Restore(k.From); err != nil {
		return m, fmt.Errorf("reading who wrote: %w", err)
	}
	return m, nil
}

// arrival is when a message came and under which key, and, where it comes from the spool, what its caller was told.
type arrival struct {
	at       time.Time
	key      string // its repeat key, once it is known
	late     bool   // it comes from the spool
	answered string // what the caller was told when it came
	owed     bool   // its answer is to be sent, also where the turn itself got into the ledger after all when it came
}

func (g *Gateway) openSpool(context.Context) error {
	s, err := spool.Open(filepath.Join(g.config.Data, "spool"), g.keys)
	if err != nil {
		return fmt.Errorf("opening the spool in CHUMROK_DATA: %w", err)
	}
	g.spool = s
	g.meter.watchSpool(s)
	if n := s.Waiting(); n > 0 {
		g.log.Warn("messages wait in the spool", "messages", n)
	}
	if n := s.Broken(); n > 0 {
		g.log.Error("messages of the spool could not be read or replayed; they are kept in its folder broken, and tried again at each start", "messages", n)
	}
	return nil
}

// takeOrKeep writes a message into the ledger and answers it; where that cannot be, the message goes to the spool and the caller is told whom
// she can call.
func (g *Gateway) takeOrKeep(ctx context.Context, m adapters.Message, a *arrival) (adapters.Answer, string, error) {
	a.at = g.now()
	answer, result, err := g.takeInTime(ctx, m, a)
	if err == nil {
		return answer, result, nil
	}
	text := ""
	if g.mayTellDown(m, a.at) {
		text = g.downText()
	}
	if unkept := g.keepTurn(m, a, text); unkept != nil {
		return adapters.Answer{}, "refused", errors.Join(err, unkept)
	}
	g.log.Warn("the ledger could not be written; a message waits in the spool", "provider", m.Provider, "channel", m.Channel, "error", err)
	if m.Apart {
		g.tellDown(ctx, m, text)
		text = ""
	}
	return adapters.Answer{Text: text, End: true}, "spooled", nil
}

// takeInTime takes a message as long as the ledger may need for it. What waits of the same caller goes first.
func (g *Gateway) takeInTime(ctx context.Context, m adapters.Message, a *arrival) (answer adapters.Answer, result string, err error) {
	defer g.survives(&err)
	ctx, cancel := context.WithTimeout(ctx, ledgerTime)
	defer cancel()
	if err := g.ledgerThere(ctx); err != nil {
		return adapters.Answer{}, "", err
	}
	if thread := g.liveKey(m); g.spool.Has(thread) {
		done, err := g.spool.ReplayThread(ctx, thread, g.replayOne(false)) // she is answered now, so what is older needs no answer
		g.replayed(done, err)
	}
	answer, result, err = g.take(ctx, m, a)
	if errors.Is(err, errRaces) { // those who lost every race go one after the other
		g.crowded.Lock()
		answer, result, err = g.take(ctx, m, a)
		g.crowded.Unlock()
	}
	g.noteLedger(err)
	return answer, result, err
}

// ledgerThere says whether the ledger is worth trying: it has been opened, and, where it was away, it answers again.
func (g *Gateway) ledgerThere(ctx context.Context) error {
	if !g.joined.Load() {
		return errAway
	}
	if !g.away.Load() {
		return nil
	}
	if !g.looking.TryLock() { // one looks for all
		return errAway
	}
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	found := make(chan error, 1)
	g.under.Go(func() { // since SQLite does not look at ctx while it waits for its lock
		defer g.looking.Unlock()
		var err error
		for range replayTries {
			if err = g.store.Writable(ctx); !store.Unreachable(err) || ctx.Err() != nil {
				break
			}
		}
		found <- err
	})
	select {
	case err := <-found:
		if err != nil {
			return errAway
		}
		g.away.Store(false)
		return nil
	case <-ctx.Done():
		return errAway
	}
}

// noteLedger remembers that the database is away.
func (g *Gateway) noteLedger(err error) {
	if store.Unreachable(err) {
		g.away.Store(true)
	}
}

// keepTurn puts a message into the spool.
func (g *Gateway) keepTurn(m adapters.Message, a *arrival, told string) error {
	if g.mayHoldPIN(m) {
		return errPINTyped
	}
	if a.key == "" && m.ID == "" {
		a.key = g.keys.RepeatKey(m.Provider, "spool|"+store.NewID())
	}
	if a.key == "" {
		a.key = g.repeatKey(m, turn{})
	}
	return g.keep(g.liveKey(m), spooled{Kind: keptTurn, At: a.at, Key: a.key, Answered: told, Message: keepMessage(m)})
}

func (g *Gateway) keep(thread string, k spooled) error {
	body, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("writing for the spool: %w", err)
	}
	if err := g.spool.Put(thread, k.Key, body); err != nil {
		return err
	}
	g.meter.spooled.Inc()
	return nil
}

// orKeep does what writes into the ledger, and keeps it in the spool where the database is away.
func (g *Gateway) orKeep(ctx context.Context, thread string, k spooled, do func(context.Context) error) error {
	k.At = g.now()
	within, cancel := context.WithTimeout(ctx, ledgerTime)
	defer cancel()
	err := g.ledgerThere(within)
	if err == nil && !g.spool.Has(thread) {
		err = do(within)
		g.noteLedger(err)
		if err == nil || !store.Unreachable(err) {
			return err
		}
	}
	if unkept := g.keep(thread, k); unkept != nil {
		return errors.Join(err, unkept)
	}
	return nil
}

// sixDigits is what a PIN looks like, alone or among what was typed before it.
var sixDigits = regexp.MustCompile(`(^|[^0-9])[0-9]{6}($|[^0-9])`)

// mayHoldPIN says whether a turn may hold an officer's PIN. The conversation would tell, but it is not at hand.
func (g *Gateway) mayHoldPIN(m adapters.Message) bool {
	return m.Channel == adapters.USSD && len(g.roster().ByPhone(m.From)) > 0 && sixDigits.MatchString(phone.Digits(m.Text))
}

// replay brings what waits in the spool into the ledger. It is done before other due work, so that an officer's answer counts before the clock that
// it answers runs out; wait says that another sweeper has only just begun with it.
func (g *Gateway) replay(ctx context.Context) (wait bool) {
	if g.spool == nil || g.spool.Waiting() == 0 {
		g.replayFrom.Store(0)
		return false
	}
	if !g.replaying.TryLock() {
		from := g.replayFrom.Load()
		return from > 0 && g.now().Sub(time.UnixMilli(from)) < replayTime
	}
	defer g.replaying.Unlock()
	ctx, cancel := context.WithTimeout(ctx, replayTime)
	defer cancel()
	for range replayTries {
		if g.ledgerThere(ctx) != nil {
			return false
		}
		g.replayFrom.CompareAndSwap(0, g.now().UnixMilli())
		done, err := g.spool.Replay(ctx, replaySize, g.replayOne(true))
		g.replayed(done, err)
		if !store.Unreachable(err) {
			break
		}
	}
	return false
}

// replayed counts what went from the spool into the ledger.
func (g *Gateway) replayed(done int, err error) {
	if done > 0 {
		g.meter.replayed.Add(float64(done))
		g.log.Info("messages that waited in the spool are in the ledger", "messages", done)
	}
	if err != nil {
		g.log.Error("the spool could not be replayed to its end; trying again", "error", err)
	}
}

// replayOne brings one message of the spool into the ledger. Done twice it is there once.
func (g *Gateway) replayOne(answer bool) func(context.Context, []byte, bool) error {
	return func(ctx context.Context, body []byte, last bool) error {
		err := g.replayBody(ctx, body, answer && last) // who wrote three times is answered once, to the last
		g.noteLedger(err)
		if err != nil && (store.Unreachable(err) || errors.Is(err, store.ErrClosed) || ctx.Err() != nil || g.store.Ping(ctx) != nil) {
			return spool.Later(err)
		}
		return err
	}
}

func (g *Gateway) replayBody(ctx context.Context, body []byte, answer bool) (err error) {
	defer g.survives(&err)
	var k spooled
	if json.Unmarshal(body, &k) != nil {
		return errors.New("a message of the spool is not of this release")
	}
	switch {
	case k.Kind == keptTurn && k.Message != nil:
		return g.replayTurn(ctx, k, answer)
	case k.Kind == keptDelivery && k.Delivery != nil:
		return g.delivered(ctx, *k.Delivery)
	case k.Kind == keptEnd && k.Ended != nil:
		return g.ended(ctx, *k.Ended)
	}
	return errors.New("the spool holds something that this release does not know")
}

// replayTurn makes a message that waited a turn of its conversation, at the time when it came. A screen is gone by then, and so is its session; an
// SMS is answered after all, to an officer always and to a caller as long as she may be waiting for it.
func (g *Gateway) replayTurn(ctx context.Context, k spooled, answer bool) error {
	m, err := k.Message.message()
	if err != nil {
		return err
	}
	officer := len(g.roster().ByPhone(m.From)) > 0
	a := &arrival{at: k.At, key: k.Key, late: true, answered: k.Answered}
	answer = answer && m.Channel == adapters.SMS && (officer || g.now().Sub(k.At) < g.pack.Sessions.SMSUnfinishedAfter)
	a.owed, m.Apart = answer && !m.Apart, answer
	if _, _, err := g.take(ctx, m, a); err != nil {
		return err
	}
	if m.Channel == adapters.USSD {
		return g.ended(ctx, adapters.Ended{Provider: m.Provider, Session: m.Session})
	}
	return nil
}

// answerLate puts into a turn that waited what its caller was told when it came, which is also what a repeat of it is answered. The answer to an
// SMS goes by a message of its own.
func (g *Gateway) answerLate(e *store.Entry, m adapters.Message, a *arrival) {
	if m.Apart {
		g.answerApartAs(lateID(a.key), e, m)
	}
	e.Answer, e.Ended = []byte(a.answered), e.Ended || m.Channel == adapters.USSD
}

// lateID is the id of the message that answers a turn which waited: the same however often the turn is replayed.
func lateID(key string) string {
	return uuid.NewHash(sha256.New(), uuid.Nil, []byte("late answer|"+key), 8).String()
}

// answerOwed sends the answer of a turn that got into the ledger when it came, too late for its caller to hear more than that we are down.
func (g *Gateway) answerOwed(ctx context.Context, m adapters.Message, a *arrival, written store.Outcome) error {
	_, sent, err := g.store.Message(ctx, lateID(a.key))
	if err != nil || sent || len(written.Answer) == 0 || string(written.Answer) == g.downText() {
		return err
	}
	c, found, err := g.store.Conversation(ctx, written.Conversation)
	if err != nil || !found {
		return err
	}
	e := store.Entry{Conversation: c.Conversation, Answer: written.Answer, At: a.at}
	g.answerApartAs(lateID(a.key), &e, m)
	_, err = g.store.Apply(ctx, g.now(), e.Effects)
	return err
}
