package main

import (
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
)

// welcome says what runs, where, what it keeps, and what to try first.
func (g *Gateway) welcome(w io.Writer, public, private string) {
	database, _, _ := strings.Cut(g.config.DatabaseURL, "@") // no password on a screen
	if scheme, rest, found := strings.Cut(database, "://"); found && rest != "" && scheme != "sqlite" {
		database = scheme
	}
	sessions := "embedded (for trying out; what it forgets is in the ledger)"
	if g.config.RedisURL != "" || g.config.RedisAddrs != "" {
		sessions = "Redis"
	}
	var names []string
	for _, channel := range g.channels {
		names = append(names, channel.Name())
	}
	fmt.Fprintf(w, `Chumrok · ជម្រក — %s mode, pack %q, providers: %s
  public   http://%s   provider hooks, /healthz
  private  http://%s   %s/metrics, /readyz
  ledger   %s, sealed with the keys in %s
  sessions %s
`, g.config.Mode, g.pack.Name, strings.Join(names, ", "), public, private, map[bool]string{true: "/phones, "}[g.phones != nil], database, g.config.Keys, sessions)
	if g.phones == nil {
		return
	}
	token := filepath.Join(g.config.Data, "africastalking.token")
	fmt.Fprintf(w, `
Phones are simulated and the directory is a sample: nobody is alerted for real. To try, in another terminal:
  go run ./gateway talk                     dial as a parent; --sms texts as a child
  http://%s/phones%s every phone, the committees' among them
  curl -d sessionId=s1 -d phoneNumber=%s -d serviceCode='%s' -d text= \
    http://%s/hooks/africastalking/$(cat %s)/ussd
  go run ./gateway referrals                who is asked to act, and why
  go run ./gateway ledger --check           what was received and where it stands
`, private, strings.Repeat(" ", max(1, 27-len(private))), url.QueryEscape(g.pack.TrialPhone.E164()), g.pack.ServiceCodes[0], public, token)
}
