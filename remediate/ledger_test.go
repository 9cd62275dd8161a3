package remediate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

func TestS17RefusedAnswersAreInTheLedger(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve}, withLedger)
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	for _, a := range []finding.Answer{
		{Choice: finding.ChooseRevert, Principal: "user:eve@example.com", Via: "slack:T0123/U09", Digest: f.Plan.Digest},
		{Choice: finding.ChooseKeep, Principal: "user:" + mallory, Via: "cli", Reason: "mine", Digest: f.Plan.Digest},
		{Choice: finding.ChooseUndo, Principal: "user:ada@example.com", Via: "cli", Digest: f.Plan.Digest},
	} {
		var refused *finding.RefusedError
		if _, err := g.Answer(t.Context(), f.ID, a); !errors.As(err, &refused) {
			t.Fatalf("%+v: %v, want a refusal", a, err)
		}
		e := g.lastEntry()
		if e.Kind != trail.Refused || e.Who != a.Principal || e.Via != a.Via || e.Finding != f.ID || e.Plan != a.Digest ||
			e.Class == "" || e.What != string(a.Choice)+": "+refused.Why {
			t.Errorf("%+v is recorded as %+v", a, e)
		}
	}
	if n := len(g.stored(f.ID).Timeline); n != len(f.Timeline) {
		t.Error("a refusal is in the trail of the finding")
	}
}

func TestS17ThePauseAndWhoWasRefusedItAreInTheLedger(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{}, withLedger)
	_, err := g.Desk().Pause(t.Context(), "user:eve@example.com", "cli", "fun", time.Hour)
	if e := g.lastEntry(); err == nil || e.Kind != trail.Refused || e.Who != "user:eve@example.com" || !strings.HasPrefix(e.What, "pause: ") {
		t.Errorf("refused (%v): %+v", err, e)
	}
	g.pause(time.Hour)
	if e := g.lastEntry(); e.Kind != trail.Paused || e.Who != ada || !strings.Contains(e.What, "a release is on its way") {
		t.Errorf("paused: %+v", e)
	}
	_, err = g.Desk().Resume(t.Context(), ada, "cli", "done")
	g.must(err)
	if e := g.lastEntry(); e.Kind != trail.Resumed || e.Who != ada {
		t.Errorf("resumed: %+v", e)
	}
	g.pause(time.Hour)
	g.pass(time.Hour)
	g.sweepOnce()
	g.sweepOnce()
	if e := g.lastEntry(); e.Kind != trail.Resumed || e.Who != "" || e.N != 5 {
		t.Errorf("ended by itself: %+v, want it once", e)
	}
}

func TestTheEndOfAnExemptionIsInTheLedgerOnce(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve}, withLedger)
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	f.State, f.Exemption = state.Exempted, &finding.Exemption{Until: g.Clock().Add(time.Hour)}
	f.DueAt, f.EndedAt = f.Exemption.Until, g.Clock()
	_, err := g.Store.Update(t.Context(), f)
	g.must(err)
	for range 3 {
		g.pass(40 * time.Minute)
		g.sweepOnce()
	}
	if e := g.lastEntry(); e.Kind != trail.ExemptionEnded || e.Finding != f.ID || e.N != 1 {
		t.Errorf("recorded is %+v, want its end once", e)
	}
}

func withLedger(c *setup) { c.Ledger = trail.NewLedger(c.Store, c.Now, c.Log) }

func (g *rig) lastEntry() (last trail.Record) {
	g.t.Helper()
	for e, err := range g.Ledger.Records(g.t.Context(), time.Time{}, g.Clock().Add(time.Minute)) {
		g.must(err)
		last = e
	}
	return last
}

func TestS17WhatAFloodOfRefusalsCostsIsBounded(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{}, withLedger)
	long := strings.Repeat("<", 100_000)
	for range 200 {
		g.Desk().Refused(t.Context(), long, finding.Answer{Choice: finding.Choice(long), Principal: long, Via: long, Digest: long}, long, long)
	}
	n := g.lastEntry().N
	if n > 100 {
		t.Fatalf("%d entries of 200 refusals in a minute", n)
	}
	g.pass(time.Minute)
	g.sweepOnce()
	e := g.lastEntry()
	if e.Count != 200-n || e.Kind != trail.Refused {
		t.Errorf("%d are recorded, and then %+v; want the number of the others", n, e)
	}
	if b, err := json.Marshal(e); err != nil || len(b) > 20_000 {
		t.Errorf("an entry of %d bytes", len(b))
	}
	if _, err := g.Ledger.Verify(t.Context(), time.Time{}, g.Clock().Add(time.Minute)); err != nil {
		t.Error(err)
	}
}

func TestALedgerThatCannotBeWrittenChangesNoAnswerAndIsLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	g := newRig(t, set{public: policies.Approve}, func(c *setup) {
		c.Ledger = trail.NewLedger(broken{c.Store}, c.Now, slog.New(slog.NewTextHandler(&log, nil)))
	})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	_, err := g.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: "user:eve@example.com", Digest: f.Plan.Digest})
	var refused *finding.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(refused.Why, "not an approver") {
		t.Errorf("answer: %v, want the refusal as it is", err)
	}
	if s := log.String(); !strings.Contains(s, "level=ERROR") || !strings.Contains(s, "user:eve@example.com") || !strings.Contains(s, "struck") {
		t.Errorf("logged: %s", s)
	}
	g.pause(time.Hour)
}

// broken is a store that keeps no cell.
type broken struct{ cells.Store }

func (broken) Cell(context.Context, string) (cells.Cell, error) {
	return cells.Cell{}, errStruck
}
