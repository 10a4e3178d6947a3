package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"chumrok/flows"
	"chumrok/internal/pack"
	"chumrok/internal/poster"
	"chumrok/internal/store"
)

type posterCommand struct {
	Out string `placeholder:"FILE" help:"Write to this file; without it to standard output."`
}

type clubsPrintCommand struct {
	Codes []string `arg:"" name:"code" help:"The clubs' numbers."`
	Out   string   `placeholder:"FILE" help:"Write to this file; without it to standard output."`
}

// Run makes the poster that hangs where no club is.
func (o posterCommand) Run(c *call) error {
	p, err := packOf(c)
	if err != nil {
		return err
	}
	return printPosters(c.stream.out, o.Out, p, store.Club{})
}

// Run makes the posters and cards of clubs.
func (o clubsPrintCommand) Run(c *call) error {
	return withRecords(c, func(s *store.Store, p *pack.Pack) error {
		list, err := allClubs(c.ctx, s, p)
		if err != nil {
			return err
		}
		var wanted []store.Club
		for _, code := range o.Codes {
			i := slices.IndexFunc(list, func(one store.Club) bool { return one.Code == code })
			switch {
			case i < 0:
				return fmt.Errorf("no club has the number %s: 'clubs list' shows them", code)
			case !list[i].RetiredAt.IsZero():
				return fmt.Errorf("the number %s is retired: print the poster of one in use", code)
			}
			wanted = append(wanted, list[i])
		}
		return printPosters(c.stream.out, o.Out, p, wanted...)
	})
}

// printPosters writes a page for each club to a file, or to out where no file is named. A club without a number is no club.
func printPosters(out io.Writer, file string, p *pack.Pack, clubs ...store.Club) error {
	texts, err := loadTexts(p)
	if err != nil {
		return err
	}
	library, err := loadFlows(p, texts)
	if err != nil {
		return err
	}
	card, err := cardOf(library.Current("report"))
	if err != nil {
		return err
	}
	sheets := make([]poster.Sheet, len(clubs))
	for i, club := range clubs {
		sheets[i] = poster.Sheet{Club: club.Name, Code: club.Code, Dial: p.ServiceCodes[0], ShortCode: p.ShortCode,
			Urgent: []string{p.Facts()["child_helpline"], p.Facts()["police"]}, Numbers: card, Languages: p.Languages}
		if club.Code != "" {
			sheets[i].Dial = clubDials(p, club.Code)[0]
			sheets[i].Place = map[string]string{"en": p.Gazetteer.Name(club.AreaCode, "en")}
			for _, lang := range p.Languages {
				sheets[i].Place[lang] = p.Gazetteer.Name(club.AreaCode, lang)
			}
		}
	}
	if file == "" {
		return poster.Write(out, texts, sheets...)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // the operator names it, and it is to be read by a browser
	if err != nil {
		return fmt.Errorf("making the page: %w; name a file that is not there yet", err)
	}
	if err := poster.Write(f, texts, sheets...); err != nil {
		_ = f.Close() // the first error is the one to tell
		return err
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("making the page: %w", err)
	}
	fmt.Fprintf(out, "%s: open it in a browser and print it on A4, both sides for the cards\n", file)
	return nil
}

// cardOf is what numbers mean on a club's card: those of the harm question as it is published, in the child's words.
func cardOf(report *flows.Definition) ([]poster.Number, error) {
	var source struct {
		Nodes []struct {
			Field   string `yaml:"field"`
			Kind    string `yaml:"kind"`
			Options []struct {
				Number string `yaml:"number"`
				Text   any    `yaml:"text"`
			} `yaml:"options"`
		} `yaml:"nodes"`
	}
	if report != nil {
		if err := yaml.Unmarshal(report.Source(), &source); err != nil {
			return nil, fmt.Errorf("reading the numbers of the card: %w", err)
		}
	}
	for _, node := range source.Nodes {
		if node.Field != "harm" || node.Kind != "choose" {
			continue
		}
		var card []poster.Number
		for _, o := range node.Options {
			key, _ := o.Text.(string)
			if each, ok := o.Text.(map[string]any); ok {
				key, _ = each["ussd"].(string)
			}
			card = append(card, poster.Number{Number: o.Number, Key: strings.ReplaceAll(key, "<voice>", "child")})
		}
		return card, nil
	}
	return nil, fmt.Errorf("the report conversation has no question for the field harm: there is nothing to print on the card")
}
