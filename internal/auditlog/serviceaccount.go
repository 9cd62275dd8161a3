package auditlog

import (
	"cmp"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// serviceAccount names the account: resourceName holds its unique number and
// no project, the labels its e-mail, and the request the project. byID is true
// if only the number is known.
func (e *envelope) serviceAccount() (r cloud.Resource, byID, ok bool) {
	var request struct {
		Resource string `json:"resource"`
	}
	e.read("request", e.Payload.Request, &request)
	var project, email, id string
	for _, s := range []string{request.Resource, e.Payload.ResourceName} {
		p, account := splitAccount(s)
		project = cmp.Or(project, p)
		if strings.Contains(account, "@") {
			email = cmp.Or(email, account)
		} else {
			id = cmp.Or(id, account)
		}
	}
	email = cmp.Or(part(e.Resource.Labels["email_id"]), email)
	r = cloud.Resource{
		Kind:    cloud.ServiceAccount,
		Project: e.projectOf(project, part(cloud.ServiceAccountProject(email))),
		Name:    cmp.Or(email, id, part(e.Resource.Labels["unique_id"])),
	}
	return r, email == "", r.Project != "" && r.Name != ""
}

// splitAccount reads "projects/P/serviceAccounts/ACCOUNT"; "-" for the project
// is none.
func splitAccount(s string) (project, account string) {
	p := strings.Split(s, "/")
	if len(p) != 4 || p[0] != "projects" || p[2] != "serviceAccounts" {
		return "", ""
	}
	return part(p[1]), part(p[3])
}

// collectionOf is the last plural of a resource name.
func collectionOf(s string) string {
	p := strings.Split(s, "/")
	if len(p) < 2 {
		return ""
	}
	return p[len(p)-2]
}
