package auditlog

import (
	"fmt"
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// auditData is google.iam.v1.logging.AuditData: what a SetIamPolicy added and
// removed. A delta of the audit configuration alone has no binding deltas:
// such a call added no grant.
// https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditData
type auditData struct {
	Delta      *policyDelta `json:"policyDelta"`
	SnakeDelta *policyDelta `json:"policy_delta"`
}

type policyDelta struct {
	Bindings      []bindingDelta `json:"bindingDeltas"`
	SnakeBindings []bindingDelta `json:"binding_deltas"`
}

type bindingDelta struct {
	Action    any             `json:"action"`
	Role      string          `json:"role"`
	Member    cloud.Member    `json:"member"`
	Condition cloud.Condition `json:"condition"`
}

// actions are those of a BindingDelta, by name and by number.
// https://cloud.google.com/iam/docs/reference/rest/v1/Policy (google.iam.v1.BindingDelta)
var actions = map[string]cloud.Action{"ADD": cloud.Add, "REMOVE": cloud.Remove, "1": cloud.Add, "2": cloud.Remove}

// readDelta takes the delta from serviceData, or from metadata, where newer
// services put what serviceData held. Of a delta that is malformed anywhere
// nothing is used, and why says so: half of it would look like all of it. An
// entry may also hold none, which is no fault.
func (e *envelope) readDelta(c *cloud.Change) (found bool, why string) {
	data, why := e.auditData("serviceData", e.Payload.ServiceData)
	if data == nil && why == "" {
		data, why = e.auditData("metadata", e.Payload.Metadata)
	}
	if data == nil || why != "" {
		return false, why
	}
	deltas, why := data.deltas()
	if why != "" {
		return false, why
	}
	c.Deltas, c.HasDelta = deltas, true
	return true, ""
}

// auditData is nil where there is none; why says what is wrong with it.
func (e *envelope) auditData(path string, raw []byte) (delta *policyDelta, why string) {
	if len(raw) == 0 && e.cut == "" {
		return nil, ""
	}
	var data auditData
	if why = e.read(path, raw, &data); why != "" {
		return nil, why
	}
	if data.Delta == nil {
		return data.SnakeDelta, ""
	}
	return data.Delta, ""
}

func (d *policyDelta) deltas() (ds []cloud.Delta, why string) {
	for i, b := range slices.Concat(d.Bindings, d.SnakeBindings) {
		action, known := actions[fmt.Sprint(b.Action)]
		if !known || b.Role == "" || b.Member == "" {
			return nil, fmt.Sprintf("policy delta %d has no action, role or member that is known", i)
		}
		ds = append(ds, cloud.Delta{Action: action, Grant: cloud.Grant{Role: b.Role, Member: b.Member, Condition: b.Condition}})
	}
	return ds, ""
}
