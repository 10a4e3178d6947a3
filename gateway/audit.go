package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"chumrok/internal/audit"
	"chumrok/internal/store"
)

type auditCommand struct {
	Verify     auditVerifyCommand     `cmd:"" help:"Prove the record of who did what, from its first entry to its end, and against a checkpoint that somebody kept."`
	List       auditListCommand       `cmd:"" help:"List who looked at what and who decided what. No personal data."`
	Checkpoint auditCheckpointCommand `cmd:"" help:"Print a signed checkpoint of the record as it stands, for somebody outside to keep."`
	Key        auditKeyCommand        `cmd:"" help:"Print the key that verifies the checkpoints; makes the pair where there is none yet."`
}

type auditVerifyCommand struct {
	Checkpoint string   `placeholder:"FILE|TEXT" help:"A checkpoint from before: the file of a signed one, or its text, or what stood in the SMS."`
	Key        []string `placeholder:"KEY" help:"A verifying key, as 'audit key' printed it; needed where the checkpoint was signed by another key than the one here."`
}

type auditListCommand struct {
	JSON  bool   `name:"json" help:"Print a JSON array."`
	Who   string `help:"Only acts of this officer or command."`
	What  string `help:"Only acts that begin with this word."`
	Since string `placeholder:"DATE" help:"Only acts from this day on, such as 2026-11-22, in UTC."`
}

type auditCheckpointCommand struct {
	Short bool `help:"Print the short form, as it goes by SMS."`
	Send  bool `help:"Have a running gateway send it now to whom the pack's checkpoint names."`
}

type auditKeyCommand struct{}

// Run proves the record. It exits with 1 when an entry does not hold, and names the first.
func (v auditVerifyCommand) Run(c *call) error {
	s, config, err := openRecords(c.ctx, c.env)
	if err != nil {
		return err
	}
	defer s.Close()
	var old audit.Checkpoint
	var between []audit.Head
	if v.Checkpoint != "" {
		keys, err := v.keys(config)
		if err != nil {
			return err
		}
		if old, err = v.given(keys); err != nil {
			return err
		}
		var forged int
		if between, forged, err = keptCheckpoints(c.ctx, s, keys...); err != nil {
			return err
		}
		if forged > 0 {
			fmt.Fprintf(c.stream.out, "%d checkpoints that the database keeps are signed by no key given here, and are left out\n", forged)
		}
	}
	var now audit.Head
	if v.Checkpoint == "" {
		now, err = s.VerifyAudit(c.ctx)
	} else {
		now, err = s.ProveAudit(c.ctx, old.Head, between)
	}
	if errors.Is(err, audit.ErrBroken) {
		fmt.Fprintln(c.stream.out, err)
		return errNotHeld
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stream.out, "the record holds: %d entries, root %s\n", now.Seq, now.Hash)
	if v.Checkpoint == "" {
		fmt.Fprintln(c.stream.out, "Whoever holds the whole database could have made it anew: --checkpoint proves it against what somebody outside kept.")
		return nil
	}
	fmt.Fprintf(c.stream.out, "it includes and continues what the checkpoint of %s was over: %d entries\n", old.Origin, old.Seq)
	return nil
}

// keys are those that are given, and the one here where there is one.
func (v auditVerifyCommand) keys(config Config) (keys []note.Verifier, err error) {
	own, err := loadRecordKey(recordKeyPath(config))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		keys = append(keys, own.verifier)
	}
	for _, text := range v.Key {
		k, err := note.NewVerifier(strings.TrimSpace(text))
		if err != nil {
			return nil, errors.New("--key is no verifying key: give it as 'audit key' printed it")
		}
		if own.verifier == nil || k.Name() != own.verifier.Name() || k.KeyHash() != own.verifier.KeyHash() {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// given is the checkpoint that is named or written out.
func (v auditVerifyCommand) given(keys []note.Verifier) (audit.Checkpoint, error) {
	text := v.Checkpoint
	if file, err := os.ReadFile(text); err == nil {
		text = string(file)
	}
	old, _, err := audit.ParseCheckpoint(text, keys...)
	switch {
	case errors.Is(err, audit.ErrNotSigned):
		return old, fmt.Errorf("--checkpoint: %w, so it proves nothing: was it changed? If its deployment had another key then, give that with --key", err)
	case err != nil:
		return old, fmt.Errorf("--checkpoint is neither a file nor a checkpoint: %w", err)
	}
	return old, nil
}

// actLine is an entry as it is listed.
type actLine struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	Who     string    `json:"who"`
	What    string    `json:"what"`
	Subject string    `json:"subject"`
	Reason  string    `json:"reason,omitempty"`
}

// Run lists the record.
func (l auditListCommand) Run(c *call) error {
	var since time.Time
	if l.Since != "" {
		var err error
		if since, err = time.Parse(time.DateOnly, l.Since); err != nil {
			return fmt.Errorf("--since %q is no day: write it as 2026-11-22", printable(l.Since))
		}
	}
	s, _, err := openRecords(c.ctx, c.env)
	if err != nil {
		return err
	}
	defer s.Close()
	list := []actLine{}
	for after := int64(0); ; {
		page, err := s.Audit(c.ctx, after, 1000)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		after = page[len(page)-1].Seq
		for _, e := range page {
			if l.Who != "" && e.Who != l.Who || !strings.HasPrefix(e.What, l.What) || e.At.Before(since) {
				continue
			}
			list = append(list, actLine{e.Seq, e.At, e.Who, e.What, e.Subject, e.Reason})
		}
	}
	if l.JSON {
		return writeJSON(c.stream.out, list)
	}
	for _, e := range list {
		fmt.Fprintf(c.stream.out, "%6d  %s  %-16s %s  %s", e.Seq, e.At.Format("2006-01-02 15:04:05Z"), e.Who, e.What, e.Subject)
		if e.Reason != "" {
			fmt.Fprintf(c.stream.out, "  (%s)", e.Reason)
		}
		fmt.Fprintln(c.stream.out)
	}
	return nil
}

// Run signs a checkpoint, once the record is proved.
func (k auditCheckpointCommand) Run(c *call) error {
	s, config, err := openRecords(c.ctx, c.env)
	if err != nil {
		return err
	}
	defer s.Close()
	if k.Send {
		p, err := loadPack(config)
		if err != nil {
			return err
		}
		if !p.Checkpoint.On() {
			return errors.New("pack.yaml names nobody who gets it: write `checkpoint:` there")
		}
		due := store.Due{Kind: store.DueCheckpoint, Subject: theRecord, At: c.now()}
		if _, err := s.Apply(c.ctx, c.now(), store.Effects{Due: []store.Due{due}}); err != nil {
			return err
		}
		fmt.Fprintln(c.stream.out, "a running gateway sends it now")
		return nil
	}
	key, err := loadRecordKey(recordKeyPath(config))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no key at %s to sign it with: make it with 'audit key'", recordKeyPath(config))
	}
	if err != nil {
		return err
	}
	head, err := s.VerifyAudit(c.ctx)
	if errors.Is(err, audit.ErrBroken) {
		fmt.Fprintln(c.stream.out, err)
		return errNotHeld
	}
	if err != nil {
		return err
	}
	point := audit.Checkpoint{Origin: key.signer.Name(), Head: head, At: c.now()}
	if k.Short {
		fmt.Fprintln(c.stream.out, point.Short())
		return nil
	}
	signed, err := point.Sign(key.signer)
	if err == nil {
		_, err = fmt.Fprint(c.stream.out, signed)
	}
	return err
}

// Run prints the verifying key.
func (auditKeyCommand) Run(c *call) error {
	config, err := readConfig(c.env)
	if err != nil {
		return fmt.Errorf("reading the configuration:\n%w", err)
	}
	path := recordKeyPath(config)
	key, made, err := makeRecordKey(path, rand.Reader)
	if err != nil {
		return err
	}
	if made {
		fmt.Fprintf(c.stream.err, "made: %s; keep a copy with the one of the key file\n", path)
	}
	fmt.Fprintln(c.stream.out, key.verifying)
	return nil
}
