// Package gazetteer knows every province, district and commune, and finds the commune that a child means from what she types on a keypad.
// It never guesses: it answers with one place, a short list to choose from, or nothing; it knows no villages, reads no clock and does no I/O.
package gazetteer

import (
	"bytes"
	_ "embed"
	"fmt"
	"sync"
)

// cambodiaCSV is Cambodia's table of administrative divisions. Its facts, codes and names, are those of the gazetteer of the
// National Committee for Sub-National Democratic Development (NCDD), state of 2026-06, compiled for this project and checked
// against the open pumi data set (github.com/dwilkie/pumi, MIT licence). 45 retired communes are kept with their successors.
//
//go:embed cambodia.csv
var cambodiaCSV []byte

// aliasesCSV holds names that people use and the official table does not have, such as Sihanoukville or BKK1. They were
// collected by hand for this project. An alias holds only where the place with its code has the Khmer name it was written for.
//
//go:embed aliases.csv
var aliasesCSV []byte

// Level says how wide an area is.
type Level string

// The three levels of the table.
const (
	Province Level = "province" // two digits; in Cambodia a khaet, or the capital
	District Level = "district" // four digits; in Cambodia a srok, krong or khan
	Commune  Level = "commune"  // six digits; in Cambodia a khum or sangkat, the area of one commune committee
)

// Place is one row of the table. The zero Place is no place.
type Place struct {
	Code      string // 2, 4 or 6 digits; text, since a leading zero counts
	Level     Level
	Km        string // the name in Khmer, or another country's own writing, without the unit word
	Latin     string // the official romanisation, without the unit word
	Unit      string // as the file has it; in Cambodia Khaet, Reach Theani, Srok, Krong, Khan, Khum or Sangkat
	Retired   bool   // the code is no longer in force
	Successor string // of a retired place: the code that replaced it, which may itself be retired
}

// Gazetteer is a loaded table with its indexes. It never changes, so any number of goroutines may use it.
type Gazetteer struct {
	places   []Place // sorted by code
	byCode   map[string]int32
	children map[string][]Place
	communes []Place
	local    string      // the language of the local names
	voc      *vocabulary // the unit words and number words that people write beside these names

	target  []int32   // of each place the one in force: itself, or the last of its successors
	exact   index     // folded names → places
	sound   index     // names as they sound → places
	bones   index     // the consonants of a sound → keys of sound
	lacking []lacking // sounds with a letter left out → keys of sound
}

var defaultGazetteer = sync.OnceValue(func() *Gazetteer {
	g, err := Load(bytes.NewReader(cambodiaCSV), "cambodia.csv")
	if err != nil {
		panic(fmt.Sprintf("the embedded gazetteer is faulty: %v", err)) // a build fault; TestDefaultLoads would have shown it
	}
	return g
})

// Default returns Cambodia's gazetteer, loaded at the first call.
func Default() *Gazetteer { return defaultGazetteer() }

// Get returns the place with exactly this code, also when it is retired.
func (g *Gazetteer) Get(code string) (Place, bool) {
	i, ok := g.byCode[code]
	if !ok {
		return Place{}, false
	}
	return g.places[i], true
}

// Current returns the place in force for a code. A retired code is followed to its successor, and on when that one is retired
// too; followed says that this happened. ok is false when nobody knows the code.
func (g *Gazetteer) Current(code string) (p Place, followed, ok bool) {
	p, ok = g.Get(code)
	for ok && p.Retired {
		followed = true
		p, ok = g.Get(p.Successor) // ends: Load has refused circles
	}
	return p, followed, ok
}

// Children returns the places in force directly inside an area, by code: the provinces for "", the districts of a province,
// the communes of a district. The caller must not change the slice.
func (g *Gazetteer) Children(code string) []Place { return g.children[code] }

// Communes returns all communes in force, by code. The caller must not change the slice.
func (g *Gazetteer) Communes() []Place { return g.communes }

// Name returns a place's name in a language: the local one in the language that local names are written in, else the one in Latin letters;
// "" for an unknown code.
func (g *Gazetteer) Name(code, lang string) string {
	p, ok := g.Get(code)
	if !ok {
		return ""
	}
	return g.NameOf(p, lang)
}

// NameOf is Name for a place in hand.
func (g *Gazetteer) NameOf(p Place, lang string) string {
	if lang == g.local {
		return p.Km
	}
	return p.Latin
}

// Local returns the same gazetteer for a country whose local names are written in lang. Cambodia's are in Khmer, whatever lang says.
func (g *Gazetteer) Local(lang string) *Gazetteer {
	if g.voc == cambodian {
		return g
	}
	in := *g
	in.local = lang
	return &in
}

// Path returns a place with what it lies in, the widest first: province, district, commune. A retired place has the path of
// its successor. The path is nil for an unknown code.
func (g *Gazetteer) Path(code string) []Place {
	p, _, ok := g.Current(code)
	if !ok {
		return nil
	}
	path := make([]Place, 0, 3)
	for n := 2; n < len(p.Code); n += 2 {
		if above, ok := g.Get(p.Code[:n]); ok {
			path = append(path, above)
		}
	}
	return append(path, p)
}

// under returns the communes in force inside an area.
func (g *Gazetteer) under(area string) []Place {
	switch len(area) {
	case 2:
		var all []Place
		for _, d := range g.children[area] {
			all = append(all, g.children[d.Code]...)
		}
		return all
	case 4:
		return g.children[area]
	}
	return nil
}
