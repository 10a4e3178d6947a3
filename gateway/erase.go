package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"chumrok/adapters"
	"chumrok/flows"
	"chumrok/internal/audit"
	"chumrok/internal/phone"
	"chumrok/internal/referral"
	"chumrok/internal/report"
	"chumrok/internal/store"
)

// mostProofs is how many wrong proofs a code bears in all. It has ninety that are possible, and whoever holds the phone and the code has all
// the time there is, so this count has no hour after which it begins anew; who has used it up calls, and the desk decides.
const mostProofs = 3

// wish takes the wish to erase what a code stands for, from the phone that told it and with the proof that only its teller was told. Whatever
// is wrong with it, nothing tells: the conversation goes on with the same words, after the same reading and the same writing.
func (g *Gateway) wish(ctx context.Context, m adapters.Message, state flows.State, typed string, e *store.Effects, now time.Time) error {
	code, proof, _ := strings.Cut(typed, " ")
	code = codeTyped(code)
	found, err := g.store.Erasable(ctx, code, proof)
	if err != nil {
		return fmt.Errorf("looking for what is to be erased: %w", err)
	}
	index := g.store.PhoneIndex(m.From)
	own := !m.From.IsZero() && subtle.ConstantTimeCompare([]byte(index), []byte(found.PhoneIndex)) == 1
	status := state.Answer("status") // "call" also where too many codes were wrong: then nobody's proof is looked at
	may := own && found.Known && found.Tries < mostProofs && status != "" && status != askCall
	// From another phone nothing can come of it, so nothing is counted: else a stranger could use up a child's tries.
	e.EraseTry = &store.EraseTry{ConversationID: found.ConversationID, Before: found.Tries, Wrong: may && !found.Proved}
	if !may || !found.Proved || found.Asked {
		return nil
	}
	return g.askToErase(ctx, code, index, e, now)
}

// askToErase stops all contact with the reporter at once, and puts the wish before the desk. Nothing is destroyed yet.
func (g *Gateway) askToErase(ctx context.Context, code, index string, e *store.Effects, now time.Time) error {
	r, found, err := g.store.ReportByCode(ctx, code)
	if err != nil || !found {
		return fmt.Errorf("reading the report that is to be erased: %w", notFound(err))
	}
	about, err := aboutErasing(ctx, g.store, r.ConversationID)
	if err != nil {
		return err
	}
	h := referral.Hold{ReportID: r.ID, ConversationID: r.ConversationID, Reason: referral.AskedToErase, Risk: report.Low, AreaCode: r.AreaCode,
		Removed: about.removed(), Why: about.stands()}
	if len(h.Why) > 0 {
		h.Risk = r.Risk
	}
	if err := g.startHold(ctx, e, h, now); err != nil {
		return err
	}
	h = e.Holds[len(e.Holds)-1]
	r.Contact = report.Contact{Way: "none"}
	e.Report = &r
	e.Erasures = append(e.Erasures, store.ErasureChange{ConversationID: r.ConversationID, HoldID: h.ID})
	e.Additions = append(e.Additions, store.Addition{ReportOf: r.ConversationID})
	e.Audit = append(e.Audit, audit.Entry{At: now, Who: "caller", What: "erasing asked", Subject: h.Code})
	if _, err := g.store.StopLessons(ctx, now, "caller", index); err != nil {
		return fmt.Errorf("ending the lessons of a phone: %w", err)
	}
	return nil
}

// onTheWay joins the conversation in which a wish was uttered to the report that it is about, so that erasing reaches it too. What was written
// on the way there is added to the report, and where it speaks of harm it is told like any addition. A conversation that has become a matter of
// its own stays that, and goes with no other one.
func (g *Gateway) onTheWay(ctx context.Context, e *store.Entry, state flows.State, now time.Time) error {
	c := &e.Conversation
	stored, found, err := g.store.Conversation(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("reading the conversation of a wish: %w", err)
	}
	if found && stored.ReportID != "" {
		e.Effects.Additions = nil
		e.Effects.Due = append(e.Effects.Due, g.unfinishedDue(c.ID, state, g.wroteOfDanger(state), now))
		return nil
	}
	c.Bin, c.Mark = store.Marked, store.MarkJoined
	e.Effects.DueDone = append(e.Effects.DueDone, store.DueKey{Kind: store.DueUnfinished, Subject: c.ID})
	r, words := e.Effects.Report, state.Answer("more")
	if words == "" || r == nil {
		return nil
	}
	after, isNew := r.Report.Add(report.Addition{From: c.ID, At: now, Text: words})
	if isNew && g.tellsOfHarm(words) {
		return g.added(ctx, &e.Effects, *r, after, c.DangerAt, now)
	}
	r.Report = after
	return nil
}

// contactStopped says whether a message was written before its reader asked that what she told be erased.
func (g *Gateway) contactStopped(ctx context.Context, m store.Message) (bool, error) {
	if m.Kind != store.ToReporter || m.Number.IsZero() {
		return false, nil
	}
	return g.store.ContactStopped(ctx, g.store.PhoneIndex(m.Number), m.CreatedAt)
}

// matterToErase is all that decides whether a report may be erased.
type matterToErase struct {
	report    store.Report
	told      store.Resumed
	referrals []referral.Referral
	holds     []referral.Hold
}

func aboutErasing(ctx context.Context, s *store.Store, conversation string) (matterToErase, error) {
	var m matterToErase
	var found bool
	var err error
	if m.told, found, err = s.Conversation(ctx, conversation); err != nil || !found {
		return m, fmt.Errorf("reading the conversation that is to be erased: %w", notFound(err))
	}
	if m.report, found, err = s.ReportOf(ctx, conversation); err != nil || !found {
		return m, fmt.Errorf("reading the report that is to be erased: %w", notFound(err))
	}
	if m.referrals, err = s.ReferralsOf(ctx, conversation); err != nil {
		return m, fmt.Errorf("reading the referrals of what is to be erased: %w", err)
	}
	if m.holds, err = s.HoldsOf(ctx, conversation); err != nil {
		return m, fmt.Errorf("reading the holds of what is to be erased: %w", err)
	}
	return m, nil
}

// stands says what stands against erasing, a sentence each. Danger and sexual harm stand for as long as anybody still has to act on the matter.
func (m matterToErase) stands() []string {
	open := false
	var why []string
	for _, r := range m.referrals {
		open = open || r.State.Open()
		if r.State.Open() && r.State != referral.Alerting {
			why = append(why, fmt.Sprintf("Referral %s stands: %s", r.Code, r.State.Meaning()))
		}
	}
	for _, h := range m.holds {
		open = open || h.State != referral.HoldReleased && h.Reason != referral.AskedToErase
	}
	if open && (m.report.DangerSaid() || !m.told.DangerAt.IsZero() || m.report.Risk == report.Immediate) {
		why = append(why, "A child is or may be in danger, and the matter is open.")
	}
	if open && m.report.Says("harm", string(report.HarmSexual)) {
		why = append(why, "The harm is or may be sexual, and the matter is open.")
	}
	return why
}

// removed is whoever must not be told of the matter, at the desk either.
func (m matterToErase) removed() referral.Removal {
	var x referral.Removal
	for _, r := range m.referrals {
		x = x.And(r.Plan.Removed)
	}
	for _, h := range m.holds {
		x = x.And(h.Removed)
	}
	return x
}

// wishOf is the open hold in which a person decides.
func (m matterToErase) wishOf() (referral.Hold, bool) {
	for _, h := range m.holds {
		if h.Reason == referral.AskedToErase && h.State != referral.HoldReleased {
			return h, true
		}
	}
	return referral.Hold{}, false
}

// errStands says that something came up between the decision and the destroying.
var errStands = errors.New("what was decided to be erased must not be erased now")

// destroy carries a decision out, once nothing stands against it.
func destroy(ctx context.Context, s *store.Store, conversation string, now time.Time) error {
	e, found, err := s.Erasure(ctx, conversation)
	if err != nil || !found || e.Decision != store.DecidedErase {
		return err
	}
	if e.ErasedAt.IsZero() {
		about, err := aboutErasing(ctx, s, conversation)
		if err != nil {
			return err
		}
		if len(about.stands()) > 0 {
			return errStands
		}
	}
	return s.Erase(ctx, now, e.By, conversation)
}

// erase is destroy as due work: it also finishes what a crash or a reader kept from being done.
func (g *Gateway) erase(ctx context.Context, due store.Due) error {
	if err := destroy(ctx, g.store, due.Subject, g.now()); err != nil {
		return fmt.Errorf("erasing: %w", err)
	}
	return g.store.Finish(ctx, due)
}

// forget takes an erased conversation out of the working memory.
func (g *Gateway) forget(ctx context.Context, due store.Due) error {
	if err := g.sessions.Drop(ctx, due.Subject); err != nil {
		return fmt.Errorf("forgetting a session: %w", err)
	}
	return g.store.Finish(ctx, due)
}

// conversationOf is the conversation that a referral's or a hold's code speaks of.
func conversationOf(ctx context.Context, s *store.Store, typed string) (string, error) {
	code := phone.Digits(typed)
	r, found, err := s.ReferralByCode(ctx, code)
	if err != nil || found {
		return r.ConversationID, err
	}
	h, found, err := s.HoldByCode(ctx, code)
	if err != nil || found {
		return h.ConversationID, err
	}
	_, past, err := s.ConversationWithCode(ctx, code)
	if err == nil && past {
		err = fmt.Errorf("what was told under the code %s is past its time here: 'chumrok keys archive %s' writes out the copy that its holders can open", code, code)
	}
	if err == nil {
		err = fmt.Errorf("no referral and no hold has the code %s, or it is erased: 'erase list' shows what was asked", code)
	}
	return "", err
}
