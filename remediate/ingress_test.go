package remediate_test

import (
	"strings"
	"testing"

	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/state"
	"google.golang.org/api/option"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// setIngress has mallory change the service's ingress.
func (g *rig) setIngress(to runpb.IngressTraffic) {
	g.t.Helper()
	c, err := run.NewServicesClient(g.t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	_, err = c.UpdateService(g.t.Context(), &runpb.UpdateServiceRequest{
		Service: &runpb.Service{Name: apiPath, Ingress: to}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"ingress"}},
	})
	g.must(err)
}

func (g *rig) service() *runpb.Service {
	g.t.Helper()
	s := &runpb.Service{}
	g.must(g.conn.Invoke(g.t.Context(), "/google.cloud.run.v2.Services/GetService", &runpb.GetServiceRequest{Name: apiPath}, s))
	return s
}

// opened is a rig whose service was opened to the internet, where the
// constraint allows these settings.
func opened(t *testing.T, e policies.Enforcement, allowed ...string) (*rig, *runpb.Service) {
	t.Helper()
	g := newRig(t, set{ingress: e})
	return g, g.open(allowed...)
}

// open has mallory open the service, and returns it as it was before.
func (g *rig) open(allowed ...string) *runpb.Service {
	g.t.Helper()
	g.cloud.SetAllowedValues(folderPath, "run.allowedIngress", allowed...)
	g.setIngress(runpb.IngressTraffic_INGRESS_TRAFFIC_INTERNAL_ONLY)
	g.events()
	before := g.service()
	g.setIngress(runpb.IngressTraffic_INGRESS_TRAFFIC_ALL)
	return before
}

func TestAnIngressGoesBackToTheOneThatIsAllowed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault func(*rig)
	}{
		{"at once", func(*rig) {}},
		{"after a lost race", func(g *rig) { g.cloud.Fail("UpdateService", 1, codes.Aborted) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, before := opened(t, policies.Revert, "internal")
			tt.fault(g)
			f := g.one()
			g.want(f, state.Reverted, "set its ingress to internal")
			ignored := protocmp.IgnoreFields(&runpb.Service{}, "generation", "observed_generation", "etag", "update_time", "terminal_condition", "last_modifier")
			if d := cmp.Diff(before, g.service(), protocmp.Transform(), ignored); d != "" {
				t.Errorf("service (-before +after):\n%s", d)
			}
			s := f.Plan.Steps[0].Inverse()
			if s.Kind != policies.RestoreIngress || s.Before.Ingress != "internal" || s.After.Ingress != "all" {
				t.Errorf("the inverse is %+v", s)
			}
		})
	}
}

func TestAnIngressIsNeverGuessed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		allowed []string
		says    string
	}{
		{"two are allowed", []string{"internal", "internal-and-cloud-load-balancing"}, "are both allowed here"},
		{"none is allowed", []string{"none-that-is-known"}, "neither internal nor internal-and-cloud-load-balancing is allowed here"},
		{"a group may or may not be allowed", []string{"in:some-group"}, "is unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, _ := opened(t, policies.Revert, tt.allowed...)
			f := g.one()
			g.want(f, state.Pending, "")
			if !strings.Contains(f.Plan.Missing, tt.says) || f.Plan.Executable() {
				t.Errorf("executable %t, missing %q; want it to say %q", f.Plan.Executable(), f.Plan.Missing, tt.says)
			}
			if n := g.writes(); n != 0 {
				t.Errorf("%d writes, want none", n)
			}
		})
	}
}

func TestAnIngressThatSomebodyChangedMeanwhileIsLeft(t *testing.T) {
	t.Parallel()
	g, _ := opened(t, policies.Approve, "internal")
	f := g.one()
	g.setIngress(runpb.IngressTraffic_INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER)
	g.events() // not delivered
	f = g.approve(f)
	g.want(f, state.Superseded, `its ingress is "internal-and-cloud-load-balancing" now`)
}

func TestADeniedIngressNamesThePermission(t *testing.T) {
	t.Parallel()
	g, _ := opened(t, policies.Revert, "internal")
	g.cloud.Fail("UpdateService", 10, codes.PermissionDenied)
	g.want(g.one(), state.Blocked, "not applied: restore-ingress on //run.googleapis.com/"+apiPath+": permission run.services.update missing")
}

func TestADeployOfSomethingElseIsNotJudgedForTheIngressItFound(t *testing.T) {
	t.Parallel()
	g, _ := opened(t, policies.Revert, "internal")
	g.events() // of the opening, not delivered
	g.deploy("other@pay-prod.iam.gserviceaccount.com")
	for _, c := range g.events() {
		if c.Workload == nil {
			continue
		}
		c.Workload.Ingress = "" // as in an entry that shows the mask alone
		if o := g.handle(c); len(o.Findings) > 0 {
			t.Errorf("%+v", o.Findings)
		}
	}
}
