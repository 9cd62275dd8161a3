package policies

import (
	"cmp"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Whoever has a project has agents of Google's in it, and can have one of them act:
// a trigger, a subscription, a build. So the domain of an agent says that Google runs
// it, and not for whom. One is taken for the organization's own only where what its
// number names is known to be in the organization.

// OwnAgent reports whether Google manages the member for the organization that holds
// near, or for nobody alone. Of a member that Google does not manage it says no. Where
// it is unknown, why says so in a sentence, and own is false. It asks nothing of a
// member without a number.
func OwnAgent(m cloud.Member, near cloud.Resource, ask func(Question) Fact) (own bool, why string) {
	own, d := ownAgent(m, near, func(q Question) (Fact, *doubt) {
		f := ask(q)
		if f.Known {
			return f, nil
		}
		return f, &doubt{q, q.What(), cmp.Or(f.Why, noReason)}
	})
	if d != nil {
		return false, d.String()
	}
	return own, ""
}

func ownAgent(m cloud.Member, near cloud.Resource, look looker) (own bool, _ *doubt) {
	email, ok := m.ServiceAccount()
	if !ok || !cloud.IsGoogleManaged(email) {
		return false, nil
	}
	of, told := cloud.AgentOf(email)
	if !told {
		return false, &doubt{what: whose(m), why: "its name does not say what it works for"}
	}
	own, d := within(of, near, look)
	if d != nil {
		return false, &doubt{d.question, whose(m), d.String()}
	}
	return own, nil
}

// within reports whether the container that an agent works for, if any, is in the
// organization that holds near. That it is the project of near itself is asked first:
// it is known more often than what is above the project, in a replay above all.
func within(of, near cloud.Resource, look looker) (bool, *doubt) {
	at, _ := container(near)
	if of == at || of == (cloud.Resource{}) {
		return true, nil
	}
	if at.Kind == cloud.Project && of.Kind == cloud.Project && !isNumber(at.Project) {
		same, d := look(Question{Kind: ProjectNumber, Project: at.Project, Value: of.Project})
		if same.Known && same.Value {
			return true, nil
		}
		if d != nil && d.why == notLookedUp {
			return false, d
		}
	}
	own, d := organizationOf(near, look)
	if d != nil {
		return false, d
	}
	theirs, d := organizationOf(of, look)
	return d == nil && own == theirs, d
}

func whose(m cloud.Member) string { return "whether " + string(m) + " works for the organization" }

// organizationOf is the path of the organization that holds r.
func organizationOf(r cloud.Resource, look looker) (string, *doubt) {
	if at, _ := container(r); at.Kind == cloud.Organization {
		return at.Path(), nil
	}
	above, d := above(r, look)
	if d != nil {
		return "", d
	}
	if len(above) > 0 {
		if top, ok := cloud.ParseContainer(above[len(above)-1]); ok && top.Kind == cloud.Organization {
			return top.Path(), nil
		}
	}
	return "", &doubt{what: "the organization of " + r.Path(), why: "none is above it"}
}

func above(r cloud.Resource, look looker) ([]string, *doubt) {
	c, ok := container(r)
	switch {
	case !ok:
		return nil, &doubt{what: "the ancestors of " + r.Path(), why: "its project is not known"}
	case c.Kind == cloud.Organization:
		return nil, nil
	}
	f, d := look(Question{Kind: Ancestors, Name: c.Path()})
	return f.List, d
}

// container returns the project, folder or organization that r is, or lies
// directly in.
func container(r cloud.Resource) (cloud.Resource, bool) {
	switch {
	case r.Kind.Container():
		return r, true
	case r.Kind == cloud.OrgPolicy:
		return cloud.ParseContainer(r.Parent)
	case r.Project != "":
		return cloud.ProjectResource(r.Project), true
	}
	return cloud.Resource{}, false
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
