package remediate_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"google.golang.org/grpc/codes"
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
	t.Parallel()
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
	t.Parallel()
	g := confirming(t, set{editor: policies.Revert})
	g.unseen("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
	g.grant("projects/pay-prod", "roles/viewer", "user:bob@example.com")
	c := g.events()[0]
	c.Deltas = cloud.Deltas(cloud.Add, []cloud.Grant{{Role: "roles/editor", Member: "serviceAccount:" + apiAccount}})
	g.want(g.handleOne(c), state.Pending, "no grant of roles/editor")
}

func TestAnEntryOfAnotherResourceIsAsked(t *testing.T) {
	t.Parallel()
	g := confirming(t, set{public: policies.Revert})
	g.unseen(apiPath, "roles/run.invoker", "allUsers")
	g.deploy(apiAccount)
	c := g.events()[0]
	c.Verb, c.Half, c.Operation, c.Workload, c.Resource = cloud.SetPolicy, cloud.Whole, "", nil, apiService
	g.want(g.handleOne(c), state.Pending, "operation")
}

func TestAnEntryThatShowsLateIsWaitedFor(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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
		g.want(f, state.Waiting, "looked for again, for a quarter of an hour: the entry could not be looked up in Cloud Logging")
		g.sweepFor(14 * time.Minute)
		g.want(g.stored(f.ID), state.Waiting, "")
		g.sweepFor(time.Minute)
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
