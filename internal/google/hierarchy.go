package google

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/resourcemanager/apiv3/resourcemanagerpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// maxDepth bounds the walk to the organization. Folders nest ten deep.
// https://cloud.google.com/resource-manager/docs/limits
const maxDepth = 12

// ancestors returns the folders and the organization that hold the container,
// nearest first, and as of when; none for an organization, or a project outside of
// any. When one cannot be read, those below it are returned with the error.
func (c *Client) ancestors(ctx context.Context, r cloud.Resource) (out []cloud.Resource, asOf time.Time, err error) {
	asOf = c.now()
	for at := r; len(out) < maxDepth; {
		parent, read, err := c.parent(ctx, at)
		if err != nil || parent == "" {
			return out, earlier(asOf, read), err
		}
		next, ok := cloud.ParseContainer(parent)
		if !ok {
			return out, asOf, fmt.Errorf("parent of %s: %q is no folder or organization", at, parent)
		}
		out, asOf = append(out, next), earlier(asOf, read)
		at = next
	}
	return out, asOf, fmt.Errorf("ancestors of %s: more than %d", r, maxDepth)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// parent is what holds the container, empty for nothing, and when that was read.
func (c *Client) parent(ctx context.Context, r cloud.Resource) (string, time.Time, error) {
	switch r.Kind {
	case cloud.Project:
		p, asOf, err := c.project(ctx, r)
		return p.parent, asOf, err
	case cloud.Folder:
		parent, asOf, err := read(ctx, c.readings, reading{kind: folderItself, of: r.Path()}, func(ctx context.Context) (string, error) {
			f, err := call(ctx, c.folders().GetFolder, &resourcemanagerpb.GetFolderRequest{Name: r.Path()})
			return f.GetParent(), err
		})
		return parent, asOf, explain(err, "read", r, permission(r.Kind, "get"))
	case cloud.Organization:
		return "", c.now(), nil
	}
	return "", time.Time{}, fmt.Errorf("parent of %q: want a project, folder or organization", r)
}

// aProject is a project by its number, and what holds it.
type aProject struct{ number, parent string }

func (c *Client) project(ctx context.Context, r cloud.Resource) (aProject, time.Time, error) {
	p, asOf, err := read(ctx, c.readings, reading{kind: projectItself, of: r.Path()}, func(ctx context.Context) (aProject, error) {
		p, err := call(ctx, c.projects().GetProject, &resourcemanagerpb.GetProjectRequest{Name: r.Path()})
		return aProject{strings.TrimPrefix(p.GetName(), "projects/"), p.GetParent()}, err
	})
	return p, asOf, explain(err, "read", r, permission(r.Kind, "get"))
}

// defaultAccount returns what a workload of the project runs as when nobody
// said: the Compute Engine default service account, named after the number.
// https://cloud.google.com/run/docs/securing/service-identity
func (c *Client) defaultAccount(ctx context.Context, project string) (string, error) {
	p, _, err := c.project(ctx, cloud.ProjectResource(project))
	if err != nil {
		return "", err
	}
	return p.number + "-compute@developer.gserviceaccount.com", nil
}

// projectNumber reads whether the project has the number. A policy can name a hundred
// agents of as many projects, for which the project is read once.
func (c *Client) projectNumber(ctx context.Context, q policies.Question) (policies.Fact, error) {
	p, asOf, err := c.project(ctx, cloud.ProjectResource(q.Project))
	return policies.Fact{Source: "number of projects/" + q.Project, At: asOf, Value: err == nil && p.number == q.Value}, err
}

// organizationDomain reads the primary domain of the customer that owns the
// organization, which is its display name, set by Google. A customer may have
// further domains, which no permission of rescind's shows: another domain is
// unknown, not foreign, unless the configuration lists all of them.
// https://cloud.google.com/resource-manager/reference/rest/v3/organizations#Organization
func (c *Client) organizationDomain(ctx context.Context, q policies.Question) (policies.Fact, error) {
	if domains, listed := c.domains[q.Name]; listed {
		return policies.Fact{Source: "organizations of the configuration", At: c.now(), Value: slices.Contains(domains, q.Value)}, nil
	}
	domain, asOf, err := read(ctx, c.readings, reading{kind: organizationItself, of: q.Name}, func(ctx context.Context) (string, error) {
		o, err := call(ctx, c.organizations().GetOrganization, &resourcemanagerpb.GetOrganizationRequest{Name: q.Name})
		return o.GetDisplayName(), err
	})
	f := policies.Fact{Source: "primary domain of " + q.Name, At: asOf}
	if err != nil {
		at, _ := cloud.ParseContainer(q.Name)
		return f, explain(err, "read", at, permission(cloud.Organization, "get"))
	}
	if !strings.EqualFold(domain, q.Value) {
		return f, fmt.Errorf("its primary domain is %q, and whether %q is another of its domains cannot be read", domain, q.Value)
	}
	f.Value = true
	return f, nil
}
