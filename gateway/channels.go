package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"chumrok/adapters"
	"chumrok/adapters/africastalking"
	"chumrok/adapters/kannel"
	"chumrok/adapters/simulator"
	"chumrok/adapters/twilio"
	"chumrok/internal/outbox"
	"chumrok/internal/phone"
)

// provider is one that can be configured: whether it is, and how it is turned on.
type provider struct {
	called string
	set    bool
	open   func() (adapters.Channel, error)
}

// providers are all of them for a country, in the order in which their hooks are opened.
func (c *Config) providers(country phone.Country) []provider {
	return []provider{
		{"Twilio", allSet(c.twilioVariables()), func() (adapters.Channel, error) {
			return twilio.New(twilio.Config{Country: country, AccountSID: c.Twilio.AccountSID, AuthToken: c.Twilio.AuthToken,
				From: c.Twilio.From, APIURL: c.Twilio.APIURL, PublicURL: c.PublicURL})
		}},
		{"Africa's Talking", allSet(c.africasTalkingVariables()), func() (adapters.Channel, error) {
			return africastalking.New(africastalking.Config{Country: country, Username: c.AfricasTalking.Username, APIKey: c.AfricasTalking.APIKey,
				From: c.AfricasTalking.From, Token: c.AfricasTalking.Token, APIURL: c.AfricasTalking.APIURL})
		}},
		{"Kannel", allSet(c.kannelVariables()), func() (adapters.Channel, error) {
			u := c.Kannel.USSD
			return kannel.New(kannel.Config{Country: country, SendsmsURL: c.Kannel.SendsmsURL, Username: c.Kannel.Username, Password: c.Kannel.Password,
				From: c.Kannel.From, Token: c.Kannel.Token, HooksURL: cmp.Or(c.Kannel.HooksURL, c.PublicURL),
				USSD: kannel.Shape{Session: u.Session, Bits: u.Bits, New: u.New, Over: u.Over, Ask: u.Ask, End: u.End}})
		}},
	}
}

// openChannels turns on the providers that are configured. In trial mode their hooks are open with generated secrets, so
// that a real webhook can be tried at once, and what the gateway sends goes to simulated phones.
func (g *Gateway) openChannels(context.Context) error {
	c := &g.config
	all, configured := c.providers(g.pack.Country), allSet(c.androidSMSVariables())
	for _, p := range all {
		configured = configured || p.set
	}
	sending := map[string]bool{}
	if c.Mode == Trial {
		if err := g.fillTrialSecrets(); err != nil {
			return err
		}
		g.phones = simulator.New(func() time.Time { return g.now().In(g.pack.Zone) }) // as a phone there shows it
		g.phones.Introduce(simulator.Example{Country: g.pack.Country, Number: g.pack.TrialPhone.E164(), Code: g.pack.ServiceCodes[0], To: g.pack.ShortCode})
		if !configured {
			g.channels = append(g.channels, g.phones)
			sending[g.phones.Name()] = true
		}
	}
	for _, p := range all {
		if !p.set && c.Mode != Trial {
			continue
		}
		channel, err := p.open()
		if err != nil {
			return fmt.Errorf("turning on %s: %w", p.called, err)
		}
		g.channels = append(g.channels, channel)
		sending[channel.Name()] = p.set
	}
	if err := g.openPhone(sending); err != nil {
		return err
	}
	if err := g.openOperators(); err != nil {
		return err
	}
	if len(sending) == 0 {
		return errors.New("no provider that sends is configured, so nobody could be alerted: set the variables of Twilio (CHUMROK_TWILIO_…), Africa's Talking (CHUMROK_AFRICASTALKING_…), Kannel (CHUMROK_KANNEL_…) or an Android phone (CHUMROK_ANDROIDSMS_…)")
	}
	g.pace = outbox.NewPace(g.pack.Outbound.Rates)
	for name, on := range sending {
		if on {
			g.meter.watchProvider(name, func() outbox.State { return g.health.State(name) })
		}
	}
	if sending[simulator.Name] {
		g.outbound = outbox.Everything(simulator.Name)
		return nil
	}
	packed := g.pack.Routes()
	routes := make([]outbox.Route, len(packed))
	for i, r := range packed {
		routes[i] = outbox.Route{Prefix: r.Prefix, Via: r.Via}
	}
	every, err := outbox.New(g.pack.Outbound.Prefixes, routes)
	if err != nil {
		return fmt.Errorf("reading the pack's outbound routes: %w", err)
	}
	g.outbound = every.Available(sending)
	g.warnUnrouted(sending)
	return nil
}

// trialAccount is the Twilio account that trial mode's hook expects; it is nobody's.
const trialAccount = "AC00000000000000000000000000000000"

// fillTrialSecrets makes up what is not configured, and keeps it in the data folder so that it stays the same.
func (g *Gateway) fillTrialSecrets() error {
	c := &g.config
	var err error
	if !allSet(c.twilioVariables()) {
		c.Twilio.AccountSID, c.Twilio.From = trialAccount, g.pack.ShortCode
		if c.Twilio.AuthToken, err = keptSecret(filepath.Join(c.Data, "twilio.token")); err != nil {
			return err
		}
	}
	if !allSet(c.africasTalkingVariables()) {
		c.AfricasTalking.Username, c.AfricasTalking.APIKey = "sandbox", "none"
		if c.AfricasTalking.Token, err = keptSecret(filepath.Join(c.Data, "africastalking.token")); err != nil {
			return err
		}
	}
	if !allSet(c.kannelVariables()) {
		c.Kannel.SendsmsURL, c.Kannel.Username, c.Kannel.Password = "http://127.0.0.1:13013/cgi-bin/sendsms", "none", "none"
		c.Kannel.From = g.pack.ShortCode
		if c.Kannel.Token, err = keptSecret(filepath.Join(c.Data, "kannel.token")); err != nil {
			return err
		}
	}
	return nil
}
