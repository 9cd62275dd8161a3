package sim

import (
	"net/http"
	"strings"

	"github.com/rescind-dev/rescind/internal/sim/transcode"
)

// v1 is Cloud Run's first API, which gcloud and the console speak. Its writes
// are not long-running: one audit entry each, with the Knative object asked
// for and the one stored, without a status.
type v1 struct{ c *Cloud }

func (k *kind) apiVersion() string {
	if k == serviceKind {
		return "serving.knative.dev/v1"
	}
	return "run.googleapis.com/v1"
}

// v1Collection is the kind's path segment in v1: "workerpools".
func (k *kind) v1Collection() string { return strings.ToLower(k.collection) }

func (v *v1) routes(mux *http.ServeMux) {
	for _, k := range kinds {
		base := "/apis/" + k.apiVersion() + "/namespaces/{project}/" + k.v1Collection()
		regional := "/v1/projects/{project}/locations/{location}/" + k.v1Collection()
		mux.HandleFunc("GET "+base, v.list(k))
		mux.HandleFunc("GET "+regional, v.list(k))
		mux.HandleFunc("POST "+base, v.write(k, "Create"))
		mux.HandleFunc("GET "+base+"/{id}", v.get(k))
		mux.HandleFunc("PUT "+base+"/{id}", v.write(k, "Replace"))
		mux.HandleFunc("DELETE "+base+"/{id}", v.delete(k))
		mux.HandleFunc("GET "+regional+"/{policy}", v.getPolicy(k))
		mux.HandleFunc("POST "+regional+"/{policy}", v.setPolicy(k))
	}
	mux.HandleFunc("GET /v1/projects/{project}", v.project)
	mux.HandleFunc("GET /v1/projects/{project}/services/{api}", v.enabled)
	mux.HandleFunc("GET /apis/serving.knative.dev/v1/namespaces/{project}/revisions", v.revisions)
	mux.HandleFunc("GET /apis/serving.knative.dev/v1/namespaces/{project}/revisions/{id}", v.revision)
}

// parent is the place a request is about: the region is in the path, or in
// the first part of the host ("europe-west1-run.test"); "-" is every region.
func parent(r *http.Request) string {
	location := r.PathValue("location")
	if location == "" {
		host, _, _ := strings.Cut(r.Host, ".")
		location = "-"
		if region, ok := strings.CutSuffix(host, "-run"); ok {
			location = region
		}
	}
	return "projects/" + r.PathValue("project") + "/locations/" + location
}

// answer writes what a call returned.
func answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		transcode.WriteError(w, err)
		return
	}
	transcode.WriteJSON(w, http.StatusOK, v)
}

func (k *kind) v1Method(verb string) string { return "google.cloud.run.v1." + k.noun + "s." + verb }

func (v *v1) list(k *kind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		items := []knative{}
		err := v.c.read(k.v1Method("List"+k.noun+"s"), func() error {
			found, err := v.c.list(k, parent(r))
			for _, f := range found {
				items = append(items, v.c.toV1(f))
			}
			return err
		})
		answer(w, listV1(k.apiVersion(), k.noun, items), err)
	}
}

// listV1 is one whole page: its metadata has nothing to continue with.
func listV1(apiVersion, noun string, items []knative) body {
	return body{"apiVersion": apiVersion, "kind": noun + "List", "metadata": body{}, "items": items}
}

func (v *v1) get(k *kind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var out knative
		err := v.c.read(k.v1Method("Get"+k.noun), func() error {
			found, err := v.c.find(k, parent(r)+"/"+k.collection+"/"+r.PathValue("id"))
			if err != nil {
				return err
			}
			out = v.c.toV1(found)
			v.c.step(found.pending)
			return nil
		})
		answer(w, out, err)
	}
}

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
	transcode.WriteJSON(w, http.StatusOK, body{
		"name":  "projects/" + r.PathValue("project") + "/services/" + r.PathValue("api"),
		"state": "ENABLED",
	})
}
