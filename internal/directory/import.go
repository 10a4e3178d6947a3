package directory

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"chumrok/internal/gazetteer"
	"chumrok/internal/phone"
	"chumrok/internal/sheet"
)

// Import reads a directory from the table that an office sent. It holds it to what Load holds directory.csv to; faults name the cell, and
// what a spreadsheet has spoilt is a fault and never mended here: a number that lost a digit may be somebody else's phone.
func Import(country Country, rows []sheet.Row, name string, g *gazetteer.Gazetteer) (*Directory, []Note, error) {
	l := newLoader(country, name, g)
	l.spreadsheet = true
	for i, r := range rows {
		cells := make([]string, len(r.Cells))
		spoilt := false
		for c, cell := range r.Cells {
			cells[c] = cell.Text
			switch l.column = c + 1; {
			case cell.Trouble != "":
				l.fault(r.Line, cell.Mend, "%s", cell.Trouble)
				spoilt = true
			case l.formula(cell.Text):
				l.fault(r.Line, "begin it with a letter or a digit", "it begins as a formula does, and the next spreadsheet would work it out")
				spoilt = true
			}
		}
		switch {
		case i == 0 && spoilt, i == 0 && !l.header(r.Line, cells):
			return nil, l.notes, errors.Join(l.faults...)
		case i == 0 || spoilt:
		default:
			l.row(r.Line, cells)
		}
	}
	if len(l.faults) == 0 && len(l.officers) == 0 {
		// A list without anybody is a slip more often than a wish, and it would take everybody out.
		l.column = 0
		l.fault(0, "send the list with the officers in it", "no officer stands in it")
	}
	if len(l.faults) > 0 {
		return nil, l.notes, errors.Join(l.faults...)
	}
	return New(l.officers...), l.notes, nil
}

// formula says whether a spreadsheet that opens our file would take a text for a formula. A number may begin with a plus sign.
func (l *loader) formula(text string) bool {
	begins := []rune(strings.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || r == '\'' }))
	if len(begins) == 0 || !strings.ContainsRune("=@+-＝＠＋－", begins[0]) {
		return false
	}
	_, err := l.country.Phones.Parse(text)
	return err != nil
}

// CSV is the roster in the form of directory.csv, by line, so that what an office sees in its list and what we keep have one order.
// Numbers are written with spaces, since a spreadsheet takes 012000101 for a number and its 0 away.
func (d *Directory) CSV(country Country) ([]byte, error) {
	var text bytes.Buffer
	out := csv.NewWriter(&text)
	if err := out.Write(columns); err != nil {
		return nil, fmt.Errorf("writing the directory: %w", err)
	}
	for _, o := range d.byLine() {
		area, number := o.AreaCode, abroad(o.Phone)
		if country.Phones == (phone.Country{}) {
			number = atHome(o.Phone)
		} else if area == National {
			area = Nation
		}
		if err := out.Write([]string{o.ID, area, string(o.Body), string(o.Role), strconv.Itoa(o.Order), o.Name, number, strings.Join(o.Languages, "|"),
			o.Hours.Text, o.Gender, o.CaseSystem, o.CaseAccount}); err != nil {
			return nil, fmt.Errorf("writing the directory: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return nil, fmt.Errorf("writing the directory: %w", err)
	}
	return text.Bytes(), nil
}

// atHome is a Cambodian number as a person writes it, 012 000 101, and any other as abroad has it.
func atHome(n phone.Number) string {
	digits, ours := strings.CutPrefix(n.E164(), "+855")
	if !ours {
		return abroad(n)
	}
	return grouped("0"+digits[:2], digits[2:])
}

// abroad is a number in international form, in groups of three digits.
func abroad(n phone.Number) string { return grouped(n.E164()[:4], n.E164()[4:]) }

func grouped(lead, rest string) string {
	for len(rest) > 4 {
		lead, rest = lead+" "+rest[:3], rest[3:]
	}
	return lead + " " + rest
}
