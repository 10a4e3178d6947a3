package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"chumrok/internal/report"
)

func TestWhatWasSaidIsNeverPrinted(t *testing.T) {
	t.Parallel()
	said := []byte("canary answer")
	rep := Report{Report: report.Report{ID: "r", Story: canaryStory}, Code: "91234567", Reasons: []string{"canary reason"}}
	message := Message{ID: "m", Text: canaryStory, Number: caller(t)}
	entry := Entry{Heard: said, Answer: said, State: said, Conversation: Conversation{Number: caller(t)},
		Effects: Effects{Report: &rep, Messages: []Message{message}}}
	for name, v := range map[string]any{
		"entry": entry, "effects": entry.Effects, "report": rep, "message": message, "sealed message": sealedMessage{Message: message},
		"resumed": Resumed{Heard: said, Answer: said, State: said}, "turn": Turn{Heard: said, Answer: said, State: said},
		"outcome": Outcome{Kind: Repeat, Answer: said}, "pointer": &entry, "list": []Message{message},
	} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb, v)
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		out.Write(b)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		lookForCanaries(t, name, out.Bytes())
		if bytes.Contains(out.Bytes(), []byte(fmt.Sprint(said))) || bytes.Contains(out.Bytes(), []byte("Y2FuYXJ5")) {
			t.Errorf("%s: shows what was said as bytes", name)
		}
	}
}
