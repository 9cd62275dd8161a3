package policies

import (
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// accountProject is the project of the account that the workload runs as, as
// far as the account's name says; "" where it does not.
func (e *evaluation) accountProject() string {
	switch id := e.part.identity; id.Knowledge {
	case cloud.Known:
		return projectID(cloud.ServiceAccountProject(id.Email))
	case cloud.Unset: // the default account is the project's own
		return e.in.Change.Resource.Project
	}
	return ""
}

// projectID turns the project in an account's name into its id: that of a
// domain-scoped project "example.com:pay" stands there as "pay.example.com".
func projectID(s string) string {
	name, domain, scoped := strings.Cut(s, ".")
	if !scoped {
		return s
	}
	return domain + ":" + name
}

// crossProject reports whether the workload runs as an account of another
// project. Default accounts carry their project's number, which only a look-up
// can compare with an id.
func (e *evaluation) crossProject() ref.Val {
	own, theirs := e.in.Change.Resource.Project, e.accountProject()
	switch {
	case e.part.identity.Knowledge == cloud.Unknown:
		return e.identity(types.False)
	case e.part.identity.Knowledge != cloud.Known:
		return types.False
	case own == "" || theirs == "":
		return e.unknown(doubt{what: "whether " + e.part.identity.Email + " is of another project", why: "a name does not say its project"})
	case own == theirs:
		return types.False
	}
	q := Question{Kind: ProjectNumber, Project: own, Value: theirs}
	if isNumber(own) {
		q.Project, q.Value = q.Value, q.Project
	}
	if !isNumber(q.Value) || isNumber(q.Project) { // two ids, or two numbers
		return types.True
	}
	return not(e.truth(q))
}

// consumer are the domains of accounts and groups that belong to no organization.
var consumer = map[string]bool{"gmail.com": true, "googlemail.com": true, "googlegroups.com": true}

// external reports whether the member is from outside the organization that
// holds the changed resource. People and groups belong where their domain
// does, service accounts where their project does, Google's agents where what
// they work for does; of the members of an identity pool only the pool's own
// project could tell.
func (e *evaluation) external(m cloud.Member) ref.Val {
	email, isAccount := m.ServiceAccount()
	d := cloud.DomainOf(string(m))
	switch {
	case m.Public():
		return types.True
	case m.Deleted():
		return types.False
	case isAccount && cloud.IsGoogleManaged(email):
		return not(e.ownAgent(m))
	case m.AllServiceAccounts():
		return e.foreignSet(m)
	case isAccount:
		return e.foreignProject(m, projectID(cloud.ServiceAccountProject(email)))
	case consumer[d] && m.Type() != "domain":
		return types.True
	case d == "" || m.Type() != "user" && m.Type() != "group" && m.Type() != "domain":
		return e.unknown(doubt{what: "whether " + string(m) + " is from outside", why: "only users, groups and domains belong to an organization by their domain"})
	}
	own, doubtful := organizationOf(e.in.Change.Resource, e.look)
	if doubtful != nil {
		return e.unknown(*doubtful)
	}
	return not(e.truth(Question{Kind: OrganizationDomain, Name: own, Value: d}))
}

// foreignProject reports whether the project of a service account is in
// another organization than the changed resource.
func (e *evaluation) foreignProject(m cloud.Member, project string) ref.Val {
	if project == "" || isNumber(project) {
		return e.unknown(doubt{what: "whether " + string(m) + " is from outside", why: "its name does not say which project it is of"})
	}
	if project == e.in.Change.Resource.Project {
		return types.False
	}
	own, doubtful := organizationOf(e.in.Change.Resource, e.look)
	if doubtful != nil {
		return e.unknown(*doubtful)
	}
	theirs, doubtful := organizationOf(cloud.ProjectResource(project), e.look)
	if doubtful != nil {
		return e.unknown(*doubtful)
	}
	return types.Bool(own != theirs)
}

// foreignSet reports whether all service accounts of a project, folder or organization are
// those of another organization.
func (e *evaluation) foreignSet(m cloud.Member) ref.Val {
	own, d := within(m.AccountsOf(), e.in.Change.Resource, e.look)
	if d != nil {
		return e.unknown(*d)
	}
	return types.Bool(!own)
}

func (e *evaluation) ownAgent(m cloud.Member) ref.Val {
	own, d := ownAgent(m, e.in.Change.Resource, e.look)
	if d != nil {
		return e.unknown(*d)
	}
	return types.Bool(own)
}

func not(v ref.Val) ref.Val {
	if b, ok := v.(types.Bool); ok {
		return !b
	}
	return v
}
