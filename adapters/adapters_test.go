package adapters_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"chumrok/adapters"
)

func TestTail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, previous, current, want string }{
		{"the first turn", "", "", ""},
		{"the first key", "", "1", "1"},
		{"a code dialled with more behind it", "", "0204", "0204"},
		{"the second key", "1", "1*2", "2"},
		{"the same key again", "1*2", "1*2*2", "2"},
		{"a long path", "1*2*3*4", "1*2*3*4*hello", "hello"},
		{"a star in the first answer", "", "5*6", "5*6"},
		{"a star in a later answer", "1*2", "1*2*5*6", "5*6"},
		{"a star and nothing else", "1*2", "1*2**", "*"},
		{"an answer after one that held a star", "1*2*5*6", "1*2*5*6*7", "7"},
		{"an answer that ended in a star", "1*a*", "1*a**b", "b"},
		{"an empty answer", "1*2", "1*2*", ""},
		{"an empty answer to the first screen, then a key", "", "*1", "*1"},
		{"Khmer", "1*2", "1*2*គេវាយខ្ញុំ", "គេវាយខ្ញុំ"},
		{"a repeat: nothing new", "1*2", "1*2", ""},
		{"a turn was lost: the last part", "1", "3*4", "4"},
		{"another session altogether", "1*2*3", "9", "9"},
		{"shorter than before", "1*2*3", "1*2", "2"},
		{"a longer first key is no path below the shorter", "1", "12", "12"},
		{"a longer first key, and more", "1", "12*3", "3"},
		{"lost, and ending in a separator", "1", "2*3*", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := adapters.Tail(c.previous, c.current); got != c.want {
				t.Errorf("Tail(%q, %q) = %q, want %q", c.previous, c.current, got, c.want)
			}
		})
	}
}

func FuzzTail(f *testing.F) {
	f.Add("", "1")
	f.Add("1*2", "3*4")
	f.Add("*", "**")
	f.Fuzz(func(t *testing.T, previous, input string) {
		if got := adapters.Tail(previous, previous+"*"+input); previous != "" && got != input {
			t.Errorf("after %q, %q came back as %q", previous, input, got)
		}
		if got := adapters.Tail(previous, input); !strings.HasSuffix(input, got) {
			t.Errorf("Tail(%q, %q) = %q, which was not typed last", previous, input, got)
		}
	})
}

func TestTextIsWholeUTF8AndOtherwiseUntouched(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"": "", "គេ\x00\x07\u202e": "គេ\x00\x07\u202e", "a\xff\xfeb": "a�b", "\xe1\x9e": "�", "😢": "😢",
		"\xfe\xff\x17\x80\x17\x81": "កខ", "\xff\xfe\x80\x17\x81\x17": "កខ", "\xfe\xff": "", "\xfe\xff\x17": "�", "\xfe\xff\xd8\x3d": "�",
	} {
		if got := adapters.Text(raw); got != want || !utf8.ValidString(got) {
			t.Errorf("Text(%q) = %q, want %q", raw, got, want)
		}
	}
}

func TestErrorKinds(t *testing.T) {
	t.Parallel()
	base := errors.New("base")
	type kinds struct{ permanent, misconfigured, uncertain bool }
	for _, c := range []struct {
		name string
		err  error
		want kinds
	}{
		{"nothing known", base, kinds{}},
		{"none", nil, kinds{}},
		{"permanent", adapters.Permanent(base), kinds{permanent: true}},
		{"misconfigured", adapters.Misconfigured(base), kinds{misconfigured: true}},
		{"uncertain", adapters.Uncertain(base), kinds{uncertain: true}},
		{"wrapped", fmt.Errorf("sending: %w", adapters.Permanent(base)), kinds{permanent: true}},
		{"two at once", adapters.Uncertain(adapters.Misconfigured(base)), kinds{misconfigured: true, uncertain: true}},
		{"joined", errors.Join(base, adapters.Uncertain(base), adapters.Permanent(base)), kinds{permanent: true, uncertain: true}},
		{"throttled", adapters.Throttled{Err: base}, kinds{}},
		{"nil stays nil", errors.Join(adapters.Permanent(nil), adapters.Misconfigured(nil), adapters.Uncertain(nil)), kinds{}},
	} {
		got := kinds{adapters.IsPermanent(c.err), adapters.IsMisconfigured(c.err), adapters.IsUncertain(c.err)}
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		if c.err != nil && !errors.Is(c.err, base) {
			t.Errorf("%s: the reason is lost", c.name)
		}
	}
	for _, err := range []error{adapters.Refused{}, adapters.Refused{Text: "sorry", Err: base}} {
		if strings.Contains(err.Error(), "sorry") {
			t.Error("a Refused shows its text in its error")
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, " 30 ": 30 * time.Second, "-5": 0, "soon": 0, "99999999999999": 0,
		"86400": time.Hour, now.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
		now.Add(-time.Minute).Format(http.TimeFormat): 0,
	} {
		if got := adapters.RetryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("Retry-After %q: %v, want %v", value, got, want)
		}
	}
}
