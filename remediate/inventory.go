package remediate

import (
	"context"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Inventory lists what a scan goes through, a page at a time: an organization
// may hold more projects than one answer, or one process, has room for.
type Inventory interface {
	// List returns one page of the resources of the kind right in the
	// container: projects and folders of a folder or organization, services,
	// jobs and worker pools of a project. The empty page is the first, next
	// names the one after it, or is empty after the last. With an error
	// what was found is returned as well, and what could not be read is
	// missing from it.
	List(ctx context.Context, in cloud.Resource, k cloud.Kind, page string) (found []cloud.Resource, next string, err error)
}

// listed are the kinds of what lies right in a container, in the order in which
// a scan lists them.
func listed(in cloud.Kind) []cloud.Kind {
	switch in {
	case cloud.Project:
		return []cloud.Kind{cloud.RunService, cloud.RunJob, cloud.RunWorkerPool}
	case cloud.Folder, cloud.Organization:
		return []cloud.Kind{cloud.Project, cloud.Folder}
	}
	return nil
}
