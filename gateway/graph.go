package main

import (
	"fmt"
	"strings"

	"chumrok/flows"
)

type flowsCommand struct {
	Graph flowsGraphCommand `cmd:"" help:"Draw a conversation as Mermaid; without a name all of them, as Markdown."`
}

type flowsGraphCommand struct {
	Name string `arg:"" optional:"" help:"The conversation, such as report."`
}

// Run draws the conversations as they are with the pack that is configured.
func (f flowsGraphCommand) Run(c *call) error {
	p, err := packOf(c)
	if err != nil {
		return err
	}
	texts, err := loadTexts(p)
	if err != nil {
		return err
	}
	library, err := loadFlows(p, texts)
	if err != nil {
		return err
	}
	if f.Name == "" {
		for _, d := range library.Definitions() {
			fmt.Fprintf(c.stream.out, "## %s\n\n```mermaid\n%s```\n\n", d.Name, ended(d.Mermaid()))
		}
		return nil
	}
	d := library.Current(f.Name)
	if d == nil {
		return fmt.Errorf("no conversation is called %s: there are %s", f.Name, strings.Join(names(library), ", "))
	}
	_, err = fmt.Fprint(c.stream.out, ended(d.Mermaid()))
	return err
}

// ended is a text that ends its last line.
func ended(text string) string { return strings.TrimRight(text, "\n") + "\n" }

func names(library *flows.Library) (list []string) {
	for _, d := range library.Definitions() {
		list = append(list, d.Name)
	}
	return list
}
