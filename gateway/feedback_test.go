package main

import (
	"testing"
	"time"
)

// TestFeedback: who asked for a message in the morning, on her own phone, is told once that somebody took it and once that it is closed, at no other
// hour; who said that others use the phone is told nothing.
func TestFeedback(t *testing.T) {
	stories(t, func(w *world) {
		tells := func(number string, contact ...string) string {
			w.t.Helper()
			child := w.caller(number).dials("*1280#").presses(toDanger...)
			child.presses("2", "1", "កន្ទឺ ១ បាត់ដំបង", "1", "1", "3", "1", "2")
			child.presses(contact...)
			child.presses("1", "1", "1", "1", "1")
			return digitsIn(w.t, w.gets("banan1-chair"), 6)
		}
		code := tells(childPhone, "2", "1", "1") // a message, on this phone, which is hers, in the morning
		other := tells(parentPhone, "2", "2", "1")
		w.clock.set(time.Date(2026, 11, 24, 22, 0, 0, 0, w.gateway.pack.Zone))
		w.forgets("banan-office", "battambang", "desk", "banan1-chair")
		w.replies("banan1-chair", "1 "+code)
		w.replies("banan1-chair", "1 "+other)
		w.forgets("banan1-chair")
		if got := len(w.inbox(childPhone)); got != 0 {
			w.t.Fatalf("%d messages came at night", got)
		}
		w.clock.set(time.Date(2026, 11, 25, 9, 1, 0, 0, w.gateway.pack.Zone))
		w.forgets("desk") // that nobody below it could was told by its clock
		news := w.inbox(childPhone)
		if len(news) != 1 || news[0] != w.sentence("km", "sms.news.taken") {
			w.t.Fatalf("in the morning came %q", news)
		}
		w.replies("banan1-chair", "2 "+code+" 4") // given back and taken again: she was told already
		w.replies("banan-office", "1 "+code)
		w.stands(code, "accepted", "banan-office")
		w.replies("banan-office", "4 "+code+" 1")
		w.settle()
		if news = w.inbox(childPhone); len(news) != 2 || news[1] != w.sentence("km", "sms.status.closed") {
			w.t.Fatalf("after it was closed came %q", news)
		}
		w.read[childPhone] = len(news)
		w.forgets("banan1-chair", "banan-office")
		if got := len(w.inbox(parentPhone)); got != 0 {
			w.t.Fatalf("%d messages came to a phone that others use", got)
		}
	})
}
