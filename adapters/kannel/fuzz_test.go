package kannel

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"chumrok/adapters"
	"chumrok/adapters/adaptertest"
)

// FuzzHooks sends anything to the hooks, with the token and without it.
func FuzzHooks(f *testing.F) {
	for _, query := range []string{"id=1&from=012000201&to=1280&text=%17%80&coding=2&charset=UTF-16BE", "id=1&text=a&coding=0&charset=ISO-8859-1&at=1795341600",
		"id=1&text=1&meta=%3Fsmpp%3Fussd_service_op%3D%2501%26its_session_info%3D%25124%26", "id=1&text=&meta=%3Fsmpp%3Fussd_service_op%3D%2520",
		"id=1&type=2&reply=NACK%2F0x0b%2F", "id=1&type=16&reply=id:1 stat:UNDELIV err:011 text:012000201", "id=1&type=8&reply=ACK%2F", "id=%zz&text=%"} {
		for route := range byte(3) {
			f.Add(route, query, "", "")
		}
	}
	adaptertest.Fuzzed{Channels: []adapters.Channel{adapter(f, &adaptertest.Network{})}, Token: secret}.Fuzz(f)
}

// FuzzText: whatever Kannel says of a text's coding, it becomes whole UTF-8, and the same one each time.
func FuzzText(f *testing.F) {
	f.Add("\x17\x80\x17\x81", "2", "UTF-16BE")
	f.Add("gh\xe9", "0", "ISO-8859-1")
	f.Add("\xe1\x9e\x80", "0", "UTF-8")
	f.Fuzz(func(t *testing.T, said, coding, charset string) {
		query := url.Values{"text": {said}, "coding": {coding}, "charset": {charset}}
		if got := text(query); !utf8.ValidString(got) || got != text(query) {
			t.Errorf("%q is read as %q", query, got)
		}
		if got := reason(said); len(got) > 40 || strings.ContainsFunc(got, func(r rune) bool { return r > '~' || r < ' ' }) {
			t.Errorf("the reason %q of %q", got, said)
		}
		if at := moment(said); !at.IsZero() && at.Location().String() != "UTC" {
			t.Errorf("%q is at %v", said, at)
		}
	})
}
