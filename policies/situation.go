package policies

import (
	"fmt"
	"maps"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// situation is what is known of a change before it is made, by the path of a
// field ("resource.kind"), or "constraint(NAME).enforced". All else is unknown,
// so an expression that comes to false in a situation is false for every change
// that fits it, whatever else that change is: CEL's unknowns are exact.
type situation map[string]ref.Val

// situationsOf lists what can happen to a kind of resource, one for each verb.
// A deletion is judged for organization policies only (Set.Evaluate).
func situationsOf(kind cloud.Kind) []situation {
	verbs := []cloud.Verb{cloud.Create, cloud.Replace, cloud.Update, cloud.SetPolicy}
	switch kind {
	case cloud.ServiceAccount:
		verbs = []cloud.Verb{cloud.SetPolicy, cloud.CreateKey}
	case cloud.OrgPolicy:
		verbs = []cloud.Verb{cloud.Create, cloud.Replace, cloud.Update, cloud.Delete, cloud.SetOrg, cloud.Move, cloud.Tag}
	}
	var out []situation
	for _, v := range verbs {
		s := alwaysOf(kind)
		s["change.verb"] = types.String(v)
		out = append(out, s)
	}
	return out
}

// alwaysOf is what holds of every change of a resource of the kind.
func alwaysOf(kind cloud.Kind) situation {
	s := situation{"resource.kind": types.String(kind)}
	if !kind.Workload() {
		maps.Copy(s, situation{
			"change.invokerCheckDisabled":    types.False,
			"workload.identity.email":        types.String(""),
			"workload.identity.default":      types.False,
			"workload.identity.changed":      types.False,
			"workload.identity.project":      types.String(""),
			"workload.identity.crossProject": types.False,
			"workload.serving":               noServing,
			"workload.ingress":               types.String(""),
			"workload.sshEnabled":            types.False,
			"workload.controller":            types.String(""),
			"workload.labels":                types.DefaultTypeAdapter.NativeToValue(map[string]string{}),
			"resource.location":              types.String(""),
		})
	}
	if kind == cloud.OrgPolicy {
		s["change.added"] = stringList(nil)
		s["change.removed"] = stringList(nil)
	} else {
		s["change.constraint.name"] = types.String("")
		s["change.constraint.enforced"] = types.False
		s["change.constraint.loosened"] = types.False
		s["change.constraint.became"] = types.String("")
		s["change.constraint.about"] = stringList(nil)
	}
	if kind == cloud.Folder || kind == cloud.Organization {
		s["resource.project"] = types.String("")
	}
	if kind == cloud.Organization {
		s["ancestors"] = stringList(nil)
	}
	return s
}

// neverKnown lists fields that no look-up can answer for a resource of the
// kind, with values to try in their place: what is not true with one of them
// is never true while the field is unknown.
func neverKnown(kind cloud.Kind) []situation {
	if kind == cloud.Folder || kind == cloud.Organization { // evaluation.ofProject
		return []situation{{"constraint().enforced": types.False}, {"constraint().enforced": types.True}}
	}
	return nil
}

// with adds what else is known.
func (s situation) with(more situation) situation {
	out := maps.Clone(s)
	maps.Copy(out, more)
	return out
}

// prospect evaluates expressions in situations. It has the variables, fields
// and functions of an evaluation, answered from the situation.
type prospect struct{ env *cel.Env }

func newProspect(c *compiler) (prospect, error) {
	e, err := c.env.Extend(cel.CustomTypeProvider(provider{c.env.CELTypeProvider(), prospectTypes()}))
	return prospect{e}, err
}

// program compiles an expression that has been compiled before.
func (p prospect) program(expression string) (cel.Program, error) {
	checked, issues := p.env.Compile(expression)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	return p.env.Program(checked, cel.CostLimit(maxCost))
}

// place is an object in a situation, known by the path it was reached by.
type place struct {
	known situation
	path  string
}

// prospectTypes are the objects' types with fields that look at a situation.
func prospectTypes() map[string]*objectType {
	out := map[string]*objectType{}
	for name, t := range objectTypes() {
		fields := map[string]*types.FieldType{}
		for f, was := range t.fields {
			fields[f] = field(was.Type, func(o *object) ref.Val { return data[place](o).field(f, was.Type) })
		}
		out[name] = &objectType{t.cel, fields}
	}
	return out
}

func (p place) field(name string, t *types.Type) ref.Val {
	path := p.path + "." + name
	if v, ok := p.known[path]; ok {
		return v
	}
	if p.path != "" && t.Kind() == types.StructKind {
		return &object{t: &objectType{cel: t}, data: place{p.known, path}}
	}
	return open
}

// open stands for whatever a situation does not settle.
var open = types.NewUnknown(1, nil)

// ResolveName gives a program its variables.
func (s situation) ResolveName(name string) (any, bool) {
	if v, ok := s[name]; ok {
		return v, true
	}
	switch name {
	case "change", "workload", "resource", "actor":
		return &object{t: &objectType{}, data: place{s, name}}, true
	}
	return open, true
}

// Parent belongs to the interface; there is no outer scope.
func (s situation) Parent() interpreter.Activation { return nil }

// ResolveFunction gives a program the functions that look at facts.
func (s situation) ResolveFunction(name string) (functions.LateBoundOp, bool) {
	if name == "constraint" {
		return s.constraint, true
	}
	return func(string, ...ref.Val) ref.Val { return open }, true
}

// constraint is known by its name, or else by what is said of every one; of a
// project that the expression names itself nothing is.
func (s situation) constraint(_ string, args ...ref.Val) ref.Val {
	path := fmt.Sprintf("constraint(%v)", args[0].Value())
	if _, ok := s[path+".enforced"]; !ok {
		path = "constraint()"
	}
	if len(args) > 1 {
		path = ""
	}
	return &object{t: constraintType, e: &evaluation{}, data: place{s, path}}
}

// mayHold reports whether the program could be true in any of the situations.
func mayHold(p cel.Program, in []situation) bool {
	for _, s := range in {
		if v, _, _ := p.Eval(s); v != types.False {
			return true
		}
	}
	return false
}

// wrong says how the program goes wrong, if it does in all of the situations.
func wrong(p cel.Program, in []situation) string {
	why := ""
	for _, s := range in {
		_, _, err := p.Eval(s)
		if err == nil {
			return ""
		}
		why = err.Error()
	}
	return why
}
