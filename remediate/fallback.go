package remediate

import (
	"context"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// Fallback is an Exporter that can speak up where the Notifier cannot.
type Fallback interface {
	// Undelivered says that nobody could be told of the finding since
	// f.UndeliveredSince.
	Undelivered(ctx context.Context, f finding.Finding) error
}

// fellBack has the fallback say that the finding is undelivered, and reports
// whether it did.
func (r *Remediator) fellBack(ctx context.Context, f finding.Finding) bool {
	err := r.export(ctx, func(ctx context.Context) error {
		if b, ok := r.Exporter.(Fallback); ok {
			return b.Undelivered(ctx, f)
		}
		return nil
	})
	r.Log.ErrorContext(ctx, "nobody could be told of a finding", "finding", f.ID, "since", f.UndeliveredSince, "fallback", err == nil)
	return err == nil
}
