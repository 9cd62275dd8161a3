package remediate_test

import (
	"slices"
	"strings"

	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/api/option"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// seen has rescind look at the service, as a scan does.
func (g *rig) seen() {
	g.t.Helper()
	_, err := g.Scan(g.t.Context(), apiService)
	g.must(err)
}

// spread has mallory write the traffic of the service, and nobody told of it.
func (g *rig) spread(to ...*runpb.TrafficTarget) {
	g.t.Helper()
	g.update(&runpb.Service{Traffic: to}, "traffic")
	g.events()
}

// update has mallory write these fields of the service.
func (g *rig) update(s *runpb.Service, fields ...string) {
	g.t.Helper()
	_, err := g.updating(s, fields...).Wait(g.t.Context())
	g.must(err)
}

// updating is the operation of such an update, under way.
func (g *rig) updating(s *runpb.Service, fields ...string) *run.UpdateServiceOperation {
	g.t.Helper()
	c, err := run.NewServicesClient(g.t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	s.Name = apiPath
	op, err := c.UpdateService(g.t.Context(), &runpb.UpdateServiceRequest{Service: s, UpdateMask: &fieldmaskpb.FieldMask{Paths: fields}})
	g.must(err)
	return op
}

func to(revision string, percent int32, tag string) *runpb.TrafficTarget {
	t := &runpb.TrafficTarget{Type: runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION, Revision: revision, Percent: percent, Tag: tag}
	if revision == "" {
		t.Type = runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
	}
	return t
}

// serving is what requests reach: "REVISION 100 %", sorted.
func (g *rig) serving() []string {
	g.t.Helper()
	var out []string
	for _, t := range g.service().GetTrafficStatuses() {
		out = append(out, cloud.TrafficTarget{Revision: t.GetRevision(), Percent: t.GetPercent(), Tag: t.GetTag()}.String())
	}
	slices.Sort(out)
	return out
}

func (g *rig) newest() string {
	g.t.Helper()
	s := g.service()
	return s.GetLatestCreatedRevision()[strings.LastIndex(s.GetLatestCreatedRevision(), "/")+1:]
}

// evil has mallory deploy content of her own as the default account.
func (g *rig) evil() {
	g.t.Helper()
	g.replace(func(t *runpb.RevisionTemplate) {
		t.Containers[0].Image, t.Containers[0].Command = otherImage, []string{"sh"}
	})
}

func (g *rig) wantServing(want ...string) {
	g.t.Helper()
	if got := g.serving(); !slices.Equal(got, want) {
		g.t.Errorf("requests reach %q, want %q", got, want)
	}
}
