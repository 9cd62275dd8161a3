package google

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
)

func TestInsecureStaysOnThisMachine(t *testing.T) {
	for _, tt := range []struct {
		endpoint string
		ok       bool
	}{
		{"127.0.0.1:8085", true},
		{"[::1]:8085", true},
		{"localhost:8085", true},
		{"", true}, // refuses every request instead
		{"127.0.0.1", false},
		{"10.0.0.1:8085", false},
		{"run.googleapis.com:443", false},
		{"localhost.example.com:8085", false},
		{"127.0.0.1.example.com:8085", false},
		{"dns:///127.0.0.1:8085", false},
	} {
		c, err := New(t.Context(), Options{Insecure: true, Endpoints: Endpoints{
			Run: tt.endpoint, IAM: "127.0.0.1:1", ResourceManager: "127.0.0.1:1", OrgPolicy: "127.0.0.1:1",
		}})
		switch {
		case tt.ok && err != nil:
			t.Errorf("%q: %v", tt.endpoint, err)
		case !tt.ok && (err == nil || !strings.Contains(err.Error(), "must be HOST:PORT on this machine")):
			t.Errorf("%q: error is %v, want it refused", tt.endpoint, err)
		}
		if c != nil {
			if err := c.Close(); err != nil {
				t.Errorf("%q: close: %v", tt.endpoint, err)
			}
		}
	}
}

func TestAnApiLeftOutOfASimulationIsNeverGooglesOwn(t *testing.T) {
	c, err := New(t.Context(), Options{Insecure: true, Endpoints: Endpoints{Run: "127.0.0.1:1"}})
	must(t, err)
	defer c.Close()
	_, err = c.Policy(t.Context(), project)
	if !errors.Is(err, fault.ErrRefused) || !strings.Contains(err.Error(), "no endpoint is configured in place of cloudresourcemanager.googleapis.com") {
		t.Errorf("error is %v, want the request refused", err)
	}
	fact := c.Fact(t.Context(), policies.Question{Kind: policies.ConstraintEnforced, Name: constraint, Project: "pay-prod"})
	if fact.Known || !strings.Contains(fact.Why, "orgpolicy.googleapis.com") {
		t.Errorf("fact is %+v, want unknown for the endpoint's sake", fact)
	}
}

// Nothing is reached, and the key signs nothing, until the first request.
func TestAClientOfGoogleIsMadeWithoutReachingIt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "credentials.json")
	must(t, os.WriteFile(file, []byte(`{"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"r"}`), 0o600))
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
	c, err := New(t.Context(), Options{})
	must(t, err)
	must(t, c.Close())
}

func TestMissingCredentialsAreAnErrorThatSaysForWhat(t *testing.T) {
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "none.json"))
	_, err := New(t.Context(), Options{})
	if err == nil || !strings.HasPrefix(err.Error(), "connect to run.googleapis.com:443: ") {
		t.Errorf("error is %v", err)
	}
}

// bearer names the caller to a cloud that authenticates nobody.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (bearer) RequireTransportSecurity() bool { return false }

func TestDialOptionsCanNameTheCaller(t *testing.T) {
	const worker = "rescind-worker@ops.iam.gserviceaccount.com"
	w := newWorld(t, sim.Options{})
	addr := w.client.connections[0].Target()
	c, err := New(t.Context(), Options{
		Endpoints:   Endpoints{Run: addr, IAM: addr, ResourceManager: addr, OrgPolicy: addr},
		Insecure:    true,
		DialOptions: []grpc.DialOption{grpc.WithPerRPCCredentials(bearer(worker))},
	})
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	before, err := c.Workload(t.Context(), job)
	must(t, err)
	must(t, c.SetIdentity(t.Context(), before, goodAccount))
	j, err := c.getJob(t.Context(), job)
	must(t, err)
	if j.GetLastModifier() != worker {
		t.Errorf("changed by %q, want %q", j.GetLastModifier(), worker)
	}
}
