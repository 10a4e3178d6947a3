package kannelconf

import (
	"net"
	"net/url"
	"strings"
)

// connections are the operators'.
func (c *checker) connections() {
	groups := c.config.all("smsc")
	if len(groups) == 0 {
		g, _ := c.config.first("core")
		c.wrong(g, "", "no operator is connected: there is no group smsc; is its file included?")
	}
	for _, g := range groups {
		if g.value("smsc") == "fake" {
			c.wrong(g, "smsc", "smsc = fake carries nothing to a phone, and its port is open to every network")
		}
		if number(g, "wait-ack-expire", 0) == 1 {
			c.wrong(g, "wait-ack-expire", "a message whose receipt is late goes out twice: take wait-ack-expire out")
		}
		if !c.carriesUSSD {
			continue
		}
		c.must(g, "smsc", "smpp", "only SMPP carries a screen's session")
		c.must(g, "service-type", "USSD", "without it a screen goes out as an SMS, and stays on the phone")
		c.must(g, "esm-class", "0", "the default stores a screen and forwards it when its session is over")
		if n := number(g, "max-sms-octets", 140); n != screenOctets {
			c.wrong(g, "max-sms-octets", "a Khmer screen of 80 letters is sent in pieces of %d octets: set max-sms-octets = %d in group smsc", n, screenOctets)
		}
	}
	if c.carriesUSSD {
		c.tlvs()
	}
}

// tlvs must be named, or Kannel hands none of them on.
func (c *checker) tlvs() {
	operation, session := false, false
	for _, g := range c.config.all("smpp-tlv") {
		if g.value("name") == "ussd_service_op" {
			operation = true
			c.must(g, "type", "integer", "the gateway writes the operation as a number")
			continue
		}
		session = true
		c.must(g, "type", "octetstring", "a session's octets go back as they came")
	}
	core, _ := c.config.first("core")
	if !operation {
		c.wrong(core, "", "no screen can be told from an ending: add group smpp-tlv with name = ussd_service_op, tag = 0x0501, type = integer, length = 1")
	}
	if !session {
		c.wrong(core, "", "no session is told from another: add group smpp-tlv with name = its_session_info, tag = 0x1383, type = octetstring, length = 2")
	}
}

// want is what a get-url must hand on: our field and Kannel's escape.
type want struct{ field, escape, why string }

var wanted = []want{
	{"id", "%I", "a message offered again is known by it"},
	{"from", "%p", "who wrote"},
	{"to", "%P", "what was written to"},
	{"text", "%b", "%a squeezes blanks, and only %b is what was written"},
	{"coding", "%c", "Khmer may come in two octets a letter"},
	{"charset", "%C", "Khmer may come in two octets a letter"},
	{"at", "%T", "when it was written"},
}

var wantedOfUSSD = append(append([]want{}, wanted...), want{"meta", "%D", "it holds the session and whether it begins"})

func (c *checker) services() {
	groups := c.config.all("sms-service")
	catches := false
	for _, g := range groups {
		catches = catches || g.value("keyword") == "default" && yes(g, "catch-all")
		for _, name := range []string{"text", "file", "exec", "post-url", "post-xml", "file-post-xml"} {
			c.mustNot(g, name, "only get-url brings a message to the gateway")
		}
		if !yes(g, "accept-x-kannel-headers") {
			c.wrong(g, "accept-x-kannel-headers", "Khmer answers become question marks: set accept-x-kannel-headers = true")
		}
		if !yes(g, "omit-empty") {
			c.wrong(g, "omit-empty", "a phone is shown an English sentence where we answer nothing: set omit-empty = true")
		}
		ussd := strings.HasSuffix(pathOf(g.value("get-url")), "/ussd")
		if ussd {
			c.must(g, "max-messages", "1", "a screen is never more than one message")
			for _, name := range []string{"header", "footer"} {
				c.mustNot(g, name, "it is added to every screen")
			}
		} else {
			c.whole(g)
		}
		c.address(g, ussd)
	}
	if !catches {
		g, _ := c.config.first("sms-service")
		c.wrong(g, "keyword", "messages that begin with no keyword are lost: one group sms-service needs keyword = default and catch-all = true")
	}
}

// address checks a get-url.
func (c *checker) address(g Group, ussd bool) {
	fault := func(format string, args ...any) { c.wrong(g, "get-url", format, args...) }
	raw := g.value("get-url")
	where, query, _ := strings.Cut(raw, "?")
	u, err := url.Parse(where)
	if raw == "" || err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		fault("get-url is no address: give http://127.0.0.1:8080/hooks/kannel/TOKEN/sms?… as in deploy/kannel")
		return
	}
	parts := strings.Split(strings.TrimPrefix(u.Path, "/"), "/")
	switch {
	case len(parts) != 4 || parts[0] != "hooks" || parts[1] != "kannel" || parts[3] != "sms" && parts[3] != "ussd":
		fault("get-url is none of the gateway's: its path is /hooks/kannel/TOKEN/sms or /hooks/kannel/TOKEN/ussd")
	case c.token != "" && parts[2] != c.token && !strings.Contains(parts[2], Placeholder):
		fault("get-url has another token than CHUMROK_KANNEL_TOKEN, so every message is refused; write the same into both")
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		fault("get-url sends messages to another machine in clear: use https, or run Kannel beside the gateway")
	}
	fields := map[string]string{}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		fields[name] = value
	}
	list := wanted
	if ussd {
		list = wantedOfUSSD
	}
	for _, w := range list {
		if fields[w.field] != w.escape {
			fault("get-url needs %s=%s: %s", w.field, w.escape, w.why)
		}
	}
}
