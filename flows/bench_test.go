package flows

import (
	"testing"
	"time"
)

// full is a state with 26 answers at a question that is answered with a number.
func full(tb testing.TB, d *Definition) State {
	tb.Helper()
	s := d.Begin(Beginning{Channel: USSD, Code: "48213057", Expires: 10 * time.Minute}, began)
	for _, input := range []string{"", "1", "1", "1", "1", "1", "2", "1", "ក្តុលដូនទាវ បាត់ដំបង", "1", "1", "3", "1", "4", "1", "1", "1"} {
		s, _, _ = d.Step(s, Input{input}, began)
	}
	for _, name := range []string{"place_typed", "place_area", "number", "more", "story", "told", "not_them", "urgent", "emergency", "sex", "age", "about"} {
		s.answer(name, s.Answer(name))
	}
	for len(s.answers) < 26 {
		s.answer("more", "គាត់មកពេលយប់")
	}
	if s.Node() != "when" || len(s.answers) != 26 {
		tb.Fatalf("at %q with %d answers", s.Node(), len(s.answers))
	}
	return s
}

// BenchmarkResume is one resumed turn: a state of 26 answers decoded, stepped, its screen rendered, and encoded.
func BenchmarkResume(b *testing.B) {
	d := report(b)
	kept := full(b, d).AppendBinary(nil)
	buf := make([]byte, 0, 2*len(kept))
	b.ReportAllocs()
	b.SetBytes(int64(len(kept)))
	for b.Loop() {
		s, err := Decode(kept)
		if err != nil {
			b.Fatal(err)
		}
		s, screen, _ := d.Step(s, Input{"4"}, began)
		if screen.Text == "" {
			b.Fatal("no screen")
		}
		buf = s.AppendBinary(buf[:0])
	}
}

// BenchmarkPlace is a turn in which a written place is looked up and its confirmation rendered.
func BenchmarkPlace(b *testing.B) {
	d := report(b)
	s := d.Begin(Beginning{Channel: USSD}, began)
	for _, input := range []string{"", "1", "1", "1", "1", "1", "2", "1"} {
		s, _, _ = d.Step(s, Input{input}, began)
	}
	b.ReportAllocs()
	for b.Loop() {
		if next, _, _ := d.Step(s, Input{"ក្តុលដូនទាវ បាត់ដំបង"}, began); next.place.phase != phaseConfirm {
			b.Fatal("not found")
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	l := library(b)
	body := ReportYAML()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewLibrary(l.texts, l.places, l.options).Add("report.yaml", body); err != nil {
			b.Fatal(err)
		}
	}
}

// TestResumeBudget holds the promise of a resumed turn by counting, which no busy machine can disturb.
func TestResumeBudget(t *testing.T) {
	d := report(t)
	kept := full(t, d).AppendBinary(nil)
	buf := make([]byte, 0, 2*len(kept))
	allocs := testing.AllocsPerRun(200, func() {
		s, _ := Decode(kept)
		s, _, _ = d.Step(s, Input{"4"}, began)
		buf = s.AppendBinary(buf[:0])
	})
	if allocs > 60 {
		t.Errorf("a resumed turn takes %.0f allocations, and 60 are allowed", allocs)
	}
}
