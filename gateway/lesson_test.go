package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"chumrok/adapters/simulator"
)

// wantsLessons asks for a lesson a day, in English: lessons, for a child, the first, read, and then these keys.
func (c *caller) wantsLessons(keys ...string) *caller {
	c.w.t.Helper()
	c.dials("*1280#").presses("2", "2", "1", "1")
	for range 20 {
		if strings.Contains(c.screen, c.w.sentence("en", "learn.daily")) {
			return c.presses(keys...)
		}
		key := "9"
		if strings.Contains(c.screen, "\n1 "+c.w.sentence("en", "nav.go_on")) {
			key = "1"
		}
		c.presses(key)
	}
	c.w.t.Fatalf("nobody asked whether lessons should come:\n%s", c.screen)
	return nil
}

// lessonNow checks that a phone got the lesson of that number, and nothing else.
func (w *world) lessonNow(number string, n int) {
	w.t.Helper()
	if text, want := w.gets(number), w.sentence("en", lessonKey("child", n)); text != want {
		w.t.Fatalf("lesson %d is %q, not %q", n, text, want)
	}
	if inbox := w.inbox(number); len(inbox) > w.read[number] {
		w.t.Fatalf("a second message came with lesson %d: %q", n, inbox[w.read[number]])
	}
}

// TestLessonADay: eight lessons on eight days, each in the hours that were named, and then nothing is kept of the phone.
func TestLessonADay(t *testing.T) {
	stories(t, func(w *world) {
		w.caller(childPhone).wantsLessons("1", "1", "3").sees(w.sentence("en", "learn.daily.ok")) // in the afternoon
		w.forward(27*time.Hour + 59*time.Minute)                                                  // 12:59 of the next day
		if inbox := w.inbox(childPhone); len(inbox) > 0 {
			t.Fatalf("a message came before its hour: %q", inbox)
		}
		for n := 1; n <= 8; n++ {
			w.forward(2 * time.Minute)
			w.lessonNow(childPhone, n)
			w.forward(23*time.Hour + 58*time.Minute)
		}
		w.forward(48 * time.Hour)
		if left, err := w.gateway.store.LessonsOf(t.Context(), w.gateway.store.PhoneIndex(w.number(childPhone))); err != nil || len(left) > 0 {
			t.Errorf("after the last lesson the phone is still known: %v", err)
		}
	})
}

// TestLessonsOnlyToASafePhone: a phone that others use gets nothing.
func TestLessonsOnlyToASafePhone(t *testing.T) {
	stories(t, func(w *world) {
		w.caller(childPhone).wantsLessons("1", "2").sees(w.sentence("en", "learn.daily.not_safe"))
		w.caller(parentPhone).wantsLessons("2")
		w.forward(72 * time.Hour)
	})
}

// TestLessonsStop: 0 or stop by SMS, in whatever script, ends them for good.
func TestLessonsStop(t *testing.T) {
	stories(t, func(w *world) {
		for i, word := range []string{"0", "STOP", "០", "Stop.", "ចេញ"} {
			child := w.caller(spare(i)).wantsLessons("1", "1", "1")
			w.forward(25 * time.Hour)
			w.lessonNow(spare(i), 1)
			child.texts(word)
			w.forward(48 * time.Hour)
		}
	})
}

// TestLessonsStopOnAnOfficersPhone: there too, although 0 asks for help with an alert.
func TestLessonsStopOnAnOfficersPhone(t *testing.T) {
	stories(t, func(w *world) {
		w.caller(w.officer["banan1-chair"]).wantsLessons("1", "1", "1")
		_, code := w.tellsBySMS(childPhone)
		if answer := w.replies("banan1-chair", "0"); !strings.Contains(answer, "4") {
			t.Errorf("0 is answered with %q", answer)
		}
		w.replies("banan1-chair", "1 "+code)
		w.forward(48 * time.Hour)
	})
}

// TestLessonsWaitForTheirHours: a gateway that was down at the hour does not write in the evening or at night.
func TestLessonsWaitForTheirHours(t *testing.T) {
	stories(t, func(w *world) {
		w.caller(childPhone).wantsLessons("1", "1", "5") // any time, which is 9 to 18
		for _, hour := range []int{18, 23, 30, 32} {     // of the next day
			w.clock.set(time.Date(2026, 11, 25, hour, 30, 0, 0, w.gateway.pack.Zone))
			w.settle()
		}
		if inbox := w.inbox(childPhone); len(inbox) > 0 {
			t.Fatalf("a message came outside the hours: %q", inbox)
		}
		w.clock.set(time.Date(2026, 11, 26, 9, 31, 0, 0, w.gateway.pack.Zone))
		w.lessonNow(childPhone, 1)
		w.forward(12 * time.Hour)
	})
}

// TestLessonNotTakenIsDropped: a provider that is down past the hours that were named does not light up the phone at night;
// the next day's lesson comes as always.
func TestLessonNotTakenIsDropped(t *testing.T) {
	stories(t, func(w *world) {
		w.caller(childPhone).wantsLessons("1", "1", "4").sees(w.sentence("en", "learn.daily.ok")) // in the evening, 17:00 to 18:00
		child := w.number(childPhone)
		w.gateway.phones.Behave(child, simulator.Behaviour{Err: errors.New("down")})
		w.forward(32*time.Hour + time.Minute)
		if tried := w.gateway.phones.Tried(child); tried == 0 {
			w.t.Fatal("the lesson was not tried at its hour")
		}
		w.forward(time.Hour)
		w.gateway.phones.Behave(child, simulator.Behaviour{})
		w.forward(12 * time.Hour)
		if inbox := w.inbox(childPhone); len(inbox) > 0 {
			w.t.Fatalf("a lesson came outside its hours: %q", inbox)
		}
		w.forward(12 * time.Hour)
		w.lessonNow(childPhone, 2)
	})
}
