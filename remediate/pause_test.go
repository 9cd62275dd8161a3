package remediate_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/group"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// pause has ada pause rescind for that long.
func (g *rig) pause(d time.Duration) {
	g.t.Helper()
	_, err := g.Desk().Pause(g.t.Context(), ada, "cli", "a release is on its way", d)
	g.must(err)
}

func (g *rig) sweepOnce() {
	g.t.Helper()
	_, err := g.Sweep(g.t.Context())
	g.must(err)
}

func TestWhilePausedNothingIsWrittenAndAnswersWait(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert, identity: policies.Approve})
	g.pause(time.Hour)
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	automatic := g.one()
	g.want(automatic, state.Approved, "waits, as rescind is paused until 2026-11-20T04:00:00Z by "+ada+": a release is on its way")
	g.deploy(defaultAccount)
	asked := g.one()
	_, err := g.Answer(t.Context(), asked.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: ada, Digest: asked.Plan.Digest})
	g.must(err)
	asked, err = g.Work(t.Context(), asked.ID)
	g.must(err)
	g.want(asked, state.Approved, "waits, as rescind is paused")
	lines := len(g.stored(automatic.ID).Timeline)
	for range 3 {
		g.pass(6 * time.Minute)
		g.sweepOnce()
	}
	if n := len(g.stored(automatic.ID).Timeline); n != lines {
		t.Errorf("the timeline grew from %d to %d lines while it waited", lines, n)
	}
	if n := g.writes(); n != 0 {
		t.Fatalf("%d writes, want none while paused", n)
	}

	_, err = g.Desk().Resume(t.Context(), "user:"+mallory, "cli", "")
	g.must(err)
	g.sweepOnce()
	g.want(g.stored(asked.ID), state.Reverted, "runs as "+apiAccount)
	g.want(g.stored(automatic.ID), state.Pending, "too old to be reverted without being asked")
}

func TestAShortPauseHoldsUpAnAutomaticRevertAndNoMore(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.pause(10 * time.Minute)
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	for range 3 { // the last at the moment it ends by itself
		g.pass(5 * time.Minute)
		g.sweepOnce()
	}
	g.want(g.stored(f.ID), state.Reverted, "verified")
	if n := g.writes(); n != 1 {
		t.Errorf("%d writes, want one", n)
	}
}

func TestAnUndoWaitsForThePauseToEnd(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.pause(time.Hour)
	u, err := g.Answer(t.Context(), f.ID, undoBy(ada, f))
	g.must(err)
	u, err = g.Work(t.Context(), u.ID)
	g.must(err)
	g.want(u, state.Approved, "waits, as rescind is paused")
	g.pass(time.Hour)
	g.sweepOnce()
	g.want(g.stored(u.ID), state.Undone, "")
}

func TestWhetherItIsPausedMustBeKnown(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, func(c *setup) { c.Store = forgetful{c.Store} })
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.want(g.one(), state.Approved, "")
	if n := g.writes(); n != 0 {
		t.Errorf("%d writes, want none while nobody knows whether it is paused", n)
	}
}

// forgetful is a store that cannot say whether rescind is paused.
type forgetful struct{ remediate.Store }

func (forgetful) Pause(context.Context) (desk.Pause, error) {
	return desk.Pause{}, errors.New("unavailable")
}

func TestWhoMayPauseAndHowLong(t *testing.T) {
	t.Parallel()
	g := newRig(t, nil)
	desk := g.Desk()
	for _, tt := range []struct {
		name, by, reason string
		d                time.Duration
		says             string
	}{
		{"a stranger", "user:eve@example.com", "why", time.Hour, "is not an approver"},
		{"without a reason", ada, "\t", time.Hour, "takes a reason"},
		{"a novel for a reason", ada, strings.Repeat("x", 501), time.Hour, "at most 500"},
		{"longer than a day", ada, "why", 24*time.Hour + 1, "at most 24h"},
		{"for no time", ada, "why", 0, "at most 24h"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := desk.Pause(t.Context(), tt.by, "cli", tt.reason, tt.d)
			refused(t, err, tt.says)
		})
	}
	_, err := desk.Resume(t.Context(), ada, "cli", "")
	refused(t, err, "not paused")
	_, err = desk.Resume(t.Context(), "user:eve@example.com", "cli", "")
	refused(t, err, "is not an approver")
	if p, err := g.Store.Pause(t.Context()); err != nil || p.Revision != 0 {
		t.Errorf("refused answers set %+v (%v)", p, err)
	}
}

func TestAPauseIsAnnouncedOnceInEveryChannelAndSoIsItsEnd(t *testing.T) {
	t.Parallel()
	crier := &crier{Plain: &notice{}, channels: []string{"C1", "C2"}}
	g := newRig(t, nil, func(c *setup) { c.Notifier = crier })
	g.pause(time.Hour)
	crier.fails = "C2"
	if _, err := g.Sweep(t.Context()); err == nil {
		t.Error("a channel that could not be told is no error")
	}
	crier.fails = ""
	g.sweepOnce() // another process has its time
	g.pass(31 * time.Second)
	g.sweepOnce()
	g.pass(31 * time.Second)
	g.sweepOnce()
	paused := "rescind is paused until 2026-11-20T04:00:00Z by " + ada + ": a release is on its way"
	want := []string{"C1 " + paused, "C2 " + paused}
	if !slices.Equal(crier.said, want) {
		t.Fatalf("said %q, want %q", crier.said, want)
	}
	g.pass(time.Hour)
	g.sweepOnce()
	g.sweepOnce()
	want = append(want, "C1 rescind works again: the pause ended by itself", "C2 rescind works again: the pause ended by itself")
	if !slices.Equal(crier.said, want) {
		t.Errorf("said %q, want %q", crier.said, want)
	}
}

// crier is a Notifier that announces in channels, one of which may fail.
type crier struct {
	group.Plain
	channels, said []string
	fails          string
}

func (c *crier) Announce(_ context.Context, text string, told []string) ([]string, error) {
	var errs []error
	for _, ch := range c.channels {
		switch {
		case slices.Contains(told, ch):
		case ch == c.fails:
			errs = append(errs, errors.New(ch+" is archived"))
		default:
			told = append(told, ch)
			c.said = append(c.said, ch+" "+text)
		}
	}
	return told, errors.Join(errs...)
}

func TestAReportedFindingCanBeRevertedByAPerson(t *testing.T) {
	t.Parallel()
	g := newRig(t, nil) // audit
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.want(f, state.Reported, "")
	a := finding.Answer{Choice: finding.ChooseKeep, Principal: ada, Digest: f.Plan.Digest}
	_, err := g.Answer(t.Context(), f.ID, a)
	refused(t, err, "the finding is reported")
	a.Choice = finding.ChooseRevert
	f, err = g.Answer(t.Context(), f.ID, a)
	g.must(err)
	if f.State != state.Approved || !f.EndedAt.IsZero() {
		t.Errorf("%s, ended %v; want approved, and no end", f.State, f.EndedAt)
	}
	f, err = g.Work(t.Context(), f.ID)
	g.must(err)
	g.want(f, state.Reverted, "verified")
}

func TestWhatIsHandedOverIsDueAtOnce(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	desk := g.Desk()
	desk.HandOver = true
	_, err := desk.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: ada, Digest: f.Plan.Digest})
	g.must(err)
	g.sweepOnce()
	f = g.stored(f.ID)
	g.want(f, state.Reverted, "verified")
	u, err := desk.Answer(t.Context(), f.ID, undoBy(ada, f))
	g.must(err)
	g.sweepOnce()
	g.want(g.stored(u.ID), state.Undone, "")
}
