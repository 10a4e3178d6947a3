package kannelconf

import (
	"fmt"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const token = "a-secret-token-of-32-letters-0000"

// shipped reads the files of deploy/kannel, with their placeholders filled in unless raw.
func shipped(tb testing.TB, raw bool) map[string]string {
	tb.Helper()
	files := map[string]string{}
	for _, name := range []string{"sms.conf", "sms-operator.conf", "ussd.conf", "ussd-operator.conf"} {
		body, err := os.ReadFile("../../deploy/kannel/" + name)
		if err != nil {
			tb.Fatal(err)
		}
		files[name] = string(body)
		if !raw {
			files[name] = strings.ReplaceAll(strings.ReplaceAll(files[name], Placeholder+"-token", token), Placeholder, "filled")
		}
	}
	return files
}

func reader(files map[string]string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		body, there := files[path.Base(name)]
		if !there {
			return nil, fmt.Errorf("open %s: no such file", name)
		}
		return []byte(body), nil
	}
}

func TestShippedFilesAreGoodOnceFilledIn(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sms.conf", "ussd.conf"} {
		if err := Check(name, token, reader(shipped(t, false))); err != nil {
			t.Errorf("%s, filled in:\n%v", name, err)
		}
		err := Check(name, token, reader(shipped(t, true)))
		if err == nil {
			t.Fatalf("%s is called good with placeholders in it", name)
		}
		holders := 0
		for _, file := range []string{name, strings.Replace(name, ".conf", "-operator.conf", 1)} {
			holders += strings.Count(shipped(t, true)[file], Placeholder)
		}
		for line := range strings.Lines(err.Error()) {
			if holders--; !strings.Contains(line, "still the placeholder") {
				t.Errorf("%s, as shipped: %s", name, line)
			}
		}
		if holders != 0 {
			t.Errorf("%s: %d placeholders were not named", name, holders)
		}
		if strings.Contains(err.Error(), token) {
			t.Error("a fault shows the token")
		}
	}
}

// TestBrokenFiles breaks the shipped files one line at a time: each break must be named, with file and line.
func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, old, broken, want string }{
		// An English text gets through.
		{"sms.conf", `reply-couldnotfetch = ""`, "", "reply-couldnotfetch"},
		{"sms.conf", `reply-requestfailed = ""`, `reply-requestfailed = "Sorry"`, "Kannel's English"},
		{"ussd.conf", `reply-couldnotrepresent = ""`, "", "reply-couldnotrepresent"},
		{"ussd.conf", `reply-emptymessage = ""`, "", "reply-emptymessage"},
		{"sms.conf", "omit-empty = true", "omit-empty = false", "omit-empty"},
		{"sms.conf", "omit-empty = true", "omit-empty = true\nfooter = Thanks", "footer"},
		{"ussd.conf", "omit-empty = true", "omit-empty = true\nheader = Hello", "header"},
		{"sms.conf", "omit-empty = true", "omit-empty = true\ntext = Hello", "only get-url"},
		// Khmer is spoilt.
		{"sms.conf", "accept-x-kannel-headers = true", "", "question marks"},
		{"sms.conf", "&coding=%c", "", "coding=%c"},
		{"sms.conf", "text=%b", "text=%a", "squeezes blanks"},
		// A message is lost or doubled.
		{"sms.conf", "http-request-retry = 17280", "http-request-retry = 0", "lost when the gateway"},
		{"sms.conf", "http-request-retry = 17280", "", "lost when the gateway"},
		{"sms.conf", "http-request-retry = 17280", "http-request-retry = 3", "15 s and then lost"},
		{"ussd.conf", "http-request-retry = 60", "http-request-retry = 6000", "6000 s"},
		{"sms.conf", "http-timeout = 20", "", "240 s"},
		{"sms.conf", "mo-recode = true", "smsbox-id = box", "waits for ever"},
		{"sms.conf", "mo-recode = true", "immediate-sendsms-reply = true", "before it did"},
		{"sms.conf", "store-type = spool", "", "memory only"},
		{"sms.conf", "dlr-storage = spool", "dlr-storage = internal", "delivery reports"},
		{"sms.conf", "sms-resend-freq = 5", "", "a minute"},
		{"sms.conf", "sms-resend-freq = 5", "sms-resend-freq = 5\nsms-resend-retry = 3", "given up"},
		{"sms.conf", "sms-resend-freq = 5", "sms-resend-freq = 5\nsms-combine-concatenated-mo = false", "parts of a long SMS"},
		{"sms.conf", "catch-all = true", "", "no keyword"},
		{"sms.conf", "keyword = default", "keyword = help", "no keyword"},
		{"sms.conf", "id=%I", "id=%t", "id=%I"},
		{"sms-operator.conf", "reconnect-delay = 5", "wait-ack-expire = 0x01", "goes out twice"},
		{"sms-operator.conf", "smsc = smpp", "smsc = fake", "carries nothing"},
		{"sms-operator.conf", "group = smsc", "group = smsc2", "no operator"},
		{"sms.conf", "group = sendsms-user", "group = nobody", "no alert can be sent"},
		{"sms.conf", "sendsms-chars = \"0123456789+ \"", "sendsms-chars = \"0123456789\"", "numbers begin with +"},
		// A message is cut.
		{"sms.conf", "user-deny-ip", "max-messages = 1\nuser-deny-ip", "cut after 1"},
		{"sms.conf", "omit-empty = true", "omit-empty = true\nconcatenation = false", "in any order"},
		{"sms.conf", "mo-recode = true", "sms-length = 160", "more than 140"},
		{"ussd.conf", "sms-length = 160", "", "cut to 70"},
		{"ussd-operator.conf", "max-sms-octets = 160", "max-sms-octets = 140", "pieces of 140"},
		{"ussd.conf", "max-messages = 1", "max-messages = 2", "max-messages = 1"},
		// A screen belongs to no session.
		{"ussd.conf", "&meta=%D", "", "meta=%D"},
		{"ussd.conf", "name = ussd_service_op", "name = something", "told from an ending"},
		{"ussd.conf", "type = octetstring", "type = integer", "octetstring"},
		{"ussd-operator.conf", "service-type = USSD", "", "service-type"},
		{"ussd-operator.conf", "esm-class = 0", "", "esm-class"},
		// A stranger comes in, or reads.
		{"sms.conf", `admin-deny-ip = "*.*.*.*"`, "", "admin port is open"},
		{"sms.conf", `admin-allow-ip = "127.0.0.1"`, `admin-allow-ip = "127.0.0.1;10.0.0.5"`, "admin port is open"},
		{"sms.conf", `admin-password = "filled-admin"`, "", "no password"},
		{"sms.conf", `status-password = "filled-status"`, `status-password = ""`, "status page"},
		{"sms.conf", "smsbox-interface = \"127.0.0.1\"\nsmsbox-port = 13001\nbox-deny-ip = \"*.*.*.*\"", "smsbox-port = 13001", "smsbox-port"},
		{"sms.conf", `password = "filled-sendsms"`, `password = ""`, "no password"},
		{"sms.conf", "log-level = 2", "log-level = 0", "quotes numbers"},
		{"sms.conf", "log-level = 2", "log-level = 2\naccess-log = /var/log/kannel/access.log", "access-log"},
		{"sms.conf", "http://127.0.0.1:8080", "http://10.0.0.5:8080", "in clear"},
		// The address is wrong.
		{"sms.conf", "/hooks/kannel/" + token + "/sms", "/kannel/mo", "none of the gateway's"},
		{"sms.conf", token, "another-token-of-32-letters-00000", "another token"},
		{"sms.conf", "get-url", "get-uri", "no address"},
		{"sms.conf", "group = smsbox\n", "group = smsbox\n\n", "stands in no group"},
		{"sms.conf", "catch-all = true", "catch-all", "no setting"},
		{"sms.conf", "sms-operator.conf", "nowhere.conf", "no such file"},
	} {
		t.Run(c.broken+"/"+c.want, func(t *testing.T) {
			t.Parallel()
			files := shipped(t, false)
			if !strings.Contains(files[c.file], c.old) {
				t.Fatalf("%s has no %q", c.file, c.old)
			}
			files[c.file] = strings.Replace(files[c.file], c.old, c.broken, 1)
			top := strings.Replace(c.file, "-operator", "", 1)
			err := Check(top, token, reader(files))
			if err == nil {
				t.Fatal("called good")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("not named:\n%v", err)
			}
			for line := range strings.Lines(err.Error()) {
				where, _, _ := strings.Cut(line, ": ")
				if name, number, ok := strings.Cut(where, ".conf:"); !ok || name == "" || strings.Trim(number, "0123456789") != "" {
					t.Errorf("a fault without file and line: %s", line)
				}
				if strings.Contains(line, token) || strings.Contains(line, "filled-sendsms") {
					t.Errorf("a fault shows a secret: %s", line)
				}
			}
		})
	}
}

func TestFaultsStandAtTheirLine(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a.conf": "# one\n\ngroup = core\ninclude = b.conf\nlost = 1\n", "b.conf": "group = smsbox\naccess-log = x\naccess-log = \"y \\\" z\"\n"}
	config, err := Parse("a.conf", reader(files))
	if err == nil || !strings.HasPrefix(err.Error(), "a.conf:5: lost stands in no group") {
		t.Errorf("%v", err)
	}
	box, _ := config.first("smsbox")
	got, _ := box.Get("access-log")
	if diff := cmp.Diff(Setting{Name: "access-log", Value: `y " z`, File: "b.conf", Line: 3}, got); diff != "" {
		t.Error(diff)
	}
	err = Check("a.conf", "", reader(files))
	if err == nil || !strings.Contains(err.Error(), "b.conf:3: take access-log out of group smsbox") {
		t.Errorf("%v", err)
	}
}

func TestIncludesEnd(t *testing.T) {
	t.Parallel()
	err := Check("a.conf", "", reader(map[string]string{"a.conf": "group = core\n\ninclude = \"a.conf\"\n"}))
	if err == nil || !strings.Contains(err.Error(), "include each other") {
		t.Errorf("%v", err)
	}
	if err := Check("none.conf", "", reader(nil)); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("%v", err)
	}
}

func FuzzCheck(f *testing.F) {
	for _, body := range shipped(f, false) {
		f.Add(body)
	}
	f.Add("group=core\nadmin-port=1\ninclude=\"\n\n=\n\"\\")
	f.Fuzz(func(t *testing.T, body string) {
		err := Check("fuzz.conf", token, reader(map[string]string{"fuzz.conf": body}))
		if err != nil && strings.Contains(err.Error(), token) && !strings.Contains(body, token) {
			t.Error("a fault shows the token")
		}
	})
}
