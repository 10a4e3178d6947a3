package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/adapters/simulator"
	"chumrok/internal/outbox"
)

// network is a provider's API on loopback, which takes messages until it is told to do otherwise.
type network struct {
	server *httptest.Server
	mu     sync.Mutex
	asked  int      // requests that came
	took   []string // number and text of what it took
	behave func(asked int, w http.ResponseWriter) bool
	answer func(w http.ResponseWriter, id string)
}

func newNetwork(t *testing.T, answer func(w http.ResponseWriter, id string)) *network {
	t.Helper()
	c := &network{answer: answer}
	c.server = httptest.NewServer(http.HandlerFunc(c.take))
	t.Cleanup(c.server.Close)
	return c
}

func (c *network) take(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if c.behave != nil && !c.behave(c.asked, w) {
		return
	}
	c.took = append(c.took, first(r.Form, "to", "To")+" "+first(r.Form, "message", "Body"))
	c.answer(w, fmt.Sprintf("%s-%d", r.URL.Path[1:4], len(c.took)))
}

func first(form url.Values, names ...string) string {
	for _, name := range names {
		if form.Has(name) {
			return form.Get(name)
		}
	}
	return ""
}

// taken is what the carrier has taken so far.
func (c *network) taken() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.took...)
}

// does is what the carrier does from now on; it says whether a message is taken after all.
func (c *network) does(behave func(asked int, w http.ResponseWriter) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.behave, c.asked = behave, 0
}

func africasTalkingTakes(w http.ResponseWriter, id string) {
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"SMSMessageData": map[string]any{"Message": "Sent to 1/1",
		"Recipients": []any{map[string]any{"statusCode": 101, "status": "Success", "messageId": id, "cost": "USD 0.02"}}}})
}

func twilioTakes(w http.ResponseWriter, id string) {
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"sid": "SM" + id, "status": "queued"})
}

// hangUp closes the connection without a word.
func hangUp(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		conn.Close()
	}
}

// carried gives the story two real providers in place of the simulated phones: Africa's Talking first, then Twilio.
func (w *world) carried() (africasTalking, twilio *network) {
	w.t.Helper()
	africasTalking, twilio = newNetwork(w.t, africasTalkingTakes), newNetwork(w.t, twilioTakes)
	w.gateway.Close()
	for name, value := range map[string]string{
		"CHUMROK_AFRICASTALKING_USERNAME": "chumrok", "CHUMROK_AFRICASTALKING_API_KEY": "key", "CHUMROK_AFRICASTALKING_FROM": "1280",
		"CHUMROK_AFRICASTALKING_TOKEN": strings.Repeat("t", 32), "CHUMROK_AFRICASTALKING_API_URL": africasTalking.server.URL,
		"CHUMROK_TWILIO_ACCOUNT_SID": trialAccount, "CHUMROK_TWILIO_AUTH_TOKEN": strings.Repeat("s", 32), "CHUMROK_TWILIO_FROM": "1280",
		"CHUMROK_TWILIO_API_URL": twilio.server.URL,
	} {
		w.env[name] = value
	}
	w.open()
	return africasTalking, twilio
}

// TestProviderDiesAmidAlerts: the first provider dies in the middle of twenty alerts. Each arrives, what the first one
// took is not sent by the second, and who is in danger now goes first.
func TestProviderDiesAmidAlerts(t *testing.T) {
	stories(t, func(w *world) {
		t, urgent := w.t, 10
		first, second := w.carried()
		w.gateway.pack.Floods.Alone = 100 // floods are other stories
		for i := range 10 {
			w.reportPhysical(fmt.Sprintf("+8551200051%d", i), "2").presses("1", "1", "1", "1")
		}
		for i := range urgent / 5 { // of danger the committee's three, the district and the helpline are told at once
			child := w.caller(fmt.Sprintf("+8551200052%d", i)).dials("*1280#").presses(toDanger...)
			child.presses("1", "1", "1", "កន្ទឺ ១ បាត់ដំបង", "1", "1", "3", "1", "2", "3", "1", "1", "1", "1", "1")
		}
		if first.asked+second.asked != 0 {
			t.Fatal("an alert left before its story wanted it")
		}
		first.does(func(asked int, rw http.ResponseWriter) bool {
			if asked > 5 {
				hangUp(rw)
				return false
			}
			return true
		})
		w.settle()

		all := append(first.taken(), second.taken()...)
		if len(first.taken()) != 5 || len(all) != 20 {
			t.Fatalf("the first carried %d alerts and the second %d; expected 5 and 15", len(first.taken()), len(second.taken()))
		}
		seen := map[string]bool{}
		immediate := w.gateway.texts.Text("km", "risk.immediate")
		for at, one := range all {
			to, text, _ := strings.Cut(one, " ")
			matter := to + " " + digitsIn(t, text, 6)
			if seen[matter] {
				t.Errorf("an alert arrived twice: %q", one)
			}
			seen[matter] = true
			if isUrgent := strings.Contains(text, immediate) || strings.Contains(text, w.gateway.texts.Text("en", "risk.immediate")); at < sweepSize && !isUrgent {
				t.Errorf("alert %d was not urgent while urgent ones waited: %q", at, text)
			} else if at >= urgent+sweepSize && isUrgent {
				t.Errorf("alert %d was urgent and came after others: %q", at, text)
			}
		}
		if got := w.metric(`chumrok_provider_state{provider="africastalking",state="silent"}`); got != "1" {
			t.Errorf("the dead provider's figure is %s", got)
		}
		if first.asked > 5+sweepSize+silentTries {
			t.Errorf("the dead provider was asked %d times", first.asked)
		}
		code := digitsIn(t, strings.SplitN(second.taken()[len(second.taken())-1], " ", 2)[1], 6)
		waiting, err := referralsListCommand{Code: code}.list(t.Context(), w.gateway.store, w.gateway.pack)
		if err != nil {
			t.Fatal(err)
		}
		carried := waiting[0].Alerts
		if len(carried) == 0 || carried[0].Provider != "twilio" || !strings.Contains(carried[0].Why, "africastalking") {
			t.Errorf("how the alert was carried is told as %+v", carried)
		}
		w.forward(time.Minute)
		if n := len(first.taken()) + len(second.taken()); n != 20 {
			t.Errorf("a minute later %d messages were sent", n)
		}
	})
}

// silentTries is how often a silent provider may still be tried beside what was sent to it before its silence was known.
const silentTries = 3

// TestProviderRefuses: a provider that says no, asks to wait or does not know us costs no time and makes no second copy.
func TestProviderRefuses(t *testing.T) {
	for name, says := range map[string]func(w http.ResponseWriter){
		"throttled": func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusTooManyRequests)
		},
		"wrong key": func(w http.ResponseWriter) { w.WriteHeader(http.StatusUnauthorized) },
		"number": func(w http.ResponseWriter) {
			fmt.Fprint(w, `{"SMSMessageData":{"Message":"InvalidPhoneNumber","Recipients":[]}}`)
		},
		"broken words": func(w http.ResponseWriter) { fmt.Fprint(w, `{"SMSMessageData":`) },
	} {
		t.Run(name, func(t *testing.T) {
			stories(t, func(w *world) {
				t := w.t
				first, second := w.carried()
				first.does(func(_ int, rw http.ResponseWriter) bool { says(rw); return false })
				w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
				w.settle()
				if len(first.taken()) != 0 || len(second.taken()) != 1 {
					t.Fatalf("the first took %d and the second %d; expected 0 and 1", len(first.taken()), len(second.taken()))
				}
				again := w.gateway.texts.Format("km", "alert.again", map[string]string{"code": "", "risk": "", "place": ""})[:len("ផ្ញើម្តងទៀត")]
				text := second.taken()[0]
				if says := strings.Contains(text, again); says != (name == "broken words") {
					t.Errorf("sent again is said: %v, in %q", says, text)
				}
			})
		})
	}
}

// TestReportOvertakesSending: a delivery report of failure that comes before the provider's own answer raises the next
// officer as one that comes after it.
func TestReportOvertakesSending(t *testing.T) {
	stories(t, func(w *world) {
		t := w.t
		first, second := w.carried()
		first.does(func(asked int, rw http.ResponseWriter) bool {
			if asked == 1 {
				form := url.Values{"id": {"ver-1"}, "status": {"Failed"}, "failureReason": {"AbsentSubscriber"}, "phoneNumber": {"+85512000101"}, "networkCode": {"99999"}}
				if status, body := w.post("/hooks/africastalking/"+w.gateway.config.AfricasTalking.Token+"/delivery", form, nil); status != http.StatusOK {
					w.t.Errorf("the delivery hook answered %d: %s", status, body)
				}
			}
			return true
		})
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		w.settle()
		taken := first.taken()
		if len(taken) != 2 || len(second.taken()) != 0 {
			t.Fatalf("sent: %q and %q; expected the chair and then the focal person", taken, second.taken())
		}
		if to, _, _ := strings.Cut(taken[1], " "); to != w.officer["banan1-focal"] {
			t.Errorf("the second went to %s", to)
		}
	})
}

// TestBudget: what a caller is answered by SMS ends with the day's budget; what she writes is kept, alerts go out.
func TestBudget(t *testing.T) {
	stories(t, func(w *world) {
		t := w.t
		w.gateway.pack.Outbound.Budget.PerNumber = 3
		caller := w.caller(childPhone)
		for i := range 5 {
			caller.texts("គេវាយខ្ញុំ")
			if answered := caller.screen != ""; answered != (i < 3) {
				t.Errorf("message %d is answered with %q", i+1, caller.screen)
			}
		}
		if got := w.counts().Turns; got != 5 {
			t.Errorf("%d turns were kept, expected 5", got)
		}
		if got := w.metric("chumrok_over_budget_total"); got != "2" {
			t.Errorf("the figure of unanswered messages is %s", got)
		}
		w.forward(24 * time.Hour)
		if caller.texts("គេវាយខ្ញុំទៀត").screen == "" {
			t.Error("a day later nothing is answered")
		}
		w.gets("desk")
		for len(w.inbox(w.officer["desk"])) > w.read[w.officer["desk"]] {
			w.gets("desk")
		}
	})
}

// TestDeadNumber: a number that has failed for a week is shown as dead, and serves nobody, until something comes through.
func TestDeadNumber(t *testing.T) {
	stories(t, func(w *world) {
		t := w.t
		look := func() coverageReport {
			t.Helper()
			report, err := coverageCommand{All: true}.report(t.Context(), w.gateway.store, w.gateway.pack, w.clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			return report
		}
		before := look()
		chair := w.number(w.officer["banan1-chair"])
		w.gateway.phones.Behave(chair, simulator.Behaviour{Err: adapters.Permanent(errors.New("no such number"))})
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		first := digitsIn(t, w.gets("banan1-focal"), 6)
		w.replies("banan1-focal", "1")
		w.replies("banan1-focal", "4 "+first+" 1")
		if report := look(); len(report.Failing) != 1 || report.Failing[0].Officer != "banan1-chair" || len(report.Dead) != 0 {
			t.Fatalf("at once: failing %v, dead %v", report.Failing, report.Dead)
		}
		w.clock.set(w.clock.Now().Add(deadAfter))
		report := look()
		if len(report.Failing) != 0 || len(report.Dead) != 1 || report.Dead[0].Officer != "banan1-chair" {
			t.Fatalf("a week later: failing %v, dead %v", report.Failing, report.Dead)
		}
		why := func(r coverageReport) string {
			for _, c := range r.Weak {
				if c.AreaCode == "020101" {
					return c.Why
				}
			}
			return ""
		}
		if why(report) == why(before) || why(report) == "" {
			t.Errorf("the commune is served as before: %q", why(report))
		}
		var printed strings.Builder
		report.print(&printed, w.gateway.pack.Zone)
		if !strings.Contains(printed.String(), "dead     banan1-chair") || anyNumber.MatchString(printed.String()) {
			t.Errorf("printed:\n%s", printed.String())
		}
		w.gateway.phones.Behave(chair, simulator.Behaviour{})
		w.reportPhysical(parentPhone, "2").presses("1", "1", "1", "1")
		w.gets("banan1-chair")
		w.replies("banan1-chair", "1")
		if report := look(); len(report.Failing)+len(report.Dead) != 0 {
			t.Errorf("after an answer: failing %v, dead %v", report.Failing, report.Dead)
		}
	})
}

// TestPace: a provider that takes one message a second is given no more. What finds no room waits without counting as a try, and
// so none says that it is sent again.
func TestPace(t *testing.T) {
	stories(t, func(w *world) {
		w.gateway.pace = outbox.NewPace(map[string]float64{simulator.Name: 1})
		child := w.caller(childPhone).dials("*1280#").presses(toDanger...)
		child.presses("1", "1", "1", "កន្ទឺ ១ បាត់ដំបង", "1", "1", "3", "1", "2", "3", "1", "1", "1", "1", "1")
		told := []string{"banan1-chair", "banan1-focal", "banan1-police", "banan-office", "helpline"}
		arrived := func() (n int) {
			for _, officer := range told {
				n += len(w.inbox(w.officer[officer]))
			}
			return n
		}
		for second := range told {
			w.settle()
			if got := arrived(); got != second+1 {
				w.t.Fatalf("%d alerts arrived after %d seconds, expected %d", got, second, second+1)
			}
			w.forward(time.Second)
		}
		again := w.says("km", "alert.again", "")[:len("ផ្ញើម្តងទៀត")]
		for _, officer := range told {
			if text := w.gets(officer); strings.Contains(text, again) {
				w.t.Errorf("%s is told that it is sent again: %q", officer, text)
			}
		}
		w.replies("banan1-chair", "1")
	})
}
