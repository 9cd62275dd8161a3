package desk

import (
	"context"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// Preview is what an exemption would have exempted, had it been there for the
// last 90 days.
type Preview struct {
	Scope    string            // what it exempts, in a sentence
	Count    int               // findings it would have exempted; those of Examples included
	AtLeast  bool              // there are more than Count
	Examples []finding.Finding // the newest of them, five at most
}

// A preview looks back this far, at no more findings than this, and shows this
// many.
const (
	previewOf    = 90 * 24 * time.Hour
	previewLooks = 500
	previewShows = 5
)

// Preview is what an exemption by the finding would have exempted of the last 90
// days, the finding itself left out: people are shown it before they except
// something. Of more than 500 findings about the resource and policy it looks at
// the newest. Its error is a *RefusedError where there is nothing to except.
func (d Desk) Preview(ctx context.Context, id string) (Preview, error) {
	f, err := d.finding(ctx, id)
	switch {
	case err != nil:
		return Preview{}, err
	case f.UndoOf != "":
		return Preview{}, finding.RefuseAs(finding.ClassInvalid, "an undo cannot be exempted")
	}
	past, err := d.Store.Findings(ctx, finding.Query{
		Resource: f.Resource, Policy: f.Policy, Since: d.Now().Add(-previewOf), Limit: previewLooks + 1,
	})
	if err != nil {
		return Preview{}, fmt.Errorf("look up findings of %s: %w", f.Resource, err)
	}
	out := Preview{Scope: f.ExemptScope(), AtLeast: len(past) > previewLooks}
	f.Exemption = &finding.Exemption{Grants: f.Plan.Grants()}
	for _, o := range past[:min(len(past), previewLooks)] {
		if o.ID == f.ID || o.UndoOf != "" || !o.ExemptedBy(f) {
			continue
		}
		out.Count++
		if len(out.Examples) < previewShows {
			out.Examples = append(out.Examples, o)
		}
	}
	return out, nil
}
