package adapters

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Refused is a Sink's error that carries what the caller may be told: a neutral "we are down". An adapter whose response
// can show a text shows it; one that cannot answers 503, and the provider delivers again.
type Refused struct {
	Text string // from the catalogue, fit for the channel
	Err  error  // why; never shown to a phone
}

// Error says why, without the text.
func (r Refused) Error() string {
	if r.Err == nil {
		return "refused"
	}
	return "refused: " + r.Err.Error()
}

// Unwrap returns the reason.
func (r Refused) Unwrap() error { return r.Err }

// Throttled is a provider's "not now": the message was not taken.
type Throttled struct {
	After time.Duration // how long to wait, as the provider asks; 0 when it does not say
	Err   error
}

// Error says who throttled.
func (t Throttled) Error() string {
	if t.Err == nil {
		return "throttled"
	}
	return "throttled: " + t.Err.Error()
}

// Unwrap returns the provider's answer.
func (t Throttled) Unwrap() error { return t.Err }

// kind is what a question of this package asks about; it reads in front of the error's text.
type kind string

const (
	permanent     kind = "will not be taken"
	misconfigured kind = "set up wrongly"
	uncertain     kind = "no sure answer"
)

func (k kind) Error() string { return string(k) }

// marked is an error of a kind.
type marked struct {
	kind kind
	err  error
}

func (m marked) Error() string        { return m.kind.Error() + ": " + m.err.Error() }
func (m marked) Unwrap() error        { return m.err }
func (m marked) Is(target error) bool { return target == error(m.kind) }

func mark(k kind, err error) error {
	if err == nil {
		return nil
	}
	return marked{k, err}
}

// Permanent marks an error after which sending this message to this number again is useless by this provider: the number
// does not exist, or its owner refused messages. It is only for what the provider's page says so of. nil stays nil.
func Permanent(err error) error { return mark(permanent, err) }

// IsPermanent says whether err is or wraps a Permanent.
func IsPermanent(err error) bool { return errors.Is(err, permanent) }

// Misconfigured marks an error that no message can get past until a person mends the set-up: a wrong key, an unknown
// account. It is not the message's fault, so the message is tried again, best by another provider, and the trouble is
// reported. nil stays nil.
func Misconfigured(err error) error { return mark(misconfigured, err) }

// IsMisconfigured says whether err is or wraps a Misconfigured.
func IsMisconfigured(err error) bool { return errors.Is(err, misconfigured) }

// Uncertain marks an error after which nobody knows whether the provider took the message: the request may have left
// and no whole answer came. Sending again may make a second copy; a lost alert is worse. nil stays nil.
func Uncertain(err error) error { return mark(uncertain, err) }

// IsUncertain says whether err is or wraps an Uncertain.
func IsUncertain(err error) bool { return errors.Is(err, uncertain) }

// FromStatus is what an HTTP status of a provider means when nothing better is known of it: 2xx is taken (nil); 401, 403
// and 404 are Misconfigured; 429 is Throttled for as long as Retry-After says; anything else, also 4xx, is to be tried
// again. No status alone is Permanent: that needs the provider's own code. 5xx is Uncertain, since a provider that
// broke may have broken after taking the message; so is a redirect, which no adapter follows.
func FromStatus(provider string, status int, header http.Header, now time.Time) error {
	err := fmt.Errorf("%s answered %d", provider, status)
	switch {
	case status >= 200 && status <= 299:
		return nil
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound:
		return Misconfigured(err)
	case status == http.StatusTooManyRequests:
		return Throttled{After: RetryAfter(header, now), Err: err}
	case status >= 500:
		return Uncertain(err)
	}
	return err
}

// largestCode is above every code of every provider's list; a number that stands in a code's place is larger.
const largestCode = 99_999

// Code is a provider's own code for what went wrong, or 0 where what it gave cannot be one: a phone number, for instance. Only what Code lets through
// may be put into an error.
func Code(given int) int {
	if given < 0 || given > largestCode {
		return 0
	}
	return given
}

// longestRetryAfter bounds what a provider may ask for: an alert that waits longer is better sent another way.
const longestRetryAfter = time.Hour

// RetryAfter reads how long a provider asks to wait, given in seconds or as a date; 0 when it does not say or says
// nonsense, at most one hour.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), longestRetryAfter)
}

// SinkFailed writes the answer to a provider whose message, delivery report or notice the Sink could not keep: 503, so
// that it comes again. It says nothing of the reason.
func SinkFailed(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5")
	http.Error(w, "try again", http.StatusServiceUnavailable)
}
