package remediate_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/api/option"
	"google.golang.org/genproto/googleapis/type/expr"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/cells"
)

func (g *rig) wantNotPublic() {
	g.t.Helper()
	if slices.Contains(g.members(apiPath, "roles/run.invoker"), "allUsers") {
		g.t.Errorf("it is still public: %+v", g.questions())
	}
}

// recreate has mallory delete the service and make one of its name.
func (g *rig) recreate(between func()) {
	g.t.Helper()
	ctx := g.t.Context()
	c, err := run.NewServicesClient(ctx, option.WithGRPCConn(g.conn))
	g.must(err)
	gone, err := c.DeleteService(ctx, &runpb.DeleteServiceRequest{Name: apiPath})
	g.must(err)
	_, err = gone.Wait(ctx)
	g.must(err)
	between()
	g.pass(time.Second)
	made, err := c.CreateService(ctx, &runpb.CreateServiceRequest{
		Parent: strings.TrimSuffix(apiPath, "/services/api"), ServiceId: "api",
		Service: &runpb.Service{Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount}},
	})
	g.must(err)
	_, err = made.Wait(ctx)
	g.must(err)
	g.pass(time.Second)
}

// A service that is made anew has nothing of the one before it, also where each entry is
// looked for in Cloud Logging.
func TestAttackAServiceMadeAnewHasNothingThatIsOlder(t *testing.T) {
	t.Parallel()
	for name, told := range map[string]bool{"told of each step": true, "told of all at the end": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := confirming(t, set{public: policies.Revert}, remembering)
			g.must(g.cloud.PutPolicy(apiPath, &iampb.Policy{Bindings: []*iampb.Binding{{Role: "roles/run.invoker", Members: []string{"allUsers"}}}}))
			g.baseline()
			tell := func() {
				if told {
					g.deliver()
				}
			}
			g.recreate(tell)
			tell()
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			g.deliver()
			g.wantNotPublic()
		})
	}
}

// slowIAM does something while the policy is read, or right after it was written.
type slowIAM struct {
	remediate.PolicyClient
	reading, wrote func()
}

func (s *slowIAM) Policy(ctx context.Context, r cloud.Resource) (cloud.AllowPolicy, error) {
	if do := s.reading; do != nil {
		s.reading = nil
		do()
	}
	return s.PolicyClient.Policy(ctx, r)
}

func (s *slowIAM) SetPolicy(ctx context.Context, r cloud.Resource, p cloud.AllowPolicy) error {
	err := s.PolicyClient.SetPolicy(ctx, r, p)
	if do := s.wrote; do != nil && err == nil {
		s.wrote = nil
		do()
	}
	return err
}

func slow(s *slowIAM) func(*setup) {
	return func(c *setup) { s.PolicyClient, c.IAM = c.IAM, s }
}

// Whoever has rescind read a policy, and knows that a rate holds the read back, grants
// meanwhile: the read shows it, and began before it.
func TestAttackWhatIsMadeDuringASlowReadIsNotOlder(t *testing.T) {
	t.Parallel()
	iam := &slowIAM{}
	g := newRig(t, set{public: policies.Revert}, remembering, slow(iam))
	g.baseline()
	g.touch()
	touched := g.events()
	var granted []cloud.Change
	iam.reading = func() {
		g.pass(10 * time.Second)
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		granted = g.events()
		g.pass(time.Second)
	}
	for _, c := range touched {
		g.handle(c)
	}
	for _, c := range granted {
		g.handle(c)
	}
	g.wantNotPublic()
}

// Whoever watches grants again before rescind knows that its write is done.
func TestAttackWhatIsMadeAgainRightAfterARevertIsReverted(t *testing.T) {
	t.Parallel()
	iam := &slowIAM{}
	g := newRig(t, set{public: policies.Revert}, remembering, slow(iam))
	g.baseline()
	iam.wrote = func() {
		g.pass(50 * time.Millisecond)
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		g.pass(50 * time.Millisecond)
	}
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	for range 3 {
		g.deliver()
		g.pass(time.Minute)
	}
	g.wantNotPublic()
}

// smallCells is a store with the bound that Firestore has for a document.
type smallCells struct{ remediate.Store }

func (s smallCells) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	if len(c.Value) > 1<<20-16<<10 {
		return cells.Cell{}, fmt.Errorf("cell %s is too large: %d bytes", c.Name, len(c.Value))
	}
	return s.Store.SetCell(ctx, c)
}

// A binding of all the members that a policy may have, under a condition as long as one
// may be, is small in the request and would be large where each grant is kept by itself.
func TestAttackALargePolicyHidesNoPublicGrant(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, remembering, func(c *setup) { c.Store = smallCells{c.Store} })
	g.baseline()
	g.editPolicy(apiPath, func(p *iampb.Policy) {
		b := &iampb.Binding{Role: "roles/run.viewer", Condition: &expr.Expr{Title: "long", Expression: "request.path != '" + strings.Repeat("x", 2000) + "'"}}
		for n := range 1400 {
			b.Members = append(b.Members, fmt.Sprintf("user:%d@%s.example.com", n, strings.Repeat("long", 12)))
		}
		p.Version = 3
		p.Bindings = append(p.Bindings, b, &iampb.Binding{Role: "roles/run.invoker", Members: []string{"allUsers"}})
	})
	g.deliver()
	g.wantNotPublic()
}
