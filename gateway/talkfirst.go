package main

import (
	"context"
	"errors"
	"net/http"
)

// example is what the gateway's pack is tried with.
type example struct {
	Number string `json:"number"`
	Code   string `json:"code"`
	To     string `json:"to"`
}

// meet asks the gateway with what its pack is tried, for what the command line does not say.
func (l *line) meet(ctx context.Context, t *talkCommand) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.base+"/phones/example", nil)
	if err != nil {
		return err
	}
	if err := l.do(r, &l.first); err != nil {
		return err
	}
	if t.From == "" {
		t.From = l.first.Number
	}
	if t.From == "" {
		return errors.New("the pack says no trial_phone: name this phone's number with --from")
	}
	return nil
}
