package flows

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"
)

// rich is a state with something in every field.
func rich(tb testing.TB) State {
	tb.Helper()
	s := State{
		Seq: 12, Heard: "1*1*1", Code: "48213057", Proof: "47", hash: "abcd", channel: SMS, language: "km", node: "place", mode: modeLong, page: 3, tries: 2,
		before: "a.b c.d", club: "020401", fresh: true, concluded: true, over: overTries, mark: "service", base: 1,
		answers: []answer{{"who", "child"}, {"story", "ពូខ្ញុំ\nវាយ"}}, trail: "who:0;danger:1;",
		place: placeState{phase: phaseCommune, area: "0204", typed: "បវេល", codes: []string{"020401", "020402"}, tries: 1},
		supplied: supplied{vars: []answer{{"code", "482131"}, {"when", "ព្រឹក"}}, options: []Option{{1, "482131", "482131 2h"}, {11, "x", ""}},
			text: "ពូ\nx", by: "my_list", base: 2},
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
	l := d.l
	s := l.Begin(Beginning{Channel: USSD}, began)
	for _, in := range []string{"", "1", "1", "1", "1"} {
		s, _, _ = l.Step(s, Input{in}, began)
	}
	s, _, _ = l.Step(s.With("story", "kept"), Input{"1"}, began)
	s = s.With("who", "parent")
	for range 7 {
		s, _, _ = l.Step(s, Input{"8"}, began)
	}
	if s.Node() != "language" || s.Answer("story") != "kept" || s.Answer("who") != "" || s.Answer("language") != "" {
		t.Errorf("at %q with %v", s.Node(), s.Fields())
	}
}

// TestDecodeReadsTheVersionsBefore reads states as earlier releases wrote them, which conversations are in while a new one goes in.
func TestDecodeReadsTheVersionsBefore(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]State{"rich": rich(t), "26 answers": full(t, report(t))} {
		s.Proof = ""
		for version := codecProof - 1; version >= codecOldest; version-- {
			if version < codecSupplied {
				s.supplied = supplied{}
			}
			old := s.AppendBinary(nil)
			old = old[:len(old)-1] // no proof: an empty text
			if version < codecSupplied {
				old = old[:len(old)-5] // nothing supplied: five empty texts and counts
			}
			old[0] = byte(version)
			again, err := Decode(old)
			if err != nil {
				t.Fatalf("%s, version %d: %v", name, version, err)
			}
			if !bytes.Equal(again.AppendBinary(nil), s.AppendBinary(nil)) {
				t.Errorf("%s, version %d: it is read as something else", name, version)
			}
		}
	}
	kept, err := os.ReadFile("testdata/state-1.bin")
	if err != nil {
		t.Fatal(err)
	}
	if s, err := Decode(kept); err != nil || s.Node() != "when" || s.Answer("place") != "020306" || s.Answer("language") != "km" {
		t.Errorf("a state of the first release: at %q, %v", s.Node(), err)
	}
}

// TestAConversationOfTheFirstReleaseGoesOn ends a conversation of the report's first version, which asked for the language itself.
func TestAConversationOfTheFirstReleaseGoesOn(t *testing.T) {
	t.Parallel()
	l := conversations(t)
	body, err := os.ReadFile("testdata/report-1.yaml")
	if err != nil {
		t.Fatal(err)
	}
	old, err := l.Restore("report-1.yaml", body)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("testdata/state-1.bin")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Decode(kept)
	if err != nil {
		t.Fatal(err)
	}
	if s.Hash() != old.Hash || l.Default() == old {
		t.Fatal("the state is not of the restored definition")
	}
	for _, in := range []string{"4", "1", "1", "1", "1", "1"} {
		s, _, _ = l.Step(s, Input{in}, began)
	}
	if !s.Over() || !s.Concluded() || s.Answer("when") != "evening" {
		t.Errorf("it went on to %q", s.Node())
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(rich(f).AppendBinary(nil), "1")
	f.Add(full(f, report(f)).AppendBinary(nil), "8")
	f.Add([]byte{1}, "0")
	l := conversations(f)
	waiting := l.Begin(Beginning{Channel: USSD, Officer: true}, began)
	for _, in := range []string{"", "1", "4", "4821"} {
		waiting, _, _ = l.Step(waiting, Input{in}, began)
	}
	f.Add(waiting.AppendBinary(nil), "1")
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
		// Even a state that nobody could have reached takes a step, with its own definition or another.
		if l.ByHash(s.hash) == nil {
			all := l.Definitions()
			s.hash = all[len(input)%len(all)].Hash
		}
		next, screen, events := l.Step(s, Input{input}, began)
		if screen.Text == "" && (len(events) == 0 || events[len(events)-1].Kind != Wanted) {
			t.Fatal("no screen")
		}
		l.Show(next)
		_, _, _ = l.Supply(next, Supplied{Answer: "ok", Text: input}, began)
	})
}

// FuzzStep plays any inputs, one a line, through the conversations. What the gateway supplies depends on the line.
func FuzzStep(f *testing.F) {
	for _, script := range []string{"\n1\n1\n1\n1\n1\n1\n2\n1\nbavel\n1", "\n2\n1\n1\n2\n1\n9\n8\n0", "\n១\nលេខ 1\nSTOP", "ពូខ្ញុំវាយ\nបវេល\n1\n1\n1\n5", "😀\n0204\nhelp me\n1",
		"\n3\n2\n1\n1\n1\n1\n1\n1\n8\n8", "\n1\n3\n48213057", "48213057", "\n1\n4\n48219993\n1\n1\n1\n9\n1\n8\n8\n5\n2\n1", "\n1\n4\n48219993\n2\n3\n1"} {
		f.Add(script, byte(0))
		f.Add(script, byte(1))
		f.Add(script, byte(2))
	}
	l := conversations(f)
	ways := []Beginning{{Channel: USSD}, {Channel: USSD, Officer: true, AreaCode: "020401", Emergency: true}, {Channel: SMS}}
	f.Fuzz(func(t *testing.T, script string, way byte) {
		b := ways[int(way)%len(ways)]
		b.Code = "48213057"
		s := l.Begin(b, began)
		for line := range strings.SplitSeq(script, "\n") {
			if l.Secret(s) { // what a caller enters there must be found nowhere
				line = strings.ReplaceAll(line, pin, "1") + pin
			} else {
				line = strings.ReplaceAll(line, pin, "")
			}
			s = walked(t, l, s, line)
			for i := range 10 {
				n := l.nodeOf(s)
				if n == nil || n.kind != kindFetch || s.Over() {
					break
				}
				all := supplies(n, l.ByHash(s.hash))
				s = given(t, l, s, all[(len(line)+i)%len(all)])
			}
		}
	})
}
