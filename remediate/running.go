package remediate

import (
	"context"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// stillRunning says which executions of a job were running when its account was
// replaced: the new one is for executions to come. They are named, not
// cancelled; what they do may be half done.
func (r *Remediator) stillRunning(ctx context.Context, p judge.Plan) string {
	for _, s := range p.Steps {
		if s.Kind != policies.RestoreIdentity || s.Resource.Kind != cloud.RunJob {
			continue
		}
		switch names, err := r.Workloads.Running(ctx, s.Resource); {
		case err != nil:
			return ". Whether executions go on as the account they began with is unknown: " + err.Error()
		case len(names) > 0:
			return ". Executions that are running go on as the account they began with: " + strings.Join(names, ", ")
		}
	}
	return ""
}
