package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"chumrok/internal/directory"
	"chumrok/internal/pack"
	"chumrok/internal/sheet"
	"chumrok/internal/store"
)

type directoryCommand struct {
	Import directoryImportCommand `cmd:"" help:"Show what an office's list (CSV or XLSX) would change in directory.csv; with --apply, change it."`
}

type directoryImportCommand struct {
	File  string `arg:"" help:"The list: CSV, or an Excel workbook."`
	Pack  string `placeholder:"DIR" help:"The pack's folder; without it the one of CHUMROK_PACK."`
	Apply string `placeholder:"DIGEST" help:"Put the list in force, if it changes exactly what was reviewed: the digest that stood below it."`
}

// imported is a list that was read and held against the directory in force. Nothing has been written yet.
type imported struct {
	file       string // as it was named
	path       string // of the directory.csv in force
	old, text  []byte // what stands there, and what would
	now, then  *pack.Pack
	difference directory.Difference
	notes      []directory.Note
	review     string // what a person reads before it is put in force
	digest     string
}

// Run shows what would change, and changes it where the same was reviewed before.
func (d directoryImportCommand) Run(c *call) error {
	folder := d.Pack
	if folder == "" {
		folder = c.env["CHUMROK_PACK"]
	}
	if folder == "" {
		return errors.New("the default pack is part of the program and can't be changed: write one with 'pack init DIR', then give --pack DIR")
	}
	in, err := readImport(d.File, folder)
	if err != nil {
		return faultsFound(c.stream.out, err)
	}
	fmt.Fprint(c.stream.out, in.review)
	if in.difference.None() {
		fmt.Fprintln(c.stream.out, "nothing would change")
		return nil
	}
	if err := in.owners(c); err != nil {
		return err
	}
	switch d.Apply {
	case "":
		fmt.Fprintf(c.stream.out, "\nnothing is changed yet. To put exactly this in force:\n  chumrok directory import %s --pack %s --apply %s\n", d.File, folder, in.digest)
		return nil
	case in.digest:
		return in.apply(c)
	}
	return fmt.Errorf("the list, the directory in force or the pack is not as it was when %s was reviewed: read the difference above, then give --apply %s",
		printable(d.Apply), in.digest)
}

// readImport reads the pack and the list, and works out the difference. All faults of the list are returned joined.
func readImport(file, folder string) (*imported, error) {
	files, name := packFiles(folder)
	now, _, err := pack.Load(files, name)
	if err != nil {
		return nil, fmt.Errorf("the pack has to be right before its directory is changed:\n%w", err)
	}
	in := &imported{file: file, now: now}
	if in.path, err = filepath.EvalSymlinks(filepath.Join(folder, "directory.csv")); err != nil {
		return nil, fmt.Errorf("finding the directory in force: %w", err)
	}
	if in.old, err = os.ReadFile(in.path); err != nil {
		return nil, fmt.Errorf("reading the directory in force: %w", err)
	}
	roster, err := in.read()
	if err != nil {
		return nil, err
	}
	if in.then, err = now.WithDirectory(roster, file); err != nil {
		return nil, err
	}
	in.difference = directory.Compare(now.Directory, roster, file)
	if err := in.routes(); err != nil {
		return nil, err
	}
	if in.text, err = roster.CSV(now.Officers()); err != nil {
		return nil, err
	}
	in.review = in.describe()
	in.digest = digestOf(in.old, in.text, []byte(in.review))
	return in, nil
}

// read reads the list itself.
func (in *imported) read() (*directory.Directory, error) {
	info, err := os.Stat(in.file)
	if err != nil {
		return nil, fmt.Errorf("reading the list: %w", err)
	}
	if info.Size() > sheet.Most {
		return nil, directory.Fault{File: in.file, What: "the file is too large", Mend: "take out what is not the list"}
	}
	content, err := os.ReadFile(in.file)
	if err != nil {
		return nil, fmt.Errorf("reading the list: %w", err)
	}
	rows, said, err := sheet.Read(content)
	var trouble sheet.Trouble
	if errors.As(err, &trouble) {
		return nil, directory.Fault{File: in.file, Line: trouble.Line, What: trouble.What, Mend: trouble.Mend}
	}
	if err != nil {
		return nil, err
	}
	for _, text := range said {
		in.notes = append(in.notes, directory.Note{File: in.file, Text: text})
	}
	roster, notes, err := directory.Import(in.now.Officers(), rows, in.file, in.now.Gazetteer)
	in.notes = append(in.notes, notes...)
	return roster, err
}

// routes holds that every report still reaches somebody, and nobody whom its caller named, in each province where an officer is another one.
func (in *imported) routes() error {
	touched := make(map[string]bool)
	for _, change := range slices.Concat(in.difference.Added, in.difference.Changed, in.difference.Gone) {
		touched[change.Officer.AreaCode[:2]] = true
		if change.Was.ID != "" {
			touched[change.Was.AreaCode[:2]] = true
		}
	}
	var faults []error
	for _, commune := range in.now.Gazetteer.Communes() {
		if touched[directory.National] || touched[commune.Code[:2]] {
			_, err := routes(in.then, commune.Code)
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// digestOf is what a review is recognised by: it changes with the directory in force, with the list, and with what they mean together.
func digestOf(parts ...[]byte) string {
	sum := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(sum, "%d\n%s\n", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
}

// describe is the difference in words. It shows no number.
func (in *imported) describe() string {
	var out strings.Builder
	d := in.difference
	for _, note := range slices.Concat(in.notes, d.Doubtful) {
		fmt.Fprintln(&out, "note:", printable(note.String()))
	}
	fmt.Fprintf(&out, "%d added, %d changed, %d gone; %d officers then, %d now\n", len(d.Added), len(d.Changed), len(d.Gone),
		len(in.then.Directory.All()), len(in.now.Directory.All()))
	for _, change := range d.Added {
		in.officer(&out, "added", change.Officer)
	}
	for _, change := range d.Changed {
		in.officer(&out, "changed", change.Officer)
		for _, what := range change.What {
			fmt.Fprintf(&out, "           %s\n", printable(what))
		}
		if change.Phone {
			fmt.Fprintf(&out, "           the PIN stays with the old phone: draw one with 'officer pin %s'\n", printable(change.Officer.ID))
		}
	}
	for _, change := range d.Gone {
		in.officer(&out, "gone", change.Officer)
	}
	in.uncovered(&out)
	return out.String()
}

func (in *imported) officer(w io.Writer, what string, o directory.Officer) {
	place := in.now.Gazetteer.Name(o.AreaCode, "en")
	fmt.Fprintf(w, "  %-8s %s  %s %s %s  %s\n", what, printable(o.ID), o.Body, o.AreaCode, place, printable(o.Name))
}

// mostCommunes is how many communes are named; a longer list is not read.
const mostCommunes = 20

// uncovered names the communes that fewer can be told of.
func (in *imported) uncovered(w io.Writer) {
	rank := map[pack.CoverageKind]int{pack.CoveredByTwo: 3, pack.CoveredByOne: 2, pack.CoveredByFallback: 1}
	before := pack.Coverage(in.now)
	worse := 0
	for i, then := range pack.Coverage(in.then) {
		if rank[then.Kind] >= rank[before[i].Kind] {
			continue
		}
		if worse++; worse <= mostCommunes {
			fmt.Fprintf(w, "  less     %s %s: %s\n", then.Code, in.now.Gazetteer.Name(then.Code, "en"), then.Why)
		}
	}
	if worse > mostCommunes {
		fmt.Fprintf(w, "  less     and %d communes more\n", worse-mostCommunes)
	}
	count := pack.CoverageCounts(pack.Coverage(in.then))
	fmt.Fprintf(w, "communes then: %d with two bodies near, %d with one, %d with a fallback only; %d are served less than now\n",
		count[pack.CoveredByTwo], count[pack.CoveredByOne], count[pack.CoveredByFallback], worse)
}

// owners says which officers who go still answer for something. They are no part of the digest, since they change by the hour.
func (in *imported) owners(c *call) error {
	s, _, err := openRecords(c.ctx, c.env)
	if err != nil { // a pack may be made ready before there is a ledger; --apply asks for one
		fmt.Fprintln(c.stream.out, "  note     no ledger could be opened, so who answers for open matters is not looked at")
		return nil
	}
	defer s.Close()
	open, err := openTasks(c.ctx, s)
	if err != nil {
		return err
	}
	for _, gone := range in.difference.Gone {
		if n := open[gone.Officer.ID]; n > 0 {
			fmt.Fprintf(c.stream.out, "  open     %s answers for %d open matters: hand them on first\n", printable(gone.Officer.ID), n)
		}
	}
	return nil
}

// openTasks counts the open referrals and holds of each officer.
func openTasks(ctx context.Context, s *store.Store) (map[string]int, error) {
	open := make(map[string]int)
	referrals, err := s.OpenReferrals(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range referrals {
		open[r.Owner]++
	}
	holds, err := s.OpenHolds(ctx)
	for _, h := range holds {
		open[h.Owner]++
	}
	return open, err
}

// printable is a text of somebody's file for the terminal: nothing in it moves the cursor or turns the writing round.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) && r != '\u200b' {
			return '·'
		}
		return r
	}, text)
}
