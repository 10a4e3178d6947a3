package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"chumrok/internal/pack"
	"chumrok/internal/seal"
	"chumrok/internal/store"
)

type keysRotateCommand struct {
	Months int  `help:"Make the keys of so many months ahead instead, to be copied to every gateway before they begin."`
	Index  bool `help:"Change the index key, too."`
}

// mostMonths is how many months ahead keys are made for: what lies around for longer is lost or read.
const mostMonths = 24

// progressEvery is after how many moved keys a line is printed.
const progressEvery = 1000

// Run makes keys of months.
func (k keysRotateCommand) Run(c *call) error {
	if k.Index {
		return errors.New("the index key cannot be changed yet: numbers that were erased are found by it alone, and would be found no more")
	}
	if k.Months < 0 || k.Months > mostMonths {
		return fmt.Errorf("--months %d: from 1 to %d", k.Months, mostMonths)
	}
	return withRecordsAndKeys(c, func(s *store.Store, p *pack.Pack, keys *seal.Keyring) error {
		if k.Months > 0 {
			return k.ahead(c, s, p, keys)
		}
		return rotateNow(c, s, p, keys)
	})
}

// ahead makes the keys of this month and of those that follow, as far as there are none.
func (k keysRotateCommand) ahead(c *call, s *store.Store, p *pack.Pack, keys *seal.Keyring) error {
	known, err := s.Epochs(c.ctx)
	if err != nil {
		return err
	}
	now := c.now().In(p.Zone)
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, p.Zone)
	for i := range k.Months + 1 {
		month := first.AddDate(0, i, 0).Format(seal.MonthLayout)
		if slices.ContainsFunc(known, func(e store.Epoch) bool { return e.Month == month }) {
			fmt.Fprintf(c.stream.out, "%s has a key already\n", month)
			continue
		}
		e, err := makeKey(c, s, keys, month)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stream.out, "%s made: epochs/%s\n", month, e.Name())
	}
	fmt.Fprintf(c.stream.out, "copy the files of %s to the other gateways, if there are any, and hand those of the folder escrow to the recovery holder\n", keys.EpochsFolder())
	return nil
}

// makeKey makes the key of a month and registers it, also where another one of this folder waits to be.
func makeKey(c *call, s *store.Store, keys *seal.Keyring, month string) (seal.Epoch, error) {
	known, err := s.Epochs(c.ctx)
	if err != nil {
		return seal.Epoch{}, err
	}
	turn := 0
	for _, e := range known {
		if e.Month == month {
			turn = max(turn, e.Turn)
		}
	}
	e, err := keys.MakeEpochAfter(month, turn)
	if err != nil {
		return e, err
	}
	registered, err := s.RegisterEpoch(c.ctx, c.now(), e)
	if err == nil && !registered {
		err = errors.Join(fmt.Errorf("another gateway made a key of %s in this moment, or has one that is not here: copy its folder epochs here, and try again", month), keys.Destroy(e.ID))
	}
	return e, err
}

// rotateNow makes a new key of this month, and moves everything to it.
func rotateNow(c *call, s *store.Store, p *pack.Pack, keys *seal.Keyring) error {
	config, err := readConfig(c.env)
	if err != nil {
		return fmt.Errorf("reading the configuration:\n%w", err)
	}
	month := c.now().In(p.Zone).Format(seal.MonthLayout)
	e, err := makeKey(c, s, keys, month)
	if err != nil {
		return err
	}
	if err := s.RetireEpochs(c.ctx, c.now(), operator, e); err != nil {
		return err
	}
	fmt.Fprintf(c.stream.out, "made: epochs/%s; hand escrow/%s to the recovery holder\n", e.Name(), e.Name())
	name, running, err := gatewayHere(c, s, config)
	if err != nil {
		return err
	}
	trouble, err := turnEpoch(c.ctx, s, keys, name, month, c.now())
	if !running {
		err = errors.Join(err, s.ForgetGateway(c.ctx, name))
	}
	if err != nil {
		return err
	}
	for _, what := range trouble {
		fmt.Fprintln(c.stream.out, what)
	}
	if keys.InUse() != e.ID {
		fmt.Fprintln(c.stream.out, "the gateways take it into use and move everything to it by themselves, when all of them have it")
		return nil
	}
	return moveAll(c, s)
}

// moveAll moves everything that older keys wrap, and prints how far it is.
func moveAll(c *call, s *store.Store) error {
	moved, said := 0, 0
	stuck, err := s.Rewrap(c.ctx, func(n int) {
		if moved += n; moved-said >= progressEvery {
			said = moved
			fmt.Fprintf(c.stream.out, "moved %d\n", moved)
		}
	})
	if err != nil {
		return fmt.Errorf("%w; a running gateway goes on with it, and so does the same command", err)
	}
	fmt.Fprintf(c.stream.out, "in use; %d moved to it\n", moved)
	if stuck > 0 {
		fmt.Fprintf(c.stream.out, "%d could not be moved, since what wraps them is not here\n", stuck)
	}
	return nil
}

// gatewayHere is the name of the gateway whose data folder this is, and whether it is running.
func gatewayHere(c *call, s *store.Store, config Config) (string, bool, error) {
	if err := os.MkdirAll(config.Data, 0o700); err != nil {
		return "", false, fmt.Errorf("making the data folder: %w", err)
	}
	name, err := ownName(config.Data)
	if err != nil {
		return "", false, err
	}
	seen, err := s.GatewaysSince(c.ctx, c.now().Add(-store.GatewaySeen))
	return name, slices.ContainsFunc(seen, func(g store.GatewayKeys) bool { return g.Name == name }), err
}
