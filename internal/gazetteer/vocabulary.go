package gazetteer

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// vocabulary is what people of one country write beside and inside the names of places: unit words, number words, fillers, and
// the words that are one word in several spellings. The English words are in every vocabulary; the unit words of a file are added
// to them; only Cambodia's file gets the Khmer ones. It never changes once it is made.
type vocabulary struct {
	units   map[Level][]string // what a file may have in its column unit; nil for anything
	latin   map[string]latinUnit
	longest int         // the most words that a unit word of latin has
	khmer   []khmerUnit // in folded Khmer, also as they are often misspelt
	glued   []string    // unit words of latin that people write to the name without a space: khumbavel
	fillers map[string]bool
	numbers map[string]string // each counts only as a whole word
	five    string            // the number word that, before one to four, makes six to nine; "" where there is none
	ends    []string          // number words, and ti before them, that may end a word
	marks   map[string]bool   // stand before a number and say no more than that it is one
	roman   map[string]string // words of names by another spelling
}

type khmerUnit struct {
	b    []byte
	unit unitWord
}

// latinUnit is a unit word in Latin letters.
type latinUnit struct {
	unit   unitWord
	behind bool // it may stand behind its name: Bavel district
	words  int  // how many words it has, written apart; 0 for one
}

// english is what every vocabulary has.
var english = vocabulary{
	longest: 1,
	latin: map[string]latinUnit{
		"commune": {unit: communeWord, behind: true}, "district": {unit: districtWord, behind: true}, "province": {unit: provinceWord, behind: true},
		"city": {unit: cityWord, behind: true}, "municipality": {unit: cityWord, behind: true}, "town": {unit: cityWord, behind: true},
		"prov": {unit: provinceWord, behind: true}, "dist": {unit: districtWord, behind: true}, "capital": {unit: provinceWord, behind: true},
		"village": {unit: villageWord, behind: true},
	},
	fillers: map[string]bool{
		"in": true, "at": true, "of": true, "the": true, "is": true, "my": true, "i": true, "live": true, "from": true, "it": true, "near": true,
		"now": true, "and": true, "please": true, "we": true, "am": true,
	},
	numbers: map[string]string{
		"one": "1", "two": "2", "ii": "2", "three": "3", "iii": "3", "four": "4", "iv": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
	},
	marks: map[string]bool{"no": true, "number": true},
}

// cambodian is the vocabulary of Cambodia's file.
var cambodian = func() *vocabulary {
	v := english.clone()
	v.units = map[Level][]string{
		Province: {"Khaet", "Reach Theani"},
		District: {"Srok", "Krong", "Khan"},
		Commune:  {"Khum", "Sangkat"},
	}
	v.longest = 2
	for unit, spellings := range map[unitWord]string{
		communeWord:  "khum khom khoum kum sangkat songkat sangkath sankat sangat songkhat sangkhat",
		districtWord: "srok srouk sruk srk khan khann khand",
		cityWord:     "krong krung krog",
		provinceWord: "khaet khet khett kheth khaett",
		villageWord:  "phum phoum phumi poum",
	} {
		for _, s := range strings.Fields(spellings) {
			v.latin[s] = latinUnit{unit: unit}
		}
	}
	v.latin["reachtheani"] = latinUnit{unit: provinceWord, words: 2}
	v.latin["reachtheany"] = latinUnit{unit: provinceWord, words: 2}
	v.khmer = []khmerUnit{
		{khmer("សង្កាត់"), communeWord}, {khmer("សង្កាត"), communeWord}, {khmer("ឃុំ"), communeWord}, {khmer("ឃំុ"), communeWord},
		{khmer("ស្រុក"), districtWord}, {khmer("ស្រុក់"), districtWord}, {khmer("ខណ្ឌ"), districtWord}, {khmer("ខ័ណ្ឌ"), districtWord}, {khmer("ខណ្ខ"), districtWord},
		{khmer("ក្រុង"), cityWord},
		{khmer("ខេត្ត"), provinceWord}, {khmer("ខេត"), provinceWord}, {khmer("ខែត្ត"), provinceWord}, {khmer("រាជធានី"), provinceWord},
		{khmer("ភូមិ"), villageWord}, {khmer("ភូមិ៍"), villageWord},
	}
	v.glued = []string{"sangkat", "songkat", "khum", "srok", "krong", "khaet", "khet"}
	for _, s := range strings.Fields("cambodia kampuchea nov neov knong knung khnom khnhom") {
		v.fillers[s] = true
	}
	for digit, spellings := range map[string]string{
		"1": "muoy mouy muy muay mouey muoi moy", "2": "pir pii pi pee py", "3": "bei bey bi", "4": "buon boun bun buan bourn",
		"5": "pram", "6": "prammuoy prammouy prammuy", "7": "prampir prampi prampil prampii", "8": "prambei prambey prambi", "9": "prambuon pramboun",
	} {
		for _, s := range strings.Fields(spellings) {
			v.numbers[s] = digit
		}
	}
	v.five = "pram"
	v.ends = []string{"timuoy", "tipir", "tibei", "tibuon", "muoy", "pir"}
	for _, s := range strings.Fields("ti tii lek lekh leik") {
		v.marks[s] = true
	}
	v.roman = romanWords
	return v
}()

func (v *vocabulary) clone() *vocabulary {
	c := *v
	c.latin, c.fillers, c.numbers, c.marks = maps.Clone(v.latin), maps.Clone(v.fillers), maps.Clone(v.numbers), maps.Clone(v.marks)
	return &c
}

// minGlued is how long a unit word is, at least, that is looked for at the head of a longer word.
const minGlued = 4

// vocabularyOf returns the vocabulary for a file: the Cambodian one where each level has a Cambodian unit word, else English with
// the file's own unit words, which may stand before and behind a name. A word may stand for several levels.
func vocabularyOf(rows []row) *vocabulary {
	known := map[Level]bool{}
	for _, r := range rows {
		for _, u := range cambodian.units[r.Level] {
			known[r.Level] = known[r.Level] || r.Unit == u
		}
	}
	if known[Province] && known[District] && known[Commune] {
		return cambodian
	}
	v := english.clone()
	own := map[string]latinUnit{}
	for _, r := range rows {
		for unit := range strings.SplitSeq(r.Unit, "|") {
			sc := scan{voc: &vocabulary{}}
			sc.read(unit)
			key := string(sc.buf)
			if strings.Trim(key, "abcdefghijklmnopqrstuvwxyz") != "" {
				continue // not in Latin letters: it cannot have been typed so that we read it
			}
			own[key] = latinUnit{unit: own[key].unit | wordOf[r.Level], behind: true, words: len(sc.words)}
			v.longest = max(v.longest, len(sc.words))
		}
	}
	delete(own, "")
	maps.Copy(v.latin, own)
	for key := range own {
		if len(key) >= minGlued {
			v.glued = append(v.glued, key)
		}
	}
	slices.SortFunc(v.glued, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return v
}

// wordOf says what the unit words of a level are.
var wordOf = map[Level]unitWord{Province: provinceWord, District: districtWord, Commune: communeWord}

// number returns the digits that a Latin word stands for and how much of the word comes before them.
func (v *vocabulary) number(b []byte) (digit string, rest int) {
	if d, ok := v.numbers[string(b)]; ok {
		return d, 0
	}
	for _, end := range v.ends {
		if len(b) >= len(end)+3 && string(b[len(b)-len(end):]) == end {
			return v.numbers[strings.TrimPrefix(end, "ti")], len(b) - len(end)
		}
	}
	return "", len(b)
}
