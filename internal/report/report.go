// Package report holds what a caller told us about a child, and judges how soon somebody must act on it and why. It reads no clock, keeps
// nothing and decides nothing about who is told: that is for package referral.
package report

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"chumrok/internal/phone"
)

// A Danger is the answer to "is a child in danger now?". The empty Danger was not asked or not answered.
type Danger string

const (
	// DangerYes means that a child is in danger now.
	DangerYes Danger = "yes"
	// DangerNo means that the caller sees no danger at this moment.
	DangerNo Danger = "no"
	// DangerUnsure means that the caller does not know, or said "urgent" in a message, which counts as possible danger and never as less.
	DangerUnsure Danger = "unsure"
)

// A Harm is the form of harm that the caller chose. The empty Harm was not asked or not answered: by SMS it never is.
type Harm string

// The forms of harm, in the order in which callers are shown them.
const (
	HarmPhysical    Harm = "physical"    // beaten or hurt
	HarmSexual      Harm = "sexual"      // touched, used or shown in a sexual way
	HarmEmotional   Harm = "emotional"   // insulted, threatened
	HarmNeglect     Harm = "neglect"     // not cared for, or abandoned
	HarmLabour      Harm = "labour"      // made to work
	HarmTrafficking Harm = "trafficking" // taken away or sold
	HarmMarriage    Harm = "marriage"    // married too young
	HarmOnline      Harm = "online"      // over the internet
	HarmBullying    Harm = "bullying"    // by others at school
	HarmInstitution Harm = "institution" // in a centre, or away from family
	HarmLost        Harm = "lost"        // lost or separated; asked in emergencies only
	HarmShelter     Harm = "shelter"     // where the child stays is not safe; asked in emergencies only
	HarmSelf        Harm = "self_harm"   // wants to hurt herself
	HarmOther       Harm = "other"       // something else
)

// A State is where a report stands. Its Meaning is a sentence for a person.
type State string

const (
	// Draft means that the caller is still telling.
	Draft State = "draft"
	// Concluded means that the caller came to the end.
	Concluded State = "concluded"
	// Unfinished means that the conversation stopped half-way, with something told.
	Unfinished State = "unfinished"
	// Held means that the report waits at the desk for a person to decide.
	Held State = "held"
	// Referred means that a body has been asked to act on it.
	Referred State = "referred"
	// Empty means that the conversation stopped before anything was told.
	Empty State = "empty"
)

// Meaning says in a sentence what the state is for a person.
func (s State) Meaning() string {
	switch s {
	case Draft:
		return "The caller is still telling it."
	case Concluded:
		return "The caller came to the end, and it is about to be given to somebody."
	case Unfinished:
		return "The conversation stopped half-way, with something told."
	case Held:
		return "It waits at the desk for a person to decide."
	case Referred:
		return "A body has been asked to act on it."
	case Empty:
		return "The conversation stopped before anything was told."
	}
	return "This state is not known."
}

// A Contact is how the caller may be reached. The zero Contact means: not at all.
type Contact struct {
	Way    string       // call, sms or none; empty when not asked
	Phone  string       // whose phone it is: self, others, another (a number was typed) or ok (an adult's own)
	Number phone.Number `json:"-"` // the number typed, when Phone is another; zero: the number that the caller used
	When   string       // morning, noon, afternoon, evening or any
}

// Allowed reports whether the caller agreed to be reached at all.
func (c Contact) Allowed() bool { return c.Way == "call" || c.Way == "sms" }

// An Addition is what was written to a report after it had been told, by whoever knows its code. It adds, and takes nothing back.
type Addition struct {
	From string // the conversation in which it was written
	At   time.Time
	Text string
}

// mostAdded is how much text a report takes up after it was told, in bytes; what is beyond it stays in the turns.
const mostAdded = 256 << 10

// Add returns the report with words that came later; what the same conversation wrote before is replaced by what holds it. It is false where
// there is nothing new.
func (r Report) Add(a Addition) (Report, bool) {
	size := len(a.Text)
	for i, b := range r.Added {
		switch {
		case b.From == a.From && strings.Contains(b.Text, a.Text), a.Text == "":
			return r, false
		case b.From == a.From && strings.HasPrefix(a.Text, b.Text):
			r.Added = slices.Delete(slices.Clone(r.Added), i, i+1)
			r.Added = append(r.Added, a)
			return r, true
		}
		size += len(b.Text)
	}
	if a.Text == "" || size > mostAdded {
		return r, false
	}
	r.Added = append(slices.Clone(r.Added), a)
	return r, true
}

// written is everything that was written about it, in the order in which it came.
func (r Report) written() []string {
	all := []string{r.Story, r.More, r.PlaceTyped}
	for _, a := range r.Added {
		all = append(all, a.Text)
	}
	return all
}

// A Report is what a caller told us. Times are UTC. A Report that is printed, logged or put into JSON shows its ID only; Plain and FromPlain
// are the way to the store, which seals them.
type Report struct {
	ID             string // UUIDv7, from the application
	ConversationID string
	Channel        string // ussd or sms
	Language       string // km or en
	Who            string // who is calling: child, parent, neighbour, teacher, other
	Danger         Danger
	Urgent         bool // "urgent" was answered with yes, by SMS
	Harm           Harm
	AreaCode       string // 6 digits a commune; 4 or 2 when only the district or the province is known; may be empty
	PlaceTyped     string // the place as the caller wrote it, when no commune was found in it
	About          string // whom it is about: self, other, several
	Age            string // under_6, 6_11, 12_14, 15_17, unknown
	Sex            string // female, male; empty when skipped
	ByWhom         string // family, neighbour, teacher, official, unknown; empty when skipped
	Official       string // village_chief, commune_chief, police, committee, other; only with ByWhom official
	Told           string // who the caller was told would be told: committee, sexual, district, province
	NotThem        bool   // the caller asked that those named in Told are not told
	Contact        Contact
	Story          string     // free text; by SMS the first message
	More           string     // what was added at the end
	Added          []Addition `json:",omitempty"` // what was written after it had been told
	Emergency      bool       // the conversation was held while emergency mode was on in its province
	// Suggested holds, by field, the values that the caller's own words make likely although she did not choose them: by SMS nobody is asked
	// what happened or who did it. Who is told follows them as if they had been chosen; see Triage.Suggest.
	Suggested map[string][]string `json:",omitempty"`
	DangerAt  time.Time
	At        time.Time
	State     State
}

// FromAnswers puts the answers of the report conversation together; get gives the answer to a field, empty when there is none. The caller
// sets ID, ConversationID, Channel, DangerAt, At and State. A value that this package does not know is never dropped to "nothing": an
// unknown danger counts as "not sure" and an unknown harm as "other".
func FromAnswers(get func(field string) string) Report {
	r := Report{
		Language:   get("language"),
		Who:        get("who"),
		Danger:     Danger(get("danger")),
		Urgent:     get("urgent") == "yes",
		Harm:       Harm(get("harm")),
		AreaCode:   get("place"),
		PlaceTyped: strings.TrimSpace(get("place_typed")),
		About:      get("about"),
		Age:        get("age"),
		Sex:        get("sex"),
		ByWhom:     get("by_whom"),
		Official:   get("official"),
		Told:       get("told"),
		NotThem:    get("not_them") == "yes",
		Contact:    Contact{Way: get("contact"), Phone: get("phone"), When: get("when")},
		Story:      strings.TrimSpace(get("story")),
		More:       strings.TrimSpace(get("more")),
		Emergency:  get("emergency") == "yes",
		State:      Draft,
	}
	if r.AreaCode == "" {
		r.AreaCode = get("place_area")
	}
	switch r.Danger {
	case "", DangerYes, DangerNo, DangerUnsure:
	default:
		r.Danger = DangerUnsure
	}
	if r.Urgent && r.Danger != DangerYes {
		r.Danger = DangerUnsure
	}
	if r.Harm != "" && !known("harm", string(r.Harm)) {
		r.Harm = HarmOther
	}
	if n, err := phone.Parse(get("number")); err == nil {
		r.Contact.Number = n
	}
	return r
}

// HasContent reports whether something was told that a person must see: a story, a harm, a place, or "yes" or "not sure" to danger.
func (r Report) HasContent() bool {
	return r.Story != "" || r.More != "" || r.Harm != "" || r.AreaCode != "" || r.PlaceTyped != "" || r.DangerSaid()
}

// Says reports whether a field has this value, because the caller chose it or because her words make it likely.
func (r Report) Says(field, value string) bool {
	return r.field(field) == value || slices.Contains(r.Suggested[field], value)
}

// DangerSaid reports whether the caller said that a child is, or may be, in danger now, or wants to hurt herself.
func (r Report) DangerSaid() bool {
	return r.Danger == DangerYes || r.Danger == DangerUnsure || r.Urgent || r.Says("harm", string(HarmSelf))
}

// plain is a report as Plain writes it: with the number that Contact hides.
type plain struct {
	shown
	Number string `json:",omitempty"`
}

// shown is a Report without its methods.
type shown Report

// Plain returns the whole report as JSON, the contact's number among it. It is for sealing and for nothing else.
func (r Report) Plain() ([]byte, error) {
	b, err := json.Marshal(plain{shown(r), r.Contact.Number.E164()})
	if err != nil {
		return nil, fmt.Errorf("writing report %s: %w", r.ID, err)
	}
	return b, nil
}

// FromPlain reads what Plain wrote.
func FromPlain(b []byte) (Report, error) {
	var p plain
	if err := json.Unmarshal(b, &p); err != nil {
		return Report{}, fmt.Errorf("reading report: %w", err)
	}
	r := Report(p.shown)
	if p.Number != "" {
		n, err := phone.Parse(p.Number)
		if err != nil {
			return Report{}, fmt.Errorf("reading report %s: contact: %w", r.ID, err)
		}
		r.Contact.Number = n
	}
	return r, nil
}

// String names the report by its ID and shows nothing of what was told.
func (r Report) String() string { return "report " + r.ID }

// Format makes every verb print what String returns.
func (r Report) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(r.String())) }

// LogValue is the report's ID, so that a log never holds what was told.
func (r Report) LogValue() slog.Value { return slog.StringValue(r.ID) }

// MarshalJSON writes the report's ID alone; Plain writes the whole.
func (r Report) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"id": r.ID})
}
