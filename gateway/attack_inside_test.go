package main

import (
	"fmt"
	"go/ast"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// callers are the files that may open a connection to an address: each to one that the configuration names, and to no other.
var callers = []string{"adapters/http.go", "gateway/talk.go"}

// TestAttackAddressesThatPointInside: requests and providers' answers name an address inside our own network, in every field that could be one and
// in redirects. The gateway calls none of them, and what it sends goes to nobody but the provider.
func TestAttackAddressesThatPointInside(t *testing.T) {
	stories(t, func(w *world) {
		var called atomic.Int64
		inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called.Add(1) }))
		w.t.Cleanup(inside.Close)
		first, second := w.carried()
		for _, network := range []*network{first, second} {
			network.does(func(asked int, rw http.ResponseWriter) bool {
				status := []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect, http.StatusCreated}[(asked-1)%6]
				rw.Header().Set("Location", inside.URL+"/latest/meta-data/")
				rw.Header().Set("Refresh", "0; url="+inside.URL)
				rw.Header().Set("Link", "<"+inside.URL+">; rel=next")
				rw.Header().Set("Alt-Svc", `h2="`+strings.TrimPrefix(inside.URL, "http://")+`"`)
				rw.WriteHeader(status)
				fmt.Fprintf(rw, `{"uri":%q,"next_page_uri":%q,"sid":"SM1","SMSMessageData":{"Message":%q,"Recipients":[]}}`, inside.URL, inside.URL, inside.URL)
				return false
			})
		}
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		w.settle()
		for range 6 {
			w.forward(3 * time.Minute)
		}
		if first.asked == 0 || second.asked == 0 {
			w.t.Fatalf("the providers were asked %d and %d times", first.asked, second.asked)
		}

		fields := url.Values{}
		for _, name := range []string{"MediaUrl0", "MediaContentType0", "StatusCallback", "StatusCallbackEvent", "SmsFallbackUrl", "callback", "callbackUrl", "url", "uri",
			"dlr-url", "redirect", "next", "Referer", "serviceUrl", "lastAppResponse"} {
			fields.Set(name, inside.URL+"/x")
		}
		form := w.twilioForm(parentPhone, "look at "+inside.URL, "SMinside")
		for name, value := range fields {
			form[name] = value
		}
		form.Set("NumMedia", "1")
		if status, _ := w.post("/hooks/twilio/sms", form, w.gateway.config.Twilio.AuthToken); status != http.StatusOK {
			w.t.Errorf("answered %d", status)
		}
		fields.Set("sessionId", "AT-inside")
		fields.Set("phoneNumber", spare(1))
		fields.Set("serviceCode", inside.URL)
		fields.Set("networkCode", inside.URL)
		for _, hook := range []string{"/ussd", "/ussd/ended", "/sms", "/delivery"} {
			fields.Set("id", "AT-in"+hook)
			fields.Set("status", "Success")
			fields.Set("from", spare(2))
			w.does(asked{http.MethodPost, "/hooks/africastalking/" + w.gateway.config.AfricasTalking.Token + hook, fields.Encode(), map[string]string{"Referer": inside.URL}})
		}
		w.does(asked{http.MethodGet, "/hooks/kannel/" + w.gateway.config.Kannel.Token + "/sms?" + url.Values{"id": {"k"}, "from": {spare(3)}, "text": {inside.URL},
			"dlr-url": {inside.URL}, "smsc-id": {inside.URL}}.Encode(), "", nil})
		w.send("/hooks/ussd/hubtel/"+w.ussdToken(), map[string]any{"SessionId": "s", "Mobile": "85512000604", "Type": "Initiation", "Message": "*1280#",
			"CallbackUrl": inside.URL, "Operator": inside.URL}, nil)
		w.forward(31 * time.Minute)
		if n := called.Load(); n != 0 {
			w.t.Errorf("an address inside our network was called %d times", n)
		}
	})
	for _, file := range sourceFiles(t) {
		if !file.test && file.dir != "adapters/adaptertest" && file.dir != "internal/servertest" && file.dir != "internal/faults" && calls(file) && !slices.Contains(callers, file.path) {
			t.Errorf("%s opens connections of its own: to which address, and who may name it? Take adapters.Client, or say so here", file.path)
		}
	}
}

// calls says whether a file makes an HTTP client, or calls or dials without one.
func calls(file sourceFile) (found bool) {
	of := func(expression ast.Expr, names ...string) bool {
		selector, ok := expression.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		pkg, ok := selector.X.(*ast.Ident)
		return ok && slices.Contains(names, pkg.Name+"."+selector.Sel.Name)
	}
	ast.Inspect(file.ast, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.CompositeLit:
			found = found || of(n.Type, "http.Client", "http.Transport", "net.Dialer")
		case *ast.SelectorExpr:
			found = found || of(n, "http.Get", "http.Post", "http.PostForm", "http.Head", "http.DefaultClient", "http.DefaultTransport", "net.Dial", "net.DialTimeout")
		}
		return true
	})
	return found
}
