package runrest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/google/runrest"
)

func TestWhatOnlyRESTShowsIsRead(t *testing.T) {
	answers := map[string]string{
		"/v2/projects/p/locations/l/services/agent": `{"template":{"workloadIdentityConfig":{"identityType":"IDENTITY_TYPE_AGENT_IDENTITY"}}}`,
		"/v2/projects/p/locations/l/services/api":   `{"template":{"serviceAccount":"x@y.z"},"sshEnabled":true}`,
		"/v2/projects/p/locations/l/jobs/agent":     `{"template":{"template":{"workloadIdentityConfig":{"identityType":"IDENTITY_TYPE_AGENT_IDENTITY"}}}}`,
		"/v2/projects/p/locations/l/instances/box":  `{"sshEnabled":true}`,
		"/v2/projects/p/locations/l/instances/box:getIamPolicy?options.requestedPolicyVersion=3": `{"version":3,"etag":"BwY=","bindings":[
			{"role":"roles/run.invoker","members":["allUsers"],"condition":{"title":"t","expression":"true"}}]}`,
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := answers[strings.TrimSuffix(r.URL.RequestURI(), "?")]
		if !ok {
			http.Error(w, `{"error":{"code":404}}`, http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(body))
	}))
	defer srv.Close()
	c, err := runrest.New(t.Context(), strings.TrimPrefix(srv.URL, "http://"), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		kind cloud.Kind
		name string
		want runrest.Preview
	}{
		{cloud.RunService, "agent", runrest.Preview{AgentIdentity: true}}, {cloud.RunService, "api", runrest.Preview{SSH: true}},
		{cloud.RunJob, "agent", runrest.Preview{AgentIdentity: true}}, {cloud.RunInstance, "box", runrest.Preview{SSH: true}},
	} {
		if got, err := c.Preview(t.Context(), cloud.RunResource(tt.kind, "p", "l", tt.name)); err != nil || got != tt.want {
			t.Errorf("%s %s: %+v, %v", tt.kind, tt.name, got, err)
		}
	}
	box := cloud.RunResource(cloud.RunInstance, "p", "l", "box")
	got, err := c.Policy(t.Context(), box)
	want := cloud.AllowPolicy{Version: 3, Etag: "BwY=", Bindings: []cloud.Binding{
		{Role: "roles/run.invoker", Members: []cloud.Member{"allUsers"}, Condition: cloud.Condition{Title: "t", Expression: "true"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("policy (-want +got): %v\n%s", err, diff)
	}
	box.Name = "none"
	if _, err := c.Policy(t.Context(), box); err == nil {
		t.Error("a policy of what is not there")
	}
}
