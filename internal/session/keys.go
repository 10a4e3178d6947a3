package session

import (
	"errors"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// All names in Redis are made here.

// errKey says that a session's key is no blind index, so that a number can never become part of a name.
var errKey = errors.New("a session's key is 64 hex digits of a blind index")

// The fields of a session's hash.
const (
	fieldSeq   = "seq"
	fieldValue = "value"
)

// sessionKey names the hash of one session. The braces make a Redis Cluster keep whatever belongs to a session together; since is when the
// ledger was last restored, in milliseconds, 0 for never.
func sessionKey(key string, since int64) (string, error) {
	if len(key) != 64 || strings.Trim(key, "0123456789abcdef") != "" {
		return "", errKey
	}
	if since == 0 {
		return "chumrok:session:{" + key + "}", nil
	}
	return "chumrok:session:{" + key + "}:" + strconv.FormatInt(since, 10), nil
}

// saveScript keeps a session unless what is kept is of the same turn or a later one.
//
//	KEYS[1]  the session's hash
//	ARGV[1]  the turn's number
//	ARGV[2]  the value
//	ARGV[3]  how long to keep it, in milliseconds
//
// It answers 1 when it kept the value and 0 when it left what was there. Something else under the name (not a hash, or a
// turn that is no number) is not ours and gives way.
var saveScript = redis.NewScript(`
local have = redis.pcall('HGET', KEYS[1], 'seq')
if type(have) == 'table' and have.err then
  redis.call('DEL', KEYS[1])
  have = false
end
local kept = have and tonumber(have)
if kept and kept >= tonumber(ARGV[1]) then
  return 0
end
redis.call('HSET', KEYS[1], 'seq', ARGV[1], 'value', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`)
