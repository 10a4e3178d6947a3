package adapters

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// leastToken is the shortest token that is taken: it is all that keeps strangers from speaking for every phone.
const leastToken = 16

// Token is the secret part of a hook's path, for providers that sign nothing. It prints as nothing that tells it.
type Token struct{ hash [sha256.Size]byte }

// NewToken takes a token of a configuration. A short one, or one that a path cannot hold as it is, is a fault.
func NewToken(secret string) (Token, error) {
	if len(secret) < leastToken || strings.ContainsFunc(secret, notToken) {
		return Token{}, fmt.Errorf("the token must be at least %d letters, digits, - or _: make one at random", leastToken)
	}
	return Token{sha256.Sum256([]byte(secret))}, nil
}

func notToken(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
}

// Opens says whether the request's path holds the token; where it does not, the request is answered. Hashes are compared, so that
// neither the time nor the length tells anything of the token.
func (t Token) Opens(w http.ResponseWriter, r *http.Request) bool {
	given := sha256.Sum256([]byte(r.PathValue("token")))
	if subtle.ConstantTimeCompare(given[:], t.hash[:]) == 1 {
		return true
	}
	Forbid(w)
	return false
}

// Forbid answers a request that is not authentic.
func Forbid(w http.ResponseWriter) { http.Error(w, "forbidden", http.StatusForbidden) }

// ReadBody reads a request's body; where it does not come whole or is larger than the gateway takes, the request is answered.
func ReadBody(w http.ResponseWriter, r *http.Request) (body []byte, ok bool) {
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
	case err != nil:
		http.Error(w, "not received whole", http.StatusBadRequest)
	default:
		return body, true
	}
	return nil, false
}

// Report gives a delivery report to the sink and answers the provider. A report of no state that we know is acknowledged.
func Report(w http.ResponseWriter, r *http.Request, sink Sink, d Delivery) {
	if d.State != "" && sink.Delivered(r.Context(), d) != nil {
		SinkFailed(w)
		return
	}
	w.WriteHeader(http.StatusOK)
}
