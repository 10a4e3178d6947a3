package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"chumrok/adapters/androidsms"
	"chumrok/adapters/operatorussd"
	"chumrok/internal/pack"
	"chumrok/locales"
)

// leastSigningKey is the shortest key that production takes: the phone's app makes up one of eight letters by itself,
// which can be guessed from a single message and its signature.
const leastSigningKey = 16

func (c *Config) androidSMSVariables() []variable {
	return []variable{
		{"CHUMROK_ANDROIDSMS_URL", c.AndroidSMS.URL},
		{"CHUMROK_ANDROIDSMS_USERNAME", c.AndroidSMS.Username},
		{"CHUMROK_ANDROIDSMS_PASSWORD", c.AndroidSMS.Password},
		{"CHUMROK_ANDROIDSMS_SIGNING_KEY", c.AndroidSMS.SigningKey},
	}
}

// wireFaults checks what the phone and the USSD operators are told.
func (c *Config) wireFaults() []error {
	var faults []error
	if missing := halfSet(c.androidSMSVariables()); missing != "" {
		faults = append(faults, fmt.Errorf("SMS Gateway for Android is half set: %s", missing))
	}
	if c.Mode == Production && allSet(c.androidSMSVariables()) {
		if len(c.AndroidSMS.SigningKey) < leastSigningKey {
			faults = append(faults, fmt.Errorf("CHUMROK_ANDROIDSMS_SIGNING_KEY is too short: set one of at least %d letters here and in the app, under Settings, Webhooks", leastSigningKey))
		}
		if strings.HasPrefix(c.AndroidSMS.URL, "http://") && !nearby(c.AndroidSMS.URL) {
			faults = append(faults, errors.New("CHUMROK_ANDROIDSMS_URL is plain http over the internet: use https://, or the phone's address in your own network"))
		}
	}
	_, err := c.operatorTokens()
	_, err2 := c.operatorAddresses()
	return append(faults, err, err2)
}

// nearby says whether an address is in a network of one's own.
func nearby(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return loopback(address) || ip != nil && ip.IsPrivate()
}

// operatorTokens reads which USSD operators are on, and the secret part of each one's path. No error shows a token.
func (c *Config) operatorTokens() (map[string]string, error) {
	tokens := map[string]string{}
	for pair := range strings.SplitSeq(c.USSD.Tokens, ",") {
		operator, token, ok := strings.Cut(strings.TrimSpace(pair), ":")
		switch {
		case pair == "":
		case !ok || operator == "" || token == "":
			return nil, errors.New("CHUMROK_USSD_TOKENS cannot be read: give OPERATOR:TOKEN, separated by commas, such as hubtel:… for the shape hubtel")
		case tokens[operator] != "":
			return nil, fmt.Errorf("CHUMROK_USSD_TOKENS has two tokens for %s: keep one", operator)
		default:
			tokens[operator] = token
		}
	}
	return tokens, nil
}

// operatorAddresses reads where the requests of operators may come from.
func (c *Config) operatorAddresses() (map[string][]netip.Prefix, error) {
	tokens, _ := c.operatorTokens()
	addresses := map[string][]netip.Prefix{}
	for pair := range strings.SplitSeq(c.USSD.Addresses, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		operator, text, _ := strings.Cut(strings.TrimSpace(pair), ":")
		prefix, err := netip.ParsePrefix(text)
		if address, single := netip.ParseAddr(text); single == nil {
			prefix, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil || tokens[operator] == "" {
			return nil, errors.New("CHUMROK_USSD_ADDRESSES cannot be read: give OPERATOR:ADDRESS or OPERATOR:ADDRESS/BITS for operators of CHUMROK_USSD_TOKENS, separated by commas")
		}
		addresses[operator] = append(addresses[operator], prefix.Masked())
	}
	return addresses, nil
}

// loadShapes reads how USSD operators speak: ours, with the pack's in place of those of the same name.
func loadShapes(p *pack.Pack) ([]operatorussd.Shape, error) {
	ours, err := operatorussd.Load(operatorussd.Shipped(), "adapters/operatorussd/shapes")
	if err != nil {
		return nil, fmt.Errorf("reading USSD shapes:\n%w", err)
	}
	if p.USSD == nil {
		return ours, nil
	}
	own, err := operatorussd.Load(p.USSD, p.File("ussd"))
	if err != nil {
		return nil, fmt.Errorf("reading USSD shapes:\n%w", err)
	}
	return operatorussd.Merge(ours, own), nil
}

// screenFault says that an operator carries less than the pack's sentences are allowed.
func screenFault(p *pack.Pack, s operatorussd.Shape) error {
	budget, ok := p.Budgets["ussd"]
	if !ok {
		budget = locales.USSD
	}
	if budget.Septets <= s.Screen.Septets && budget.Units <= s.Screen.Units {
		return nil
	}
	return fmt.Errorf("%s: budgets.ussd allows %d septets and %d units, but the USSD operator %s carries %d and %d; lower the budget, or mend the operator's shape",
		p.File("pack.yaml"), budget.Septets, budget.Units, s.Name, s.Screen.Septets, s.Screen.Units)
}

// openPhone turns on the Android phone where it is configured, and its hook in trial mode.
func (g *Gateway) openPhone(sending map[string]bool) error {
	c, on := &g.config.AndroidSMS, allSet(g.config.androidSMSVariables())
	if !on && g.config.Mode != Trial {
		return nil
	}
	if !on {
		key, err := keptSecret(filepath.Join(g.config.Data, "androidsms.key"))
		if err != nil {
			return err
		}
		c.URL, c.Username, c.Password, c.SigningKey = "http://127.0.0.1:8080", "none", "none", key
	}
	channel, err := androidsms.New(androidsms.Config{Country: g.pack.Country, URL: c.URL, Username: c.Username, Password: c.Password, SigningKey: c.SigningKey, Now: g.now})
	if err != nil {
		return fmt.Errorf("turning on SMS Gateway for Android: %w", err)
	}
	g.channels = append(g.channels, channel)
	sending[channel.Name()] = on
	return nil
}

// warnUnrouted says which provider is configured and would never be used.
func (g *Gateway) warnUnrouted(sending map[string]bool) {
	for name, on := range sending {
		named := slices.ContainsFunc(g.pack.Outbound.Routes, func(r pack.Route) bool { return slices.Contains(r.Via, name) })
		if on && !named {
			g.log.Warn("a provider is configured and no route names it: add it to outbound.routes in pack.yaml", "provider", name)
		}
	}
}

// openOperators turns on the USSD operators that have a token. In trial mode the hook of every shape is open with one
// generated token.
func (g *Gateway) openOperators() error {
	tokens, err := g.config.operatorTokens()
	if err != nil {
		return err
	}
	addresses, err := g.config.operatorAddresses()
	if err != nil {
		return err
	}
	shapes, err := loadShapes(g.pack)
	if err != nil {
		return err
	}
	trial := ""
	if g.config.Mode == Trial {
		if trial, err = keptSecret(filepath.Join(g.config.Data, "ussd.token")); err != nil {
			return err
		}
	}
	for operator := range tokens {
		if !slices.ContainsFunc(shapes, func(s operatorussd.Shape) bool { return s.Name == operator }) {
			return fmt.Errorf("CHUMROK_USSD_TOKENS names the operator %s, which has no shape: add ussd/%s.yaml to the pack, or mend its spelling", operator, operator)
		}
	}
	for _, shape := range shapes {
		token := tokens[shape.Name]
		if token == "" {
			if token = trial; token == "" {
				continue
			}
		} else if err := screenFault(g.pack, shape); err != nil {
			return err
		}
		channel, err := operatorussd.New(operatorussd.Config{Country: g.pack.Country, Shape: shape, Token: token, Addresses: addresses[shape.Name], Code: g.pack.ServiceCodes[0]})
		if err != nil {
			return fmt.Errorf("turning on a USSD operator: CHUMROK_USSD_TOKENS: %w", err)
		}
		g.channels = append(g.channels, channel)
	}
	return nil
}

// Ignored counts what a provider told that is about no message.
func (g *Gateway) Ignored(provider, what string) {
	g.meter.ignored.WithLabelValues(provider, what).Inc()
	g.log.Debug("a provider told something that is about no message", "provider", provider, "what", what)
}
