package sim

import (
	"context"
	"slices"

	"cloud.google.com/go/iam/admin/apiv1/adminpb"
)

// iamAdmin is the part of google.iam.admin.v1.IAM that reads roles, the allow
// policies of service accounts, and makes keys of these.
type iamAdmin struct {
	adminpb.UnimplementedIAMServer
	c *Cloud
}

func (s *iamAdmin) GetRole(_ context.Context, r *adminpb.GetRoleRequest) (out *adminpb.Role, err error) {
	err = s.c.read("google.iam.admin.v1.IAM.GetRole", func() error {
		role := s.c.roles[s.c.canonical(r.Name)]
		if role == nil {
			return notFound(r.Name)
		}
		out = role
		return nil
	})
	return out, err
}

// predefinedRoles are some of Google's roles with the permissions of theirs
// that matter to Cloud Run; the real ones of Owner and Editor run to
// thousands. https://cloud.google.com/run/docs/reference/iam/roles
func predefinedRoles() map[string]*adminpb.Role {
	view := []string{
		"run.services.get", "run.services.list", "run.services.getIamPolicy", "run.jobs.get", "run.jobs.list",
		"resourcemanager.projects.get",
	}
	deploy := []string{
		"run.services.create", "run.services.update", "run.services.delete",
		"run.jobs.create", "run.jobs.update", "run.jobs.run",
	}
	edit := slices.Concat(view, deploy, []string{"iam.serviceAccounts.actAs"})
	out := map[string]*adminpb.Role{}
	for name, permissions := range map[string][]string{
		"roles/viewer":              view,
		"roles/editor":              edit,
		"roles/owner":               slices.Concat(edit, []string{"run.services.setIamPolicy", "resourcemanager.projects.setIamPolicy", "run.routes.invoke"}),
		"roles/run.invoker":         {"run.jobs.run", "run.routes.invoke"},
		"roles/run.servicesInvoker": {"run.routes.invoke"},
		"roles/run.jobsExecutor":    {"run.jobs.run", "run.executions.cancel"},
		"roles/run.viewer":          view,
		"roles/run.developer":       slices.Concat(view, deploy),
		"roles/run.admin":           slices.Concat(view, deploy, []string{"run.services.setIamPolicy", "run.routes.invoke"}),
	} {
		out[name] = &adminpb.Role{Name: name, Title: lastSegment(name), IncludedPermissions: permissions, Stage: adminpb.Role_GA}
	}
	return out
}
