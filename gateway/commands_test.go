package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// command runs a subcommand as an operator types it and returns its exit status and what it printed.
func command(t *testing.T, env environment, in string, args ...string) (code int, out, complaints string) {
	t.Helper()
	var o, e strings.Builder
	environ := []string{}
	for name, value := range env {
		environ = append(environ, name+"="+value)
	}
	code = run(t.Context(), args, streams{in: strings.NewReader(in), out: &o, err: &e}, environ)
	return code, o.String(), e.String()
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		args []string
		code int
		out  string // a part of what is printed on standard output
		err  string // a part of the complaint, which is one line
	}{
		{"help", []string{"--help"}, exitDone, "referrals", ""},
		{"unknown word", []string{"serv"}, exitUse, "", "serv"},
		{"unknown flag", []string{"ledger", "--chek"}, exitUse, "", "--chek"},
		{"no ledger yet", []string{"ledger"}, exitFault, "", "start the gateway first"},
		{"reveal without a code", []string{"referrals", "--reveal"}, exitFault, "", "give its code"},
		{"the default pack", []string{"check"}, exitDone, "each of 1652 communes", ""},
		{"no such pack", []string{"check", "no/such/folder"}, exitFault, "pack.yaml", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			code, out, complaints := command(t, environment{"CHUMROK_DATA": t.TempDir()}, "", c.args...)
			if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(complaints, c.err) {
				t.Fatalf("exit %d, expected %d\nstandard output: %s\nstandard error: %s", code, c.code, out, complaints)
			}
			if c.err != "" && strings.Count(complaints, "\n") != 1 {
				t.Fatalf("the complaint is not one line: %q", complaints)
			}
		})
	}
}

// TestConfigurationFaults: everything that is wrong is named at once, each with its mend.
func TestConfigurationFaults(t *testing.T) {
	t.Parallel()
	_, err := readConfig(environment{
		"CHUMROK_MODE": "produktion", "CHUMROK_LISTEN": "8080", "CHUMROK_LOG": "loud", "CHUMROK_DATABASE_URL": "mysql://x",
		"CHUMROK_TWILIO_AUTH_TOKEN": "secret-token", "CHUMROK_REDIS_MASTER": "m", "CHUMROK_TWILLIO_FROM": "1", "CHUMROK_KEYS_FILE": "/no/such/file",
	})
	if err == nil {
		t.Fatal("nothing was found wrong")
	}
	for _, part := range []string{"CHUMROK_MODE", "CHUMROK_LISTEN", "CHUMROK_LOG", "CHUMROK_DATABASE_URL", "CHUMROK_TWILIO_ACCOUNT_SID",
		"CHUMROK_REDIS_ADDRS", "CHUMROK_TWILLIO_FROM", "CHUMROK_KEYS_FILE"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s is not named in:\n%v", part, err)
		}
	}
	if strings.Contains(err.Error(), "secret-token") {
		t.Error("a secret is printed")
	}
}

// TestProductionRefuses: production does not start on what is only for trying out.
func TestProductionRefuses(t *testing.T) {
	t.Parallel()
	_, err := readConfig(environment{"CHUMROK_MODE": "production", "CHUMROK_PUBLIC_URL": "http://reports.example"})
	if err == nil {
		t.Fatal("nothing was refused")
	}
	for _, part := range []string{"CHUMROK_REDIS_URL", "CHUMROK_KEYS", "CHUMROK_PACK", "CHUMROK_PUBLIC_URL"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s is not named in:\n%v", part, err)
		}
	}
	secret := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(secret, []byte("from-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := readConfig(environment{"CHUMROK_TWILIO_AUTH_TOKEN_FILE": secret, "CHUMROK_TWILIO_ACCOUNT_SID": trialAccount, "CHUMROK_TWILIO_FROM": "1280"})
	if err != nil || config.Twilio.AuthToken != "from-a-file" {
		t.Fatalf("a secret in a file is read as %q, %v", config.Twilio.AuthToken, err)
	}
}

// TestSampleDirectoryRefused: the sample's numbers reach nobody, so production does not start with it.
func TestSampleDirectoryRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if code, _, complaints := command(t, environment{"CHUMROK_DATA": folder}, "", "pack", "init", filepath.Join(folder, "pack")); code != exitDone {
		t.Fatal(complaints)
	}
	env := environment{"CHUMROK_MODE": "production", "CHUMROK_DATA": folder, "CHUMROK_PACK": filepath.Join(folder, "pack"),
		"CHUMROK_REDIS_URL": "redis://127.0.0.1:1/0", "CHUMROK_KEYS": filepath.Join(folder, "keys.json"), "CHUMROK_PUBLIC_URL": "https://reports.example"}
	if code, _, complaints := command(t, env, "", "serve"); code != exitFault || !strings.Contains(complaints, "sample") {
		t.Fatalf("exit %d: %s", code, complaints)
	}
	// Without the mark the numbers themselves tell.
	settings := filepath.Join(folder, "pack", "pack.yaml")
	text, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	unmarked := strings.Replace(string(text), "\nsample: true", "\n", 1)
	if unmarked == string(text) {
		t.Fatal("the default pack does not say that it is a sample")
	}
	if err := os.WriteFile(settings, []byte(unmarked), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, complaints := command(t, env, "", "serve"); code != exitFault || !strings.Contains(complaints, "sample") {
		t.Fatalf("exit %d: %s", code, complaints)
	}
	if code, out, _ := command(t, environment{"CHUMROK_DATA": folder}, "", "check", filepath.Join(folder, "pack")); code != exitFault || !strings.Contains(out, "reach nobody") {
		t.Fatalf("exit %d: %s", code, out)
	}
}

// TestPackInit: the pack that it writes holds, and a second one does not overwrite it.
func TestPackInit(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "mine")
	env := environment{"CHUMROK_DATA": t.TempDir()}
	if code, out, complaints := command(t, env, "", "pack", "init", folder); code != exitDone || !strings.Contains(out, "directory.csv") {
		t.Fatalf("exit %d: %s%s", code, out, complaints)
	}
	if code, out, complaints := command(t, env, "", "check", folder); code != exitDone {
		t.Fatalf("exit %d: %s%s", code, out, complaints)
	}
	if code, _, complaints := command(t, env, "", "pack", "init", folder); code != exitFault || !strings.Contains(complaints, "not empty") {
		t.Fatalf("exit %d: %s", code, complaints)
	}
}

// TestBrokenPacks: what is wrong in a pack is named by file and line, with its mend.
func TestBrokenPacks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, from, to string
		want                 []string
	}{
		{"a directory without a column", "directory.csv", "officer_id,area_code,body", "officer_id,area_code", []string{"directory.csv:1", "body"}},
		{"a bad number", "directory.csv", "012 000 500", "12", []string{"directory.csv:", "phone"}},
		{"an unknown commune", "directory.csv", ",020101,committee,chair", ",029901,committee,chair", []string{"directory.csv:", "029901"}},
		{"an unreachable node", "flows/report.yaml", "\nnodes:\n", "\nnodes:\n  - id: nowhere\n    kind: end\n    class: exposed\n    text: leave\n", []string{"report.yaml:", "nowhere"}},
		{"a missing sentence", "flows/report.yaml", "report.alone", "report.alonee", []string{"report.yaml:", "report.alonee"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(t.TempDir(), "pack")
			env := environment{"CHUMROK_DATA": t.TempDir()}
			if code, _, complaints := command(t, env, "", "pack", "init", folder); code != exitDone {
				t.Fatal(complaints)
			}
			path := filepath.Join(folder, c.file)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			broken := strings.Replace(string(text), c.from, c.to, 1)
			if broken == string(text) {
				t.Fatalf("%s does not hold %q", c.file, c.from)
			}
			if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
				t.Fatal(err)
			}
			code, out, complaints := command(t, env, "", "check", folder)
			if code != exitFault {
				t.Fatalf("exit %d: %s%s", code, out, complaints)
			}
			for _, part := range c.want {
				if !strings.Contains(out, part) {
					t.Errorf("%q is not in:\n%s", part, out)
				}
			}
		})
	}
}

// TestTalk is a phone in the terminal, on a gateway of its own.
func TestTalk(t *testing.T) {
	t.Parallel()
	env := environment{"CHUMROK_DATA": t.TempDir(), "CHUMROK_DESK_LISTEN": "127.0.0.1:1"}
	if code, out, complaints := command(t, env, "1\n1\n0\n", "talk"); code != exitDone || !strings.Contains(out, "English") {
		t.Fatalf("exit %d: %s%s", code, out, complaints)
	}
}

// TestRecordsBesideTheGateway: ledger and referrals read what a running gateway writes; a look at what was told is on
// record, and nothing personal is shown without it.
func TestRecordsBesideTheGateway(t *testing.T) {
	stories(t, func(w *world) {
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		code := digitsIn(w.t, w.gets("banan1-chair"), 6)
		env := environment{}
		for name, value := range w.env {
			env[name] = value
		}
		env["CHUMROK_KEYS"] = w.gateway.config.Keys
		var n counts
		exit, out, complaints := command(w.t, env, "", "ledger", "--check", "--json")
		if exit != exitDone {
			w.t.Fatalf("exit %d: %s%s", exit, out, complaints)
		}
		if err := json.Unmarshal([]byte(out), &n); err != nil || n.Received != 1 || n.Concluded != 1 || n.Referrals["alerting"] != 1 {
			w.t.Fatalf("%v: %s", err, out)
		}
		if exit, out, _ = command(w.t, env, "", "ledger"); exit != exitDone || !strings.Contains(out, "received        1") {
			w.t.Fatalf("exit %d: %s", exit, out)
		}
		var list []map[string]any
		_, out, complaints = command(w.t, env, "", "referrals", "--json")
		if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 1 {
			w.t.Fatalf("%v: %s%s", err, out, complaints)
		}
		for _, field := range []string{"code", "state", "tier", "risk", "area_code", "why", "due"} {
			if list[0][field] == nil {
				w.t.Errorf("a listed referral has no %s: %s", field, out)
			}
		}
		if anyNumber.MatchString(out) {
			w.t.Errorf("a number is shown without --reveal: %s", out)
		}
		exit, out, complaints = command(w.t, env, "", "referrals", "--reveal", code)
		if exit != exitDone || !strings.Contains(out, childPhone) || !strings.Contains(out, "physical") {
			w.t.Fatalf("exit %d: %s%s", exit, out, complaints)
		}
		acts, err := w.gateway.store.Audit(w.t.Context(), 0, 100)
		if err != nil || len(acts) == 0 || acts[len(acts)-1].What != "reveal" || acts[len(acts)-1].Subject != code {
			w.t.Fatalf("the look is not on record: %v %v", acts, err)
		}
	})
}
