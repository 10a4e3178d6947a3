package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the first element of every import path of ours.
const module = "chumrok"

// mayImport is the import table: which of our packages a package may import. A package without a row is refused, so a
// new package starts here, and a new arrow is a question about the design before it is a line of code.
var mayImport = map[string][]string{
	"internal/phone":       {},
	"internal/gazetteer":   {},
	"internal/seal":        {},
	"internal/audit":       {},
	"internal/servertest":  {},
	"internal/limits":      {},
	"internal/panics":      {},
	"internal/steadyclock": {},
	"internal/officerpin":  {},
	"internal/kannelconf":  {},
	"internal/figures":     {},
	"internal/sheet":       {},
	"internal/backup":      {},
	"locales":              {},
	"deploy":               {},

	"flows":              {"locales", "internal/gazetteer", "internal/phone"},
	"internal/directory": {"internal/gazetteer", "internal/phone", "internal/sheet"},
	"internal/report":    {"internal/gazetteer", "internal/phone", "internal/directory"},
	"internal/referral":  {"internal/gazetteer", "internal/phone", "internal/directory", "internal/report"},
	"internal/alert": {
		"internal/gazetteer", "internal/phone", "internal/directory", "internal/report", "internal/referral",
	},

	"internal/pack": {
		"internal/directory", "internal/gazetteer", "flows", "locales", "internal/phone", "deploy",
		"internal/report", "internal/referral", "internal/alert",
	},
	"internal/poster":  {"locales"},
	"internal/spool":   {"internal/seal"},
	"internal/session": {"flows", "internal/phone", "internal/seal"},
	"internal/outbox":  {"internal/alert", "internal/phone"},
	"internal/store": {
		"internal/report", "internal/referral", "internal/alert", "internal/outbox", "internal/directory",
		"internal/phone", "internal/seal", "internal/audit", "internal/backup", "internal/panics",
	},

	// The fault drill: it starts the real binary, and looks at what it left through the packages that wrote it.
	"internal/faults": {"internal/store", "internal/seal", "internal/phone", "internal/pack", "internal/spool", "locales", "deploy", "internal/servertest"},

	"adapters":   {"internal/phone"},
	"adapters/*": {"adapters", "internal/phone"},
	"gateway":    {"*"},
}

// testsMayAlsoImport is what the test files of every package may import besides their package's row. Nothing else may.
var testsMayAlsoImport = []string{"internal/servertest", "adapters/adaptertest"}

// pure lists the packages that decide: values and a now go in, values come out.
var pure = []string{
	"flows", "locales", "internal/phone", "internal/gazetteer", "internal/directory",
	"internal/report", "internal/referral", "internal/alert", "internal/figures", "internal/sheet", "internal/audit",
	"internal/steadyclock",
}

// impureImports would let a pure package reach the world, or answer differently to the same question.
var impureImports = []string{
	"os", "os/exec", "net", "net/http", "database/sql", "crypto/rand", "math/rand", "math/rand/v2", "syscall",
}

// clockReads are the functions of package time that read a clock or wait for one.
var clockReads = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"}

// namelessNames say nothing about what a package is for.
var namelessNames = []string{
	"util", "utils", "common", "helper", "helpers", "model", "models", "type", "types", "misc", "shared", "base",
}

// sourceFile is a parsed Go file of this repository.
type sourceFile struct {
	path string // from the repository's root, with slashes
	dir  string // the package's folder: "internal/phone"
	test bool
	ast  *ast.File
	fset *token.FileSet
}

func (f sourceFile) at(pos token.Pos) string {
	return f.path + ":" + strconv.Itoa(f.fset.Position(pos).Line)
}

func TestImportsFollowTheTable(t *testing.T) {
	t.Parallel()

	for _, file := range sourceFiles(t) {
		allowed, ok := importsOf(file.dir)
		if !ok {
			t.Errorf("%s: package %s has no row in the import table of gateway/architecture_test.go", file.path, file.dir)
			continue
		}

		for imported, pos := range imports(t, file) {
			target, ours := strings.CutPrefix(imported, module+"/")

			switch {
			case !ours:
			case target == "gateway":
				t.Errorf("%s: nothing imports gateway: it holds what only the whole program knows", file.at(pos))
			case slices.Contains(testsMayAlsoImport, target):
				if !file.test && !slices.Contains(allowed, target) {
					t.Errorf("%s: %s is for test files only", file.at(pos), target)
				}
			case target == file.dir && file.test: // an external test package and its own package
			case slices.Contains(allowed, target) || slices.Contains(allowed, "*"):
			case strings.HasPrefix(target, "adapters/") && strings.HasPrefix(file.dir, "adapters/"):
				t.Errorf("%s: adapters never import each other; what both need belongs above them, in gateway or adapters", file.at(pos))
			default:
				t.Errorf("%s: %s may import %v, not %s", file.at(pos), file.dir, allowed, target)
			}
		}
	}
}

func TestPurePackagesReachNothing(t *testing.T) {
	t.Parallel()

	for _, file := range sourceFiles(t) {
		if file.test || !slices.Contains(pure, file.dir) {
			continue
		}

		for imported, pos := range imports(t, file) {
			if slices.Contains(impureImports, imported) {
				t.Errorf("%s: %s decides and does no I/O; %s belongs in gateway, its result is handed in", file.at(pos), file.dir, imported)
			}
		}

		ast.Inspect(file.ast, func(node ast.Node) bool {
			selector, ok := node.(*ast.SelectorExpr)
			if !ok {
				return true
			}

			if pkg, ok := selector.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains(clockReads, selector.Sel.Name) {
				t.Errorf("%s: %s reads no clock: take now as an argument instead of time.%s", file.at(selector.Pos()), file.dir, selector.Sel.Name)
			}

			return true
		})
	}
}

func TestNoInitFunctions(t *testing.T) {
	t.Parallel()

	for _, file := range sourceFiles(t) {
		for _, decl := range file.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: no init functions: say in main what is to happen, where a reader looks for it", file.at(fn.Pos()))
			}
		}
	}
}

func TestPackagesAreNamedForAThing(t *testing.T) {
	t.Parallel()

	for _, file := range sourceFiles(t) {
		names := append(strings.Split(file.dir, "/"), strings.TrimSuffix(file.ast.Name.Name, "_test"))
		for _, name := range names {
			if slices.Contains(namelessNames, name) {
				t.Errorf("%s: a package called %s can hold anything; name it for the noun it is about", file.path, name)
			}
		}
	}
}

// Every direct dependency has its reason in DECISIONS.md, and no reason outlives its dependency.
func TestEveryDependencyHasItsReason(t *testing.T) {
	t.Parallel()

	direct := matchesOf(t, "../go.mod", `(?m)^(?:require )?\s*([a-z][^\s]*/[^\s]+) v[^\s]+$`)
	reasons := matchesOf(t, "../DECISIONS.md", "(?m)^\\| `([^`]+)` \\|")

	for _, dependency := range direct {
		if !slices.Contains(reasons, dependency) {
			t.Errorf("go.mod requires %s: say in the table of DECISIONS.md what for, and why this one", dependency)
		}
	}

	for _, dependency := range reasons {
		if !slices.Contains(direct, dependency) {
			t.Errorf("DECISIONS.md gives a reason for %s, which go.mod does not require directly: take the line out", dependency)
		}
	}
}

// matchesOf returns what the group of the pattern matches in a file, and fails when that is nothing.
func matchesOf(t *testing.T, name, pattern string) []string {
	t.Helper()

	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}

	var found []string
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
		found = append(found, match[1])
	}

	if len(found) == 0 {
		t.Fatalf("%s: nothing matches %s", name, pattern)
	}

	return found
}

// importsOf returns a package's row of the table.
func importsOf(dir string) ([]string, bool) {
	row, ok := mayImport[dir]
	if !ok && path.Dir(dir) == "adapters" {
		row, ok = mayImport["adapters/*"]
	}

	return row, ok
}

// imports returns the import paths of a file and where each stands.
func imports(t *testing.T, file sourceFile) map[string]token.Pos {
	t.Helper()

	found := make(map[string]token.Pos, len(file.ast.Imports))

	for _, spec := range file.ast.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatalf("%s: %v", file.at(spec.Pos()), err)
		}

		found[imported] = spec.Pos()
	}

	return found
}

// sourceFiles parses every Go file of this module: not tools, which is a module of its own, and no test data.
func sourceFiles(t *testing.T) []sourceFile {
	t.Helper()

	const root = ".."

	fset := token.NewFileSet()

	var files []sourceFile

	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}

		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}

		relative = filepath.ToSlash(relative)

		if entry.IsDir() {
			hidden := relative != "." && strings.HasPrefix(entry.Name(), ".")
			if hidden || entry.Name() == "testdata" || relative == "tools" {
				return filepath.SkipDir
			}

			return nil
		}

		if path.Ext(relative) != ".go" {
			return nil
		}

		parsed, err := parser.ParseFile(fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}

		files = append(files, sourceFile{
			path: relative, dir: path.Dir(relative), test: strings.HasSuffix(relative, "_test.go"), ast: parsed, fset: fset,
		})

		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	// Guards the guard: a walk that found nothing would let everything pass.
	if !slices.ContainsFunc(files, func(f sourceFile) bool { return f.path == "gateway/architecture_test.go" }) {
		t.Fatal("the walk over the source did not find this very file")
	}

	return files
}
