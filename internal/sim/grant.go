package sim

import (
	"cmp"
	"slices"
	"strings"

	"cloud.google.com/go/iam/apiv1/iampb"
	"google.golang.org/genproto/googleapis/type/expr"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// grant is one role for one member under one condition.
type grant struct {
	role, member string
	condition    *expr.Expr
}

func (g grant) key() string { return g.role + "\n" + conditionKey(g.condition) + "\n" + g.member }

// memberTypes are what stands before the colon of a member.
// https://cloud.google.com/iam/docs/principal-identifiers
var memberTypes = []string{
	"user", "serviceAccount", "group", "domain", "principal", "principalSet", "deleted", "projectOwner", "projectEditor", "projectViewer",
}

// check refuses what IAM refuses in any grant, or on that resource.
func (g grant) check(version int32, resource string) error {
	kind, id, _ := strings.Cut(g.member, ":")
	public := g.member == "allUsers" || g.member == "allAuthenticatedUsers"
	switch {
	case g.condition != nil && version != 3:
		return status.Error(codes.InvalidArgument, "Policies with conditions must specify version 3.")
	case strings.Contains(g.role, withCond) || !strings.Contains(g.role, "roles/"):
		return status.Errorf(codes.InvalidArgument, "Role %s is not supported for this resource.", g.role)
	case public && !opensToAll(resource):
		return status.Errorf(codes.InvalidArgument, "Members of type allUsers and allAuthenticatedUsers cannot be added to %s.", resource)
	case !public && (!slices.Contains(memberTypes, kind) || id == ""):
		return status.Errorf(codes.InvalidArgument, "The member %s is of an unknown type. Please set a valid type prefix for the member.", g.member)
	}
	return nil
}

// opensToAll reports the resources whose policies take everybody. Those of
// projects, folders and organizations do not (the comments of Resource Manager's
// SetIamPolicy). Jobs are said not to either (hashicorp/terraform-provider-google
// issue 13592); here they do, so that such a grant is looked for on every kind.
func opensToAll(resource string) bool {
	_, container := levelOf(resource)
	return !container
}

// How many members a policy may name, each as often as it is named, and how
// many of them may be groups: the comments of google.iam.v1.Policy.
const (
	mostMembers = 1500
	mostGroups  = 250
)

func withinLimits(gs []grant) error {
	groups := 0
	for _, g := range gs {
		if strings.HasPrefix(g.member, "group:") {
			groups++
		}
	}
	if len(gs) > mostMembers || groups > mostGroups {
		return status.Errorf(codes.InvalidArgument, "The policy names %d members, %d of them groups; at most %d and %d are allowed.", len(gs), groups, mostMembers, mostGroups)
	}
	return nil
}

func conditionKey(e *expr.Expr) string {
	if e == nil {
		return ""
	}
	return strings.Join([]string{e.Expression, e.Title, e.Description, e.Location}, "\x00")
}

// grantsOf lists the grants of a policy once each, in IAM's order.
func grantsOf(p *iampb.Policy) []grant {
	var out []grant
	for _, b := range p.GetBindings() {
		for _, m := range b.Members {
			out = append(out, grant{b.Role, m, b.Condition})
		}
	}
	slices.SortFunc(out, func(a, b grant) int { return cmp.Compare(a.key(), b.key()) })
	return slices.CompactFunc(out, func(a, b grant) bool { return a.key() == b.key() })
}

// bindings groups sorted grants by role and condition.
func bindings(gs []grant) []*iampb.Binding {
	var out []*iampb.Binding
	for i, g := range gs {
		if i == 0 || g.role != gs[i-1].role || conditionKey(g.condition) != conditionKey(gs[i-1].condition) {
			out = append(out, &iampb.Binding{Role: g.role, Condition: g.condition})
		}
		last := out[len(out)-1]
		last.Members = append(last.Members, g.member)
	}
	return out
}

// auditData is the policyDelta that Resource Manager puts into its entries,
// and Cloud Run does not.
func auditData(before, after *iampb.Policy) body {
	deltas := []body{}
	add := func(action string, of, without *iampb.Policy) {
		for _, g := range grantsOf(of) {
			if slices.ContainsFunc(grantsOf(without), func(o grant) bool { return o.key() == g.key() }) {
				continue
			}
			d := body{"action": action, "role": g.role, "member": g.member}
			if g.condition != nil {
				d["condition"] = conditionJSON(g.condition)
			}
			deltas = append(deltas, d)
		}
	}
	add("ADD", after, before)
	add("REMOVE", before, after)
	out := body{"@type": "type.googleapis.com/google.iam.v1.logging.AuditData"}
	if len(deltas) > 0 {
		out["policyDelta"] = body{"bindingDeltas": deltas}
	}
	return out
}

func conditionJSON(e *expr.Expr) body {
	out := typed(e)
	delete(out, "@type")
	return out
}
