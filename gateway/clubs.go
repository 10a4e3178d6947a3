package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"chumrok/internal/alert"
	"chumrok/internal/pack"
	"chumrok/internal/store"
)

type clubs = kept[store.Club]

// clubArea is the commune that a club's number stands for, retired or not, of clubs.csv or added by a command; false for no club's number.
// A database that does not answer makes no club unknown that was known a moment ago.
func (g *Gateway) clubArea(ctx context.Context, code string) (string, bool) {
	list, err := g.clubs.get(g.now(), func() ([]store.Club, error) { return g.store.Clubs(ctx) })
	if err != nil {
		g.log.Warn("clubs could not be read; going by what was known", "error", err)
	}
	area := g.pack.Clubs[code].AreaCode
	if i := slices.IndexFunc(list, func(c store.Club) bool { return c.Code == code }); i >= 0 {
		area = list[i].AreaCode
	}
	place, _, ok := g.places.Current(area)
	return place.Code, ok
}

type clubsCommand struct {
	Add    clubsAddCommand    `cmd:"" help:"Give a club a number: clubs add [CODE] AREA [NAME]. Without CODE one is drawn."`
	List   clubsListCommand   `cmd:"" help:"List clubs with their numbers and communes."`
	Retire clubsRetireCommand `cmd:"" help:"Take a number out of use. Its posters route as before."`
	Print  clubsPrintCommand  `cmd:"" help:"Make the posters and cards of clubs, as one page file to print."`
}

type clubsAddCommand struct {
	Words []string `arg:"" name:"[CODE] AREA [NAME]" help:"A number of three to five digits, the commune's six digits, the club's name."`
}

type clubsListCommand struct {
	All bool `help:"Also retired ones."`
}

type clubsRetireCommand struct {
	Code string `arg:"" help:"The club's number."`
}

// allClubs is every club of the pack and of the ledger by number; what the ledger says of a number counts.
func allClubs(ctx context.Context, s *store.Store, p *pack.Pack) ([]store.Club, error) {
	list, err := s.Clubs(ctx)
	if err != nil {
		return nil, err
	}
	for code, c := range p.Clubs {
		if !slices.ContainsFunc(list, func(o store.Club) bool { return o.Code == code }) {
			list = append(list, store.Club{Code: code, AreaCode: c.AreaCode, Name: c.Name})
		}
	}
	slices.SortFunc(list, func(a, b store.Club) int { return cmp.Compare(a.Code, b.Code) })
	return list, nil
}

// digitsOf says whether text is between least and most digits.
func digitsOf(text string, least, most int) bool {
	return len(text) >= least && len(text) <= most && strings.Trim(text, "0123456789") == ""
}

// take reads the words: a number first where it is given.
func (a clubsAddCommand) take(p *pack.Pack) (store.Club, error) {
	var club store.Club
	words := a.Words
	if digitsOf(words[0], 3, 5) {
		club.Code, words = words[0], words[1:]
	}
	if len(words) == 0 {
		return club, errors.New("which commune? write clubs add [CODE] AREA [NAME], AREA being its six digits")
	}
	place, _, ok := p.Gazetteer.Current(words[0])
	if !ok || len(place.Code) != 6 {
		return club, fmt.Errorf("%s is no commune: give its six digits, after a club's number of three to five if it has one already", words[0])
	}
	club.AreaCode, club.Name = place.Code, clean(strings.Join(words[1:], " "))
	return club, nil
}

// Run adds a club.
func (a clubsAddCommand) Run(c *call) error {
	return withRecords(c, func(s *store.Store, p *pack.Pack) error {
		club, err := a.take(p)
		if err != nil {
			return err
		}
		club.AddedAt = c.now()
		list, err := allClubs(c.ctx, s, p)
		if err != nil {
			return err
		}
		if club.Code == "" {
			if club.Code, err = freeClubCode(rand.Reader, list, p); err != nil {
				return err
			}
		}
		if slices.ContainsFunc(list, func(o store.Club) bool { return o.Code == club.Code }) {
			return fmt.Errorf("the number %s was given to a club already, and its posters may still hang: choose another, or none to have one drawn", club.Code)
		}
		if reserved(club.Code, p) {
			return fmt.Errorf("%s is a number that people call or text for other ends: choose another", club.Code)
		}
		if err := s.AddClub(c.ctx, operator, club); errors.Is(err, store.ErrTaken) {
			return fmt.Errorf("the number %s was given a moment ago: try again", club.Code)
		} else if err != nil {
			return err
		}
		if near := nearClub(list, club.Code); near != "" {
			fmt.Fprintf(c.stream.out, "note: one wrong digit makes the number of another club, %s; a drawn number is safe from that\n", near)
		}
		fmt.Fprintf(c.stream.out, "%s  %s %s  %s\n", club.Code, club.AreaCode, p.Gazetteer.Name(club.AreaCode, "en"), club.Name)
		for _, dial := range clubDials(p, club.Code) {
			fmt.Fprintf(c.stream.out, "dial %s\n", dial)
		}
		if p.ShortCode != "" {
			fmt.Fprintf(c.stream.out, "text %s to %s\n", club.Code, p.ShortCode)
		}
		fmt.Fprintf(c.stream.out, "print its poster with: clubs print %s\n", club.Code)
		return nil
	})
}

// clubDials are what to dial so that a conversation begins with the club's place known: *1280# → *1280*0204#.
func clubDials(p *pack.Pack, code string) []string {
	dials := make([]string, len(p.ServiceCodes))
	for i, service := range p.ServiceCodes {
		dials[i] = strings.TrimSuffix(service, "#") + "*" + code + "#"
	}
	return dials
}

// reserved says that a number is called or texted for other ends, so that no club may have it.
func reserved(code string, p *pack.Pack) bool {
	for _, h := range p.HelpNumbers {
		if h.Number == code {
			return true
		}
	}
	return code == p.ShortCode || slices.ContainsFunc(p.ServiceCodes, func(s string) bool { return slices.Contains(strings.Split(strings.Trim(s, "*#"), "*"), code) })
}

// freeClubCode draws a number that no club ever had: four digits, five when those are used up. Its last digit is a check digit, so that a
// child who gets one digit wrong, or two neighbours the wrong way round, is asked for the place and not believed to be in another commune;
// and it never begins with 0, which spreadsheets take off.
func freeClubCode(random io.Reader, list []store.Club, p *pack.Pack) (string, error) {
	given := make(map[string]bool, len(list))
	for _, c := range list {
		given[c.Code] = true
	}
	for digits, from := 4, 1000; digits <= 5; digits, from = digits+1, from*10 {
		var free []string
		for n := from; n < from*10; n++ {
			code := strconv.Itoa(n)
			if alert.ValidCode(code, digits) && !given[code] && !reserved(code, p) && nearClub(list, code) == "" {
				free = append(free, code)
			}
		}
		if len(free) == 0 {
			continue
		}
		i, err := rand.Int(random, big.NewInt(int64(len(free))))
		if err != nil {
			return "", fmt.Errorf("drawing a number: %w", err)
		}
		return free[i.Int64()], nil
	}
	return "", errors.New("no number is free: choose one by hand")
}

// nearClub is a club whose number is one wrong digit, or two neighbours swapped, away; "" when there is none.
func nearClub(list []store.Club, code string) string {
	for _, c := range list {
		if len(c.Code) != len(code) {
			continue
		}
		var differ []int
		for i := range code {
			if code[i] != c.Code[i] {
				differ = append(differ, i)
			}
		}
		switch {
		case len(differ) == 1:
			return c.Code
		case len(differ) == 2 && differ[1] == differ[0]+1 && code[differ[0]] == c.Code[differ[1]] && code[differ[1]] == c.Code[differ[0]]:
			return c.Code
		}
	}
	return ""
}

// Run lists clubs.
func (l clubsListCommand) Run(c *call) error {
	return withRecords(c, func(s *store.Store, p *pack.Pack) error {
		list, err := allClubs(c.ctx, s, p)
		if err != nil {
			return err
		}
		shown := 0
		for _, club := range list {
			if !club.RetiredAt.IsZero() && !l.All {
				continue
			}
			shown++
			printClub(c.stream.out, club, p)
		}
		if shown == 0 {
			fmt.Fprintln(c.stream.out, "no club")
		}
		return nil
	})
}

func printClub(w io.Writer, club store.Club, p *pack.Pack) {
	state := "in use"
	switch {
	case !club.RetiredAt.IsZero():
		state = "retired " + club.RetiredAt.In(p.Zone).Format(time.DateOnly) + ", routes"
	case club.AddedAt.IsZero():
		state = "in use (clubs.csv)"
	}
	place := club.AreaCode
	if now, followed, ok := p.Gazetteer.Current(club.AreaCode); ok && followed {
		place += "→" + now.Code
	}
	fmt.Fprintf(w, "%-5s  %s %-24s %-26s %s\n", club.Code, place, p.Gazetteer.Name(club.AreaCode, "en"), state, club.Name)
}

// Run retires a club.
func (r clubsRetireCommand) Run(c *call) error {
	return withRecords(c, func(s *store.Store, p *pack.Pack) error {
		list, err := allClubs(c.ctx, s, p)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(o store.Club) bool { return o.Code == r.Code })
		switch {
		case i < 0:
			return fmt.Errorf("no club has the number %s: 'clubs list' shows them", r.Code)
		case !list[i].RetiredAt.IsZero():
			return fmt.Errorf("the number %s is retired already", r.Code)
		}
		club, now := list[i], c.now()
		if club.AddedAt.IsZero() { // of clubs.csv: what the ledger says of a number counts, also when its line is taken out
			club.AddedAt, club.RetiredAt = now, now
			err = s.AddClub(c.ctx, operator, club)
		} else {
			_, err = s.RetireClub(c.ctx, now, operator, club.Code)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stream.out, "retired: %s %s; who dials or texts it still reaches %s\n", club.Code, club.Name, p.Gazetteer.Name(club.AreaCode, "en"))
		return nil
	})
}
