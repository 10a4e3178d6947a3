package locales

import (
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

var sink string

func BenchmarkText(b *testing.B) {
	c := loadOurs(b)
	b.ReportAllocs()
	for b.Loop() {
		sink = c.Text(Khmer, "report.danger.child")
	}
}

func BenchmarkFormat(b *testing.B) {
	c := loadOurs(b)
	vars := map[string]string{"code": "482131", "place": "ឃុំបាណន់", "risk": "កម្រិតខ្ពស់"}
	b.ReportAllocs()
	for b.Loop() {
		sink = c.Format(Khmer, "alert.new", vars)
	}
}

// BenchmarkFormatByI18n is the road not taken: the same sentence rendered by go-i18n each time.
func BenchmarkFormatByI18n(b *testing.B) {
	bundle := i18n.NewBundle(language.MustParse(Khmer))
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	if _, err := bundle.LoadMessageFileFS(ours, "km.toml"); err != nil {
		b.Fatal(err)
	}
	l := i18n.NewLocalizer(bundle, Khmer)
	vars := map[string]string{"code": "482131", "place": "ឃុំបាណន់", "risk": "កម្រិតខ្ពស់"}
	b.ReportAllocs()
	for b.Loop() {
		s, err := l.Localize(&i18n.LocalizeConfig{MessageID: "alert.new", TemplateData: vars})
		if err != nil {
			b.Fatal(err)
		}
		sink = s
	}
}

func BenchmarkPages(b *testing.B) {
	c := loadOurs(b)
	menu := func(keys ...string) Menu {
		m := Menu{Heading: c.Text(Khmer, keys[0]), Leave: "0 ចេញ", More: "9 ទៀត", Leaveable: true}
		for i, k := range keys[1:] {
			m.Options = append(m.Options, Option{Key: string(rune('1' + i)), Text: c.Text(Khmer, k)})
		}
		return m
	}
	for name, m := range map[string]Menu{
		"one":   menu("report.danger.child", "report.danger.yes", "report.danger.no", "report.danger.unsure"),
		"three": menu("report.harm.child", "report.harm.physical.child", "report.harm.sexual.child", "report.harm.emotional.child", "report.harm.neglect.child", "report.harm.labour.child", "report.harm.trafficking.child", "report.harm.marriage.child"),
		"text":  {Heading: c.Text(Khmer, "report.code") + " " + c.Text(Khmer, "report.consent") + " " + c.Text(Khmer, "report.kind.child"), More: "9 ទៀត"},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sink = Pages(m, USSD)[0]
			}
		})
	}
}

func BenchmarkMeasure(b *testing.B) {
	c := loadOurs(b)
	text := c.Text(Khmer, "report.danger.child")
	for b.Loop() {
		if _, n := Measure(text); n == 0 {
			b.Fatal("nothing")
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		loadOurs(b)
	}
}
