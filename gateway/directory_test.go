package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"chumrok/internal/pack"
)

// list writes an office's list: the story's directory with some texts replaced.
func (w *world) list(name string, replace ...string) string {
	w.t.Helper()
	text, err := os.ReadFile("testdata/directory.csv")
	if err != nil {
		w.t.Fatal(err)
	}
	path := filepath.Join(w.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(strings.NewReplacer(replace...).Replace(string(text))), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

var digestLine = regexp.MustCompile(`--apply ([0-9a-f]{16})\n`)

// reviews imports without applying and returns the digest.
func (w *world) reviews(file string, parts ...string) string {
	w.t.Helper()
	out := w.done("directory", "import", file)
	for _, part := range parts {
		if !strings.Contains(out, part) {
			w.t.Errorf("%q is not in:\n%s", part, out)
		}
	}
	if strings.Contains(out, "12 000") || strings.Contains(out, "12000") {
		w.t.Errorf("a number is shown:\n%s", out)
	}
	found := digestLine.FindStringSubmatch(out)
	if found == nil {
		w.t.Fatalf("no digest in:\n%s", out)
	}
	return found[1]
}

// inForce is directory.csv as it stands, and the files beside it.
func (w *world) inForce() (text []byte, beside []string) {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.env["CHUMROK_PACK"], "directory.csv"))
	if err != nil {
		w.t.Fatal(err)
	}
	entries, err := os.ReadDir(w.env["CHUMROK_PACK"])
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range entries {
		if strings.Contains(e.Name(), "directory") && e.Name() != "directory.csv" {
			beside = append(beside, e.Name())
		}
	}
	return text, beside
}

// chairRow is the row of the officer whom these tests change.
func (w *world) chairRow() string {
	w.t.Helper()
	text, _ := w.inForce()
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "banan1-chair,") {
			return line
		}
	}
	w.t.Fatal("the chair is not in the directory")
	return ""
}

func TestDirectoryImport(t *testing.T) {
	stories(t, func(w *world) {
		before, _ := w.inForce()
		row := w.chairRow()
		w.files(1, "020101", "female", "physical") // accepted by the chair
		file := w.list("list.csv", row, "banan1-new,020101,committee,chair,1,New chair,012 000 778,km,always,,,\n")
		digest := w.reviews(file, "1 added, 0 changed, 1 gone", "added    banan1-new  committee 020101 Kantueu Muoy  New chair", "gone     banan1-chair",
			"open     banan1-chair answers for 1 open matters", "nothing is changed yet")
		if now, beside := w.inForce(); !bytes.Equal(now, before) || len(beside) != 0 || len(w.record()) != 0 {
			w.t.Fatalf("a review changed something: %v %v", beside, w.record())
		}
		// Only what was reviewed is put in force.
		w.refused("not as it was when 0123456789abcdef was reviewed", "directory", "import", file, "--apply", "0123456789abcdef")
		other := w.list("list.csv", row, "banan1-new,020101,committee,chair,1,New chair,012 000 779,km,always,,,\n")
		w.refused("not as it was when "+digest, "directory", "import", other, "--apply", digest)
		settings := filepath.Join(w.env["CHUMROK_PACK"], "directory.csv")
		if err := os.WriteFile(settings, append(slices.Clone(before), '\n'), 0o600); err != nil {
			w.t.Fatal(err)
		}
		w.refused("not as it was when "+digest, "directory", "import", file, "--apply", digest)
		if err := os.WriteFile(settings, before, 0o600); err != nil {
			w.t.Fatal(err)
		}

		out := w.done("directory", "import", file, "--apply", digest)
		if !strings.Contains(out, "the one before is kept as directory-before-2026-11-24-090000.csv") || !strings.Contains(out, "restart it now") {
			w.t.Errorf("it prints:\n%s", out)
		}
		now, beside := w.inForce()
		if len(beside) != 1 || !bytes.Contains(now, []byte("banan1-new,020101,committee,chair,1,New chair,012 000 778")) {
			w.t.Fatalf("beside it stand %v, and in it:\n%s", beside, now)
		}
		if kept, err := os.ReadFile(filepath.Join(w.env["CHUMROK_PACK"], beside[0])); err != nil || !bytes.Equal(kept, before) {
			w.t.Errorf("the old one is not kept whole: %v", err)
		}
		if record := w.record(); !slices.Equal(record, []string{"command directory import " + digest}) {
			w.t.Errorf("the record is %v", record)
		}
		if out := w.done("directory", "import", file, "--apply", digest); !strings.Contains(out, "nothing would change") {
			w.t.Errorf("the second time it prints:\n%s", out)
		}
		w.gateway.Close()
		w.open()
		if _, known := w.gateway.pack.Directory.Get("banan1-new"); !known {
			w.t.Error("a gateway that starts does not know the new officer")
		}
	})
}

// TestDirectoryImportNothingHalf stops the command between any two of its steps, as a power cut would: directory.csv is the whole old one or the
// whole new one, the pack loads, and the same command does the rest.
func TestDirectoryImportNothingHalf(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	folder := w.env["CHUMROK_PACK"]
	before, _ := w.inForce()
	file := w.list("list.csv", w.chairRow(), "")
	digest := w.reviews(file, "0 added, 0 changed, 1 gone")
	in, err := readImport(file, folder)
	if err != nil || in.digest != digest {
		t.Fatalf("%v, %s is not %s", err, in.digest, digest)
	}
	_, steps := in.steps(t.Context(), w.gateway.store, w.clock.Now())
	for stop := range len(steps) + 1 {
		if err := os.WriteFile(filepath.Join(folder, "directory.csv"), before, 0o600); err != nil {
			t.Fatal(err)
		}
		_, steps := in.steps(t.Context(), w.gateway.store, w.clock.Now())
		for _, step := range steps[:stop] {
			if err := step.do(); err != nil {
				t.Fatalf("%s: %v", step.doing, err)
			}
		}
		now, beside := w.inForce()
		if !bytes.Equal(now, before) && !bytes.Equal(now, in.text) {
			t.Fatalf("stopped after %d steps the directory is half", stop)
		}
		for _, name := range beside { // the write itself cut short
			if strings.HasPrefix(name, ".") {
				if err := os.Truncate(filepath.Join(folder, name), 100); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, notes, err := pack.Load(os.DirFS(folder), ""); err != nil || len(notes) != 0 {
			t.Fatalf("stopped after %d steps the pack does not load: %v %v", stop, notes, err)
		}
		w.done("directory", "import", file, "--apply", digest)
		if now, _ := w.inForce(); !bytes.Equal(now, in.text) {
			t.Fatalf("stopped after %d steps, the same command did not do the rest", stop)
		}
	}
}

// TestDirectoryImportFails: a step that fails leaves everything as it was.
func TestDirectoryImportFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	folder := w.env["CHUMROK_PACK"]
	before, _ := w.inForce()
	file := w.list("list.csv", w.chairRow(), "")
	in, err := readImport(file, folder)
	if err != nil {
		t.Fatal(err)
	}
	_, steps := in.steps(t.Context(), w.gateway.store, w.clock.Now())
	if err := os.WriteFile(in.path, append(slices.Clone(before), '\n'), 0o600); err != nil { // somebody edits it by hand meanwhile
		t.Fatal(err)
	}
	var failed error
	for _, step := range steps {
		if failed = step.do(); failed != nil {
			break
		}
	}
	if failed == nil || !strings.Contains(failed.Error(), "changed a moment ago") {
		t.Fatalf("what was edited meanwhile is overwritten: %v", failed)
	}
	in.text = bytes.Replace(in.text, []byte("banan1-focal"), []byte("banan1-other"), 1)
	if err := errors.Join(steps[0].do(), steps[1].do()); err == nil || !strings.Contains(err.Error(), "otherwise than they were reviewed") {
		t.Errorf("a file that means something else is put in force: %v", err)
	}
}

func TestDirectoryImportRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	row := w.chairRow()
	text, _ := w.inForce()
	header, _, _ := strings.Cut(string(text), "\n")
	old := filepath.Join(t.TempDir(), "c.xls")
	if err := os.WriteFile(old, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		list string
		want []string
	}{
		"spoilt cells": {w.list("a.csv", row, "banan1-chair,20101,committee,chair,1,Chair,12000771,km,always,,,\n"),
			[]string{"(cell B", "has lost its leading 0", "(cell G", "2 faults"}},
		"a phone that no message reaches": {w.list("b.csv", row, "banan1-chair,020101,committee,chair,1,Chair,+66 2 000 0000,km,always,,,\n"),
			[]string{"b.csv:", "no message can reach this phone", "1 fault"}},
		"no list":          {filepath.Join(t.TempDir(), "none.csv"), []string{"reading the list"}},
		"an old workbook":  {old, []string{"c.xls: it is an old Excel file", "save it as Excel workbook (.xlsx)"}},
		"everybody is out": {w.list("d.csv", string(text), header), []string{"no officer stands in it"}},
	} {
		code, out, complaints := w.operates("directory", "import", c.list)
		if code != exitFault {
			t.Errorf("%s: exit %d: %s%s", name, code, out, complaints)
		}
		for _, part := range c.want {
			if !strings.Contains(out, part) {
				t.Errorf("%s: %q is not in:\n%s", name, part, out)
			}
		}
	}
	delete(w.env, "CHUMROK_PACK")
	w.refused("the default pack is part of the program", "directory", "import", "x.csv")
	if got := printable("a\x1b[31mb\u202ec ភូមិ\u200bមួយ → d"); got != "a·[31mb·c ភូមិ\u200bមួយ → d" {
		t.Errorf("printed is %q", got)
	}
}
