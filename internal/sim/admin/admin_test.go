package admin_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/internal/sim/admin"
)

// ask sends a request and returns the answer with its code.
func ask(t *testing.T, h http.Handler, method, path, body string) (int, map[string]any) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, "http://127.0.0.1"+path, strings.NewReader(body)))
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("%s %s: %d %q: %v", method, path, w.Code, w.Body, err)
	}
	return w.Code, out
}

func newAdmin() *admin.Admin {
	return admin.New(map[string]string{"ops": "264172533001"}, sim.NewCloud(sim.Options{}).Handler())
}

func TestWhatIsMadeIsThereUntilItIsDeleted(t *testing.T) {
	for _, tt := range []struct{ name, method, create, body, at, key string }{
		{"a topic", "PUT", "/pubsub/v1/projects/ops/topics/t", `{}`, "/pubsub/v1/projects/ops/topics/t", "pubsub/v1/projects/ops/topics/t"},
		{"an account", "POST", "/iam/v1/projects/ops/serviceAccounts", `{"accountId":"worker","serviceAccount":{"displayName":"w"}}`,
			"/iam/v1/projects/ops/serviceAccounts/worker@ops.iam.gserviceaccount.com", "iam/v1/projects/ops/serviceAccounts/worker@ops.iam.gserviceaccount.com"},
		{"a sink", "POST", "/logging/v2/folders/4001/sinks", `{"name":"s","destination":"pubsub.googleapis.com/projects/ops/topics/t"}`,
			"/logging/v2/folders/4001/sinks/s", "logging/v2/folders/4001/sinks/s"},
		{"a secret", "POST", "/secretmanager/v1/projects/ops/secrets?secretId=s", `{}`, "/secretmanager/v1/projects/ops/secrets/s", "secretmanager/v1/projects/ops/secrets/s"},
		{"a job", "POST", "/cloudscheduler/v1/projects/ops/locations/r/jobs", `{"name":"projects/ops/locations/r/jobs/sweep"}`,
			"/cloudscheduler/v1/projects/ops/locations/r/jobs/sweep", "cloudscheduler/v1/projects/ops/locations/r/jobs/sweep"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newAdmin()
			if code, _ := ask(t, a, "GET", tt.at, ""); code != http.StatusNotFound {
				t.Errorf("before it was made: %d", code)
			}
			if code, out := ask(t, a, tt.method, tt.create, tt.body); code != http.StatusOK {
				t.Fatalf("made: %d %v", code, out)
			}
			if code, out := ask(t, a, tt.method, tt.create, tt.body); code != http.StatusConflict {
				t.Errorf("made twice: %d %v", code, out)
			}
			if diff := cmp.Diff([]string{tt.key}, a.Names()); diff != "" {
				t.Errorf("there is (-want +got):\n%s", diff)
			}
			if code, _ := ask(t, a, "DELETE", tt.at, ""); code != http.StatusOK || len(a.Names()) != 0 {
				t.Errorf("deleted: %d, and %q are there", code, a.Names())
			}
		})
	}
}

func TestAPolicyIsNotWrittenOverAnother(t *testing.T) {
	a := newAdmin()
	ask(t, a, "PUT", "/pubsub/v1/projects/ops/topics/t", `{}`)
	_, read := ask(t, a, "GET", "/pubsub/v1/projects/ops/topics/t:getIamPolicy", "")
	grant := func(member string) string {
		b, err := json.Marshal(map[string]any{"policy": map[string]any{"etag": read["etag"], "bindings": []any{
			map[string]any{"role": "roles/pubsub.publisher", "members": []string{member}}}}})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if code, out := ask(t, a, "POST", "/pubsub/v1/projects/ops/topics/t:setIamPolicy", grant("user:ada@example.com")); code != http.StatusOK {
		t.Fatalf("%d %v", code, out)
	}
	if code, _ := ask(t, a, "POST", "/pubsub/v1/projects/ops/topics/t:setIamPolicy", grant("user:eve@example.com")); code != http.StatusConflict {
		t.Errorf("with an etag that is old: %d, want 409", code)
	}
	if diff := cmp.Diff([]string{"user:ada@example.com"}, a.Publishers("projects/ops/topics/t")); diff != "" {
		t.Errorf("publishers (-want +got):\n%s", diff)
	}
}

func TestWhatIsNotSimulatedIsRefusedAndNoted(t *testing.T) {
	a := newAdmin()
	if code, _ := ask(t, a, "GET", "/dns/v1/projects/ops/zones", ""); code != http.StatusNotFound {
		t.Errorf("code %d", code)
	}
	if code, _ := ask(t, a, "PUT", "/pubsub/v1/projects/strange/topics/t", `{}`); code != http.StatusForbidden {
		t.Errorf("in a project that is not there: %d", code)
	}
	if diff := cmp.Diff([]string{"GET dns/v1/projects/ops/zones"}, a.Asked()); diff != "" {
		t.Errorf("noted (-want +got):\n%s", diff)
	}
}

func TestARoleThatIsDeletedKeepsItsName(t *testing.T) {
	a := newAdmin()
	const role = "/iam/v1/projects/ops/roles/reader"
	ask(t, a, "POST", "/iam/v1/projects/ops/roles", `{"roleId":"reader","role":{"includedPermissions":["run.services.get"]}}`)
	ask(t, a, "DELETE", role, "")
	if code, out := ask(t, a, "GET", role, ""); code != http.StatusOK || out["deleted"] != true {
		t.Errorf("deleted: %d %v", code, out)
	}
	ask(t, a, "POST", role+":undelete", "{}")
	if _, out := ask(t, a, "GET", role, ""); out["deleted"] != nil {
		t.Errorf("undeleted: %v", out)
	}
}
