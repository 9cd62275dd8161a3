package remediate_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// exhausted is what Google answers who asks too often.
func exhausted(t *testing.T, retry time.Duration) error {
	t.Helper()
	s, err := status.New(codes.ResourceExhausted, "Quota exceeded for quota metric 'Write requests'").
		WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(retry)})
	if err != nil {
		t.Fatal(err)
	}
	return s.Err()
}

// settle delivers what was logged, again for as long as it is refused, and
// sweeps until the finding ends. It returns the states in between as well.
func (g *rig) settle() (f finding.Finding, states []state.State) {
	g.t.Helper()
	for _, c := range g.events() {
		for try := 0; ; try++ {
			o, err := g.Handle(g.t.Context(), c)
			if err == nil {
				for _, found := range o.Findings {
					f = found
				}
				break
			}
			if try == 10 {
				g.t.Fatalf("still refused: %v", err)
			}
			g.pass(30 * time.Second) // Pub/Sub delivers it again
		}
	}
	if f.ID == "" {
		g.t.Fatal("no finding")
	}
	for f = g.stored(f.ID); !f.State.Ended() || len(f.Outbox) > 0; f = g.stored(f.ID) {
		if states = append(states, f.State); len(states) > 40 {
			g.t.Fatalf("it does not end: %s (%s), due %s", f.State, f.Why, f.DueAt)
		}
		g.pass(max(time.Second, f.DueAt.Sub(g.Clock())))
		_, err := g.Sweep(g.t.Context())
		g.must(err)
	}
	return f, states
}

func TestEachFaultOfGoogleCloudEndsInAStatedOutcome(t *testing.T) {
	t.Parallel()
	const set1, get1, update1 = "Services.SetIamPolicy", "Services.GetIamPolicy", "Services.UpdateService"
	publish := func(g *rig) { g.grant(apiPath, "roles/run.invoker", "allUsers") }
	redeploy := func(g *rig) { g.deploy(defaultAccount) }
	for _, tt := range []struct {
		name   string
		mess   func(*rig)
		fault  func(*rig)
		state  state.State
		says   string
		before state.State // the finding was, or never was
		writes int
	}{
		{"a lost race is run again", publish,
			func(g *rig) { g.cloud.Fail(set1, 3, codes.Aborted) }, state.Reverted, "removed", "", 1},
		{"races lost again and again are left to the sweep", publish,
			func(g *rig) { g.cloud.Fail(set1, 7, codes.Aborted) }, state.Reverted, "removed", state.Applying, 1},
		{"races lost for an hour are given up", publish,
			func(g *rig) { g.cloud.Fail(set1, 1000, codes.Aborted) }, state.Failed, "not applied: remove-grants on //run.googleapis.com/" + apiPath + ": somebody else keeps changing it", state.Applying, 0},
		{"what is unavailable to read is delivered again", publish,
			func(g *rig) { g.cloud.Fail(get1, 3, codes.Unavailable) }, state.Reverted, "removed", "", 1},
		{"what is unavailable to write is tried again by the sweep", publish,
			func(g *rig) { g.cloud.Fail(set1, 3, codes.Unavailable) }, state.Reverted, "removed", state.Applying, 1},
		{"what stays unavailable for long is written when it is back", publish,
			func(g *rig) { g.cloud.Fail(set1, 30, codes.Unavailable) }, state.Reverted, "removed", state.Applying, 1},
		{"what is exhausted is left alone for as long as it says", publish,
			func(g *rig) { g.cloud.FailWith(set1, 1, exhausted(t, 10*time.Minute)) }, state.Reverted, "removed", state.Applying, 1},
		{"a missing permission blocks at once", publish,
			func(g *rig) { g.cloud.Fail(set1, 1000, codes.PermissionDenied) }, state.Blocked, "permission run.services.setIamPolicy missing on //run.googleapis.com/" + apiPath, "", 0},
		{"a write whose answer is lost is not made again", publish,
			func(g *rig) { g.cloud.FailAfter(set1, 1, codes.DeadlineExceeded) }, state.Reverted, "removed", state.Applying, 1},
		{"a deploy whose answer is lost is not made again", redeploy,
			func(g *rig) { g.cloud.FailAfter(update1, 1, codes.DeadlineExceeded) }, state.Reverted, "runs as " + apiAccount, state.Applying, 1},
		{"reads that lag behind the write are waited for", publish,
			func(g *rig) { g.cloud.LagReads(3) }, state.Reverted, "verified", "", 1},
		{"reads that lag for long are uncertain until they show", publish,
			func(g *rig) { g.cloud.LagReads(12) }, state.Reverted, "verified", state.Uncertain, 1},
		{"reads that never show are given up", publish,
			func(g *rig) { g.cloud.LagReads(10_000) }, state.Failed, "not finished: ", state.Uncertain, 1},
		{"an operation that never ends is given up, saying that it began", redeploy,
			func(g *rig) { g.cloud.NeverFinish(true) }, state.Failed, "not finished: ", state.Applying, 1},
		{"a revision that never becomes ready fails in Google's words", redeploy,
			func(g *rig) { g.cloud.RefuseToStart(apiAccount) }, state.Failed, "not finished: restore-identity on", "", 1},
		{"a rehearsal that is refused fails with no write", redeploy,
			func(g *rig) {
				g.cloud.FailWith(update1, 1, status.Error(codes.FailedPrecondition, "constraint iam.allowedX is violated"))
			}, state.Failed, "not applied: restore-identity on //run.googleapis.com/" + apiPath + ": nothing was written: set identity of //run.googleapis.com/" + apiPath + ": refused: FailedPrecondition: constraint iam.allowedX is violated", "", 0},
		{"a rehearsal that is denied blocks with no write", redeploy,
			func(g *rig) { g.cloud.Fail(update1, 1, codes.PermissionDenied) }, state.Blocked, "not applied: ", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, set{public: policies.Revert, identity: policies.Revert})
			tt.mess(g)
			tt.fault(g)
			f, states := g.settle()
			g.want(f, tt.state, tt.says)
			if tt.before != "" && !slices.Contains(states, tt.before) {
				t.Errorf("it was %v on the way, want %s among them", states, tt.before)
			}
			if tt.before == "" && len(states) > 0 {
				t.Errorf("it was %v on the way, want it ended at once", states)
			}
			if n := g.writes(); n != tt.writes {
				t.Errorf("%d writes, want %d", n, tt.writes)
			}
		})
	}
}

func TestFiftyRevertsInOneRegionStayBelowTwentyWritesAMinute(t *testing.T) {
	t.Parallel()
	const services = 50
	g := newRig(t, set{public: policies.Revert}, func(c *setup) {
		c.Limits = remediate.Limits{}
		c.Judge.MaxEventAge = 0
	})
	var paths []string
	for i := range services {
		paths = append(paths, g.addService(i))
	}
	for _, p := range paths {
		g.grant(p, "roles/run.invoker", "allUsers")
	}
	changes := g.events()
	for len(changes) > 0 { // what is refused comes again
		var again = changes[:0]
		for _, c := range changes {
			if _, err := g.Handle(t.Context(), c); err != nil {
				again = append(again, c)
			}
		}
		changes = again
		g.pass(5 * time.Second)
	}
	g.sweepUntilDone()
	for _, p := range paths {
		if slices.Contains(g.members(p, "roles/run.invoker"), "allUsers") {
			t.Errorf("%s is still public", p)
		}
	}
	sent := g.writeTimes()
	if len(sent) != services {
		t.Errorf("%d writes, want %d", len(sent), services)
	}
	for i := 20; i < len(sent); i++ {
		if d := sent[i].Sub(sent[i-20]); d < time.Minute {
			t.Fatalf("21 writes within %s", d)
		}
	}
}

func (g *rig) addService(i int) string {
	g.t.Helper()
	path := fmt.Sprintf("projects/pay-prod/locations/europe-west1/services/s%d", i)
	g.must(g.cloud.PutService(&runpb.Service{Name: path, Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount}}))
	return path
}

func (g *rig) sweepUntilDone() {
	g.t.Helper()
	for range 200 {
		open, err := g.Store.Findings(g.t.Context(), finding.Query{States: state.Open()})
		g.must(err)
		if len(open) == 0 {
			return
		}
		g.pass(5 * time.Second)
		_, err = g.Sweep(g.t.Context())
		g.must(err)
	}
	g.t.Fatal("findings stay open")
}

// writeTimes is when rescind wrote, by the log.
func (g *rig) writeTimes() []time.Time {
	g.t.Helper()
	var out []time.Time
	for _, c := range g.events() {
		if c.Actor.Principal == "serviceAccount:"+self {
			out = append(out, c.Time)
		}
	}
	return out
}
