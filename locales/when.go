package locales

import (
	"strconv"
	"time"
)

// When says a time on a phone, in t's own zone: "ម៉ោង 6 ល្ងាច 22/11" in Khmer, "18:00 22/11" in any other language.
// It takes at most 22 units (a half hour in the morning), 19 on the full hour.
//
// Khmer hours go by the part of the day: ព្រឹក to 11, ថ្ងៃត្រង់ at noon, រសៀល to 5, ល្ងាច to 7, យប់ to midnight. The
// hours after midnight are 0 to 3 ព្រឹក of the new day: "12 at night 22/11" could be heard as either end of that day.
func (c *Catalogue) When(lang string, t time.Time) string {
	if c.Match(lang) != Khmer {
		return t.Format("15:04 2/1")
	}
	date := " " + strconv.Itoa(t.Day()) + "/" + strconv.Itoa(int(t.Month()))
	hour, minute := t.Hour(), ""
	if t.Minute() != 0 {
		minute = t.Format(":04")
	}
	if hour == 12 && minute == "" {
		return "ថ្ងៃត្រង់" + date
	}
	part := "យប់"
	switch {
	case hour < 12:
		part = "ព្រឹក"
	case hour == 12:
		part = "ថ្ងៃ"
	case hour < 17:
		part = "រសៀល"
	case hour < 19:
		part = "ល្ងាច"
	}
	if hour > 12 {
		hour -= 12
	}
	return "ម៉ោង " + strconv.Itoa(hour) + minute + " " + part + date
}
