package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// The parts of a workbook that a list needs, as ECMA-376 (SpreadsheetML) has them. Names are matched without their namespaces, since
// programs write both the transitional and the strict ones.
type (
	workbookXML struct {
		Sheets []sheetXML `xml:"sheets>sheet"`
	}
	sheetXML struct {
		Name  string     `xml:"name,attr"`
		State string     `xml:"state,attr"`
		More  []xml.Attr `xml:",any,attr"` // r:id among them
	}
	relationsXML struct {
		Relations []struct {
			ID     string `xml:"Id,attr"`
			Type   string `xml:"Type,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	textXML struct { // of a shared or an inline string: plain, or in runs of one look each
		Plain string `xml:"t"`
		Runs  []struct {
			Text string `xml:"t"`
		} `xml:"r"`
	}
	cellXML struct {
		Ref     string    `xml:"r,attr"`
		Type    string    `xml:"t,attr"`
		Style   int       `xml:"s,attr"`
		Formula *struct{} `xml:"f"`
		Value   string    `xml:"v"`
		Inline  textXML   `xml:"is"`
	}
	rowXML struct {
		Number int       `xml:"r,attr"`
		Cells  []cellXML `xml:"c"`
	}
	stylesXML struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Looks []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
)

func (t textXML) text() string {
	out := t.Plain
	for _, r := range t.Runs {
		out += r.Text
	}
	return out
}

// workbook is a workbook being read.
type workbook struct {
	parts  map[string]*zip.File
	left   int64 // how much may still be unpacked
	shared []string
	dates  []bool // by look: whether a number in it is shown as a date or a time
}

func broken(err error) Trouble {
	return Trouble{What: "the workbook can't be read: " + err.Error(), Mend: "open it, save it again as Excel workbook (.xlsx) or as CSV UTF-8, and try that"}
}

// readWorkbook reads the first visible sheet of a workbook.
func readWorkbook(file []byte) ([]Row, []string, error) {
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, nil, broken(err)
	}
	b := workbook{parts: make(map[string]*zip.File), left: Most}
	for _, f := range archive.File {
		b.parts[strings.TrimPrefix(f.Name, "/")] = f
	}
	rows, notes, err := b.read()
	var t Trouble
	if err != nil && !errors.As(err, &t) {
		err = broken(err)
	}
	return rows, notes, err
}

func (b *workbook) read() ([]Row, []string, error) {
	var book workbookXML
	if err := b.part("xl/workbook.xml", &book); err != nil {
		return nil, nil, err
	}
	var relations relationsXML
	if err := b.part("xl/_rels/workbook.xml.rels", &relations); err != nil {
		return nil, nil, err
	}
	if err := b.strings(); err != nil {
		return nil, nil, err
	}
	if err := b.looks(); err != nil {
		return nil, nil, err
	}
	visible := slices.IndexFunc(book.Sheets, func(s sheetXML) bool { return s.State == "" || s.State == "visible" })
	if visible < 0 {
		return nil, nil, Trouble{What: "the workbook has no sheet to see", Mend: "put the list into the first sheet"}
	}
	chosen, id := book.Sheets[visible], ""
	for _, a := range chosen.More {
		if a.Name.Local == "id" {
			id = a.Value
		}
	}
	var notes []string
	if len(book.Sheets) > 1 {
		notes = append(notes, fmt.Sprintf("the workbook has %d sheets; only %q was read", len(book.Sheets), chosen.Name))
	}
	for _, r := range relations.Relations {
		if r.ID == id {
			target := path.Join("xl", r.Target)
			if strings.HasPrefix(r.Target, "/") {
				target = strings.TrimPrefix(r.Target, "/")
			}
			rows, err := b.sheet(target)
			return rows, notes, err
		}
	}
	return nil, nil, fmt.Errorf("the sheet %q is missing in it", chosen.Name)
}

// open opens a part within what may still be unpacked: a small file can hold a very large one.
func (b *workbook) open(name string) (io.ReadCloser, error) {
	f, ok := b.parts[name]
	if !ok {
		return nil, fmt.Errorf("%s is missing in it", name)
	}
	in, err := f.Open()
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{&bounded{in, &b.left}, in}, nil
}

// bounded reads until the budget is used up, and then fails.
type bounded struct {
	from io.Reader
	left *int64
}

// Read reads within the budget.
func (r *bounded) Read(p []byte) (int, error) {
	if *r.left <= 0 {
		return 0, Trouble{What: "the workbook is too large", Mend: "take out what is not the list, such as pictures and other sheets"}
	}
	n, err := r.from.Read(p[:min(int64(len(p)), *r.left)])
	*r.left -= int64(n)
	return n, err
}

func (b *workbook) part(name string, into any) error {
	in, err := b.open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := xml.NewDecoder(in).Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// each decodes every element of that name in a part, one at a time.
func each[T any](b *workbook, part, element string, do func(T) error) error {
	in, err := b.open(part)
	if err != nil {
		return err
	}
	defer in.Close()
	d := xml.NewDecoder(in)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != element {
			continue
		}
		var one T
		if err := d.DecodeElement(&one, &start); err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
		if err := do(one); err != nil {
			return err
		}
	}
}

// strings reads the texts that cells share; a workbook of numbers has none.
func (b *workbook) strings() error {
	if _, ok := b.parts["xl/sharedStrings.xml"]; !ok {
		return nil
	}
	return each(b, "xl/sharedStrings.xml", "si", func(t textXML) error {
		b.shared = append(b.shared, t.text())
		return nil
	})
}

// looks finds which looks show a number as a date or a time.
func (b *workbook) looks() error {
	if _, ok := b.parts["xl/styles.xml"]; !ok {
		return nil
	}
	var styles stylesXML
	if err := b.part("xl/styles.xml", &styles); err != nil {
		return err
	}
	own := make(map[int]bool)
	for _, f := range styles.Formats {
		own[f.ID] = dated(f.Code)
	}
	for _, look := range styles.Looks {
		known, mine := own[look.Format]
		b.dates = append(b.dates, known || !mine && (look.Format >= 14 && look.Format <= 22 || look.Format >= 27 && look.Format <= 36 ||
			look.Format >= 45 && look.Format <= 47 || look.Format >= 50 && look.Format <= 58))
	}
	return nil
}

// dated says whether a format code shows a date or a time: a letter for one outside quotes, brackets and escapes.
func dated(code string) bool {
	quoted, bracketed := false, false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\\' || c == '_' || c == '*':
			i++
		case c == '[':
			bracketed = true
		case c == ']':
			bracketed = false
		case !bracketed && strings.IndexByte("ymdhsYMDHS", c) >= 0:
			return true
		}
	}
	return false
}

func (b *workbook) sheet(name string) (rows []Row, err error) {
	line := 0
	err = each(b, name, "row", func(r rowXML) error {
		if line++; r.Number > 0 {
			line = r.Number
		}
		row := Row{Line: line}
		for _, c := range r.Cells {
			at := len(row.Cells)
			if c.Ref != "" {
				at = column(c.Ref)
			}
			cell := b.cell(c)
			if cell == (Cell{}) {
				continue // a look without a content, often far to the right
			}
			if at < 0 || at >= mostColumns || len(rows) >= mostRows {
				return Trouble{Line: line, What: "the table is too large", Mend: "take out what is not the list"}
			}
			for len(row.Cells) <= at {
				row.Cells = append(row.Cells, Cell{})
			}
			row.Cells[at] = cell
		}
		if len(row.Cells) > 0 {
			rows = append(rows, row)
		}
		return nil
	})
	return rows, err
}

// column is the place of a cell from its name: 1 for B7. Below zero where it has none.
func column(ref string) int {
	n := 0
	for _, r := range ref {
		if r < 'A' || r > 'Z' || n > mostColumns {
			break
		}
		n = n*26 + int(r-'A') + 1
	}
	return n - 1
}

// cell is the text of a cell as it was typed, as far as the workbook still knows.
func (b *workbook) cell(c cellXML) Cell {
	if c.Formula != nil {
		return Cell{Text: c.Value, Trouble: "it holds a formula", Mend: "copy the column and paste it as values, then set it to text"}
	}
	switch c.Type {
	case "s":
		if i, err := strconv.Atoi(strings.TrimSpace(c.Value)); err == nil && i >= 0 && i < len(b.shared) {
			return Cell{Text: b.shared[i]}
		}
		return Cell{Trouble: "its text is missing in the workbook", Mend: "write it again"}
	case "inlineStr":
		return Cell{Text: c.Inline.text()}
	case "str":
		return Cell{Text: c.Value}
	case "e":
		return Cell{Text: c.Value, Trouble: "it shows an error of the spreadsheet", Mend: "write what was meant"}
	case "b":
		return Cell{Text: c.Value, Trouble: "it holds true or false", Mend: "write what was meant, and set the column to text"}
	case "d":
		return Cell{Text: c.Value, Trouble: "the spreadsheet has made a date of it", Mend: "set the column to text and write it again"}
	}
	if c.Value == "" {
		return Cell{}
	}
	if c.Style >= 0 && c.Style < len(b.dates) && b.dates[c.Style] {
		return Cell{Text: c.Value, Trouble: "the spreadsheet has made a date of it", Mend: "set the column to text and write it again"}
	}
	return number(c.Value)
}

// number writes a number's digits in full: 8.5512E+10 is 85512000000. Beyond fifteen digits a spreadsheet makes the last ones up.
func number(text string) Cell {
	text = strings.TrimSpace(text)
	about, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || len(text) > 40 || math.IsNaN(about):
		return Cell{Text: text, Trouble: "it holds no number", Mend: "write it again, with the column set to text"}
	case math.Abs(about) >= 1e15:
		return Cell{Text: text, Trouble: "it is too long for a number, and its last digits are lost", Mend: "set the column to text and write it again"}
	case about != math.Trunc(about):
		return Cell{Text: text, Trouble: "it holds a number with a part", Mend: "set the column to text and write it again"}
	}
	return Cell{Text: strconv.FormatInt(int64(about), 10)} // exact: a float64 keeps fifteen digits
}
