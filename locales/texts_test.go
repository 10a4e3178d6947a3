package locales

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// keysWanted are the keys that other packages ask for; a pack may add more, none of these may go.
const keysWanted = `
nav.leave nav.more nav.back nav.leave_both nav.go_on sms.reply leave
error.unknown_key error.unknown_key.again error.too_long error.too_long.more error.too_long.go_on error.try_again
error.down error.cannot_read error.not_understood
report.language.km report.language.en report.alone report.alone.yes report.alone.no report.not_now
report.who report.who.child report.who.parent report.who.neighbour report.who.teacher report.who.other
report.who_sees report.assent report.assent.agree report.consent report.consent.agree
report.danger.child report.danger.adult report.danger.yes report.danger.no report.danger.unsure
report.numbers.child report.numbers.adult report.numbers.go_on report.harm.child report.harm.adult
report.self_harm.child report.self_harm.adult
report.about report.about.self report.about.other report.about.several
report.age report.age.under_6 report.age.6_11 report.age.12_14 report.age.15_17 report.age.unknown
report.sex report.sex.female report.sex.male report.sex.skip
report.by_whom report.by_whom.family report.by_whom.neighbour report.by_whom.teacher report.by_whom.official
report.by_whom.unknown report.by_whom.skip
report.official report.official.village_chief report.official.commune_chief report.official.police
report.official.committee report.official.other
report.contact.child report.contact.adult report.contact.call report.contact.sms report.contact.none
report.phone.child report.phone.adult report.phone.self report.phone.others report.phone.another report.phone.ok
report.phone.none report.number report.number.bad
report.when report.when.morning report.when.noon report.when.afternoon report.when.evening report.when.any
report.more.child report.more.adult report.more.skip
report.told.child report.told.adult report.told.ok report.told.not_them
report.told_sexual.child report.told_sexual.adult report.told_sexual.ok report.told_sexual.not_them
report.told_district.child report.told_district.adult report.told_district.ok report.told_district.not_them
report.told_province.child report.told_province.adult report.told_province.ok report.told_province.not_them
report.not_committee report.not_district report.not_province
report.send report.send.send report.send.back report.kind.child report.kind.adult report.code report.end
place.ask place.ask.list place.province place.district place.commune place.same_name place.same_name.neither
place.many place.many.list place.not_found place.not_found.again place.not_found.list place.not_found.unknown
place.confirm place.confirm.yes place.confirm.no
sms.hello sms.where sms.place.confirm sms.place.same_name sms.place.many sms.place.not_found
sms.urgent sms.urgent.yes sms.urgent.no sms.urgent.numbers
sms.contact sms.contact.call sms.contact.sms sms.contact.none
sms.when sms.when.morning sms.when.noon sms.when.afternoon sms.when.evening sms.when.any sms.done sms.call
alert.new alert.danger alert.again alert.next_tier alert.passed_up alert.accepted alert.decline_why alert.declined
alert.seen alert.outcome_which alert.outcome_kept alert.outcome_review alert.several alert.not_understood alert.help
alert.already_taken alert.not_yours alert.withdrawn alert.wrong_commune alert.hold alert.hold_danger alert.hold_taken
alert.reminder
risk.immediate risk.high risk.medium risk.low
tier.committee tier.district_office tier.district_committee tier.province_office tier.province_committee tier.desk
tier.police tier.helpline tier.partner tier.emergency`

const harmsWanted = "physical sexual emotional neglect labour trafficking marriage online bullying institution lost shelter self_harm other"

func TestEveryKeyIsThereInBothLanguages(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	want := strings.Fields(keysWanted)
	for _, h := range strings.Fields(harmsWanted) {
		want = append(want, "report.harm."+h+".child", "report.harm."+h+".adult")
	}
	for _, lang := range []string{Khmer, English} {
		for _, key := range want {
			if c.Text(lang, key) == "" {
				t.Errorf("%s: %s has no sentence", lang, key)
			}
		}
	}
	for _, key := range c.Keys() {
		if !slices.Contains(want, key) {
			t.Errorf("%s is a sentence that nobody asks for", key)
		}
	}
}

// The words themselves: written form, word lists, swallowed words, segments without values.
func TestOurSentencesPassTheirOwnCheck(t *testing.T) {
	t.Parallel()
	for _, f := range loadOurs(t).Check() {
		t.Error(f)
	}
}

func TestExposedSentencesSayNothing(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	exposed := 0
	for _, key := range c.Keys() {
		r := c.Reader(key)
		for _, lang := range c.Languages() {
			text := c.Text(lang, key)
			if bad := Lint(lang, text, r); bad != nil {
				t.Errorf("%s: %s: %q holds %v", lang, key, text, bad)
			}
			// An officer's SMS lies open on a phone too: it keeps to the same list.
			if r&(OfficerSMS|OfficerWord) != 0 {
				if bad := Lint(lang, text, Neutral); bad != nil {
					t.Errorf("%s: %s: %q holds %v", lang, key, text, bad)
				}
			}
		}
		if r.Exposed() {
			exposed++
		}
	}
	if exposed < 40 {
		t.Errorf("only %d exposed sentences; readers.toml has lost some", exposed)
	}
}

var khmerLine = regexp.MustCompile(`^"([^"]+)" = "(.*)"$`)

// A reader who does not know Khmer judges the sentences by their back-translations, so each has its own.
func TestEveryKhmerSentenceHasItsBackTranslation(t *testing.T) {
	t.Parallel()
	buf, err := os.ReadFile("km.toml")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(buf), "\n")
	seen := 0
	for i, line := range lines {
		m := khmerLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		seen++
		j := i - 1
		for j >= 0 && strings.HasPrefix(lines[j], "# unsure: ") {
			j--
		}
		if j < 0 || !strings.HasPrefix(lines[j], "# back: ") {
			t.Errorf("km.toml:%d: %s has no back-translation; write a line \"# back: …\" above it", i+1, m[1])
			continue
		}
		for _, v := range varsOf(m[2]) {
			if !strings.Contains(lines[j], "{"+v+"}") {
				t.Errorf("km.toml:%d: the back-translation of %s does not show {%s}", j+1, m[1], v)
			}
		}
	}
	if c := loadOurs(t); seen != len(c.Keys()) {
		t.Errorf("found %d sentences in km.toml, the catalogue has %d; write one sentence a line", seen, len(c.Keys()))
	}
}

// One Khmer letter makes an English screen less than half as long.
func TestEnglishIsGSM7(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	for _, key := range c.Keys() {
		if key == "report.language.km" || key == "nav.leave_both" {
			continue
		}
		if text := c.Text(English, key); !isGSM7(text) {
			t.Errorf("%s: %q does not travel as GSM-7", key, text)
		}
	}
}

func isGSM7(text string) bool {
	enc, _ := Measure(text)
	return enc == GSM7
}

// The language screen is shown before the language is known, so it is the same in both files.
func TestLanguageScreenIsOne(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	for _, key := range []string{"report.language.km", "report.language.en", "nav.leave_both"} {
		if km, en := c.Text(Khmer, key), c.Text(English, key); km != en {
			t.Errorf("%s is %q in Khmer and %q in English", key, km, en)
		}
	}
	screen := "1 " + c.Text(Khmer, "report.language.km") + "\n2 " + c.Text(Khmer, "report.language.en") + "\n0 " + c.Text(Khmer, "nav.leave_both")
	if !Fits(screen, USSD) {
		t.Errorf("the language screen does not fit: %q", screen)
	}
}

// smsLines are the messages to a caller as they are composed; %place is the longest commune, district and province,
// %district the longest district.
var smsLines = []string{
	"sms.hello", "sms.where", "sms.place.many", "sms.place.not_found", "sms.urgent.numbers", "sms.done", "sms.call", "leave",
	"error.down", "error.cannot_read", "error.not_understood",
	"sms.place.confirm | 1=place.confirm.yes 2=place.confirm.no 0=nav.leave",
	"sms.place.same_name | 1=%district 2=%district 3=place.same_name.neither 0=nav.leave",
	"sms.urgent | 1=sms.urgent.yes 2=sms.urgent.no 0=nav.leave",
	"sms.contact | 1=sms.contact.call 2=sms.contact.sms 3=sms.contact.none 0=nav.leave",
	"sms.when | 1=sms.when.morning 2=sms.when.noon 3=sms.when.afternoon 4=sms.when.evening 5=sms.when.any 0=nav.leave",
}

func TestEverySMSToACallerIsOneSegment(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	districts := map[string]string{Khmer: strings.Repeat("ក", 18), English: strings.Repeat("W", 24)}
	for _, lang := range c.Languages() {
		for _, composed := range smsLines {
			heading, options, menu := strings.Cut(composed, " | ")
			text := c.Format(lang, heading, map[string]string{"code": "48213170", "place": longest[lang]["place"]})
			if menu {
				text += " " + c.Text(lang, "sms.reply")
			}
			for _, o := range strings.Fields(options) {
				n, key, _ := strings.Cut(o, "=")
				words := c.Text(lang, key)
				if key == "%district" {
					words = districts[lang]
				}
				text += " " + n + " " + words
			}
			enc, n := Measure(text)
			if got := SMSSegments(text); got != 1 {
				t.Errorf("%s: %d segments, %d of %s: %q", lang, got, n, enc, text)
			}
			if testing.Verbose() {
				t.Log(lang, n, text)
			}
		}
	}
}

func TestEverySMSToAnOfficerIsTwoSegments(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	for _, lang := range c.Languages() {
		for _, key := range c.Keys() {
			if c.Reader(key)&OfficerSMS == 0 {
				continue
			}
			text := c.Format(lang, key, longest[lang])
			if enc, n := Measure(text); !Fits(text, TwoSegments) || SMSSegments(text) > 2 {
				t.Errorf("%s: %s: %d of %s: %q", lang, key, n, enc, text)
			} else if testing.Verbose() {
				t.Log(lang, key, n)
			}
			for _, v := range c.Vars(key) {
				if longest[lang][v] == "" {
					t.Errorf("%s: {{.%s}} is a variable that nobody fills", key, v)
				}
			}
		}
	}
}

// An officer of one commune is not told its name: the hole leaves no trace.
func TestAlertWithoutPlaceReadsWell(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	for _, lang := range c.Languages() {
		for _, key := range c.Keys() {
			if c.Reader(key)&OfficerSMS == 0 {
				continue
			}
			vars := map[string]string{}
			for k, v := range longest[lang] {
				vars[k] = v
			}
			vars["place"] = ""
			text := c.Format(lang, key, vars)
			for _, hole := range []string{"  ", " ។", " ៖", " .", " ,", " :", "{{", "<no value>", "\x00"} {
				if strings.Contains(text, hole) {
					t.Errorf("%s: %s without a place: %q has %q", lang, key, text, hole)
				}
			}
		}
	}
}
