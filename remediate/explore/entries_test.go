package explore_test

import (
	"context"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// entriesEdge is Cloud Logging.
type entriesEdge struct{ p *process }

func (e entriesEdge) Entry(context.Context, cloud.Change) ([]byte, error) {
	return reach(e.p, reads, func() ([]byte, error) { return nil, fault.ErrNotFound })
}
