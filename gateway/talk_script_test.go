package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"chumrok/internal/servertest"
)

var update = flag.Bool("update", false, "write the screens and messages of the transcripts anew; review the difference as you would the words")

// TestTalkScripts plays every transcript of testdata as `chumrok talk --script` plays it: each conversation that a person can
// have, walked by a person once and kept. With -update what other words say is written anew; what is pressed stays a person's.
func TestTalkScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.talk")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d transcripts: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".talk"), func(t *testing.T) {
			t.Parallel()
			if *update {
				renews(t, file)
			}
			env := environment{"CHUMROK_DATA": t.TempDir(), "CHUMROK_DESK_LISTEN": "127.0.0.1:1"}
			if code, out, complaints := command(t, env, "", "talk", "--script", file); code != exitDone {
				t.Fatalf("exit %d: %s%s", code, complaints, out)
			}
		})
	}
}

var (
	clockTime = regexp.MustCompile(`(\d{1,2}:\d\d[^\n]*?)?\b\d\d?/\d\d?\b`)
	longCode  = regexp.MustCompile(`\b(\d{8}|[1-9]\d{5})\b`)
	shortCode = regexp.MustCompile(` (\d\d)\b`)
)

// renews writes what a transcript shows as it is now, with its words for codes, and … for times.
func renews(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	l, err := startOwn(t.Context(), environment{"CHUMROK_DATA": t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	p := l.script(string(text), &bytes.Buffer{})
	p.anew = func(want, got string) string {
		got = clockTime.ReplaceAllString(got, "…")
		for _, name := range placeholder.FindAllString(want, -1) {
			code := p.codes[name]
			for _, kind := range []*regexp.Regexp{longCode, shortCode} {
				if found := kind.FindStringSubmatch(got); name != "…" && code == "" && found != nil {
					code = found[1]
				}
			}
			if name != "…" && code != "" {
				got = strings.ReplaceAll(got, code, name)
			}
		}
		return got
	}
	if err := p.play(t.Context(), talkCommand{From: "+85512000001"}, file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Join(p.lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestTalkScriptsOnPostgres plays those with commands beside the gateway, and with a moved clock, on the other database too.
func TestTalkScriptsOnPostgres(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"duty", "learn", "clubs", "committee"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plays(t, name, environment{"CHUMROK_DATA": t.TempDir(), "CHUMROK_DATABASE_URL": servertest.Postgres(t)})
		})
	}
}

func plays(t *testing.T, name string, env environment) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".talk")
	if err != nil {
		t.Fatal(err)
	}
	l, err := startOwn(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	var out bytes.Buffer
	if err := l.play(t.Context(), talkCommand{From: "+85512000001"}, name, string(text), &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
}

// TestTalkScriptSaysWhatDiffers: a transcript that is not what happens ends with its file, line, what it expected and what it got.
func TestTalkScriptSaysWhatDiffers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		says   []string
	}{
		"screen":         {"> *1280#\nGood morning\n", []string{":2: the screen differs", "expected:\n    Good morning", "got:\n    1 ខ្មែរ Khmer"}},
		"later screen":   {"# a comment\n\n> *1280#\n…\n\n> 2\nHello.\n1 Nothing\n", []string{":7: the screen differs", "1 Nothing", "1 Ask for support"}},
		"one line less":  {"> *1280#\n…\n> 2\nHello.\n", []string{":4: the screen differs"}},
		"message":        {"@ +85512000041 sms\n> 0\n…\n@ +85512000772 sms\n<\n@ +85512000041 sms\n> They hit me in Kantueu Muoy, Battambang\n…\n> 1\n…\n> 2\n…\n> 3\n…\n@ +85512000772\n< Good morning\n", []string{":16: the message differs", "expected: Good morning", "got:      កិច្ចការថ្មី"}},
		"unwanted":       {"@ +85512000041 sms\n> They hit me in Kantueu Muoy, Battambang\n…\n> 1\n…\n> 2\n…\n> 3\n…\n@ +85512000772\n<\n", []string{":11: a message came", "expected: none", "got:      កិច្ចការថ្មី"}},
		"command":        {"$ officer pin nobody\n", []string{":1: 'officer pin nobody' ended with 1", "no officer nobody"}},
		"command's text": {"$ officer pin 020101-focal\nthe PIN of 020101-focal is 1\n", []string{":2: the screen differs", "got:\n    the PIN of 020101-focal is"}},
		"no phone":       {"@\n", []string{":1: '@' names no phone"}},
		"no time":        {"+ soon\n", []string{":1: 'soon' is no time", "+ 90m"}},
		"serve":          {"$ serve\n", []string{":1: '$' names no operator's command"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "wrong.talk")
			if err := os.WriteFile(file, []byte(c.script), 0o600); err != nil {
				t.Fatal(err)
			}
			env := environment{"CHUMROK_DATA": t.TempDir(), "CHUMROK_DESK_LISTEN": "127.0.0.1:1"}
			code, _, complaints := command(t, env, "", "talk", "--script", file)
			for _, part := range append(c.says, "wrong.talk:") {
				if code != exitFault || !strings.Contains(complaints, part) {
					t.Errorf("exit %d, and %q is not in:\n%s", code, part, complaints)
				}
			}
		})
	}
}

// TestTalkLeavesOldMessages: what lies in an inbox from an earlier talk is neither shown again nor taken for what a transcript waits for.
func TestTalkLeavesOldMessages(t *testing.T) {
	t.Parallel()
	l, err := startOwn(t.Context(), environment{"CHUMROK_DATA": t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	text, err := os.ReadFile("testdata/child.talk")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second play finds the first one's alert in the committee's inbox
		if err := l.play(t.Context(), talkCommand{From: "+85512000001"}, "child.talk", string(text), &bytes.Buffer{}); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		committee := talkCommand{SMS: true, From: "+85512000772"}
		if err := l.live(t.Context(), committee, streams{in: strings.NewReader("\n"), out: &out, err: &out}); err != nil || strings.Contains(out.String(), "[SMS]") {
			t.Fatalf("%v: an old message is shown: %s", err, out.String())
		}
	}
}

// TestTalkHelpExplainsTranscripts: what a transcript may hold stands in the help.
func TestTalkHelpExplainsTranscripts(t *testing.T) {
	t.Parallel()
	_, out, complaints := command(t, environment{}, "", "talk", "--help")
	for _, part := range []string{"$ officer pin", "+ until 13:05", "@ +85512000101 [sms]", "the line breaks off"} {
		if !strings.Contains(out+complaints, part) {
			t.Errorf("%q is not in the help:\n%s", part, out+complaints)
		}
	}
}
