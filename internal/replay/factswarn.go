package replay

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// What a facts file says and cannot mean: it loads, and a person should look at it.

// constraintsOfRun are the constraints about Cloud Run and about who is granted what, so
// that one which is written otherwise is noticed.
// https://cloud.google.com/resource-manager/docs/organization-policy/org-policy-constraints
var constraintsOfRun = []string{
	"run.managed.requireInvokerIam", "run.allowedIngress", "run.allowedVPCEgress", "run.allowedBinaryAuthorizationPolicies",
	"run.managed.allowedIngress", "cloudfunctions.allowedIngressSettings", "cloudfunctions.requireVPCConnector",
	"cloudfunctions.allowedVpcConnectorEgressSettings", "cloudfunctions.restrictAllowedGenerations",
	"iam.allowedPolicyMemberDomains", "iam.managed.allowedPolicyMembers", "iam.automaticIamGrantsForDefaultServiceAccounts",
	"iam.managed.preventPrivilegedBasicRolesForDefaultServiceAccounts", "iam.disableServiceAccountCreation",
	"iam.disableServiceAccountKeyCreation", "iam.managed.disableServiceAccountKeyCreation", "iam.disableServiceAccountKeyUpload",
	"iam.disableCrossProjectServiceAccountUsage", "iam.restrictCrossProjectServiceAccountLienRemoval",
	"iam.workloadIdentityPoolProviders", "iam.disableAuditLoggingExemption", "compute.restrictLoadBalancerCreationForTypes",
}

// nameAt is a name in a facts file, and where it stands.
type nameAt struct {
	name string
	at   *yaml.Node
	what string
}

// warn notes what cannot be right, once all of the file is read.
func (f *FactsFile) warn() {
	for _, n := range f.names {
		if f.letterCase(n) {
			continue
		}
		c, ok := cloud.ParseContainer(n.name)
		if _, listed := f.projects[c.Name]; ok && c.Kind == cloud.Project && !listed && f.ids[c.Name] == "" {
			f.warning(n.at, "%s names project %q, which is not listed below projects: of others nothing is known there", n.what, c.Name)
		}
	}
	for _, n := range f.constraintNames {
		known := false
		for _, c := range constraintsOfRun {
			known = known || c == n.name
		}
		if !known && !strings.HasPrefix(n.name, "custom.") {
			f.warning(n.at, "constraint %q is none of Cloud Run or IAM that rescind knows%s", n.name, strictyaml.Suggest(n.name, constraintsOfRun))
		}
	}
	f.names, f.constraintNames = nil, nil
}

// letterCase warns of a name with capitals, which Google's names have none of.
func (f *FactsFile) letterCase(n nameAt) bool {
	lower := strings.ToLower(n.name)
	if lower == n.name {
		return false
	}
	f.warning(n.at, "%s is %q: Google writes it in lower case, and so nothing is the same; write %q", n.what, n.name, lower)
	return true
}

func (f *FactsFile) warning(n *yaml.Node, format string, args ...any) {
	f.Warnings = append(f.Warnings, fmt.Sprintf("%s:%d:%d: ", f.Name, n.Line, n.Column)+fmt.Sprintf(format, args...))
}
