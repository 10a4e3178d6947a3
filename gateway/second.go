package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
	"time"

	"chumrok/internal/audit"
	"chumrok/internal/directory"
	"chumrok/internal/officerpin"
	"chumrok/internal/pack"
	"chumrok/internal/phone"
	"chumrok/internal/report"
	"chumrok/internal/seal"
	"chumrok/internal/store"
)

// freshPIN is how old a PIN must be before it shows who agrees: whoever drew it has seen it, and might be the one who wants to be agreed with.
const freshPIN = 24 * time.Hour

// grave says that danger or sexual harm was told, ever. Then one person alone erases nothing: an officer who took and closed the matter may be
// the one of whom it was told, or his friend.
func (m matterToErase) grave() bool {
	return m.report.DangerSaid() || !m.told.DangerAt.IsZero() || m.report.Risk == report.Immediate || m.report.Says("harm", string(report.HarmSexual))
}

// agrees lets a second person agree with erasing by a PIN, and returns what stands on record of it.
func agrees(c *call, s *store.Store, p *pack.Pack, keys *seal.Keyring, about matterToErase, code, second string) (audit.Entry, error) {
	if second == "" {
		return audit.Entry{}, fmt.Errorf("danger or sexual harm was told in %s, so one person alone cannot erase it: give --second with the id of an officer of the desk, the district or the province, who then types a PIN here", code)
	}
	officer, err := officerOf(p, second)
	if err != nil {
		return audit.Entry{}, err
	}
	if err := mayAgree(p, about, officer); err != nil {
		return audit.Entry{}, err
	}
	index, now := s.PhoneIndex(officer.Phone), c.now()
	pin, found, err := s.PIN(c.ctx, index)
	switch {
	case err != nil:
		return audit.Entry{}, err
	case !found:
		return audit.Entry{}, fmt.Errorf("%s has no PIN: draw one with 'officer pin %s', and come back a day later", officer.ID, officer.ID)
	case now.Sub(pin.SetAt) < freshPIN:
		return audit.Entry{}, fmt.Errorf("the PIN of %s is not a day old: whoever drew it knows it too; come back when it is", officer.ID)
	}
	fmt.Fprintf(c.stream.out, "%s, who is to agree that %s is erased, types the PIN: ", officer.ID, code)
	typed, err := bufio.NewReader(c.stream.in).ReadString('\n')
	if err != nil && typed == "" {
		return audit.Entry{}, errors.New("no PIN was typed")
	}
	fmt.Fprintln(c.stream.out)
	var unreadable error
	answer, err := s.TryPIN(c.ctx, now, index, func(hash string) (same bool) {
		same, unreadable = officerpin.Verify(hash, pinSecret(keys, index, strings.TrimSpace(phone.Digits(typed))))
		return same
	})
	if err = errors.Join(err, unreadable); err != nil {
		return audit.Entry{}, fmt.Errorf("comparing a PIN: %w", err)
	}
	if answer != store.PINRight {
		return audit.Entry{}, fmt.Errorf("the PIN of %s is %s: nothing is erased", officer.ID, answer)
	}
	return audit.Entry{At: now, Who: officer.ID, What: "agreed to erase", Subject: code}, nil
}

// mayAgree says why an officer may not be the second person: one of a committee, one who has or had the matter, one who is kept out of it.
func mayAgree(p *pack.Pack, about matterToErase, officer directory.Officer) error {
	switch {
	case officer.Body == directory.Committee:
		return fmt.Errorf("%s is of a committee: name an officer of the desk, the district or the province", officer.ID)
	case officer.Phone.IsZero():
		return fmt.Errorf("the phone of %s is lost: name somebody else", officer.ID)
	case about.removed().IsRemoved(officer, p.Directory):
		return fmt.Errorf("%s is kept out of this matter: name somebody else", officer.ID)
	}
	for _, r := range about.referrals {
		if owner, known := p.Directory.Get(r.Owner); known && owner.Phone == officer.Phone {
			return fmt.Errorf("%s has or had this matter: name somebody else", officer.ID)
		}
	}
	return nil
}
