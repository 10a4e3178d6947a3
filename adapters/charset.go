package adapters

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Text returns a message's text as whole UTF-8: one that begins with the mark of UTF-16 is read as that, and of any other
// each run of bytes that is no UTF-8 becomes one U+FFFD. Nothing else changes, since an authentic message is kept
// whatever it says.
func Text(raw string) string { return Decode(raw, "") }

// Decode returns a message's text as whole UTF-8, as Text does, where the provider names a charset. The text knows better
// than its name: what is UTF-8 stays, since many providers send it under another name. What is not is read as UTF-16 where
// that is named or all of it is Khmer then, and as Latin-1 where that is named. No text with a Khmer or a Latin letter in UTF-16 passes for UTF-8: the one is no UTF-8,
// the other is full of zeros.
func Decode(raw, charset string) string {
	switch charset = strings.ToLower(strings.TrimSpace(charset)); {
	case strings.HasPrefix(raw, "\xfe\xff"), strings.HasPrefix(raw, "\xff\xfe"):
		return fromUTF16(raw, false)
	case named16(charset) && (!utf8.ValidString(raw) || strings.Contains(raw, "\x00")):
		return fromUTF16(raw, strings.HasSuffix(charset, "le"))
	case utf8.ValidString(raw):
		return raw
	case isKhmer16(raw, false):
		return fromUTF16(raw, false)
	case isKhmer16(raw, true):
		return fromUTF16(raw, true)
	case charset == "iso-8859-1", charset == "latin1", charset == "windows-1252":
		if text, err := charmap.Windows1252.NewDecoder().String(raw); err == nil {
			return text
		}
	}
	return strings.ToValidUTF8(raw, "�")
}

func named16(charset string) bool {
	return strings.HasPrefix(charset, "utf-16") || strings.HasSuffix(charset, "ucs-2") || charset == "ucs2"
}

// isKhmer16 says whether raw, read as UTF-16, is Khmer with at most plain Latin between: no other text looks like that, for
// every Khmer letter has the byte 0x17 in it, which nobody types.
func isKhmer16(raw string, little bool) bool {
	khmer := false
	for _, r := range fromUTF16(raw, little) {
		switch {
		case r >= 'ក' && r <= '៿':
			khmer = true
		case r >= ' ' && r <= '~', r == '\n', r == '\r', r >= '\u200b' && r <= '\u200d':
		default:
			return false
		}
	}
	return khmer
}

// fromUTF16 reads UTF-16, whose mark at the beginning tells the order of the bytes better than its name.
func fromUTF16(raw string, little bool) string {
	if rest, ok := strings.CutPrefix(raw, "\xff\xfe"); ok {
		raw, little = rest, true
	} else if rest, ok := strings.CutPrefix(raw, "\xfe\xff"); ok {
		raw, little = rest, false
	}
	units := make([]uint16, 0, len(raw)/2+1)
	for ; len(raw) >= 2; raw = raw[2:] {
		high, low := raw[0], raw[1]
		if little {
			high, low = low, high
		}
		units = append(units, uint16(high)<<8|uint16(low))
	}
	if raw != "" { // half a unit
		units = append(units, utf8.RuneError)
	}
	return string(utf16.Decode(units))
}

// Body returns the body of a form or of JSON as the bytes that a parser reads. A body in UTF-16 becomes UTF-8: it begins
// with a mark or has a zero byte among its first two, which no other has. The mark of UTF-8, which parsers refuse, goes.
func Body(raw []byte) []byte {
	switch {
	case bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")):
		return raw[3:]
	case bytes.HasPrefix(raw, []byte("\xfe\xff")), bytes.HasPrefix(raw, []byte("\xff\xfe")),
		len(raw) > 1 && (raw[0] == 0) != (raw[1] == 0):
		return []byte(fromUTF16(string(raw), len(raw) > 1 && raw[1] == 0))
	}
	return raw
}

// Charset is the name in a Content-Type, in lower case; "" where there is none.
func Charset(contentType string) string {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return strings.ToLower(params["charset"])
}
