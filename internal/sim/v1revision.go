package sim

import (
	"net/http"
	"slices"
	"strings"
)

// revisions lists revisions, newest first, of one service where the label
// selector says so.
func (v *v1) revisions(w http.ResponseWriter, r *http.Request) {
	want, selected := selectedService(r.URL.Query().Get("labelSelector"))
	items := []knative{}
	err := v.c.read("google.cloud.run.v1.Revisions.ListRevisions", func() error {
		found, err := v.c.list(serviceKind, parent(r))
		for _, f := range found {
			if selected && f.name.id != want {
				continue
			}
			for _, rev := range slices.Backward(f.revisions) {
				items = append(items, v.c.revisionV1(f, rev))
			}
		}
		return err
	})
	answer(w, listV1(serviceKind.apiVersion(), "Revision", items), err)
}

// selectedService reads "serving.knative.dev/service = S".
func selectedService(selector string) (string, bool) {
	label, name, ok := strings.Cut(selector, "=")
	return strings.TrimSpace(strings.TrimPrefix(name, "=")), ok && strings.TrimSpace(label) == serviceLabel
}

func (v *v1) revision(w http.ResponseWriter, r *http.Request) {
	var out knative
	err := v.c.read("google.cloud.run.v1.Revisions.GetRevision", func() error {
		for _, k := range []*kind{serviceKind, workerPoolKind} {
			found, err := v.c.list(k, parent(r))
			if err != nil {
				return err
			}
			for _, f := range found {
				if rev := f.revision(r.PathValue("id")); rev != nil {
					out = v.c.revisionV1(f, rev)
					return nil
				}
			}
		}
		return notFound(r.PathValue("id"))
	})
	answer(w, out, err)
}
