package admin

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// policy is the allow policy of what the request is about.
func (a *Admin) policy(r request) object {
	p, ok := a.policies[r.key()]
	if !ok {
		p = object{"etag": "ACAB", "version": 1}
	}
	return p
}

// setPolicy writes an allow policy, unless it was written since it was read.
func (a *Admin) setPolicy(r request) (any, error) {
	next, ok := r.body["policy"].(map[string]any)
	if !ok {
		return nil, invalid("policy is missing")
	}
	if etag, given := next["etag"]; given && etag != "" && etag != a.policy(r)["etag"] {
		return nil, failure{http.StatusConflict, "ABORTED", "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff."}
	}
	a.last++
	p := object(maps.Clone(next))
	p["etag"] = fmt.Sprintf("BwW%05d=", a.last)
	a.policies[r.key()] = p
	return p, nil
}

// exists reports whether there is something that can have an allow policy: what people
// made, and what Google has without their doing.
func (a *Admin) exists(r request) bool {
	if _, ok := a.things[r.key()]; ok {
		return true
	}
	w := words(r.name)
	switch {
	case r.service == "cloudresourcemanager" && len(w) == 3:
		return w[1] != "projects" || a.projects[w[2]] != ""
	case r.service == "iap":
		return strings.Contains(r.name, "/iap_web/")
	case r.service == "iam" && len(w) == 5 && w[3] == "serviceAccounts": // of a project that is somebody else's
		return a.projects[w[2]] == ""
	}
	return r.service == "artifactregistry"
}

// writer is the identity that the sinks of one project, folder or organization write as.
// https://cloud.google.com/logging/docs/export/configure_export_v2#dest-auth
func (a *Admin) writer(sink string) string {
	w := words(sink)
	id := map[string]string{"projects": a.projects[w[2]], "folders": "folder-" + w[2], "organizations": "org-" + w[2]}[w[1]]
	return "serviceAccount:service-" + id + "@gcp-sa-logging.iam.gserviceaccount.com"
}
