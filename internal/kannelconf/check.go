package kannelconf

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Placeholder is what the files of deploy/kannel hold wherever only the operator knows what to write.
const Placeholder = "CHANGE-ME"

// Check reads a configuration and names, by file and line, each setting that is missing, wrong or dangerous, with its
// mend. token is the secret of the hooks' paths, which every get-url must hold; "" where it is not known.
func Check(name, token string, read func(name string) ([]byte, error)) error {
	config, err := Parse(name, read)
	c := &checker{config: config, token: token}
	if len(config.Groups) == 0 {
		return errors.Join(err, at(name, 1, "there is no group in this file; deploy/kannel has files to begin with"))
	}
	c.placeholders()
	for _, s := range config.all("sms-service") {
		c.carriesUSSD = c.carriesUSSD || strings.HasSuffix(pathOf(s.value("get-url")), "/ussd")
	}
	c.core()
	c.smsbox()
	c.users()
	c.connections()
	c.services()
	return errors.Join(err, errors.Join(c.faults...))
}

type checker struct {
	config      Config
	token       string
	carriesUSSD bool // a service of this Kannel hands screens on
	faults      []error
}

// wrong names a fault at a setting where it stands, else at its group.
func (c *checker) wrong(g Group, name, format string, args ...any) {
	file, line := g.File, g.Line
	if s, there := g.Get(name); there {
		file, line = s.File, s.Line
	}
	c.faults = append(c.faults, at(file, line, format, args...))
}

// must names a fault unless the setting has that value.
func (c *checker) must(g Group, name, value, why string) {
	if g.value(name) != value {
		c.wrong(g, name, `group %s needs %s = %s: %s`, g.Kind, name, quoted(value), why)
	}
}

// mustNot names a fault where the setting is there.
func (c *checker) mustNot(g Group, name, why string) {
	if _, there := g.Get(name); there {
		c.wrong(g, name, "take %s out of group %s: %s", name, g.Kind, why)
	}
}

func quoted(value string) string {
	if value == "" || strings.ContainsAny(value, " *?#;") {
		return `"` + value + `"`
	}
	return value
}

func (c *checker) placeholders() {
	for _, g := range c.config.Groups {
		for _, s := range g.Settings {
			if strings.Contains(s.Value, Placeholder) {
				c.faults = append(c.faults, at(s.File, s.Line, "%s is still the placeholder; write your own", s.Name))
			}
		}
	}
}

// number is a setting as a number; absent when it is not there or none.
func number(g Group, name string, absent int) int {
	n, err := strconv.ParseInt(g.value(name), 0, 64)
	if err != nil {
		return absent
	}
	return int(n)
}

const everybody = "*.*.*.*"

// local says whether a list of addresses names nobody but this machine.
func local(list string) bool {
	for one := range strings.SplitSeq(list, ";") {
		ip := net.ParseIP(strings.TrimSpace(one))
		if ip == nil || !ip.IsLoopback() {
			return false
		}
	}
	return true
}

// closed says whether a door lets in nobody but this machine, by address or by list.
func closed(g Group, listenOn, deny, allow string) bool {
	return listenOn != "" && local(g.value(listenOn)) || g.value(deny) == everybody && local(g.value(allow))
}

func (c *checker) core() {
	g, there := c.config.first("core")
	if !there {
		c.wrong(g, "", "there is no group core; deploy/kannel has one to begin with")
		return
	}
	if _, open := g.Get("admin-port"); open {
		if !closed(g, "", "admin-deny-ip", "admin-allow-ip") {
			c.wrong(g, "admin-port", `the admin port is open to every network, whatever interfaces are named: set admin-deny-ip = "*.*.*.*" and admin-allow-ip = "127.0.0.1"`)
		}
		if g.value("admin-password") == "" {
			c.wrong(g, "admin-password", "the admin port has no password: set admin-password")
		}
		if g.value("status-password") == "" {
			c.wrong(g, "status-password", "the status page, which counts messages, has no password: set status-password")
		}
	}
	if !closed(g, "smsbox-interface", "box-deny-ip", "box-allow-ip") {
		c.wrong(g, "smsbox-port", `whoever reaches smsbox-port reads every message: set smsbox-interface = "127.0.0.1", or box-deny-ip = "*.*.*.*" and box-allow-ip`)
	}
	if g.value("store-type") == "" || g.value("store-location") == "" {
		c.wrong(g, "store-type", "messages wait in memory only and are lost when Kannel stops: set store-type = spool and store-location")
	}
	if g.value("dlr-storage") != "spool" || g.value("dlr-spool") == "" {
		c.wrong(g, "dlr-storage", "delivery reports are forgotten when Kannel stops: set dlr-storage = spool and dlr-spool")
	}
	if number(g, "sms-resend-retry", -1) >= 0 {
		c.wrong(g, "sms-resend-retry", "a message that an operator does not take at once is given up: take sms-resend-retry out")
	}
	if no(g, "sms-combine-concatenated-mo") {
		c.wrong(g, "sms-combine-concatenated-mo", "the parts of a long SMS would come as messages of their own: take sms-combine-concatenated-mo out")
	}
	if number(g, "sms-resend-freq", 60) > 10 {
		c.wrong(g, "sms-resend-freq", "what an operator throttles waits a minute, longer than a USSD session: set sms-resend-freq = 5")
	}
	c.logs(g)
}

// quietLevel is Kannel's level of warnings: below it, its logs quote numbers and texts.
const quietLevel = 2

func (c *checker) logs(g Group) {
	c.mustNot(g, "access-log", "it writes every number and every text in clear")
	if _, there := g.Get("log-file"); there && number(g, "log-level", 0) < quietLevel {
		c.wrong(g, "log-level", "the log quotes numbers and texts in clear: set log-level = %d", quietLevel)
	}
}

func no(g Group, name string) bool {
	_, there := g.Get(name)
	return there && !yes(g, name)
}

func yes(g Group, name string) bool {
	switch strings.ToLower(g.value(name)) {
	case "true", "yes", "on", "1":
		return true
	}
	return false
}

// Kannel's own sentences, which would tell whoever holds the phone that something was written to somebody.
var sentences = []string{"reply-couldnotfetch", "reply-couldnotrepresent", "reply-requestfailed", "reply-emptymessage"}

// How long Kannel must go on offering a message to a gateway that is down, in seconds: an SMS for an hour at least, a screen
// while its session may live.
const (
	leastSMS  = 3600
	leastUSSD = 20
	mostUSSD  = 180
)

func (c *checker) smsbox() {
	g, there := c.config.first("smsbox")
	if !there {
		c.wrong(g, "", "there is no group smsbox, so nothing is handed on; deploy/kannel has one to begin with")
		return
	}
	for _, name := range sentences {
		if s, there := g.Get(name); !there || s.Value != "" {
			c.wrong(g, name, `a phone would be shown Kannel's English: set %s = "" in group smsbox`, name)
		}
	}
	keeps := number(g, "http-request-retry", 0) * number(g, "http-queue-delay", 10)
	switch {
	case keeps == 0:
		c.wrong(g, "http-request-retry", "a message is lost when the gateway does not answer at once: set http-request-retry")
	case c.carriesUSSD && (keeps < leastUSSD || keeps > mostUSSD):
		c.wrong(g, "http-request-retry", "a screen is offered for %d s: set http-request-retry and http-queue-delay for %d to %d s, as long as a session may live",
			keeps, leastUSSD, mostUSSD)
	case !c.carriesUSSD && keeps < leastSMS:
		c.wrong(g, "http-request-retry", "a message is offered for %d s and then lost: set http-request-retry and http-queue-delay for an hour at least", keeps)
	}
	if t := number(g, "http-timeout", 240); t > 60 || t < 10 {
		c.wrong(g, "http-timeout", "Kannel waits %d s for an answer: set http-timeout = 20, longer than a turn takes and shorter than patience", t)
	}
	if yes(g, "immediate-sendsms-reply") {
		c.wrong(g, "immediate-sendsms-reply", "Kannel would say that it took a message before it did: take immediate-sendsms-reply out")
	}
	if _, there := g.Get("sendsms-port"); there {
		if g.value("sendsms-chars") == "" || !strings.Contains(g.value("sendsms-chars"), "+") {
			c.wrong(g, "sendsms-chars", `numbers begin with +: set sendsms-chars = "0123456789+ "`)
		}
	}
	if s, there := g.Get("smsbox-id"); there && !c.routed(s.Value) {
		c.wrong(g, "smsbox-id", "with an smsbox-id and no group smsbox-route for it every message waits for ever: add the route or take smsbox-id out")
	}
	switch length := number(g, "sms-length", 140); {
	case c.carriesUSSD && length != screenOctets:
		c.wrong(g, "sms-length", "a Khmer screen of 80 letters is cut to %d: set sms-length = %d in group smsbox", length/2, screenOctets)
	case !c.carriesUSSD && length > 140:
		c.wrong(g, "sms-length", "an SMS of more than 140 octets cannot be carried: take sms-length out; it is for a Kannel of its own for USSD")
	}
	c.logs(g)
}

// screenOctets is what a USSD screen carries: 80 letters of two octets (3GPP TS 23.038).
const screenOctets = 160

func (c *checker) routed(id string) bool {
	for _, g := range c.config.all("smsbox-route") {
		if g.value("smsbox-id") == id {
			return true
		}
	}
	return false
}

func (c *checker) users() {
	box, _ := c.config.first("smsbox")
	if _, open := box.Get("sendsms-port"); !open {
		return
	}
	users := c.config.all("sendsms-user")
	if len(users) == 0 {
		c.wrong(box, "sendsms-port", "no alert can be sent: there is no group sendsms-user")
	}
	for _, g := range users {
		if g.value("password") == "" {
			c.wrong(g, "password", "sendsms-user has no password")
		}
		if !local(box.value("sendsms-interface")) && !closed(g, "", "user-deny-ip", "user-allow-ip") {
			c.wrong(g, "username", `whoever reaches sendsms-port and learns the password sends in your name: set sendsms-interface = "127.0.0.1" in group smsbox, or user-deny-ip = "*.*.*.*" and user-allow-ip`)
		}
		c.whole(g)
	}
}

// leastParts is how many parts an SMS may have; a code, a place and what to answer take three in Khmer.
const leastParts = 4

// whole holds that a long SMS goes out as one message in parts.
func (c *checker) whole(g Group) {
	if n := number(g, "max-messages", 1); n < leastParts {
		c.wrong(g, "max-messages", "a text is cut after %d parts: set max-messages = 10 in group %s", n, g.Kind)
	}
	if !yes(g, "concatenation") {
		c.wrong(g, "concatenation", "the parts of a long SMS arrive as messages of their own, in any order: set concatenation = true in group %s", g.Kind)
	}
	for _, name := range []string{"header", "footer"} {
		c.mustNot(g, name, "it is added to every message")
	}
}

func pathOf(rawURL string) string {
	before, _, _ := strings.Cut(rawURL, "?")
	u, err := url.Parse(before)
	if err != nil {
		return ""
	}
	return u.Path
}
