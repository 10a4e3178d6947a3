package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"chumrok/internal/alert"
	"chumrok/internal/directory"
	"chumrok/internal/phone"
	"chumrok/internal/referral"
	"chumrok/internal/store"
)

// standing is the directory as it stands: the pack's, with the phones that changed since.
type standing struct {
	directory *directory.Directory
	changed   []store.NewPhone
}

// roster is the directory as it stands. Who decides something takes it once.
func (g *Gateway) roster() *directory.Directory { return g.standing.Load().directory }

// readPhones takes up the phones that operators changed or called lost.
func (g *Gateway) readPhones(ctx context.Context) error {
	list, err := g.phonesRead.get(g.now(), func() ([]store.NewPhone, error) { return g.store.Phones(ctx) })
	if err != nil {
		return fmt.Errorf("reading changed phones: %w", err)
	}
	if slices.Equal(list, g.standing.Load().changed) {
		return nil
	}
	g.standing.Store(&standing{directory: g.pack.Directory.With(numbers(list)), changed: list})
	return nil
}

// withChangedPhones is the pack's directory as it stands, for a command that has no gateway.
func withChangedPhones(ctx context.Context, s *store.Store, d *directory.Directory) (*directory.Directory, error) {
	list, err := s.Phones(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading changed phones: %w", err)
	}
	return d.With(numbers(list)), nil
}

func numbers(list []store.NewPhone) map[string]phone.Number {
	phones := make(map[string]phone.Number, len(list))
	for _, p := range list {
		phones[p.OfficerID] = p.Number
	}
	return phones
}

type officerPhoneCommand struct {
	ID     string `arg:"" help:"officer_id of directory.csv."`
	Number string `arg:"" optional:"" help:"The officer's phone from now on. Left out it is read from standard input, so that no list of processes shows it."`
}

type officerLostCommand struct {
	ID string `arg:"" help:"officer_id of directory.csv."`
}

// Run gives an officer another phone.
func (o officerPhoneCommand) Run(c *call) error {
	if o.Number == "" {
		line, err := bufio.NewReader(io.LimitReader(c.stream.in, 200)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading the number from standard input: %w", err)
		}
		o.Number = strings.TrimSpace(line)
	}
	return withOperator(c, func(g *Gateway) error {
		n, err := g.pack.Country.Parse(o.Number)
		if err != nil {
			return fmt.Errorf("the number is no telephone number: %w", err)
		}
		officer, err := officerOf(g.pack, o.ID)
		if err != nil {
			return err
		}
		if now, _ := g.roster().Get(officer.ID); now.Phone == n {
			return errors.New(officer.ID + " has that phone already")
		}
		return g.changePhone(c, officer, n)
	})
}

// Run notes that an officer's phone is lost.
func (o officerLostCommand) Run(c *call) error {
	return withOperator(c, func(g *Gateway) error {
		officer, err := officerOf(g.pack, o.ID)
		if err != nil {
			return err
		}
		return g.changePhone(c, officer, phone.Number{})
	})
}

// changePhone gives every row of an officer's phone another one, or none. What the old phone was asked goes to the next officer at once, and what it
// answers no longer counts; what the officer has taken stays with who has a new phone, and is given back from who has none.
func (g *Gateway) changePhone(c *call, officer directory.Officer, to phone.Number) error {
	rows := []directory.Officer{officer}
	if now, _ := g.roster().Get(officer.ID); !now.Phone.IsZero() {
		rows = g.roster().ByPhone(now.Phone)
	}
	var ids []string
	for _, row := range rows {
		if err := g.store.SetPhone(c.ctx, operator, store.NewPhone{OfficerID: row.ID, Number: to, At: c.now()}); err != nil {
			return err
		}
		ids = append(ids, row.ID)
	}
	g.phonesRead = kept[store.NewPhone]{}
	if err := g.readPhones(c.ctx); err != nil {
		return err
	}
	open, err := g.store.OpenReferrals(c.ctx)
	if err != nil {
		return err
	}
	moved := 0
	for _, r := range open {
		done, err := g.withoutPhone(c.ctx, r.ID, ids, to.IsZero(), c.now())
		if err != nil {
			return fmt.Errorf("referral %s: %w", r.Code, err)
		}
		if done {
			moved++
		}
	}
	if to.IsZero() {
		fmt.Fprintf(c.stream.out, "the phone of %s is lost: nobody is asked on it, and nothing that it answers counts\n", strings.Join(ids, ", "))
	} else {
		fmt.Fprintf(c.stream.out, "%s has another phone; draw a PIN for it with 'officer pin %s'\n", strings.Join(ids, ", "), officer.ID)
	}
	fmt.Fprintf(c.stream.out, "%d open referrals went on to the next\n", moved)
	return nil
}

// withoutPhone goes on with a referral of which an officer's phone is gone, and reports whether anything followed.
func (g *Gateway) withoutPhone(ctx context.Context, id string, officers []string, lost bool, now time.Time) (bool, error) {
	moved := false
	err := g.apply(ctx, func(time.Time) (store.Effects, error) {
		var e store.Effects
		r, found, err := g.store.Referral(ctx, id)
		if err != nil || !found {
			return e, err
		}
		present, err := g.present(ctx, now)
		if err != nil {
			return e, err
		}
		moved = false
		for _, officer := range officers {
			var d alert.Decision
			switch {
			case lost && r.Owner == officer && r.State != referral.Review:
				d = alert.Cannot(r, officer, alert.Away, present, g.pack.Clocks, now)
			case r.WasCalled(officer) && !slices.Contains(r.Declined, officer):
				d = alert.Failed(r, officer, present, g.pack.Clocks, now)
			}
			if d.Changed {
				moved = true
				var one store.Effects
				if err := g.carryOut(ctx, &one, d, now); err != nil {
					return e, err
				}
				one.Referrals = nil // the last one counts
				e, r = together(e, one), d.Referral
			}
		}
		if moved {
			e.Referrals = []referral.Referral{r}
		}
		return e, nil
	})
	return moved, err
}
