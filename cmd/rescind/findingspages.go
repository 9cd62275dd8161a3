package main

import (
	"context"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// What a list shows and looks at, unless it is told otherwise: a store may hold
// a million findings that ended, and whoever lists them is in a hurry.
const (
	listLimit = 200
	listLook  = 20_000
	listPage  = 500
)

// read lists page by page until there are as many as asked for, and says what it
// left out, if anything. The actor is the one filter that a store does not know.
func (o findingFilter) read(ctx context.Context, st finding.Store, now time.Time) (out []finding.Finding, left string, err error) {
	out = []finding.Finding{}
	q := o.query
	if before := now.Add(-o.olderThan + 1); o.olderThan > 0 && (q.Until.IsZero() || before.Before(q.Until)) {
		q.Until = before
	}
	q.Limit = listPage
	for looked := 0; ; looked += listPage {
		page, err := st.Findings(ctx, q)
		if err != nil {
			return nil, "", err
		}
		for _, f := range page {
			switch {
			case !f.ActedIn(o.actor):
			case o.limit > 0 && len(out) == o.limit:
				return out, fmt.Sprintf("there are more than these %d; --limit 0 lists all, --since and --until a part", o.limit), nil
			default:
				out = append(out, f)
			}
			q.After = f.Position()
		}
		if len(page) < listPage {
			return out, "", nil
		}
		if o.limit > 0 && looked+listPage >= listLook {
			return out, fmt.Sprintf("looked at the newest %d only; go on with --until %s, or --limit 0 for all",
				listLook, q.After.CreatedAt.Add(time.Second).UTC().Format(time.RFC3339)), nil
		}
	}
}
