// Package directory is the roster of a deployment: which officer of which body answers for which commune, on which phone, in which hours.
// It reads one CSV file, names every fault in it by line, and decides nothing about who is told; it does no I/O of its own and prints no number.
package directory

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"chumrok/internal/phone"
)

// A Body is an office or a group that can be told of a child and answer for it.
type Body string

// The bodies of a directory. A body that is not here is a fault.
const (
	Committee         Body = "committee"          // the commune's or sangkat's committee for women and children
	DistrictOffice    Body = "district_office"    // social affairs in the district, town or khan
	DistrictCommittee Body = "district_committee" // the district's consultative committee for women and children
	ProvinceOffice    Body = "province_office"    // the provincial department of social affairs
	ProvinceCommittee Body = "province_committee" // the province's consultative committee for women and children
	Police            Body = "police"             // a police contact for children, other than the post on a committee
	Helpline          Body = "helpline"           // the national child helpline
	Partner           Body = "partner"            // an organisation that has agreed to help in an area
	Emergency         Body = "emergency"          // who is told of a child in a flood or another disaster
	Desk              Body = "desk"               // the duty desk that runs the gateway
)

// A Role is what an officer is within the body. Who leads a committee differs from place to place, so nothing is decided by "chair".
type Role string

// The roles of a directory. A role that is not here is a fault.
const (
	Chair        Role = "chair"
	Focal        Role = "focal" // the one person of a committee who is told of sexual harm
	Member       Role = "member"
	PolicePost   Role = "police_post"
	Health       Role = "health"
	School       Role = "school"
	Clerk        Role = "clerk"
	VillageChief Role = "village_chief"
	Volunteer    Role = "volunteer"
	SocialWorker Role = "social_worker"
	Duty         Role = "duty"     // at the desk, now
	Reviewer     Role = "reviewer" // says whether a matter may be closed as settled
)

// National is the area code of who serves the whole country, in every country: in a file it is written KH, as in our own, or nation.
const National = "KH"

// Nation is National as people read it.
const Nation = "nation"

// Bodies returns every body there is, narrowest area first.
func Bodies() []Body {
	return []Body{Committee, DistrictOffice, DistrictCommittee, ProvinceOffice, ProvinceCommittee, Police, Helpline, Partner, Emergency, Desk}
}

// Roles returns every role there is.
func Roles() []Role {
	return []Role{Chair, Focal, Member, PolicePost, Health, School, Clerk, VillageChief, Volunteer, SocialWorker, Duty, Reviewer}
}

// An Officer is one row of the directory: a person in a role of a body, for one area. A person who serves three communes has three rows
// with the same phone.
type Officer struct {
	ID          string // unique, stable over imports: PINs and away dates are kept under it
	AreaCode    string // a commune (six digits), a district (four), a province (two), or National; always a code in force
	Body        Body
	Role        Role
	Order       int // who is told first within the body and area: 1, then 2; equal ones by ID
	Name        string
	Phone       phone.Number
	Languages   []string // that the officer reads, the best first: km, en, km-Latn
	Hours       Hours
	Gender      string // f, m, or "" where it is not said
	CaseSystem  string // primero, oscar, or ""
	CaseAccount string // the officer's account in the case system, or ""
	Line        int    // of the file that the officer was read from; 0 when made otherwise
}

// A Directory is a roster that has been checked. It does not change once made, and many may read it at once.
type Directory struct {
	all     []Officer
	byID    map[string]int
	byArea  map[Body]map[string][]Officer
	byPhone map[phone.Number][]Officer
	away    map[string]bool // by ID, on every row of their phones; see Without

	at       time.Time // see On
	holidays Holidays
}

// New makes a directory of officers that need no checking. Load is the way from a file.
func New(officers ...Officer) *Directory {
	d := &Directory{
		all:     slices.Clone(officers),
		byID:    make(map[string]int, len(officers)),
		byArea:  make(map[Body]map[string][]Officer),
		byPhone: make(map[phone.Number][]Officer),
	}
	slices.SortStableFunc(d.all, func(a, b Officer) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.ID, b.ID))
	})
	for i, o := range d.all {
		d.byID[o.ID] = i
		if d.byArea[o.Body] == nil {
			d.byArea[o.Body] = make(map[string][]Officer)
		}
		d.byArea[o.Body][o.AreaCode] = append(d.byArea[o.Body][o.AreaCode], o)
		if !o.Phone.IsZero() {
			d.byPhone[o.Phone] = append(d.byPhone[o.Phone], o)
		}
	}
	return d
}

// All returns every officer, by order and then by ID.
func (d *Directory) All() []Officer { return slices.Clone(d.all) }

// Get returns the officer of that ID.
func (d *Directory) Get(id string) (Officer, bool) {
	i, ok := d.byID[id]
	if !ok {
		return Officer{}, false
	}
	return d.all[i], true
}

// At returns the officers of a body who serve exactly that area (six, four or two digits, or National), by order and then by ID.
func (d *Directory) At(body Body, area string) []Officer {
	return slices.Clone(d.byArea[body][area])
}

// Serving returns the officers of a body who serve a commune: those of the commune itself, else of its district, else of its province,
// else of the nation, by order and then by ID; the narrowest area that has any, never a mixture. A district or province code is served
// likewise from its own level upward.
func (d *Directory) Serving(body Body, commune string) []Officer {
	for _, area := range Upward(commune) {
		if found := d.byArea[body][area]; len(found) > 0 {
			return slices.Clone(found)
		}
	}
	return nil
}

// Upward returns the areas that an area lies in, itself first and National last: 020101, 0201, 02, KH.
func Upward(area string) []string {
	up := make([]string, 0, 4)
	for _, n := range []int{6, 4, 2} {
		if len(area) >= n && area != National {
			up = append(up, area[:n])
		}
	}
	return append(up, National)
}

// ByPhone returns the rows on which a phone stands, by order and then by ID; none for a phone that is no officer's.
func (d *Directory) ByPhone(n phone.Number) []Officer { return slices.Clone(d.byPhone[n]) }

// Areas returns the areas that a phone serves, each once, by code. A message to a phone needs to name the place only where there are
// several, or where the one is wider than a commune.
func (d *Directory) Areas(n phone.Number) []string {
	var areas []string
	for _, o := range d.byPhone[n] {
		areas = append(areas, o.AreaCode)
	}
	slices.SortFunc(areas, strings.Compare)
	return slices.Compact(areas)
}
