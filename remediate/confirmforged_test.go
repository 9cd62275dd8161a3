package remediate_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestAnEntryIsLookedUpOnceForAChangeThatHasFindingsAndForNoOther(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		enforce policies.Enforcement
		change  func(*setup)
		late    time.Duration
		member  string
		asked   int
		want    state.State
		says    string
	}{
		"a policy that reverts":    {policies.Revert, func(*setup) {}, 0, "allUsers", 1, state.Reverted, ""},
		"a policy that asks":       {policies.Approve, func(*setup) {}, 0, "allUsers", 1, state.Pending, ""},
		"a policy that reports":    {policies.Audit, func(*setup) {}, 0, "allUsers", 1, state.Reported, ""},
		"a stale change":           {policies.Revert, func(*setup) {}, time.Hour, "allUsers", 1, state.Pending, "stale"},
		"a change that is fine":    {policies.Revert, func(*setup) {}, 0, "user:bob@example.com", 0, "", ""},
		"a grace period under way": {policies.Revert, func(c *setup) { c.Limits.Grace = time.Minute }, 0, "allUsers", 0, state.Waiting, "grace"},
		"a change out of scope": {policies.Revert, func(c *setup) {
			c.Scope.Exclude = []cloud.Resource{payProd}
		}, 0, "allUsers", 0, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			asked := &entriesAsked{}
			g := confirming(t, set{public: tt.enforce}, func(c *setup) { asked.EntryClient, c.Entries = c.Entries, asked }, tt.change)
			g.grant(apiPath, "roles/run.invoker", tt.member)
			g.pass(tt.late)
			fs := g.deliver()
			if asked.n != tt.asked {
				t.Errorf("Cloud Logging was asked %d times, want %d", asked.n, tt.asked)
			}
			if tt.want == "" {
				if len(fs) != 0 {
					t.Errorf("%d findings, want none", len(fs))
				}
				return
			}
			g.want(fs[0], tt.want, tt.says)
		})
	}
}

func TestGuardrailsThatMeetAnUnconfirmedEntry(t *testing.T) {
	t.Parallel()
	forged := func(c cloud.Change) cloud.Change {
		c.ID, c.InsertID = "forged", "forged"
		return c
	}
	t.Run("with a grace period it is looked up when that is over", func(t *testing.T) {
		g := confirming(t, set{public: policies.Revert}, func(c *setup) { c.Limits.Grace = 3 * time.Minute })
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		f := g.handleOne(forged(g.events()[0]))
		g.want(f, state.Waiting, "grace")
		g.sweepFor(3 * time.Minute)
		g.want(g.stored(f.ID), state.Pending, "Cloud Logging has no such entry")
	})
	t.Run("a forged event counts against no rate", func(t *testing.T) {
		g := confirming(t, set{public: policies.Revert}, func(c *setup) { c.Limits.TotalHour = 1 })
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		real := g.events()[0]
		f := g.handleOne(forged(real))
		g.sweepFor(2 * time.Minute)
		g.want(g.stored(f.ID), state.Pending, "Cloud Logging has no such entry")
		g.events()
		g.grant("projects/pay-prod/locations/europe-west1/services/api", "roles/run.invoker", "allAuthenticatedUsers")
		g.want(g.deliver()[0], state.Reverted, "")
	})
	t.Run("a true one beyond the rate is asked for that", func(t *testing.T) {
		g := confirming(t, set{public: policies.Revert}, func(c *setup) { c.Limits.TotalHour = 1 })
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		g.want(g.one(), state.Reverted, "")
		g.events()
		g.grant(apiPath, "roles/run.invoker", "allAuthenticatedUsers")
		g.want(g.one(), state.Pending, "rate: ")
	})
	t.Run("while paused it is looked up, and waits", func(t *testing.T) {
		g := confirming(t, set{public: policies.Revert})
		_, err := g.Store.SetPause(t.Context(), desk.Pause{On: true, At: g.Clock(), Until: g.Clock().Add(time.Hour), By: "user:ada@example.com", Reason: "a drill"})
		g.must(err)
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		g.want(g.one(), state.Approved, "paused")
	})
}

func TestSilenceDoesNotRevertWhatAForgedEventAskedAbout(t *testing.T) {
	t.Parallel()
	revertOnExpiry := func(c *setup) { c.OnExpiry = remediate.RevertOnExpiry }
	g := confirming(t, set{public: policies.Approve}, revertOnExpiry)
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	c := g.events()[0]
	c.ID, c.InsertID = "forged", "forged"
	f := g.handleOne(c)
	g.sweepFor(2 * time.Minute)
	g.want(g.stored(f.ID), state.Pending, "")
	g.pass(time.Hour)
	_, err := g.Sweep(t.Context())
	g.must(err)
	g.want(g.stored(f.ID), state.Expired, "not reverted: a guardrail wants a person to decide")

	g = confirming(t, set{public: policies.Approve}, revertOnExpiry)
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f = g.one()
	g.pass(time.Hour)
	_, err = g.Sweep(t.Context())
	g.must(err)
	g.want(g.stored(f.ID), state.Reverted, "")
}

// What a forged event asks about must not keep the policy from reverting the
// change when its real event comes, however late its entry shows.
func TestAForgedEventDoesNotShieldTheRealOne(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ between, lag, grace time.Duration }{
		"that was asked about":                          {2 * time.Minute, 0, 0},
		"that is waited for":                            {0, 0, 0},
		"that is waited for, as is the real one":        {0, time.Minute, 0},
		"that was asked about, when the real one waits": {2 * time.Minute, 3 * time.Minute, 0},
		"within the grace period of both":               {0, 0, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			g := confirming(t, set{public: policies.Revert}, func(c *setup) { c.Limits.Grace = tt.grace })
			g.cloud.LagLogs(tt.lag)
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			real := g.events()[0]
			forged := real
			forged.ID, forged.InsertID = "forged", "forged"
			asked := g.handleOne(forged)
			g.sweepFor(tt.between)
			o, err := g.Handle(t.Context(), real)
			g.must(err)
			g.sweepFor(2 * time.Minute)
			g.want(g.stored(o.Findings[len(o.Findings)-1].ID), state.Reverted, "")
			g.want(g.stored(asked.ID), state.Superseded, "")
		})
	}
}

func TestWhatAForgedEventAskedAboutIsToldToHaveEndedAsSoonAsTheRealOneComes(t *testing.T) {
	t.Parallel()
	g := confirming(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	real := g.events()[0]
	forged := real
	forged.ID, forged.InsertID = "forged", "forged"
	asked := g.handleOne(forged)
	g.sweepFor(2 * time.Minute)
	g.want(g.stored(asked.ID), state.Pending, "Cloud Logging has no such entry")
	g.want(g.handleOne(real), state.Reverted, "")
	asked = g.stored(asked.ID)
	g.want(asked, state.Superseded, "another event told of the change")
	if len(asked.Outbox) > 0 {
		t.Errorf("it still owes %v", asked.Outbox)
	}
}

// entriesIn is Cloud Logging as one that has every entry in another log.
type entriesIn struct {
	remediate.EntryClient
	log, real string
}

func (e entriesIn) Entry(ctx context.Context, c cloud.Change) ([]byte, error) {
	c.LogName = e.real
	b, err := e.EntryClient.Entry(ctx, c)
	return bytes.ReplaceAll(b, []byte(e.real), []byte(e.log)), err
}

func TestAnEntryHasToBeInTheLogOfWhatItIsAbout(t *testing.T) {
	t.Parallel()
	const activity = "/logs/cloudaudit.googleapis.com%2Factivity"
	for in, want := range map[string]state.State{
		"projects/pay-prod":     state.Reverted,
		"projects/264172533001": state.Reverted,
		"projects/999":          state.Pending,
		"projects/theirs":       state.Pending,
		"folders/4001":          state.Pending,
	} {
		t.Run(in, func(t *testing.T) {
			g := confirming(t, set{public: policies.Revert}, func(c *setup) {
				c.Entries = entriesIn{c.Entries, in + activity, "projects/pay-prod" + activity}
			})
			g.cloud.AddProject("theirs", "999")
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			c := g.events()[0]
			c.LogName = in + activity
			f := g.handleOne(c)
			if g.want(f, want, ""); want == state.Pending {
				g.want(f, want, "which is not that of //run.googleapis.com/"+apiPath)
			}
		})
	}
}

func TestAForgedCopyOfAnEventDecidesNothingWhileTheRealOneWaitsForItsEntry(t *testing.T) {
	t.Parallel()
	g := confirming(t, set{public: policies.Revert})
	g.cloud.LagLogs(time.Minute)
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	real := g.events()[0]
	f := g.handleOne(real)
	g.want(f, state.Waiting, "Cloud Logging has no such entry")
	g.pass(90 * time.Second) // the entry shows, and no sweep has looked
	forged := real
	forged.Actor.Principal = "user:bob@example.com"
	g.want(g.handleOne(forged), state.Waiting, "")
	g.sweepOnce()
	f = g.stored(f.ID)
	g.want(f, state.Reverted, "verified")
	if len(f.Actors) != 1 || f.Actors[0].Principal != "user:"+mallory {
		t.Errorf("made by %+v, want what Cloud Logging has", f.Actors)
	}
}
