package gazetteer

// This file turns names into what they sound like. A Latin name becomes small letters: consonants without their h, and a few
// vowel classes (a, o, e, i, U for ue/eu/oe; y and v for a glide). A Khmer name becomes folded bytes without what one cannot hear.

// romanWords are the words of Cambodian place names as people write them, and the official romanisation. Only what the rules below do not
// bring together is here. Hand-made from how maps, shops and news sites of the country write.
var romanWords = map[string]string{
	"stung": "stueng", "steng": "stueng", "sting": "stueng", "streng": "stueng",
	"teuk": "tuek", "tek": "tuek", "tik": "tuek", "toek": "tuek", "tirk": "tuek", "terk": "tuek",
	"bung": "boeng", "boung": "boeng", "boueng": "boeng", "bueng": "boeng", "beoung": "boeng", "beong": "boeng",
	"russey": "ruessei", "rusei": "ruessei", "russei": "ruessei", "rusey": "ruessei", "rissey": "ruessei", "ressey": "ruessei", "reussey": "ruessei", "rossey": "ruessei", "rosey": "ruessei", "roessei": "ruessei",
	"wat": "voat", "vat": "voat", "vott": "voat", "watt": "voat",
	"pur": "pou", "por": "pou", "po": "pou", "pouthi": "pou", "pothi": "pou", "porthi": "pou", "puthi": "pou",
	"o": "ou", "or": "ou", "au": "ou", "ur": "ou", "aou": "ou", "ao": "ou", "ohr": "ou",
	"sras": "srah", "sra": "srah",
	"koh": "kaoh", "kos": "kaoh", "kors": "kaoh", "koah": "kaoh", "kohs": "kaoh", "ko": "kaoh",
	"prek": "preaek", "preak": "preaek", "praek": "preaek", "preik": "preaek",
	"trapang": "trapeang", "tropeang": "trapeang", "tropang": "trapeang", "tropaing": "trapeang", "trapaing": "trapeang", "tropieng": "trapeang", "trapieng": "trapeang", "trapiang": "trapeang", "tropiang": "trapeang",
	"piem": "peam",
	"veil": "veal", "vial": "veal",
	"sdao": "sdau", "sdaw": "sdau", "sdov": "sdau",
	"khmao": "khmau", "khmav": "khmau", "khmoa": "khmau", "khmaov": "khmau",
	"loeu": "leu", "ler": "leu", "lue": "leu", "lerr": "leu",
	"krom": "kraom", "kroam": "kraom", "kroum": "kraom", "kraum": "kraom",
	"choeung": "cheung", "cherng": "cheung", "jerng": "cheung", "chung": "cheung",
	"cheu": "chheu", "cher": "chheu", "chher": "chheu", "choeu": "chheu", "chhoeu": "chheu",
	"doem": "daeum", "dem": "daeum", "daem": "daeum", "derm": "daeum", "deum": "daeum", "doeum": "daeum", "daoem": "daeum",
	"dek": "daek",
	"ang": "angk", "ankor": "angkor", "angko": "angkor",
	"sangke": "sangkae", "sangker": "sangkae", "sanke": "sangkae", "sankae": "sangkae",
	"men":  "mean",
	"chay": "chey", "cheay": "chey", "jay": "chey", "chai": "chey",
	"thmey": "thmei", "thmay": "thmei", "thmai": "thmei", "tmay": "thmei",
	"pongea": "ponhea", "panhea": "ponhea", "pohnea": "ponhea",
	"lovea": "lvea", "lvear": "lvea", "lvir": "lvea", "lavea": "lvea", "lovear": "lvea",
	"toul": "tuol", "tul": "tuol", "tol": "tuol", "toulkork": "tuolkouk",
	"kork": "kouk", "kok": "kouk", "kuok": "kouk", "kauk": "kouk",
	"dong": "doung", "daun": "doun", "don": "doun", "dorn": "doun",
	"kampung": "kampong", "kompung": "kampong", "kompong": "kampong", "kg": "kampong", "kp": "kampong",
	"sambo": "sambour", "sambor": "sambour", "samroung": "samraong", "somroung": "samraong", "samrorng": "samraong",
	"rolous": "roluos", "rolus": "roluos", "rolos": "roluos", "roluoh": "roluos", "ruluos": "roluos",
	"krahm": "kraham", "kandol": "kandaol", "kondal": "kandal", "kandaal": "kandal", "kandoal": "kandaol",
	"phsa": "phsar", "psa": "phsar", "psar": "phsar", "phsah": "phsar", "phar": "phsar",
	"chroy": "chrouy", "jroy": "chrouy", "chruoy": "chrouy",
	"changva": "changvar", "chongva": "changvar", "jongva": "changvar",
	"thmor": "thma", "thmo": "thma", "tmor": "thma", "tmo": "thma", "thmar": "thma", "thmaw": "thma",
	"pich": "pech", "peach": "pech",
	"rumeas": "romeas", "rameas": "romeas", "rameah": "romeas", "romeah": "romeas", "romias": "romeas",
	"brasat": "prasat", "prasath": "prasat", "prosat": "prasat",
	"snoul": "snuol", "snul": "snuol", "snol": "snuol",
	"mondul": "mondol", "mundul": "mondol", "mundol": "mondol", "mandol": "mondol",
	"sameaki": "sameakki", "samaki": "sameakki", "samakki": "sameakki", "samaky": "sameakki", "sameaky": "sameakki", "samki": "sameakki", "samaka": "sameakki",
	"keut": "kaeut", "kert": "kaeut", "koet": "kaeut", "kaet": "kaeut", "ket": "kaeut", "lich": "lech",
	"tbong": "tboung", "tbaung": "tboung", "tbung": "tboung",
	"jeung": "cheung", "jong": "chong", "jum": "chum",
	"keo": "kaev", "kev": "kaev", "keow": "kaev", "kaeo": "kaev", "keov": "kaev",
	"reah": "reach", "riang": "rieng",
	"dangkor": "dangkao", "dongkor": "dangkao", "dangko": "dangkao", "dongkao": "dangkao",
	"serey": "serei", "sre": "srae", "srea": "srae", "srai": "srae", "sraer": "srae",
	"bathum": "botum", "siam": "siem", "seam": "siem", "seim": "siem", "reap": "reab", "riep": "reab", "riap": "reab", "reip": "reab",
	"kravan": "kravanh", "oknya": "oknha", "okna": "oknha", "oknia": "oknha", "niek": "neak",
	"trabek": "trabaek", "trobek": "trabaek",
	"vihea": "vihear", "vihia": "vihear", "wihear": "vihear", "viher": "vihear",
	"areak": "areaks", "areaksat": "areaksatr", "arey": "areiy",
	"monorom": "monourom", "moneurom": "monourom", "monorum": "monourom", "monurom": "monourom",
	"chma": "chhmar", "chhma": "chhmar",
	"thom": "thum", "tum": "thum", "tom": "thum", "toch": "touch", "tauch": "touch", "tooch": "touch",
	"tnout": "tnaot", "thnot": "tnaot", "tnot": "tnaot", "thnaot": "tnaot", "tnort": "tnaot", "tnoat": "tnaot", "thnort": "tnaot", "thnout": "tnaot",
	"domnak": "damnak", "dumnak": "damnak", "damrey": "damrei", "domrey": "damrei", "domrei": "damrei", "damry": "damrei",
	"ndoung": "andoung", "andong": "andoung", "ondoung": "andoung", "ondong": "andoung", "anduong": "andoung", "andaung": "andoung",
}

// romanSound appends the sound of one Latin word; the given words are taken for others.
func romanSound(dst, w []byte, words map[string]string) []byte {
	if official, ok := words[string(w)]; ok {
		w = append(make([]byte, 0, 16), official...)
	}
	start := len(dst)
	put := func(c byte) {
		if len(dst) == start || dst[len(dst)-1] != c {
			dst = append(dst, c)
		}
	}
	at := func(i int) byte {
		if i < len(w) {
			return w[i]
		}
		return 0
	}
	for i := 0; i < len(w); {
		c := w[i]
		if isVowelLetter(c) {
			i = romanVowel(&dst, w, i)
			continue
		}
		next := at(i + 1)
		switch c {
		case 'c', 'j':
			if c == 'c' && next != 'h' && next != 'c' {
				put('k')
				break
			}
			put('c')
		case 'k', 'q':
			put('k')
		case 'g':
			if next == 'n' { // Sragnae: an ng turned round
				put('N')
				i++
				break
			}
			put('k')
		case 'x':
			put('k')
			if next != 0 {
				put('s')
			}
		case 'p', 'f':
			put('p')
		case 'n':
			if next != 'g' {
				if next == 'k' {
					put('N')
				} else {
					put('n')
				}
				break
			}
			put('N')
			i++
			if at(i+1) == 'k' && at(i+2) == 0 { // Angk
				i++
			}
		case 'w', 'v':
			put('v')
		case 'r':
			if i == 0 || isVowelLetter(next) || next == 'h' && isVowelLetter(at(i+2)) {
				put('r')
			}
		case 's', 'z':
			if i+1 == len(w) && len(dst) > start {
				break // a final s is hardly heard
			}
			put('s')
		case 'h':
			if i == 0 || isVowelLetter(w[i-1]) && isVowelLetter(next) {
				put('h')
			}
		case 'y':
			put('y')
		case 'd', 't':
			switch {
			case c == 'd' && next == 't': // Basedth: one consonant, written for its two letters
			case c == 't' && i+1 == len(w) && i > 1 && w[i-1] == 'n': // Norint: only the n is heard
			default:
				put(c)
			}
		default:
			put(c)
		}
		i++
	}
	if len(dst) == start && len(w) > 0 {
		dst = append(dst, w[0])
	}
	return dst
}

func isVowelLetter(c byte) bool { return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' }

// romanVowel appends the class of the vowels that start at i, with the glide behind them, and returns where they end.
func romanVowel(dst *[]byte, w []byte, i int) int {
	j := i
	for j < len(w) && isVowelLetter(w[j]) {
		j++
	}
	run := string(w[i:j])
	end := j == len(w)
	onset := j+1 < len(w) && isVowelLetter(w[j+1]) // the letter after the vowels starts the next syllable
	out := func(s string) { *dst = append(*dst, s...) }
	if j < len(w) && w[j] == 'y' && !onset {
		switch class := vowelClass[run]; {
		case class == 'e' || class == 'i' || class == 'U':
			out("iy")
		case class == 'a':
			out("ay")
		default:
			out("oy")
		}
		return j + 1
	}
	if j < len(w) && (w[j] == 'v' || w[j] == 'w') && !onset {
		switch class := vowelClass[run]; {
		case class == 'e' || class == 'i' || class == 'U' && run != "eu" && run != "eou":
			out("ev")
		default:
			out("av")
		}
		return j + 1
	}
	nasal := j+1 < len(w) && (w[j] == 'm' || w[j] == 'n')
	switch run {
	case "ai":
		if nasal {
			out("a")
		} else {
			out("ay")
		}
		return j
	case "oi", "ui", "uoi", "aoi":
		out("oy")
		return j
	case "eai", "eei":
		out("iy")
		return j
	case "i", "ei", "ii":
		if end {
			out("iy")
		} else {
			out("i")
		}
		return j
	case "a", "o", "aa":
		if nasal && !isVowelLetter(w[j+1]) && !(w[j] == 'n' && w[j+1] == 'g' && (j+2 == len(w) || i > 1)) {
			out("a") // Kampong and Kompong
			return j
		}
	case "au", "ao", "aou", "eou":
		if end {
			out("av")
			return j
		}
	case "eo", "aeo":
		if end {
			out("ev")
			return j
		}
	}
	class, ok := vowelClass[run]
	if !ok {
		class = vowelClass[run[:1]]
	}
	*dst = append(*dst, class)
	return j
}

// vowelClass brings together the spellings of a vowel that stand for one another.
var vowelClass = map[string]byte{
	"a": 'a', "aa": 'a',
	"o": 'o', "oo": 'o', "u": 'o', "uu": 'o', "ou": 'o', "uo": 'o', "oa": 'o', "ao": 'o', "au": 'o', "ua": 'o', "ouo": 'o', "oau": 'o', "uoa": 'o', "aou": 'o', "oua": 'o',
	"e": 'e', "ae": 'e', "ea": 'e', "ie": 'e', "ia": 'e', "ee": 'e', "eae": 'e', "aea": 'e', "iea": 'e', "eea": 'e',
	"i": 'i', "ii": 'i', "ei": 'i',
	"ue": 'U', "eu": 'U', "oe": 'U', "oeu": 'U', "oue": 'U', "ueu": 'U', "eoe": 'U', "oeo": 'U', "aeu": 'U', "eou": 'U', "aoe": 'U', "euo": 'U', "eeu": 'U',
}
