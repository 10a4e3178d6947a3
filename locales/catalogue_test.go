package locales

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestTextAndFormat(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	for _, tc := range []struct{ name, got, want string }{
		{"static", c.Text("km", "nav.leave"), "ចេញ"},
		{"facts are put in", c.Text("km", "ask.taken"), "មានអ្នកទទួលហើយ។ បើបន្ទាន់ ហៅ 1280។"},
		{"variables", c.Format("km", "sms.done", map[string]string{"code": "48213170"}), "អរគុណ។ លេខ 48213170។ ចង់ដឹងដំណឹង ផ្ញើលេខនេះមកវិញ។"},
		{"format without variables", c.Format("en", "leave", nil), "Thank you for using this."},
		{"an empty variable leaves no hole", c.Format("km", "alert.danger", map[string]string{"code": "482131", "desk": "012000100"}), "បន្ទាន់ 482131៖ ត្រូវទៅជួបឥឡូវ។ ឆ្លើយ 1 ទទួល 2 មិនអាច ឬហៅ 012000100"},
		{"an empty variable in English", c.Format("en", "alert.new", map[string]string{"code": "482131", "risk": "high"}), "New task 482131 high. Reply 1 take 2 cannot"},
		{"text of a sentence with variables", c.Text("en", "sms.place.confirm"), "?"},
		{"kh for Khmer", c.Text("kh", "nav.leave"), "ចេញ"},
		{"a longer tag", c.Text("km-KH", "nav.leave"), "ចេញ"},
		{"a longer English tag", c.Text("en-GB", "nav.leave"), "Exit"},
		{"no language", c.Text("", "nav.leave"), "ចេញ"},
		{"a language that we have not", c.Text("fr", "nav.leave"), "ចេញ"},
		{"romanised Khmer", c.Text("km-Latn", "nav.leave"), "Chenh"},
		{"romanised Khmer, as a file is named", c.Text("km-latn", "nav.leave"), "Chenh"},
		{"romanised Khmer, of the country", c.Text("kh-Latn", "nav.leave"), "Chenh"},
		{"an unknown key", c.Text("km", "no.such.key"), ""},
		{"an unknown key formatted", c.Format("km", "no.such.key", nil), ""},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, tc.got, tc.want)
		}
	}
	if c.Has("km", "no.such.key") || !c.Has("en", "leave") {
		t.Error("Has does not know what is there")
	}
	if diff := cmp.Diff([]string{"code", "desk", "when"}, c.Vars("alert.accepted")); diff != "" {
		t.Errorf("variables of alert.accepted (-want +got):\n%s", diff)
	}
	if got := c.Vars("error.down"); len(got) != 0 {
		t.Errorf("facts are not variables, got %v", got)
	}
	if diff := cmp.Diff([]string{"km", "en", "km-Latn"}, c.Languages()); diff != "" {
		t.Errorf("languages (-want +got):\n%s", diff)
	}
}

func TestDeskAsAFactNeedsNoVariable(t *testing.T) {
	t.Parallel()
	facts := testFacts()
	facts["desk"] = "012000100"
	c, err := Load(facts)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Text("en", "alert.not_yours"), "This phone number has no such code. Please check, or call 012000100."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPackReplacesAndAdds(t *testing.T) {
	t.Parallel()
	pack := fstest.MapFS{
		"km.toml":           {Data: []byte("\"leave\" = \"អរគុណ។\"\n\"learn.menu\" = \"មេរៀន៖\"\n")},
		"en.toml":           {Data: []byte("\"learn.menu\" = \"Lessons:\"\n[sms]\nhello = \"Hello. Please write.\"\n")},
		"more.km-Latn.toml": {Data: []byte("\"learn.menu\" = \"Merien:\"\n")},
		"README.md":         {Data: []byte("not a sentence")},
		"sub/x.toml":        {Data: []byte("x = 1")},
	}
	c, err := Load(testFacts(), pack, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ lang, key, want string }{
		{"km", "leave", "អរគុណ។"},
		{"en", "leave", "Thank you for using this."},
		{"km", "learn.menu", "មេរៀន៖"},
		{"en", "sms.hello", "Hello. Please write."},
	} {
		if got := c.Text(tc.lang, tc.key); got != tc.want {
			t.Errorf("%s %s: got %q, want %q", tc.lang, tc.key, got, tc.want)
		}
	}
	if faults := c.Check(); faults != nil {
		t.Errorf("faults in a good pack: %v", faults)
	}
}

// inAnotherLanguage is every English sentence of ours as a pack would give it in a language of its own, file by file.
func inAnotherLanguage(t *testing.T, lang string) fstest.MapFS {
	t.Helper()
	pack := fstest.MapFS{}
	for _, name := range ourFiles() {
		own, subject := languageOf(name)
		if own != English {
			continue
		}
		buf, err := fs.ReadFile(ours, name)
		if err != nil {
			t.Fatal(err)
		}
		pack[subject+lang+".toml"] = &fstest.MapFile{Data: []byte(strings.Replace(string(buf), `"nav.leave" = "Exit"`, `"nav.leave" = "Lao exit"`, 1))}
	}
	return pack
}

func TestPackAddsALanguage(t *testing.T) {
	t.Parallel()
	c, err := Load(testFacts(), inAnotherLanguage(t, "lo"))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Text("lo", "nav.leave"); got != "Lao exit" {
		t.Errorf("got %q", got)
	}
	if got := c.Text("km", "nav.leave"); got != "ចេញ" {
		t.Errorf("Khmer became %q", got)
	}
	if diff := cmp.Diff([]string{"km", "en", "km-Latn", "lo"}, c.Languages()); diff != "" {
		t.Errorf("languages (-want +got):\n%s", diff)
	}
	if faults := c.Check(); faults != nil {
		t.Errorf("faults in a good language: %v", faults)
	}
}

// A deployment of another country need not speak Khmer: what it leaves out is neither needed nor fallen back to.
func TestLoadOnlySomeLanguages(t *testing.T) {
	t.Parallel()
	pack := inAnotherLanguage(t, "lo")
	pack["extra.lo.toml"] = &fstest.MapFile{Data: []byte("\"club.welcome\" = \"Welcome\"\n")}
	pack["extra.en.toml"] = &fstest.MapFile{Data: []byte("\"club.welcome\" = \"Welcome\"\n")}
	c, err := LoadOnly([]string{"lo", "en"}, testFacts(), pack)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"lo", "en"}, c.Languages()); diff != "" {
		t.Errorf("languages (-want +got):\n%s", diff)
	}
	for lang, want := range map[string]string{"lo": "Lao exit", "km": "Lao exit", "": "Lao exit", "en-GB": "Exit"} {
		if got := c.Text(lang, "nav.leave"); got != want {
			t.Errorf("%q: got %q, want %q", lang, got, want)
		}
	}
	if !c.Has("lo", "club.welcome") || c.Match("km-Latn") != "lo" {
		t.Error("the pack's own language is not the one to fall back to")
	}
	if faults := c.Check(); faults != nil {
		t.Errorf("faults: %v", faults)
	}
	_, err = LoadOnly([]string{"km", "fr", "not a language"}, testFacts())
	if want := "locales:0: \"not a language\" is not a language; write a language code such as km or km-Latn\n" +
		"locales:0: the language \"fr\" has no sentences; write them in locales/fr.toml\n" +
		"locales:0: the language \"not a language\" has no sentences; write them in locales/not a language.toml"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// Every mistake that a pack can make is named by file and line, with its mend.
func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		files map[string]string
		facts map[string]string
		want  string // all of it, one fault a line
	}{
		{name: "a fact that is not given", facts: map[string]string{"police": "117"},
			want: `locales:0: the fact "child_helpline" has no value; give its number under help_numbers in pack.yaml`},
		{name: "a key missing in a language", files: map[string]string{"km.toml": "\n\"learn.menu\" = \"មេរៀន៖\"\n"},
			want: `locales/km.toml:2: learn.menu: the key is missing in the language "en"; add it to locales/en.toml` + "\n" +
				`locales/km.toml:2: learn.menu: the key is missing in the language "km-Latn"; add it to locales/km-latn.toml`},
		{name: "placeholders that differ between languages", files: map[string]string{
			"km.toml": "\"learn.code\" = \"លេខ {{.code}}\"\n", "en.toml": "# English\n\"learn.code\" = \"Number {{.number}}\"\n"},
			want: `locales/en.toml:2: learn.code: the placeholders are {{.number}}, elsewhere {{.code}}; use the same in every language` + "\n" +
				`locales/km.toml:1: learn.code: the key is missing in the language "km-Latn"; add it to locales/km-latn.toml`},
		{name: "a placeholder that ours has not", files: map[string]string{"km.toml": "\"sms.done\" = \"លេខ {{.cod}}\"\n"},
			want: `locales/km.toml:1: sms.done: the placeholders are {{.cod}}, elsewhere {{.code}}; use the same in every language`},
		{name: "a misspelt field", files: map[string]string{"km.toml": "\n[leave]\nothre = \"អរគុណ។\"\n"},
			want: `locales/km.toml:3: leave: unknown field "othre"; write other = "words"`},
		{name: "a misspelt field beside a good one", files: map[string]string{"km.toml": "[leave]\nother = \"អរគុណ។\"\ndescripton = \"x\"\n"},
			want: `locales/km.toml:3: leave: unknown field "descripton"; write other = "words"`},
		{name: "a plural form", files: map[string]string{"en.toml": "[leave]\none = \"Thanks.\"\nother = \"Thanks.\"\n"},
			want: `locales/en.toml:2: leave: the field "one" is not used here; write only other = "words"`},
		{name: "a key in a sentence's table", files: map[string]string{"en.toml": "[leave]\nother = \"Thanks.\"\nlater = \"Later.\"\n"},
			want: `locales/en.toml:3: leave.later: the field "other" and the key "later" stand in one table; write the keys flat, as "leave.later" = "words"`},
		{name: "a flat key after a table, which TOML puts inside it", files: map[string]string{"km.toml": "[leave]\nother = \"អរគុណ។\"\n\"learn.menu\" = \"មេរៀន៖\"\n"},
			want: `locales/km.toml:3: leave.learn.menu: the field "other" and the key "learn.menu" stand in one table; write the keys flat, as "leave.learn.menu" = "words"`},
		{name: "an empty sentence", files: map[string]string{"km.toml": "leave = \" \"\n"},
			want: `locales/km.toml:1: leave: the sentence is empty; write it`},
		{name: "a number", files: map[string]string{"km.toml": "leave = 7\n"},
			want: `locales/km.toml:1: leave: the value is a int64, not words; put it in quotes`},
		{name: "template words", files: map[string]string{"km.toml": "leave = \"{{if .x}}x{{end}}\"\n"},
			want: `locales/km.toml:1: leave: a placeholder is not of the form {{.name}}; write {{.name}} in small letters, with no other template words`},
		{name: "not TOML", files: map[string]string{"km.toml": "leave = \"x\"\nsend \"y\"\n"},
			want: `locales/km.toml:2: this is not TOML: expected '.' or '=', but got '"' instead; write each sentence as "key" = "words"`},
		{name: "kh for Khmer", files: map[string]string{"kh.toml": "leave = \"x\"\n"},
			want: `locales/kh.toml:0: "kh" is the country, not the language; name the file km.toml`},
		{name: "no language", files: map[string]string{"sentences-of-ours.toml": "leave = \"x\"\n"},
			want: `locales/sentences-of-ours.toml:0: "sentences-of-ours" is not a language; name the file after its language, such as km.toml or learn.km.toml`},
		{name: "a sentence in two files", files: map[string]string{"km.toml": "\n\"leave\" = \"អរគុណ។\"\n", "first.km.toml": "leave = \"អរគុណ។\"\n"},
			want: `locales/km.toml:2: leave: the sentence stands in locales/first.km.toml:1 too; write it in one of them`},
		{name: "several at once", files: map[string]string{"km.toml": "leave = \"\"\n\"learn.menu\" = \"x\"\n", "en.toml": "\"sms.done\" = \"Thanks\"\n"},
			want: "locales/en.toml:1: sms.done: the placeholders are none, elsewhere {{.code}}; use the same in every language\n" +
				"locales/km.toml:1: leave: the sentence is empty; write it\n" +
				`locales/km.toml:2: learn.menu: the key is missing in the language "en"; add it to locales/en.toml` + "\n" +
				`locales/km.toml:2: learn.menu: the key is missing in the language "km-Latn"; add it to locales/km-latn.toml`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			pack := fstest.MapFS{}
			for name, text := range tc.files {
				pack[name] = &fstest.MapFile{Data: []byte(text)}
			}
			facts := tc.facts
			if facts == nil {
				facts = testFacts()
			}
			_, err := Load(facts, pack)
			if err == nil {
				t.Fatal("loaded without a word")
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What loads may still say the wrong thing: Check names it, by file and line.
func TestCheckNamesBadWords(t *testing.T) {
	t.Parallel()
	c, err := Load(testFacts(), fstest.MapFS{
		"km.toml":      {Data: []byte("leave = \"អរគុណ ប្អូន\"\n\"report.send\" = \"ផ្ញើ ១\"\n\"sms.hello\" = \"" + strings.Repeat("ក", 71) + "\"\n")},
		"en.toml":      {Data: []byte("\n\"report.send\" = \"Send? Reply YES\"\nleave = \"The report is safe\"\n")},
		"km-latn.toml": {Data: []byte("leave = \"Orkun kon\"\n\"report.send\" = \"Phnheu – te?\"\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range c.Check() {
		got = append(got, f.Error())
	}
	want := []string{
		`locales/en.toml:2: report.send: a stranger or the network may read YES here; say it in other words`,
		`locales/en.toml:3: leave: a stranger or the network may read report, safe here; say it in other words`,
		`locales/km-latn.toml:1: leave: a stranger or the network may read kon here; say it in other words`,
		`locales/km-latn.toml:2: report.send: '–' is not in the GSM alphabet, and one such mark more than halves what a message carries; write a plain mark`,
		`locales/km.toml:1: leave: a stranger or the network may read ប្អូន here; say it in other words`,
		`locales/km.toml:2: report.send: '១' is a Khmer digit; write 0-9`,
		`locales/km.toml:3: sms.hello: 2 SMS segments; shorten it to one`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReaders(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	for key, want := range map[string]Reader{
		"leave":               Neutral | ReporterSMS,
		"error.down":          Neutral | ReporterSMS,
		"error.new_of_a_pack": Neutral,
		"report.alone":        Neutral,
		"report.alone.yes":    Neutral,
		"report.harm.child":   Inside,
		"sms.where":           ReporterSMS,
		"alert.new":           OfficerSMS,
		"risk.high":           OfficerWord,
		"place.ask":           Inside,
	} {
		if got := c.Reader(key); got != want {
			t.Errorf("%s: got %b, want %b", key, got, want)
		}
	}
}
