package auditlog

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// resourceManagerCall recognises the IAM policy and, in its first version, the
// organization policy of a project, folder or organization, and its move below
// another parent. Tags have SetIamPolicy too, and are told by the resource's name.
func (e *envelope) resourceManagerCall() (call, error) {
	_, last := lastWords(e.method)
	if slices.Contains(tagWrites, last) {
		return e.tagCall()
	}
	policy, move := slices.Contains(orgPolicyV1Writes, last), slices.Contains(moves, last)
	if !policy && !move && !setsIamPolicy(last) {
		return call{}, e.notChange("changes no policy and moves nothing")
	}
	r, ok := e.container()
	switch {
	case !ok && e.Payload.ResourceName != "":
		return call{}, e.notChange("on " + quote(e.Payload.ResourceName) + ", which is no project, folder or organization")
	case move && ok:
		return call{verb: cloud.Move, resource: r, read: func(c *cloud.Change) { c.Parent = e.newParent() }}, nil
	case policy:
		return e.orgPolicyV1Call(r, last == "ClearOrgPolicy"), nil
	case !ok:
		return call{verb: cloud.SetPolicy, unnamed: fmt.Sprintf("%s: neither resourceName nor resource.labels names a project, folder or organization", quote(e.method))}, nil
	}
	return call{verb: cloud.SetPolicy, resource: r, read: func(c *cloud.Change) {
		// The policy in the body is all of it, old grants too: without a
		// delta nothing is claimed from the entry.
		if _, why := e.readDelta(c); why != "" {
			leave(c, "grants", why)
		}
	}}, nil
}

// tagCall is a tag that is bound to a project, folder or organization, or taken off. What
// binds it to anything else changes no constraint that a policy here asks for: those are in
// force by project.
func (e *envelope) tagCall() (call, error) {
	var request struct {
		Name    string `json:"name"` // "tagBindings/PARENT/tagValues/1", the parent escaped
		Binding struct {
			Parent string `json:"parent"`
		} `json:"tagBinding"`
		Snake struct {
			Parent string `json:"parent"`
		} `json:"tag_binding"`
	}
	e.read("request", e.Payload.Request, &request)
	for _, n := range []string{request.Binding.Parent, request.Snake.Parent, boundTo(request.Name), boundTo(e.Payload.ResourceName), e.Payload.ResourceName} {
		if _, path, ok := strings.Cut(strings.TrimPrefix(n, "//"), "/"); ok && strings.HasPrefix(n, "//cloudresourcemanager.googleapis.com/") {
			if r, ok := e.parseContainer(path); ok {
				return call{verb: cloud.Tag, resource: r}, nil
			}
		}
	}
	return call{}, e.notChange("on " + quote(e.Payload.ResourceName) + ", which is no project, folder or organization")
}

// boundTo is what a tag binding's name says it is bound to.
func boundTo(binding string) string {
	escaped, found := strings.CutPrefix(binding, "tagBindings/")
	escaped, _, _ = strings.Cut(escaped, "/")
	to, err := url.PathUnescape(escaped)
	if !found || err != nil {
		return ""
	}
	return to
}

// newParent is what a move puts the container below: what a move asks for, or the parent in the
// whole project that the first version of Resource Manager writes.
func (e *envelope) newParent() string {
	var request struct {
		Destination      string `json:"destinationParent"`
		SnakeDestination string `json:"destination_parent"`
		Project          struct {
			Parent struct {
				Type string `json:"type"`
				ID   string `json:"id"`
			} `json:"parent"`
		} `json:"project"`
	}
	e.read("request", e.Payload.Request, &request)
	parent := cmp.Or(request.Destination, request.SnakeDestination)
	if p := request.Project.Parent; parent == "" && p.ID != "" {
		parent = p.Type + "s/" + p.ID
	}
	if at, ok := cloud.ParseContainer(parent); ok && at.Kind != cloud.Project {
		return at.Path()
	}
	return ""
}

// container is the project, folder or organization the call was about. False
// if the entry names something else, such as tagKeys/123.
func (e *envelope) container() (cloud.Resource, bool) {
	s := e.Payload.ResourceName
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		_, s, _ = strings.Cut(rest, "/")
	}
	l := e.Resource.Labels
	switch {
	case s != "":
	case part(l["organization_id"]) != "":
		s = "organizations/" + l["organization_id"]
	case part(l["folder_id"]) != "":
		s = "folders/" + l["folder_id"]
	default:
		s = "projects/" + l["project_id"]
	}
	return e.parseContainer(s)
}

func (e *envelope) parseContainer(s string) (cloud.Resource, bool) {
	r, ok := cloud.ParseContainer(s)
	if !ok || part(r.Name) == "" {
		return cloud.Resource{}, false
	}
	if r.Kind == cloud.Project {
		return cloud.ProjectResource(e.projectOf(r.Name)), true
	}
	return r, true
}
