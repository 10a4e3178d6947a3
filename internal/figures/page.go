package figures

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed page.html
var pageHTML string

// pageOf is the page to print.
var pageOf = template.Must(template.New("figures").Funcs(template.FuncMap{
	"width": func(r Row, t Table) int {
		most := t.most()
		if most == 0 || r.Hidden() {
			return 0
		}
		return max(1, r.Reports.N*200/most)
	},
	"shown": func(t Table) (rows []Row) {
		for _, r := range t.Rows {
			if !r.Hidden() {
				rows = append(rows, r)
			}
		}
		return rows
	},
	"rest": func(t Table) string {
		hidden := 0
		for _, r := range t.Rows {
			if r.Hidden() {
				hidden++
			}
		}
		if hidden == 0 {
			return ""
		}
		return t.rest(hidden)
	},
	"median": func(s Spell) string { median, _ := s.words(); return median },
	"p90":    func(s Spell) string { _, p90 := s.words(); return p90 },
	"under":  func() string { return under },
	"legend": func() string { return Legend },
}).Parse(pageHTML))

// HTML writes the figures as one page to look at or to print: charts drawn in the page itself, no script, nothing fetched.
func (f Figures) HTML(w io.Writer) error {
	if err := pageOf.Execute(w, f); err != nil {
		return fmt.Errorf("writing the page of figures: %w", err)
	}
	return nil
}
