// Package limits counts how often something was tried, so that nobody finds a child's code by trying them all. It refuses nobody and keeps no
// number: who asks says what a count means, and what to do while Redis does not answer.
package limits

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// deadline bounds one call, since a caller waits for the screen meanwhile.
const deadline = 250 * time.Millisecond

// A Counter counts one subject's tries in windows of time that lie side by side: within two of them one after the other a subject may come to
// twice what is allowed in one. Its names are made of what is not personal.
type Counter struct {
	Subject string        // whom it counts: a blind index, or a word of the product such as "all"
	Window  time.Duration // how long a window is
	Cost    int64         // what this try adds; 0 only reads
}

// Limits are the counts in one Redis.
type Limits struct {
	client   redis.UniversalClient
	deadline time.Duration
}

// New returns the limits in the Redis that client reaches. Use a client of session.Connect: another one may wait for seconds.
func New(client redis.UniversalClient) *Limits { return &Limits{client, deadline} }

// spendScript reads counters and adds to them, as one act: of many tries at once each sees all that came before it.
//
//	KEYS     the counters
//	ARGV[i]  what is added to the counter KEYS[i]
//	ARGV[n+i] how long to keep it, in milliseconds
//
// It answers what each counter was before. The commands are the same whatever is added.
var spendScript = redis.NewScript(`
local before = {}
for i, key in ipairs(KEYS) do
  local cost = tonumber(ARGV[i])
  before[i] = redis.call('INCRBY', key, cost) - cost
  redis.call('PEXPIRE', key, ARGV[#KEYS + i])
end
return before
`)

// Spend adds to the counters of one name, and returns what each of them was before in the window that now lies in. It is one round trip and
// the same work whatever the costs are. An error means that Redis did not answer in time, and that nothing is known.
func (l *Limits) Spend(ctx context.Context, name string, now time.Time, counters ...Counter) ([]int64, error) {
	keys, args := make([]string, len(counters)), make([]any, 2*len(counters))
	for i, c := range counters {
		key, err := counterKey(name, c, now)
		if err != nil {
			return nil, fmt.Errorf("counting a try: %w", err)
		}
		keys[i], args[i], args[len(counters)+i] = key, c.Cost, (2 * c.Window).Milliseconds()
	}
	ctx, cancel := context.WithTimeout(ctx, l.deadline)
	defer cancel()
	before, err := spendScript.Run(ctx, l.client, keys, args...).Int64Slice()
	if err != nil {
		return nil, fmt.Errorf("counting a try: %w", err)
	}
	return before, nil
}

// counterKey names a counter in the window that now lies in. The braces keep the counters of one name on one node of a Redis Cluster, which a
// script needs. A subject of digits alone could be a number, and is refused.
func counterKey(name string, c Counter, now time.Time) (string, error) {
	if c.Window <= 0 || name == "" || c.Subject == "" {
		return "", fmt.Errorf("a counter needs a name, a subject and a window")
	}
	if strings.Trim(c.Subject, "0123456789+") == "" && len(c.Subject) < 32 {
		return "", fmt.Errorf("a counter's subject could be a number")
	}
	window := now.UnixNano() / int64(c.Window)
	return "chumrok:limit:{" + name + "}:" + c.Subject + ":" + strconv.FormatInt(window, 10), nil
}
