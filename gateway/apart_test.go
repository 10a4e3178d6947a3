package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/adapters/simulator"
	"chumrok/internal/phone"
)

// heldStory is what the report behind a hold at the desk says.
func (w *world) heldStory(code string) string {
	w.t.Helper()
	holds, err := w.gateway.store.OpenHolds(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range holds {
		if h.Code == code {
			r, _, err := w.gateway.store.Report(w.t.Context(), h.ReportID)
			if err != nil {
				w.t.Fatal(err)
			}
			return r.Story + "\n" + r.More
		}
	}
	w.t.Fatalf("no hold %s is open", code)
	return ""
}

// TestWordsFromAnOfficersPhone: words that are no answer are asked about once, and then a person reads them.
func TestWordsFromAnOfficersPhone(t *testing.T) {
	stories(t, func(w *world) {
		_, code := w.tellsBySMS(childPhone)
		if answer := w.replies("banan1-chair", "kmeng yom phteah khang"); answer != w.sentence("km", "alert.not_understood") {
			t.Errorf("answered with %q", answer)
		}
		w.forward(31 * time.Minute) // and nothing more comes
		if story := w.heldStory(digitsIn(t, w.gets("desk"), 6)); !strings.Contains(story, "kmeng yom phteah khang") {
			t.Errorf("the desk reads %q", story)
		}
		w.replies("banan1-chair", "1") // the alert can still be answered by a digit
		w.stands(code, "accepted", "banan1-chair")
	})
}

// TestWordsAgainFromAnOfficersPhone: a second time they go to the desk at once, with the first.
func TestWordsAgainFromAnOfficersPhone(t *testing.T) {
	stories(t, func(w *world) {
		_, code := w.tellsBySMS(childPhone)
		w.replies("banan1-chair", "kmeng yom")
		w.getsNothing("desk")
		w.replies("banan1-chair", "phteah khang knong")
		if story := w.heldStory(digitsIn(t, w.gets("desk"), 6)); !strings.Contains(story, "kmeng yom") || !strings.Contains(story, "phteah khang knong") {
			t.Errorf("the desk reads %q", story)
		}
		w.replies("banan1-chair", "1 "+code)
	})
}

// TestSlipOnAnOfficersPhone: words that an answer follows were a slip, and need nobody.
func TestSlipOnAnOfficersPhone(t *testing.T) {
	stories(t, func(w *world) {
		_, code := w.tellsBySMS(childPhone)
		w.replies("banan1-chair", "cham bontich bong")
		w.forward(time.Minute)
		w.replies("banan1-chair", "1")
		w.stands(code, "accepted", "banan1-chair")
		w.forward(2 * time.Hour)
		if n := w.counts(); n.Held != 0 || n.Open != 0 {
			t.Errorf("%d held, %d open", n.Held, n.Open)
		}
	})
}

// TestServiceMessages: a service is never answered, kept and counted; words of harm in it are read by a person; a number
// that its owner hides is a person's.
func TestServiceMessages(t *testing.T) {
	stories(t, func(w *world) {
		const masked = "a3f09bb1c2d4e5f607"
		for _, sender := range []string{"1280", "888", "Cellcard", masked} {
			if text := w.caller(sender).texts("Top up 5 dollars today and get 10 GB").screen; text != "" && sender != masked {
				t.Errorf("%s is answered with %q", sender, text)
			}
		}
		if n := w.counts(); n.Marked["service"] != 3 || n.Turns != 4 {
			t.Errorf("%v of %d turns are marked", n.Marked, n.Turns)
		}
		if text := w.caller("888").texts("FWD: a man with a knife took my sister").screen; text != "" {
			t.Errorf("answered with %q", text)
		}
		if story := w.heldStory(digitsIn(t, w.gets("desk"), 6)); !strings.Contains(story, "took my sister") {
			t.Errorf("the desk reads %q", story)
		}
		w.replies("desk", "1")
		w.caller("Anonymous").texts("they shout next door").sees(w.sentence("en", "sms.where"))
		w.forward(31 * time.Minute)
		for range 3 { // two that broke off, and the desk is reminded of what it took
			w.gets("desk")
		}
	})
}

func TestIsService(t *testing.T) {
	t.Parallel()
	for sender, want := range map[string]bool{"1280": true, "85512": true, "Smart": true, "SMART 4G": true, "+85512000501": false, "": false,
		"1234567": false, "Anonymous": false, "UNKNOWN": false, "a3f09bb1c2d4e5f60718": false, "ស្មាត": true} {
		n, err := phone.ParseSender(sender)
		if err != nil && sender != "" {
			t.Fatal(err)
		}
		if got := isService(n); got != want {
			t.Errorf("%q: %v, want %v", sender, got, want)
		}
	}
}

// TestLessonsEndWithTheNumber: a number that cannot be reached for good gets no more lessons, whether the provider says so at
// once or the network later.
func TestLessonsEndWithTheNumber(t *testing.T) {
	stories(t, func(w *world) {
		left := func(number string) int {
			t.Helper()
			list, err := w.gateway.store.LessonsOf(t.Context(), w.gateway.store.PhoneIndex(w.number(number)))
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		w.caller(childPhone).wantsLessons("1", "1", "3")
		w.caller(parentPhone).wantsLessons("1", "1", "3")
		w.gateway.phones.Behave(w.number(childPhone), simulator.Behaviour{Err: adapters.Permanent(errors.New("gone"))})
		w.forward(29 * time.Hour)
		w.lessonNow(parentPhone, 1)
		if left(childPhone) != 0 || left(parentPhone) != 1 {
			t.Errorf("refused: %d and %d subscriptions are left", left(childPhone), left(parentPhone))
		}
		sent := w.gateway.phones.Phone(w.number(parentPhone)).Inbox()[0]
		report := adapters.Delivery{Provider: simulator.Name, ID: sent.ID, State: adapters.Delivered}
		if err := w.gateway.Delivered(t.Context(), report); err != nil || left(parentPhone) != 1 {
			t.Errorf("delivered: %v, %d left", err, left(parentPhone))
		}
		report.State = adapters.Failed
		if err := w.gateway.Delivered(t.Context(), report); err != nil || left(parentPhone) != 0 {
			t.Errorf("failed: %v, %d left", err, left(parentPhone))
		}
		w.forward(48 * time.Hour)
	})
}

// TestPhonesPageShowsTheDeploymentsTime: whoever tries it out reads the time of the country, not of the server.
func TestPhonesPageShowsTheDeploymentsTime(t *testing.T) {
	stories(t, func(w *world) {
		w.clock.set(time.Date(2026, 11, 24, 2, 17, 30, 0, time.UTC))
		w.tellsBySMS(childPhone)
		private := httptest.NewServer(w.gateway.Private())
		defer private.Close()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, private.URL+"/phones/all", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := private.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil || !strings.Contains(string(body), "09:17:30") {
			t.Errorf("%v: the page does not show 09:17:30\n%s", err, body)
		}
	})
}
