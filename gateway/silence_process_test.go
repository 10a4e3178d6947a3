package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// panicsFile names a variable of this test binary. Where it is set, the binary is the gateway with a clock that panics with what stands in the file that
// the variable names, for as long as there is one: a real process whose code is broken.
const panicsFile = "SILENCE_PANICS"

func servePanicking(path string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	now := func() time.Time {
		if text, err := os.ReadFile(path); err == nil && len(text) > 0 {
			panic(string(text))
		}
		return time.Now()
	}
	return runAt(ctx, []string{"serve"}, streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}, os.Environ(), now)
}

// words keeps what a process writes and tells of each new piece.
type words struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.more <- struct{}{}:
	default:
	}
	return w.text.Write(p)
}

func (w *words) bytes() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Clone(w.text.Bytes())
}

// await waits until the process has said something often enough, and returns what follows its first word in the line.
func (w *words) await(t *testing.T, pattern string, times int) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), silentAtMost)
	defer cancel()
	for {
		if all := regexp.MustCompile(pattern).FindAllSubmatch(w.bytes(), -1); len(all) >= times {
			return string(all[0][len(all[0])-1])
		}
		select {
		case <-w.more:
		case <-ctx.Done():
			t.Fatalf("within %s the process did not say %s:\n%s", silentAtMost, pattern, firstLines(string(w.bytes()), 30))
		}
	}
}

// watchedProcess starts a program as the gateway, with its log wide open, and keeps what it says.
func watchedProcess(t *testing.T, api string, env environment, program string, args ...string) (*process, *words, environment) {
	t.Helper()
	folder := storyPack(t)
	(&world{t: t, env: environment{"CHUMROK_PACK": folder}}).replaceInDirectory("012 000 101", "012 000 986")
	all := environment{
		"CHUMROK_DATA": t.TempDir(), "CHUMROK_PACK": folder, "CHUMROK_LISTEN": "127.0.0.1:0", "CHUMROK_DESK_LISTEN": "127.0.0.1:0", "CHUMROK_LOG": "debug",
		"CHUMROK_PUBLIC_URL": crashAddress, "CHUMROK_TWILIO_ACCOUNT_SID": trialAccount, "CHUMROK_TWILIO_AUTH_TOKEN": crashToken,
		"CHUMROK_TWILIO_FROM": "+85512000999", "CHUMROK_TWILIO_API_URL": api,
	}
	for name, value := range env {
		all[name] = value
	}
	said := &words{more: make(chan struct{}, 1)}
	p := &process{t: t, cmd: exec.Command(program, args...)}
	p.cmd.Env = append(os.Environ(), "GODEBUG=", "GOTRACEBACK=all")
	for name, value := range all {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	p.cmd.Stdout, p.cmd.Stderr = said, said
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	p.public = "http://" + said.await(t, `public\s+http://(\S+)`, 1)
	return p, said, all
}

// TestSilenceOfTheRealProcess drives the canaries through the real binary, with broken requests and a provider that quotes, and makes it print all that
// it is doing, as a crash does. What it wrote, what the machine shows of it to others, and its folder hold none of them.
func TestSilenceOfTheRealProcess(t *testing.T) {
	t.Parallel()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := newQuotingProvider(t)
	p.status.Store(500)
	p.body.Store(quotingAnswers[7])
	gateway, said, env := watchedProcess(t, p.server.URL, nil, path, "serve")
	w := &world{t: t, env: env, logs: &lines{}}
	for i, text := range []string{canaryKhmer, "កន្ទឺ ១ បាត់ដំបង", "1", "2", "3", canaryLatin} {
		gateway.texts(fmt.Sprintf("SMsilence%d", i), canaryCaller, text)
	}
	gateway.texts("SMsilenceofficer", canaryOfficer, "1 "+canaryKhmer)
	said.await(t, `due work failed`, 1)
	for _, request := range []string{
		"GET /" + canaryCaller + " HTTP/9.9\r\n\r\n", canaryKhmer + "\r\n\r\n", "POST /hooks/twilio/sms HTTP/1.1\r\n" + canaryLatin + "\r\n\r\n",
		"POST /hooks/twilio/sms HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: " + canaryLatin + "\r\n\r\n", "\x16\x03\x01" + canaryKhmer,
		"GET /hooks/kannel/" + url.QueryEscape(canaryKhmer) + "/sms?from=" + canaryCaller + " HTTP/1.1\r\nHost: " + canaryLatin + "\r\nConnection: close\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat(canaryLatin, 2000) + "\r\n\r\n",
		"POST /hooks/androidsms HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + canaryKhmer,
	} {
		w.silentIn("the answer to a broken request", rawRequest(t, gateway.public, request))
	}

	proc := fmt.Sprintf("/proc/%d", gateway.cmd.Process.Pid)
	shown := map[string][]byte{}
	for _, name := range []string{"environ", "cmdline", "comm", "status", "maps"} {
		body, err := os.ReadFile(filepath.Join(proc, name))
		if err != nil || len(body) == 0 {
			t.Errorf("%s tells nothing: %v", name, err)
		}
		shown[name] = body
	}
	for _, pattern := range []string{"task/*/comm", "fd/*"} {
		names, _ := filepath.Glob(filepath.Join(proc, pattern))
		if len(names) == 0 {
			t.Errorf("there is no %s", pattern)
		}
		for _, name := range names {
			link, _ := os.Readlink(name)
			body := []byte(link)
			if link == "" {
				body, _ = os.ReadFile(name)
			}
			shown[pattern] = append(append(shown[pattern], body...), '\n')
		}
	}
	if !bytes.Contains(shown["environ"], []byte(crashAddress)) {
		t.Error("the environment is not that of the gateway")
	}
	w.keepsSilenceIn(shown)

	if err := gateway.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	_ = gateway.cmd.Wait()
	if words := said.bytes(); !bytes.Contains(words, []byte("SIGQUIT")) || bytes.Count(words, []byte("goroutine ")) < 5 {
		t.Error("the process did not print what it was doing")
	}
	w.silentIn("what the process wrote", said.bytes())
	kept := map[string][]byte{}
	for _, file := range []string{"chumrok.db", "chumrok.db-wal"} { // as they lie there after the crash
		body, err := os.ReadFile(filepath.Join(env["CHUMROK_DATA"], file))
		if err != nil {
			t.Fatal(err)
		}
		kept[file] = body
	}
	w.keptInSQL(kept)
	w.keepsSilenceIn(kept)
}

// rawRequest writes bytes to the public door as no HTTP client would, and returns the answer.
func rawRequest(t *testing.T, door, request string) []byte {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(door, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	_, _ = io.WriteString(conn, request)
	_ = conn.(*net.TCPConn).CloseWrite()
	answer, _ := io.ReadAll(conn)
	return answer
}

// TestSilenceOfARealPanic runs the gateway as a process whose clock breaks with the canaries, in the hooks and in everything that works by itself. It
// stays up, says where its code broke and nothing of what it held, and goes on when the clock is whole again.
func TestSilenceOfARealPanic(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := newQuotingProvider(t)
	p.status.Store(500)
	broken := filepath.Join(t.TempDir(), "broken")
	gateway, said, env := watchedProcess(t, p.server.URL, environment{panicsFile: broken}, program)
	w := &world{t: t, env: env, logs: &lines{}}
	for i, text := range []string{canaryKhmer, "កន្ទឺ ១ បាត់ដំបង", "1", "2", "3"} {
		gateway.texts(fmt.Sprintf("SMpanic%d", i), canaryCaller, text)
	}
	said.await(t, `due work failed`, 1)
	if err := os.WriteFile(broken, []byte(canaryCaller+" "+canaryKhmer), 0o600); err != nil {
		t.Fatal(err)
	}
	said.await(t, `due work could not be looked for`, sweepers)
	answer := rawRequest(t, gateway.public, signedSMS("SMbroken", canaryCaller, canaryKhmer))
	if !bytes.Contains(answer, []byte(" 500 ")) {
		t.Errorf("while it is broken it answers %s", answer)
	}
	w.silentIn("the answer", answer)
	said.await(t, `a hook panicked`, 1)
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	gateway.texts("SMbroken", canaryCaller, canaryKhmer)
	if err := gateway.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := gateway.cmd.Wait(); err != nil {
		t.Errorf("the process ends with %v", err)
	}
	w.silentIn("what the process wrote", said.bytes())
	if !bytes.Contains(said.bytes(), []byte("string at chumrok/gateway.")) {
		t.Error("nobody could tell from the log where the code broke")
	}
	kept := map[string][]byte{}
	w.keptInSQL(kept)
	w.keepsSilenceIn(kept)
}

// signedSMS is an SMS as Twilio delivers it to the real process, as bytes.
func signedSMS(sid, from, text string) string {
	form := url.Values{"MessageSid": {sid}, "AccountSid": {trialAccount}, "From": {from}, "To": {"+1280"}, "Body": {text}, "NumMedia": {"0"}}
	body := form.Encode()
	return fmt.Sprintf("%s /hooks/twilio/sms HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nX-Twilio-Signature: %s\r\n\r\n%s",
		http.MethodPost, len(body), twilioSignature(crashToken, crashAddress+"/hooks/twilio/sms", form), body)
}
