package remediate_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/option"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

const (
	webPath     = "projects/pay-prod/locations/europe-west1/services/web"
	webAccount  = "web@pay-prod.iam.gserviceaccount.com"
	lateAccount = "late@pay-prod.iam.gserviceaccount.com"
)

// act is one thing that somebody does to Google Cloud.
type act struct {
	name string
	do   func(*rig)
}

// acts are those that a story is made of: each that violates, and each that
// takes it back. Editor goes to the accounts of the job and of the service web
// alone, whose identity rescind never restores: whether an account is one that a
// workload runs as must not hang on what was reverted first. Who finds a project
// as they want it does nothing: an entry that adds nothing has no delta and asks
// about all that is there, so it takes over the questions of before and leaves
// those to come.
func acts() []act {
	var out []act
	add := func(name string, do func(*rig)) { out = append(out, act{name, do}) }
	for _, path := range []string{apiPath, webPath} {
		for _, member := range []string{"allUsers", "allAuthenticatedUsers"} {
			add("open "+path+" to "+member, func(g *rig) { g.grant(path, "roles/run.invoker", member) })
			add("close "+path+" to "+member, func(g *rig) { g.revoke(path, "roles/run.invoker", member) })
		}
	}
	for _, account := range []string{defaultAccount, apiAccount} {
		add("deploy api as "+account, func(g *rig) { g.deployAs(apiPath, account) })
	}
	for _, account := range []string{webAccount, lateAccount} {
		add("deploy web as "+account, func(g *rig) { g.deployAs(webPath, account) })
	}
	for _, account := range []string{webAccount, lateAccount, "job@pay-prod.iam.gserviceaccount.com"} {
		member := "serviceAccount:" + account
		isEditor := func(g *rig) bool { return slices.Contains(g.members("projects/pay-prod", "roles/editor"), member) }
		add("make "+account+" editor", func(g *rig) {
			if !isEditor(g) {
				g.grant("projects/pay-prod", "roles/editor", member)
			}
		})
		add("make "+account+" no editor", func(g *rig) {
			if isEditor(g) {
				g.revoke("projects/pay-prod", "roles/editor", member)
			}
		})
	}
	return out
}

// revoke has mallory take a grant out of a policy.
func (g *rig) revoke(resource, role, member string) {
	g.t.Helper()
	g.editPolicy(resource, func(p *iampb.Policy) {
		for _, b := range p.Bindings {
			if b.Role == role {
				b.Members = slices.DeleteFunc(b.Members, func(m string) bool { return m == member })
			}
		}
		p.Bindings = slices.DeleteFunc(p.Bindings, func(b *iampb.Binding) bool { return len(b.Members) == 0 })
	})
}

// deployAs has mallory deploy a service as an account.
func (g *rig) deployAs(path, account string) {
	g.t.Helper()
	c, err := run.NewServicesClient(g.t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	_, err = c.UpdateService(g.t.Context(), &runpb.UpdateServiceRequest{
		Service:    &runpb.Service{Name: path, Template: &runpb.RevisionTemplate{ServiceAccount: account}},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"template.service_account"}},
	})
	g.must(err)
}

// ending is what a run comes to, in lines that can be compared: the grants and
// identities in Google Cloud, and each policy, resource, plan and state that a
// finding ended in or waits in. What was superseded is left out: it says that
// something else took care, and which of two changes that was is a matter of
// their order.
func (g *rig) ending() (out []string) {
	g.t.Helper()
	now := g.cloud.State()
	for _, p := range now.Policies {
		for _, gr := range p.Grants {
			out = append(out, fmt.Sprintf("%s: %s has %s", p.Resource, gr.Member, gr.Role))
		}
	}
	for _, w := range now.Workloads {
		out = append(out, fmt.Sprintf("%s runs as %s", w.Name, w.Identity))
	}
	fs, err := g.Store.Findings(g.t.Context(), finding.Query{})
	g.must(err)
	for _, f := range fs {
		if len(f.Outbox) > 0 {
			g.t.Errorf("%s still owes %v", f.ID, f.Outbox)
		}
		if f.State != state.Superseded {
			out = append(out, fmt.Sprintf("%s on %s, plan %.8s: %s", f.Policy, f.Resource, f.Plan.Digest, f.State))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// told plays the story to the end and then has it told by its entries, in the
// order and at the times that deliver makes of them.
func (s story) told(t *testing.T, deliver func(*rig, []cloud.Change)) []string {
	t.Helper()
	g := newRig(t, s.enforce, func(c *setup) { c.Limits, c.Baseline = remediate.Limits{}, s.remembers })
	g.must(g.cloud.PutService(&runpb.Service{Name: webPath, Template: &runpb.RevisionTemplate{ServiceAccount: webAccount}}))
	if s.remembers {
		g.baseline()
	}
	for _, a := range s.acts {
		a.do(g)
		g.pass(time.Second)
	}
	deliver(g, g.events())
	for range 3 { // what waits for live state, and what a rate held back
		g.pass(time.Minute)
		_, err := g.Sweep(t.Context())
		g.must(err)
	}
	return g.ending()
}

// inOrder is the clean run: each entry once, as it was written.
func inOrder(g *rig, changes []cloud.Change) {
	for _, c := range changes {
		_, err := g.Handle(g.t.Context(), c)
		g.must(err)
	}
}

// anyhow delivers shuffled, each entry up to three times, with pauses and sweeps
// in between, to two processes on one store.
func anyhow(rng *rand.Rand) func(*rig, []cloud.Change) {
	return func(g *rig, changes []cloud.Change) {
		other := newEngine(g.t, g.setup)
		var all []cloud.Change
		for _, c := range changes {
			for range 1 + rng.IntN(3) {
				all = append(all, c)
			}
		}
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, c := range all {
			r := []*engine{g.engine, other}[rng.IntN(2)]
			_, err := r.Handle(g.t.Context(), c)
			g.must(err)
			if rng.IntN(4) == 0 {
				g.pass(time.Duration(rng.IntN(20)) * time.Second)
				_, err := r.Sweep(g.t.Context())
				g.must(err)
			}
		}
	}
}

// story is what somebody does, under policies that are enforced in some way.
type story struct {
	enforce   set
	acts      []act
	remembers bool // what was there before is remembered
}

func (s story) String() string {
	var out []string
	for _, a := range s.acts {
		out = append(out, "  "+a.name)
	}
	return fmt.Sprintf("enforced as %v:\n%s", s.enforce, strings.Join(out, "\n"))
}

func randomStory(rng *rand.Rand) story {
	s := story{enforce: set{}}
	for _, p := range []string{public, identity, editor} {
		s.enforce[p] = []policies.Enforcement{policies.Audit, policies.Approve, policies.Revert, policies.Revert}[rng.IntN(4)]
	}
	all := acts()
	for range 2 + rng.IntN(7) {
		s.acts = append(s.acts, all[rng.IntN(len(all))])
	}
	return s
}

// diverges plays the story both ways and returns how they differ, or "".
func (s story) diverges(t *testing.T, seed uint64) string {
	t.Helper()
	return cmp.Diff(s.told(t, inOrder), s.told(t, anyhow(rand.New(rand.NewPCG(seed, 2)))))
}

// shrunk leaves out acts for as long as the story still diverges.
func (s story) shrunk(t *testing.T, seed uint64) (story, string) {
	t.Helper()
	diff := s.diverges(t, seed)
	for i := 0; i < len(s.acts); {
		less := story{s.enforce, slices.Delete(slices.Clone(s.acts), i, i+1), s.remembers}
		if d := less.diverges(t, seed); d != "" {
			s, diff = less, d
		} else {
			i++
		}
	}
	return s, diff
}

// TestHoweverItIsToldAStoryEndsTheSame plays random stories. However their
// entries are shuffled, repeated and delayed, Google Cloud and the findings end
// as if each had come once and in order. RESCIND_SEED repeats one; RESCIND_STORIES
// is how many there are.
func TestHoweverItIsToldAStoryEndsTheSame(t *testing.T) {
	t.Parallel()
	first, n := uint64(1), 8
	if v, err := strconv.Atoi(os.Getenv("RESCIND_STORIES")); err == nil {
		n = v
	}
	if v, err := strconv.ParseUint(os.Getenv("RESCIND_SEED"), 10, 64); err == nil {
		first, n = v, 1
	}
	for seed := first; seed < first+uint64(n); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := randomStory(rand.New(rand.NewPCG(seed, 1)))
			if s.diverges(t, seed) != "" {
				s, diff := s.shrunk(t, seed)
				t.Fatalf("RESCIND_SEED=%d: %s\nin order (-), anyhow (+):\n%s", seed, s, diff)
			}
		})
	}
}
