package remediate_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/cells"
)

// inventory is an organization with as many folders in folders as there may be,
// and 50,000 projects in each of the deepest.
type inventory struct{}

func (inventory) List(_ context.Context, in cloud.Resource, k cloud.Kind, page string) (out []cloud.Resource, next string, err error) {
	depth := 0
	if in.Kind == cloud.Folder {
		depth = int(in.Name[0] - 'a' + 1)
	}
	from := 0
	if page != "" {
		from, err = strconv.Atoi(page)
	}
	for i := from; i < from+50; i++ {
		switch {
		case k == cloud.Folder && depth < 10:
			out = append(out, cloud.FolderResource(fmt.Sprintf("%c%012d", 'a'+depth, i)))
		case k == cloud.Project && depth == 10:
			out = append(out, cloud.ProjectResource(fmt.Sprintf("a-project-id-of-thirty-%07d", i)))
		}
	}
	if len(out) > 0 && from < 50_000 {
		next = strconv.Itoa(from + 50)
	}
	return out, next, err
}

// biggest is a store that takes down how large cells become.
type biggest struct {
	remediate.Store
	size *int
}

func (s biggest) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	*s.size = max(*s.size, len(c.Value))
	return s.Store.SetCell(ctx, c)
}

// emptyPolicies is a PolicyClient of a world without grants.
type emptyPolicies struct{ remediate.PolicyClient }

func (emptyPolicies) Policy(context.Context, cloud.Resource) (cloud.AllowPolicy, error) {
	return cloud.AllowPolicy{}, nil
}

func TestHowFarAScanIsStaysSmallHoweverMuchThereIs(t *testing.T) {
	t.Parallel()
	var size int
	g, _ := scanning(t, func(c *setup) {
		c.Store, c.IAM, c.Inventory, c.Facts = biggest{c.Store, &size}, emptyPolicies{}, inventory{}, nothingKnown{}
	})
	g.scanSome()
	if r := g.round(); r.Scanned < 90 || len(r.Stack) < 11 || size > 100_000 {
		t.Errorf("%s, %d deep, the cell grew to %d bytes; want fewer than 100,000", r, len(r.Stack), size)
	}
}
