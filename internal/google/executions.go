package google

import (
	"context"
	"path"

	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// maxNamed bounds how many executions are named: a finding holds sentences.
const maxNamed = 10

// Running returns the short names of a job's executions that have not ended,
// ten at most, the latest first: they keep the account they began with. Other
// workloads have none.
func (c *Client) Running(ctx context.Context, r cloud.Resource) ([]string, error) {
	if r.Kind != cloud.RunJob {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var out []string
	for e, err := range c.executions.ListExecutions(ctx, &runpb.ListExecutionsRequest{Parent: r.Path()}).All() {
		if err != nil {
			return nil, explain(err, "list executions of", r, "run.executions.list")
		}
		if e.GetCompletionTime() == nil {
			out = append(out, path.Base(e.GetName()))
		}
		if len(out) == maxNamed {
			break
		}
	}
	return out, nil
}
