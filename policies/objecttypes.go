package policies

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// The types a policy's expressions see. docs/policies.md describes every
// field; TestTheDocsNameEveryField keeps the two together.
var (
	conditionType = &objectType{cel.ObjectType("rescind.Condition"), map[string]*types.FieldType{
		"expression":  ofCondition(func(c cloud.Condition) string { return c.Expression }),
		"title":       ofCondition(func(c cloud.Condition) string { return c.Title }),
		"description": ofCondition(func(c cloud.Condition) string { return c.Description }),
	}}
	roleType = &objectType{cel.ObjectType("rescind.Role"), map[string]*types.FieldType{
		"name":    text(func(o *object) string { return ofGrant(o).Role }),
		"invokes": field(cel.BoolType, func(o *object) ref.Val { return o.e.invokes(ofGrant(o).Role) }),
	}}
	memberType = &objectType{cel.ObjectType("rescind.Member"), map[string]*types.FieldType{
		"value":   ofMember(cel.StringType, func(_ *evaluation, m cloud.Member) ref.Val { return types.String(m.Folded()) }),
		"type":    ofMember(cel.StringType, func(_ *evaluation, m cloud.Member) ref.Val { return types.String(m.Type()) }),
		"email":   ofMember(cel.StringType, func(_ *evaluation, m cloud.Member) ref.Val { return types.String(memberEmail(m)) }),
		"public":  ofMember(cel.BoolType, func(_ *evaluation, m cloud.Member) ref.Val { return types.Bool(m.Public()) }),
		"deleted": ofMember(cel.BoolType, func(_ *evaluation, m cloud.Member) ref.Val { return types.Bool(m.Deleted()) }),
		"serviceAccount": ofMember(cel.BoolType, func(_ *evaluation, m cloud.Member) ref.Val {
			_, ok := m.Folded().ServiceAccount()
			return types.Bool(ok)
		}),
		"googleManaged": ofMember(cel.BoolType, (*evaluation).ownAgent),
		"external":      ofMember(cel.BoolType, (*evaluation).external),
	}}
	grantType = &objectType{cel.ObjectType("rescind.Grant"), map[string]*types.FieldType{
		"role":             field(roleType.cel, func(o *object) ref.Val { return &ofGrant(o).role }),
		"member":           field(memberType.cel, func(o *object) ref.Val { return &ofGrant(o).member }),
		"condition":        field(conditionType.cel, func(o *object) ref.Val { return &ofGrant(o).condition }),
		"conditionRemoved": flag(func(o *object) bool { return o.e.conditionRemoved(ofGrant(o).Grant) }),
	}}
	constraintType = &objectType{cel.ObjectType("rescind.Constraint"), map[string]*types.FieldType{
		"name":     text(func(o *object) string { return data[constraintRef](o).name }),
		"enforced": field(cel.BoolType, func(o *object) ref.Val { return o.e.enforced(data[constraintRef](o)) }),
	}}
	constraintChangeType = &objectType{cel.ObjectType("rescind.ConstraintChange"), map[string]*types.FieldType{
		"name": text(func(o *object) string { return o.e.constraintChange().Name }),
		"enforced": field(cel.BoolType, func(o *object) ref.Val {
			return o.e.flag("whether the organization policy enforces the constraint now", unreadConstraint, o.e.constraintChange().Enforced)
		}),
		"loosened": field(cel.BoolType, func(o *object) ref.Val { return o.e.loosened() }),
		"became":   text(func(o *object) string { return o.e.became() }),
		"about":    field(cel.ListType(cel.StringType), func(o *object) ref.Val { return o.e.about() }),
	}}
	changeType = &objectType{cel.ObjectType("rescind.Change"), map[string]*types.FieldType{
		"added":    field(cel.ListType(grantType.cel), func(o *object) ref.Val { return o.e.added() }),
		"removed":  field(cel.ListType(grantType.cel), func(o *object) ref.Val { return grantList(o.e.show(o.e.in.Change.Removed())) }),
		"hasDelta": flag(func(o *object) bool { return o.e.in.Change.HasDelta }),
		"invokerCheckDisabled": field(cel.BoolType, func(o *object) ref.Val {
			return o.e.flag("whether the invoker check is disabled", unreadInvokerCheck, o.e.part.invokerCheck)
		}),
		"constraint": field(constraintChangeType.cel, func(o *object) ref.Val { return &o.e.objects.constraint }),
		"verb":       text(func(o *object) string { return string(o.e.in.Change.Verb) }),
		"method":     text(func(o *object) string { return o.e.in.Change.Method }),
		"service":    text(func(o *object) string { return o.e.in.Change.Service }),
		"time":       field(cel.TimestampType, func(o *object) ref.Val { return types.Timestamp{Time: o.e.in.Change.Time} }),
	}}
	identityType = &objectType{cel.ObjectType("rescind.Identity"), map[string]*types.FieldType{
		"email":   field(cel.StringType, func(o *object) ref.Val { return o.e.identity(types.String(o.e.part.identity.Email)) }),
		"default": field(cel.BoolType, func(o *object) ref.Val { return o.e.identity(types.Bool(o.e.part.identity.IsDefault())) }),
		"changed": field(cel.BoolType, func(o *object) ref.Val {
			return o.e.identity(types.Bool(o.e.part.identity.Knowledge != cloud.Unchanged))
		}),
		"project":      field(cel.StringType, func(o *object) ref.Val { return o.e.identity(types.String(o.e.accountProject())) }),
		"crossProject": field(cel.BoolType, func(o *object) ref.Val { return o.e.crossProject() }),
	}}
	servingType = &objectType{cel.ObjectType("rescind.Serving"), map[string]*types.FieldType{
		"revision": text(func(o *object) string { return ofShare(o).Revision }),
		"percent":  field(cel.IntType, func(o *object) ref.Val { return types.Int(ofShare(o).Percent) }),
		"tags":     field(cel.ListType(cel.StringType), func(o *object) ref.Val { return stringList(ofShare(o).Tags) }),
		"account":  field(cel.StringType, func(o *object) ref.Val { return o.e.ofShare(o, types.String(ofShare(o).Identity.Email)) }),
		"default":  field(cel.BoolType, func(o *object) ref.Val { return o.e.ofShare(o, types.Bool(ofShare(o).Identity.IsDefault())) }),
	}}
	workloadType = &objectType{cel.ObjectType("rescind.Workload"), map[string]*types.FieldType{
		"identity":   field(identityType.cel, func(o *object) ref.Val { return &o.e.objects.identity }),
		"serving":    field(cel.ListType(servingType.cel), func(o *object) ref.Val { return o.e.serving() }),
		"sshEnabled": field(cel.BoolType, func(o *object) ref.Val { return o.e.ssh() }),
		"ingress":    field(cel.StringType, func(o *object) ref.Val { return o.e.ingress() }),
		"labels":     field(cel.MapType(cel.StringType, cel.StringType), func(o *object) ref.Val { return types.DefaultTypeAdapter.NativeToValue(o.e.workload().Labels) }),
		"controller": field(cel.StringType, func(o *object) ref.Val { return o.e.controller() }),
	}}
	resourceType = &objectType{cel.ObjectType("rescind.Resource"), map[string]*types.FieldType{
		"name":     field(cel.StringType, func(o *object) ref.Val { return o.e.named(o.e.in.Change.Resource.Path()) }),
		"full":     field(cel.StringType, func(o *object) ref.Val { return o.e.named(o.e.in.Change.Resource.String()) }),
		"id":       field(cel.StringType, func(o *object) ref.Val { return o.e.id() }),
		"kind":     text(func(o *object) string { return string(o.e.in.Change.Resource.Kind) }),
		"project":  text(func(o *object) string { return o.e.in.Change.Resource.Project }),
		"location": field(cel.StringType, func(o *object) ref.Val { return o.e.location() }),
	}}
	actorType = &objectType{cel.ObjectType("rescind.Actor"), map[string]*types.FieldType{
		"principal":  text(func(o *object) string { return string(cloud.Member(o.e.in.Change.Actor.Principal).Folded()) }),
		"email":      text(func(o *object) string { return memberEmail(cloud.Member(o.e.in.Change.Actor.Principal)) }),
		"delegation": field(cel.ListType(cel.StringType), func(o *object) ref.Val { return stringList(o.e.in.Change.Actor.Delegation) }),
	}}
)

// ofMember is a field of a grant's member.
func ofMember(t *cel.Type, get func(*evaluation, cloud.Member) ref.Val) *types.FieldType {
	return field(t, func(o *object) ref.Val {
		return o.e.ofMember(ofGrant(o), func(m cloud.Member) ref.Val { return get(o.e, m) })
	})
}

// ofCondition is a field of a grant's condition, which nobody knows where nobody knows the grant.
func ofCondition(get func(cloud.Condition) string) *types.FieldType {
	return field(cel.StringType, func(o *object) ref.Val {
		return o.e.ofMember(ofGrant(o), func(cloud.Member) ref.Val { return types.String(get(ofGrant(o).Condition)) })
	})
}

// constraintRef is a constraint as it is in force for a project.
type constraintRef struct {
	name, project string
	named         bool // the expression names the project; else it is that of the change
}

func objectTypes() map[string]*objectType {
	out := map[string]*objectType{}
	for _, t := range []*objectType{
		conditionType, roleType, memberType, grantType, constraintType, constraintChangeType,
		changeType, identityType, servingType, workloadType, resourceType, actorType,
	} {
		out[t.cel.TypeName()] = t
	}
	return out
}
