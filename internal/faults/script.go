//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
)

// smsScript is a child's report by SMS: what is told, the place, yes, whether it is urgent, and not to be contacted.
func smsScript(random *rand.Rand) []string {
	told := []string{"គេវាយខ្ញុំ", "juoy khnhom pong, ke veay khnhom", "They hit me"}
	places := []string{"កន្ទឺ ១ បាត់ដំបង", "កន្ទឺ ២ បាត់ដំបង"}
	urgent := "2"
	if random.IntN(4) == 0 {
		urgent = "1"
	}
	return []string{told[random.IntN(len(told))], places[random.IntN(len(places))], "1", urgent, "3"}
}

// ussdScript is a parent's report by USSD in English, key by key, the first of them dialling itself: help, a good time, a mother or father,
// agreed, the number of the call, whether there is danger, beaten, the place out of the lists, a girl of six to eleven, a neighbour, no contact,
// nothing to add, told to the commune, sent.
func ussdScript(random *rand.Rand) []string {
	keys := []string{"", "2", "1", "1", "2", "1", "1"}
	if random.IntN(2) == 0 {
		keys = append(keys, "1", "1") // danger, and the screen with the numbers
	} else {
		keys = append(keys, "2")
	}
	keys = append(keys, "1", "1", "02", "01", fmt.Sprintf("%02d", 1+random.IntN(8)), "2", "1", "2", "3")
	if random.IntN(2) == 0 {
		keys = append(keys, "1")
	} else {
		keys = append(keys, "She cries at night")
	}
	return append(keys, "1", "1", "1", "1")
}
