package auditlog

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// shared is what an entry says of the revisions that serve: their names, or that it is unread.
func shared(t *testing.T, entry []byte) []string {
	t.Helper()
	c, err := Decode(entry)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range c.Workload.Shares {
		out = append(out, s.String())
		if s.Identity != (cloud.Identity{}) {
			t.Errorf("an entry knows what %s runs as", s)
		}
	}
	if slices.ContainsFunc(c.Unread, func(u cloud.Unread) bool { return u.Field == "traffic" }) {
		out = append(out, "unread")
	}
	return out
}

func TestAMaskedUpdateSaysWhichRevisionsServe(t *testing.T) {
	const path = "protoPayload.request.service.traffic"
	type list = []any
	for _, tt := range []struct {
		name    string
		mask    any
		traffic any
		want    []string
	}{
		{"an older revision", "traffic", list{obj{"revision": "api-00001-abc", "percent": 100}}, []string{"revision api-00001-abc (100 %)"}},
		{"its full name", "traffic", list{obj{"revision": "projects/p/locations/l/services/api/revisions/api-00001-abc", "percent": 100}}, []string{"revision api-00001-abc (100 %)"}},
		{"a tag at nothing", "traffic", list{obj{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "r", "tag": "old"}}, []string{"revision r (tag old)"}},
		{"a percentage as text, a type as a number", "traffic", list{obj{"type": 2, "revision": "r", "percent": "30"}, obj{"type": 1, "percent": 70}}, []string{"revision r (30 %)", "the newest revision (70 %)"}},
		{"a part of the field", "template,traffic.percent", list{obj{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}}, nil},
		{"nothing of it", "template", list{obj{"revision": "r", "percent": 100}}, nil},
		{"a target that names nothing", "traffic", list{obj{"percent": 100}}, []string{"unread"}},
		{"a target of both kinds", "traffic", list{obj{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "revision": "r", "percent": 100}}, []string{"unread"}},
		{"a type nobody knows", "traffic", list{obj{"type": "BY_MOOD", "revision": "r", "percent": 100}}, []string{"unread"}},
		{"a percentage of no number", "traffic", list{obj{"revision": "r", "percent": true}}, []string{"unread"}},
		{"a number for the revision", "traffic", list{obj{"revision": 7, "percent": 100}}, []string{"unread"}},
		{"no list", "traffic", "all", []string{"unread"}},
		{"none, which may be what is there", "traffic", nil, []string{"unread"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			entry := build(t, "v2-update-service-first-mask-names-it", obj{
				"protoPayload.request.updateMask": tt.mask, "protoPayload.request.update_mask": nil,
				"protoPayload.request.service.template": nil, path: tt.traffic,
			})
			if tt.mask == "template,traffic.percent" { // the template says what the newest runs as
				entry = build(t, "v2-update-service-first-mask-names-it", obj{"protoPayload.request.updateMask": tt.mask, "protoPayload.request.update_mask": nil, path: tt.traffic})
			}
			if diff := cmp.Diff(tt.want, shared(t, entry)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestAWholeObjectSaysWhichRevisionsServe(t *testing.T) {
	type list = []any
	service := "protoPayload.response.spec.traffic"
	pool := "protoPayload.response.spec.instanceSplits"
	for _, tt := range []struct {
		name, fixture, path string
		targets             any
		want                []string
	}{
		{"the newest alone", "v1-replace-service-gcloud", service, list{obj{"latestRevision": true, "percent": 100}}, nil},
		{"none said", "v1-replace-service-gcloud", service, nil, nil},
		{"an older one beside it", "v1-replace-service-gcloud", service, list{obj{"latestRevision": true, "percent": 90}, obj{"revisionName": "api-00001-abc", "percent": 10, "tag": "old"}}, []string{"revision api-00001-abc (10 %, tag old)"}},
		{"a switch that is text", "v1-replace-service-gcloud", service, list{obj{"latestRevision": "true", "percent": 100}}, []string{"unread"}},
		{"a pool's older revision", "v1-replace-worker-pool", pool, list{obj{"revisionName": "pool-00001-abc", "percent": 100}}, []string{"revision pool-00001-abc (100 %)"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			entry := build(t, tt.fixture, obj{tt.path: tt.targets})
			if diff := cmp.Diff(tt.want, shared(t, entry)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
