package gazetteer

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// columns are the columns of a gazetteer file, in the order in which we write them; a file may order them otherwise.
var columns = []string{"code", "level", "name_km", "name_latin", "unit", "status", "successor"}

// levelOf gives each level the length of its codes.
var levelOf = map[Level]int{Province: 2, District: 4, Commune: 6}

// row is a line of the file with its number.
type row struct {
	Place
	line int
}

// fault is one thing that is wrong with a file; it reads "name:line: what; how to mend it".
type fault struct {
	name, text string
	line       int
}

func (f fault) Error() string { return fmt.Sprintf("%s:%d: %s", f.name, f.line, f.text) }

// faults collects what is wrong with a file.
type faults struct {
	name string
	errs []fault
}

func (f *faults) add(line int, format string, args ...any) {
	f.errs = append(f.errs, fault{f.name, fmt.Sprintf(format, args...), line})
}

// join returns all faults as one error, in the order of the file; nil when there are none.
func (f *faults) join() error {
	slices.SortStableFunc(f.errs, func(a, b fault) int { return cmp.Compare(a.line, b.line) })
	errs := make([]error, len(f.errs))
	for i, e := range f.errs {
		errs[i] = e
	}
	return errors.Join(errs...)
}

// Load reads a gazetteer: CSV with the columns code, level, name_km (or, in another country, name_local), name_latin, unit, status and
// successor. The name is what
// faults are reported under. Any unit words will do, and those of the file are what Find then knows beside a name; a file that has
// Cambodian ones on all three levels is taken for Cambodia's and may have no others. It returns every fault of the file at once, joined, each as "name:line: what; how to mend it".
func Load(r io.Reader, name string) (*Gazetteer, error) {
	f := &faults{name: name}
	rows := readRows(r, f)
	if len(f.errs) == 0 && len(rows) == 0 {
		f.add(1, "no places; add at least one province, district and commune")
	}
	checkRows(rows, f)
	voc := vocabularyOf(rows)
	checkUnits(rows, voc, f)
	for i := range rows {
		rows[i].Unit, _, _ = strings.Cut(rows[i].Unit, "|")
	}
	if err := f.join(); err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a.Code, b.Code) })
	g := &Gazetteer{
		places:   make([]Place, len(rows)),
		voc:      voc,
		local:    "km",
		byCode:   make(map[string]int32, len(rows)),
		children: make(map[string][]Place, 256),
	}
	for i, r := range rows {
		g.places[i] = r.Place
		g.byCode[r.Code] = int32(i)
		if r.Retired {
			continue
		}
		parent := r.Code[:len(r.Code)-2]
		g.children[parent] = append(g.children[parent], r.Place)
		if r.Level == Commune {
			g.communes = append(g.communes, r.Place)
		}
	}
	g.buildIndexes()
	return g, nil
}

// readRows parses the lines and checks what a line alone can show.
func readRows(r io.Reader, f *faults) []row {
	in := csv.NewReader(r)
	in.FieldsPerRecord = -1
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		f.add(1, "no header line (%v); the first line must be %s", err, strings.Join(columns, ","))
		return nil
	}
	at := make(map[string]int, len(header))
	for i, c := range header {
		at[strings.TrimSpace(strings.TrimPrefix(c, "\ufeff"))] = i
	}
	if i, ok := at["name_local"]; ok {
		at["name_km"] = i
	}
	var missing []string
	for _, c := range columns {
		if _, ok := at[c]; !ok {
			missing = append(missing, c)
		}
	}
	if missing != nil {
		f.add(1, "missing column %s; the first line must be %s", strings.Join(missing, ", "), strings.Join(columns, ","))
		return nil
	}
	width := len(header)
	var rows []row
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			var parse *csv.ParseError
			if errors.As(err, &parse) {
				f.add(parse.StartLine, "not readable as CSV (%v); check the quotes of this line", parse.Err)
			} else {
				f.add(len(rows)+2, "reading stopped (%v); check the file", err)
			}
			return rows
		}
		line, _ := in.FieldPos(0)
		if len(record) != width {
			f.add(line, "%d fields where the header has %d; add or remove commas", len(record), width)
			continue
		}
		rows = append(rows, readRow(record, at, line, f))
	}
}

func readRow(record []string, at map[string]int, line int, f *faults) row {
	field := func(c string) string { return strings.TrimSpace(strings.Clone(record[at[c]])) }
	r := row{line: line, Place: Place{
		Code: field("code"), Level: Level(field("level")), Km: field("name_km"), Latin: field("name_latin"),
		Unit: field("unit"), Successor: field("successor"),
	}}
	want, known := levelOf[r.Level]
	switch {
	case !known:
		f.add(line, "unknown level %q; write province, district or commune", r.Level)
	case len(r.Code) != want || strings.Trim(r.Code, "0123456789") != "":
		f.add(line, "code %q is not %d digits, as the code of a %s must be; mind lost leading zeros", r.Code, want, r.Level)
	}
	if r.Unit == "" {
		f.add(line, "unit is empty; write what such a place is called, as in commune or Khum")
	}
	if r.Km == "" {
		f.add(line, "name_km is empty; write the name as the country writes it")
	}
	if r.Latin == "" {
		f.add(line, "name_latin is empty; write the name in Latin letters")
	}
	switch status := field("status"); status {
	case "current":
		if r.Successor != "" {
			f.add(line, "a current place has the successor %q; empty the field, or write retired", r.Successor)
		}
	case "retired":
		r.Retired = true
		if r.Successor == "" {
			f.add(line, "retired place %s has no successor; write the code that replaced it", r.Code)
		}
	default:
		f.add(line, "unknown status %q; write current or retired", status)
	}
	return r
}

// checkUnits checks the unit words of a file in a country whose unit words are known.
func checkUnits(rows []row, voc *vocabulary, f *faults) {
	for _, r := range rows {
		if units := voc.units[r.Level]; units != nil && r.Unit != "" && !slices.Contains(units, r.Unit) {
			f.add(r.line, "unknown unit %q for a %s; write %s", r.Unit, r.Level, strings.Join(units, ", "))
		}
	}
}

// checkRows checks what only all lines together can show: doubled codes, parents, successors.
func checkRows(rows []row, f *faults) {
	byCode := make(map[string]row, len(rows))
	for _, r := range rows {
		if first, ok := byCode[r.Code]; ok {
			f.add(r.line, "code %s is already on line %d; remove one of them", r.Code, first.line)
			continue
		}
		byCode[r.Code] = r
	}
	for _, r := range rows {
		if len(r.Code) != levelOf[r.Level] {
			continue // named already
		}
		if len(r.Code) > 2 {
			// The district of a retired commune may itself be gone from the table; its province is not.
			parent := r.Code[:len(r.Code)-2]
			if r.Retired {
				parent = r.Code[:2]
			}
			above, ok := byCode[parent]
			switch {
			case !ok:
				f.add(r.line, "%s %s lies in %s, which is not in the file; add it or mend the code", r.Level, r.Code, parent)
			case above.Retired && !r.Retired:
				f.add(r.line, "%s %s lies in %s, which is retired; retire it too or mend the code", r.Level, r.Code, parent)
			}
		}
		if r.Retired && r.Successor != "" {
			checkSuccessor(r, byCode, f)
		}
	}
}

func checkSuccessor(r row, byCode map[string]row, f *faults) {
	next, ok := byCode[r.Successor]
	if !ok {
		f.add(r.line, "successor %s of %s is not in the file; write a code that is", r.Successor, r.Code)
		return
	}
	if next.Level != r.Level {
		f.add(r.line, "successor %s of %s is a %s; write the code of a %s", r.Successor, r.Code, next.Level, r.Level)
		return
	}
	for steps := 0; next.Retired; steps++ {
		if next.Code == r.Code || steps > len(byCode) {
			f.add(r.line, "successors of %s run in a circle; let one of them be a current place", r.Code)
			return
		}
		after, ok := byCode[next.Successor]
		if !ok {
			return // named at its own line
		}
		next = after
	}
}
