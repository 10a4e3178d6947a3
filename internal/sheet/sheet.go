// Package sheet reads the table that an office sends, as CSV of any common kind or as an Excel workbook (XLSX), so that a list of officers
// need not be typed again. It changes no cell in silence and guesses nothing: what a spreadsheet may have spoilt is said, with its cell;
// it does no I/O, and knows nothing of what the cells mean.
package sheet

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Most is how large a file may be, and how much may be unpacked from a workbook, in bytes: some hundred thousand rows.
const Most = 32 << 20

// mostRows and mostColumns bound a table: a workbook can claim a cell in its last row with a few bytes.
const (
	mostRows    = 200_000
	mostColumns = 200
)

// A Cell is the text of one cell. Trouble says what a spreadsheet did to it, and Mend what to do, both empty for a plain cell.
type Cell struct {
	Text    string
	Trouble string
	Mend    string
}

// A Row is a row that holds something, with its number in the file: the line of a CSV, the row of a worksheet.
type Row struct {
	Line  int
	Cells []Cell
}

// A Trouble is why a file can't be read as a table at all, and how to mend it.
type Trouble struct {
	Line int // 0 when it is about the whole file
	What string
	Mend string
}

// Error is what and how to mend it.
func (t Trouble) Error() string { return t.What + "; " + t.Mend }

// Name is what a spreadsheet calls a cell: B7 for the second column of row 7. Columns count from 0.
func Name(line, column int) string {
	letters := ""
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		letters = string(rune('A'+(n-1)%26)) + letters
	}
	return fmt.Sprintf("%s%d", letters, line)
}

// Read reads a table. Empty rows are left out, spaces around a cell and a byte order mark are gone. notes are what a person should know
// of what was read. An error is a Trouble.
func Read(file []byte) (rows []Row, notes []string, err error) {
	switch {
	case len(file) > Most:
		return nil, nil, Trouble{What: "the file is too large", Mend: "take out what is not the list, such as pictures and other sheets"}
	case bytes.HasPrefix(file, []byte("PK\x03\x04")):
		rows, notes, err = readWorkbook(file)
	case bytes.HasPrefix(file, []byte("\xd0\xcf\x11\xe0")):
		return nil, nil, Trouble{What: "it is an old Excel file (.xls), or one with a password", Mend: "open it and save it as Excel workbook (.xlsx) without a password"}
	default:
		rows, notes, err = readCSV(file)
	}
	if err != nil {
		return nil, nil, err
	}
	full := rows[:0]
	for _, r := range rows {
		for i := range r.Cells {
			r.Cells[i].Text = strings.TrimSpace(strings.ReplaceAll(r.Cells[i].Text, "\u00a0", " "))
		}
		for len(r.Cells) > 0 && r.Cells[len(r.Cells)-1] == (Cell{}) {
			r.Cells = r.Cells[:len(r.Cells)-1]
		}
		if len(r.Cells) > 0 {
			full = append(full, r)
		}
	}
	if len(full) == 0 {
		return nil, notes, Trouble{What: "the file is empty", Mend: "save the list again"}
	}
	return full, notes, nil
}

// readCSV reads text with commas, semicolons or tabs between its cells, in UTF-8 or UTF-16.
func readCSV(file []byte) (rows []Row, notes []string, err error) {
	text, was, err := decode(file)
	if err != nil {
		return nil, nil, err
	}
	if was != "" {
		notes = append(notes, "the file is "+was+", and was read as such")
	}
	comma, name := separator(text)
	if comma != ',' {
		notes = append(notes, "the cells are separated by "+name)
	}
	in := csv.NewReader(strings.NewReader(text))
	in.Comma, in.FieldsPerRecord, in.TrimLeadingSpace = comma, -1, comma != '\t'
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, notes, nil
		}
		if err != nil {
			t := Trouble{What: "a row can't be taken apart: " + err.Error(), Mend: "put a cell with a comma or a quote in it between quotes, and write each quote inside as two"}
			var bad *csv.ParseError
			if errors.As(err, &bad) {
				t.Line, t.What = bad.StartLine, "the row can't be taken apart: "+bad.Err.Error()
			}
			return nil, nil, t
		}
		if len(rows) == mostRows || len(record) > mostColumns {
			return nil, nil, Trouble{What: "the table is too large", Mend: "take out what is not the list"}
		}
		line, _ := in.FieldPos(0)
		row := Row{Line: line}
		for _, cell := range record {
			row.Cells = append(row.Cells, ofCSV(cell))
		}
		rows = append(rows, row)
	}
}

// ofCSV is a cell of a CSV file. A formula is what a spreadsheet would work out and we do not; a plus sign also begins a telephone number.
func ofCSV(text string) Cell {
	c := Cell{Text: text}
	if plain := strings.TrimSpace(text); strings.HasPrefix(plain, "=") || strings.HasPrefix(plain, "@") {
		c.Trouble, c.Mend = "it holds a formula", "write what it shows, and set the column to text before saving"
	} else if spoilt(plain) {
		c.Trouble, c.Mend = "it shows an error of the spreadsheet", "write what was meant"
	}
	return c
}

// spoilt says whether a cell holds what spreadsheets show where a formula or a column's width failed.
func spoilt(text string) bool {
	for _, sign := range []string{"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "####"} {
		if strings.HasPrefix(text, sign) {
			return true
		}
	}
	return false
}

// decode makes UTF-8 of a file; was names another encoding that it was in.
func decode(file []byte) (text, was string, err error) {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(file, []byte("\xff\xfe")):
		order, file = binary.LittleEndian, file[2:]
	case bytes.HasPrefix(file, []byte("\xfe\xff")):
		order, file = binary.BigEndian, file[2:]
	case len(file) >= 4 && file[1] == 0 && file[3] == 0:
		order = binary.LittleEndian
	case len(file) >= 4 && file[0] == 0 && file[2] == 0:
		order = binary.BigEndian
	default:
		file = bytes.TrimPrefix(file, []byte("\ufeff"))
		if !utf8.Valid(file) {
			line := 1 + bytes.Count(file[:invalid(file)], []byte("\n"))
			return "", "", Trouble{Line: line, What: "the file is not UTF-8", Mend: `save it as "CSV UTF-8", or as an Excel workbook`}
		}
		if bytes.IndexByte(file, 0) >= 0 {
			return "", "", Trouble{What: "the file is no table", Mend: `save it as "CSV UTF-8", or as an Excel workbook`}
		}
		return string(file), "", nil
	}
	if len(file)%2 == 1 {
		return "", "", Trouble{What: "the file is UTF-16 and was cut off", Mend: "copy it anew"}
	}
	units := make([]uint16, len(file)/2)
	for i := range units {
		units[i] = order.Uint16(file[2*i:])
	}
	return string(utf16.Decode(units)), "UTF-16", nil
}

// invalid is where the first byte stands that is not UTF-8.
func invalid(text []byte) int {
	at := 0
	for at < len(text) {
		r, n := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return at
}

// separator is what stands between the cells of the first row that holds something.
func separator(text string) (comma rune, name string) {
	for line := range strings.Lines(text) {
		if strings.Trim(line, " \t\r\n,;") == "" {
			continue
		}
		commas, semicolons, tabs := strings.Count(line, ","), strings.Count(line, ";"), strings.Count(line, "\t")
		switch {
		case semicolons > commas && semicolons > tabs:
			return ';', "semicolons"
		case tabs > commas:
			return '\t', "tabs"
		}
		break
	}
	return ',', "commas"
}
