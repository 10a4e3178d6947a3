package locales

import (
	"strings"
	"unicode"
)

// How people write Khmer in Latin letters has no rule, so each word stands here in the spellings that are met most. None
// is a word of English. The lists are small on purpose: they need to know a Khmer message, not every Khmer word.
var (
	// unmistakable words decide alone.
	unmistakable = wordSet(`
		juoy juoi jouy juy juey chuoy chuoi chouy chuoay
		khnhom khnhum khnom khnum khnyom knhom knhum knom knyom kgnom nhom nhum
		paoun pa-oun baoun baun phoun
		orkun okun arkun akun awkun orkoun arkoun
		suosdey suosdei sousdey sousdei suasdey suasdei susdey soursdey chumreabsuor chomreabsuor jomreabsuor
		eylov eylouv eyluv eylow ilov eilov aylov
		thveubab tverbab thverbab tvebab thvebab`)
	// frequent words decide in twos.
	frequent = wordSet(`
		kmeng khmeng kmaeng komar komara kmean kmearn ot aot bong veay vay haey hery hoey howy te mok tov oy aoy nih nis nuh nus ke vea koat yeung yerng neak
		prab niyeay niyay niyeai sruol trov trouv dael knea knhea krob ning neng thveu tver thver tveu tverka tverkar
		avey avei ahvey mday mdai ovpuk ovpok apuk aupuk ovpouk yeay phteah pteah pteas ptas sala kru luy
		pel thngai tngai thngay yub yob lngeach preuk msel msil muoy mouy moy nung jea cheamuoy jeamuoy
		khlach klach chheu cheu jer romlop domneng reung rueng roeung chheung chenh
		khlang nas laor lor chreun jren chraen bontech tiet teat sdab phong pong tursap torsap hav
		chhlaey chlery rok meul merl deumbey chomnuoy jomnuoy kromom
		banhha panhha tukchet sabay rien mneak totuol sorser chhmuoh banhji thngainih monus kheunh konlaeng pruoh
		preu vinh haeynung robos phseng ruoch mdong thveukar trovkar knong ponman somrab`)
	// shared words are English words, names or abbreviations too: each may be the second of two, never the first.
	shared = wordSet(`
		ban mean min men tow srey bros rean bay mae sok hot nov na pi sen som kit dong rot ach hai hay kon chong deng tae del nak vay neng
		kom leng mak dol tha sob`)
	// placeKinds and provinces are what an address is made of. An address is written alike in every language, so they count
	// for none.
	placeKinds = wordSet(`phum poum khum kum srok khet khaet sangkat songkat khan krong reach theany phnum phnom tonle`)
	provinces  = wordSet(`
		banteay meanchey battambang bat dambang kampong cham chhnang speu thom kampot kandal kep koh kong kratie kracheh
		mondulkiri mondul kiri oddar otdar phnom penh pailin preah sihanouk vihear prey veng pursat pousat ratanakiri
		ratanak siem reap siemreap stung treng svay rieng takeo takaev tboung khmum tbong`)
	// plain are the English words without which hardly a sentence is written.
	plain = wordSet(`
		a an the i im me my we us our you your he him his she her it its they them their this that these those there here
		is are was were be been am do does did done has have had will would can could should must not no dont cant
		and or but if so because when where who what which why how to of in on at by for from with without about near
		please thank thanks hello hi ok good bad need want tell told ask come go call say said see know
		village commune district province city street house home school today now yesterday night morning
		child children boy girl mother father brother sister teacher help`)
)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[strings.ReplaceAll(w, "-", "")] = true
	}
	return set
}

// DetectLanguage says in which language a message is written: Khmer for any Khmer letter or digit, LatinKhmer for Khmer in
// Latin letters ("bong juoy khnhom phong"), English for any other text in Latin letters, and "" where nothing tells: no
// letters at all, or only an address ("khum Banan, Battambang"), which people of every language write alike.
//
// Khmer in Latin letters is known by one word that no other language has, or by two that are frequent in it, of which one
// may be a word of English too. So English never passes for it, and a message of a word or two may pass for English.
func DetectLanguage(text string) string {
	latin := false
	for _, r := range text {
		if unicode.Is(unicode.Khmer, r) {
			return Khmer
		}
		latin = latin || unicode.Is(unicode.Latin, r)
	}
	if !latin {
		return ""
	}
	hits, topped, address, english := map[string]bool{}, false, 0, false
	words := romanWords(text)
	for _, w := range words {
		switch {
		case unmistakable[w]:
			return LatinKhmer
		case frequent[w]:
			hits[w] = true
		case shared[w]:
			topped = true
		}
		if placeKinds[w] || provinces[w] {
			address++
		}
		english = english || plain[w]
	}
	switch {
	case len(hits) >= 2 || len(hits) == 1 && topped:
		return LatinKhmer
	case address > 0 && !english && len(words)-address <= mostNames:
		return ""
	}
	return English
}

// certain is how many plain words of English tell English from another language in Latin letters that the deployment speaks.
const certain = 2

// Detect says in which of the catalogue's languages a message is written, "" where nothing tells. Between our own languages it is
// DetectLanguage; a pack's language in letters of its own is known by them, and one in Latin letters is what a message in Latin letters is
// in unless its words are plainly English.
func (c *Catalogue) Detect(text string) string {
	if len(c.letters) == 0 {
		return DetectLanguage(text)
	}
	latin := false
	for _, r := range text {
		if unicode.Is(unicode.Latin, r) {
			latin = true
			continue
		}
		for _, lang := range c.langs {
			if script := c.letters[lang]; script != nil && script != unicode.Latin && unicode.Is(script, r) {
				return lang
			}
		}
	}
	guess := DetectLanguage(text)
	if c.tongues[guess] != nil && guess != English {
		return guess
	}
	if !latin {
		return ""
	}
	english := 0
	for _, w := range romanWords(text) {
		if plain[w] {
			english++
		}
	}
	if c.tongues[English] != nil && english >= certain {
		return English
	}
	for _, lang := range c.langs {
		if c.letters[lang] == unicode.Latin {
			return lang
		}
	}
	if c.tongues[guess] == nil {
		return ""
	}
	return guess
}

// lettersOf is the script of most letters of a language's sentences.
func lettersOf(sentences map[string]source) *unicode.RangeTable {
	counts, scripts := map[string]int{}, map[rune]string{}
	for _, s := range sentences {
		for _, r := range placeholder.ReplaceAllString(s.raw, "") {
			if !unicode.IsLetter(r) {
				continue
			}
			name, ok := scripts[r]
			for script, table := range unicode.Scripts {
				if !ok && unicode.Is(table, r) {
					name = script
				}
			}
			scripts[r] = name
			counts[name]++
		}
	}
	most := ""
	for name, n := range counts {
		if most == "" || n > counts[most] || n == counts[most] && name < most {
			most = name
		}
	}
	return unicode.Scripts[most]
}

// mostNames is how many words an address may have beside the kinds of places and the provinces: a village, a commune and
// a district of two words each.
const mostNames = 6

// romanWords returns the words of a text in small letters, without the marks and the digit 2 that people put into Khmer
// words: p'oun is poun, and nas2 is nas twice.
func romanWords(text string) []string {
	return strings.FieldsFunc(strings.NewReplacer("'", "", "’", "", "`", "", "-", "").Replace(strings.ToLower(text)), func(r rune) bool {
		return !unicode.Is(unicode.Latin, r)
	})
}
