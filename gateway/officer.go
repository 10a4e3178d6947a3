package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/officerpin"
	"chumrok/internal/pack"
	"chumrok/internal/phone"
	"chumrok/internal/seal"
	"chumrok/internal/store"
)

// pinDigits is how long a PIN is.
const pinDigits = 6

// pinSecret is what a PIN is kept by: the PIN of this phone under a key of the key file, so that who has the database alone cannot go
// through the million PINs there are.
func pinSecret(keys *seal.Keyring, phoneIndex, pin string) string {
	return keys.Blind("pin", phoneIndex+" "+pin)
}

// slots lets as many do something at once as the machine has processors: comparing a PIN takes 32 MiB and a processor for a moment. The
// zero value is ready.
type slots struct {
	once sync.Once
	free chan struct{}
}

// take waits for a slot and returns what gives it back.
func (s *slots) take(ctx context.Context) (func(), error) {
	s.once.Do(func() { s.free = make(chan struct{}, runtime.GOMAXPROCS(0)) })
	select {
	case s.free <- struct{}{}:
		return func() { <-s.free }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting to compare a PIN: %w", ctx.Err())
	}
}

// tryPIN compares what was typed on a phone of the directory with the PIN of that phone. Every try is counted before it is compared and
// put on record; after store.PINTries wrong ones nothing is compared until the PIN is unlocked or drawn anew.
func (g *Gateway) tryPIN(ctx context.Context, n phone.Number, typed string) (store.PINAnswer, error) {
	done, err := g.comparing.take(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	index := g.store.PhoneIndex(n)
	var unreadable error
	answer, err := g.store.TryPIN(ctx, g.now(), index, func(hash string) bool {
		var same bool
		same, unreadable = officerpin.Verify(hash, pinSecret(g.keys, index, strings.TrimSpace(phone.Digits(typed))))
		return same
	})
	if err == nil {
		err = unreadable
	}
	if err != nil {
		return answer, fmt.Errorf("comparing a PIN: %w", err)
	}
	return answer, nil
}

type officerCommand struct {
	Pin   officerPinCommand   `cmd:"" help:"Draw a new PIN for an officer's phone and show it once."`
	Reset officerResetCommand `cmd:"" help:"Unlock the PIN after five wrong tries; it stays the same."`
	Away  officerAwayCommand  `cmd:"" help:"Note that an officer is away."`
	Back  officerBackCommand  `cmd:"" help:"Note that an officer is back."`
	Phone officerPhoneCommand `cmd:"" help:"Give an officer another phone; what the old one was asked goes to the next officer at once."`
	Lost  officerLostCommand  `cmd:"" help:"Note that an officer's phone is lost or stolen: it is asked nothing, and nothing that it answers counts."`
	List  officerListCommand  `cmd:"" help:"List officers: body, area, PIN, away. No numbers, no names."`
}

type officerPinCommand struct {
	ID string `arg:"" help:"officer_id of directory.csv."`
}

type officerResetCommand struct {
	ID string `arg:"" help:"officer_id of directory.csv."`
}

type officerAwayCommand struct {
	ID    string `arg:"" help:"officer_id of directory.csv."`
	Until string `required:"" placeholder:"DATE" help:"The last day away, such as 2026-12-31."`
}

type officerBackCommand struct {
	ID string `arg:"" help:"officer_id of directory.csv."`
}

type officerListCommand struct{}

// officerOf is the officer of an id, or what to do about it.
func officerOf(p *pack.Pack, id string) (directory.Officer, error) {
	if o, ok := p.Directory.Get(id); ok {
		return o, nil
	}
	var ids []string
	for _, o := range p.Directory.All() {
		ids = append(ids, o.ID)
	}
	if near := directory.Nearest(id, ids); near != "" {
		return directory.Officer{}, fmt.Errorf("no officer %s in directory.csv: is %s meant?", id, near)
	}
	return directory.Officer{}, fmt.Errorf("no officer %s in directory.csv: 'officer list' shows them", id)
}

// drawPIN draws six digits, each PIN as likely as any other but those that hands type without thinking.
func drawPIN(random io.Reader) (string, error) {
	for {
		n, err := rand.Int(random, big.NewInt(1_000_000))
		if err != nil {
			return "", fmt.Errorf("drawing a PIN: %w", err)
		}
		if pin := fmt.Sprintf("%0*d", pinDigits, n); !easy(pin) {
			return pin, nil
		}
	}
}

// easy says that a PIN goes by one step from digit to digit: 111111, 123456, 987654.
func easy(pin string) bool {
	for i := 2; i < len(pin); i++ {
		if int(pin[i])-int(pin[i-1]) != int(pin[1])-int(pin[0]) {
			return false
		}
	}
	step := int(pin[1]) - int(pin[0])
	return step >= -1 && step <= 1
}

// Run draws a PIN.
func (o officerPinCommand) Run(c *call) error {
	return withRecordsAndKeys(c, func(s *store.Store, p *pack.Pack, keys *seal.Keyring) error {
		officer, err := officerOf(p, o.ID)
		if err != nil {
			return err
		}
		pin, err := drawPIN(rand.Reader)
		if err != nil {
			return err
		}
		index := s.PhoneIndex(officer.Phone)
		hash, err := officerpin.Hash(rand.Reader, pinSecret(keys, index, pin))
		if err != nil {
			return err
		}
		if err := s.SetPIN(c.ctx, operator, store.PIN{PhoneIndex: index, OfficerID: officer.ID, Hash: hash, SetAt: c.now()}); err != nil {
			return err
		}
		fmt.Fprintf(c.stream.out, "the PIN of %s is %s\n", officer.ID, pin)
		if others := sharing(p, officer); len(others) > 0 {
			fmt.Fprintf(c.stream.out, "it is also that of %s: the same phone\n", strings.Join(others, ", "))
		}
		fmt.Fprintln(c.stream.out, "Tell the officer in person or in a call, never by SMS. It is not shown again, and the one before no longer holds.")
		return nil
	})
}

// sharing lists the other rows of the directory on which an officer's phone stands.
func sharing(p *pack.Pack, officer directory.Officer) (ids []string) {
	for _, o := range p.Directory.ByPhone(officer.Phone) {
		if o.ID != officer.ID {
			ids = append(ids, o.ID)
		}
	}
	return ids
}

// Run unlocks a PIN.
func (o officerResetCommand) Run(c *call) error {
	return withRecords(c, func(s *store.Store, p *pack.Pack) error {
		officer, err := officerOf(p, o.ID)
		if err != nil {
			return err
		}
		unlocked, err := s.UnlockPIN(c.ctx, c.now(), operator, s.PhoneIndex(officer.Phone))
		if err != nil {
			return err
		}
		if !unlocked {
			return fmt.Errorf("%s has no PIN: draw one with 'officer pin %s'", o.ID, o.ID)
		}
		fmt.Fprintf(c.stream.out, "%s has %d tries again, with the same PIN; draw a new one if the officer does not know it\n", o.ID, store.PINTries)
		return nil
	})
}

// Run notes that an officer is away.
func (o officerAwayCommand) Run(c *call) error {
	return withRecords(c, func(s *store.Store, p *pack.Pack) error {
		now := c.now()
		officer, err := officerOf(p, o.ID)
		if err != nil {
			return err
		}
		until, err := throughDay("--until", o.Until, "take the officer out of directory.csv instead", p.Zone, now)
		if err != nil {
			return err
		}
		if err := s.SetAway(c.ctx, now, operator, store.Away{OfficerID: officer.ID, From: now, Until: until}); err != nil {
			return err
		}
		fmt.Fprintf(c.stream.out, "%s is away until the end of %s\n", officer.ID, lastDay(until, p.Zone))
		return nil
	})
}

// Run notes that an officer is back.
func (o officerBackCommand) Run(c *call) error {
	return withRecords(c, func(s *store.Store, p *pack.Pack) error {
		officer, err := officerOf(p, o.ID)
		if err != nil {
			return err
		}
		was, err := s.EndAway(c.ctx, c.now(), operator, officer.ID)
		if err != nil {
			return err
		}
		if !was {
			return errors.New(officer.ID + " was not away")
		}
		fmt.Fprintf(c.stream.out, "%s is back\n", officer.ID)
		return nil
	})
}

// Run lists officers.
func (officerListCommand) Run(c *call) error {
	return withRecords(c, func(s *store.Store, p *pack.Pack) error {
		pins, err := s.PINs(c.ctx)
		if err != nil {
			return err
		}
		byPhone := make(map[string]store.PIN, len(pins))
		for _, pin := range pins {
			byPhone[pin.PhoneIndex] = pin
		}
		aways, err := s.Aways(c.ctx, c.now())
		if err != nil {
			return err
		}
		until := make(map[string]time.Time, len(aways))
		for _, a := range aways {
			until[a.OfficerID] = a.Until
		}
		officers := p.Directory.All()
		slices.SortStableFunc(officers, func(a, b directory.Officer) int { return strings.Compare(a.AreaCode, b.AreaCode) })
		for _, o := range officers {
			state := "no PIN"
			if pin, ok := byPhone[s.PhoneIndex(o.Phone)]; ok {
				state = "PIN"
				if pin.Locked() {
					state = "PIN locked"
				}
			}
			fmt.Fprintf(c.stream.out, "%-24s %-6s %-18s %-13s %-10s", o.ID, areaShown(o.AreaCode), o.Body, o.Role, state)
			if end, away := until[o.ID]; away {
				fmt.Fprintf(c.stream.out, " away until the end of %s", lastDay(end, p.Zone))
			}
			fmt.Fprintln(c.stream.out)
		}
		return nil
	})
}
