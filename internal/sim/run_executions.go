package sim

import (
	"context"
	"strings"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/protobuf/proto"
)

// executions is the part of google.cloud.run.v2.Executions that lists.
type executions struct {
	runpb.UnimplementedExecutionsServer
	c *Cloud
}

// ListExecutions lists a job's executions, the latest added first.
func (s *executions) ListExecutions(_ context.Context, r *runpb.ListExecutionsRequest) (*runpb.ListExecutionsResponse, error) {
	out := &runpb.ListExecutionsResponse{}
	return out, s.c.read(runV2+"Executions.ListExecutions", func() error {
		w, err := s.c.find(jobKind, strings.TrimSuffix(r.GetParent(), "/"))
		if err != nil {
			return err
		}
		for _, e := range s.c.executions[w.name.String()] {
			out.Executions = append([]*runpb.Execution{proto.Clone(e).(*runpb.Execution)}, out.Executions...)
		}
		return nil
	})
}
