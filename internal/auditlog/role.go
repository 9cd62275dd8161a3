package auditlog

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// roleWrites are the methods of the IAM service that change what a custom role allows.
// Google's log of CreateRole was seen; that the others look alike is inferred.
var roleWrites = map[string]bool{"CreateRole": true, "UpdateRole": true, "DeleteRole": true, "UndeleteRole": true}

// roleBody is a role as IAM's log spells it: in snake case, and in camel case as its API does.
type roleBody struct {
	Name             string   `json:"name"`
	Permissions      []string `json:"included_permissions"`
	CamelPermissions []string `json:"includedPermissions"`
	Stage            any      `json:"stage"`
	Deleted          bool     `json:"deleted"`
}

func (r *roleBody) permissions() []string { return append(r.Permissions, r.CamelPermissions...) }

// disabled reports whether the grants of the role are without effect.
func (r *roleBody) disabled() bool {
	n, ok := integer(r.Stage)
	return r.Stage == "DISABLED" || r.Stage != nil && ok && n == 5
}

// roleRequest is what was asked of a role, for any of the writes.
type roleRequest struct {
	params
	Parent      string   `json:"parent"`
	RoleID      string   `json:"role_id"`
	CamelRoleID string   `json:"roleId"`
	Name        string   `json:"name"`
	Role        roleBody `json:"role"`
}

type roleAuditData struct {
	Delta *struct {
		Added []string `json:"addedPermissions"`
		Snake []string `json:"added_permissions"`
	} `json:"permissionDelta"`
}

// roleWrite is one write of a role.
type roleWrite struct {
	last          string // the method
	request       roleRequest
	stored        roleBody
	delta         *[]string // the permissions that were added; nil where the entry does not say
	asked, answer string    // what is wrong with the bodies
}

// roleCall recognises a write of a custom role.
func (e *envelope) roleCall(last string) call {
	w := roleWrite{last: last}
	w.asked = e.read("request", e.Payload.Request, &w.request)
	w.answer = e.read("response", e.Payload.Response, &w.stored)
	var data roleAuditData
	if e.read("serviceData", e.Payload.ServiceData, &data) == "" && data.Delta != nil {
		added := append(data.Delta.Added, data.Delta.Snake...)
		w.delta = &added
	}
	name, at, ok := e.roleName(&w)
	if !ok {
		return call{verb: cloud.DefineRole, unnamed: fmt.Sprintf("%s: resourceName %s and the rest of the entry do not name a role of a project or organization",
			quote(e.method), quote(e.Payload.ResourceName))}
	}
	return call{verb: cloud.DefineRole, resource: at, read: func(c *cloud.Change) {
		c.Role = &cloud.RoleChange{Name: name, Invokes: w.invokes()}
		c.Role.Gained = w.gained(c.Role.Invokes)
	}}
}

// roleName is the role's name, and what holds it.
func (e *envelope) roleName(w *roleWrite) (string, cloud.Resource, bool) {
	id := cmp.Or(w.request.RoleID, w.request.CamelRoleID)
	for _, name := range []string{e.Payload.ResourceName, w.stored.Name, w.request.Name, w.request.Role.Name, w.request.Parent + "/roles/" + id} {
		parent, role, found := strings.Cut(name, "/roles/")
		if at, ok := e.parseContainer(parent); found && ok && part(role) != "" && at.Kind != cloud.Folder {
			return at.Path() + "/roles/" + role, at, true
		}
	}
	return "", cloud.Resource{}, false
}

// invokes says whether the role can invoke now, as what was stored shows it, else what
// was asked for.
func (w *roleWrite) invokes() cloud.Flag {
	stored, asked := w.stored.permissions(), w.request.Role.permissions()
	switch {
	case w.last == "DeleteRole" || w.stored.Deleted || w.stored.disabled():
		return cloud.KnownFlag(false)
	case w.answer != "" && !strings.HasSuffix(w.answer, "is missing"):
		return cloud.Flag{}
	case len(stored) > 0:
		return cloud.KnownFlag(cloud.InvokesRun(stored))
	case w.delta != nil && cloud.InvokesRun(*w.delta):
		return cloud.KnownFlag(true)
	case w.asked == "" && (w.last == "CreateRole" || len(asked) > 0 && w.request.mask().covers("includedpermissions")):
		return cloud.KnownFlag(cloud.InvokesRun(asked))
	}
	return cloud.Flag{}
}

// gained reports whether who holds the role may be able to invoke by this change alone. A
// role that is in force again gives back all that it allows.
func (w *roleWrite) gained(now cloud.Flag) bool {
	stage := w.request.Role.Stage != nil && w.request.mask().covers("stage")
	switch {
	case w.last == "CreateRole" || now.Knowledge == cloud.Known && !now.On:
		return false
	case w.last == "UndeleteRole" || w.delta == nil || w.asked != "" || stage:
		return true
	}
	return cloud.InvokesRun(*w.delta)
}
