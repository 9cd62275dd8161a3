package google

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/resourcemanager/apiv3/resourcemanagerpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// maxDepth bounds the walk to the organization. Folders nest ten deep.
// https://cloud.google.com/resource-manager/docs/limits
const maxDepth = 12

// ancestors returns the folders and the organization that hold the container,
// nearest first; none for an organization, or a project outside of any. When
// one cannot be read, those below it are returned with the error.
func (c *Client) ancestors(ctx context.Context, r cloud.Resource) ([]cloud.Resource, error) {
	var out []cloud.Resource
	for at := r; len(out) < maxDepth; {
		parent, err := c.parent(ctx, at)
		if err != nil || parent == "" {
			return out, err
		}
		next, ok := cloud.ParseContainer(parent)
		if !ok {
			return out, fmt.Errorf("parent of %s: %q is no folder or organization", at, parent)
		}
		out = append(out, next)
		at = next
	}
	return out, fmt.Errorf("ancestors of %s: more than %d", r, maxDepth)
}

func (c *Client) parent(ctx context.Context, r cloud.Resource) (string, error) {
	switch r.Kind {
	case cloud.Project:
		p, err := c.getProject(ctx, r)
		return p.GetParent(), err
	case cloud.Folder:
		f, err := call(ctx, c.folders.GetFolder, &resourcemanagerpb.GetFolderRequest{Name: r.Path()})
		return f.GetParent(), explain(err, "read", r, permission(r.Kind, "get"))
	case cloud.Organization:
		return "", nil
	}
	return "", fmt.Errorf("parent of %q: want a project, folder or organization", r)
}

func (c *Client) getProject(ctx context.Context, r cloud.Resource) (*resourcemanagerpb.Project, error) {
	p, err := call(ctx, c.projects.GetProject, &resourcemanagerpb.GetProjectRequest{Name: r.Path()})
	return p, explain(err, "read", r, permission(r.Kind, "get"))
}

// defaultAccount returns what a workload of the project runs as when nobody
// said: the Compute Engine default service account, named after the number.
// https://cloud.google.com/run/docs/securing/service-identity
func (c *Client) defaultAccount(ctx context.Context, project string) (string, error) {
	p, err := c.getProject(ctx, cloud.ProjectResource(project))
	if err != nil {
		return "", err
	}
	number := strings.TrimPrefix(p.GetName(), "projects/")
	return number + "-compute@developer.gserviceaccount.com", nil
}

// projectNumber reads whether the project has the number. A policy can name a hundred
// agents of as many projects, so the number is read for the first, and kept as the
// answer to a question that names none.
func (c *Client) projectNumber(ctx context.Context, q policies.Question) (policies.Fact, error) {
	f := policies.Fact{Source: "number of projects/" + q.Project}
	if q.Value == "" {
		p, err := c.getProject(ctx, cloud.ProjectResource(q.Project))
		f.List = []string{strings.TrimPrefix(p.GetName(), "projects/")}
		return f, err
	}
	own := c.Fact(ctx, policies.Question{Kind: policies.ProjectNumber, Project: q.Project})
	if own.Passing != nil {
		return f, own.Passing
	}
	if !own.Known {
		return f, errors.New(own.Why)
	}
	f.At, f.Value = own.At, slices.Contains(own.List, q.Value)
	return f, nil
}

// organizationDomain reads the primary domain of the customer that owns the
// organization, which is its display name, set by Google. A customer may have
// further domains, which no permission of rescind's shows: another domain is
// unknown, not foreign.
// https://cloud.google.com/resource-manager/reference/rest/v3/organizations#Organization
func (c *Client) organizationDomain(ctx context.Context, q policies.Question) (policies.Fact, error) {
	f := policies.Fact{Source: "primary domain of " + q.Name}
	o, err := call(ctx, c.organizations.GetOrganization, &resourcemanagerpb.GetOrganizationRequest{Name: q.Name})
	if err != nil {
		at, _ := cloud.ParseContainer(q.Name)
		return f, explain(err, "read", at, permission(cloud.Organization, "get"))
	}
	if !strings.EqualFold(o.GetDisplayName(), q.Value) {
		return f, fmt.Errorf("its primary domain is %q, and whether %q is another of its domains cannot be read", o.GetDisplayName(), q.Value)
	}
	f.Value = true
	return f, nil
}
