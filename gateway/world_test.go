package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"chumrok/deploy"
	"chumrok/internal/servertest"
)

// world is one gateway with its phones around it, and a clock that only the story moves.
type world struct {
	t         *testing.T
	env       environment
	gateway   *Gateway
	clock     *clock
	public    *httptest.Server
	redis     *servertest.RedisServer // nil in the embedded house
	lines     int
	dial      string            // what callers dial
	shortCode string            // what they write to
	officer   map[string]string // officer id → number
	read      map[string]int    // number → messages of its inbox that the story has looked at
	logs      *lines
	calls     map[string]*caller // number → its last call by which something was told
}

// clock is a time that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = t
}

// lines keeps what was logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// stories runs a story in both houses: embedded Redis with SQLite, and a real Redis with a real PostgreSQL.
func stories(t *testing.T, story func(*world)) {
	t.Helper()
	t.Parallel()
	for _, house := range []string{"embedded", "real"} {
		t.Run(house, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, house)
			story(w)
			w.nothingElseArrived()
			w.addsUp()
			w.saysNothingPersonal()
			w.recordSaysNothingPersonal()
		})
	}
}

func newWorld(t *testing.T, house string) *world {
	t.Helper()
	return newWorldOf(t, house, storyPack(t))
}

// newWorldOf is a world with a pack of its own.
func newWorldOf(t *testing.T, house, folder string) *world {
	t.Helper()
	w := &world{t: t, dial: "*1280#", shortCode: "1280", read: map[string]int{}, logs: &lines{}, officer: map[string]string{},
		clock: &clock{at: time.Date(2026, 11, 24, 9, 0, 0, 0, time.FixedZone("ICT", 7*3600))}}
	w.public = httptest.NewUnstartedServer(http.NotFoundHandler())
	w.env = environment{
		"CHUMROK_DATA":       t.TempDir(),
		"CHUMROK_PACK":       folder,
		"CHUMROK_PUBLIC_URL": "http://" + w.public.Listener.Addr().String(),
	}
	if house == "real" {
		w.redis = servertest.Redis(t)
		w.env["CHUMROK_REDIS_URL"] = w.redis.URL()
		w.env["CHUMROK_DATABASE_URL"] = servertest.Postgres(t)
	}
	w.open()
	w.public.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.gateway.Public().ServeHTTP(rw, r) })
	w.public.Start()
	t.Cleanup(func() {
		w.public.Close()
		w.gateway.Close()
		if t.Failed() {
			for line := range strings.Lines(w.logs.String()) {
				if !strings.Contains(line, `"level":"DEBUG"`) {
					t.Log(strings.TrimSpace(line))
				}
			}
		}
	})
	return w
}

// storyPack is the default pack with the stories' own officers.
func storyPack(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, deploy.Cambodia()); err != nil {
		t.Fatal(err)
	}
	officers, err := os.ReadFile("testdata/directory.csv")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "directory.csv"), officers, 0o600); err != nil {
		t.Fatal(err)
	}
	// Their clocks run at all hours and nobody is reminded, but in the stories that are about that.
	amendPack(t, folder, "working_hours: Mo-Fr 07:30-11:30 14:00-17:30", "working_hours: always", "reminder: 67", "reminder: 0",
		"holidays: [2026-11-23, 2026-11-24, 2026-11-25]", "holidays: []")
	return folder
}

// amendPack changes words in the pack.yaml of a folder.
func amendPack(t *testing.T, folder string, oldNew ...string) {
	t.Helper()
	file := filepath.Join(folder, "pack.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(oldNew); i += 2 {
		if !strings.Contains(string(text), oldNew[i]) {
			t.Fatalf("pack.yaml no longer says %q", oldNew[i])
		}
	}
	if err := os.WriteFile(file, []byte(strings.NewReplacer(oldNew...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
}

// open starts the gateway on what the last one left.
func (w *world) open() {
	w.t.Helper()
	config, err := readConfig(w.env)
	if err != nil {
		w.t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(io.MultiWriter(w.logs), &slog.HandlerOptions{Level: slog.LevelDebug}))
	if w.gateway, err = Open(context.Background(), config, log, w.clock.Now); err != nil {
		w.t.Fatal(err)
	}
	for _, officer := range w.gateway.roster().All() {
		w.officer[officer.ID] = officer.Phone.E164()
	}
}

// restart closes the gateway and opens it again on the same stores. The simulated phones keep nothing over it.
func (w *world) restart() {
	w.t.Helper()
	w.nothingElseArrived()
	w.gateway.Close()
	w.read = map[string]int{}
	w.open()
}

// settle does the work that is due now.
func (w *world) settle() {
	w.t.Helper()
	for range 1000 {
		n, err := w.gateway.Sweep(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	w.t.Fatal("the due work does not come to an end")
}

// forward moves the clock as a clock moves, doing what falls due on the way.
func (w *world) forward(d time.Duration) {
	w.t.Helper()
	end := w.clock.Now().Add(d)
	for at := w.clock.Now(); at.Before(end); {
		at = at.Add(min(30*time.Second, end.Sub(at)))
		w.clock.set(at)
		w.settle()
	}
}

// caller is a phone of somebody who tells something.
type caller struct {
	w       *world
	number  string
	session string
	path    []string
	screen  string
	ended   bool
}

func (w *world) caller(number string) *caller { return &caller{w: w, number: number} }

// texts sends an SMS through Twilio's webhook and keeps the answer.
func (c *caller) texts(text string) *caller {
	c.w.t.Helper()
	c.w.lines++
	c.screen = c.w.twilio(c.number, text, fmt.Sprintf("SM%032d", c.w.lines))
	return c
}

// dials opens a USSD session through Africa's Talking's webhook.
func (c *caller) dials(code string) *caller {
	c.w.t.Helper()
	c.w.lines++
	c.session, c.path, c.ended = fmt.Sprintf("ATUid_%032d", c.w.lines), nil, false
	c.press(code)
	return c
}

// presses answers the screens one after the other.
func (c *caller) presses(keys ...string) *caller {
	c.w.t.Helper()
	for _, key := range keys {
		if c.ended {
			c.w.t.Fatalf("the session had ended before %q was pressed; the last screen was:\n%s", key, c.screen)
		}
		c.path = append(c.path, key)
		c.press(c.w.dial)
	}
	return c
}

func (c *caller) press(code string) {
	c.w.t.Helper()
	form := url.Values{"sessionId": {c.session}, "phoneNumber": {c.number}, "networkCode": {"99999"},
		"serviceCode": {code}, "text": {strings.Join(c.path, "*")}}
	status, body := c.w.post("/hooks/africastalking/"+c.w.gateway.config.AfricasTalking.Token+"/ussd", form, nil)
	if status != http.StatusOK {
		c.w.t.Fatalf("the USSD hook answered %d: %s", status, body)
	}
	switch {
	case strings.HasPrefix(body, "CON "):
		c.screen = strings.TrimPrefix(body, "CON ")
	case strings.HasPrefix(body, "END "):
		c.screen, c.ended = strings.TrimPrefix(body, "END "), true
	default:
		c.w.t.Fatalf("the USSD hook answered neither CON nor END: %q", body)
	}
}

// hangsUp is the network's notice that the session is over.
func (c *caller) hangsUp() {
	c.w.t.Helper()
	form := url.Values{"sessionId": {c.session}, "phoneNumber": {c.number}, "serviceCode": {c.w.dial}, "networkCode": {"99999"},
		"date": {"2026-11-24 02:00:00"}, "status": {"Incomplete"}, "input": {strings.Join(c.path, "*")}, "lastAppResponse": {c.screen},
		"durationInMillis": {"61000"}, "hopsCount": {"4"}, "cost": {"0"}, "errorMessage": {""}}
	if status, body := c.w.post("/hooks/africastalking/"+c.w.gateway.config.AfricasTalking.Token+"/ussd/ended", form, nil); status != http.StatusOK {
		c.w.t.Fatalf("the end-of-session hook answered %d: %s", status, body)
	}
	c.w.settle()
}

// sees checks that each of these is on the screen.
func (c *caller) sees(parts ...string) *caller {
	c.w.t.Helper()
	for _, part := range parts {
		if !strings.Contains(c.screen, part) {
			c.w.t.Fatalf("%q is not on the screen:\n%s", part, c.screen)
		}
	}
	return c
}

// sentence is a text of the catalogue without its variables, to compare with.
func (w *world) sentence(language, key string) string { return w.gateway.texts.Text(language, key) }

// code reads the digits of that length off the screen.
func (c *caller) code(digits int) string {
	c.w.t.Helper()
	return digitsIn(c.w.t, c.screen, digits)
}

func digitsIn(t *testing.T, text string, digits int) string {
	t.Helper()
	for _, run := range regexp.MustCompile(`\d+`).FindAllString(text, -1) {
		if len(run) == digits {
			return run
		}
	}
	t.Fatalf("no number of %d digits in %q", digits, text)
	return ""
}

// gets takes the next message off an officer's phone and returns it; it must hold each of these.
func (w *world) gets(officer string, parts ...string) string {
	w.t.Helper()
	w.settle()
	number := w.officer[officer]
	if number == "" {
		number = officer
	}
	inbox := w.inbox(number)
	if len(inbox) <= w.read[number] {
		w.t.Fatalf("%s got no message; expected one with %q", officer, parts)
	}
	text := inbox[w.read[number]]
	w.read[number]++
	for _, part := range parts {
		if !strings.Contains(text, part) {
			w.t.Fatalf("%s got %q, which lacks %q", officer, text, part)
		}
	}
	return text
}

// getsNothing says that no message waits on an officer's phone.
func (w *world) getsNothing(officers ...string) {
	w.t.Helper()
	w.settle()
	for _, officer := range officers {
		if inbox := w.inbox(w.officer[officer]); len(inbox) > w.read[w.officer[officer]] {
			w.t.Fatalf("%s got a message that he must not get: %q", officer, inbox[w.read[w.officer[officer]]])
		}
	}
}

func (w *world) inbox(number string) []string {
	w.t.Helper()
	var texts []string
	for _, m := range w.gateway.phones.Phone(w.number(number)).Inbox() {
		texts = append(texts, m.Text)
	}
	return texts
}

// replies sends an officer's SMS through Twilio's webhook and returns the answer.
func (w *world) replies(officer, text string) string {
	w.t.Helper()
	w.lines++
	return w.twilio(w.officer[officer], text, fmt.Sprintf("SM%032d", w.lines))
}

// nothingElseArrived fails the story for a message that it did not speak of.
func (w *world) nothingElseArrived() {
	w.t.Helper()
	w.settle()
	for _, phone := range w.gateway.phones.Phones() {
		number := phone.Number().E164()
		inbox := w.inbox(number)
		for _, text := range inbox[min(w.read[number], len(inbox)):] {
			w.t.Errorf("a message that the story does not speak of went to …%s: %q", number[len(number)-3:], text)
		}
	}
}

// addsUp runs what `ledger --check` runs.
func (w *world) addsUp() {
	w.t.Helper()
	faults, err := w.gateway.store.Check(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, fault := range faults {
		w.t.Errorf("the ledger does not add up: %s", fault)
	}
}

var (
	anyNumber = regexp.MustCompile(`(\+855|855|0)12000\d{3}`)
	loggedAt  = regexp.MustCompile(`^\{"time":"[^"]*"`) // its nanoseconds may look like a number
)

// saysNothingPersonal looks for numbers and Khmer words in everything that was logged.
func (w *world) saysNothingPersonal() {
	w.t.Helper()
	for line := range strings.Lines(w.logs.String()) {
		if line = loggedAt.ReplaceAllString(line, ""); anyNumber.MatchString(line) || strings.ContainsFunc(line, func(r rune) bool { return r >= 0x1780 && r <= 0x17FF }) {
			w.t.Errorf("a log line says something personal: %s", line)
		}
	}
}

// twilio delivers an SMS as Twilio does, and returns the text of the answer ("" for none).
func (w *world) twilio(from, text, sid string) string {
	w.t.Helper()
	status, body := w.post("/hooks/twilio/sms", w.twilioForm(from, text, sid), w.gateway.config.Twilio.AuthToken)
	if status != http.StatusOK {
		w.t.Fatalf("the SMS hook answered %d: %s", status, body)
	}
	var answer struct {
		Message string `xml:"Message"`
	}
	if err := xml.Unmarshal([]byte(body), &answer); err != nil {
		w.t.Fatalf("the SMS hook did not answer in TwiML: %q", body)
	}
	w.settle()
	return answer.Message
}

func (w *world) twilioForm(from, text, sid string) url.Values {
	return url.Values{"MessageSid": {sid}, "SmsSid": {sid}, "SmsMessageSid": {sid}, "AccountSid": {w.gateway.config.Twilio.AccountSID},
		"From": {from}, "To": {"+" + w.shortCode}, "Body": {text}, "NumMedia": {"0"}, "NumSegments": {"1"}, "SmsStatus": {"received"},
		"ApiVersion": {"2010-04-01"}, "FromCountry": {"KH"}}
}

// post sends a form; with a token it is signed as Twilio signs: HMAC-SHA1 over the address and the sorted fields.
func (w *world) post(path string, form url.Values, token any) (int, string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.public.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	if token, ok := token.(string); ok {
		request.Header.Set("X-Twilio-Signature", twilioSignature(token, w.env["CHUMROK_PUBLIC_URL"]+path, form))
	}
	return w.answered(request)
}

// answered sends a request to the public address and returns the answer.
func (w *world) answered(request *http.Request) (int, string) {
	w.t.Helper()
	response, err := w.public.Client().Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func twilioSignature(token, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	fields := make([]string, 0, len(form))
	for field := range form {
		fields = append(fields, field)
	}
	slices.Sort(fields)
	for _, field := range fields {
		mac.Write([]byte(field + form.Get(field)))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
