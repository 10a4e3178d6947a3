package simulator

import (
	"bytes"
	"cmp"
	_ "embed" // the pages
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"chumrok/adapters"
	"chumrok/internal/phone"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// largestForm is what a page or a terminal may send: more than any phone can.
const largestForm = 64 << 10

// Handler returns the simulated phones for people: a page under /phones and, under /phones/{number}, what a terminal
// needs. It belongs on the private address and in trial mode only: whoever reaches it can be any phone. Requests that
// another site's page makes a browser send are refused.
func (s *Simulator) Handler(sink adapters.Sink) http.Handler {
	h := hand{s, sink}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /phones", h.page)
	mux.HandleFunc("POST /phones", h.act)
	mux.HandleFunc("GET /phones/all", h.all)
	mux.HandleFunc("GET /phones/example", h.example)
	mux.HandleFunc("GET /phones/{number}/messages", h.messages)
	mux.HandleFunc("POST /phones/{number}/sms", h.sms)
	mux.HandleFunc("POST /phones/{number}/ussd", h.ussd)
	return http.NewCrossOriginProtection().Handler(http.MaxBytesHandler(mux, largestForm))
}

type hand struct {
	s    *Simulator
	sink adapters.Sink
}

// view is what the pages show.
type view struct {
	Number, Code, To, Trouble string
	Screen                    string
	Open                      bool
	Phones                    []viewPhone
}

type viewPhone struct {
	Number, Screen string
	Link           string // chooses this phone on the page
	Open           bool
	Thread         []Message
}

// page shows the phone in hand; all phones are in a frame that renews itself, so that typing is not disturbed.
func (h hand) page(w http.ResponseWriter, r *http.Request) {
	e := h.s.introduced()
	v := view{Number: cmp.Or(r.FormValue("number"), e.Number), Trouble: r.FormValue("trouble"), Code: e.Code, To: e.To}
	if n, err := e.Country.Parse(v.Number); err == nil {
		v.Number = n.E164()
		v.Screen, v.Open = h.s.Phone(n).Screen()
	}
	show(w, "hand", v)
}

func (h hand) all(w http.ResponseWriter, _ *http.Request) {
	var v view
	for _, p := range h.s.Phones() {
		one := viewPhone{Number: p.n.E164(), Link: "/phones?" + url.Values{"number": {p.n.E164()}}.Encode(), Thread: p.Thread()}
		one.Screen, one.Open = p.Screen()
		v.Phones = append(v.Phones, one)
	}
	show(w, "all", v)
}

func show(w http.ResponseWriter, name string, v view) {
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, name, v); err != nil {
		http.Error(w, "this page cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'")
	_, _ = w.Write(b.Bytes())
}

// act does what a button of the page says and shows the page again.
func (h hand) act(w http.ResponseWriter, r *http.Request) {
	back := url.Values{"number": {r.PostFormValue("number")}}
	e := h.s.introduced()
	n, err := e.Country.Parse(r.PostFormValue("number"))
	if err != nil {
		back.Set("trouble", "That is no phone number"+such(e))
		http.Redirect(w, r, "/phones?"+back.Encode(), http.StatusSeeOther)
		return
	}
	p := h.s.Phone(n)
	switch r.PostFormValue("do") {
	case "sms":
		_, err = p.Text(r.Context(), h.sink, strings.TrimSpace(r.PostFormValue("to")), r.PostFormValue("text"))
	case "dial":
		_, err = p.Dial(r.Context(), h.sink, strings.TrimSpace(r.PostFormValue("to")))
	case "key":
		_, err = p.Key(r.Context(), h.sink, r.PostFormValue("text"))
	case "hangup":
		err = p.HangUp(r.Context(), h.sink)
	default:
		http.Error(w, "unknown button", http.StatusBadRequest)
		return
	}
	if err != nil && !errors.Is(err, ErrNoSession) {
		back.Set("trouble", "The gateway did not take it; a network would try again.")
	}
	http.Redirect(w, r, "/phones?"+back.Encode(), http.StatusSeeOther)
}

// messages answers with the inbox after a message's number, as JSON.
func (h hand) messages(w http.ResponseWriter, r *http.Request) {
	n, ok := h.number(w, r)
	if !ok {
		return
	}
	after, err := strconv.Atoi(cmp.Or(r.FormValue("after"), "0"))
	if err != nil {
		http.Error(w, "after: give the number of a message", http.StatusBadRequest)
		return
	}
	answer(w, h.s.Phone(n).After(after))
}

// shown is what a phone shows after an SMS or a key.
type shown struct {
	Text string `json:"text"`
	End  bool   `json:"end"`
}

// sms takes {"to", "text"} and answers with what the phone is answered at once.
func (h hand) sms(w http.ResponseWriter, r *http.Request) {
	var in struct{ To, Text string }
	n, ok := h.number(w, r)
	if !ok || !read(w, r, &in) {
		return
	}
	a, err := h.s.Phone(n).Text(r.Context(), h.sink, in.To, in.Text)
	if err != nil {
		adapters.SinkFailed(w)
		return
	}
	answer(w, shown{a.Text, a.End})
}

// ussd takes {"session", "code", "input"} and answers with the screen. A session that the phone does not have open is
// dialled first; an input that came with it is then pressed on the first screen, as *1280*1# does it.
func (h hand) ussd(w http.ResponseWriter, r *http.Request) {
	var in struct{ Session, Code, Input string }
	n, ok := h.number(w, r)
	if !ok || !read(w, r, &in) {
		return
	}
	if in.Session == "" {
		http.Error(w, "session: name it as you like, the same for each key of one call", http.StatusBadRequest)
		return
	}
	p := h.s.Phone(n)
	var a adapters.Answer
	var err error
	fresh := p.join(in.Session, in.Code)
	if fresh {
		a, err = p.press(r.Context(), h.sink, p.current(), in.Code, "", true)
	}
	if err == nil && !(fresh && (in.Input == "" || a.End)) {
		a, err = p.press(r.Context(), h.sink, p.current(), in.Code, in.Input, false)
	}
	if err != nil {
		adapters.SinkFailed(w)
		return
	}
	answer(w, shown{a.Text, a.End})
}

// join opens the session that a terminal names, and says whether it is a new one.
func (p *Phone) join(session, code string) (fresh bool) {
	session = "ussd-" + p.s.process + "-" + session
	p.with(func(h *handset) {
		if fresh = h.session != session; fresh {
			h.session, h.code, h.screen = session, code, ""
		}
	})
	return fresh
}

func (p *Phone) current() (session string) {
	p.with(func(h *handset) { session = h.session })
	return session
}

// such names a number that is one.
func such(e Example) string {
	if e.Number == "" {
		return "; write it with its plus sign."
	}
	return "; one such as " + e.Number + " is."
}

// example tells a terminal what to try first.
func (h hand) example(w http.ResponseWriter, _ *http.Request) { answer(w, h.s.introduced()) }

// number reads the phone's number out of the path.
func (h hand) number(w http.ResponseWriter, r *http.Request) (phone.Number, bool) {
	e := h.s.introduced()
	n, err := e.Country.Parse(r.PathValue("number"))
	if err != nil {
		http.Error(w, "that is no phone number"+such(e), http.StatusNotFound)
		return phone.Number{}, false
	}
	return n, true
}

// read reads a small JSON object, or the same fields of a form.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var body []byte
	var err error
	if kind == "application/x-www-form-urlencoded" {
		fields := map[string]string{}
		if err = r.ParseForm(); err == nil {
			for key := range r.PostForm {
				fields[key] = r.PostForm.Get(key)
			}
			body, err = json.Marshal(fields)
		}
	} else {
		body, err = io.ReadAll(r.Body)
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		http.Error(w, "too long", http.StatusRequestEntityTooLarge)
		return false
	case err != nil || json.Unmarshal(body, into) != nil:
		http.Error(w, "send a JSON object", http.StatusBadRequest)
		return false
	}
	return true
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v)
}
