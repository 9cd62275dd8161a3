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

// check refuses what IAM refuses in any grant.
func (g grant) check(version int32) error {
	switch {
	case g.condition != nil && version != 3:
		return status.Error(codes.InvalidArgument, "Policies with conditions must specify version 3.")
	case strings.Contains(g.role, withCond):
		return status.Errorf(codes.InvalidArgument, "Role %s is not supported for this resource.", g.role)
	case !strings.Contains(g.member, ":") && g.member != "allUsers" && g.member != "allAuthenticatedUsers":
		return status.Errorf(codes.InvalidArgument, "The member %s is of an unknown type. Please set a valid type prefix for the member.", g.member)
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
