package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"chumrok/adapters"
	"chumrok/flows"
	"chumrok/internal/report"
	"chumrok/internal/store"
)

// toldBefore finds what was told in a conversation that now holds nothing: a key back takes an answer off the screen, and
// what was said stays said. It is the last state with content; where none has, but one cannot be read by this release,
// it is an empty state, and a person has to look.
func (g *Gateway) toldBefore(ctx context.Context, conversation string) (flows.State, bool, error) {
	turns, err := g.store.Turns(ctx, conversation)
	if err != nil {
		return flows.State{}, false, fmt.Errorf("looking for what was told before: %w", err)
	}
	unreadable := false
	for _, turn := range slices.Backward(turns) {
		state, err := flows.Decode(turn.State)
		if err != nil {
			unreadable = true
		} else if state.HasContent() {
			return state, true, nil
		}
	}
	return flows.State{}, unreadable, nil
}

// keepSaid adds to a report what was said earlier in its conversation and taken back, as far as it decides who is told.
func (g *Gateway) keepSaid(ctx context.Context, c store.Resumed, r *report.Report) error {
	var states []flows.State
	if !c.New {
		turns, err := g.store.Turns(ctx, c.ID)
		if err != nil {
			return fmt.Errorf("looking for what was said before: %w", err)
		}
		for _, turn := range turns {
			if state, err := flows.Decode(turn.State); err == nil {
				states = append(states, state)
			}
		}
	}
	if c.Channel == adapters.SMS {
		keepStories(states, r)
	}
	r.Suggested = g.pack.Triage.Suggest(*r) // after the stories, and before who was named is added to it
	keepNamed(states, r)
	return nil
}

// keepStories adds what was written by SMS, taken back by a number that means "back", and written differently: who is
// told follows her first words, too, and they stand in the thread anyway.
func keepStories(states []flows.State, r *report.Report) {
	for _, state := range states {
		if story := state.Answer("story"); story != "" && !strings.Contains(r.Story+"\n"+r.More, story) {
			r.More = strings.TrimSpace(r.More + "\n" + story)
		}
	}
}

// keepNamed keeps out whom a caller named and took back by going back: somebody may have come into the room, and no screen
// asks her whether they may be told after all. Only to "not them" has she a word that takes it back: she is asked again who
// may be told, and answers.
func keepNamed(states []flows.State, r *report.Report) {
	which := r.Official != ""
	for _, state := range states {
		which = which || state.Answer("official") != ""
	}
	agreed := r.Told != ""
	for _, state := range states {
		official := state.Answer("official")
		if official == "" && state.Answer("by_whom") == "official" && !which {
			official = "other" // an official, and no screen further
		}
		keepOut(r, "official", official)
		if state.Answer("by_whom") == "teacher" {
			keepOut(r, "by_whom", "teacher")
		}
		if !agreed && state.Answer("not_them") == "yes" {
			r.Told, r.NotThem = state.Answer("told"), true
		}
	}
}

// keepOut counts an answer as given although another one, or none, stands in the report.
func keepOut(r *report.Report, field, value string) {
	if value == "" || r.Says(field, value) {
		return
	}
	suggested := map[string][]string{}
	for name, values := range r.Suggested {
		suggested[name] = slices.Clone(values)
	}
	suggested[field] = append(suggested[field], value)
	r.Suggested = suggested
}
