package policies

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies/glob"
)

// functionOptions declares the functions that a policy's expressions may call.
// Those that look at facts are bound when an evaluation runs: they belong to it.
func functionOptions() []cel.EnvOption {
	return []cel.EnvOption{
		cel.Function("constraint",
			cel.Overload("constraint_string", []*cel.Type{cel.StringType}, constraintType.cel, cel.LateFunctionBinding()),
			cel.Overload("constraint_string_string", []*cel.Type{cel.StringType, cel.StringType}, constraintType.cel, cel.LateFunctionBinding())),
		cel.Function("allows", cel.MemberOverload("constraint_allows_string",
			[]*cel.Type{constraintType.cel, cel.StringType}, cel.BoolType, cel.BinaryBinding(celAllows))),
		cel.Function("runtimeIdentity",
			cel.Overload("runtimeIdentity_member", []*cel.Type{memberType.cel}, cel.BoolType, cel.LateFunctionBinding()),
			cel.Overload("runtimeIdentity_string", []*cel.Type{cel.StringType}, cel.BoolType, cel.LateFunctionBinding())),
		cel.Function("holdsBasicRole", cel.Overload("holdsBasicRole_string",
			[]*cel.Type{cel.StringType}, cel.BoolType, cel.LateFunctionBinding())),
		cel.Function("defaultAccount",
			cel.Overload("defaultAccount_member", []*cel.Type{memberType.cel}, cel.BoolType, cel.UnaryBinding(celDefaultAccount)),
			cel.Overload("defaultAccount_string", []*cel.Type{cel.StringType}, cel.BoolType, cel.UnaryBinding(celDefaultAccount))),
		cel.Function("glob", cel.Overload("glob_string_string",
			[]*cel.Type{cel.StringType, cel.StringType}, cel.BoolType, cel.BinaryBinding(celGlob))),
		cel.Function("domain", cel.Overload("domain_string",
			[]*cel.Type{cel.StringType}, cel.StringType, cel.UnaryBinding(celDomain))),
	}
}

func celGlob(s, pattern ref.Val) ref.Val {
	text, ok := s.(types.String)
	p, ok2 := pattern.(types.String)
	if !ok || !ok2 {
		return types.MaybeNoSuchOverloadErr(s)
	}
	return types.Bool(glob.Match(string(text), string(p)))
}

func celDomain(s ref.Val) ref.Val {
	text, ok := s.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(s)
	}
	return types.String(cloud.DomainOf(string(text)))
}

func celDefaultAccount(account ref.Val) ref.Val {
	if o, ok := account.(*object); ok && ofGrant(o).Member == someone {
		return o.e.ofMember(ofGrant(o), nil)
	}
	email, ok := asMember(account).ServiceAccount()
	return types.Bool(ok && cloud.IsDefaultServiceAccount(email))
}

func celAllows(constraint, value ref.Val) ref.Val {
	o, ok := constraint.(*object)
	v, ok2 := value.(types.String)
	if !ok || !ok2 {
		return types.MaybeNoSuchOverloadErr(constraint)
	}
	c := data[constraintRef](o)
	return o.e.ofProject(c, "allows "+string(v), Question{Kind: ConstraintAllows, Name: c.name, Project: c.project, Value: string(v)})
}

// asMember is the member that an expression names by itself, or by an e-mail,
// which is then a service account's.
func asMember(v ref.Val) cloud.Member {
	switch v := v.(type) {
	case *object:
		return ofGrant(v).Member
	case types.String:
		if m := cloud.Member(v); m.Email() != "" {
			return m
		}
		return cloud.Member("serviceAccount:" + v)
	}
	return ""
}

// constraint names a constraint as it is in force for a project: that of the
// changed resource, or the one that is named.
func (e *evaluation) constraint(_ string, args ...ref.Val) ref.Val {
	c := constraintRef{project: e.in.Change.Resource.Project}
	name, ok := args[0].(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(args[0])
	}
	c.name = string(name)
	if len(args) > 1 {
		project, ok := args[1].(types.String)
		if !ok {
			return types.MaybeNoSuchOverloadErr(args[1])
		}
		c.project, c.named = string(project), true
	}
	for _, known := range e.constraints {
		if known.data == any(c) {
			return known
		}
	}
	o := &object{constraintType, e, c}
	e.constraints = append(e.constraints, o)
	return o
}

func (e *evaluation) enforced(c constraintRef) ref.Val {
	return e.ofProject(c, "is enforced", Question{Kind: ConstraintEnforced, Name: c.name, Project: c.project})
}

// ofProject asks about a constraint in force for a project: those of one folder can differ.
func (e *evaluation) ofProject(c constraintRef, claim string, q Question) ref.Val {
	if c.project == "" {
		why := e.in.Change.Resource.Path() + " is in no project, and a constraint is in force by project"
		if c.named {
			why = "a constraint is in force by project, and that of the account it is asked for is not known"
		}
		return e.unknown(doubt{what: "whether " + c.name + " " + claim, why: why})
	}
	return e.truth(q)
}

// runtimeIdentity is false for whatever no workload can run as: members that
// are not live service accounts, and accounts that Google itself operates. The member
// that stands for all service accounts of a container stands for those that run, and an
// agent identity is that of the workload it names. Who is in a group is asked.
func (e *evaluation) runtimeIdentity(_ string, args ...ref.Val) ref.Val {
	if o, ok := args[0].(*object); ok && ofGrant(o).Member == someone {
		return e.ofMember(ofGrant(o), nil)
	}
	m := asMember(args[0]).Folded()
	one, set := m.AgentWorkload()
	email, ok := m.ServiceAccount()
	switch {
	case m.AllServiceAccounts(), one:
		return types.True
	case set:
		return e.unknown(doubt{what: "whether a Cloud Run workload is one of " + string(m), why: "which agent identities a set stands for is not confirmed"})
	case m.Type() == "group" && m.Email() != "":
		return e.truth(Question{Kind: RuntimeIdentity, Name: string(m), Project: e.in.Change.Resource.Project})
	case !ok || cloud.IsGoogleManaged(email):
		return types.False
	}
	return e.truth(Question{Kind: RuntimeIdentity, Name: email, Project: e.in.Change.Resource.Project})
}

// holdsBasicRole is about service accounts alone: of an agent of Google's, or of what is no
// account, it is false.
func (e *evaluation) holdsBasicRole(_ string, args ...ref.Val) ref.Val {
	email, ok := asMember(args[0]).Folded().ServiceAccount()
	if !ok || cloud.IsGoogleManaged(email) {
		return types.False
	}
	return e.truth(Question{Kind: HoldsBasicRole, Name: email})
}
