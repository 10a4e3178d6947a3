package store

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

// What holds a caller's words prints as its id, in every verb, in JSON and in logs.

func (e Entry) String() string   { return "turn of conversation " + e.Conversation.ID }
func (r Resumed) String() string { return "conversation " + r.ID }
func (t Turn) String() string    { return fmt.Sprint("turn ", t.Seq) }
func (m Message) String() string { return "message " + m.ID }
func (o Outcome) String() string { return o.Kind.String() + " turn of conversation " + o.Conversation }

// Format prints the conversation's id alone.
func (e Entry) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(e.String())) }

// Format prints the id alone.
func (r Resumed) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(r.String())) }

// Format prints the turn's number alone.
func (t Turn) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(t.String())) }

// Format prints the id alone.
func (m Message) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(m.String())) }

// Format prints what became of the turn, without its answer.
func (o Outcome) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(o.String())) }

// LogValue is what String returns.
func (e Entry) LogValue() slog.Value { return slog.StringValue(e.String()) }

// LogValue is what String returns.
func (r Resumed) LogValue() slog.Value { return slog.StringValue(r.String()) }

// LogValue is what String returns.
func (t Turn) LogValue() slog.Value { return slog.StringValue(t.String()) }

// LogValue is what String returns.
func (m Message) LogValue() slog.Value { return slog.StringValue(m.String()) }

// LogValue is what String returns.
func (o Outcome) LogValue() slog.Value { return slog.StringValue(o.String()) }

// MarshalJSON writes what String returns.
func (e Entry) MarshalJSON() ([]byte, error) { return json.Marshal(e.String()) }

// MarshalJSON writes what String returns.
func (r Resumed) MarshalJSON() ([]byte, error) { return json.Marshal(r.String()) }

// MarshalJSON writes what String returns.
func (t Turn) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// MarshalJSON writes what String returns.
func (m Message) MarshalJSON() ([]byte, error) { return json.Marshal(m.String()) }

// MarshalJSON writes what String returns.
func (o Outcome) MarshalJSON() ([]byte, error) { return json.Marshal(o.String()) }
