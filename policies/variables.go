package policies

import (
	"slices"

	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
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
	rule   *rule      // whose program is running
	// telling is true while words for people are made: a name that is known
	// in part is then better than none.
	telling bool

	// What programs read again and again is made once.
	objects     struct{ change, workload, identity, resource, actor, constraint object }
	constraints []*object
	bound       struct{ constraint, runtimeIdentity, holdsBasicRole functions.LateBoundOp }
	// ordinary is true for a change within the sizes that costs were estimated
	// with: its programs cannot exceed the limit, and need not be watched.
	ordinary bool
}

func newEvaluation(in Input) *evaluation {
	e := &evaluation{in: in, whole: subjectOf(in.Change)}
	e.objects.change, e.objects.workload = object{changeType, e, nil}, object{workloadType, e, nil}
	e.objects.identity, e.objects.resource = object{identityType, e, nil}, object{resourceType, e, nil}
	e.objects.actor, e.objects.constraint = object{actorType, e, nil}, object{constraintChangeType, e, nil}
	e.bound.constraint, e.bound.runtimeIdentity, e.bound.holdsBasicRole = e.constraint, e.runtimeIdentity, e.holdsBasicRole
	e.whole = e.shown(e.whole)
	e.part = e.whole
	e.ordinary = ordinary(in)
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
		return f, &doubt{q, q.What(), notLookedUp}
	case !f.Known && f.Why == "":
		return f, &doubt{q, q.What(), noReason}
	case !f.Known:
		return f, &doubt{q, q.What(), f.Why}
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
func (e *evaluation) ancestors() ([]string, *doubt) { return above(e.in.Change.Resource, e.look) }

// ResolveName gives a CEL program its variables.
func (e *evaluation) ResolveName(name string) (any, bool) {
	switch name {
	case "change":
		return &e.objects.change, true
	case "workload":
		return &e.objects.workload, true
	case "resource":
		return &e.objects.resource, true
	case "actor":
		return &e.objects.actor, true
	case "now":
		return types.Timestamp{Time: e.in.Now}, true
	case "ancestors":
		list, d := e.ancestors()
		if d != nil {
			return e.unknown(*d), true
		}
		return stringList(list), true
	case "overridden":
		return e.overridden(), true
	}
	return nil, false
}

// Parent belongs to the interface; there is no outer scope.
func (e *evaluation) Parent() interpreter.Activation { return nil }

// ResolveFunction gives a CEL program the functions that look at facts.
func (e *evaluation) ResolveFunction(name string) (functions.LateBoundOp, bool) {
	switch name {
	case "constraint":
		return e.bound.constraint, true
	case "runtimeIdentity":
		return e.bound.runtimeIdentity, true
	case "holdsBasicRole":
		return e.bound.holdsBasicRole, true
	}
	return nil, false
}
