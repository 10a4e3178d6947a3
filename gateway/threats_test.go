package main

import (
	"go/ast"
	"os"
	"regexp"
	"strings"
	"testing"
)

var namesOfTests = regexp.MustCompile("`((?:Test|Benchmark|Fuzz)[A-Za-z0-9_]+)`")

// TestThreatsNamesItsTests: every test that THREATS.md names is there, every attack test is named in it, and it promises confidentiality only.
func TestThreatsNamesItsTests(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../THREATS.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, found := range namesOfTests.FindAllStringSubmatch(string(text), -1) {
		named[found[1]] = true
	}
	there, attacks := map[string]bool{}, 0
	for _, file := range sourceFiles(t) {
		for _, declared := range file.ast.Decls {
			f, ok := declared.(*ast.FuncDecl)
			if !ok || !file.test || f.Recv != nil {
				continue
			}
			there[f.Name.Name] = true
			if !strings.HasPrefix(f.Name.Name, "TestAttack") {
				continue
			}
			if attacks++; !named[f.Name.Name] {
				t.Errorf("%s: %s is not named in THREATS.md: say there whom it holds against", file.at(f.Pos()), f.Name.Name)
			}
			if f.Doc.Text() == "" || !strings.HasPrefix(file.path, "gateway/attack_") {
				t.Errorf("%s: %s needs a comment that says what is tried, and stands in gateway/attack_*_test.go", file.at(f.Pos()), f.Name.Name)
			}
		}
	}
	for name := range named {
		if !there[name] {
			t.Errorf("THREATS.md names %s, and there is no such test", name)
		}
	}
	if attacks < 40 || len(named) < 80 {
		t.Errorf("%d attack tests, %d tests named: is this all?", attacks, len(named))
	}
	if strings.Contains(strings.ToLower(string(text)), "anonym") {
		t.Error("THREATS.md speaks of anonymity, which nobody here can promise")
	}
}
