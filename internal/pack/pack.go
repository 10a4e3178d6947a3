// Package pack reads a deployment pack, the folder that makes the gateway a country's or an organisation's own, and names every fault in it
// by file and line. It starts nothing and decides nothing: it fills the tables that the deciding packages work from.
package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a phone's evening must not depend on what is installed on the server

	"chumrok/internal/alert"
	"chumrok/internal/directory"
	"chumrok/internal/gazetteer"
	"chumrok/internal/phone"
	"chumrok/internal/referral"
	"chumrok/internal/report"
	"chumrok/locales"
)

// A Fault is one thing that is wrong in a pack, with file, line and mend.
type Fault = directory.Fault

// A Note is something that a person should know of a pack that loads nevertheless.
type Note = directory.Note

// A Pack is a deployment, read and checked. It does not change once loaded.
type Pack struct {
	Name           string
	Languages      []string      // such as km, en, km-Latn; the first is the one to fall back to
	Country        phone.Country // where numbers are at home that stand without a plus sign: that of the first outbound prefix
	TrialPhone     phone.Number  // a phone to try the pack with, which reaches nobody; none where nobody has said one
	Spoken         Spoken        // what people of the country say for digits
	Zone           *time.Location
	Holidays       directory.Holidays
	Sample         bool // the directory is a sample: production refuses it
	HelpNumbers    []HelpNumber
	ServiceCodes   []string // what people dial, such as *1280#
	ShortCode      string   // what people text to, such as 1280
	ProvincesFirst []string // two-digit codes of the provinces that stand first in lists
	Clocks         alert.Clocks
	Sessions       Sessions
	Ladders        referral.Ladders
	Triage         report.Triage
	Outbound       Outbound
	Floods         Floods
	Drills         Drills
	Retention      Retention
	Checkpoint     Checkpoint
	Budgets        map[string]locales.Budget // by channel: ussd, sms
	Directory      *directory.Directory
	Gazetteer      *gazetteer.Gazetteer
	Clubs          map[string]Club // by the number on the club's poster
	Flows          fs.FS           // the pack's own conversations, *.yaml at its top; nil for none
	Locales        fs.FS           // the pack's own sentences, *.toml at its top; nil for none
	USSD           fs.FS           // how the deployment's own USSD operators speak, *.yaml at its top; nil for none
	Carriers       []Carrier       // whose numbers begin how; none where nobody wrote it down

	name string // of the folder, for faults
}

// A HelpNumber is a number that a caller may be shown.
type HelpNumber struct {
	Name    string // what sentences call it: child_helpline, police, desk
	Number  string // as a phone shows it, digits only
	Free    bool
	For     []report.Harm // the harms on whose screens it stands in place of the child helpline; empty: it is for all
	Checked time.Time     // when somebody last called it, at midnight in the pack's zone
	Source  string        // where the number is from
	Line    int           // in pack.yaml
}

// Sessions are the times and limits of a conversation.
type Sessions struct {
	USSDResume         time.Duration // how long a USSD screen may wait, and a call that was cut be taken up again in another by its number
	SMSResume          time.Duration // how long an SMS conversation may be answered
	UnfinishedAfter    time.Duration // after which silence what was told by USSD goes to a person
	SMSUnfinishedAfter time.Duration // the same by SMS
	DangerIdle         time.Duration // the same when danger was said
	Retries            int           // wrong keys in a row before the conversation ends
}

// Outbound says which numbers may be written to and by which provider.
type Outbound struct {
	Prefixes []string // in international form, such as +855; nothing else is written to
	Routes   []Route
	Rates    map[string]float64 // messages a second that a provider takes; one that is not named has no limit
	Budget   Budget
}

// Budget is how many messages may be sent in a day; 0 is no limit. Alerts and answers to officers are never kept back.
type Budget struct {
	PerDay    int // in all
	Reserve   int // of them for officers only
	PerNumber int // to one reporter's phone
}

// Floods says when very much comes at once, and what is done then. Nothing of it is ever dropped.
type Floods struct {
	Alone     int           // messages that one officer's phone gets in Within, each by itself; what comes over it is told together
	Within    time.Duration // how long is looked back
	Every     time.Duration // how often one message tells of all that waits
	Commune   int           // reports on one commune in Within, beyond which a person at the desk looks
	PerNumber int           // reports of one phone in a day, beyond which those that are not pressing go to the desk first
}

// Drills says when every officer's phone is tried each month. The zero Drills is never.
type Drills struct {
	Day    int // of the month, 1 to 28
	Minute int // of the day, in the pack's zone
}

// On reports whether there is one each month.
func (d Drills) On() bool { return d.Day > 0 }

// Next is the first time after t at which a drill begins, in t's zone.
func (d Drills) Next(t time.Time) time.Time {
	next := time.Date(t.Year(), t.Month(), d.Day, d.Minute/60, d.Minute%60, 0, 0, t.Location())
	if !next.After(t) {
		next = next.AddDate(0, 1, 0)
	}
	return next
}

// usualFloods hold where a pack names none: more than twelve messages in ten minutes nobody reads, and a club's leader who tells of ten
// children on one day is still told on at once.
var usualFloods = Floods{Alone: 12, Within: 10 * time.Minute, Every: 10 * time.Minute, Commune: 20, PerNumber: 10}

// A Route names the providers for a prefix or for a carrier's numbers, the first choice first.
type Route struct {
	Prefix  string
	Via     []string
	Carrier string // one of the pack's carriers, in place of a prefix
}

// A Club is a children's club whose number stands for its commune.
type Club struct {
	Code     string // three to five digits
	AreaCode string // the commune in force
	Name     string
}

// ClubAreas returns the commune of each club by the club's number.
func (p *Pack) ClubAreas() map[string]string {
	areas := make(map[string]string, len(p.Clubs))
	for code, club := range p.Clubs {
		areas[code] = club.AreaCode
	}
	return areas
}

// Load reads the pack in files. name is the folder's name, put before the names of files in faults; it may be empty. All faults of all
// files are returned at once, joined, and then there is no pack.
func Load(files fs.FS, name string) (*Pack, []Note, error) {
	p := &Pack{name: name, Gazetteer: gazetteer.Default()}
	var notes []Note
	var faults []error
	if g, err := p.gazetteer(files); err != nil {
		faults = append(faults, err)
	} else if g != nil {
		p.Gazetteer = g
	}
	if err := p.settings(files, &notes); err != nil {
		faults = append(faults, err)
	}
	if len(p.Languages) > 0 {
		p.Gazetteer = p.Gazetteer.Local(p.Languages[0])
	}
	if d, more, err := p.directory(files); err != nil {
		faults = append(faults, err)
	} else {
		p.Directory, notes = d, append(notes, more...)
		faults = append(faults, p.unroutable()...)
	}
	clubs, more, err := p.clubs(files)
	if err != nil {
		faults = append(faults, err)
	}
	p.Clubs, notes = clubs, append(notes, more...)
	if p.Flows, err = folder(files, "flows"); err != nil {
		faults = append(faults, err)
	}
	if p.Locales, err = folder(files, "locales"); err != nil {
		faults = append(faults, err)
	}
	if p.USSD, err = folder(files, "ussd"); err != nil {
		faults = append(faults, err)
	}
	strays, err := p.strays(files)
	if err != nil {
		faults = append(faults, err)
	}
	notes = append(notes, strays...)
	if err := errors.Join(faults...); err != nil {
		return nil, notes, err
	}
	return p, notes, nil
}

// File is what faults call a file of the pack.
func (p *Pack) File(name string) string { return path.Join(p.name, name) }

func (p *Pack) missing(name, mend string) error {
	return Fault{File: p.File(name), What: "the file is missing", Mend: mend}
}

func (p *Pack) gazetteer(files fs.FS) (*gazetteer.Gazetteer, error) {
	f, err := files.Open("gazetteer.csv")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", p.File("gazetteer.csv"), err)
	}
	defer f.Close()
	return gazetteer.Load(f, p.File("gazetteer.csv"))
}

func (p *Pack) directory(files fs.FS) (*directory.Directory, []Note, error) {
	f, err := files.Open("directory.csv")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, p.missing("directory.csv", "write who is told where; `pack init` gives a sample to begin with")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", p.File("directory.csv"), err)
	}
	defer f.Close()
	return directory.LoadFor(p.Officers(), f, p.File("directory.csv"), p.Gazetteer)
}

// Officers is what the cells of a directory mean where this pack's officers live.
func (p *Pack) Officers() directory.Country {
	country := directory.Country{Phones: p.Country, Languages: slices.Clone(p.Languages)}
	if len(p.Languages) == 0 || slices.Contains(p.Languages, locales.Khmer) {
		for _, lang := range locales.Ours() { // an officer may read one that callers are not offered
			if !slices.Contains(country.Languages, lang) {
				country.Languages = append(country.Languages, lang)
			}
		}
	}
	return country
}

// WithDirectory is the pack with another directory, checked as Load would; file is what its faults call the list that it was read from.
func (p *Pack) WithDirectory(d *directory.Directory, file string) (*Pack, error) {
	with := *p
	with.Directory = d
	var faults []error
	for _, fault := range with.unroutable() {
		var f Fault
		if errors.As(fault, &f) {
			f.File = file
			fault = f
		}
		faults = append(faults, fault)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return &with, nil
}

// unroutable names the officers whose phones the pack allows nobody to write to.
func (p *Pack) unroutable() (faults []error) {
	if len(p.Outbound.Prefixes) == 0 || len(p.Outbound.Routes) == 0 {
		return nil // named already
	}
	officers := p.Directory.All()
	slices.SortFunc(officers, func(a, b directory.Officer) int { return a.Line - b.Line })
	for _, o := range officers {
		allowed := slices.ContainsFunc(p.Outbound.Prefixes, o.Phone.HasPrefix)
		routed := slices.ContainsFunc(p.Routes(), func(r Route) bool { return o.Phone.HasPrefix(r.Prefix) })
		if !allowed || !routed {
			faults = append(faults, Fault{File: p.File("directory.csv"), Line: o.Line, What: "no message can reach this phone",
				Mend: "add its country to outbound.prefixes and outbound.routes in pack.yaml, or write a number of another country"})
		}
	}
	return faults
}

// folder returns the pack's folder of that name, or nil where there is none.
func folder(files fs.FS, name string) (fs.FS, error) {
	info, err := fs.Stat(files, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if !info.IsDir() {
		return nil, Fault{File: name, What: "this is a file and should be a folder", Mend: "move it"}
	}
	sub, err := fs.Sub(files, name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return sub, nil
}

// Kept is how the names of files begin in which an earlier directory.csv is kept beside the one in force.
const Kept = "directory-before-"

var ours = []string{"pack.yaml", "directory.csv", "gazetteer.csv", "clubs.csv", "flows", "locales", "ussd"}

// strays notes files that nothing reads, since "gazeteer.csv" would be passed over in silence.
func (p *Pack) strays(files fs.FS) (notes []Note, err error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("reading the pack %s: %w", p.name, err)
	}
	for _, e := range entries {
		name := e.Name()
		if slices.Contains(ours, name) || strings.HasPrefix(name, ".") || strings.HasPrefix(strings.ToLower(name), "readme") || strings.HasPrefix(name, Kept) {
			continue
		}
		text := "nothing reads this file"
		if near := directory.Nearest(name, ours); near != "" {
			text += "; is " + near + " meant?"
		}
		notes = append(notes, Note{File: p.File(name), Text: text})
	}
	return notes, nil
}
