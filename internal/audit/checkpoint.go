package audit

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a head of the record as it is given away: with the name of the deployment whose record it is, and the time. Whoever keeps one
// can later tell that nothing up to it was changed, whatever was done to the machine, the database and the key since.
type Checkpoint struct {
	Origin string
	Head
	At time.Time // zero in the short form
}

// longest is how much text is looked at for a checkpoint.
const longest = 4096

// ErrNoCheckpoint is wrapped by the error about a text that is no checkpoint.
var ErrNoCheckpoint = errors.New("that is no checkpoint")

// ErrNotSigned is wrapped by the error about a checkpoint in the form of a signed note that none of the known keys signed.
var ErrNotSigned = errors.New("the checkpoint is not signed by a key that is known here")

// Sign is the checkpoint as a signed note: the origin, the number of entries, the root in base64 and the time, each on a line, an empty line,
// and the signature (the form of C2SP's tlog-checkpoint, with the time as its extension line).
func (c Checkpoint) Sign(by note.Signer) (string, error) {
	text := fmt.Sprintf("%s\n%d\n%s\n%s\n", c.Origin, c.Seq, c.Hash, c.At.UTC().Format(time.RFC3339))
	signed, err := note.Sign(&note.Note{Text: text}, by)
	if err != nil {
		return "", fmt.Errorf("signing a checkpoint: %w", err)
	}
	return string(signed), nil
}

// Short is the checkpoint for a message to a phone, well inside one part: origin, number of entries, and the whole root in base64. It has no
// signature: that would not fit beside the root, and what proves is that the root stands on a phone which nobody at the gateway can reach.
func (c Checkpoint) Short() string { return fmt.Sprintf("%s %d %s", c.Origin, c.Seq, c.Hash) }

// ParseCheckpoint reads a signed note, which one of the keys must have signed, or the short form, which is not signed. Line ends of another
// system, and a root that a phone broke into several lines, are understood.
func ParseCheckpoint(text string, keys ...note.Verifier) (c Checkpoint, signed bool, err error) {
	if len(text) > longest {
		return c, false, fmt.Errorf("it is longer than %d bytes: %w", longest, ErrNoCheckpoint)
	}
	text = strings.TrimLeft(strings.ReplaceAll(text, "\r\n", "\n"), " \t\n")
	if !strings.Contains(text, "\n\n— ") {
		words := strings.Fields(text)
		if len(words) < 3 {
			return c, false, fmt.Errorf("it must be a signed note, or an origin, a number and a root: %w", ErrNoCheckpoint)
		}
		c.Head, err = parseHead(words[1], strings.Join(words[2:], ""))
		c.Origin = words[0]
		return c, false, err
	}
	opened, err := note.Open([]byte(strings.TrimRight(text, " \t\n")+"\n"), note.VerifierList(keys...))
	if err != nil {
		var unverified *note.UnverifiedNoteError
		var invalid *note.InvalidSignatureError
		if errors.As(err, &unverified) || errors.As(err, &invalid) {
			return c, false, ErrNotSigned
		}
		return c, false, fmt.Errorf("it is not a signed note: %w", ErrNoCheckpoint)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 5 { // origin, number, root, time, and what follows the last line end
		return c, false, fmt.Errorf("the note has %d lines and must have four: %w", len(lines)-1, ErrNoCheckpoint)
	}
	if c.Head, err = parseHead(lines[1], lines[2]); err != nil {
		return c, false, err
	}
	if c.At, err = time.Parse(time.RFC3339, lines[3]); err != nil {
		return Checkpoint{}, false, fmt.Errorf("its time cannot be read: %w", ErrNoCheckpoint)
	}
	if c.Origin = lines[0]; c.Origin != opened.Sigs[0].Name {
		return Checkpoint{}, false, fmt.Errorf("it names a record that its signature is not of: %w", ErrNoCheckpoint)
	}
	return c, true, nil
}

func parseHead(number, root string) (h Head, err error) {
	h.Seq, err = strconv.ParseInt(number, 10, 64)
	if err != nil || h.Seq < 0 || strconv.FormatInt(h.Seq, 10) != number {
		return Head{}, fmt.Errorf("its number of entries cannot be read: %w", ErrNoCheckpoint)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(root)
	if err != nil || len(raw) != tlog.HashSize {
		return Head{}, fmt.Errorf("its root must be %d letters and digits, the last an equals sign; some are missing or wrong: %w",
			base64.StdEncoding.EncodedLen(tlog.HashSize), ErrNoCheckpoint)
	}
	copy(h.Hash[:], raw)
	return h, nil
}

// nameLetters are what the name of a record is made of: none is mistaken for another.
const nameLetters = "abcdefghjkmnpqrstuvwxyz23456789"

// GenerateKey makes the pair of an Ed25519 note key under a name of its own, which is the origin of all its checkpoints.
func GenerateKey(random io.Reader) (signing, verifying string, err error) {
	letters := make([]byte, 8)
	if _, err := io.ReadFull(random, letters); err != nil {
		return "", "", fmt.Errorf("naming the record: %w", err)
	}
	for i, b := range letters {
		letters[i] = nameLetters[int(b)%len(nameLetters)]
	}
	signing, verifying, err = note.GenerateKey(random, "chumrok-"+string(letters))
	if err != nil {
		return "", "", fmt.Errorf("making the record's key: %w", err)
	}
	return signing, verifying, nil
}
