package locales

import (
	"fmt"
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
error.down error.down.short error.cannot_read error.not_understood
report.language.km report.language.en report.alone report.alone.yes report.alone.no report.alone.before report.before report.not_now
report.who report.who.child report.who.parent report.who.neighbour report.who.teacher report.who.other
report.who_sees report.assent report.assent.agree report.consent report.consent.agree report.proof
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
alert.reminder alert.nobody_there alert.hold_yours alert.digest alert.drill alert.drill_thanks
risk.immediate risk.high risk.medium risk.low
tier.committee tier.district_office tier.district_committee tier.province_office tier.province_committee tier.desk
tier.police tier.helpline tier.partner tier.emergency
menu.heading menu.report menu.learn menu.ask menu.duty ask.code ask.received ask.taken ask.closed ask.call
ask.menu ask.menu.news ask.menu.write ask.menu.erase ask.write ask.written ask.proof ask.wished alert.added detail.added
sms.news.taken sms.status.received sms.status.taken sms.status.closed report.language.km_latn report.bullying.child
report.bullying.adult learn.heading learn.for_child learn.for_parent learn.child.menu learn.parent.menu learn.daily
learn.daily.yes learn.daily.no learn.daily.safe learn.daily.safe.yes learn.daily.safe.no learn.daily.ok
learn.daily.not_safe duty.pin duty.wrong duty.locked duty.no_pin duty.menu duty.menu.list duty.menu.away duty.list
duty.none duty.one duty.one.details duty.one.accept duty.one.cannot duty.one.seen duty.one.outcome duty.cannot
duty.cannot.away duty.cannot.connected duty.cannot.wrong duty.cannot.other duty.outcome duty.outcome.helped
duty.outcome.referred duty.outcome.not_found duty.outcome.no_problem duty.outcome.settled duty.outcome.other duty.done
duty.accepted duty.next duty.review duty.taken duty.gone duty.away duty.away.done detail.harm detail.about
detail.about.several detail.age detail.sex detail.by detail.place detail.danger
detail.urgent detail.story detail.more detail.contact detail.contact.call detail.contact.sms detail.contact.none
detail.advice
alert.remind_seen alert.remind_outcome alert.remind_review alert.late_owner alert.late_seen alert.late_outcome
alert.review alert.review_back alert.returned outcome.settled outcome.not_found outcome.false_alarm
duty.one.hand_on duty.one.agree duty.one.refuse duty.outcome.at_home duty.outcome.with_kin duty.outcome.medical
duty.outcome.police duty.note duty.note.skip`

const harmsWanted = "physical sexual emotional neglect labour trafficking marriage online bullying institution lost shelter self_harm other"

func TestEveryKeyIsThereInEveryLanguage(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	want := strings.Fields(keysWanted)
	for _, h := range strings.Fields(harmsWanted) {
		want = append(want, "report.harm."+h+".child", "report.harm."+h+".adult", "detail.harm."+h)
	}
	for _, audience := range []string{"child", "parent"} {
		for n := 1; n <= 8; n++ {
			lesson := fmt.Sprintf("%s.%d", audience, n)
			want = append(want, "learn."+lesson+".title", "learn."+lesson+".text", "sms.lesson."+lesson)
		}
	}
	for _, lang := range []string{Khmer, English, LatinKhmer} {
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

// A stranger may know the help numbers, so an exposed sentence names them only where something is urgent, and says that it is.
func TestExposedSentencesNameHelpNumbersOnlyWhereUrgent(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	named := 0
	for _, key := range c.Keys() {
		text := c.Text(English, key)
		if !c.Reader(key).Exposed() || !strings.Contains(text, "1280") && !strings.Contains(text, "117") {
			continue
		}
		named++
		if key != "sms.urgent.numbers" && !strings.Contains(text, "If it is urgent") {
			t.Errorf("%s names a help number to whoever picks the phone up, and nothing is urgent: %q", key, text)
		}
	}
	if named == 0 {
		t.Error("no exposed sentence names a help number, not even where something is urgent")
	}
}

var khmerLine = regexp.MustCompile(`^"([^"]+)" = "(.*)"$`)

// A reader who does not know Khmer judges the sentences by their back-translations, so each has its own.
func TestEveryKhmerSentenceHasItsBackTranslation(t *testing.T) {
	t.Parallel()
	seen := 0
	files, _ := khmerSources(t)
	for _, name := range files {
		buf, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(buf), "\n")
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
				t.Errorf("%s:%d: %s has no back-translation; write a line \"# back: …\" above it", name, i+1, m[1])
				continue
			}
			for _, v := range varsOf(m[2]) {
				if !strings.Contains(lines[j], "{"+v+"}") {
					t.Errorf("%s:%d: the back-translation of %s does not show {%s}", name, j+1, m[1], v)
				}
			}
			if pages := strings.Count(m[2], `\n`); pages > 0 && strings.Count(lines[j], " | ") != pages {
				t.Errorf("%s:%d: the back-translation of %s does not show its lines; put \" | \" between them", name, j+1, m[1])
			}
		}
	}
	if c := loadOurs(t); seen != len(c.Keys()) {
		t.Errorf("found %d sentences in the Khmer files, the catalogue has %d; write one sentence a line", seen, len(c.Keys()))
	}
}

// One Khmer letter makes a screen in Latin letters less than half as long, and a box on a phone without Khmer.
func TestLatinLettersAreGSM7(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	for _, lang := range []string{English, LatinKhmer} {
		for _, key := range c.Keys() {
			if key == "report.language.km" || key == "nav.leave_both" {
				continue
			}
			if text := c.Text(lang, key); !isGSM7(text) {
				t.Errorf("%s: %s: %q does not travel as GSM-7", lang, key, text)
			}
		}
	}
}

func isGSM7(text string) bool {
	enc, _ := Measure(text)
	return enc == GSM7
}

// The language screen is shown before the language is known, so it is the same in every file.
func TestLanguageScreenIsOne(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	for _, key := range sameInAll {
		for _, lang := range c.Languages() {
			if km, other := c.Text(Khmer, key), c.Text(lang, key); km != other {
				t.Errorf("%s is %q in Khmer and %q in %s", key, km, other, lang)
			}
		}
	}
	screen := "1 " + c.Text(Khmer, "report.language.km") + "\n2 " + c.Text(Khmer, "report.language.en") +
		"\n3 " + c.Text(Khmer, "report.language.km_latn") + "\n0 " + c.Text(Khmer, "nav.leave_both")
	if !Fits(screen, USSD) {
		t.Errorf("the language screen does not fit: %q", screen)
	}
}

// smsLines are the messages to a caller as they are composed; %place is the longest commune, district and province,
// %district the longest district.
var smsLines = []string{
	"sms.hello", "sms.where", "sms.place.many", "sms.place.not_found", "sms.urgent.numbers", "sms.done", "sms.call", "leave",
	"error.down", "error.down.short", "error.cannot_read", "error.not_understood", "sms.status.received", "sms.status.taken", "sms.status.closed",
	"sms.place.confirm | 1=place.confirm.yes 2=place.confirm.no 0=nav.leave",
	"sms.place.same_name | 1=%district 2=%district 3=place.same_name.neither 0=nav.leave",
	"sms.urgent | 1=sms.urgent.yes 2=sms.urgent.no 0=nav.leave",
	"sms.contact | 1=sms.contact.call 2=sms.contact.sms 3=sms.contact.none 0=nav.leave",
	"sms.when | 1=sms.when.morning 2=sms.when.noon 3=sms.when.afternoon 4=sms.when.evening 5=sms.when.any 0=nav.leave",
}

func TestEverySMSToACallerIsOneSegment(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	districts := map[string]string{Khmer: strings.Repeat("ក", 18), English: strings.Repeat("W", 24), LatinKhmer: strings.Repeat("W", 24)}
	lines := slices.Clone(smsLines)
	for _, key := range c.Keys() {
		if strings.HasPrefix(key, "sms.lesson.") {
			lines = append(lines, key)
		}
	}
	for _, lang := range c.Languages() {
		for _, composed := range lines {
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

// Whoever asks for a code hears the same in a call and in a message, and of every unknown code the same.
func TestAskAndStatusSayTheSame(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	for _, lang := range c.Languages() {
		for ask, sms := range map[string]string{"ask.received": "sms.status.received", "ask.taken": "sms.status.taken", "ask.call": "sms.call"} {
			if c.Text(lang, ask) != c.Text(lang, sms) {
				t.Errorf("%s: %s is %q, %s is %q", lang, ask, c.Text(lang, ask), sms, c.Text(lang, sms))
			}
		}
	}
}
