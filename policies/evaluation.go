package policies

import (
	"slices"

	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// evaluation is the state of one call of Evaluate, and what CEL programs read
// their variables and functions from. Whatever is unknown becomes a CEL
// unknown whose id is an index into doubts: CEL carries the ids through
// `&&`, `||`, comprehensions and field selections, and leaves exactly those in
// the result that the result depends on.
type evaluation struct {
	in     Input
	whole  subject
	part   subject // what the running program sees as the change
	doubts []doubt
	used   []Question // known facts the programs looked at, in order
}

// doubt is one thing that is not known.
type doubt struct {
	question Question // zero for what no look-up can answer
	what     string   // "whether X is enforced for P"; empty when why says it all
	why      string
}

func (d doubt) String() string {
	if d.what == "" {
		return d.why
	}
	return d.what + " is unknown: " + d.why
}

func newEvaluation(in Input) *evaluation {
	e := &evaluation{in: in, whole: subjectOf(in.Change)}
	e.part = e.whole
	return e
}

// unknown is the CEL value for d.
func (e *evaluation) unknown(d doubt) *types.Unknown {
	i := slices.Index(e.doubts, d)
	if i < 0 {
		i = len(e.doubts)
		e.doubts = append(e.doubts, d)
	}
	return types.NewUnknown(int64(i), nil)
}

// look returns the fact, or why it is unknown.
func (e *evaluation) look(q Question) (Fact, *doubt) {
	f, asked := e.in.Facts[q]
	switch {
	case !asked:
		return f, &doubt{q, q.what(), "it was not looked up"}
	case !f.Known && f.Why == "":
		return f, &doubt{q, q.what(), "no reason given"}
	case !f.Known:
		return f, &doubt{q, q.what(), f.Why}
	}
	if !slices.Contains(e.used, q) {
		e.used = append(e.used, q)
	}
	return f, nil
}

// truth is the fact's value as CEL sees it.
func (e *evaluation) truth(q Question) ref.Val {
	f, d := e.look(q)
	if d != nil {
		return e.unknown(*d)
	}
	return types.Bool(f.Value)
}

// ancestors lists the folders and organizations that hold the changed
// resource, nearest first.
func (e *evaluation) ancestors() ([]string, *doubt) {
	r := e.in.Change.Resource
	c, ok := container(r)
	switch {
	case !ok:
		return nil, &doubt{what: "the ancestors of " + r.Path(), why: "its project is not known"}
	case c.Kind == cloud.Organization:
		return nil, nil
	}
	f, d := e.look(Question{Kind: Ancestors, Name: c.Path()})
	return f.List, d
}

// ResolveName gives a CEL program its variables.
func (e *evaluation) ResolveName(name string) (any, bool) {
	switch name {
	case "change":
		return &object{changeType, e, nil}, true
	case "workload":
		return &object{workloadType, e, nil}, true
	case "resource":
		return &object{resourceType, e, nil}, true
	case "actor":
		return &object{actorType, e, nil}, true
	case "now":
		return types.Timestamp{Time: e.in.Now}, true
	case "ancestors":
		list, d := e.ancestors()
		if d != nil {
			return e.unknown(*d), true
		}
		return stringList(list), true
	}
	return nil, false
}

// Parent belongs to the interface; there is no outer scope.
func (e *evaluation) Parent() interpreter.Activation { return nil }

// ResolveFunction gives a CEL program the functions that look at facts.
func (e *evaluation) ResolveFunction(name string) (functions.LateBoundOp, bool) {
	switch name {
	case "constraint":
		return e.constraint, true
	case "runtimeIdentity":
		return e.runtimeIdentity, true
	}
	return nil, false
}

func (e *evaluation) constraint(_ string, args ...ref.Val) ref.Val {
	name, ok := args[0].(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(args[0])
	}
	return &object{constraintType, e, constraintName(name)}
}

// constraintEnforced is asked of the project that holds the changed resource:
// whether a constraint is effectively enforced can differ between the projects
// of one folder, so a folder has no answer.
func (e *evaluation) constraintEnforced(name string) ref.Val {
	project := e.in.Change.Resource.Project
	if project == "" {
		return e.unknown(doubt{
			what: "whether " + name + " is enforced",
			why:  e.in.Change.Resource.Path() + " is in no project, and it is enforced by project",
		})
	}
	return e.truth(Question{Kind: ConstraintEnforced, Name: name, Project: project})
}

// runtimeIdentity is false for whatever no workload can run as: members that
// are not live service accounts, and accounts that Google itself operates.
func (e *evaluation) runtimeIdentity(_ string, args ...ref.Val) ref.Val {
	var m cloud.Member
	switch v := args[0].(type) {
	case *object:
		m, _ = v.data.(cloud.Member)
	case types.String:
		m = cloud.Member(v)
		if m.Email() == "" { // a bare e-mail
			m = "serviceAccount:" + m
		}
	}
	email, ok := m.ServiceAccount()
	if !ok || cloud.IsGoogleManaged(email) {
		return types.False
	}
	return e.truth(Question{Kind: RuntimeIdentity, Name: email, Project: e.in.Change.Resource.Project})
}
