package sim

import (
	"net/http"
)

// project is Resource Manager v1's "gcloud projects describe".
func (v *v1) project(w http.ResponseWriter, r *http.Request) {
	out := body{}
	err := v.c.getContainer(projectLevel, "GetProject", "projects/"+r.PathValue("project"), func(k *container) {
		id := lastSegment(k.name)
		out = body{"projectId": id, "projectNumber": k.number, "name": id, "lifecycleState": "ACTIVE"}
		if l, ok := levelOf(k.parent); ok {
			out["parent"] = body{"type": l.monitored, "id": lastSegment(k.parent)}
		}
	})
	answer(w, out, err)
}

// enabled tells gcloud, which asks before a deployment, that an API is on.
func (v *v1) enabled(w http.ResponseWriter, r *http.Request) {
	writeBody(w, http.StatusOK, body{
		"name":  "projects/" + r.PathValue("project") + "/services/" + r.PathValue("api"),
		"state": "ENABLED",
	})
}
