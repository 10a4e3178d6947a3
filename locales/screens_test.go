package locales

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// testFacts are the deployment's facts, as long as they come.
func testFacts() map[string]string {
	return map[string]string{"child_helpline": "1280", "police": "117"}
}

func loadOurs(tb testing.TB) *Catalogue {
	tb.Helper()
	c, err := Load(testFacts())
	if err != nil {
		tb.Fatalf("loading our own sentences: %v", err)
	}
	return c
}

// longest are the longest values that a variable takes.
var longest = map[string]map[string]string{
	Khmer: {
		"code":    "482131",
		"place":   strings.Repeat("ក", 39),
		"risk":    "កម្រិតមធ្យម",
		"desk":    "0120001001",
		"when":    "ម៉ោង 11:30 ព្រឹក 22/11",
		"n":       "12",
		"tier":    "ក្រុមការងារស្រុក",
		"outcome": "សម្របសម្រួល",
		"codes":   "482131 510027 330812 771204",
		"dial":    "*1280#",
	},
	English: {
		"code":    "482131",
		"place":   strings.Repeat("W", 60),
		"risk":    "immediate",
		"desk":    "0120001001",
		"when":    "18:30 22/11",
		"n":       "12",
		"tier":    "the provincial office",
		"outcome": "settled by agreement",
		"codes":   "482131 510027 330812 771204",
		"dial":    "*1280#",
	},
	LatinKhmer: {
		"code":    "482131",
		"place":   strings.Repeat("W", 60),
		"risk":    "komret mothyom",
		"desk":    "0120001001",
		"when":    "maong 12:30 thngai 22/11",
		"n":       "12",
		"tier":    "krom karngear srok",
		"outcome": "somrobsomruol",
		"codes":   "482131 510027 330812 771204",
		"dial":    "*1280#",
	},
}

// screens is every screen as it is composed on USSD: "heading | option option", each option "number=key"; pages is how many it
// may take in Khmer (Latin letters never take more).
var screens = []struct {
	pages  int
	screen string
}{
	{1, "report.alone | 1=report.alone.yes 2=report.alone.no 3=report.alone.before"},
	{1, "report.before"},
	{1, "report.not_now |"},
	{1, "leave |"},
	{1, "error.unknown_key | 1=error.unknown_key.again"},
	{1, "error.too_long | 1=error.too_long.more 2=error.too_long.go_on"},
	{1, "error.try_again |"},
	{1, "error.down |"},
	{1, "error.down.short |"},
	{1, "report.who | 1=report.who.child 2=report.who.parent 3=report.who.neighbour 4=report.who.teacher 5=report.who.other"},
	{1, "report.who_sees | 1=nav.go_on"},
	{1, "report.assent | 1=report.assent.agree"},
	{2, "report.consent | 1=report.consent.agree"},
	{1, "report.proof | 1=nav.go_on"},
	{1, "report.danger.child | 1=report.danger.yes 2=report.danger.no 3=report.danger.unsure"},
	{1, "report.danger.adult | 1=report.danger.yes 2=report.danger.no 3=report.danger.unsure"},
	{1, "report.numbers.child | 1=report.numbers.go_on"},
	{1, "report.numbers.adult | 1=report.numbers.go_on"},
	{1, "report.self_harm.child | 1=nav.go_on"},
	{1, "report.self_harm.adult | 1=nav.go_on"},
	{1, "report.about | 1=report.about.self 2=report.about.other 3=report.about.several"},
	{1, "report.age | 1=report.age.under_6 2=report.age.6_11 3=report.age.12_14 4=report.age.15_17 5=report.age.unknown"},
	{1, "report.sex | 1=report.sex.female 2=report.sex.male 3=report.sex.skip"},
	{1, "report.by_whom | 1=report.by_whom.family 2=report.by_whom.neighbour 3=report.by_whom.teacher 4=report.by_whom.official 5=report.by_whom.unknown 6=report.by_whom.skip"},
	{1, "report.official | 1=report.official.village_chief 2=report.official.commune_chief 3=report.official.police 4=report.official.committee 5=report.official.other"},
	{1, "report.contact.child | 1=report.contact.call 2=report.contact.sms 3=report.contact.none"},
	{1, "report.contact.adult | 1=report.contact.call 2=report.contact.sms 3=report.contact.none"},
	{1, "report.phone.child | 1=report.phone.self 2=report.phone.others 3=report.phone.another"},
	{1, "report.phone.adult | 1=report.phone.ok 2=report.phone.another 3=report.phone.none"},
	{1, "report.number |"},
	{1, "report.number.bad | 1=nav.go_on"},
	{1, "report.when | 1=report.when.morning 2=report.when.noon 3=report.when.afternoon 4=report.when.evening 5=report.when.any"},
	{1, "report.more.child | 1=report.more.skip"},
	{1, "report.more.adult | 1=report.more.skip"},
	{1, "report.told.child | 1=report.told.ok 2=report.told.not_them"},
	{1, "report.told.adult | 1=report.told.ok 2=report.told.not_them"},
	{1, "report.told_sexual.child | 1=report.told_sexual.ok 2=report.told_sexual.not_them"},
	{1, "report.told_sexual.adult | 1=report.told_sexual.ok 2=report.told_sexual.not_them"},
	{1, "report.told_district.child | 1=report.told_district.ok 2=report.told_district.not_them"},
	{1, "report.told_district.adult | 1=report.told_district.ok 2=report.told_district.not_them"},
	{1, "report.told_province.child | 1=report.told_province.ok 2=report.told_province.not_them"},
	{1, "report.told_province.adult | 1=report.told_province.ok 2=report.told_province.not_them"},
	{1, "report.not_committee | 1=nav.go_on"},
	{1, "report.not_district | 1=nav.go_on"},
	{1, "report.not_province | 1=nav.go_on"},
	{1, "report.send | 1=report.send.send 2=report.send.back"},
	{1, "report.kind.child | 1=nav.go_on"},
	{1, "report.kind.adult | 1=nav.go_on"},
	{1, "report.code | 1=nav.go_on"},
	{1, "report.end |"},
	{1, "place.ask | 1=place.ask.list"},
	{1, "place.many | 1=place.many.list"},
	{1, "place.not_found | 1=place.not_found.again 2=place.not_found.list 3=place.not_found.unknown"},
	{1, "place.confirm | 1=place.confirm.yes 2=place.confirm.no"},
	{6, harms("child")},
	{6, harms("adult")},
	{1, "report.bullying.child | 1=nav.go_on"},
	{1, "report.bullying.adult | 1=nav.go_on"},
	{1, "menu.heading | 1=menu.report 2=menu.learn 3=menu.ask"},
	{1, "menu.heading | 1=menu.report 2=menu.learn 3=menu.ask 4=menu.duty"},
	{1, "ask.code |"},
	{1, "ask.received |"},
	{1, "ask.taken |"},
	{1, "ask.closed |"},
	{1, "ask.call |"},
	{1, "learn.heading | 1=learn.for_child 2=learn.for_parent"},
	{3, lessons("child")},
	{3, lessons("parent")},
	{1, "learn.daily | 1=learn.daily.yes 2=learn.daily.no"},
	{1, "learn.daily.safe | 1=learn.daily.safe.yes 2=learn.daily.safe.no"},
	{1, "learn.daily.ok | 1=nav.go_on"},
	{1, "learn.daily.not_safe | 1=nav.go_on"},
	{1, "duty.pin |"},
	{1, "duty.wrong |"},
	{1, "duty.locked |"},
	{1, "duty.no_pin |"},
	{1, "duty.menu | 1=duty.menu.list 2=duty.menu.away"},
	{1, "duty.none | 1=nav.go_on"},
	{1, "duty.one | 1=duty.one.details 2=duty.one.accept 3=duty.one.cannot 4=duty.one.seen 5=duty.one.outcome"},
	{1, "duty.cannot | 1=duty.cannot.away 2=duty.cannot.connected 3=duty.cannot.wrong 4=duty.cannot.other"},
	{2, "duty.outcome | 1=duty.outcome.helped 2=duty.outcome.referred 3=duty.outcome.not_found 4=duty.outcome.no_problem 5=duty.outcome.settled 6=duty.outcome.other"},
	{1, "duty.done | 1=nav.go_on"},
	{2, "duty.accepted | 1=nav.go_on"},
	{1, "duty.next | 1=nav.go_on"},
	{1, "duty.review | 1=nav.go_on"},
	{1, "duty.taken | 1=nav.go_on"},
	{1, "duty.gone | 1=nav.go_on"},
	{1, "duty.away |"},
	{1, "duty.away.done | 1=nav.go_on"},
	{1, "detail.advice |"},
}

// lessonPages is how many pages a lesson may take: three thoughts.
const lessonPages = 3

func lessons(audience string) string {
	screen := "learn." + audience + ".menu |"
	for n := 1; n <= 8; n++ {
		// The eighth has key 11: 8 is "back" at every screen.
		key := n
		if n > 7 {
			key += 3
		}
		screen += fmt.Sprintf(" %d=learn.%s.%d.title", key, audience, n)
	}
	return screen
}

func harms(voice string) string {
	var b strings.Builder
	b.WriteString("report.harm." + voice + " |")
	for i, h := range strings.Fields("physical sexual emotional neglect labour trafficking marriage online bullying institution lost shelter self_harm other") {
		n := i + 1
		if n > 7 {
			n += 3
		}
		fmt.Fprintf(&b, " %d=report.harm.%s.%s", n, h, voice)
	}
	return b.String()
}

// compose makes a screen of the table into the menu that a phone would get.
func compose(t *testing.T, c *Catalogue, lang, screen string) Menu {
	t.Helper()
	heading, options, _ := strings.Cut(screen, "|")
	get := func(key string) string {
		if !c.Has(lang, key) {
			t.Errorf("%s: the key %s is missing", lang, key)
		}
		vars := longest[lang]
		if key == "report.code" {
			vars = map[string]string{"code": "48213170"}
		}
		return c.Format(lang, key, vars)
	}
	key := strings.TrimSpace(heading)
	m := Menu{
		Heading:   get(key),
		Leave:     "0 " + get("nav.leave"),
		More:      "9 " + get("nav.more"),
		Leaveable: true,
	}
	switch key {
	case "leave", "report.not_now", "error.try_again", "error.down", "error.down.short", "report.end":
		m.Leaveable = false
	}
	for _, o := range strings.Fields(options) {
		n, key, _ := strings.Cut(o, "=")
		m.Options = append(m.Options, Option{Key: n, Text: get(key)})
	}
	return m
}

func TestEveryScreenFits(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	for _, lang := range c.Languages() {
		for _, s := range screens {
			pages := Pages(compose(t, c, lang, s.screen), USSD)
			if len(pages) > s.pages {
				t.Errorf("%s: %s: %d pages, want at most %d:\n%s", lang, s.screen, len(pages), s.pages, strings.Join(pages, "\n--\n"))
			}
			for i, page := range pages {
				if enc, n := Measure(page); !Fits(page, USSD) {
					t.Errorf("%s: %s: page %d has %d of %s", lang, s.screen, i+1, n, enc)
				}
			}
			if testing.Verbose() {
				_, n := Measure(pages[0])
				t.Log(lang, len(pages), n, strings.TrimSpace(strings.Split(s.screen, "|")[0]))
			}
		}
	}
}

// A lesson is short, and each of its lines is a page of its own or shares one: no page begins in the middle of a thought.
func TestLessonsAreReadAThoughtAtATime(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	for _, lang := range c.Languages() {
		nav := Menu{
			Options: []Option{{Key: "1", Text: c.Text(lang, "nav.go_on")}},
			Leave:   "0 " + c.Text(lang, "nav.leave"), More: "9 " + c.Text(lang, "nav.more"), Leaveable: true,
		}
		for _, audience := range []string{"child", "parent"} {
			for n := 1; n <= 8; n++ {
				key := fmt.Sprintf("learn.%s.%d.text", audience, n)
				m := nav
				m.Heading = c.Text(lang, key)
				lines := strings.Split(m.Heading, "\n")
				pages := Pages(m, USSD)
				if len(pages) > lessonPages || len(pages) > len(lines) {
					t.Errorf("%s: %s has %d pages for %d thoughts", lang, key, len(pages), len(lines))
				}
				for _, page := range pages {
					first, _, _ := strings.Cut(page, "\n")
					if !slices.Contains(lines, first) {
						t.Errorf("%s: %s: the page %q begins in the middle of a thought", lang, key, page)
					}
				}
			}
		}
	}
}
