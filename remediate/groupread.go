package remediate

import (
	"context"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Group returns the group with this ID, and those of its findings that wait for
// an answer; ErrNotFound if there is none.
func (d Desk) Group(ctx context.Context, id string) (Group, []finding.Finding, error) {
	g, err := readGroup(ctx, d.Store, id)
	switch {
	case err != nil:
		return Group{}, nil, err
	case g.ID == "":
		return Group{}, nil, fmt.Errorf("look up group %s: %w", id, fault.ErrNotFound)
	}
	var pending []finding.Finding
	for _, i := range g.Items {
		f, err := d.Store.Finding(ctx, i.Finding)
		switch {
		case errors.Is(err, fault.ErrNotFound): // no longer kept
		case err != nil:
			return Group{}, nil, fmt.Errorf("look up finding %s of group %s: %w", i.Finding, id, err)
		case f.State == state.Pending:
			pending = append(pending, f)
		}
	}
	return g, pending, nil
}
