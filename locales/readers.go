package locales

import (
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
)

// Reader says who may read a sentence, and so what it may say and how long it may be. A sentence may have several.
type Reader uint8

const (
	// Inside is read by the caller alone: a screen of the conversation, which may name harm and vanishes.
	Inside Reader = 0
	// Neutral may be read by whoever looks on or dials again: first, leaving, error and ending screens.
	Neutral Reader = 1 << iota
	// ReporterSMS stays on a caller's phone, where its owner reads it: one segment, no word for "you".
	ReporterSMS
	// OfficerSMS stays on an officer's phone: two segments, no detail of the matter.
	OfficerSMS
	// OfficerWord is put into an officer's SMS.
	OfficerWord
)

// Exposed reports whether a stranger may read it.
func (r Reader) Exposed() bool { return r&(Neutral|ReporterSMS) != 0 }

// readers is readers.toml: keys, or beginnings of keys, in order.
type readers struct {
	exact  map[string]Reader
	begins map[string]Reader
}

func loadReaders() (readers, error) {
	r := readers{exact: map[string]Reader{}, begins: map[string]Reader{}}
	var file struct {
		Neutral     []string `toml:"neutral"`
		ReporterSMS []string `toml:"reporter_sms"`
		OfficerSMS  []string `toml:"officer_sms"`
		OfficerWord []string `toml:"officer_word"`
	}
	meta, err := toml.DecodeFS(ours, "readers.toml", &file)
	if err != nil {
		return r, fmt.Errorf("reading who reads what: %w", err)
	}
	if rest := meta.Undecoded(); len(rest) > 0 {
		return r, fmt.Errorf("reading who reads what: unknown list %q", rest[0])
	}
	for reader, keys := range map[Reader][]string{
		Neutral: file.Neutral, ReporterSMS: file.ReporterSMS, OfficerSMS: file.OfficerSMS, OfficerWord: file.OfficerWord,
	} {
		for _, key := range keys {
			if begin, ok := strings.CutSuffix(key, ".*"); ok {
				r.begins[begin+"."] |= reader
			} else {
				r.exact[key] |= reader
			}
		}
	}
	return r, nil
}

func (r readers) of(key string) Reader {
	who := r.exact[key]
	for i, c := range key {
		if c == '.' {
			who |= r.begins[key[:i+1]]
		}
	}
	return who
}

// Reader returns who may read key. A pack's new key is judged by its beginning ("sms.…", "error.…", "alert.…"), and is
// otherwise Inside.
func (c *Catalogue) Reader(key string) Reader { return c.readers.of(key) }
