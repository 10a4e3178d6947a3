package flows

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// rich is a state with something in every field.
func rich(tb testing.TB) State {
	tb.Helper()
	s := State{
		Seq: 12, Heard: "1*1*1", Code: "48213057", hash: "abcd", channel: SMS, language: "km", node: "place", mode: modeLong, page: 3, tries: 2,
		before: "a.b c.d", club: "020401", fresh: true, concluded: true, over: overTries, mark: "service", base: 1,
		answers: []answer{{"who", "child"}, {"story", "ពូខ្ញុំ\nវាយ"}}, trail: "who:0;danger:1;",
		place:     placeState{phase: phaseCommune, area: "0204", typed: "បវេល", codes: []string{"020401", "020402"}, tries: 1},
		startedAt: began, expiresAt: began.Add(time.Hour), expires: 10 * time.Minute,
	}
	return s
}

func TestCodecKeepsEverything(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]State{"rich": rich(t), "zero": {channel: USSD}, "26 answers": full(t, report(t))} {
		kept := s.AppendBinary(nil)
		again, err := Decode(kept)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := again.AppendBinary([]byte("x"))[1:]; !bytes.Equal(got, kept) {
			t.Errorf("%s: encoded again it is other bytes", name)
		}
		type bare State // without the Format that hides everything
		if a, b := fmt.Sprintf("%+v", bare(s)), fmt.Sprintf("%+v", bare(again)); a != b {
			t.Errorf("%s:\n%s\n%s", name, a, b)
		}
	}
}

func TestDecodeRefusesWhatIsNoState(t *testing.T) {
	t.Parallel()
	kept := rich(t).AppendBinary(nil)
	for i := range kept {
		if _, err := Decode(kept[:i]); !errors.Is(err, ErrState) {
			t.Fatalf("the first %d of %d bytes: %v", i, len(kept), err)
		}
	}
	for name, b := range map[string][]byte{
		"too long":        append(bytes.Clone(kept), 0),
		"another version": append([]byte{codecVersion + 1}, kept[1:]...),
		"nothing":         nil,
		"a huge count":    append(bytes.Clone(kept[:7]), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
	} {
		if _, err := Decode(b); !errors.Is(err, ErrState) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStateTellsNothing prints a state in every way and looks for what was said.
func TestStateTellsNothing(t *testing.T) {
	t.Parallel()
	s := rich(t)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "state", s, "pointer", &s)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "state", s, "in", struct{ S State }{s})
	json, _ := s.MarshalJSON()
	all := fmt.Sprintf("%v %+v %#v %s %q %x %d", s, s, s, s, s, s, s) + fmt.Sprintf("%v %+v", &s, []State{s}) + log.String() + string(json)
	for _, secret := range []string{"child", "ពូ", "48213057", "0204", "1*1"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q is printed in %s", secret, all)
		}
	}
}

func TestWithSurvivesGoingBack(t *testing.T) {
	t.Parallel()
	d := report(t)
	s := after(t, d, "", "1", "1", "1").With("story", "kept")
	s, _, _ = d.Step(s, Input{"1"}, began)
	s = s.With("who", "parent")
	for range 6 {
		s, _, _ = d.Step(s, Input{"8"}, began)
	}
	if s.Node() != "language" || s.Answer("story") != "kept" || s.Answer("who") != "" || s.Answer("language") != "" {
		t.Errorf("at %q with %v", s.Node(), s.Fields())
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(rich(f).AppendBinary(nil), "1")
	f.Add(full(f, report(f)).AppendBinary(nil), "8")
	f.Add([]byte{1}, "0")
	d := report(f)
	f.Fuzz(func(t *testing.T, b []byte, input string) {
		s, err := Decode(b)
		if err != nil {
			if !errors.Is(err, ErrState) {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		kept := s.AppendBinary(nil)
		again, err := Decode(kept)
		if err != nil || !bytes.Equal(again.AppendBinary(nil), kept) {
			t.Fatalf("not the same again: %v", err)
		}
		// Even a state that nobody could have reached takes a step.
		next, screen, _ := d.Step(s, Input{input}, began)
		if screen.Text == "" {
			t.Fatal("no screen")
		}
		d.Show(next)
	})
}

// FuzzStep plays any inputs, one a line, through a conversation.
func FuzzStep(f *testing.F) {
	for _, script := range []string{"\n1\n1\n1\n1\n1\n2\n1\nbavel\n1", "\n2\n1\n2\n1\n9\n8\n0", "\n១\nលេខ 1\nSTOP", "ពូខ្ញុំវាយ\nបវេល\n1\n1\n1\n5", "😀\n0204\nhelp me\n1"} {
		f.Add(script, true)
		f.Add(script, false)
	}
	d := report(f)
	f.Fuzz(func(t *testing.T, script string, sms bool) {
		b := Beginning{Channel: USSD, Code: "48213057"}
		if sms {
			b.Channel = SMS
		}
		s := d.Begin(b, began)
		for line := range strings.SplitSeq(script, "\n") {
			again, err := Decode(s.AppendBinary(nil))
			if err != nil {
				t.Fatal(err)
			}
			var screen Screen
			s, screen, _ = d.Step(again, Input{line}, began)
			fits(t, d, s, screen)
		}
	})
}
