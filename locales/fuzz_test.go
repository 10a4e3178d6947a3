package locales

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
)

// FuzzLoad gives any text as a pack's own sentences. They are refused with faults that name what is wrong and a mend, or every sentence of ours is still
// there in every language, whole and with nothing left to fill in but what is filled in later.
func FuzzLoad(f *testing.F) {
	for _, s := range []string{"", "leave = \"ចេញ\"\n", "[leave]\nother = \"{{.child_helpline}}\"\n", "leave = \"{{.x}}\"", "x = 1", "[", "\xff", "leave = \"\"\"a\nb\"\"\"", "[a.b]\nother=\"{{if}}\""} {
		f.Add(s)
	}
	facts := map[string]string{"child_helpline": "1280", "police": "117", "desk": "012000901"}
	ours, err := Load(facts)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Load(facts, fstest.MapFS{"km.toml": {Data: []byte(text)}})
		if (c == nil) != (err != nil) {
			t.Fatalf("a catalogue %t and the error %v", c != nil, err)
		}
		if err != nil {
			var fault Fault
			if !errors.As(err, &fault) || fault.Mend == "" {
				t.Fatalf("a fault without a mend: %v", err)
			}
			return
		}
		for _, lang := range ours.Languages() {
			for _, key := range []string{"leave", "error.down", "alert.help", "sms.where"} {
				if got := c.Text(lang, key); got == "" && ours.Text(lang, key) != "" || strings.Contains(got, "<no value>") {
					t.Fatalf("%s in %s is %q", key, lang, got)
				}
			}
		}
	})
}
