package adapters

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// sendTime bounds one request to a provider also where the caller set no deadline: an alert stuck in one provider for
// longer is better tried by another.
const sendTime = 15 * time.Second

// largestAnswer is how much of a provider's answer is read. Their answers are below 2 KiB.
const largestAnswer = 256 << 10

// Client returns the HTTP client that adapters send with: it follows no redirect, since that would hand a message and a
// password to whoever the redirect names, and it does not wait for ever. way is the way out, nil for the usual one.
func Client(way http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     way,
		Timeout:       sendTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// ReadAnswer reads a provider's answer, no more of it than any provider has to say. The error is an Uncertain that shows
// nothing of it.
func ReadAnswer(r *http.Response) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r.Body, largestAnswer+1))
	if err != nil {
		return nil, FromTransport(err)
	}
	if len(b) > largestAnswer {
		return nil, Uncertain(errors.New("the answer does not end"))
	}
	return b, nil
}

// FromTransport is what a failed request means: where no connection was made, nothing was sent, and the message is to be
// tried again; otherwise it is Uncertain. Nothing of the address nor of the answer gets into the error: net/http quotes
// a line that it cannot read, and that line may repeat the number.
func FromTransport(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return errors.New("no connection to the provider")
	}
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return Uncertain(context.Canceled)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return Uncertain(context.DeadlineExceeded)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), op != nil:
		return Uncertain(errors.New("the connection to the provider broke off"))
	}
	return Uncertain(errors.New("the provider's answer cannot be read"))
}
