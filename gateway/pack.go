package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"chumrok/deploy"
	"chumrok/flows"
	"chumrok/locales"
)

type packCommand struct {
	Init packInitCommand `cmd:"" help:"Write the default pack to a folder, to be made your own."`
}

type packInitCommand struct {
	Dir      string `arg:"" help:"A folder that is empty or not there yet."`
	Language string `placeholder:"CODE" help:"A language to add, such as ne: its sentences are written out in English, to be put into it."`
}

// Run writes the default pack and the conversation that it may replace, and overwrites nothing.
func (p packInitCommand) Run(c *call) error {
	entries, err := os.ReadDir(p.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking into %s: %w", p.Dir, err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty: name a new folder, so that nothing of yours is overwritten", p.Dir)
	}
	if err := os.CopyFS(p.Dir, deploy.Cambodia()); err != nil {
		return fmt.Errorf("writing the pack: %w", err)
	}
	example := filepath.Join(p.Dir, "flows")
	if err := os.MkdirAll(example, 0o755); err != nil {
		return fmt.Errorf("writing the conversation: %w", err)
	}
	if err := os.WriteFile(filepath.Join(example, "report.yaml"), flows.ReportYAML(), 0o644); err != nil {
		return fmt.Errorf("writing the conversation: %w", err)
	}
	if err := p.language(); err != nil {
		return err
	}
	fmt.Fprintf(c.stream.out, `The pack is in %[1]s. To make it yours:
  1. directory.csv   who is told, commune by commune; the sample's numbers reach nobody
  2. pack.yaml       help numbers with the day you checked them, clocks, ladders; then take out "sample: true"
  3. flows/          the conversations; delete the folder to follow the product's own
  4. go run ./gateway check %[1]s
  5. CHUMROK_PACK=%[1]s go run ./gateway
Another country needs its own gazetteer.csv, languages, time_zone, holidays and outbound prefixes, too, the first prefix being its calling
code; --language CODE writes the sentences of a language to begin with. README.md, "Make it yours", says what each file holds.
`, p.Dir)
	return nil
}

// language writes what a language needs: every sentence in English, to be put into it, its name, and the menu with an option for it.
func (p packInitCommand) language() error {
	if p.Language == "" {
		return nil
	}
	code, ok := locales.Code(p.Language)
	if !ok || slices.Contains(locales.Ours(), code) {
		return fmt.Errorf("--language %s is no language that can be added: write the code of one that we do not ship, such as ne", p.Language)
	}
	key := "report.language." + strings.ReplaceAll(strings.ToLower(code), "-", "_")
	files := map[string][]byte{
		"locales/en.toml": fmt.Appendf(nil, "# What this pack says otherwise than our English.\n\n%q = %q\n", key, code),
		"flows/menu.yaml": []byte(strings.Replace(string(flows.SourceOf("menu")), "\n\n  - id: main",
			fmt.Sprintf("\n      - {number: 4, value: %s, text: %s, to: main}\n\n  - id: main", code, key), 1)),
	}
	for name, body := range locales.EnglishFiles() {
		to := strings.TrimSuffix(name, "en.toml") + strings.ToLower(code) + ".toml"
		files["locales/"+to] = body
	}
	own := "locales/" + strings.ToLower(code) + ".toml"
	files[own] = fmt.Appendf(files[own], "\n%q = %q\n", key, code)
	for name, body := range files {
		at := filepath.Join(p.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return fmt.Errorf("writing the language: %w", err)
		}
		if err := os.WriteFile(at, body, 0o644); err != nil {
			return fmt.Errorf("writing the language: %w", err)
		}
	}
	return nil
}
