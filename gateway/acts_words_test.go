package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// actWords are the words that the code puts on record: what a composite literal of audit.Entry has as What, what onRecord is given, and the
// constants of acts.go.
func actWords(t *testing.T) map[string]bool {
	t.Helper()
	words := map[string]bool{}
	literal := func(e ast.Expr) {
		if b, ok := e.(*ast.BinaryExpr); ok {
			e = b.X
		}
		if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
			word, err := strconv.Unquote(l.Value)
			if err != nil {
				t.Fatal(err)
			}
			if word != "" {
				words[strings.TrimSpace(word)] = true
			}
		}
	}
	for _, pattern := range []string{"*.go", "../internal/store/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CompositeLit:
					if fields := fieldsOf(n); fields["Who"] != nil && fields["What"] != nil {
						literal(fields["What"])
					}
				case *ast.CallExpr:
					if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "onRecord" {
						literal(n.Args[2])
					}
				case *ast.ValueSpec:
					if strings.HasPrefix(n.Names[0].Name, "act") && len(n.Values) == 1 {
						literal(n.Values[0])
					}
				case *ast.AssignStmt:
					if id, ok := n.Lhs[0].(*ast.Ident); ok && id.Name == "what" && len(n.Rhs) == 1 && strings.Contains(file, "store") {
						literal(n.Rhs[0])
					}
				}
				return true
			})
		}
	}
	return words
}

// fieldsOf are the values of a composite literal by their fields' names.
func fieldsOf(l *ast.CompositeLit) map[string]ast.Expr {
	fields := map[string]ast.Expr{}
	for _, e := range l.Elts {
		if pair, ok := e.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok {
				fields[key.Name] = pair.Value
			}
		}
	}
	return fields
}

// actsDriven are the tests that drive each act and look for its entry. A new act goes in here, with a test.
var actsDriven = map[string]string{
	"erased by time": "TestAYearPasses", "erased again": "TestABackupBringsNothingBack",
	"backup": "TestABackupIsOnRecord", "restore": "TestABackupIsOnRecord",
	"accept": "TestEveryActOfAnOfficerIsOnRecord", "decline": "TestEveryActOfAnOfficerIsOnRecord", "seen": "TestEveryActOfAnOfficerIsOnRecord",
	"outcome": "TestEveryActOfAnOfficerIsOnRecord", "details": "TestEveryActOfAnOfficerIsOnRecord", "pin set": "TestEveryActOfAnOfficerIsOnRecord",
	"pin wrong": "TestEveryActOfAnOfficerIsOnRecord", "pin right": "TestEveryActOfAnOfficerIsOnRecord", "pin locked": "TestOfficersGetPINs",
	"pin unlock": "TestOfficersGetPINs", "agree": "TestEveryReviewIsOnRecord", "refuse": "TestEveryReviewIsOnRecord", "hand on": "TestEveryActOfTheDeskIsOnRecord",
	"reveal": "TestEveryActOfTheDeskIsOnRecord", "hold taken": "TestEveryActOfTheDeskIsOnRecord", "hold declined": "TestEveryActOfTheDeskIsOnRecord",
	"hold assigned to": "TestHoldIsTakenAndForgotten", "hold released to": "TestEveryActOfTheDeskIsOnRecord", "hold closed": "TestHoldsAreClosedOnRecord",
	"joined to": "TestTwoReportsOfOneChild", "marked": "TestEveryActOfTheDeskIsOnRecord", "emergency on": "TestEveryActOfTheDeskIsOnRecord",
	"emergency off": "TestEveryActOfTheDeskIsOnRecord", "club add": "TestEveryActOfTheDeskIsOnRecord", "club retire": "TestEveryActOfTheDeskIsOnRecord",
	"away": "TestEveryActOfTheDeskIsOnRecord", "back": "TestEveryActOfTheDeskIsOnRecord", "phone changed": "TestEveryActOfTheDeskIsOnRecord",
	"phone lost": "TestEveryActOfTheDeskIsOnRecord", "figures": "TestEveryActOfTheDeskIsOnRecord", "directory import": "TestDirectoryImport",
	"drill started": "TestDrillsAndLessonsAreOnRecord", "erasing asked": "TestEveryErasingIsOnRecord", "erasing refused": "TestEveryErasingIsOnRecord",
	"erase": "TestEveryErasingIsOnRecord", "erased": "TestEveryErasingIsOnRecord", "lessons on": "TestDrillsAndLessonsAreOnRecord", "lessons off": "TestDrillsAndLessonsAreOnRecord",
	"archive exported": "TestTheArchiveOpensForItsHoldersAlone", "keys rotated": "TestKeysAreRotated", "key destroyed": "TestOldCopiesDieWithTheMonth",
	"agreed to erase": "TestAttackOneOperatorErases", "record key": "TestWhatIsInForceIsOnRecord", "directory": "TestWhatIsInForceIsOnRecord", "checkpoint": "TestCheckpointBySMS",
	"clock reset": "TestClockSetBackAndRestarted",
}

func TestEveryKindOfActIsDriven(t *testing.T) {
	t.Parallel()
	words, tests := actWords(t), testNames(t)
	if len(words) < 20 {
		t.Fatalf("only these acts were found in the code: %v", slices.Sorted(maps.Keys(words)))
	}
	for word := range words {
		if !tests[actsDriven[word]] {
			t.Errorf("nothing drives the act %q: write a test that looks for its entry, and put it into actsDriven", word)
		}
	}
}

// plainWord is a word of the record that can be no part of a number: an id, a digest, a date or a month.
var plainWord = regexp.MustCompile(`^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16,64}|\d{4}-\d\d(-\d\d)?(\.\.\d{4}-\d\d)?|monthly-\d{4}-\d\d)$`)

// longDigits may be somebody's number, in Latin or Khmer digits and however it is spaced.
var longDigits = regexp.MustCompile(`\p{Nd}([ .\-/()]*\p{Nd}){6}`)

// personal says what in the text of an act may be about a person; "" when nothing is.
func personal(text string) string {
	var words []string
	for word := range strings.FieldsSeq(text) {
		if !plainWord.MatchString(word) {
			words = append(words, word)
		}
	}
	text = strings.Join(words, " ")
	switch {
	case longDigits.MatchString(text):
		return "a long number"
	case strings.ContainsFunc(text, func(r rune) bool { return r > 127 }):
		return "letters that no act is named with"
	case strings.Contains(text, secret):
		return "what a caller told"
	}
	return ""
}

func TestWhatWouldBePersonalIsKnown(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"+85512000123", "012 000 123", "call ០១២០០០១២៣", "020101 012-000-123", "គាត់", secret} {
		if personal(text) == "" {
			t.Errorf("%q passes", text)
		}
	}
	for _, text := range []string{"482131", "banan1-chair", "02 019ab3f1-1111-7222-8333-123456789012", "0123456789012345", "2025-12..2026-11", "hold released to 020101"} {
		if what := personal(text); what != "" {
			t.Errorf("%q is taken for %s", text, what)
		}
	}
}

// recordSaysNothingPersonal holds every entry of a story to it: `stories` calls it at the end of each.
func (w *world) recordSaysNothingPersonal() {
	w.t.Helper()
	list, err := w.gateway.store.Audit(w.t.Context(), 0, 10_000)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range list {
		for _, field := range []string{e.Who, e.What, e.Subject, e.Who + " " + e.What} {
			if what := personal(field); what != "" {
				w.t.Errorf("entry %d (%s) holds %s", e.Seq, e.What, what)
			}
		}
		if anyNumber.MatchString(e.Reason) || longDigits.MatchString(e.Reason) {
			w.t.Errorf("the reason of entry %d holds a number", e.Seq)
		}
	}
}

// testNames are the tests of this folder.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				names[f.Name.Name] = true
			}
		}
	}
	return names
}
