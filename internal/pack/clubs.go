package pack

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// clubs reads clubs.csv, which a pack may leave out: code,area_code,name.
func (p *Pack) clubs(files fs.FS) (map[string]Club, []Note, error) {
	name := p.File("clubs.csv")
	text, err := fs.ReadFile(files, "clubs.csv")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", name, err)
	}
	var notes []Note
	var faults []error
	fault := func(line int, mend, what string, args ...any) {
		faults = append(faults, Fault{File: name, Line: line, What: fmt.Sprintf(what, args...), Mend: mend})
	}
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	in.FieldsPerRecord = -1
	in.TrimLeadingSpace = true
	clubs := make(map[string]Club)
	lines := make(map[string]int)
	for header := true; ; {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			fault(lineOf(err), "put a cell with a comma or a quote in it between quotes", "the row can't be taken apart")
			if header {
				break
			}
			continue
		}
		line, _ := in.FieldPos(0)
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		if strings.Join(row, "") == "" {
			continue
		}
		if header {
			if !slices.Equal(row, []string{"code", "area_code", "name"}) {
				fault(line, "begin the file with code,area_code,name", "the first row does not name the columns")
				break
			}
			header = false
			continue
		}
		if len(row) != 3 {
			fault(line, "write code,area_code,name", "the row has %d cells", len(row))
			continue
		}
		c := Club{Code: row[0], AreaCode: row[1], Name: row[2]}
		if len(c.Code) < 3 || len(c.Code) > 5 || strings.Trim(c.Code, "0123456789") != "" {
			fault(line, "give it three to five digits; two are a place in a list, six and more are codes", "club code %s", shown(c.Code))
		} else if first, twice := lines[c.Code]; twice {
			fault(line, "give each club a number of its own", "club code %s stands already in line %d", c.Code, first)
		}
		lines[c.Code] = line
		if c.Name == "" {
			fault(line, "write the club's name", "the club has no name")
		}
		place, followed, ok := p.Gazetteer.Current(c.AreaCode)
		switch {
		case !ok || len(place.Code) != 6:
			mend := "write the six digits of its commune"
			if meant, ok := p.Gazetteer.Get("0" + c.AreaCode); ok && len(c.AreaCode) == 5 {
				mend = fmt.Sprintf("if %s is meant, write %s, and set the column to text before saving", meant.Latin, meant.Code)
			}
			fault(line, mend, "area_code %s is no commune", shown(c.AreaCode))
		case followed:
			notes = append(notes, Note{File: name, Line: line, Text: fmt.Sprintf("area_code %s is retired; %s (%s) is used in its place: write that", c.AreaCode, place.Code, place.Latin)})
		}
		c.AreaCode = place.Code
		clubs[c.Code] = c
	}
	return clubs, notes, errors.Join(faults...)
}

// shown is a cell as a fault may quote it. What is too long for any code of ours may be a number that slipped into the wrong column.
func shown(cell string) string {
	if len(cell) > 6 {
		return fmt.Sprintf("of %d letters", utf8.RuneCountInString(cell))
	}
	return strconv.Quote(cell)
}

func lineOf(err error) int {
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		return bad.StartLine
	}
	return 1
}
