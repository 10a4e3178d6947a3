package main

import (
	"regexp"
	"strings"
	"testing"
)

// sentenceEnd ends a sentence: at the end of the text or before a space, so that "km.toml" does not.
var sentenceEnd = regexp.MustCompile(`[.!?]["')]*(\s|$)`)

// Every package says in one place what it does for a person, and what it will not do. Two sentences are what a test can
// see of that.
func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()

	comments := map[string][]sourceFile{} // by folder: the files that carry the package comment

	for _, file := range sourceFiles(t) {
		if file.test {
			continue
		}

		carriers := comments[file.dir]
		if file.ast.Doc != nil {
			carriers = append(carriers, file)
		}

		comments[file.dir] = carriers
	}

	for dir, files := range comments {
		if len(files) != 1 {
			t.Errorf("%s: %d files carry a package comment, want exactly one: %v", dir, len(files), paths(files))
			continue
		}

		comment, name := files[0].ast.Doc.Text(), files[0].ast.Name.Name

		if name != "main" && !strings.HasPrefix(comment, "Package "+name+" ") {
			t.Errorf("%s: the package comment should start with %q", files[0].path, "Package "+name+" …")
		}

		if len(sentenceEnd.FindAllString(comment, -1)) < 2 {
			t.Errorf("%s: the package comment wants two sentences: what it does for a person, and what it will not do:\n%s", files[0].path, comment)
		}
	}
}

func paths(files []sourceFile) []string {
	names := make([]string, 0, len(files))
	for _, file := range files {
		names = append(names, file.path)
	}

	return names
}
