package outbox

import (
	"io"
	"time"
)

const (
	// firstWait is how long after a failed try the second one comes: long enough for a provider to recover from a
	// restart, short enough that nobody waits for an alert.
	firstWait = 5 * time.Second
	// mostWait bounds the wait where somebody is waited for: an alert is never silent for longer than a minute.
	mostWait = time.Minute
	// idleWait bounds it for work of no urgency.
	idleWait = 5 * time.Minute
)

// Retry returns how long to wait after the attempt-th try (1 is the first) failed: 5 s, 10 s, 20 s, 40 s and then a
// minute; with urgency 0 it goes on doubling up to five minutes. Up to a fifth is taken off at random, so that what
// failed together does not come back together; the random bytes are rnd's, and without any nothing is taken off. There
// is no last attempt: an alert is sent until it is answered.
func Retry(attempt, urgency int, rnd io.Reader) time.Duration {
	most := mostWait
	if urgency <= 0 {
		most = idleWait
	}
	wait := firstWait
	for n := 1; n < attempt && wait < most; n++ {
		wait *= 2
	}
	wait = min(wait, most)
	var b [1]byte
	if rnd == nil {
		return wait
	}
	if _, err := io.ReadFull(rnd, b[:]); err != nil {
		return wait
	}
	return wait - wait*time.Duration(b[0])/(5*255)
}
