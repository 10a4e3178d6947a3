package directory

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"chumrok/internal/gazetteer"
	"chumrok/internal/phone"
	"chumrok/internal/sheet"
)

// columns are the columns of directory.csv in the order in which we write them; any order is read.
var columns = []string{"officer_id", "area_code", "body", "role", "order", "name", "phone", "languages", "hours", "gender", "case_system", "case_account"}

// The closed lists of the columns that have no type of their own.
var (
	ourLanguages = []string{"km", "en", "km-Latn"}
	caseSystems  = []string{"primero", "oscar"}
)

// Load reads a directory in the form of directory.csv. name is what its faults call the file. All faults are returned joined, each a
// Fault; with any fault there is no directory, since half a roster would leave communes without anybody, unseen. Notes are what loads
// but should be known. A byte order mark, spaces around a cell and empty rows do no harm.
func Load(r io.Reader, name string, g *gazetteer.Gazetteer) (*Directory, []Note, error) {
	return LoadFor(Country{}, r, name, g)
}

// A Country is what a directory's cells mean where its officers live. The zero Country is Cambodia.
type Country struct {
	Phones    phone.Country // whose numbers stand there without a plus sign
	Languages []string      // that an officer may be written to in; none means those that we ship
}

// LoadFor is Load for a directory of any country.
func LoadFor(c Country, r io.Reader, name string, g *gazetteer.Gazetteer) (*Directory, []Note, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", name, err)
	}
	l := newLoader(c, name, g)
	l.read(text)
	if len(l.faults) > 0 {
		return nil, l.notes, errors.Join(l.faults...)
	}
	if len(l.officers) == 0 {
		l.note(1, "no officer stands in it; every report will wait at the desk")
	}
	return New(l.officers...), l.notes, nil
}

func newLoader(c Country, name string, g *gazetteer.Gazetteer) loader {
	if len(c.Languages) == 0 {
		c.Languages = ourLanguages
	}
	return loader{name: name, gazetteer: g, country: c, at: make(map[string]int), ids: make(map[string]int)}
}

type loader struct {
	name      string
	gazetteer *gazetteer.Gazetteer
	country   Country
	at        map[string]int // column name → its place in a row
	ids       map[string]int // officer_id → the line that has it
	officers  []Officer
	notes     []Note
	faults    []error
	// Of a table from a spreadsheet: faults name the cell, and the column that is being looked at is known.
	spreadsheet bool
	column      int // counted from 1; 0 when the fault is about the whole row
}

func (l *loader) fault(line int, mend, what string, args ...any) {
	f := Fault{File: l.name, Line: line, What: fmt.Sprintf(what, args...), Mend: mend}
	if l.spreadsheet && l.column > 0 {
		f.Cell = sheet.Name(line, l.column-1)
	}
	l.faults = append(l.faults, f)
}

func (l *loader) note(line int, text string, args ...any) {
	l.notes = append(l.notes, Note{File: l.name, Line: line, Text: fmt.Sprintf(text, args...)})
}

func (l *loader) read(text []byte) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		l.fault(1, `save it as "CSV UTF-8"`, "the file is UTF-16")
		return
	}
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	in.FieldsPerRecord = -1
	in.TrimLeadingSpace = true
	for header := true; ; {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			l.fault(bad.StartLine, `put a cell with a comma or a quote in it between quotes, and write each quote inside as two`, "the row can't be taken apart: %v", bad.Err)
			if header {
				return
			}
			continue
		}
		if err != nil {
			l.fault(1, "copy the file anew", "the file can't be read: %v", err)
			return
		}
		line, _ := in.FieldPos(0)
		for i := range row {
			row[i] = strings.TrimSpace(strings.ReplaceAll(row[i], "\u00a0", " "))
		}
		switch {
		case !strings.ContainsFunc(strings.Join(row, ""), func(rune) bool { return true }):
		case header:
			if !l.header(line, row) {
				return
			}
			header = false
		default:
			l.row(line, row)
		}
	}
	if len(l.at) == 0 && len(l.faults) == 0 {
		l.fault(1, "begin it with "+strings.Join(columns, ","), "the file is empty")
	}
}

// header finds the columns, and reports whether the rows below can be read.
func (l *loader) header(line int, row []string) bool {
	if len(row) == 1 && strings.ContainsAny(row[0], ";\t") {
		l.fault(line, "save it with commas between the columns", "the columns are not separated by commas")
		return false
	}
	readable := true
	for i, c := range row {
		l.column = i + 1
		if _, twice := l.at[c]; twice {
			l.fault(line, "keep one of them", "the column %s stands twice", c)
			readable = false
		}
		l.at[c] = i
		if c == "" {
			l.fault(line, "name it, or delete it", "column %d has no name", i+1)
		} else if !slices.Contains(columns, c) {
			mend := "delete it; the columns are " + strings.Join(columns, ",")
			if near := Nearest(c, columns); near != "" {
				mend = "write " + near
			}
			l.fault(line, mend, "unknown column %s", show(c))
		}
	}
	l.column = 0
	for _, c := range columns {
		if _, ok := l.at[c]; !ok {
			l.fault(line, "add it to the first row and fill it in every row", "the column %s is missing", c)
			readable = false
		}
	}
	return readable
}

// row reads one officer. Every cell is looked at, so that one run names all that is wrong.
func (l *loader) row(line int, row []string) {
	l.column = 0
	if len(row) > len(l.at) {
		l.fault(line, "put a cell with a comma in it between quotes", "the row has %d cells and there are %d columns", len(row), len(l.at))
		return
	}
	if !utf8.ValidString(strings.Join(row, "")) {
		l.fault(line, `save the file as "CSV UTF-8"`, "the row is not UTF-8")
		return
	}
	before := len(l.faults)
	l.unseen(line, row)
	// cell is one cell of the row, and what is found wrong from then on is wrong with it.
	cell := func(column string) string {
		i, ok := l.at[column]
		if !ok {
			l.column = 0
			return ""
		}
		l.column = i + 1
		if i < len(row) {
			return row[i]
		}
		return ""
	}
	o := Officer{Line: line, CaseAccount: cell("case_account"), ID: cell("officer_id")}
	if first, twice := l.ids[o.ID]; o.ID == "" {
		l.fault(line, "give each row one of its own that never changes", "officer_id is empty")
	} else if twice {
		l.fault(line, "give each row one of its own; a person who serves several areas has a row for each", "officer_id %s stands already in line %d", show(o.ID), first)
	} else {
		l.ids[o.ID] = line
	}
	o.AreaCode = l.area(line, cell("area_code"))
	o.Body = word(l, line, "body", cell("body"), Bodies())
	o.Role = word(l, line, "role", cell("role"), Roles())
	o.Order = l.order(line, cell("order"))
	if o.Name = cell("name"); o.Name == "" {
		l.fault(line, "write how the officer is to be asked for on the phone, such as the role and the place", "name is empty")
	}
	o.Phone = l.phone(line, cell("phone"))
	for _, lang := range strings.FieldsFunc(cell("languages"), func(r rune) bool { return r == '|' || r == ' ' }) {
		o.Languages = append(o.Languages, word(l, line, "language", lang, l.country.Languages))
	}
	if len(o.Languages) == 0 {
		l.fault(line, "write the languages that the officer reads, such as "+strings.Join(l.country.Languages[:min(2, len(l.country.Languages))], "|"), "languages is empty")
	}
	var err error
	if o.Hours, err = ParseHours(cell("hours")); err != nil {
		l.fault(line, "write always, or such as Mo-Fr 07:30-11:30 14:00-17:30", "bad hours: %v", err)
	}
	if g := cell("gender"); g != "" {
		o.Gender = word(l, line, "gender", g, []string{"f", "m"})
	}
	if c := cell("case_system"); c != "" {
		o.CaseSystem = word(l, line, "case_system", c, caseSystems)
	} else if o.CaseAccount != "" {
		l.fault(line, "write "+strings.Join(caseSystems, " or ")+", or empty both", "there is a case_account, and case_system is empty")
	}
	if o.Body == Committee && len(o.AreaCode) < 6 && o.AreaCode != "" {
		l.note(line, "this committee is for all of %s; a commune with a committee of its own is not told here", o.AreaCode)
	}
	if len(l.faults) == before {
		l.officers = append(l.officers, o)
	}
}

// unseen says that a cell holds what cannot be seen: a name that turns the writing round, or moves a terminal's cursor, reads as another one.
// What some keyboards put between Khmer words does no harm, nor what telephone books put around a number.
func (l *loader) unseen(line int, row []string) {
	for i, text := range row {
		l.column = i + 1
		if i != l.at["phone"] && strings.ContainsFunc(text, unseen) {
			l.fault(line, "type the cell anew", "a cell holds a character that cannot be seen")
		}
	}
	l.column = 0
}

func unseen(r rune) bool {
	if r >= '\u200b' && r <= '\u200d' {
		return false
	}
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// word reads a cell that holds one word of a closed list.
func word[T ~string](l *loader, line int, column, cell string, known []T) T {
	if slices.Contains(known, T(cell)) {
		return T(cell)
	}
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = string(k)
	}
	mend := "write one of " + strings.Join(names, ", ")
	if near := Nearest(cell, names); near != "" && cell != "" {
		mend = "write " + near
	}
	if cell == "" {
		l.fault(line, mend, "%s is empty", column)
	} else {
		l.fault(line, mend, "unknown %s %s", column, show(cell))
	}
	return ""
}

// area reads an area code. A code that lost its leading 0 in a spreadsheet is a fault that names the code probably meant, and is never
// mended here: 10701 could also be a slip of another kind, and the wrong commune is worse than none.
func (l *loader) area(line int, cell string) string {
	if cell == National || cell == Nation {
		return National
	}
	mend := "write an official code of two, four or six digits, or " + Nation
	switch {
	case cell == "":
		l.fault(line, mend, "area_code is empty")
		return ""
	case strings.Trim(cell, "0123456789") != "":
		if strings.EqualFold(cell, National) || strings.EqualFold(cell, Nation) {
			mend = "write " + Nation
		} else if folded := phone.Digits(cell); strings.Trim(folded, "0123456789") == "" && len(folded) <= 6 {
			mend = "write " + folded + ", with the digits 0 to 9"
		}
		l.fault(line, mend, "area_code %s is no code", show(cell))
		return ""
	case len(cell)%2 == 1 && len(cell) < 6:
		if meant := "0" + cell; l.known(meant) {
			mend = fmt.Sprintf("if %s is meant, write %s, and set the column to text before saving", l.named(meant), meant)
		}
		l.fault(line, mend, "area_code %s has lost its leading 0", show(cell))
		return ""
	}
	p, followed, ok := l.gazetteer.Current(cell)
	if !ok {
		if old, known := l.gazetteer.Get(cell); known && old.Retired {
			l.fault(line, "write the code that replaced it", "area_code %s is retired and no successor is known", show(cell))
		} else {
			l.fault(line, mend, "unknown area_code %s", show(cell))
		}
		return ""
	}
	if followed {
		l.note(line, "area_code %s is retired; %s (%s) is used in its place: write that", cell, p.Code, p.Latin)
	}
	return p.Code
}

func (l *loader) known(code string) bool {
	_, ok := l.gazetteer.Get(code)
	return ok
}

// named is a place's name beside its level, for a mend.
func (l *loader) named(code string) string {
	p, _ := l.gazetteer.Get(code)
	return fmt.Sprintf("the %s of %s", p.Level, p.Latin)
}

func (l *loader) order(line int, cell string) int {
	n, err := strconv.Atoi(phone.Digits(cell))
	if err != nil || n < 1 || n > 999 {
		l.fault(line, "write 1 for who is told first, 2 for the next; equal ones are told together or by officer_id", "bad order %s", show(cell))
	}
	return n
}

// phone reads a number. A fault does not show what stood in the cell.
func (l *loader) phone(line int, cell string) phone.Number {
	n, err := l.country.Phones.Parse(cell)
	if err == nil {
		return n
	}
	digits := strings.ReplaceAll(phone.Digits(cell), " ", "")
	mend := "write it in full, in international form or as it is dialled in the country"
	switch plain := strings.Trim(digits, "0123456789") == ""; {
	case cell == "":
		l.fault(line, mend, "phone is empty")
	case plain && len(digits) <= 6:
		l.fault(line, mend, "phone is a short code, which can't take part")
	case plain && digits[0] != '0' && (len(digits) == 8 || len(digits) == 9):
		l.fault(line, "write the 0 in front, and set the column to text before saving", "phone has lost its leading 0")
	case strings.ContainsAny(digits, "/,;|&"):
		l.fault(line, "write one number; a second phone is a row of its own", "phone has more than one number")
	case strings.ContainsAny(digits, "eE.") && strings.Trim(digits, "0123456789eE+.") == "":
		l.fault(line, "set the column to text and write the number again", "a spreadsheet has turned phone into a calculation")
	default:
		l.fault(line, mend, "phone is no telephone number")
	}
	return phone.Number{}
}
