package sim

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGcloudMakesAMess points the real gcloud at the simulator. gcloud builds
// "REGION-<host>" for regional calls and cannot resolve that of a loopback
// address; with the simulator as its HTTP proxy nothing needs resolving.
// What gcloud does to policies, and reads of services, the sandbox tests with it.
func TestGcloudMakesAMess(t *testing.T) {
	if testing.Short() {
		t.Skip("gcloud takes over a second for each command")
	}
	if _, err := exec.LookPath("gcloud"); err != nil {
		t.Skip("gcloud is not installed")
	}
	c, j := seeded(t, Options{})
	g := gcloud{t, serve(t, c)}

	g.run("run", "services", "update", "api", "--region=europe-west1", "--service-account="+computeSA, "--no-invoker-iam-check")
	g.run("run", "jobs", "update", "nightly", "--region=europe-west1", "--service-account="+computeSA)
	c.SetConstraint("folders/4001", requireInvokerIam, true)
	if out := g.run("org-policies", "describe", requireInvokerIam, "--effective", "--project=pay-prod"); !strings.Contains(out, "enforce: true") {
		t.Errorf("effective policy: %s", out)
	}

	wantMethods := []string{"google.cloud.run.v1.Services.ReplaceService", "google.cloud.run.v1.Jobs.ReplaceJob"}
	es := j.take()
	if diff := cmp.Diff(wantMethods, methods(es)); diff != "" {
		t.Fatalf("logged (-want +got):\n%s", diff)
	}
	if ua, _ := dig(es[0], "protoPayload", "requestMetadata", "callerSuppliedUserAgent").(string); !strings.Contains(ua, "gcloud.run.services.update") {
		t.Errorf("user agent %q", ua)
	}
	if got := dig(es[0], "protoPayload", "authenticationInfo", "principalEmail"); got != "alice@example.com" {
		t.Errorf("principal %v", got)
	}
	s := c.State()
	if diff := cmp.Diff([]string{"nightly " + computeSA, "api " + computeSA, "crunch " + apiIdentity}, identities(s)); diff != "" {
		t.Errorf("identities (-want +got):\n%s", diff)
	}
	if s.Workloads[1].InvokerCheck {
		t.Error("the invoker check of api is still on")
	}
}

// gcloud runs the real command with everything it might otherwise read from
// this machine, or ask of the internet, switched off.
type gcloud struct {
	t    *testing.T
	addr string
}

func (g gcloud) run(args ...string) string {
	g.t.Helper()
	host, port, err := net.SplitHostPort(g.addr)
	must(g.t, err)
	cmd := exec.CommandContext(g.t.Context(), "gcloud", args...)
	cmd.Env = append(os.Environ(),
		"CLOUDSDK_CONFIG="+g.t.TempDir(), "CLOUDSDK_CORE_PROJECT=pay-prod", "CLOUDSDK_AUTH_ACCESS_TOKEN=alice@example.com",
		"CLOUDSDK_CORE_DISABLE_PROMPTS=1", "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=1", "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK=1",
		"CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN=http://run.test/", "CLOUDSDK_API_ENDPOINT_OVERRIDES_ORGPOLICY=http://orgpolicy.test/",
		"CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER=http://crm.test/",
		"CLOUDSDK_PROXY_TYPE=http", "CLOUDSDK_PROXY_ADDRESS="+host, "CLOUDSDK_PROXY_PORT="+port)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		g.t.Fatalf("gcloud %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}
