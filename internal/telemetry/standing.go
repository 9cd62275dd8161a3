package telemetry

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Standing is what the store held when a sweep looked: how things stand, whichever
// process made them so, so that it outlives an instance that was scaled to zero.
type Standing struct {
	At       time.Time
	Open     map[string]Line // by state; each open state is there
	Effects  map[string]Line // by effect; each is there
	Owed     Line            // changes that are still to be judged
	Paused   bool
	Complete bool // false: there is more than was looked at
}

// Line is how many wait, and since when the first of them does; zero for none.
type Line struct {
	N     int
	Since time.Time
}

// Add counts one more that waits since then.
func (l Line) Add(since time.Time) Line {
	if l.N == 0 || since.Before(l.Since) {
		l.Since = since
	}
	l.N++
	return l
}

// staleAfter is when how things stood is not told any more: nobody sweeps here, and what
// stands still on a chart would look as if somebody did.
const staleAfter = 5 * time.Minute

// standing is the last Standing that was seen.
type standing struct {
	mu   sync.Mutex
	last Standing
}

// Stands has the gauges show s from now on.
func (t *Telemetry) Stands(s Standing) {
	if t == nil {
		return
	}
	t.standing.mu.Lock()
	defer t.standing.mu.Unlock()
	t.standing.last = s
}

// StandingDue reports whether how things stand is to be looked up: once a minute, as each
// look reads the store.
func (t *Telemetry) StandingDue() bool {
	if t == nil {
		return false
	}
	t.standing.mu.Lock()
	defer t.standing.mu.Unlock()
	return t.now().Sub(t.standing.last.At) >= time.Minute-time.Second // the scheduler is not to the second
}

func (s *standing) observe(m metric.Meter, now func() time.Time) error {
	var errs []error
	number := func(name, unit, what string) metric.Int64ObservableGauge {
		g, err := m.Int64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(what))
		errs = append(errs, err)
		return g
	}
	age := func(name, what string) metric.Float64ObservableGauge {
		g, err := m.Float64ObservableGauge(name, metric.WithUnit("s"), metric.WithDescription(what))
		errs = append(errs, err)
		return g
	}
	open, openAge := number("rescind.findings.open", "{finding}", "Findings that did not end, by state"), age("rescind.findings.open.age", "Age of the oldest of them")
	effects, effectsAge := number("rescind.effects.owed", "{effect}", "Effects that are owed, by effect"), age("rescind.effects.owed.age", "Age of the oldest of them")
	owed, owedAge := number("rescind.changes.owed", "{change}", "Changes that are still to be judged"), age("rescind.changes.owed.age", "Age of the oldest of them")
	paused := number("rescind.paused", "1", "Whether rescind is paused")
	more := number("rescind.findings.more", "1", "Whether there are more findings than the gauges count")
	_, err := m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		s.mu.Lock()
		last := s.last
		s.mu.Unlock()
		at := now()
		if at.Sub(last.At) > staleAfter {
			return nil
		}
		line := func(n metric.Int64Observable, age metric.Float64Observable, l Line, as ...attribute.KeyValue) {
			o.ObserveInt64(n, int64(l.N), metric.WithAttributes(as...))
			seconds := 0.0
			if l.N > 0 {
				seconds = max(at.Sub(l.Since), 0).Seconds()
			}
			o.ObserveFloat64(age, seconds, metric.WithAttributes(as...))
		}
		for state, l := range last.Open {
			line(open, openAge, l, attribute.String("state", state))
		}
		for effect, l := range last.Effects {
			line(effects, effectsAge, l, attribute.String("effect", effect))
		}
		line(owed, owedAge, last.Owed)
		o.ObserveInt64(paused, bit(last.Paused))
		o.ObserveInt64(more, bit(!last.Complete))
		return nil
	}, open, openAge, effects, effectsAge, owed, owedAge, paused, more)
	return errors.Join(append(errs, err)...)
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
