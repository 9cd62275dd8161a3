package remediate

import "context"

// Admits returns nil for somebody who may decide at all, and a *RefusedError for
// anybody else, also where it could not be looked up. Whether an answer of
// withoutLeased counts on a finding, only answering tells.
func (d Desk) Admits(ctx context.Context, principal string) error { return d.mayPause(ctx, principal) }
