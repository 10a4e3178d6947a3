package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"chumrok/adapters"
	"chumrok/flows"
	"chumrok/internal/phone"
	"chumrok/internal/store"
	"chumrok/locales"
)

// The answers to who asks for a lesson a day.
const (
	lessonsOK      = "ok"
	lessonsNotSafe = "not_safe"
)

// lessonHours are the hours of a day, in the deployment's zone, in which a phone may be written to without being asked, by
// what its owner chose: from the first, before the second. None is outside 09:00 to 18:00: earlier and later a family
// is at home, and a lit screen is looked at by all of it.
var lessonHours = map[string][2]int{"morning": {9, 11}, "noon": {11, 13}, "afternoon": {13, 17}, "evening": {17, 18}, "any": {9, 18}}

// lessonPatience is how long a lesson that a provider does not take is tried. It is not an alert: after that it is dropped,
// rather than lighting up a phone in an hour that its owner did not name.
const lessonPatience = 10 * time.Minute

// isLesson says whether a message is one that its reader did not ask for just now. Lessons are the only ones: they belong to
// no conversation.
func isLesson(m store.Message) bool { return m.Kind == store.ToReporter && m.ConversationID == "" }

// answerPatience is how long the answer to a caller's own SMS may be under way. Later, or at night, it would light up a phone
// that somebody else may hold by then; what she wrote is kept, and she can write again.
const answerPatience = 30 * time.Minute

// tooLate says whether a message to a caller has waited too long to be sent: a lesson, which belongs to no conversation,
// past its hours, an answer past her patience.
func tooLate(m store.Message, now time.Time) bool {
	patience := answerPatience
	if isLesson(m) {
		patience = lessonPatience
	}
	return m.Kind == store.ToReporter && now.Sub(m.CreatedAt) >= patience
}

// startLessons notes that a phone wants a lesson a day, from tomorrow on. Only a phone that its user called her own is
// written to, and one that we can write to.
func (g *Gateway) startLessons(ctx context.Context, from phone.Number, state flows.State, audience string, now time.Time) (string, error) {
	if state.Answer("daily_safe") != "yes" || from.IsZero() || len(g.outbound.Choose(from, nil).Providers) == 0 ||
		!g.texts.Has(state.Language(), lessonKey(audience, 1)) {
		return lessonsNotSafe, nil
	}
	hours := hoursNamed(state.Answer("when"))
	l := store.Lessons{ID: store.NewID(), Audience: audience, Language: state.Language(), Hours: hours, Number: from, Next: 1}
	l.NextAt = g.lessonTomorrow(hours, now)
	if _, err := g.store.StartLessons(ctx, now, "caller", l); err != nil {
		return "", fmt.Errorf("noting that a phone wants lessons: %w", err)
	}
	return lessonsOK, nil
}

func lessonKey(audience string, n int) string {
	return "sms.lesson." + audience + "." + strconv.Itoa(n)
}

// lessonTomorrow is when the lesson of the next day is due: in the first hour that the phone may be written to, at the
// minute of at, so that not all phones are written to at once, and early enough to be tried again within it.
func (g *Gateway) lessonTomorrow(hours string, at time.Time) time.Time {
	at = at.In(g.pack.Zone)
	return time.Date(at.Year(), at.Month(), at.Day()+1, lessonHours[hours][0], min(at.Minute(), 45), 0, 0, g.pack.Zone)
}

// hoursNamed are the hours in which a phone may be written to: those that were named, else those of anybody.
func hoursNamed(hours string) string {
	if _, known := lessonHours[hours]; !known {
		return "any"
	}
	return hours
}

// nextHour is at, where a message that is tried for as long as patience lasts stays within the hours of a phone; else the next
// such moment.
func (g *Gateway) nextHour(hours string, at time.Time, patience time.Duration) time.Time {
	local := at.In(g.pack.Zone)
	first, last := lessonHours[hours][0], lessonHours[hours][1]
	for day := range 2 {
		opens := time.Date(local.Year(), local.Month(), local.Day()+day, first, 0, 0, 0, g.pack.Zone)
		closes := time.Date(local.Year(), local.Month(), local.Day()+day, last, 0, 0, 0, g.pack.Zone).Add(-patience)
		switch {
		case at.Before(opens):
			return opens
		case at.Before(closes):
			return at
		}
	}
	return at
}

// lesson sends one lesson and puts down when the next is due. What comes late, after the hours in which the phone may be
// written to, waits for the next day.
func (g *Gateway) lesson(ctx context.Context, due store.Due) error {
	return g.apply(ctx, func(now time.Time) (store.Effects, error) {
		e := store.Effects{DueFinished: []store.Due{due}}
		l, found, err := g.store.Lessons(ctx, due.Subject)
		if err != nil || !found {
			return e, err // stopped meanwhile
		}
		l.Hours = hoursNamed(l.Hours)
		next := g.lessonTomorrow(l.Hours, now)
		if g.nextHour(l.Hours, now, lessonPatience).After(now) {
			if today := next.AddDate(0, 0, -1); today.After(now) {
				next = today
			}
			return store.Effects{}, g.store.Retry(ctx, due, next)
		}
		sent := store.LessonSent{ID: l.ID, Sent: l.Next}
		if g.texts.Has(l.Language, lessonKey(l.Audience, l.Next+1)) {
			sent.NextAt = next
			e.Due = append(e.Due, store.Due{Kind: store.DueLesson, Subject: l.ID, At: next})
		}
		m := store.Message{ID: store.NewID(), Kind: store.ToReporter, Number: l.Number,
			Text: locales.Strip(g.texts.Text(l.Language, lessonKey(l.Audience, l.Next)))}
		e.LessonsSent = append(e.LessonsSent, sent)
		e.Messages = append(e.Messages, m)
		e.Due = append(e.Due, store.Due{Kind: store.DueSend, Subject: m.ID, At: now})
		return e, nil
	})
}

// leaveWords are what ends the lessons of a phone, besides 0: what people write, and what networks teach them to.
var leaveWords = map[string]bool{"0": true, "stop": true, "stopall": true, "quit": true, "end": true, "cancel": true, "unsubscribe": true,
	"exit": true, "chenh": true, "ចេញ": true}

// stopLessons ends the lessons of a phone that says 0 or stop by SMS, whatever else these mean to the conversation that it
// may be in.
func (g *Gateway) stopLessons(ctx context.Context, m adapters.Message, now time.Time) error {
	word := strings.Trim(strings.ToLower(phone.Digits(m.Text)), " .។!*#")
	if m.Channel != adapters.SMS || m.From.IsZero() || !leaveWords[word] {
		return nil
	}
	if _, err := g.store.StopLessons(ctx, now, "caller", g.store.PhoneIndex(m.From)); err != nil {
		return fmt.Errorf("ending the lessons of a phone: %w", err)
	}
	return nil
}

// endLessons ends the lessons of a phone that cannot be reached for good: its number may be somebody else's by tomorrow.
func (g *Gateway) endLessons(ctx context.Context, m store.Message) error {
	if !isLesson(m) || m.Number.IsZero() {
		return nil
	}
	if _, err := g.store.StopLessons(ctx, g.now(), "gateway", g.store.PhoneIndex(m.Number)); err != nil {
		return fmt.Errorf("ending the lessons of a phone that cannot be reached: %w", err)
	}
	return nil
}
