package locales

import (
	"strconv"
	"time"
)

// clock is how a language says a time: the hour's word, its parts of the day, and noon.
type clock struct {
	hour                                               string
	morning, noonHour, afternoon, evening, night, noon string
}

var clocks = map[string]clock{
	Khmer:      {hour: "ម៉ោង", morning: "ព្រឹក", noonHour: "ថ្ងៃ", afternoon: "រសៀល", evening: "ល្ងាច", night: "យប់", noon: "ថ្ងៃត្រង់"},
	LatinKhmer: {hour: "maong", morning: "preuk", noonHour: "thngai", afternoon: "rosiel", evening: "lngeach", night: "yob", noon: "thngai trong"},
}

// When says a time on a phone, in t's own zone: "ម៉ោង 6 ល្ងាច 22/11" in Khmer, "maong 6 lngeach 22/11" in romanised
// Khmer, "18:00 22/11" in any other language. It takes at most 22 units in Khmer (a half hour in the morning), 19 on the
// full hour, and 26 septets in Latin letters.
//
// Khmer hours go by the part of the day: ព្រឹក to 11, ថ្ងៃត្រង់ at noon, រសៀល to 5, ល្ងាច to 7, យប់ to midnight. The
// hours after midnight are 0 to 3 ព្រឹក of the new day: "12 at night 22/11" could be heard as either end of that day.
func (c *Catalogue) When(lang string, t time.Time) string {
	words, ok := clocks[c.Match(lang)]
	if !ok {
		return t.Format("15:04 2/1")
	}
	date := " " + strconv.Itoa(t.Day()) + "/" + strconv.Itoa(int(t.Month()))
	hour, minute := t.Hour(), ""
	if t.Minute() != 0 {
		minute = t.Format(":04")
	}
	if hour == 12 && minute == "" {
		return words.noon + date
	}
	part := words.night
	switch {
	case hour < 12:
		part = words.morning
	case hour == 12:
		part = words.noonHour
	case hour < 17:
		part = words.afternoon
	case hour < 19:
		part = words.evening
	}
	if hour > 12 {
		hour -= 12
	}
	return words.hour + " " + strconv.Itoa(hour) + minute + " " + part + date
}
