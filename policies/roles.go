package policies

// invokingRoles says of predefined roles whether they hold run.routes.invoke
// or run.jobs.run, so that the common cases need no look-up. As of November
// 2026, from
//
//   - https://cloud.google.com/iam/docs/roles-permissions/run (Cloud Run's roles
//     and, by permission, the roles that hold it),
//   - https://cloud.google.com/run/docs/authenticating/overview ("services are
//     only callable by Project Owners, Project Editors, and Cloud Run Admins
//     and Cloud Run Invokers").
//
// A role that is not listed is asked for (RoleInvokes): custom roles, and the
// roles of other products, some of which hold these permissions too.
var invokingRoles = map[string]bool{
	"roles/owner":  true,
	"roles/editor": true,
	"roles/viewer": false,

	"roles/run.admin":                     true,
	"roles/run.builder":                   false,
	"roles/run.developer":                 true,
	"roles/run.invoker":                   true,
	"roles/run.jobsExecutor":              true,
	"roles/run.jobsExecutorWithOverrides": true,
	"roles/run.servicesInvoker":           true,
	"roles/run.sourceDeveloper":           true,
	"roles/run.sourceViewer":              false,
	"roles/run.viewer":                    false,
}
