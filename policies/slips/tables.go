package slips

import "github.com/rescind-dev/rescind/internal/cloud"

// services are those whose entries are read.
var services = []string{
	"run.googleapis.com", "cloudresourcemanager.googleapis.com", "iam.googleapis.com", "orgpolicy.googleapis.com", "cloudfunctions.googleapis.com",
}

var (
	verbs = []cloud.Verb{cloud.Create, cloud.Replace, cloud.Update, cloud.Delete, cloud.SetPolicy, cloud.SetOrg, cloud.Move, cloud.DefineRole, cloud.CreateKey}
	forms = []cloud.PolicyForm{
		cloud.PolicyDeleted, cloud.PolicyReset, cloud.PolicyConditional, cloud.PolicyAllEnforce, cloud.PolicyDryRunOnly,
		cloud.PolicyAllowsAll, cloud.PolicyDeniesAll, cloud.PolicyHoldsValues, cloud.PolicyHoldsParameters,
	}
)

// memberTypes are the ways in which a member begins.
// https://cloud.google.com/iam/docs/principal-identifiers
var memberTypes = []string{
	allUsers, allAuthenticatedUsers, "user", "serviceAccount", "group", "domain", "principal", "principalSet", "deleted",
	"projectOwner", "projectEditor", "projectViewer",
}

const (
	allUsers              = "allUsers"
	allAuthenticatedUsers = "allAuthenticatedUsers"
)

// roles are the basic roles and those that policies on Cloud Run are about.
// https://cloud.google.com/iam/docs/roles-overview, https://cloud.google.com/run/docs/reference/iam/roles
var roles = []string{
	"roles/owner", "roles/editor", "roles/viewer", "roles/admin", "roles/writer", "roles/reader", "roles/browser",
	"roles/run.admin", "roles/run.developer", "roles/run.invoker", "roles/run.viewer", "roles/run.builder", "roles/run.serviceAgent",
	"roles/run.servicesInvoker", "roles/run.jobsExecutor", "roles/run.jobsExecutorWithOverrides", "roles/run.sourceDeveloper",
	"roles/run.sourceViewer", "roles/run.sshRoot",
	"roles/iam.serviceAccountUser", "roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountOpenIdTokenCreator",
	"roles/iam.serviceAccountAdmin", "roles/iam.serviceAccountKeyAdmin", "roles/iam.serviceAccountCreator", "roles/iam.workloadIdentityUser",
	"roles/iam.securityAdmin", "roles/iam.securityReviewer", "roles/iam.organizationRoleAdmin", "roles/iam.roleAdmin",
	"roles/resourcemanager.projectIamAdmin", "roles/resourcemanager.folderIamAdmin", "roles/resourcemanager.folderAdmin",
	"roles/resourcemanager.organizationAdmin", "roles/orgpolicy.policyAdmin", "roles/orgpolicy.policyViewer",
	"roles/cloudfunctions.admin", "roles/cloudfunctions.developer", "roles/cloudfunctions.invoker", "roles/cloudfunctions.viewer",
}

// methods are the changes of Cloud Run, and of policies elsewhere, as entries name them.
var methods = runMethods()

func runMethods() []string {
	out := []string{
		"SetIamPolicy", "google.iam.admin.v1.SetIAMPolicy", "google.iam.admin.v1.CreateServiceAccountKey",
		"google.cloud.orgpolicy.v2.OrgPolicy.CreatePolicy", "google.cloud.orgpolicy.v2.OrgPolicy.UpdatePolicy", "google.cloud.orgpolicy.v2.OrgPolicy.DeletePolicy",
	}
	for _, m := range []string{"Services.CreateService", "Services.DeleteService", "Services.SetIamPolicy", "Jobs.CreateJob", "Jobs.DeleteJob", "Jobs.SetIamPolicy"} {
		out = append(out, "google.cloud.run.v1."+m, "google.cloud.run.v2."+m)
	}
	return append(out, "google.cloud.run.v1.Services.ReplaceService", "google.cloud.run.v1.Jobs.ReplaceJob", "google.cloud.run.v2.Services.UpdateService",
		"google.cloud.run.v2.Jobs.UpdateJob", "google.cloud.run.v2.WorkerPools.CreateWorkerPool", "google.cloud.run.v2.WorkerPools.UpdateWorkerPool",
		"google.cloud.run.v2.WorkerPools.DeleteWorkerPool")
}

// constraints are those of Cloud Run and of IAM.
// https://cloud.google.com/resource-manager/docs/organization-policy/org-policy-constraints
var constraints = []string{
	"run.managed.requireInvokerIam", "run.allowedIngress", "run.allowedVPCEgress", "run.allowedBinaryAuthorizationPolicies",
	"iam.allowedPolicyMemberDomains", "iam.managed.allowedPolicyMembers", "iam.disableServiceAccountKeyCreation", "iam.managed.disableServiceAccountKeyCreation",
	"iam.disableServiceAccountKeyUpload", "iam.automaticIamGrantsForDefaultServiceAccounts", "iam.disableCrossProjectServiceAccountUsage",
	"iam.managed.preventPrivilegedBasicRolesForDefaultServiceAccounts",
}
