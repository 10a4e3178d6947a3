package alert

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestResolve(t *testing.T) {
	t.Parallel()
	now := t0
	a := Open{Code: "111116", Kind: ForReferral, ID: "a", OfficerID: "c-1", AlertedAt: now.Add(-time.Hour)}
	b := Open{Code: "222221", Kind: ForReferral, ID: "b", OfficerID: "c-1", AlertedAt: now.Add(-2 * time.Hour)}
	hold := Open{Code: "333335", Kind: ForHold, ID: "h", OfficerID: "desk-1", AlertedAt: now.Add(-time.Minute)}
	stale := Open{Code: "444443", Kind: ForReferral, ID: "s", OfficerID: "c-1", Taken: true, AlertedAt: now.Add(-25 * time.Hour)}
	taken := Open{Code: "555557", Kind: ForReferral, ID: "t", OfficerID: "c-1", Taken: true, AlertedAt: now.Add(-23 * time.Hour)}
	why := &Question{AskReason, "111116", now.Add(-9 * time.Minute)}
	late := &Question{AskReason, "111116", now.Add(-11 * time.Minute)}
	which := &Question{AskOutcome, "111116", now.Add(-10 * time.Minute)}
	gone := &Question{AskReason, "999999", now}
	is := func(o Open, v Verb, follow int) Match { return Match{Found: true, Open: o, Verb: v, Follow: follow} }
	says := func(key, code string) Match { return Match{Reply: Reply{Key: key, Code: code}} }
	several := func(codes ...string) Match {
		return Match{Reply: Reply{Key: "alert.several", Code: codes[0], Codes: codes, N: len(codes)}}
	}
	for _, c := range []struct {
		name    string
		text    string
		open    []Open
		pending *Question
		want    Match
	}{
		{"one open", "1", []Open{a}, nil, is(a, AcceptIt, 0)},
		{"one open, reason at once", "2 1", []Open{a}, nil, is(a, CannotDo, 1)},
		{"none open", "1", nil, nil, says("alert.not_understood", "")},
		{"two open: asked back", "1", []Open{b, a}, nil, several("111116", "222221")},
		{"two open, with a code", "1 222221", []Open{b, a}, nil, is(b, AcceptIt, 0)},
		{"a hold and a referral: asked back", "1", []Open{a, hold}, nil, several("333335", "111116")},
		{"a code of another phone", "1 222221", []Open{a}, nil, says("alert.not_yours", "222221")},
		{"a code with a slip, one open", "1 111115", []Open{a}, nil, says("alert.not_yours", "111115")},
		{"a code alone", "111116", []Open{a}, nil, says("alert.help", "111116")},
		{"taken by another long ago does not count", "1", []Open{a, stale}, nil, is(a, AcceptIt, 0)},
		{"taken by another today counts", "1", []Open{a, taken}, nil, several("111116", "555557")},
		{"only what another has taken", "1", []Open{stale}, nil, is(stale, AcceptIt, 0)},
		{"help", "0", []Open{a, b}, nil, says("alert.help", "111116")},
		{"help with nothing open", "0", nil, nil, says("alert.help", "")},
		{"a digit that is nothing", "6", []Open{a}, nil, says("alert.not_understood", "")},
		{"words", "come tomorrow", []Open{a}, nil, says("alert.not_understood", "")},
		{"the reason, asked for", "3", []Open{a}, why, is(a, CannotDo, 3)},
		{"the reason is not taken for accepting", "1", []Open{a, b}, why, is(a, CannotDo, 1)},
		{"the verb in words is no reason", "3 ជួបហើយ", []Open{a}, why, is(a, HaveSeen, 0)},
		{"the reason, too late: 3 is seen, and asked back", "3", []Open{a, b}, late, several("111116", "222221")},
		{"the outcome, just in time", "5", []Open{a, b}, which, is(a, GiveOutcome, 5)},
		{"a code comes before our question", "1 222221", []Open{a, b}, why, is(b, AcceptIt, 0)},
		{"a digit with its reason comes before our question", "2 4", []Open{a}, which, is(a, CannotDo, 4)},
		{"help instead of an answer", "0", []Open{a}, why, says("alert.help", "111116")},
		{"no reason of ours: asked again", "5", []Open{a}, why,
			Match{Reply: Reply{Key: "alert.decline_why", Code: "111116"}, Question: &Question{AskReason, "111116", now}}},
		{"words instead of an outcome: asked again", "she is well", []Open{a}, which,
			Match{Reply: Reply{Key: "alert.outcome_which", Code: "111116"}, Question: &Question{AskOutcome, "111116", now}}},
		{"what was asked about is closed", "1", []Open{a}, gone, is(a, AcceptIt, 0)},
	} {
		w, ok := ParseWords(c.text)
		if diff := cmp.Diff(c.want, Resolve(w, ok, c.open, c.pending, now)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestSeveralNamesFourCodes(t *testing.T) {
	t.Parallel()
	var open []Open
	for i := range 6 {
		open = append(open, Open{Code: "10000" + string(rune('0'+i)), AlertedAt: t0.Add(time.Duration(i) * time.Minute)})
	}
	got := Resolve(Words{Verb: AcceptIt, Digit: 1}, true, open, nil, t0).Reply
	want := Reply{Key: "alert.several", Code: "100005", N: 6, Codes: []string{"100005", "100004", "100003", "100002"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
