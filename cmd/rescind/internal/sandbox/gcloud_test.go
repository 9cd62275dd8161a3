package sandbox

import (
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// revertEditor is the demo's world, where Editor is taken back as well.
const revertEditor = Policies + "  - {name: no-editor-on-runtime-identity, enforcement: revert}\n"

// TestGcloudMakesTheMessAndRescindCleansItUp has the real gcloud, which knows
// nothing of rescind, make each kind of violation and look at the result.
func TestGcloudMakesTheMessAndRescindCleansItUp(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("gcloud takes over a second for each command")
	}
	if _, err := exec.LookPath("gcloud"); err != nil {
		t.Skip("gcloud is not installed")
	}
	w, err := New(t.Context(), "127.0.0.1:0", revertEditor, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	g := gcloud{t, w.SimAddr}
	const inRegion = "--region=europe-west1"

	g.run("run", "services", "add-iam-policy-binding", "api", inRegion, "--member=allUsers", "--role=roles/run.invoker", "--condition=None")
	w.queue.settle()
	if got := w.endOf(t, "no-public-invoker"); got.State != state.Reverted || got.Change.Actor.Principal != "user:alice@example.com" {
		t.Errorf("the public grant is %s (%s), by %s", got.State, got.Why, got.Change.Actor.Principal)
	}
	members := g.run("run", "services", "get-iam-policy", "api", inRegion, "--format=value(bindings.members)")
	if strings.Contains(members, "allUsers") || !strings.Contains(members, "group:frontend@example.com") || !strings.Contains(members, "user:partner@example.org") {
		t.Errorf("gcloud sees the members %q", members)
	}

	g.run("run", "services", "update", "checkout", inRegion, "--service-account="+DefaultAccount)
	w.queue.settle()
	asked := w.endOf(t, "no-default-service-account")
	if asked.State != state.Pending {
		t.Fatalf("the default identity is %s (%s), want it asked about", asked.State, asked.Why)
	}
	card, ok := w.Card(asked.ID)
	if !ok {
		t.Fatal("the question has no card")
	}
	if err := w.Slack.Click(t.Context(), "U0ADA", card.Channel, card.TS, "rescind.revert"); err != nil {
		t.Fatal(err)
	}
	if err := w.WaitUntil(t.Context(), asked.ID, state.State.Ended); err != nil {
		t.Fatal(err)
	}
	account := g.run("run", "services", "describe", "checkout", inRegion, "--format=value(spec.template.spec.serviceAccountName)")
	if want := "checkout@pay-prod.iam.gserviceaccount.com"; account != want {
		t.Errorf("gcloud sees checkout run as %q, want %q", account, want)
	}

	g.run("projects", "add-iam-policy-binding", Project, "--member=serviceAccount:"+APIAccount, "--role=roles/editor", "--condition=None")
	w.queue.settle()
	if got := w.endOf(t, "no-editor-on-runtime-identity"); got.State != state.Reverted {
		t.Errorf("the Editor grant is %s (%s)", got.State, got.Why)
	}
	roles := g.run("projects", "get-iam-policy", Project, "--format=value(bindings.role)")
	if strings.Contains(roles, "roles/editor") || !strings.Contains(roles, "roles/owner") {
		t.Errorf("gcloud sees the roles %q", roles)
	}
}

// endOf returns the one finding of the policy, as it is now.
func (w *World) endOf(t *testing.T, policy string) finding.Finding {
	t.Helper()
	fs, err := w.App.Store().Findings(t.Context(), finding.Query{Policy: policy})
	if err != nil || len(fs) != 1 {
		t.Fatalf("%d findings of %s, want one (%v)", len(fs), policy, err)
	}
	return fs[0]
}

// gcloud runs the real command. The simulated cloud is its HTTP proxy, so that
// the regional host names it builds need not resolve; nothing is read from this
// machine's configuration.
type gcloud struct {
	t    *testing.T
	addr string
}

func (g gcloud) run(args ...string) string {
	g.t.Helper()
	host, port, err := net.SplitHostPort(g.addr)
	if err != nil {
		g.t.Fatal(err)
	}
	cmd := exec.CommandContext(g.t.Context(), "gcloud", args...)
	cmd.Env = append(os.Environ(),
		"CLOUDSDK_CONFIG="+g.t.TempDir(), "CLOUDSDK_CORE_PROJECT="+Project, "CLOUDSDK_AUTH_ACCESS_TOKEN=alice@example.com",
		"CLOUDSDK_CORE_DISABLE_PROMPTS=1", "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=1", "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK=1",
		"CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN=http://run.test/", "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER=http://crm.test/",
		"CLOUDSDK_PROXY_TYPE=http", "CLOUDSDK_PROXY_ADDRESS="+host, "CLOUDSDK_PROXY_PORT="+port)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		g.t.Fatalf("gcloud %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}
