package alert

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

func TestParseWords(t *testing.T) {
	t.Parallel()
	code := func(v Verb, digit, follow int) Words {
		return Words{Verb: v, Digit: digit, Code: "482135", Follow: follow}
	}
	bare := func(v Verb, digit, follow int) Words { return Words{Verb: v, Digit: digit, Follow: follow} }
	for text, want := range map[string]Words{
		"1": bare(AcceptIt, 1, 0), "១": bare(AcceptIt, 1, 0), "１": bare(AcceptIt, 1, 0), " 1. ": bare(AcceptIt, 1, 0),
		"1។": bare(AcceptIt, 1, 0), "មួយ": bare(AcceptIt, 1, 0), "លេខមួយ": bare(AcceptIt, 1, 0), "លេខ 1": bare(AcceptIt, 1, 0),
		"លេខ១": bare(AcceptIt, 1, 0), "muoy": bare(AcceptIt, 1, 0), "One": bare(AcceptIt, 1, 0), "(1)": bare(AcceptIt, 1, 0),
		"1️⃣": bare(AcceptIt, 1, 0), "\u200b1\ufeff": bare(AcceptIt, 1, 0), "1 ទទួល": bare(AcceptIt, 1, 0), "1ទទួល": bare(AcceptIt, 1, 0),
		"សូមឆ្លើយ 1 អរគុណ": bare(AcceptIt, 1, 0), "1 accept": bare(AcceptIt, 1, 0), "1, thank you": bare(AcceptIt, 1, 0),
		"2": bare(CannotDo, 2, 0), "ពីរ": bare(CannotDo, 2, 0), "2 មិនអាច": bare(CannotDo, 2, 0), "2 can't": bare(CannotDo, 2, 0),
		"2 can’t": bare(CannotDo, 2, 0), "3": bare(HaveSeen, 3, 0), "3 ជួបហើយ": bare(HaveSeen, 3, 0),
		"4": bare(GiveOutcome, 4, 0), "បួន": bare(GiveOutcome, 4, 0), "0": bare(AskHelp, 0, 0), "០": bare(AskHelp, 0, 0), "សូន្យ": bare(AskHelp, 0, 0),
		"0 help": bare(AskHelp, 0, 0), "5": bare(NoVerb, 5, 0), "ប្រាំមួយ": bare(NoVerb, 6, 0),
		"2 3": bare(CannotDo, 2, 3), "23": bare(CannotDo, 2, 3), "4 1": bare(GiveOutcome, 4, 1), "៤៦": bare(GiveOutcome, 4, 6),
		"1 482135": code(AcceptIt, 1, 0), "1482135": code(AcceptIt, 1, 0), "១ ៤៨២១៣៥": code(AcceptIt, 1, 0), "1-482135": code(AcceptIt, 1, 0),
		"លេខ 1 482135": code(AcceptIt, 1, 0), "1 លេខកូដ 482135": code(AcceptIt, 1, 0), "១កូដ៤៨២១៣៥": code(AcceptIt, 1, 0),
		"មួយ 482135": code(AcceptIt, 1, 0), "1 482 135": code(AcceptIt, 1, 0), "1 4 8 2 1 3 5": code(AcceptIt, 1, 0),
		"1 4821-35": code(AcceptIt, 1, 0), "482135 1": code(AcceptIt, 1, 0), "482135=1": code(AcceptIt, 1, 0), "1\n482135": code(AcceptIt, 1, 0),
		"ទទួល 482135 1": code(AcceptIt, 1, 0), "0 482135": code(AskHelp, 0, 0),
		"2 482135 3": code(CannotDo, 2, 3), "2 482135 បី": code(CannotDo, 2, 3), "24821353": code(CannotDo, 2, 3), "2 4821353": code(CannotDo, 2, 3),
		"2482135 3": code(CannotDo, 2, 3), "482135 2 3": code(CannotDo, 2, 3), "482135 23": code(CannotDo, 2, 3), "4 482135 1": code(GiveOutcome, 4, 1),
		"44821351": code(GiveOutcome, 4, 1), "៤ ៤៨២១៣៥ ៥": code(GiveOutcome, 4, 5), "3 482135": code(HaveSeen, 3, 0),
		"482135":   {Digit: NoDigit, Code: "482135"},
		"1 482136": {Verb: AcceptIt, Digit: 1, Code: "482136"}, // a wrong code is still a code: Resolve says that this phone has none such
	} {
		got, ok := ParseWords(text)
		got.Spoken = false
		if !ok || got != want {
			t.Errorf("%q: %+v %v, want %+v", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", " ", "ok", "yes", "បាទ", "ok 1", "1 ok", "1 but tomorrow", "1 no", "ទទួល", "មិនទទួល", "1 មិនអាច", "2 ទទួល", "មិនមួយ", "12", "11", "15",
		"25", "2 5", "47", "4 0", "20", "123", "1 2 3", "1 48213", "1 4821356", "5 482135", "5482135", "3 482135 1", "1 482135 1", "2 482135 9",
		"24821363", "12345678", "31482135", "1 482135 482135", "482135 482135", "1 482135 please come", "+85512000101", "012000101",
		"a child was hurt", "គេវាយក្មេង 1", "🙏", "1 🙏", "1½", "\xff", "1\x00x", strings.Repeat("1", 500), "កា", "្", "១្ក",
	} {
		if got, ok := ParseWords(text); ok {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}

func FuzzParseWords(f *testing.F) {
	for _, s := range []string{"1", "1 482135", "២ ៤៨២១៣៥ ៣", "លេខមួយ", "ប្រាំមួយ", "4 482135 1", "\xff1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w, ok := ParseWords(s)
		if !ok {
			if w != (Words{}) {
				t.Errorf("%q was not read and gives %+v", s, w)
			}
			return
		}
		if w.Code != "" && len(w.Code) != ReferralDigits || w.Digit < NoDigit || w.Digit > 9 || w.Follow != 0 && w.Verb != CannotDo && w.Verb != GiveOutcome {
			t.Errorf("%q: %+v", s, w)
		}
	})
}

// random gives the same bytes every time.
func random(seed uint64) io.Reader { return rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}) }

func TestCodes(t *testing.T) {
	t.Parallel()
	rnd := random(1)
	seen := map[string]bool{}
	for range 2000 {
		for _, n := range []int{ReferralDigits, ReporterDigits} {
			code, err := NewCode(rnd, n)
			if err != nil {
				t.Fatal(err)
			}
			if !ValidCode(code, n) || code[0] == '0' {
				t.Fatalf("%s is no code of %d digits", code, n)
			}
			seen[code] = true
			if n == ReporterDigits {
				if w, ok := ParseWords(code); ok {
					t.Fatalf("a reporter's code %s reads as an officer's %+v", code, w)
				}
			} else if w, ok := ParseWords("1" + code); !ok || w.Code != code || w.Verb != AcceptIt {
				t.Fatalf("1%s reads as %+v", code, w)
			}
			if ValidCode(code, ReferralDigits) && ValidCode(code, ReporterDigits) {
				t.Fatalf("%s could be both", code)
			}
		}
	}
	if len(seen) < 3900 {
		t.Errorf("only %d codes differ", len(seen))
	}
}

func TestACheckDigitCatchesSlips(t *testing.T) {
	t.Parallel()
	rnd := random(2)
	for range 200 {
		code, err := NewCode(rnd, ReferralDigits)
		if err != nil {
			t.Fatal(err)
		}
		for i := range code {
			for d := byte('0'); d <= '9'; d++ {
				if wrong := code[:i] + string(d) + code[i+1:]; wrong != code && ValidCode(wrong, ReferralDigits) {
					t.Errorf("%s for %s is not caught", wrong, code)
				}
			}
			if i > 0 && code[i] != code[i-1] {
				if swapped := code[:i-1] + string(code[i]) + string(code[i-1]) + code[i+1:]; ValidCode(swapped, ReferralDigits) {
					t.Errorf("%s for %s is not caught", swapped, code)
				}
			}
		}
	}
	if check("572") != 4 { // the example in Damm's thesis
		t.Errorf("the check digit of 572 is %c, want 4", '0'+check("572"))
	}
}

func TestCodesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, c := range []string{"", "0", "48213", "4821355", "48213x", "៤៨២១៣៥", "-48213", "000000"} {
		if ValidCode(c, ReferralDigits) {
			t.Errorf("%q is taken for a code", c)
		}
	}
	if _, err := NewCode(random(3), 1); !errors.Is(err, ErrDigits) {
		t.Errorf("one digit: %v", err)
	}
	if _, err := NewCode(iotest.ErrReader(io.ErrClosedPipe), 6); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("no randomness: %v", err)
	}
	// Bytes over 249 would make some digits likelier: they are passed over.
	code, err := NewCode(bytes.NewReader([]byte{255, 250, 0, 249, 11, 22, 33, 44}), 6)
	if err != nil || code[:5] != "91234" {
		t.Errorf("%s %v", code, err)
	}
}

// What our own sentences put beside a digit may be written back with it, also to a review.
func TestAReviewersWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Verb{"1 agree": AcceptIt, "2 ទេ": CannotDo, "2 no 482135": CannotDo, "3 ថ្នាក់បន្ទាប់": HaveSeen,
		"3 next level": HaveSeen, "3 thnak bontoab": HaveSeen} {
		if w, ok := ParseWords(text); !ok || w.Verb != want {
			t.Errorf("%q is read as %+v, %v", text, w, ok)
		}
	}
	if _, ok := ParseWords("1 ទេ"); ok {
		t.Error("yes and no are read as one of them")
	}
}
