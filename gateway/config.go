package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Mode is how seriously the gateway takes itself.
type Mode string

// The two modes. Trial needs nothing configured and refuses nothing; production refuses whatever could lose a report or
// give a child away.
const (
	Trial      Mode = "trial"
	Production Mode = "production"
)

// Config is everything the process is told from outside. The environment is read here and nowhere else; every field is
// safe at its zero value, and all problems are named at once.
type Config struct {
	Mode        Mode   `env:"CHUMROK_MODE" envDefault:"trial"`
	Listen      string `env:"CHUMROK_LISTEN" envDefault:"127.0.0.1:8080"`
	DeskListen  string `env:"CHUMROK_DESK_LISTEN" envDefault:"127.0.0.1:8081"`
	PublicURL   string `env:"CHUMROK_PUBLIC_URL"`
	DatabaseURL string `env:"CHUMROK_DATABASE_URL"`
	RedisURL    string `env:"CHUMROK_REDIS_URL"`
	RedisAddrs  string `env:"CHUMROK_REDIS_ADDRS"`
	RedisMaster string `env:"CHUMROK_REDIS_MASTER"`
	Data        string `env:"CHUMROK_DATA" envDefault:"./chumrok-data"`
	Pack        string `env:"CHUMROK_PACK"`
	Keys        string `env:"CHUMROK_KEYS"`
	Backup      string `env:"CHUMROK_BACKUP_RECIPIENTS"`
	Log         string `env:"CHUMROK_LOG" envDefault:"info"`

	Twilio struct {
		AccountSID string `env:"ACCOUNT_SID"`
		AuthToken  string `env:"AUTH_TOKEN"`
		From       string `env:"FROM"`
		APIURL     string `env:"API_URL"`
	} `envPrefix:"CHUMROK_TWILIO_"`
	AfricasTalking struct {
		Username string `env:"USERNAME"`
		APIKey   string `env:"API_KEY"`
		From     string `env:"FROM"`
		Token    string `env:"TOKEN"`
		APIURL   string `env:"API_URL"`
	} `envPrefix:"CHUMROK_AFRICASTALKING_"`
	Kannel struct {
		SendsmsURL string `env:"SENDSMS_URL"`
		Username   string `env:"USERNAME"`
		Password   string `env:"PASSWORD"`
		From       string `env:"FROM"`
		Token      string `env:"TOKEN"`
		HooksURL   string `env:"HOOKS_URL"`
		USSD       struct {
			Session string `env:"SESSION"`
			Bits    string `env:"BITS"`
			New     []int  `env:"NEW"`
			Over    []int  `env:"OVER"`
			Ask     int    `env:"ASK"`
			End     int    `env:"END"`
		} `envPrefix:"USSD_"`
	} `envPrefix:"CHUMROK_KANNEL_"`
	AndroidSMS struct {
		URL        string `env:"URL"`
		Username   string `env:"USERNAME"`
		Password   string `env:"PASSWORD"`
		SigningKey string `env:"SIGNING_KEY"`
	} `envPrefix:"CHUMROK_ANDROIDSMS_"`
	USSD struct {
		Tokens    string `env:"TOKENS"`    // operator:token, separated by commas
		Addresses string `env:"ADDRESSES"` // operator:address or operator:address/bits, separated by commas
	} `envPrefix:"CHUMROK_USSD_"`
}

// environment is the process's variables by name.
type environment map[string]string

func newEnvironment(environ []string) environment {
	e := make(environment, len(environ))
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok {
			e[name] = value
		}
	}
	return e
}

// readConfig reads and checks the whole configuration. The error names every fault, each with its mend.
func readConfig(e environment) (Config, error) {
	vars := make(map[string]string, len(e))
	var faults []error
	for name, value := range e {
		if !strings.HasPrefix(name, "CHUMROK_") {
			continue
		}
		secret, isFile := strings.CutSuffix(name, "_FILE")
		if !isFile {
			vars[name] = value
			continue
		}
		if _, twice := e[secret]; twice {
			faults = append(faults, fmt.Errorf("%s and %s are both set: keep one of them", secret, name))
			continue
		}
		text, err := os.ReadFile(value)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: reading the secret: %w; name a file that this process may read", name, err))
			continue
		}
		vars[secret] = strings.TrimRight(string(text), "\r\n")
	}
	var c Config
	if err := env.ParseWithOptions(&c, env.Options{Environment: vars}); err != nil {
		faults = append(faults, err)
	}
	faults = append(faults, unknownVariables(vars)...)
	c.fill()
	faults = append(faults, c.faults()...)
	return c, errors.Join(faults...)
}

// fill derives what follows from other variables.
func (c *Config) fill() {
	if c.PublicURL == "" {
		c.PublicURL = "http://" + c.Listen
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	if c.DatabaseURL == "" {
		c.DatabaseURL = "sqlite:" + filepath.Join(c.Data, "chumrok.db")
	}
	if c.Keys == "" && c.Mode == Trial {
		c.Keys = filepath.Join(c.Data, "keys.json")
	}
}

// faults checks the variables against each other.
func (c *Config) faults() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }

	if c.Mode != Trial && c.Mode != Production {
		fault("CHUMROK_MODE is %q: set it to trial or production", c.Mode)
	}
	for _, l := range []struct{ name, value string }{{"CHUMROK_LISTEN", c.Listen}, {"CHUMROK_DESK_LISTEN", c.DeskListen}} {
		if _, _, err := net.SplitHostPort(l.value); err != nil {
			fault("%s is %q: give an address and a port, such as 127.0.0.1:8080", l.name, l.value)
		}
	}
	if c.Listen == c.DeskListen && !strings.HasSuffix(c.Listen, ":0") {
		fault("CHUMROK_LISTEN and CHUMROK_DESK_LISTEN are both %q: the desk must have an address of its own, which providers cannot reach", c.Listen)
	}
	if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		fault("CHUMROK_PUBLIC_URL is not a web address: give the https:// address that providers call")
	}
	switch scheme, rest, _ := strings.Cut(c.DatabaseURL, ":"); {
	case scheme == "sqlite" && rest != "", scheme == "postgres", scheme == "postgresql":
	default:
		fault("CHUMROK_DATABASE_URL starts with %q: use sqlite:PATH or postgres://…", scheme)
	}
	if c.RedisURL != "" && c.RedisAddrs != "" {
		fault("CHUMROK_REDIS_URL and CHUMROK_REDIS_ADDRS are both set: keep the one that you mean")
	}
	if c.RedisMaster != "" && c.RedisAddrs == "" {
		fault("CHUMROK_REDIS_MASTER is set without CHUMROK_REDIS_ADDRS: name the Sentinels there, separated by commas")
	}
	if _, err := c.level(); err != nil {
		fault("CHUMROK_LOG is %q: set it to debug, info, warn or error", c.Log)
	}
	if missing := halfSet(c.twilioVariables()); missing != "" {
		fault("Twilio is half set: %s", missing)
	}
	if missing := halfSet(c.africasTalkingVariables()); missing != "" {
		fault("Africa's Talking is half set: %s", missing)
	}
	if missing := halfSet(c.kannelVariables()); missing != "" {
		fault("Kannel is half set: %s", missing)
	}
	faults = append(faults, c.wireFaults()...)
	if c.Mode == Production {
		if c.RedisURL == "" && c.RedisAddrs == "" {
			fault("CHUMROK_REDIS_URL is not set: production needs a Redis of its own, such as redis://127.0.0.1:6379/0")
		}
		if c.Keys == "" {
			fault("CHUMROK_KEYS is not set: production generates no keys; name the key file, and keep a copy offline")
		}
		if c.Pack == "" {
			fault("CHUMROK_PACK is not set: production refuses the sample directory; write your own with 'chumrok pack init DIR'")
		}
		if strings.HasPrefix(c.PublicURL, "http://") && !loopback(c.PublicURL) {
			fault("CHUMROK_PUBLIC_URL is plain http: providers must reach the gateway over https://")
		}
	}
	return faults
}

type variable struct{ name, value string }

func (c *Config) twilioVariables() []variable {
	return []variable{
		{"CHUMROK_TWILIO_ACCOUNT_SID", c.Twilio.AccountSID},
		{"CHUMROK_TWILIO_AUTH_TOKEN", c.Twilio.AuthToken},
		{"CHUMROK_TWILIO_FROM", c.Twilio.From},
	}
}

func (c *Config) africasTalkingVariables() []variable {
	return []variable{
		{"CHUMROK_AFRICASTALKING_USERNAME", c.AfricasTalking.Username},
		{"CHUMROK_AFRICASTALKING_API_KEY", c.AfricasTalking.APIKey},
		{"CHUMROK_AFRICASTALKING_TOKEN", c.AfricasTalking.Token},
	}
}

func (c *Config) kannelVariables() []variable {
	return []variable{
		{"CHUMROK_KANNEL_SENDSMS_URL", c.Kannel.SendsmsURL},
		{"CHUMROK_KANNEL_USERNAME", c.Kannel.Username},
		{"CHUMROK_KANNEL_PASSWORD", c.Kannel.Password},
		{"CHUMROK_KANNEL_FROM", c.Kannel.From},
		{"CHUMROK_KANNEL_TOKEN", c.Kannel.Token},
	}
}

// allSet says whether a provider is on.
func allSet(vs []variable) bool {
	for _, v := range vs {
		if v.value == "" {
			return false
		}
	}
	return true
}

// halfSet names what a provider still lacks when some of its variables are set and others are not.
func halfSet(vs []variable) string {
	var have, lack []string
	for _, v := range vs {
		if v.value == "" {
			lack = append(lack, v.name)
		} else {
			have = append(have, v.name)
		}
	}
	if len(have) == 0 || len(lack) == 0 {
		return ""
	}
	return fmt.Sprintf("%s is set but %s is not; set all of them or none", strings.Join(have, ", "), strings.Join(lack, ", "))
}

func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
}

func (c *Config) level() (slog.Level, error) {
	var l slog.Level
	err := l.UnmarshalText([]byte(c.Log))
	return l, err
}

// unknownVariables finds misspelt names: a secret under a wrong name would silently leave a provider off.
func unknownVariables(vars map[string]string) []error {
	params, err := env.GetFieldParams(&Config{})
	if err != nil {
		return []error{err}
	}
	known := map[string]bool{}
	for _, p := range params {
		known[p.Key] = true
	}
	var faults []error
	for name := range vars {
		if !known[name] {
			faults = append(faults, fmt.Errorf("%s is not a variable of this release: mend its spelling or remove it (the README lists them all)", name))
		}
	}
	return faults
}
