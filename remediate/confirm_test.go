package remediate_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// confirming is a rig that looks up the entry behind every revert.
func confirming(t *testing.T, enforce set, change ...func(*setup)) *rig {
	t.Helper()
	return newRig(t, enforce, append([]func(*setup){func(c *setup) {
		c.Entries = c.Facts.(remediate.EntryClient)
	}}, change...)...)
}

// handleOne handles a change of which one finding is expected.
func (g *rig) handleOne(c cloud.Change) finding.Finding {
	g.t.Helper()
	o, err := g.Handle(g.t.Context(), c)
	g.must(err)
	if len(o.Findings) != 1 {
		g.t.Fatalf("%s, %d findings, want one", o.Kind, len(o.Findings))
	}
	return g.stored(o.Findings[0].ID)
}

func (g *rig) sweepFor(d time.Duration) {
	g.t.Helper()
	for end := g.Clock().Add(d); g.Clock().Before(end); {
		g.pass(15 * time.Second)
		_, err := g.Sweep(g.t.Context())
		g.must(err)
	}
}

func TestARevertWhoseEntryIsInCloudLoggingIsMade(t *testing.T) {
	for name, tt := range map[string]struct {
		policy string
		do     func(*rig)
	}{
		"a grant on a service": {public, func(g *rig) { g.grant(apiPath, "roles/run.invoker", "allUsers") }},
		"a grant on a project, with its delta": {editor, func(g *rig) {
			g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
		}},
		"a deploy, in two halves": {identity, func(g *rig) { g.deploy(defaultAccount) }},
	} {
		t.Run(name, func(t *testing.T) {
			g := confirming(t, set{tt.policy: policies.Revert})
			tt.do(g)
			g.want(g.one(), state.Reverted, "verified")
		})
	}
}

func TestAForgedEventIsAsked(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		forge func(*cloud.Change)
		says  string
	}{
		"with an insertId of its own":     {func(c *cloud.Change) { c.InsertID = "forged" }, "Cloud Logging has no such entry"},
		"of another time":                 {func(c *cloud.Change) { c.Time = c.Time.Add(time.Nanosecond) }, "Cloud Logging has no such entry"},
		"without an insertId":             {func(c *cloud.Change) { c.InsertID, c.ID = "", "" }, "it has no insertId"},
		"that says another method":        {func(c *cloud.Change) { c.Method = "google.cloud.run.v1.Services.SetIamPolicy" }, `method "google.cloud.run.v2.Services.SetIamPolicy"`},
		"that says another actor":         {func(c *cloud.Change) { c.Actor.Principal = "user:bob@example.com" }, `actor "user:` + mallory},
		"of another service":              {func(c *cloud.Change) { c.Service = "iam.googleapis.com" }, `service "run.googleapis.com"`},
		"in a log that is somebody's own": {func(c *cloud.Change) { c.LogName = strings.Replace(c.LogName, "pay-prod", "theirs", 1) }, "Cloud Logging has no such entry"},
		"in a log that is none":           {func(c *cloud.Change) { c.LogName = "theirs" }, "could not be looked up"},
		"with a filter for an insertId":   {func(c *cloud.Change) { c.InsertID = `x" OR insertId="y` }, "want printable ASCII"},
	} {
		t.Run(name, func(t *testing.T) {
			g := confirming(t, set{public: policies.Revert})
			g.cloud.AddProject("theirs", "999")
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			c := g.events()[0]
			tt.forge(&c)
			f := g.handleOne(c)
			g.sweepFor(2 * time.Minute)
			f = g.stored(f.ID)
			g.want(f, state.Pending, tt.says)
			if n := g.writes(); n != 0 || !f.Guarded {
				t.Errorf("%d writes, guarded %v; want none, and silence never to revert", n, f.Guarded)
			}
		})
	}
}

// An old grant, and a true entry that says nothing of it.
func TestAGrantThatTheEntryDoesNotMakeIsAsked(t *testing.T) {
	g := confirming(t, set{editor: policies.Revert})
	g.unseen("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
	g.grant("projects/pay-prod", "roles/viewer", "user:bob@example.com")
	c := g.events()[0]
	c.Deltas = cloud.Deltas(cloud.Add, []cloud.Grant{{Role: "roles/editor", Member: "serviceAccount:" + apiAccount}})
	g.want(g.handleOne(c), state.Pending, "no grant of roles/editor")
}

func TestAnEntryOfAnotherResourceIsAsked(t *testing.T) {
	g := confirming(t, set{public: policies.Revert})
	g.unseen(apiPath, "roles/run.invoker", "allUsers")
	g.deploy(apiAccount)
	c := g.events()[0]
	c.Verb, c.Half, c.Operation, c.Workload, c.Resource = cloud.SetPolicy, cloud.Whole, "", nil, apiService
	g.want(g.handleOne(c), state.Pending, "operation")
}

func TestAnEntryThatShowsLateIsWaitedFor(t *testing.T) {
	g := confirming(t, set{public: policies.Revert})
	g.cloud.LagLogs(40 * time.Second)
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.want(f, state.Waiting, "looked for again, for two minutes: Cloud Logging has no such entry")
	g.sweepFor(30 * time.Second)
	g.want(g.stored(f.ID), state.Waiting, "")
	g.sweepFor(15 * time.Second)
	f = g.stored(f.ID)
	g.want(f, state.Reverted, "verified")
	if n := len(f.Timeline); n != 4 { // waiting, approved, applying, reverted
		t.Errorf("%d lines in the timeline, want four: %+v", n, f.Timeline)
	}
}

func TestAnEntryThatDoesNotShowInTwoMinutesIsAsked(t *testing.T) {
	g := confirming(t, set{public: policies.Revert})
	g.cloud.LagLogs(time.Hour)
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.sweepFor(105 * time.Second)
	g.want(g.stored(f.ID), state.Waiting, "")
	g.sweepFor(15 * time.Second)
	g.want(g.stored(f.ID), state.Pending, "the event may be forged")
}

func TestAnEntryThatCannotBeLookedUpIsAsked(t *testing.T) {
	t.Run("at once where rescind may not", func(t *testing.T) {
		g := confirming(t, set{public: policies.Revert})
		g.cloud.Fail("ListLogEntries", 1, codes.PermissionDenied)
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		g.want(g.one(), state.Pending, "permission logging.logEntries.list missing")
	})
	t.Run("in the end where it is down", func(t *testing.T) {
		g := confirming(t, set{public: policies.Revert})
		g.cloud.Fail("ListLogEntries", 1000, codes.Unknown)
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		f := g.one()
		g.want(f, state.Waiting, "could not be looked up in Cloud Logging")
		g.sweepFor(2 * time.Minute)
		g.want(g.stored(f.ID), state.Pending, "could not be looked up in Cloud Logging")
	})
	t.Run("not at all where it comes back", func(t *testing.T) {
		g := confirming(t, set{public: policies.Revert})
		g.cloud.Fail("ListLogEntries", 1, codes.Unknown)
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		f := g.one()
		g.sweepFor(15 * time.Second)
		g.want(g.stored(f.ID), state.Reverted, "")
	})
}

// entriesAsked counts what is asked of Cloud Logging.
type entriesAsked struct {
	remediate.EntryClient
	n int
}

func (e *entriesAsked) Entry(ctx context.Context, c cloud.Change) ([]byte, error) {
	e.n++
	return e.EntryClient.Entry(ctx, c)
}

func TestOnlyARevertThatNobodyIsAskedAboutIsLookedUp(t *testing.T) {
	for name, tt := range map[string]struct {
		enforce policies.Enforcement
		change  func(*setup)
		late    time.Duration
		want    state.State
		says    string
	}{
		"a policy that asks":       {policies.Approve, func(*setup) {}, 0, state.Pending, ""},
		"a policy that reports":    {policies.Audit, func(*setup) {}, 0, state.Reported, ""},
		"a stale change":           {policies.Revert, func(*setup) {}, time.Hour, state.Pending, "stale"},
		"a grace period under way": {policies.Revert, func(c *setup) { c.Limits.Grace = time.Minute }, 0, state.Waiting, "grace"},
		"a change out of scope": {policies.Revert, func(c *setup) {
			c.Scope.Exclude = []cloud.Resource{payProd}
		}, 0, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			asked := &entriesAsked{}
			g := confirming(t, set{public: tt.enforce}, func(c *setup) { asked.EntryClient, c.Entries = c.Entries, asked }, tt.change)
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			g.pass(tt.late)
			fs := g.deliver()
			if asked.n != 0 {
				t.Errorf("Cloud Logging was asked %d times", asked.n)
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
	revertOnExpiry := func(c *setup) { c.OnExpiry = remediate.RevertOnExpiry }
	g := confirming(t, set{public: policies.Approve}, revertOnExpiry)
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	c := g.events()[0]
	c.ID, c.InsertID = "forged", "forged"
	f := g.handleOne(c)
	g.want(f, state.Pending, "")
	g.pass(time.Hour)
	_, err := g.Sweep(t.Context())
	g.must(err)
	g.want(g.stored(f.ID), state.Expired, "not reverted: Cloud Logging has no such entry")

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
