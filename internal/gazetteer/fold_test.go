package gazetteer

import (
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ in, want string }{
		{"Siem Reap", "siemreap"},
		{"  KHUM   Bavel ", "bavel"},
		{"Tuek L'ak Ti Pir", "tueklak2"},
		{"Stueng Mean chey 1", "stuengmeanchey1"},
		{"Krachè", "krache"},
		{"ផ្សារថ្មីទី ១", "ផ្សារថ្មី1"},
		{"ផ្សារថ្មីទីមួយ", "ផ្សារថ្មី1"},
		{"លេខ២", "2"},
		{"ប្រាំពីរ មករា", "7មករា"},
		{"៧មករា", "7មករា"},
		{"ឃុំបាណន់", "បាណន់"},
		{"ស្រុក ភ្នំស្រុក", "ភ្នំស្រុក"},
		{"កណ្ដាល", "កណ្តាល"},
		{"ឲ្យ", "ឱ្យ"},
		{"អោយ", "ឱ្យ"},
		{"ឳពុក", "ឪពុក"},
		{"ហឹង្សា", "ហិង្សា"},
		{"ញាំ៉", "ញ៉ាំ"},
		{"សុី", "ស៊ី"},
		{"បុី", "ប៉ី"},
		{"េីា", ""},
		{"កេី", "កើ"},
		{"កេា", "កោ"},
		{"ស្រ្តី", "ស្ត្រី"},
		{"កំំ", "កំ"},
		{"ឃំុ", "ឃុំ"},
		{"សៀម\u200bរាប\u00a0\u200d", "សៀមរាប"},
		{"កោះធំ ‹ក›", "កោះធំក"},
		{"", ""},
		{"។ !", ""},
		{"\xff\xfe", ""},
	} {
		if got := Fold(tc.in); got != tc.want {
			t.Errorf("Fold(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
}

func TestFoldTwiceIsFoldOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.OneOf(
			rapid.String(), rapid.StringOf(rapid.RuneFrom(nil, khmerBlock)),
			rapid.SampledFrom([]string{"ឃុំ", "ស្រុក", "ទី", "លេខ", "១", "ប្រាំ", "មួយ", "អោយ", "khum", "ti", "1", "pir", "pram", "muoy", " ", "\u200b", "្", "ុ", "ី", "no", "st"}),
		)).Draw(t, "parts")
		in := ""
		for _, p := range parts {
			in += p
		}
		once := Fold(in)
		if !utf8.ValidString(once) {
			t.Fatalf("Fold(%q) is not UTF-8", in)
		}
		if twice := Fold(once); twice != once {
			t.Fatalf("Fold(%q) = %q, and again %q", in, once, twice)
		}
	})
}
