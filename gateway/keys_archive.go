package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"chumrok/internal/pack"
	"chumrok/internal/phone"
	"chumrok/internal/seal"
	"chumrok/internal/store"
)

type keysArchiveCommand struct {
	Out    string   `placeholder:"FILE" help:"Where to write; without it to standard output."`
	Holder string   `help:"Only the copies of this holder: case or recovery."`
	Codes  []string `arg:"" optional:"" name:"code" help:"Codes of referrals or holds; without any, all."`
}

// archiveFile is a file of sealed copies.
type archiveFile struct {
	Kind   string              `json:"chumrok"`
	Copies []store.ArchiveCopy `json:"copies"`
}

// archiveKind tells the file from others.
const archiveKind = "archive 1"

// Run writes out sealed copies, on record.
func (k keysArchiveCommand) Run(c *call) error {
	if k.Holder != "" {
		if _, err := holderNamed(k.Holder); err != nil {
			return err
		}
	}
	return withRecords(c, func(s *store.Store, _ *pack.Pack) error {
		conversations, subjects := []string{""}, []string{"all"}
		if len(k.Codes) > 0 {
			conversations, subjects = nil, nil
		}
		for _, typed := range k.Codes {
			code := phone.Digits(typed)
			id, found, err := s.ConversationWithCode(c.ctx, code)
			if err == nil && !found {
				err = fmt.Errorf("no referral and no hold has the code %s", typed)
			}
			if err != nil {
				return err
			}
			conversations, subjects = append(conversations, id), append(subjects, code)
		}
		file := archiveFile{Kind: archiveKind, Copies: []store.ArchiveCopy{}}
		for i, id := range conversations {
			copies, err := s.ArchiveCopies(c.ctx, c.now(), operator, id, subjects[i])
			if err != nil {
				return err
			}
			for _, one := range copies {
				if k.Holder == "" || string(one.Holder) == k.Holder {
					file.Copies = append(file.Copies, one)
				}
			}
		}
		if len(file.Copies) == 0 {
			return errors.New("there is no copy of that: it is made within minutes of a report, by a running gateway whose key file names the holders")
		}
		return k.write(c, file)
	})
}

func (k keysArchiveCommand) write(c *call, file archiveFile) error {
	if k.Out == "" {
		return writeJSON(c.stream.out, file)
	}
	f, err := os.OpenFile(k.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("writing the copies: %w", err)
	}
	if err := errors.Join(writeJSON(f, file), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing the copies: %w", err)
	}
	fmt.Fprintf(c.stream.out, "%d sealed copies in %s; 'chumrok keys open %s --key FILE' reads them with a holder's private key\n", len(file.Copies), k.Out, k.Out)
	return nil
}

type keysOpenCommand struct {
	File string `arg:"" help:"What 'keys archive' wrote."`
	Key  string `required:"" placeholder:"FILE" help:"The holder's private key."`
	JSON bool   `name:"json" help:"Print a JSON array."`
}

// Run reads sealed copies. It touches nothing but the two files.
func (k keysOpenCommand) Run(c *call) error {
	key, err := seal.LoadHolder(k.Key)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(k.File)
	if err != nil {
		return fmt.Errorf("reading the copies: %w", err)
	}
	var file archiveFile
	if err := json.Unmarshal(text, &file); err != nil || file.Kind != archiveKind {
		return fmt.Errorf("%s is not what 'chumrok keys archive' writes", k.File)
	}
	var shown []openedCopy
	for _, one := range file.Copies {
		if one.Fingerprint != key.Fingerprint() {
			continue
		}
		a, err := one.Open(key)
		if err != nil {
			return err
		}
		told, err := a.Report.Plain()
		if err != nil {
			return err
		}
		shown = append(shown, openedCopy{Codes: a.Codes, Code: a.Code, Number: a.Number, Reasons: a.Reasons, Report: told, archived: a})
	}
	switch {
	case len(shown) == 0:
		return fmt.Errorf("no copy in %s is sealed for this key (%s, the %s holder)", k.File, key.Fingerprint(), key.Holder())
	case k.JSON:
		return writeJSON(c.stream.out, shown)
	}
	for i, one := range shown {
		if i > 0 {
			fmt.Fprintln(c.stream.out)
		}
		one.print(c.stream.out)
	}
	return nil
}

// openedCopy is a copy as it is shown to its holder.
type openedCopy struct {
	Codes   []string        `json:"codes"`
	Code    string          `json:"reporter_code,omitempty"`
	Number  string          `json:"number,omitempty"`
	Reasons []string        `json:"reasons,omitempty"`
	Report  json.RawMessage `json:"report"`

	archived store.Archived
}

func (o openedCopy) print(w io.Writer) {
	r := o.archived.Report
	line := func(what, value string) {
		if value != "" {
			fmt.Fprintf(w, "%-12s %s\n", what, value)
		}
	}
	line("codes", strings.Join(o.Codes, ", "))
	line("told", r.At.UTC().Format("2006-01-02 15:04 UTC")+" by "+r.Channel)
	line("number", o.Number)
	line("contact", strings.TrimSpace(r.Contact.Way+" "+r.Contact.When+" "+r.Contact.Number.E164()))
	line("who", r.Who)
	line("danger", string(r.Danger))
	line("harm", string(r.Harm))
	line("place", strings.TrimSpace(r.AreaCode+" "+r.PlaceTyped))
	line("about", r.About)
	line("age, sex", strings.TrimSpace(r.Age+" "+r.Sex))
	line("by whom", strings.TrimSpace(r.ByWhom+" "+r.Official))
	line("story", r.Story)
	line("more", r.More)
	for _, a := range r.Added {
		line("added", a.At.UTC().Format("2006-01-02 15:04 UTC")+" "+a.Text)
	}
	for _, why := range o.Reasons {
		line("risk", why)
	}
}
