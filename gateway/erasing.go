package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"chumrok/internal/alert"
	"chumrok/internal/audit"
	"chumrok/internal/pack"
	"chumrok/internal/phone"
	"chumrok/internal/referral"
	"chumrok/internal/seal"
	"chumrok/internal/store"
)

type eraseCommand struct {
	Code   eraseCodeCommand   `cmd:"" name:"code" default:"withargs" help:"Erase what the code of a referral or hold stands for. It cannot be undone."`
	List   eraseListCommand   `cmd:"" help:"List what reporters ask to be erased, with the time by which it must be decided."`
	Refuse eraseRefuseCommand `cmd:"" help:"Decide that it is not erased."`
}

type eraseCodeCommand struct {
	Code   string `arg:"" help:"The code of a referral or a hold."`
	Reason string `required:"" help:"Why, for the record; no person's name."`
	Second string `placeholder:"OFFICER" help:"A second person who agrees and types a PIN; needed where danger or sexual harm was told."`
}

type eraseRefuseCommand struct {
	Code   string `arg:"" help:"The code of a referral or a hold."`
	Reason string `required:"" help:"Why, for the record; no person's name."`
}

type eraseListCommand struct {
	All bool `help:"Also what is decided."`
}

// Run decides that it is erased, and erases it. A reporter who cannot ask by phone asks by calling: so nobody need have asked.
func (d eraseCodeCommand) Run(c *call) error {
	return withRecordsAndKeys(c, func(s *store.Store, p *pack.Pack, keys *seal.Keyring) error {
		about, undone, err := toDecide(c, s, d.Code, d.Reason)
		if err == nil && undone {
			err = fmt.Errorf("that %s is erased was decided already, and is not done yet: 'erase list --all' shows it", d.Code)
		}
		if err != nil {
			return err
		}
		if why := about.stands(); len(why) > 0 {
			return fmt.Errorf("%s cannot be erased while this stands: %s Decide again when it is closed, or refuse with 'erase refuse'", d.Code, strings.Join(why, " "))
		}
		conversation := about.told.ID
		e := decision(about, store.DecidedErase, "erase", d.Code, d.Reason, c.now())
		if about.grave() {
			agreed, err := agrees(c, s, p, keys, about, d.Code, d.Second)
			if err != nil {
				return err
			}
			e.Audit = append(e.Audit, agreed)
		}
		e.Due = append(e.Due, store.Due{Kind: store.DueErase, Subject: conversation, At: c.now()})
		if err := decide(c, s, e); err != nil {
			return err
		}
		switch err := destroy(c.ctx, s, conversation, c.now()); {
		case err == nil:
			fmt.Fprintf(c.stream.out, "erased: %s; copies of a backup keep it until they are overwritten\n", d.Code)
		case errors.Is(err, store.ErrBeingRead):
			fmt.Fprintf(c.stream.out, "decided: %s; an officer is reading it, and the gateway erases it when that call is over\n", d.Code)
		default:
			fmt.Fprintf(c.stream.out, "decided: %s; the gateway erases it as soon as it can\n", d.Code)
			return fmt.Errorf("erasing %s: %w; it is tried again by a running gateway", d.Code, err)
		}
		return nil
	})
}

// Run decides that it is not erased. Contact stays stopped: that is the reporter's alone.
func (d eraseRefuseCommand) Run(c *call) error {
	return withRecords(c, func(s *store.Store, _ *pack.Pack) error {
		about, undone, err := toDecide(c, s, d.Code, d.Reason)
		if err != nil {
			return err
		}
		undone = undone && len(about.stands()) > 0 // something came up before it was done
		if _, asked := about.wishOf(); !asked && !undone {
			return fmt.Errorf("nobody asks that %s be erased: 'erase list' shows what is asked", d.Code)
		}
		if err := decide(c, s, decision(about, store.DecidedRefuse, "erasing refused", d.Code, d.Reason, c.now())); err != nil {
			return err
		}
		fmt.Fprintf(c.stream.out, "refused: %s stays as it is; where its reporter asked by phone, nobody writes to that phone\n", d.Code)
		return nil
	})
}

// toDecide reads what a decision is about, and whether to erase it was decided and is not done.
func toDecide(c *call, s *store.Store, code, reason string) (about matterToErase, undone bool, err error) {
	if clean(reason) == "" {
		return matterToErase{}, false, errors.New("--reason is empty: say why, for the record")
	}
	conversation, err := conversationOf(c.ctx, s, code)
	if err != nil {
		return matterToErase{}, false, err
	}
	e, found, err := s.Erasure(c.ctx, conversation)
	if err == nil && found && !e.ErasedAt.IsZero() {
		err = fmt.Errorf("%s is erased already: 'erase list --all' shows it", code)
	}
	if err != nil {
		return matterToErase{}, false, err
	}
	about, err = aboutErasing(c.ctx, s, conversation)
	return about, found && e.Decision == store.DecidedErase, err
}

// decision is what a decision writes; the wish's hold is over with it.
func decision(about matterToErase, what store.ErasureDecision, act, code, reason string, now time.Time) store.Effects {
	e := store.Effects{
		Erasures: []store.ErasureChange{{ConversationID: about.told.ID, Decision: what, By: operator, Reason: clean(reason)}},
		Audit:    []audit.Entry{{At: now, Who: operator, What: act, Subject: phone.Digits(code)}},
	}
	if what == store.DecidedRefuse {
		e.DueDone = append(e.DueDone, store.DueKey{Kind: store.DueErase, Subject: about.told.ID})
	}
	if h, open := about.wishOf(); open {
		h.State, h.Due = referral.HoldReleased, time.Time{}
		e.Holds = append(e.Holds, h)
		e.DueDone = append(e.DueDone, store.DueKey{Kind: store.DueHold, Subject: h.ID})
	}
	return e
}

func decide(c *call, s *store.Store, e store.Effects) error {
	kind, err := s.Apply(c.ctx, c.now(), e)
	if err == nil && kind == store.Behind {
		err = errors.New("something about it changed in this moment: look again, and decide again")
	}
	return err
}

// Run lists wishes.
func (l eraseListCommand) Run(c *call) error {
	return withRecords(c, func(s *store.Store, p *pack.Pack) error {
		list, err := s.Erasures(c.ctx)
		if err != nil {
			return err
		}
		shown := 0
		for _, e := range list {
			if e.Decision != "" && !l.All {
				continue
			}
			shown++
			var why, others []string
			if e.Decision == "" {
				about, err := aboutErasing(c.ctx, s, e.ConversationID)
				if err != nil {
					return err
				}
				why = about.stands()
				if others, err = s.SamePhone(c.ctx, e.ConversationID); err != nil {
					return err
				}
			}
			printErasure(c.stream.out, e, why, p.Zone)
			if len(others) > 0 {
				fmt.Fprintf(c.stream.out, "        told from the same phone, perhaps by somebody else, and not erased with it: %s\n", strings.Join(others, " "))
			}
		}
		if shown == 0 {
			fmt.Fprintln(c.stream.out, "nobody asks")
		}
		return nil
	})
}

func printErasure(w io.Writer, e store.Erasure, stands []string, zone *time.Location) {
	at := func(t time.Time) string { return t.In(zone).Format("2006-01-02 15:04") }
	asked := "asked by calling"
	if !e.AskedAt.IsZero() {
		asked = "asked " + at(e.AskedAt)
	}
	state := "decide by " + at(e.AskedAt.Add(alert.ErasingClock))
	switch {
	case !e.ErasedAt.IsZero():
		state = fmt.Sprintf("erased %s by %s", at(e.ErasedAt), e.By)
	case e.Decision == store.DecidedErase:
		state = fmt.Sprintf("decided %s by %s, not done yet", at(e.DecidedAt), e.By)
	case e.Decision == store.DecidedRefuse:
		state = fmt.Sprintf("refused %s by %s", at(e.DecidedAt), e.By)
	}
	fmt.Fprintf(w, "%s  %s, %s\n", e.Code, asked, state)
	if e.Reason != "" {
		fmt.Fprintf(w, "        %s\n", e.Reason)
	}
	for _, why := range stands {
		fmt.Fprintf(w, "        cannot be erased: %s\n", why)
	}
}
