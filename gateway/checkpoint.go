package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"chumrok/adapters"
	"chumrok/internal/audit"
	"chumrok/internal/store"
)

const (
	// theRecord is the subject of the work that gives the record's checkpoint away.
	theRecord = "record"
	// checkpointHour is when that is done each day, in the pack's zone: whoever gets it is awake and can look.
	checkpointHour = 9
	// mostAnswered is how much of a web address's answer is read, so that the connection can be used again.
	mostAnswered = 4 << 10
)

// openRecord reads the key by which the record's checkpoints are signed, and puts on record what rules from now on: that key and the directory.
func (g *Gateway) openRecord(ctx context.Context) error {
	path := recordKeyPath(g.config)
	var err error
	if g.config.Mode == Trial {
		g.recordKey, _, err = makeRecordKey(path, g.random)
	} else {
		g.recordKey, err = loadRecordKey(path)
	}
	to := g.pack.Checkpoint
	missing := errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNoRecordKey) // the key file's folder may be read-only
	switch {
	case missing && to.On():
		return fmt.Errorf("the pack's checkpoint is signed with a key, and there is none at %s: make it with 'audit key', once, and put the same file on every gateway", path)
	case missing:
		g.log.Warn("the record's checkpoints cannot be signed: make the key with 'audit key'", "file", path)
	case err != nil:
		return err
	case g.config.Mode == Production && !to.Safe():
		return errors.New("the pack's checkpoint.url is plain http: production sends to https:// only")
	}
	if g.recordKey.signer != nil {
		if err := g.inForce(ctx, actRecordKey, g.recordKey.signer.Name()); err != nil {
			return err
		}
	}
	files, _ := packFiles(g.config.Pack)
	roster, err := fs.ReadFile(files, "directory.csv")
	if err != nil {
		return fmt.Errorf("reading the directory again: %w", err)
	}
	return g.inForce(ctx, actDirectory, digestOf(roster))
}

// inForce puts on record that something rules from now on, unless that is what stands there already.
func (g *Gateway) inForce(ctx context.Context, what, subject string) error {
	stands, err := g.store.Acts(ctx, what)
	if err == nil && (len(stands) == 0 || stands[len(stands)-1].Subject != subject) {
		now := g.now()
		_, err = g.store.Apply(ctx, now, store.Effects{Audit: []audit.Entry{{At: now, Who: gatewayItself, What: what, Subject: subject}}})
	}
	if err != nil {
		return fmt.Errorf("putting on record what is in force: %w", err)
	}
	return nil
}

// planCheckpoint sees to it that the record's checkpoint is given away, where the pack says to whom: the first at once, so that whoever set it
// up sees it arrive.
func (g *Gateway) planCheckpoint(ctx context.Context) error {
	if !g.pack.Checkpoint.On() {
		return nil
	}
	planned, err := g.store.DueOf(ctx, theRecord)
	if err != nil || len(planned) > 0 {
		return err
	}
	kept, err := g.store.Checkpoints(ctx)
	if err != nil {
		return err
	}
	due := g.nextCheckpoint()
	if len(kept) == 0 {
		due.At = g.now()
	}
	_, err = g.store.Apply(ctx, g.now(), store.Effects{Due: []store.Due{due}})
	return err
}

func (g *Gateway) nextCheckpoint() store.Due {
	now := g.now().In(g.pack.Zone)
	at := time.Date(now.Year(), now.Month(), now.Day(), checkpointHour, 0, 0, 0, now.Location())
	if !at.After(now) {
		at = at.AddDate(0, 0, 1)
	}
	return store.Due{Kind: store.DueCheckpoint, Subject: theRecord, At: at}
}

// checkpoint gives the record's checkpoint away, once however many gateways there are, and plans the next. One that was changed is not signed:
// whoever is used to get one each day gets none, and an alarm rises here.
func (g *Gateway) checkpoint(ctx context.Context, due store.Due) error {
	to := g.pack.Checkpoint
	if !to.On() || g.recordKey.signer == nil {
		return g.store.Finish(ctx, due)
	}
	kept, _, err := keptCheckpoints(ctx, g.store, g.recordKey.verifier)
	if err != nil {
		return err
	}
	var last audit.Head
	if len(kept) > 0 {
		last = kept[len(kept)-1]
	}
	head, err := g.store.ProveAudit(ctx, last, kept)
	if errors.Is(err, audit.ErrBroken) {
		g.meter.alarms.Inc()
		g.log.Error("ALARM: the record of who did what was changed; no checkpoint is given away until a person has looked, with 'audit verify'", "error", err)
		_, err := g.store.Apply(ctx, g.now(), store.Effects{DueFinished: []store.Due{due}, Due: []store.Due{g.nextCheckpoint()}})
		return err
	}
	if err != nil {
		return fmt.Errorf("proving the record before its checkpoint is signed: %w", err)
	}
	c := audit.Checkpoint{Origin: g.recordKey.signer.Name(), Head: head, At: g.now()}
	signed, err := c.Sign(g.recordKey.signer)
	if err != nil {
		return err
	}
	e := store.Effects{Checkpoint: &store.Kept{Size: c.Seq, At: c.At, Note: signed}, DueFinished: []store.Due{due}, Due: []store.Due{g.nextCheckpoint()},
		Audit: []audit.Entry{{At: c.At, Who: gatewayItself, What: actCheckpoint, Subject: fmt.Sprintf("over %d", c.Seq)}}}
	if to.URL != "" {
		if err := g.post(ctx, to.URL, signed); err != nil {
			return fmt.Errorf("giving the record's checkpoint away: %w", err)
		}
	} else {
		m := store.Message{ID: store.NewID(), Kind: store.ToKeep, Number: to.To, Text: c.Short()}
		e.Messages = []store.Message{m}
		e.Due = append(e.Due, store.Due{Kind: store.DueSend, Subject: m.ID, At: c.At})
	}
	_, err = g.store.Apply(context.WithoutCancel(ctx), c.At, e)
	return err
}

// post gives a signed checkpoint to the pack's web address. No redirect is followed, and nothing of the address or the answer gets into an error.
func (g *Gateway) post(ctx context.Context, address, signed string) error {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(signed))
	if err != nil {
		return errors.New("the web address cannot be used")
	}
	request.Header.Set("Content-Type", "text/plain; charset=utf-8")
	answer, err := adapters.Client(nil).Do(request)
	if err != nil {
		return adapters.FromTransport(err)
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, mostAnswered) // only the status counts
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("the web address answered with status %d", answer.StatusCode)
	}
	return nil
}

// keptCheckpoints are the heads that were given away and whose signatures hold, the oldest first; none without a key. Those that do not hold are
// counted.
func keptCheckpoints(ctx context.Context, s *store.Store, keys ...note.Verifier) (heads []audit.Head, forged int, err error) {
	list, err := s.Checkpoints(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, k := range list {
		c, signed, err := audit.ParseCheckpoint(k.Note, keys...)
		if err != nil || !signed {
			forged++
			continue
		}
		heads = append(heads, c.Head)
	}
	return heads, forged, nil
}
