package main

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"chumrok/internal/outbox"
	"chumrok/internal/spool"
	"chumrok/internal/steadyclock"
)

// meter holds the figures that machines watch. No label carries anything that a person said or is.
type meter struct {
	registry *prometheus.Registry
	turns    *prometheus.CounterVec   // by provider, channel and what came of it
	turnTime *prometheus.HistogramVec // seconds by channel
	sends    *prometheus.CounterVec   // by provider and result
	due      *prometheus.CounterVec   // due work done, by kind and result
	alarms   prometheus.Counter       // times that the last tier did not answer
	redis    prometheus.Counter       // times that Redis did not answer and the ledger did
	panics   prometheus.Counter
	ignored  *prometheus.CounterVec // by provider and what
	erased   *prometheus.CounterVec // by what
	// overBudget counts answers to callers that no budget covered
	overBudget prometheus.Counter
	spooled    prometheus.Counter // messages that went to the spool
	replayed   prometheus.Counter // and from there into the ledger
	rewrapped  prometheus.Counter // data keys that were moved to another month's key
}

func newMeter() *meter {
	m := &meter{
		registry: prometheus.NewRegistry(),
		turns: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "chumrok_turns_total",
			Help: "Messages taken from phones, by provider, channel and result (fresh, repeat, refused)."}, []string{"provider", "channel", "result"}),
		turnTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "chumrok_turn_seconds",
			Help: "Time from a message to its answer.", Buckets: []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 8}}, []string{"channel"}),
		sends: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "chumrok_sends_total",
			Help: "Messages given to providers, by result (handed, again, refused, throttled, broken)."}, []string{"provider", "result"}),
		due: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "chumrok_due_total",
			Help: "Due work done, by kind and result."}, []string{"kind", "result"}),
		alarms: prometheus.NewCounter(prometheus.CounterOpts{Name: "chumrok_alarms_total",
			Help: "Times that nobody at the last tier answered in time."}),
		redis: prometheus.NewCounter(prometheus.CounterOpts{Name: "chumrok_redis_missed_total",
			Help: "Turns that went on from the ledger because Redis did not answer."}),
		overBudget: prometheus.NewCounter(prometheus.CounterOpts{Name: "chumrok_over_budget_total",
			Help: "Answers to callers that were kept and not sent because the day's budget was used up."}),
		ignored: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "chumrok_ignored_total",
			Help: "Things that providers told and that are about no message."}, []string{"provider", "what"}),
		spooled: prometheus.NewCounter(prometheus.CounterOpts{Name: "chumrok_spooled_total",
			Help: "Messages, delivery reports and ends of sessions that went to the spool because the ledger could not be written, each as often as it was delivered."}),
		replayed: prometheus.NewCounter(prometheus.CounterOpts{Name: "chumrok_replayed_total",
			Help: "Of those, how many went from the spool into the ledger."}),
		erased: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "chumrok_erased_total",
			Help: "What was erased because its time was over, by kind, and again after a restore."}, []string{"what"}),
		rewrapped: prometheus.NewCounter(prometheus.CounterOpts{Name: "chumrok_rewrapped_total",
			Help: "Data keys of conversations that were moved from an older key to the month's."}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{Name: "chumrok_panics_total", Help: "Hooks that panicked."}),
	}
	m.registry.MustRegister(m.turns, m.turnTime, m.sends, m.due, m.alarms, m.redis, m.panics, m.overBudget, m.rewrapped, m.ignored, m.spooled, m.replayed, m.erased,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// watchSpool shows what waits for the ledger.
func (m *meter) watchSpool(s *spool.Spool) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "chumrok_spool_waiting",
			Help: "Messages that wait in this process's spool for the ledger."}, func() float64 { return float64(s.Waiting()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "chumrok_spool_broken",
			Help: "Messages of the spool that could not be read or replayed; anything above 0 needs a person."}, func() float64 { return float64(s.Broken()) }))
}

// watchUnanswered shows how many referrals and holds nobody at the last tier has answered, counted at each look.
func (m *meter) watchUnanswered(count func() (int, error)) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "chumrok_unanswered_at_last_tier",
		Help: "Referrals and holds that nobody at the last tier has answered; anything above 0 needs a person now, and NaN means that the database does not answer."},
		func() float64 {
			n, err := count()
			if err != nil {
				return math.NaN()
			}
			return float64(n)
		}))
}

// watchClock shows how far the machine's clock is from the gateway's time.
func (m *meter) watchClock(state func() steadyclock.State) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "chumrok_clock_off_seconds",
		Help: "How far the machine's clock is behind the time that the gateways have reached, or, below 0, ahead of it and not believed yet; anything but about 0 needs a person."},
		func() float64 {
			s := state()
			return (s.Behind - s.Ahead).Seconds()
		}))
}

// watchKeys shows how much is wrong with the keys of months.
func (m *meter) watchKeys(count func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "chumrok_keys_trouble",
		Help: "What is wrong with the keys of months; anything above 0 needs a person, and /readyz says what."}, func() float64 { return float64(count()) }))
}

// watchProvider shows how a provider does, one line for each state.
func (m *meter) watchProvider(name string, state func() outbox.State) {
	for _, one := range outbox.States() {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "chumrok_provider_state",
			Help:        "1 for the state that a provider is in: working, silent (gives no sure answer), throttled (asked to wait), broken (its set-up needs a person).",
			ConstLabels: prometheus.Labels{"provider": name, "state": string(one)}},
			func() float64 {
				if state() == one {
					return 1
				}
				return 0
			}))
	}
}

func (m *meter) turn(provider, channel, result string, started time.Time) {
	m.turns.WithLabelValues(provider, channel, result).Inc()
	m.turnTime.WithLabelValues(channel).Observe(time.Since(started).Seconds())
}
