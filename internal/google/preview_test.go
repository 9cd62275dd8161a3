package google

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/google/runrest"
	"github.com/rescind-dev/rescind/internal/sim"
)

// Beside a default account there may be an agent identity, which no client but REST shows.
func TestWhatOnlyRESTShowsIsAddedToWhatIsLive(t *testing.T) {
	w := newWorld(t, sim.Options{})
	box := cloud.RunResource(cloud.RunInstance, "pay-prod", "europe-west1", "box")
	plain := cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "plain")
	must(t, w.PutService(&runpb.Service{Name: plain.Path()}))
	must(t, w.PutInstance(&runpb.Instance{Name: box.Path(), ServiceAccount: apiAccount}))
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked++
		switch body := `{"sshEnabled":true,"template":{"workloadIdentityConfig":{"identityType":"IDENTITY_TYPE_AGENT_IDENTITY"}}}`; {
		case strings.HasSuffix(r.URL.Path, ":getIamPolicy"):
			_, _ = rw.Write([]byte(`{"bindings":[{"role":"roles/run.invoker","members":["allUsers"]}]}`))
		default:
			_, _ = rw.Write([]byte(body))
		}
	}))
	defer srv.Close()
	without := func() (*runrest.Client, error) { return nil, errors.New("no REST") }
	with := func() (*runrest.Client, error) {
		return runrest.New(t.Context(), strings.TrimPrefix(srv.URL, "http://"), true)
	}
	for _, tt := range []struct {
		rest            func() (*runrest.Client, error)
		of              cloud.Resource
		agent, ssh, iam bool
	}{
		{with, plain, true, false, true}, {with, service, false, false, true}, {with, box, true, true, true},
		{without, plain, false, false, true}, {without, box, false, false, false},
	} {
		w.client.rest = tt.rest
		got, err := w.client.Workload(t.Context(), tt.of)
		must(t, err)
		if got.AgentIdentity != tt.agent || got.SSH != tt.ssh {
			t.Errorf("%s: agent identity %t, SSH %t", tt.of, got.AgentIdentity, got.SSH)
		}
		p, err := w.client.Policy(t.Context(), tt.of)
		if (err == nil) != tt.iam || !tt.iam && !errors.Is(err, errors.ErrUnsupported) || tt.iam && tt.of == box && len(p.Grants()) != 1 {
			t.Errorf("%s: policy %+v, %v", tt.of, p, err)
		}
	}
	if asked != 3 { // an account of one's own asks nothing
		t.Errorf("asked %d times", asked)
	}
}
