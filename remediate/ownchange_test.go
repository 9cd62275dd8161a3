package remediate_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// cries is a Notifier that remembers what it was to announce; while failing,
// it reaches no channel.
type cries struct {
	notice
	said    []string
	mute    sync.Mutex
	refuses error
}

func (n *cries) Announce(_ context.Context, text string, told []string) ([]string, error) {
	n.mute.Lock()
	defer n.mute.Unlock()
	if n.refuses != nil {
		return told, n.refuses
	}
	n.said = append(n.said, text)
	return []string{"C1"}, nil
}

// watching is a rig whose alarms are heard.
func watching(t *testing.T, enforce set) (*rig, *cries) {
	t.Helper()
	n := &cries{}
	return confirming(t, enforce, withLedger, func(c *setup) { c.Notifier = n }), n
}

// asSelf is a change that bears the name of rescind.
func (g *rig) asSelf() cloud.Change {
	g.t.Helper()
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	c := g.events()[0]
	c.Actor = cloud.Actor{Principal: "serviceAccount:" + self}
	return c
}

func TestAChangeWithOurIdentityThatWeDidNotMakeRaisesOneAlarm(t *testing.T) {
	t.Parallel()
	g, n := watching(t, set{public: policies.Revert})
	c := g.asSelf()
	for range 3 { // delivered again
		if out := g.handle(c); out.Kind != remediate.OwnChange || len(out.Findings) != 0 {
			t.Errorf("outcome %+v, want our own and no finding", out)
		}
		g.pass(time.Hour)
		g.sweepOnce()
	}
	if len(n.said) != 1 || !strings.Contains(n.said[0], "somebody uses the identity of rescind: serviceAccount:"+self+" made a change to "+apiPath) {
		t.Errorf("announced %q, want it once", n.said)
	}
	if e := g.lastEntry(); e.Kind != trail.Alarm || e.N != 1 || e.What != n.said[0] {
		t.Errorf("the ledger has %+v", e)
	}
	c.ID = "another"
	g.handle(c)
	if len(n.said) != 2 {
		t.Errorf("announced %q, want another change to be another alarm", n.said)
	}
}

func TestOurOwnWritesRaiseNoAlarmWhateverTheyAre(t *testing.T) {
	t.Parallel()
	for name, mess := range map[string]func(*rig){
		"a grant":           func(g *rig) { g.grant(apiPath, "roles/run.invoker", "allUsers") },
		"an identity":       func(g *rig) { g.deploy(defaultAccount) },
		"a project's grant": func(g *rig) { g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount) },
		"a condition":       func(g *rig) { g.loseCondition("projects/pay-prod") },
		"an ingress":        func(g *rig) { g.open("internal") },
	} {
		t.Run(name, func(t *testing.T) {
			g, n := watching(t, set{
				public: policies.Revert, identity: policies.Revert, "no-editor-on-runtime-identity": policies.Revert, lostCondition: policies.Revert, ingress: policies.Revert,
			})
			mess(g)
			f := g.deliver()
			g.pass(time.Minute)
			ours := 0
			for _, c := range g.events() {
				ours++
				g.handle(c)
			}
			if ours == 0 || len(f) == 0 || len(n.said) != 0 {
				t.Errorf("%d writes by %d findings, and announced %q; want writes and no alarm", ours, len(f), n.said)
			}
			_, err := g.Answer(t.Context(), f[0].ID, finding.Answer{Choice: finding.ChooseUndo, Principal: ada, Reason: "needed", Digest: g.stored(f[0].ID).UndoPlan().Digest})
			g.must(err)
			g.pass(time.Minute)
			g.sweepOnce()
			g.pass(6 * time.Minute)
			g.sweepOnce()
			g.deliver()
			if len(n.said) != 0 {
				t.Errorf("an undo is announced as %q", n.said)
			}
		})
	}
}

func TestAWriteWhoseEventComesBeforeItsEndRaisesNoAlarm(t *testing.T) {
	t.Parallel()
	n := &cries{}
	var g *rig
	early := 0
	g = newRig(t, set{public: policies.Revert}, withLedger, func(c *setup) {
		c.Notifier = n
		c.IAM = eager{c.IAM, func() {
			for _, e := range g.events() {
				early++
				g.handle(e)
			}
		}}
	})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.want(g.one(), state.Reverted, "removed")
	if early != 1 || len(n.said) != 0 {
		t.Errorf("%d events came early, and announced %q", early, n.said)
	}
}

// eager is a policy client whose write is heard of before it returns.
type eager struct {
	remediate.PolicyClient
	heard func()
}

func (e eager) SetPolicy(ctx context.Context, r cloud.Resource, p cloud.AllowPolicy) error {
	err := e.PolicyClient.SetPolicy(ctx, r, p)
	e.heard()
	return err
}

func TestAnImpostorCannotHideBehindWhatRescindDid(t *testing.T) {
	t.Parallel()
	g, n := watching(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.want(g.one(), state.Reverted, "removed")
	g.deliver()
	c := g.asSelf()
	for name, change := range map[string]func(*cloud.Change){
		"a deploy":   func(c *cloud.Change) { c.Verb = cloud.Update },
		"a deletion": func(c *cloud.Change) { c.Verb = cloud.Delete },
		"another resource": func(c *cloud.Change) {
			c.Resource = cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "web")
		},
		"hours later":     func(c *cloud.Change) { c.Time = c.Time.Add(3 * time.Hour) },
		"before we began": func(c *cloud.Change) { c.Time = c.Time.Add(-3 * time.Hour) },
		"more than we took out": func(c *cloud.Change) {
			c.HasDelta, c.Deltas = true, cloud.Deltas(cloud.Add, []cloud.Grant{{Role: "roles/owner", Member: "user:x@example.com"}})
		},
	} {
		n.said = nil
		other := c
		other.ID = name
		change(&other)
		g.handle(other)
		if len(n.said) != 1 {
			t.Errorf("%s: announced %q, want an alarm", name, n.said)
		}
	}
}

func TestAnAlarmThatReachesNobodyIsOwedUntilItDoes(t *testing.T) {
	t.Parallel()
	g, n := watching(t, set{public: policies.Revert})
	n.refuses = errors.New("Slack is down")
	g.handle(g.asSelf())
	for range 3 {
		g.pass(time.Minute)
		g.sweepOnce()
	}
	n.refuses = nil
	for range 3 {
		g.pass(time.Minute)
		g.sweepOnce()
	}
	if e := g.lastEntry(); len(n.said) != 1 || e.N != 1 {
		t.Errorf("announced %d times, and the ledger has %+v; want both once", len(n.said), e)
	}
}

func TestOneAlarmOfManyDeliveriesAtOnce(t *testing.T) {
	t.Parallel()
	g, n := watching(t, set{public: policies.Revert})
	c := g.asSelf()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := g.Handle(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(n.said) != 1 {
		t.Errorf("announced %d times", len(n.said))
	}
}
