package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"chumrok/adapters"
	"chumrok/flows"
	"chumrok/internal/store"
)

// supply answers what a conversation wants to know or to have done before it can go on. What follows from it is added to
// the turn's effects, so that it stands when the turn does; a turn that lost a race is stepped, and supplied, again. What
// is written at once (a try of a PIN, days away, a phone that wants lessons) may be written twice without harm.
func (g *Gateway) supply(ctx context.Context, m adapters.Message, state flows.State, want flows.Event,
	e *store.Effects, now time.Time) (flows.Supplied, error) {
	switch want.Name {
	case "status":
		answer, err := g.status(ctx, m.From, want.Value, now)
		return flows.Supplied{Answer: answer}, err
	case "erase":
		return flows.Supplied{Answer: "noted"}, g.wish(ctx, m, state, want.Value, e, now)
	case wantBack: // there is nothing to take up: provenBack has looked
		return flows.Supplied{}, nil
	case "lesson_daily":
		answer, err := g.startLessons(ctx, m.From, state, want.Value, now)
		return flows.Supplied{Answer: answer}, err
	}
	deed, known := deeds[want.Name]
	if !known {
		return flows.Supplied{}, fmt.Errorf("a conversation wants %q, which nobody supplies", want.Name)
	}
	o, may, err := g.dutyOf(ctx, m, state)
	if err != nil {
		return flows.Supplied{}, err
	}
	if !may && want.Name != "pin" {
		return flows.Supplied{Answer: isGone}, nil
	}
	return deed(g, ctx, o, strings.Fields(want.Value), e, now)
}

// deeds are what an officer can have done after the PIN, and the PIN.
var deeds = map[string]func(*Gateway, context.Context, onDuty, []string, *store.Effects, time.Time) (flows.Supplied, error){
	"pin":          (*Gateway).dutyPIN,
	"duty_list":    (*Gateway).dutyList,
	"duty_details": (*Gateway).dutyDetails,
	"duty_accept":  (*Gateway).dutyAccept,
	"duty_cannot":  (*Gateway).dutyCannot,
	"duty_seen":    (*Gateway).dutySeen,
	"duty_outcome": (*Gateway).dutyOutcome,
	"duty_hand_on": (*Gateway).dutyHandOn,
	"duty_agree":   (*Gateway).dutyAgree,
	"duty_refuse":  (*Gateway).dutyRefuse,
	"duty_away":    (*Gateway).dutyAway,
}
