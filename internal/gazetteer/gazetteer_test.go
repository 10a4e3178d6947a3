package gazetteer

import "testing"

func TestDefaultLoads(t *testing.T) {
	t.Parallel()
	g := Default()
	if got := len(g.Communes()); got != 1652 {
		t.Errorf("communes in force = %d, want 1652", got)
	}
	if got := len(g.Children("")); got != 25 {
		t.Errorf("provinces = %d, want 25", got)
	}
}

func BenchmarkFind(b *testing.B) {
	g := Default()
	for _, in := range []struct{ name, text, within string }{
		{"khmer", "បវេល", ""}, {"khmer with units, no spaces", "ឃុំបវេលស្រុកបវេលខេត្តបាត់ដំបង", ""},
		{"latin", "Prey Nob", ""}, {"latin with province", "Samraong, Takeo", ""}, {"sounds alike", "Trapaing Somrong, Kampot", ""},
		{"a typing mistake", "Kampong Sliea Preah Sihanouk", ""}, {"homonym", "Samraong", ""}, {"province", "Kampong Thom", ""},
		{"nothing", "my house is behind the old market", ""}, {"khmer nothing", "ផ្ទះខ្ញុំនៅក្រោយផ្សារចាស់ ក្បែរវត្ត", ""},
		{"within", "សំរោង", "21"}, {"code", "020401", ""},
	} {
		b.Run(in.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g.Find(in.text, in.within)
			}
		})
	}
}
