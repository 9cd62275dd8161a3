package google

import (
	"context"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// held answers whether what is in force at the container guards all, or nothing.
// Of what guards some it is an error: that may be more or less than before.
func (c *Client) held(ctx context.Context, name, container string) (policies.Fact, error) {
	f, rules, err := c.effectiveAt(ctx, name, container)
	if err != nil {
		return f, err
	}
	switch cloud.StateOf(rulesOf(rules), false).Reach() {
	case cloud.GuardsAll:
		f.Value = true
	case cloud.GuardsNone:
	default:
		return f, errors.New("its effective policy guards some values or members, and not all or none")
	}
	return f, nil
}

// inherited is the same of what holds the container: the policy that is set at the
// container itself has taken the place of that. An organization inherits Google's
// default, which differs between constraints.
func (c *Client) inherited(ctx context.Context, name, container string) (policies.Fact, error) {
	at, ok := cloud.ParseContainer(container)
	if !ok {
		return policies.Fact{}, fmt.Errorf("%q is no project, folder or organization", container)
	}
	parent, asOf, err := c.parent(ctx, at)
	if err != nil {
		return policies.Fact{}, err
	}
	if parent == "" {
		return policies.Fact{}, fmt.Errorf("nothing is above %s but Google's default, which is not looked up", container)
	}
	f, err := c.held(ctx, name, parent)
	f.At = earlier(f.At, asOf)
	return f, err
}
