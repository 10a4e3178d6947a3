// Package operatorussd brings USSD sessions from operators and aggregators that speak HTTP each in their own way, so that
// a new one is a new data file and no new code. It believes no request whose path lacks the operator's token, sends
// nothing out, and keeps no session: what it does not find in a request it does not know.
//
// The shapes that ship say in comments where their facts are from and how sure they are.
package operatorussd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"

	"chumrok/adapters"
	"chumrok/internal/phone"
)

// Prefix stands in front of a shape's name in the name of its adapter, and so in paths and figures.
const Prefix = "ussd/"

// Config is a connection to one operator.
type Config struct {
	Country   phone.Country // where callers are at home whose number comes without a plus sign
	Shape     Shape
	Token     string         // the secret part of the hook's path: at least 16 letters, digits, "-" or "_"
	Addresses []netip.Prefix // that requests may come from; none = from anywhere
	Code      string         // the service code, for a shape whose requests do not name it
}

// Operator is the adapter of one operator.
type Operator struct {
	config Config
	token  adapters.Token
}

// New checks the configuration and returns the adapter.
func New(c Config) (*Operator, error) {
	token, err := adapters.NewToken(c.Token)
	if err != nil {
		return nil, fmt.Errorf("the USSD operator %s: %w", c.Shape.Name, err)
	}
	return &Operator{config: c, token: token}, nil
}

// Name returns "ussd/" and the shape's name.
func (o *Operator) Name() string { return Prefix + o.config.Shape.Name }

// Routes is the one hook; {token} is the secret.
func (o *Operator) Routes() []adapters.Route {
	return []adapters.Route{{Method: o.config.Shape.Request.Method, Pattern: "/hooks/" + o.Name() + "/{token}", Handler: o.hook}}
}

// Send sends nothing: a USSD connection carries no SMS. The message goes by another provider.
func (o *Operator) Send(_ context.Context, m adapters.Outgoing) (adapters.Receipt, error) {
	if !m.To.Dialable() {
		return adapters.Receipt{}, adapters.Permanent(errors.New(o.Name() + ": the message is to no number"))
	}
	return adapters.Receipt{}, adapters.Misconfigured(errors.New(o.Name() + " carries no messages: take it out of the pack's outbound.routes"))
}

func (o *Operator) hook(sink adapters.Sink) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !o.token.Opens(w, r) {
			return
		}
		if !o.comesFrom(r.RemoteAddr) {
			adapters.Forbid(w)
			return
		}
		body, whole := adapters.ReadBody(w, r)
		if !whole {
			return
		}
		said, ok := read(o.config.Shape.Request, r, body)
		session := said.first(o.config.Shape.Request.Session)
		if !ok || session == "" {
			http.Error(w, "the session's id is missing, or the body is not what the shape says", http.StatusBadRequest)
			return
		}
		if said.any(o.config.Shape.Request.Ended) {
			o.ended(w, r, said, session, sink)
			return
		}
		o.turn(w, r, said, session, sink)
	})
}

// comesFrom says whether a request may come from that address. Behind a proxy it is the proxy's, which then has to look
// itself: a header could say anything.
func (o *Operator) comesFrom(remote string) bool {
	if len(o.config.Addresses) == 0 {
		return true
	}
	from, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	for _, p := range o.config.Addresses {
		if p.Contains(from.Addr().Unmap()) {
			return true
		}
	}
	return false
}

// ended takes the notice that a session is over: hung up, timed out, or let go.
func (o *Operator) ended(w http.ResponseWriter, r *http.Request, said fields, session string, sink adapters.Sink) {
	if err := sink.Ended(r.Context(), adapters.Ended{Provider: o.Name(), Session: session}); err != nil {
		adapters.SinkFailed(w)
		return
	}
	o.answer(w, said, adapters.Answer{End: true})
}

// turn takes one turn. Where the operator gives turns no id, the message has none, and the gateway tells a repeat by the
// session and the order of its turns.
func (o *Operator) turn(w http.ResponseWriter, r *http.Request, said fields, session string, sink adapters.Sink) {
	request := o.config.Shape.Request
	input := said.first(request.Input)
	m := adapters.Message{
		Provider:   o.Name(),
		Channel:    adapters.USSD,
		Session:    session,
		New:        said.any(request.New),
		To:         adapters.Text(said.first(request.Code)),
		Text:       adapters.Decode(input, said.charset),
		Cumulative: request.Cumulative,
		Dialled:    request.Dialled,
	}
	m.From, _ = o.config.Country.ParseSender(said.first(request.Phone)) // what is no number is kept as none
	if m.To == "" {
		m.To = o.config.Code
	}
	turn := said.first(request.Turn)
	switch {
	case turn != "":
		m.ID = session + "|" + turn
	case request.Cumulative:
		m.ID = session + "|" + input
	}
	answer, err := sink.Receive(r.Context(), m)
	var refused adapters.Refused
	if errors.As(err, &refused) && refused.Text != "" {
		answer, err = adapters.Answer{Text: refused.Text, End: true}, nil
	}
	if err != nil {
		adapters.SinkFailed(w)
		return
	}
	answer.End = answer.End || answer.Text == ""
	o.answer(w, said, answer)
}
