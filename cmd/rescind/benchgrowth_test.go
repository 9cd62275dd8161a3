//go:build soak

package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// grownBy is what should cost nothing: findings that have ended, and projects.
type grownBy struct{ ended, projects int }

func (b *bench) growths() []grownBy {
	return []grownBy{{0, 1}, {b.of(5_000, 100), 1}, {0, b.of(10_000, 20)}}
}

// growth measures the same twenty reverts, beside little and beside much.
func (b *bench) growth(t *testing.T) (table string) {
	for _, g := range b.growths() {
		table += fmt.Sprintf("| %d | %d | %s |\n", g.ended, g.projects, strings.Join(b.beside(t, g), " | "))
	}
	return table
}

func (b *bench) beside(t *testing.T, g grownBy) []string {
	const reverts = 20
	w := b.world(t)
	w.filled(g.ended)
	w.services(g.projects, max(1, reverts/g.projects))
	w.opened = w.opened[:reverts]
	entries := w.told(granted("allUsers"))
	w.start()
	_, due := w.paced(entries, 10, "m")
	w.settled(t, reverts, 30*time.Second)
	var took []time.Duration
	w.mu.Lock()
	for n, path := range w.opened {
		took = append(took, w.done[path].Sub(due[n]))
	}
	w.mu.Unlock()
	token, err := w.pusher.Token()
	w.must(err)
	again := posted(t, w.pid(), w.port, token, pushBody(entries[0], "0"), b.of(8_000, 400))
	w.end(syscall.SIGTERM)
	a := w.ahead(0)
	sweep := timed(func() error { _, err := a.Sweep(t.Context()); return err }, w)
	list := timed(func() error { _, err := a.Store().Findings(t.Context(), finding.Query{Limit: 200}); return err }, w)
	return []string{us(again), ms(quantile(took, 0.5)), ms(sweep), ms(list)}
}

func timed(do func() error, w *soakWorld) time.Duration {
	began := time.Now()
	w.must(do())
	return time.Since(began)
}

// filled puts so many findings that have ended into the store.
func (w *soakWorld) filled(ended int) {
	w.t.Helper()
	s, err := bolt.Open(filepath.Join(w.dir, "state.db"))
	w.must(err)
	for i := range ended {
		res := cloud.RunResource(cloud.RunService, "shop-000", "europe-west1", fmt.Sprintf("web-%03d", i%20))
		at := time.Now().Add(-time.Duration(ended-i) * time.Minute)
		f := finding.Finding{
			ID: fmt.Sprintf("%026d", i), Policy: "no-public-invoker", Resource: res, State: state.Reverted, CreatedAt: at, EndedAt: at,
			Plan: judge.NewPlan([]judge.Step{{Kind: policies.RemoveGrants, Resource: res}}, ""),
		}
		_, err := s.Create(w.t.Context(), f)
		w.must(err)
	}
	w.must(s.Close())
}
