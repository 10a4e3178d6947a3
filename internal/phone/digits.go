package phone

import "strings"

// Digits returns s with Khmer, full-width and Thai digits written as 0 to 9 and everything else as it was. Phones sold in Cambodia have
// keyboards that type the first; input methods and neighbours' phones type the others.
func Digits(s string) string {
	if isASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '០' && r <= '៩':
			return '0' + r - '០'
		case r >= '０' && r <= '９':
			return '0' + r - '０'
		case r >= '๐' && r <= '๙':
			return '0' + r - '๐'
		}
		return r
	}, s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// NumberWord reads a number from zero to ten that somebody wrote as a word, in Khmer, in romanised Khmer or in English: មួយ, muoy, one.
// Spaces, hyphens and capitals do not matter. ok is false for anything else, digits among it: fold those with Digits.
func NumberWord(s string) (n int, ok bool) {
	if len(s) > 64 {
		return 0, false
	}
	s = strings.Map(func(r rune) rune {
		if r = visible(r); r == ' ' || r == '-' {
			return -1
		}
		return r
	}, s)
	n, ok = numberWords[strings.ToLower(s)]
	return n, ok
}

// numberWords holds each word without spaces. Khmer counts six to nine as five and one to five and four; the Latin spellings are those
// that people choose by ear, since no one romanisation is taught.
var numberWords = func() map[string]int {
	words := map[string]int{
		"សូន្យ": 0, "soun": 0, "sone": 0, "sun": 0, "zero": 0,
		"ដប់": 10, "dop": 10, "dob": 10, "dap": 10, "dorb": 10,
		"ប្រាំពីល": 7, "prampil": 7, "prampel": 7, "prampul": 7, // seven, as it is spoken
	}
	for i, w := range []string{"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"} {
		words[w] = i + 1
	}
	ones := [][]string{
		{"មួយ", "muoy", "muy", "mouy", "moy", "mui", "muoi", "mouey"},
		{"ពីរ", "pir", "pii", "pi", "pee", "piir"},
		{"បី", "bei", "bey", "bay", "bai"},
		{"បួន", "buon", "boun", "buan", "bun", "boun"},
	}
	fives := []string{"ប្រាំ", "pram", "bram", "prum", "praam"}
	for _, five := range fives {
		words[five] = 5
	}
	for i, spellings := range ones {
		for _, one := range spellings {
			words[one] = i + 1
			for _, five := range fives {
				words[five+one] = i + 6
			}
		}
	}
	return words
}()
