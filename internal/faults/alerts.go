//go:build unix

package main

import (
	"context"
	"fmt"
	"time"
)

// checkAlerts waits until every alert that is due is with a provider, and says how long the longest was silent and how often one was sent
// again. An alert is silent from when it was written, or from the end of the fault where that came later, until a provider took it.
func (w *World) checkAlerts(ctx context.Context, l *ledger) error {
	waiting, err := l.dueAlerts(ctx, w.now())
	if err != nil {
		return err
	}
	last := time.NewTimer(silentAtMost)
	defer last.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for open := waiting; open > 0; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-last.C:
			w.Fault("%d alerts that were due are still silent %s after the fault", open, silentAtMost)
			open = 0
			continue
		case <-tick.C:
		}
		if open, err = l.dueAlerts(ctx, w.now()); err != nil {
			return err
		}
	}
	alerts, err := l.alerts(ctx)
	if err != nil {
		return err
	}
	longest, sent := time.Duration(0), 0
	for _, a := range alerts {
		if a.handed.IsZero() {
			continue
		}
		sent++
		from := a.written
		if w.healed.After(from) {
			from = w.healed
		}
		longest = max(longest, a.handed.Sub(from))
	}
	w.shown.alerts, w.shown.silence = sent, longest
	w.Figure("alerts sent", "%d, answered by officers %d", sent, w.tally.officers)
	w.Figure("longest silence of an alert", "%s", longest.Round(time.Millisecond))
	if longest > silentAtMost {
		w.Fault("an alert was silent for %s", longest.Round(time.Millisecond))
	}
	if sent == 0 {
		w.Fault("no alert was sent at all, so nothing is proved")
	}
	return w.checkRepeats(ctx, l)
}

// checkRepeats counts messages that providers took more often than once: at most those that were on their way when something broke. An alert
// that may have arrived says so when it comes again, or it would be taken for a second child.
func (w *World) checkRepeats(ctx context.Context, l *ledger) error {
	taken := w.Carrier.Taken()
	handed, err := l.handed(ctx)
	if err != nil {
		return err
	}
	unsaid, err := l.unsaid(ctx, taken)
	if err != nil {
		return err
	}
	w.shown.repeats = len(taken) - handed
	w.Figure("messages that providers took", "%d; repeats of one taken before %d, of which alerts that do not say so %d", len(taken), len(taken)-handed, len(unsaid))
	w.faultsOf("message %s was sent twice in the same words", unsaid)
	if len(taken) < handed {
		w.Fault("the ledger says of %d messages that a provider took them, and providers took %d", handed, len(taken))
	}
	return nil
}

// alertRow is what is looked at of an alert.
type alertRow struct {
	id              string
	written, handed time.Time
}

// dueAlerts is how many messages that ask somebody to act are due at now and with no provider.
func (l *ledger) dueAlerts(ctx context.Context, now time.Time) (int, error) {
	var n int
	err := l.sql.QueryRowContext(ctx, `SELECT count(*) FROM messages m JOIN due d ON d.kind = 'send' AND d.subject = m.id
		WHERE m.state = 'queued' AND m.kind IN ('alert','digest') AND d.at <= $1`, now.UnixMilli()).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("counting alerts that are due: %w", err)
	}
	return n, nil
}

// handed is how many messages a provider took at least once, by the ledger.
func (l *ledger) handed(ctx context.Context) (int, error) {
	var n int
	err := l.sql.QueryRowContext(ctx, `SELECT count(DISTINCT message_id) FROM handings WHERE message_id <> ''`).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("counting messages that were handed on: %w", err)
	}
	return n, nil
}

// alerts is every alert with when it was written and when a provider took it.
func (l *ledger) alerts(ctx context.Context) ([]alertRow, error) {
	rows, err := l.sql.QueryContext(ctx, `SELECT id, created_at, handed_at FROM alerts`)
	if err != nil {
		return nil, fmt.Errorf("reading alerts: %w", err)
	}
	defer rows.Close()
	var list []alertRow
	for rows.Next() {
		var a alertRow
		var written, handed int64
		if err := rows.Scan(&a.id, &written, &handed); err != nil {
			return nil, fmt.Errorf("reading alerts: %w", err)
		}
		a.written = time.UnixMilli(written)
		if handed > 0 {
			a.handed = time.UnixMilli(handed)
		}
		list = append(list, a)
	}
	return list, rows.Err()
}

// unsaid is the alerts that providers took more often than they were written, in the very words of the first time.
func (l *ledger) unsaid(ctx context.Context, taken []Taken) ([]string, error) {
	times := map[[2]string]int{}
	for _, t := range taken {
		times[[2]string{t.To, t.Text}]++
	}
	rows, err := l.sql.QueryContext(ctx, `SELECT id FROM messages WHERE kind = 'alert'`)
	if err != nil {
		return nil, fmt.Errorf("reading alerts' messages: %w", err)
	}
	defer rows.Close()
	var ids, list []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("reading alerts' messages: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading alerts' messages: %w", err)
	}
	written := map[[2]string][]string{} // at the end of a ladder the same words are written anew
	for _, id := range ids {
		m, found, err := l.store.Message(ctx, id)
		if err != nil || !found {
			return nil, fmt.Errorf("reading message %s: %w", id, err)
		}
		words := [2]string{l.phones[m.OfficerID], m.Text}
		written[words] = append(written[words], id)
	}
	for words, same := range written {
		if times[words] > len(same) {
			list = append(list, same[0])
		}
	}
	return list, nil
}
