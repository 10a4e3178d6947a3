package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"chumrok/internal/audit"
	"chumrok/internal/pack"
	"chumrok/internal/phone"
	"chumrok/internal/referral"
	"chumrok/internal/store"
)

type referralsCommand struct {
	List   referralsListCommand   `cmd:"" default:"withargs" help:"List open referrals and holds (what no further words do), or show one."`
	HandOn referralsHandOnCommand `cmd:"" help:"Give a referral that somebody has taken to another officer, or to the next tier."`
}

type referralsListCommand struct {
	JSON   bool   `name:"json" help:"Print a JSON array."`
	Reveal bool   `help:"Show what the caller told, for one code. This is put on record."`
	Code   string `arg:"" optional:"" help:"The code of one referral or hold, open or closed."`
}

// waiting is an open referral or hold as it is listed: no personal data.
type waiting struct {
	Code     string     `json:"code"`
	Kind     string     `json:"kind"` // referral or hold
	State    string     `json:"state"`
	Tier     string     `json:"tier"`
	Risk     string     `json:"risk"`
	AreaCode string     `json:"area_code"`
	Place    string     `json:"place"`
	Why      []string   `json:"why"`
	Due      *time.Time `json:"due"` // when the next clock runs out; null when none runs
	Owner    string     `json:"owner,omitempty"`
	Told     *told      `json:"told,omitempty"` // with --reveal
	// Alerts are who was asked and how the message went; only where one code was asked for.
	Alerts []store.Carried `json:"alerts,omitempty"`

	id, report string
}

// told is what the caller told, shown to the desk and put on record each time.
type told struct {
	Number    string   `json:"number"` // the phone that wrote or called
	Story     string   `json:"story,omitempty"`
	More      string   `json:"more,omitempty"`
	Added     []string `json:"added,omitempty"` // after it was told, by whoever knows its code
	Harm      string   `json:"harm,omitempty"`
	Danger    string   `json:"danger,omitempty"`
	Urgent    bool     `json:"urgent,omitempty"`
	Who       string   `json:"who,omitempty"`
	About     string   `json:"about,omitempty"`
	Age       string   `json:"age,omitempty"`
	Sex       string   `json:"sex,omitempty"`
	ByWhom    string   `json:"by_whom,omitempty"`
	Official  string   `json:"official,omitempty"`
	Place     string   `json:"place_typed,omitempty"`
	Contact   string   `json:"contact,omitempty"`
	CallBack  string   `json:"call_back,omitempty"`
	When      string   `json:"when,omitempty"`
	Reasons   []string `json:"reasons"`
	Languages string   `json:"language,omitempty"`
}

// Run lists what waits for somebody, and shows one of them whole when it is asked to.
func (r referralsListCommand) Run(c *call) error {
	if r.Reveal && r.Code == "" {
		return errors.New("--reveal shows one report: give its code")
	}
	s, config, err := openRecords(c.ctx, c.env)
	if err != nil {
		return err
	}
	defer s.Close()
	p, err := loadPack(config)
	if err != nil {
		return err
	}
	list, err := r.list(c.ctx, s, p)
	if err != nil {
		return err
	}
	if r.Reveal {
		if err := reveal(c.ctx, s, &list[0], c.now()); err != nil {
			return err
		}
	}
	if r.JSON {
		return writeJSON(c.stream.out, list)
	}
	printWaiting(c.stream.out, list, p.Zone)
	return nil
}

func (r referralsListCommand) list(ctx context.Context, s *store.Store, p *pack.Pack) ([]waiting, error) {
	list := []waiting{}
	if r.Code != "" {
		code := phone.Digits(r.Code)
		ref, isReferral, err := s.ReferralByCode(ctx, code)
		if err != nil {
			return nil, err
		}
		if isReferral {
			return withAlerts(ctx, s, ofReferral(ref, p))
		}
		hold, isHold, err := s.HoldByCode(ctx, code)
		if err != nil {
			return nil, err
		}
		if !isHold {
			return nil, fmt.Errorf("no referral and no hold has the code %s: list them without a code", code)
		}
		return withAlerts(ctx, s, ofHold(hold, p))
	}
	referrals, err := s.OpenReferrals(ctx)
	if err != nil {
		return nil, err
	}
	for _, ref := range referrals {
		list = append(list, ofReferral(ref, p))
	}
	holds, err := s.OpenHolds(ctx)
	if err != nil {
		return nil, err
	}
	for _, hold := range holds {
		list = append(list, ofHold(hold, p))
	}
	slices.SortStableFunc(list, func(a, b waiting) int { return a.sooner().Compare(b.sooner()) })
	return list, nil
}

// withAlerts adds who was asked and how the message went.
func withAlerts(ctx context.Context, s *store.Store, w waiting) (_ []waiting, err error) {
	w.Alerts, err = s.Carried(ctx, w.id)
	return []waiting{w}, err
}

// sooner is the clock by which waiting things are sorted; what has none comes last.
func (w waiting) sooner() time.Time {
	if w.Due == nil {
		return time.Unix(1<<40, 0)
	}
	return *w.Due
}

func clockAt(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func ofReferral(r referral.Referral, p *pack.Pack) waiting {
	w := waiting{Code: r.Code, Kind: "referral", State: string(r.State), Risk: r.Risk.String(), AreaCode: r.AreaCode,
		Place: p.Gazetteer.Name(r.AreaCode, "en"), Why: r.Plan.Why, Owner: r.Owner, id: r.ID, report: r.ReportID}
	if r.Step >= 0 && r.Step < len(r.Plan.Steps) {
		w.Tier = string(r.Plan.Steps[r.Step].Body)
	}
	w.Due = clockAt(clockOf(r))
	return w
}

func ofHold(h referral.Hold, p *pack.Pack) waiting {
	w := waiting{Code: h.Code, Kind: "hold", State: string(h.State), Tier: "desk", Risk: h.Risk.String(), AreaCode: h.AreaCode,
		Why: append([]string{h.Reason.Meaning()}, h.Why...), Due: clockAt(h.Due), Owner: h.Owner, id: h.ID, report: h.ReportID}
	if h.AreaCode != "" {
		w.Place = p.Gazetteer.Name(h.AreaCode, "en")
	}
	w.Why = slices.Compact(w.Why)
	return w
}

// reveal opens a report and puts on record that somebody looked, before it is shown.
func reveal(ctx context.Context, s *store.Store, w *waiting, now time.Time) error {
	act := onRecord(now, operator, actReveal, w.Code, "")
	if _, err := s.Apply(ctx, act.At, store.Effects{Audit: []audit.Entry{act}}); err != nil {
		return fmt.Errorf("putting the look on record: %w", err)
	}
	r, found, err := s.Report(ctx, w.report)
	if err != nil || !found {
		return fmt.Errorf("opening the report: %w", notFound(err))
	}
	c, found, err := s.Conversation(ctx, r.ConversationID)
	if err != nil || !found {
		return fmt.Errorf("opening the conversation: %w", notFound(err))
	}
	w.Told = &told{Number: c.Number.E164(), Story: r.Story, More: r.More, Harm: string(r.Harm), Danger: string(r.Danger), Urgent: r.Urgent,
		Who: r.Who, About: r.About, Age: r.Age, Sex: r.Sex, ByWhom: r.ByWhom, Official: r.Official, Place: r.PlaceTyped,
		Contact: r.Contact.Way, When: r.Contact.When, Reasons: r.Reasons, Languages: r.Language}
	for _, a := range r.Added {
		w.Told.Added = append(w.Told.Added, a.At.UTC().Format(time.RFC3339)+" "+a.Text)
	}
	if r.Contact.Allowed() {
		w.Told.CallBack = w.Told.Number
		if !r.Contact.Number.IsZero() {
			w.Told.CallBack = r.Contact.Number.E164()
		}
		if r.Contact.Phone == "others" {
			w.Told.CallBack = "not this phone: others answer it"
		}
	}
	return nil
}

func printWaiting(w io.Writer, list []waiting, zone *time.Location) {
	if len(list) == 0 {
		fmt.Fprintln(w, "nothing waits")
		return
	}
	for _, one := range list {
		due := "no clock"
		if one.Due != nil {
			due = "due " + one.Due.In(zone).Format("2006-01-02 15:04")
		}
		fmt.Fprintf(w, "%s  %-8s %-9s %-16s %-9s %s %s  %s", one.Code, one.Kind, one.State, one.Tier, one.Risk, one.AreaCode, one.Place, due)
		if one.Owner != "" {
			fmt.Fprintf(w, "  owner %s", one.Owner)
		}
		fmt.Fprintln(w)
		for _, why := range one.Why {
			fmt.Fprintf(w, "        %s\n", why)
		}
		for _, a := range one.Alerts {
			fmt.Fprintf(w, "        %s  %s: %s. %s\n", a.At.In(zone).Format("2006-01-02 15:04"), a.OfficerID, a.State, a.Why)
		}
		if one.Told != nil {
			one.Told.print(w)
		}
	}
}

func (t *told) print(w io.Writer) {
	fmt.Fprintln(w, "        what the caller told (this look is on record):")
	for _, row := range [][2]string{{"number", t.Number}, {"story", t.Story}, {"more", t.More}, {"harm", t.Harm}, {"danger", t.Danger},
		{"urgent", map[bool]string{true: "yes"}[t.Urgent]}, {"who", t.Who}, {"about", t.About}, {"age", t.Age}, {"sex", t.Sex},
		{"by whom", t.ByWhom}, {"official", t.Official}, {"place as written", t.Place}, {"contact", t.Contact}, {"call back", t.CallBack},
		{"when", t.When}, {"language", t.Languages}} {
		if row[1] != "" {
			fmt.Fprintf(w, "          %-17s %s\n", row[0], row[1])
		}
	}
	for _, added := range t.Added {
		fmt.Fprintf(w, "          %-17s %s\n", "added later", added)
	}
	for _, reason := range t.Reasons {
		fmt.Fprintf(w, "          %-17s %s\n", "risk", reason)
	}
}
