package auditlog

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// iamCall recognises a write of a custom role, the IAM policy of a service account,
// which says who may act as it and not what it may do, and a key made of one.
func (e *envelope) iamCall() (call, error) {
	_, last := lastWords(e.method)
	if roleWrites[last] {
		return e.roleCall(last), nil
	}
	verb := cloud.SetPolicy
	if keyWrites[last] {
		verb = cloud.CreateKey
	}
	on := collectionOf(e.Payload.ResourceName)
	if verb == cloud.SetPolicy && (!setsIamPolicy(last) || on != "serviceAccounts" && on != "") {
		return call{}, e.notChange("changes no service account's policy, no key and no role")
	}
	r, byID, ok := e.serviceAccount()
	if !ok {
		return call{verb: verb, unnamed: fmt.Sprintf("%s: resourceName %s and the rest of the entry do not name a service account with its project",
			quote(e.method), quote(e.Payload.ResourceName))}, nil
	}
	return call{verb: verb, resource: r, read: func(c *cloud.Change) {
		if byID {
			leave(c, "resource", "the entry names the service account by its number, not by its e-mail")
		}
		if verb == cloud.CreateKey {
			return
		}
		if found, _ := e.readDelta(c); !found {
			e.readPolicy(c)
		}
	}}, nil
}

// serviceAccount names the account: resourceName holds its unique number and
// no project, the labels its e-mail, and the request the project. byID is true
// if only the number is known.
func (e *envelope) serviceAccount() (r cloud.Resource, byID, ok bool) {
	var request struct {
		Resource string `json:"resource"`
		Name     string `json:"name"` // of a key's account
	}
	var stored struct {
		Name string `json:"name"` // of the key
	}
	e.read("request", e.Payload.Request, &request)
	e.read("response", e.Payload.Response, &stored)
	account, _, _ := strings.Cut(stored.Name, "/keys/")
	var project, email, id string
	for _, s := range []string{request.Resource, request.Name, account, e.Payload.ResourceName} {
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
