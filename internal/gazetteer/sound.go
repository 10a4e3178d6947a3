package gazetteer

// khmerSound appends the sound of a run of folded Khmer: without subscript marks, shifters and silent signs, with the letters
// that sound alike as one, and ំ as the ម that others write (សំរោង, សម្រោង).
func khmerSound(dst, w []byte) []byte {
	start := len(dst)
	put := func(cs ...byte) {
		for _, c := range cs {
			if len(dst) == start || dst[len(dst)-1] != c {
				dst = append(dst, c)
			}
		}
	}
	at := func(i int) byte {
		if i < len(w) {
			return w[i]
		}
		return 0
	}
	for i := 0; i < len(w); i++ {
		c := w[i]
		if s, ok := khmerAlike[c]; ok {
			put([]byte(s)...)
			continue
		}
		switch c {
		case coeng, bantoc, robat, toandakhia, muusikat, triisap, reahmuk, 0xC8, 0xCE, 0xCF, 0xD1:
		case samyok:
			if at(i+1) == 0x99 { // ័យ is ៃ
				i++
				put(0xC3)
			}
		case nikahit:
			put(0x98)
		case 0xA0: // ហ above ល, ម, ន, វ, ង is not heard
			if n := at(i + 2); at(i+1) == coeng && (n == 0x9B || n == 0x98 || n == 0x93 || n == 0x9C || n == 0x84) {
				continue
			}
			put(c)
		case ro:
			prev, next := byte(0), at(i+1)
			if i > 0 {
				prev = w[i-1]
			}
			if isVowelSign(prev) && !isVowelSign(next) && next != coeng && next != nikahit && next != muusikat && next != triisap && next != samyok && next != bantoc {
				continue // អូរ: a final រ is not heard
			}
			put(c)
		default:
			put(c)
		}
	}
	if len(dst) == start && len(w) > 0 {
		dst = append(dst, w[0])
	}
	return dst
}

// khmerAlike are letters and what they sound like.
var khmerAlike = func() map[byte]string {
	m := map[byte]string{}
	for from, to := range map[string]string{
		"ណ": "ន", "ឡ": "ល", "ឋ": "ថ", "ឌ": "ដ", "ឍ": "ធ", "ឥ": "អិ", "ឦ": "អិ", "ឧ": "អុ", "ឩ": "អុ", "ឪ": "អូវ", "ឫ": "រិ", "ឬ": "រិ",
		"ឭ": "លិ", "ឮ": "លិ", "ឯ": "អែ", "ឰ": "អៃ", "ឱ": "អោ", "ឳ": "អូវ",
	} {
		m[khmer(from)[0]] = string(khmer(to))
	}
	m[0xB8] = string([]byte{0xB7}) // ី is ិ
	m[0xB9] = string([]byte{0xB7}) // ឹ
	m[0xBA] = string([]byte{0xB7}) // ឺ
	m[0xBC] = string([]byte{0xBB}) // ូ is ុ
	return m
}()

// soundOf turns a scan into one of how it sounds, word by word, so that names can be found in it as in the letters.
func (sc *scan) soundOf() scan {
	out := scan{buf: make([]byte, 0, len(sc.buf)+8), words: make([]word, 0, len(sc.words)), voc: sc.voc}
	for _, w := range sc.words {
		b := sc.buf[w.lo:w.hi]
		w.lo = len(out.buf)
		switch {
		case isKhmer(b[0]):
			out.buf = khmerSound(out.buf, b)
		case isLatin(b[0]):
			out.buf = romanSound(out.buf, b, sc.voc.roman)
		default:
			out.buf = append(out.buf, b...)
		}
		w.hi = len(out.buf)
		if w.hi > w.lo {
			out.words = append(out.words, w)
		}
	}
	return out
}

// consonantsOf appends the consonants of a sound, those that are easily taken for one another as one.
func consonantsOf(dst, sound []byte) []byte {
	start := len(dst)
	for i, c := range sound {
		switch {
		case isVowelSign(c):
			continue
		case isKhmer(c):
			if s := khmerRow[c-0x80]; s != 0 {
				c = s
			}
		case isVowelLetter(c) || c == 'U':
			if i > 0 {
				continue
			}
			c = 'a'
		case c == 'y' && i > 0:
			continue
		case c == 'h' && i > 0:
			continue
		case c == 'b':
			c = 'p'
		case c == 'd':
			c = 't'
		case c == 'N':
			c = 'n'
		}
		if len(dst) == start || dst[len(dst)-1] != c {
			dst = append(dst, c)
		}
	}
	return dst
}

// khmerRow brings the consonants of a row together: ក ខ គ ឃ and so on; children mix them.
var khmerRow = func() (row [0x60]byte) {
	for _, r := range []string{"កខគឃ", "ចឆជឈ", "តដឋឌឍថទធ", "នណញង", "បផពភ", "លឡ", "សឝឞ"} {
		b := khmer(r)
		for _, c := range b {
			row[c-0x80] = b[0]
		}
	}
	return row
}()
