package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

// texts is a table without the troubles of its cells.
func texts(rows []Row) map[int][]string {
	out := make(map[int][]string)
	for _, r := range rows {
		for _, c := range r.Cells {
			out[r.Line] = append(out[r.Line], c.Text)
		}
	}
	return out
}

func utf16of(text string, little, mark bool) []byte {
	var out []byte
	units := utf16.Encode([]rune(text))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	for _, u := range units {
		if little {
			out = append(out, byte(u), byte(u>>8))
		} else {
			out = append(out, byte(u>>8), byte(u))
		}
	}
	return out
}

func TestReadCSVOfEveryKind(t *testing.T) {
	t.Parallel()
	const plain = "a,b\n1,\"x, y\"\n,\n\n ២ , z \n"
	want := map[int][]string{1: {"a", "b"}, 2: {"1", "x, y"}, 5: {"២", "z"}}
	for name, c := range map[string]struct {
		file  []byte
		notes int
	}{
		"plain":                        {[]byte(plain), 0},
		"byte order mark":              {[]byte("\ufeff" + plain), 0},
		"line ends of Windows":         {[]byte(strings.ReplaceAll(plain, "\n", "\r\n")), 0},
		"semicolons":                   {[]byte(strings.NewReplacer(",", ";", "x, y", "x, y").Replace("a,b\n1,") + "\"x, y\"\n;\n\n ២ ; z \n"), 1},
		"tabs":                         {[]byte("a\tb\n1\t\"x, y\"\n\t\n\n ២ \t z \n"), 1},
		"UTF-16, little, marked":       {utf16of(plain, true, true), 1},
		"UTF-16, big, marked":          {utf16of(plain, false, true), 1},
		"UTF-16, little, without mark": {utf16of(plain, true, false), 1},
		"UTF-16, big, without mark":    {utf16of(plain, false, false), 1},
		"rows of many empty cells":     {[]byte("a,b,,,\n1,\"x, y\",,\n,,,,,\n,\n២,z,,,,\n"), 0},
	} {
		rows, notes, err := Read(c.file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, texts(rows)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if len(notes) != c.notes {
			t.Errorf("%s: notes %q", name, notes)
		}
	}
}

func TestWhatIsNoTable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file []byte
		line int
		want string
	}{
		"nothing":              {nil, 0, "the file is empty"},
		"only empty rows":      {[]byte(",,\n\n,\n"), 0, "the file is empty"},
		"an old encoding":      {[]byte("a,b\n\xe0\xc1,x\n"), 2, "not UTF-8"},
		"an old workbook":      {[]byte("\xd0\xcf\x11\xe0rest"), 0, ".xls"},
		"a picture":            {[]byte("\x89PNG\r\n\x1a\n\x00\x00"), 1, "not UTF-8"},
		"UTF-16 cut off":       {append(utf16of("a,b\n", true, true), 'x'), 0, "cut off"},
		"an open quote":        {[]byte("a,b\n1,\"x\n"), 2, "taken apart"},
		"a cut workbook":       {[]byte("PK\x03\x04 and no more"), 0, "workbook"},
		"a zip and no list":    {zipped(t, map[string]string{"x.txt": "x"}), 0, "xl/workbook.xml is missing"},
		"too many columns":     {[]byte(strings.Repeat(",", 300) + "x\n"), 0, "too large"},
		"a larger file":        {make([]byte, Most+1), 0, "too large"},
		"a program":            {[]byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00"), 0, "no table"},
		"a workbook to unpack": {zipped(t, map[string]string{"xl/workbook.xml": strings.Repeat(" ", Most+10)}), 0, "too large"},
	} {
		rows, _, err := Read(c.file)
		var trouble Trouble
		if !errors.As(err, &trouble) || !strings.Contains(trouble.What, c.want) || trouble.Line != c.line || trouble.Mend == "" || rows != nil {
			t.Errorf("%s: %v (line %d)", name, err, trouble.Line)
		}
	}
}

func TestCellsThatASpreadsheetSpoilt(t *testing.T) {
	t.Parallel()
	rows, _, err := Read([]byte("=1+1,\"=\"\"012000101\"\"\",+855 12 000 101,@x,#N/A,########,-\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range rows[0].Cells {
		got = append(got, c.Trouble)
		if (c.Trouble == "") != (c.Mend == "") {
			t.Errorf("%q has no mend", c.Text)
		}
	}
	want := []string{"it holds a formula", "it holds a formula", "", "it holds a formula", "it shows an error of the spreadsheet", "it shows an error of the spreadsheet", ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func zipped(tb testing.TB, parts map[string]string) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, text := range parts {
		f, err := w.Create(name)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := f.Write([]byte(text)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

const (
	mainNS  = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	strict  = `xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main" xmlns:r="http://purl.oclc.org/ooxml/officeDocument/relationships"`
	relPart = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId3" Type="x/worksheet" Target="%s"/></Relationships>`
)

// book is a workbook of one visible sheet with these rows.
func book(tb testing.TB, ns, target, rows string) []byte {
	tb.Helper()
	part := "xl/" + strings.TrimPrefix(strings.TrimPrefix(target, "/xl/"), "xl/")
	return zipped(tb, map[string]string{
		"xl/workbook.xml":            `<?xml version="1.0"?><workbook ` + ns + `><sheets><sheet name="old" sheetId="1" state="hidden" r:id="rId1"/><sheet name="List" sheetId="2" r:id="rId3"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": fmt.Sprintf(relPart, target),
		"xl/sharedStrings.xml":       `<sst ` + ns + `><si><t>officer_id</t></si><si><r><t>ភូមិ</t></r><r><t xml:space="preserve"> មួយ</t></r></si></sst>`,
		"xl/styles.xml": `<styleSheet ` + ns + `><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/><numFmt numFmtId="165" formatCode="&quot;day&quot; 0 [Red]"/></numFmts>` +
			`<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="49"/></cellXfs></styleSheet>`,
		part: `<worksheet ` + ns + `><sheetData>` + rows + `</sheetData></worksheet>`,
	})
}

func TestReadWorkbook(t *testing.T) {
	t.Parallel()
	rows := `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="inlineStr"><is><t>phone</t></is></c></row>` +
		`<row r="2"><c r="B2" s="4"/><c r="Z2" s="1"/></row>` +
		`<row r="4"><c r="A4" t="s"><v>1</v></c><c r="B4"><v>20101</v></c><c r="C4"><v>8.5512000101E10</v></c><c r="D4" s="3"><v>7</v></c></row>` +
		`<row r="5"><c r="A5" t="str"><v>typed</v></c></row>`
	want := map[int][]string{1: {"officer_id", "", "phone"}, 4: {"ភូមិ មួយ", "20101", "85512000101", "7"}, 5: {"typed"}}
	for name, file := range map[string][]byte{
		"as Excel writes it": book(t, mainNS, "worksheets/sheet2.xml", rows),
		"strict":             book(t, strict, "worksheets/sheet2.xml", rows),
		"a full path":        book(t, mainNS, "/xl/worksheets/sheet2.xml", rows),
	} {
		got, notes, err := Read(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, texts(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if len(notes) != 1 || !strings.Contains(notes[0], `only "List" was read`) {
			t.Errorf("%s: notes %q", name, notes)
		}
	}
}

func TestCellsThatAWorkbookSpoilt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ cell, want string }{
		"a formula":              {`<c r="A1"><f>1+1</f><v>2</v></c>`, "formula"},
		"a formula of a text":    {`<c r="A1" t="str"><f>B1</f><v>x</v></c>`, "formula"},
		"a date":                 {`<c r="A1" s="1"><v>46348</v></c>`, "date"},
		"a date of its own form": {`<c r="A1" s="2"><v>46348</v></c>`, "date"},
		"a date as such":         {`<c r="A1" t="d"><v>2026-11-22</v></c>`, "date"},
		"an error":               {`<c r="A1" t="e"><v>#N/A</v></c>`, "error"},
		"true":                   {`<c r="A1" t="b"><v>1</v></c>`, "true or false"},
		"too long a number":      {`<c r="A1"><v>8.5512000101000101E+17</v></c>`, "last digits are lost"},
		"endless":                {`<c r="A1"><v>1e999999999</v></c>`, "no number"},
		"a part":                 {`<c r="A1"><v>12.5</v></c>`, "a part"},
		"no number":              {`<c r="A1"><v>NaN</v></c>`, "no number"},
		"a text that is missing": {`<c r="A1" t="s"><v>99</v></c>`, "missing"},
	} {
		rows, _, err := Read(book(t, mainNS, "worksheets/sheet2.xml", `<row r="1">`+c.cell+`</row>`))
		if err != nil || len(rows) != 1 {
			t.Errorf("%s: %v %v", name, rows, err)
			continue
		}
		if got := rows[0].Cells[0]; !strings.Contains(got.Trouble, c.want) || got.Mend == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if _, _, err := Read(book(t, mainNS, "worksheets/sheet2.xml", `<row r="1"><c r="XFD1"><v>1</v></c></row>`)); err == nil {
		t.Error("a cell at the end of the world is read")
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	for column, want := range map[int]string{0: "A7", 6: "G7", 25: "Z7", 26: "AA7", 51: "AZ7", 52: "BA7", 701: "ZZ7", 702: "AAA7"} {
		if got := Name(7, column); got != want {
			t.Errorf("column %d is %s, expected %s", column, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("a;b\n1;\"x\"\n"))
	f.Add(utf16of("a,b\n", true, true))
	f.Add(book(f, mainNS, "worksheets/sheet2.xml", `<row r="1"><c r="A1" t="s"><v>0</v></c></row>`))
	f.Fuzz(func(t *testing.T, file []byte) {
		rows, _, err := Read(file)
		if (err == nil) != (len(rows) > 0) {
			t.Fatalf("%d rows and %v", len(rows), err)
		}
		var trouble Trouble
		if err != nil && (!errors.As(err, &trouble) || trouble.Mend == "") {
			t.Fatalf("a fault without a mend: %v", err)
		}
	})
}

// office.xlsx was written by a spreadsheet library (github.com/xuri/excelize) and not by these tests: what the wild writes is read alike.
func TestReadAWorkbookOfAnother(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("testdata/office.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	rows, notes, err := Read(file)
	if err != nil || len(rows) != 7 || len(notes) != 1 {
		t.Fatalf("%d rows, notes %q, %v", len(rows), notes, err)
	}
	var troubles []string
	for _, r := range rows {
		for i, c := range r.Cells {
			if c.Trouble != "" {
				troubles = append(troubles, Name(r.Line, i)+": "+c.Trouble)
			}
		}
	}
	if diff := cmp.Diff([]string{"E4: the spreadsheet has made a date of it", "C5: it holds a formula"}, troubles); diff != "" {
		t.Error(diff)
	}
	got := texts(rows)
	if diff := cmp.Diff([]string{"b", "020101", "Chair, two", "+855 12 000 102", "always"}, got[3]); diff != "" {
		t.Error(diff)
	}
	if got[2][2] != "ភូមិ មួយ" || got[6][3] != "85512000911" || got[7][1] != "20101" {
		t.Errorf("%v", got)
	}
}
