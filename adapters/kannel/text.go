package kannel

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/text/encoding/unicode"

	"chumrok/adapters"
)

// text is what was written, as whole UTF-8. Kannel says in charset (%C) and coding (%c) what the bytes are: UTF-8 where it
// recodes (mo-recode), else as the operator sent them, which for Khmer is UTF-16 with the high byte first. It knows, so
// what it calls UTF-16 is read as that, also where the bytes could be something else; for the rest see adapters.Decode.
func text(query url.Values) string {
	raw, charset := query.Get("text"), strings.ToUpper(strings.TrimSpace(query.Get("charset")))
	switch charset {
	case "UTF-16BE", "UTF-16", "UCS-2", "UCS-2BE", "UCS2", "ISO-10646-UCS-2":
		return wide(raw, unicode.BigEndian)
	case "UTF-16LE", "UCS-2LE":
		return wide(raw, unicode.LittleEndian)
	case "":
		if query.Get("coding") == ucs2 {
			return wide(raw, unicode.BigEndian)
		}
	}
	return adapters.Decode(raw, charset)
}

// wide reads UTF-16, by its byte order mark where it has one. Half a letter at the end becomes a sign for it.
func wide(raw string, order unicode.Endianness) string {
	s, err := unicode.UTF16(order, unicode.UseBOM).NewDecoder().String(raw)
	if err != nil {
		return adapters.Text(raw)
	}
	return s
}

// Data codings as Kannel counts them.
const (
	gsm7 = "0" // the operator's alphabet, 160 letters
	ucs2 = "2" // two bytes a letter; Khmer has no other
)

// coding is the data coding that carries a text whole. Without it Kannel sends Khmer as a question mark per letter. Only
// ASCII goes in the operator's alphabet, less the grave accent, which that has not; anything else is safe in two bytes.
func coding(text string) string {
	for _, r := range text {
		if r != '\n' && (r < ' ' || r > '~' || r == '`') {
			return ucs2
		}
	}
	return gsm7
}

// say answers a message in the response, where Kannel takes the answer from. An empty body is no answer (omit-empty).
func say(w http.ResponseWriter, text string) {
	text = adapters.Text(text)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if text != "" {
		w.Header().Set("X-Kannel-Coding", coding(text))
	}
	_, _ = io.WriteString(w, text)
}
