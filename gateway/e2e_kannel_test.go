//go:build e2e && linux

package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"
)

// patience is how long anything may take that is waited for; nothing waits for a time as such.
const patience = 60 * time.Second

// inside says that this process has the network, and the process ids, of its own.
const inside = "E2E_INSIDE"

// inNamespace runs the test once more in a network of its own, since Kannel's admin port listens on every interface, and
// with process ids of its own: when that process ends, the kernel ends all that it started.
func inNamespace(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=8m")
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	runtime.LockOSThread() // the death signal follows the thread that starts the process
	defer runtime.UnlockOSThread()
	if err := cmd.Run(); err != nil {
		t.Fatalf("the test in a network of its own: %v (where a container forbids one, run it as root of a machine)", err)
	}
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("not within %s: %s", patience, what)
		case <-tick.C:
		}
	}
}

func listens(address string) func() bool {
	return func() bool {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return false
		}
		_ = c.Close()
		return true
	}
}

// started starts a program that is killed when the test ends, and hands its lines on.
func started(t *testing.T, lines func(string), name string, args ...string) (stdin io.Writer) {
	t.Helper()
	cmd := exec.Command(name, args...) // of no context: it is looked at until the test's very end
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	reader, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v; tools/setup-e2e.sh installs what is needed", name, err)
	}
	var read sync.WaitGroup
	read.Go(func() {
		for scanner := bufio.NewScanner(reader); scanner.Scan(); {
			lines(scanner.Text())
		}
	})
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = writer.Close()
		read.Wait()
	})
	return in
}

// tail keeps a program's last lines for a test that fails.
type tail struct {
	mu   sync.Mutex
	last []string
}

func (l *tail) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = append(l.last, line)
}

func (l *tail) show(t *testing.T, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.last[max(0, len(l.last)-15):] {
		t.Log(name+":", line)
	}
}

// The secrets that take the placeholders' places.
const (
	e2eToken   = "e2e-token-of-32-letters-0123456789"
	e2eSendsms = "e2e-sendsms"
	e2eStatus  = "e2e-status"
	smppUser   = "ussd"
	smppSecret = "secret"
)

// kannels are the shipped files, filled in: where they went, by name.
func kannels(t *testing.T) map[string]string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"spool/sms", "spool/sms-dlr", "spool/ussd", "spool/ussd-dlr", "log"} {
		if err := os.MkdirAll(filepath.Join(folder, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	files := map[string]string{}
	for _, name := range []string{"sms.conf", "sms-operator.conf", "ussd.conf", "ussd-operator.conf"} {
		body, err := os.ReadFile(filepath.Join("..", "deploy", "kannel", name))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer("/etc/kannel", folder, "/var/spool/kannel", folder+"/spool", "/var/log/kannel", folder+"/log",
			"CHANGE-ME-token", e2eToken, "CHANGE-ME-sendsms", e2eSendsms, "CHANGE-ME-status", e2eStatus, "CHANGE-ME-admin", "e2e-admin",
			"CHANGE-ME-shortcode", "1280", "CHANGE-ME-host", "127.0.0.1", "CHANGE-ME-user", smppUser, "CHANGE-ME-smpp", smppSecret,
		).Replace(string(body))
		files[name] = filepath.Join(folder, name)
		if err := os.WriteFile(files[name], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// fakeOperator stands in for the operator's connection of SMS: Kannel's own fake, which handsets connect to.
const fakeOperator = "group = smsc\nsmsc = fake\nsmsc-id = operator-sms\nport = 23010\nconnect-allow-ip = 127.0.0.1\n"

// boxes starts the two programs of a Kannel on a file; they listen on the ports that the shipped file names.
func boxes(t *testing.T, file, boxPort string, ready func() bool) {
	t.Helper()
	for _, box := range []struct {
		name  string
		ready func() bool
	}{{"bearerbox", listens("127.0.0.1:" + boxPort)}, {"smsbox", ready}} {
		said := &tail{}
		started(t, said.add, "/usr/sbin/"+box.name, "-v", "4", file)
		t.Cleanup(func() {
			if t.Failed() {
				said.show(t, box.name)
			}
		})
		until(t, box.name+" is up", box.ready)
	}
}

// status is a Kannel's own count.
func status(t *testing.T, port string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+port+"/status.txt?password="+e2eStatus, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return string(body)
}

// handsets are the phones of the SMS network: fakesmsc stands for all of them.
type handsets struct {
	t     *testing.T
	in    io.Writer
	mu    sync.Mutex
	inbox map[string][]string // by number, whole messages
	parts map[string][]string // by number and reference
	count int                 // of parts
	all   tail
}

var gotMessage = regexp.MustCompile(`Got message \d+: <(\S+) (\S+) (.*)>$`)

func newHandsets(t *testing.T) *handsets {
	h := &handsets{t: t, inbox: map[string][]string{}, parts: map[string][]string{}}
	h.in = started(t, h.hear, "/usr/lib/kannel/test/fakesmsc", "-H", "127.0.0.1", "-r", "23010")
	t.Cleanup(func() {
		if t.Failed() {
			h.all.show(t, "fakesmsc")
		}
	})
	return h
}

// hear reads a line of fakesmsc: "1280 +85512000101 ucs-2 %17%80", or with "udh %05%00%03%02%03%01 data" for a part.
func (h *handsets) hear(line string) {
	h.all.add(line)
	found := gotMessage.FindStringSubmatch(line)
	if found == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count++
	to, words := "+"+strings.TrimPrefix(found[2], "+"), strings.SplitN(found[3], " ", 4)
	if words[0] != "udh" {
		h.inbox[to] = append(h.inbox[to], decoded(words[0], strings.Join(words[1:], " ")))
		return
	}
	header := []byte(unescaped(words[1])) // 05 00 03 reference parts number
	key := to + hex.EncodeToString(header[3:4])
	h.parts[key] = append(h.parts[key], decoded("ucs-2", words[3]))
	if len(h.parts[key]) == int(header[4]) {
		h.inbox[to] = append(h.inbox[to], strings.Join(h.parts[key], ""))
		delete(h.parts, key)
	}
}

func unescaped(s string) string {
	raw, err := url.QueryUnescape(s)
	if err != nil {
		return s
	}
	return raw
}

func decoded(kind, text string) string {
	if kind == "text" {
		return text
	}
	raw := unescaped(text)
	var units []uint16
	for i := 0; i+1 < len(raw); i += 2 {
		units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
	}
	return string(utf16.Decode(units))
}

// texts sends an SMS from a handset, in UCS-2 as Khmer phones do.
func (h *handsets) texts(from, text string) {
	h.t.Helper()
	var body strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		body.WriteString("%" + hex.EncodeToString([]byte{byte(unit >> 8)}) + "%" + hex.EncodeToString([]byte{byte(unit)}))
	}
	if _, err := io.WriteString(h.in, strings.TrimPrefix(from, "+")+" 1280 ucs2 "+body.String()+"\n"); err != nil {
		h.t.Fatal(err)
	}
}

// gets waits for the nth message of a handset, counted from 1.
func (h *handsets) gets(number string, n int) string {
	h.t.Helper()
	until(h.t, "message "+strconv.Itoa(n)+" on handset …"+number[len(number)-3:], func() bool { return len(h.messages(number)) >= n })
	return h.messages(number)[n-1]
}

func (h *handsets) messages(number string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.inbox[number]...)
}

// smppOperator is the SMPP peer of the USSD Kannel.
type smppOperator struct {
	t      *testing.T
	in     io.Writer
	events chan screenEvent
}

type screenEvent struct {
	Event, To, Text, Service, Session string
	Coding, ESM, Op                   int
	UDH                               bool
}

func newOperator(t *testing.T) *smppOperator {
	o := &smppOperator{t: t, events: make(chan screenEvent, 1000)}
	o.in = started(t, func(line string) {
		var e screenEvent
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			e.Event = line
		}
		o.events <- e
	}, "node", "../tools/e2e/operator.js", smppUser, smppSecret)
	o.waits("listening")
	return o
}

// waits waits for the next event but receipts, which must be of that kind.
func (o *smppOperator) waits(kind string) screenEvent {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), patience)
	defer cancel()
	for {
		select {
		case e := <-o.events:
			if e.Event == "taken" {
				continue
			}
			if e.Event != kind {
				o.t.Fatalf("the operator says %+v, want %s", e, kind)
			}
			return e
		case <-ctx.Done():
			o.t.Fatalf("not within %s: the operator's %s", patience, kind)
		}
	}
}

func (o *smppOperator) orders(order map[string]any) {
	o.t.Helper()
	line, err := json.Marshal(order)
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := o.in.Write(append(line, '\n')); err != nil {
		o.t.Fatal(err)
	}
}
