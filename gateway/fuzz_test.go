package main

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"chumrok/adapters"
)

// FuzzHear gives any text as the answer to a secret question, in a cumulative text and alone. What the conversation is given is what was typed last;
// neither what is kept to compare with nor what the ledger gets has any of it, and the next key is still told from what came before.
func FuzzHear(f *testing.F) {
	f.Add("2*4", "480213", "1", true)
	f.Add("", "480213", "*", true)
	f.Add("2*4", "48*02", "9", false)
	f.Add("", "", "", true)
	f.Fuzz(func(t *testing.T, before, pin, next string, cumulative bool) {
		before, pin, next = adapters.Text(before), adapters.Text(pin), adapters.Text(next)
		if strings.ContainsRune(before+pin+next, hidden) {
			return // no phone can send it
		}
		m := adapters.Message{Text: pin, Cumulative: cumulative}
		if cumulative && before != "" {
			m.Text = before + "*" + pin
		}
		s := hear(m, before, true)
		want := pin
		if cumulative && before == "" {
			want = m.Text
		}
		if s.input != want {
			t.Fatalf("after %q, of %q %q was heard", before, m.Text, s.input)
		}
		if rest := strings.TrimPrefix(s.record, before); strings.ContainsFunc(rest, func(r rune) bool { return r != '•' && r != '*' }) {
			t.Fatalf("the ledger gets %q of %q behind %q", s.record, m.Text, before)
		}
		if !cumulative {
			return
		}
		if kept := strings.TrimPrefix(s.heard, before); strings.ContainsFunc(kept, func(r rune) bool { return r != hidden && r != '*' }) || len(s.heard) != len(m.Text) {
			t.Fatalf("%q is kept of %q", s.heard, m.Text)
		}
		if after := hear(adapters.Message{Text: m.Text + "*" + next, Cumulative: true}, s.heard, false); pin != "" && before != "" && after.input != next {
			t.Fatalf("after a PIN %q was typed and %q heard", next, after.input)
		}
	})
}

// FuzzClean: what a phone sends becomes text that can be shown and kept: whole, on one line, no longer than we take, without what turns or hides
// letters, and clean already when it comes again.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "  a\r\nb\t", "\u202eabc", "ក\u200bខ", "\xff\xfe", "a\x00b", strings.Repeat("ក", longestText)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := clean(text)
		if !utf8.ValidString(got) || len(got) > longestText || strings.TrimSpace(got) != got && len(got) < longestText-3 {
			t.Fatalf("%q becomes %q", text, got)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
			t.Fatalf("%q still turns or hides letters", got)
		}
		if again := clean(got); again != got && len(got) < longestText-3 {
			t.Fatalf("%q becomes %q, and that %q", text, got, again)
		}
	})
}

// FuzzConfig gives anything as the variables that are taken apart. No complaint shows a token or what stands behind a user's name in an address, and
// what is taken has tokens and addresses of operators that there are.
func FuzzConfig(f *testing.F) {
	f.Add("nalo:abcdefghijklmnop", "nalo:10.0.0.1", "sqlite:x.db")
	f.Add("nalo:abcdefghijklmnop,", "other:10.0.0.0/8", "postgres://u:abcdefghijklmnop@h/d")
	f.Add(":", "::1", "mysql:x")
	f.Fuzz(func(t *testing.T, tokens, addresses, database string) {
		c, err := readConfig(environment{"CHUMROK_USSD_TOKENS": tokens, "CHUMROK_USSD_ADDRESSES": addresses, "CHUMROK_DATABASE_URL": database})
		if err != nil {
			for _, secret := range []string{tokens, database} {
				_, behind, _ := strings.Cut(secret, ":")
				if len(behind) >= 12 && strings.Contains(err.Error(), behind) {
					t.Fatalf("the complaint %v shows %q", err, behind)
				}
			}
			return
		}
		operators, err := c.operatorTokens()
		if err != nil {
			t.Fatal(err)
		}
		from, err := c.operatorAddresses()
		if err != nil {
			t.Fatal(err)
		}
		for operator, prefixes := range from {
			if operators[operator] == "" || len(prefixes) == 0 || !prefixes[0].IsValid() {
				t.Fatalf("%q has the addresses %v and no token", operator, prefixes)
			}
		}
	})
}

// notFuzzed are functions whose names say that they read something, and why nobody else's bytes reach them unread.
var notFuzzed = map[string]string{
	"adapters.ReadBody":             "reads bytes and parses none",
	"adapters.ReadAnswer":           "reads bytes and parses none; FuzzJudge and FuzzReceipt read them",
	"adapters/operatorussd.Load":    "Parse for each file of a folder",
	"internal/session.Load":         "what Redis holds is FuzzUnpack's",
	"internal/phone.UnmarshalText":  "always refuses",
	"internal/report.UnmarshalText": "compares with four words",
	"locales.LoadOnly":              "what Load does, for some languages",
	"internal/directory.LoadFor":    "what Load does, for another country",
	"adapters/simulator.Text":       "a deed of a phone, not a reader",
}

// fuzzedBy says which fuzz function of the same package gets to a function by another that it calls.
var fuzzedBy = map[string]string{
	"adapters.Charset": "FuzzDecode", "internal/seal.Load": "FuzzKeyFile", "internal/kannelconf.Parse": "FuzzCheck", "locales.Detect": "FuzzDetectLanguage",
	"flows.UnmarshalYAML": "FuzzAdd", "internal/seal.LoadHolder": "FuzzEpochFile",
}

// alsoFuzzed are parsers without a name that says so: the hooks of each adapter, states, and what gateway itself takes apart.
var alsoFuzzed = []string{
	"adapters/twilio.FuzzHooks", "adapters/twilio.FuzzJudge", "adapters/africastalking.FuzzHooks", "adapters/africastalking.FuzzReceipt", "adapters/kannel.FuzzHooks",
	"adapters/kannel.FuzzText", "adapters/androidsms.FuzzHooks", "adapters/androidsms.FuzzJudge", "adapters/operatorussd.FuzzHooks", "adapters/simulator.FuzzHand",
	"adapters.FuzzTail", "adapters.FuzzRetryAfter", "flows.FuzzAdd", "flows.FuzzStep", "internal/session.FuzzUnpack", "internal/report.FuzzFold",
	"internal/pack.FuzzClubs", "internal/directory.FuzzImport", "locales.FuzzMeasure", "locales.FuzzPages", "gateway.FuzzHear", "gateway.FuzzClean", "gateway.FuzzConfig",
}

// TestEveryParserIsFuzzed: each exported function that by its name reads something is called by a fuzz function of its package, and each fuzz function has a folder of inputs,
// which every plain `go test` runs.
func TestEveryParserIsFuzzed(t *testing.T) {
	t.Parallel()
	fuzz, parsers, called := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, file := range sourceFiles(t) {
		for _, declaration := range file.ast.Decls {
			function, isFunction := declaration.(*ast.FuncDecl)
			if !isFunction {
				continue
			}
			name := function.Name.Name
			switch {
			case file.test && strings.HasPrefix(name, "Fuzz") && function.Recv == nil:
				fuzz[file.dir+"."+name] = true
				ast.Inspect(function.Body, func(n ast.Node) bool {
					if id, isName := n.(*ast.Ident); isName {
						called[file.dir+"."+id.Name] = true
					}
					return true
				})
			case !file.test && readsSomething(name) && file.dir != "gateway" && !slices.Contains(testsMayAlsoImport, file.dir):
				parsers[file.dir+"."+name] = true
			}
		}
	}
	for parser := range parsers {
		folder, name := path.Split(strings.ReplaceAll(parser, ".", "/"))
		if !called[parser] && !fuzz[strings.TrimSuffix(folder, "/")+"."+fuzzedBy[parser]] && notFuzzed[parser] == "" {
			t.Errorf("%s reads something and no fuzz function calls it: write Fuzz%s, or say why not in notFuzzed", parser, name)
		}
	}
	for parser := range notFuzzed {
		if !parsers[parser] && parser != "adapters/simulator.Text" {
			t.Errorf("%s is not there any more: take it out of notFuzzed", parser)
		}
	}
	for _, name := range alsoFuzzed {
		if !fuzz[name] {
			t.Errorf("%s is gone", name)
		}
	}
	for name := range fuzz {
		at := strings.LastIndexByte(name, '.')
		inputs, err := os.ReadDir(filepath.Join("..", name[:at], "testdata", "fuzz", name[at+1:]))
		if err != nil || len(inputs) == 0 {
			t.Errorf("%s has no inputs of its own in testdata/fuzz: %v", name, err)
		}
	}
	if len(fuzz) < 35 || len(parsers) < 20 {
		t.Errorf("%d fuzz functions and %d parsers were found: this test looks in the wrong place", len(fuzz), len(parsers))
	}
}

// readsSomething says whether an exported function's name is that of a reader of somebody's bytes.
func readsSomething(name string) bool {
	for _, verb := range []string{"Parse", "Load", "Decode", "Unmarshal", "Import", "Extract", "Restore", "Detect"} {
		if rest, ok := strings.CutPrefix(name, verb); ok && (rest == "" || unicode.IsUpper(rune(rest[0]))) {
			return true
		}
	}
	return slices.Contains([]string{"ReadBody", "ReadAnswer", "Body", "Charset", "Digits", "Fold", "Tail", "RetryAfter", "Resolve"}, name)
}
