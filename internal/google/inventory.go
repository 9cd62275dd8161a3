package google

import (
	"context"
	"errors"
	"fmt"

	"cloud.google.com/go/resourcemanager/apiv3/resourcemanagerpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
)

// inventoryTries bounds how often one list of an inventory waits until it may be asked.
const inventoryTries = 20

// Below returns the container with all folders and projects below it, each
// before what it holds. Projects that are being deleted are left out. Where a
// list failed, what was found elsewhere is returned with the error.
func (c *Client) Below(ctx context.Context, top cloud.Resource) ([]cloud.Resource, error) {
	out := []cloud.Resource{top}
	var errs []error
	for i := 0; i < len(out); i++ {
		at := out[i]
		if at.Kind == cloud.Project {
			continue
		}
		for _, list := range []func(context.Context, cloud.Resource) ([]cloud.Resource, error){c.projectsIn, c.foldersIn} {
			found, err := inTurn(ctx, c, func() ([]cloud.Resource, error) { return list(ctx, at) })
			out, errs = append(out, found...), append(errs, err)
		}
	}
	return out, errors.Join(errs...)
}

func (c *Client) projectsIn(ctx context.Context, parent cloud.Resource) (out []cloud.Resource, err error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	for p, err := range c.projects.ListProjects(ctx, &resourcemanagerpb.ListProjectsRequest{Parent: parent.Path()}).All() {
		if err != nil {
			return out, explain(err, "list projects of", parent, "resourcemanager.projects.list")
		}
		if p.GetState() == resourcemanagerpb.Project_ACTIVE {
			out = append(out, cloud.ProjectResource(p.GetProjectId()))
		}
	}
	return out, nil
}

func (c *Client) foldersIn(ctx context.Context, parent cloud.Resource) (out []cloud.Resource, err error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	for f, err := range c.folders.ListFolders(ctx, &resourcemanagerpb.ListFoldersRequest{Parent: parent.Path()}).All() {
		if err != nil {
			return out, explain(err, "list folders of", parent, "resourcemanager.folders.list")
		}
		if r, ok := cloud.ParseContainer(f.GetName()); ok && f.GetState() == resourcemanagerpb.Folder_ACTIVE {
			out = append(out, r)
		}
	}
	return out, nil
}

// WorkloadsIn lists the services, jobs and worker pools of a project, in all regions.
// What was found is returned with any error.
func (c *Client) WorkloadsIn(ctx context.Context, project cloud.Resource) ([]cloud.Resource, error) {
	var out []cloud.Resource
	var errs []error
	for _, k := range []cloud.Kind{cloud.RunService, cloud.RunJob, cloud.RunWorkerPool} {
		found, err := inTurn(ctx, c, func() ([]user, error) { return c.users(ctx, project.Name, k) })
		errs = append(errs, err)
		for _, u := range found {
			r, err := cloud.ParseResource("//run.googleapis.com/" + u.workload)
			if err != nil {
				errs = append(errs, fmt.Errorf("list %ss of %s: %w", k, project, err))
				continue
			}
			out = append(out, r)
		}
	}
	return out, errors.Join(errs...)
}

// inTurn asks again when the turn has come for what a limit held back.
func inTurn[T any](ctx context.Context, c *Client, do func() ([]T, error)) ([]T, error) {
	found, err := do()
	var busy *remediate.BusyError
	for try := 1; errors.As(err, &busy) && try < inventoryTries; try++ {
		if err := c.wait(ctx, busy.After); err != nil {
			return found, err
		}
		found, err = do()
	}
	return found, err
}
