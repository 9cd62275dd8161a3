package admin_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/internal/sim/admin"
)

const infra = "../../../infra"

// endpoints are the variables by which the provider is told where an API is, and what
// its paths begin with.
var endpoints = map[string]string{
	"ARTIFACT_REGISTRY": "artifactregistry/v1/", "CLOUD_BILLING": "cloudbilling/v1/", "CLOUD_RUN_V2": "run/v2/", "CLOUD_SCHEDULER": "cloudscheduler/v1/", "FIRESTORE": "firestore/v1/",
	"IAM_BETA": "iam/v1/", "IAP": "iap/v1/", "LOGGING": "logging/v2/", "MONITORING": "monitoring/", "PUBSUB": "pubsub/v1/",
	"RESOURCE_MANAGER": "cloudresourcemanager/v1/", "RESOURCE_MANAGER_V3": "cloudresourcemanager/v3/",
	"SECRET_MANAGER": "secretmanager/v1/", "SERVICE_USAGE": "serviceusage/v1/",
}

// override is what an example has otherwise here: it can be destroyed, and the provider
// does not wait ten seconds for others to send a change with.
const override = `module "rescind" {
  deletion_protection = false
}
provider "google" {
  batching {
    enable_batching = false
  }
}
`

// workshop is a copy of the module with a simulated cloud to apply it to.
type workshop struct {
	t     *testing.T
	dir   string
	env   []string
	cloud *sim.Cloud
	admin *admin.Admin
}

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	provider := os.Getenv("RESCIND_TERRAFORM_PROVIDER")
	if provider == "" {
		t.Skip("RESCIND_TERRAFORM_PROVIDER names no provider: make terraform builds one, and runs this test")
	}
	w := &workshop{t: t, dir: t.TempDir(), cloud: sim.NewCloud(sim.Options{})}
	w.cloud.AddProject("ops-rescind", "264172533001", "organizations/123456789012")
	w.cloud.AddProject("pay-dev", "264172533002", "folders/4001", "organizations/123456789012")
	w.cloud.AddProject("pay-prod", "264172533003", "folders/4001", "organizations/123456789012")
	w.admin = admin.New(map[string]string{"ops-rescind": "264172533001", "pay-dev": "264172533002"}, w.cloud.Handler())
	srv := httptest.NewServer(w.admin)
	t.Cleanup(srv.Close)
	nobody := httptest.NewServer(http.NotFoundHandler()) // for whatever is not told where to ask
	t.Cleanup(nobody.Close)
	w.env = append(os.Environ(), "GOOGLE_OAUTH_ACCESS_TOKEN=terraform@example.com", "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1",
		"TF_CLI_CONFIG_FILE="+filepath.Join(w.dir, "terraformrc"), "HTTPS_PROXY="+nobody.URL, "NO_PROXY=127.0.0.1")
	for name, path := range endpoints {
		w.env = append(w.env, "GOOGLE_"+name+"_CUSTOM_ENDPOINT="+srv.URL+"/"+path)
	}
	if err := os.CopyFS(filepath.Join(w.dir, "infra"), os.DirFS(infra)); err != nil {
		t.Fatal(err)
	}
	w.install(provider)
	return w
}

// install lays the provider out where Terraform looks for it, so that it asks nobody.
func (w *workshop) install(provider string) {
	w.t.Helper()
	write(w.t, filepath.Join(w.dir, "terraformrc"), "")
	host := regexp.MustCompile(`provider\[(.*)/hashicorp/google\]`).FindStringSubmatch(w.run("infra", 0, "providers"))
	if host == nil {
		w.t.Fatal("terraform does not say where it would get the provider")
	}
	to := filepath.Join(w.dir, "mirror", host[1], "hashicorp/google/8.0.0", runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(to, 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Symlink(provider, filepath.Join(to, "terraform-provider-google_v8.0.0")); err != nil {
		w.t.Fatal(err)
	}
	write(w.t, filepath.Join(w.dir, "terraformrc"), fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path    = %q\n    include = [\"hashicorp/*\"]\n  }\n}\n", filepath.Join(w.dir, "mirror")))
}

// run runs terraform in a directory, which has to end with the code.
func (w *workshop) run(dir string, code int, args ...string) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Minute) // or Terraform would try for twenty
	defer cancel()
	cmd := exec.CommandContext(ctx, "terraform", append([]string{"-chdir=" + filepath.Join(w.dir, dir)}, args...)...)
	cmd.Env = w.env
	out, err := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		w.t.Fatalf("terraform %s in %s: exit %d (%v)\n%s\nnot simulated: %q", strings.Join(args, " "), dir, got, err, out, w.admin.Asked())
	}
	return string(out)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Each example is applied to the simulated cloud; then there is nothing left to do, and
// in the end nothing is left.
func TestTerraformAppliesEachExampleWithoutDriftAndDestroysIt(t *testing.T) {
	examples, err := filepath.Glob(filepath.Join(infra, "examples", "*", "main.tf"))
	if err != nil || len(examples) < 3 {
		t.Fatalf("%d examples (%v)", len(examples), err)
	}
	for _, file := range examples {
		name := filepath.Base(filepath.Dir(file))
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time is Terraform's waiting
			w := newWorkshop(t)
			dir := filepath.Join("infra/examples", name)
			write(t, filepath.Join(w.dir, dir, "test_override.tf"), override)
			w.run(dir, 0, "init", "-no-color")
			w.run(dir, 0, "apply", "-no-color", "-auto-approve", "-parallelism=30")
			if out := w.run(dir, 0, "plan", "-no-color", "-detailed-exitcode"); !strings.Contains(out, "No changes") {
				t.Errorf("after apply there is something left to do:\n%s", out)
			}
			if got := w.admin.Publishers("projects/ops-rescind/topics/rescind-events"); len(got) != 1 || !strings.Contains(got[0], "gcp-sa-logging") {
				t.Errorf("%q may publish events, want the sink alone", got)
			}
			w.run(dir, 0, "destroy", "-no-color", "-auto-approve", "-parallelism=30")
			left := slices.DeleteFunc(w.admin.Names(), kept)
			if len(left) > 0 || len(w.cloud.State().Workloads) > 0 {
				t.Errorf("destroyed, and %q are left, with %d workloads", left, len(w.cloud.State().Workloads))
			}
		})
	}
}

// kept is what stays on purpose: the APIs, the names of custom roles, what the
// operations were, the overrides of fields, and the versions of secrets that were
// abandoned with their secret.
func kept(name string) bool {
	for _, part := range []string{"serviceusage/", "/operations/", "/roles/", "/fields/", "/versions/"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}
