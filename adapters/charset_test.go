package adapters_test

import (
	"testing"
	"unicode/utf8"

	"chumrok/adapters"
)

func TestDecodeBelievesTheTextBeforeItsLabel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, charset, want string }{
		{"គេវាយ", "", "គេវាយ"},
		{"គេវាយ", "utf-8", "គេវាយ"},
		{"គេវាយ", "iso-8859-1", "គេវាយ"},
		{"គេវាយ", "nonsense", "គេវាយ"},
		{"caf\xe9", "ISO-8859-1", "café"},
		{"caf\xe9", "windows-1252", "café"},
		{"caf\xe9", "nonsense", "caf�"},
		{"\x17\x80\x17\x81", "UTF-16BE", "កខ"},
		{"\x17\x80\x17\x81", "utf-16", "កខ"},
		{"\x80\x17\x81\x17", "utf-16le", "កខ"},
		{"\xff\xfe\x80\x17\x81\x17", "utf-16be", "កខ"},
		{"\x17\x80\x17\x81", " ISO-10646-UCS-2 ", "កខ"},
		{"\x00a\x00b\x00", "ucs-2", "ab�"},
		{"\xd8\x3d\xde\x22", "utf-16", "😢"},
		{"\x17\x80\x00 \x17\x81", "", "ក ខ"},
		{"\x80\x17\x81\x17", "", "កខ"},
		{"\x17\x80\x17\x81\x17", "", "\x17�\x17�\x17"},
		{"គេវាយ 1", "utf-16", "គេវាយ 1"},
		{"1", "utf-16", "1"},
	} {
		if got := adapters.Decode(c.raw, c.charset); got != c.want {
			t.Errorf("Decode(%q, %q) = %q, want %q", c.raw, c.charset, got, c.want)
		}
	}
}

func TestBodyReadsUTF16(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"":                                   "",
		"a":                                  "a",
		"text=1":                             "text=1",
		"\xef\xbb\xbf{}":                     "{}",
		"\x00t\x00=\x17\x80":                 "t=ក",
		"t\x00=\x00\x80\x17":                 "t=ក",
		"\xfe\xff\x00t\x00=\x17\x80":         "t=ក",
		"\xff\xfet\x00=\x00\x80\x17":         "t=ក",
		"text=caf\xe9":                       "text=caf\xe9",
		"\x00\x00":                           "\x00\x00",
		"\xff\xfe{\x00}\x00\x20\x00\x0d\x0a": "{} \u0a0d",
	} {
		if got := string(adapters.Body([]byte(raw))); got != want {
			t.Errorf("Body(%q) = %q, want %q", raw, got, want)
		}
	}
}

func TestCharset(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": "", "text/plain": "", "text/plain; charset=UTF-8": "utf-8", `application/json; charset="utf-16"`: "utf-16",
		"text/plain; charset=": "", ";;;": "",
	} {
		if got := adapters.Charset(value); got != want {
			t.Errorf("Charset(%q) = %q, want %q", value, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("គេវាយ", "utf-16")
	f.Add("caf\xe9", "iso-8859-1")
	f.Fuzz(func(t *testing.T, raw, charset string) {
		if got := adapters.Decode(raw, charset); !utf8.ValidString(got) {
			t.Errorf("Decode(%q, %q) = %q, which is no UTF-8", raw, charset, got)
		}
		adapters.Body([]byte(raw))
	})
}
