package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// kannel asks one of Kannel's hooks and returns the answer with its meta-data.
func (w *world) kannel(hook string, fields url.Values) (text, meta string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet,
		w.public.URL+"/hooks/kannel/"+w.gateway.config.Kannel.Token+"/"+hook+"?"+fields.Encode(), http.NoBody)
	if err != nil {
		w.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		w.t.Fatalf("the %s hook answers %d, %v", hook, response.StatusCode, err)
	}
	return string(body), response.Header.Get("X-Kannel-Meta-Data")
}

func kannelSMS(id, from, text string) url.Values {
	return url.Values{"id": {id}, "from": {from}, "to": {"1280"}, "text": {text}, "coding": {"0"}, "charset": {"UTF-8"}}
}

func kannelScreen(id, from, text, op string) url.Values {
	fields := kannelSMS(id, from, text)
	fields.Set("meta", "?smpp?ussd_service_op="+op+"&its_session_info=%124&")
	return fields
}

// TestKannelOffersAgain: what Kannel offers again, since it did not hear us, gets the same words and counts once.
func TestKannelOffersAgain(t *testing.T) {
	stories(t, func(w *world) {
		first, _ := w.kannel("sms", kannelSMS("k-1", "85512000031", "គេវាយខ្ញុំ"))
		w.kannel("sms", kannelSMS("k-2", "85512000031", "កន្ទឺ ១ បាត់ដំបង"))
		w.restart()
		again, _ := w.kannel("sms", kannelSMS("k-1", "85512000031", "គេវាយខ្ញុំ"))
		if first == "" || again != first {
			t.Errorf("the second answer is another one:\n%s\n%s", first, again)
		}
		if turns := w.counts().Turns; turns != 2 {
			t.Errorf("%d turns, want 2", turns)
		}
	})
}

// TestKannelSessionNamesComeAgain: two octets name a session, so the next call may have the name of the last one. It shows
// nothing of it; and the message that began it, offered again, takes nothing away.
func TestKannelSessionNamesComeAgain(t *testing.T) {
	stories(t, func(w *world) {
		opening, meta := w.kannel("ussd", kannelScreen("u-1", "+85512000032", "*1280#", "%01"))
		if want := "?smpp?ussd_service_op=2&its_session_info=%12%34&"; meta != want {
			t.Errorf("meta-data %q, want %q", meta, want)
		}
		second, _ := w.kannel("ussd", kannelScreen("u-2", "+85512000032", "1", "%12"))
		if second == opening {
			t.Error("the first key changed nothing")
		}
		if again, _ := w.kannel("ussd", kannelScreen("u-1", "+85512000032", "*1280#", "%01")); again != opening {
			t.Errorf("the first message again is answered otherwise:\n%s", again)
		}
		third, _ := w.kannel("ussd", kannelScreen("u-3", "+85512000032", "8", "%12"))
		if third == second {
			t.Error("the session did not go on")
		}
		if redialled, _ := w.kannel("ussd", kannelScreen("u-4", "+85512000032", "*1280#", "%01")); redialled != opening {
			t.Errorf("the next call with the same name shows:\n%s\nwant:\n%s", redialled, opening)
		}
		if other, _ := w.kannel("ussd", kannelScreen("u-5", "+85512000033", "*1280#", "%01")); other != opening {
			t.Errorf("another caller with the same name is shown:\n%s", other)
		}
	})
}

// TestReportBeforeReceipt: Kannel's report of a failure comes before its answer to sendsms. The next officer is asked.
func TestReportBeforeReceipt(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []string
	sendsms := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.FormValue("to"))
		first := len(asked) == 1
		mu.Unlock()
		if first {
			report, err := http.NewRequestWithContext(r.Context(), http.MethodGet, strings.NewReplacer("%d", "2", "%A", "NACK%2F11%2F").Replace(r.FormValue("dlr-url")), http.NoBody)
			if err != nil {
				t.Error(err)
				return
			}
			response, err := http.DefaultClient.Do(report)
			if err != nil {
				t.Error(err)
				return
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Errorf("the report is answered %d", response.StatusCode)
			}
		}
		rw.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(rw, "0: Accepted for delivery")
	}))
	t.Cleanup(sendsms.Close)
	w := newWorld(t, "embedded")
	for name, value := range map[string]string{"SENDSMS_URL": sendsms.URL + "/cgi-bin/sendsms", "USERNAME": "chumrok", "PASSWORD": "a-password", "FROM": "1280",
		"TOKEN": "a-secret-token-of-32-letters-0000"} {
		w.env["CHUMROK_KANNEL_"+name] = value
	}
	w.restart()
	for i, text := range []string{"គេវាយខ្ញុំ", "កន្ទឺ ១ បាត់ដំបង", "1", "2", "3"} {
		w.kannel("sms", kannelSMS("r-"+string(rune('1'+i)), "85512000034", text))
	}
	w.settle()
	mu.Lock()
	defer mu.Unlock()
	if len(asked) != 2 || asked[0] == asked[1] {
		t.Errorf("%d phones were asked; want the first and, since it failed, the next", len(asked))
	}
	w.saysNothingPersonal()
}

// TestCheckKannel: the shipped configuration is refused as long as nobody has filled it in.
func TestCheckKannel(t *testing.T) {
	t.Parallel()
	const token = "a-secret-token-of-32-letters-0000"
	fill := func(mends ...string) []string {
		folder := t.TempDir()
		var files []string
		for _, name := range []string{"sms-operator.conf", "ussd-operator.conf", "sms.conf", "ussd.conf"} {
			body, err := os.ReadFile(filepath.Join("..", "deploy", "kannel", name))
			if err != nil {
				t.Fatal(err)
			}
			text := strings.NewReplacer(append(mends, "/etc/kannel", folder)...).Replace(string(body))
			file := filepath.Join(folder, name)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			files = append(files, "--kannel", file)
		}
		return files[4:]
	}
	provider := environment{"CHUMROK_KANNEL_SENDSMS_URL": "http://127.0.0.1:13013/cgi-bin/sendsms", "CHUMROK_KANNEL_USERNAME": "chumrok",
		"CHUMROK_KANNEL_PASSWORD": "a-password", "CHUMROK_KANNEL_FROM": "1280", "CHUMROK_KANNEL_TOKEN": token}
	for name, c := range map[string]struct {
		files []string
		env   environment
		code  int
		says  string
	}{
		"as shipped":    {fill(), nil, exitFault, "still the placeholder"},
		"filled in":     {fill("CHANGE-ME-token", token, "CHANGE-ME", "filled"), provider, exitDone, "the token is that of"},
		"without ours":  {fill("CHANGE-ME-token", token, "CHANGE-ME", "filled"), nil, exitDone, "was not compared"},
		"another token": {fill("CHANGE-ME-token", "b-secret-token-of-32-letters-0000", "CHANGE-ME", "filled"), provider, exitFault, "another token"},
		"and a pack":    {append(fill(), "pack"), nil, exitFault, "not both"},
	} {
		code, out, complaints := command(t, c.env, "", append([]string{"check"}, c.files...)...)
		if code != c.code || !strings.Contains(out+complaints, c.says) {
			t.Errorf("%s: exit %d, want %d and %q:\n%s%s", name, code, c.code, c.says, out, complaints)
		}
		if strings.Contains(out+complaints, token) {
			t.Errorf("%s: the token is printed", name)
		}
	}
}
