package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/internal/sim/admin"
)

const installer = "serviceAccount:rescind@pay-dev.iam.gserviceaccount.com"

// firstLook is the part of docs/install.md that gcloud alone does: its commands, and its
// file with the environment.
func firstLook(t *testing.T) (commands []string, env string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/install.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(page), "\n## One project, by gcloud alone\n")
	part, _, found := strings.Cut(part, "\n## ")
	file := fileSample.FindStringSubmatch(part)
	if !ok || !found || file == nil {
		t.Fatal("docs/install.md does not say how gcloud alone installs rescind")
	}
	for _, m := range regexp.MustCompile(`(?m)^   (gcloud .*)$`).FindAllStringSubmatch(part, -1) {
		commands = append(commands, m[1])
	}
	return commands, file[3]
}

// flagOf is the value of a flag in the one command that begins so.
func flagOf(t *testing.T, commands []string, begins, flag string) string {
	t.Helper()
	for _, c := range commands {
		words := shellWords(c)
		if i := slices.Index(words, flag); strings.HasPrefix(c, begins) && i > 0 {
			return words[i+1]
		}
	}
	t.Fatalf("no %s has %s", begins, flag)
	return ""
}

func TestAFirstLookTakesTenCommandsAndNoRightToWrite(t *testing.T) {
	commands, _ := firstLook(t)
	if len(commands) != 10 {
		t.Errorf("%d commands, want ten", len(commands))
	}
	permissions := strings.Split(flagOf(t, commands, "gcloud iam roles create", "--permissions"), ",")
	module, err := os.ReadFile("../../infra/permissions.tf")
	if err != nil {
		t.Fatal(err)
	}
	permission := regexp.MustCompile(`"([a-z]+\.[\w.]+)"`)
	_, reads, _ := strings.Cut(string(module), "  reads = {")
	reads, _, _ = strings.Cut(reads, "    walk = ") // what comes then is opt-in, or for folders
	_, above, _ := strings.Cut(string(module), "  above_projects = ")
	var want []string
	for _, m := range permission.FindAllStringSubmatch(reads, -1) {
		if !strings.Contains(above, m[0]) {
			want = append(want, m[1])
		}
	}
	slices.Sort(permissions)
	slices.Sort(want)
	if diff := cmp.Diff(want, permissions); diff != "" {
		t.Errorf("permissions (-infra/permissions.tf +docs/install.md):\n%s", diff)
	}
	filter := flagOf(t, commands, "gcloud logging sinks create", "--log-filter")
	sinks, err := os.ReadFile("../../infra/sink.tf")
	if err != nil {
		t.Fatal(err)
	}
	services := regexp.MustCompile(`"(\w+\.googleapis\.com)"`)
	_, watched, _ := strings.Cut(string(sinks), "watched = [")
	watched, _, _ = strings.Cut(watched, "]")
	if diff := cmp.Diff(services.FindAllString(watched, -1), services.FindAllString(filter, -1)); diff != "" {
		t.Errorf("services (-infra/sink.tf +docs/install.md):\n%s", diff)
	}
}

// The commands of the page, by the real gcloud, on a simulated Google Cloud; then the
// service runs as it was deployed, and finds what somebody did.
func TestGcloudInstallsAFirstLook(t *testing.T) {
	if testing.Short() {
		t.Skip("gcloud takes over a second for each command")
	}
	if _, err := exec.LookPath("gcloud"); err != nil {
		t.Skip("gcloud is not installed")
	}
	logged := make(chan []byte, 64)
	cloud := sim.NewCloud(sim.Options{Emit: func(entry []byte) { logged <- slices.Clone(entry) }})
	cloud.AddProject("pay-dev", "264172533002", "organizations/77")
	made := admin.New(map[string]string{"pay-dev": "264172533002"}, cloud.Handler())
	srv := httptest.NewServer(made)
	defer srv.Close()
	commands, env := firstLook(t)
	t.Chdir(t.TempDir())
	write(t, "env.yaml", env)
	for _, c := range commands {
		if out, err := gcloudAt(t, srv.Listener.Addr(), shellWords(c)[1:]...); err != nil {
			t.Fatalf("%s: %v\n%s\nnot simulated: %q", c, err, out, made.Asked())
		}
	}
	want := []string{"iam/v1/projects/pay-dev/roles/rescind_read", "iam/v1/projects/pay-dev/serviceAccounts/rescind@pay-dev.iam.gserviceaccount.com",
		"logging/v2/projects/pay-dev/sinks/rescind-events", "pubsub/v1/projects/pay-dev/subscriptions/rescind-events", "pubsub/v1/projects/pay-dev/topics/rescind-events"}
	if diff := cmp.Diff(want, slices.DeleteFunc(made.Names(), func(n string) bool { return strings.HasPrefix(n, "serviceusage/") })); diff != "" {
		t.Errorf("there is (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"serviceAccount:service-264172533002@gcp-sa-logging.iam.gserviceaccount.com"}, made.Publishers("projects/pay-dev/topics/rescind-events")); diff != "" {
		t.Errorf("who may publish events (-want +got):\n%s", diff)
	}
	ws := cloud.State().Workloads
	if len(ws) != 1 || "serviceAccount:"+ws[0].Identity != installer || !ws[0].InvokerCheck {
		t.Fatalf("what runs is %+v", ws)
	}
	findsWhatSomebodyDid(t, cloud, env, logged)
}

// findsWhatSomebodyDid serves with the configuration in env, and tells it of a grant.
func findsWhatSomebodyDid(t *testing.T, cloud *sim.Cloud, env string, logged <-chan []byte) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = cloud.Serve(l) }() // until Close
	defer cloud.Close()
	var file map[string]string
	if err := yaml.Unmarshal([]byte(env), &file); err != nil {
		t.Fatal(err)
	}
	pusher, keys := signer(t, "rescind@pay-dev.iam.gserviceaccount.com")
	at := l.Addr().String()
	config := strings.NewReplacer("https://rescind-264172533002.europe-west1.run.app", serveAudience, "  service_account:", "  certs_url: "+keys+"\n  service_account:").Replace(file["RESCIND_YAML"]) +
		"\ngoogle: {insecure: true, endpoints: {run: " + at + ", iam: " + at + ", resourcemanager: " + at + ", orgpolicy: " + at + "}}\n"
	s := startServe(t, config, anyPort)
	if out, err := gcloudAt(t, l.Addr(), "projects", "add-iam-policy-binding", "pay-dev", "--member", installer, "--role", "roles/editor", "--condition", "None"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	token, err := pusher.Token()
	if err != nil {
		t.Fatal(err)
	}
	for told := false; !told; {
		e := <-logged // those of the installation come first
		told = strings.Contains(string(e), "roles/editor")
		body, err := json.Marshal(map[string]any{"message": map[string]any{"data": e, "messageId": "1"}, "subscription": "projects/pay-dev/subscriptions/rescind-events"})
		if err != nil {
			t.Fatal(err)
		}
		if code := s.ask(t, http.MethodPost, "/events", token, string(body)); code != http.StatusNoContent {
			t.Errorf("the event was answered %d", code)
		}
	}
	_, log := s.end(t)
	if !strings.Contains(log, "msg=finding") || !strings.Contains(log, "no-editor-on-runtime-identity") {
		t.Errorf("nothing was found:\n%s", log)
	}
}

// gcloudAt runs the real command with everything it might otherwise read from this
// machine, or ask of the internet, switched off.
func gcloudAt(t *testing.T, at net.Addr, args ...string) (string, error) {
	t.Helper()
	host, port, err := net.SplitHostPort(at.String())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "gcloud", args...)
	cmd.Env = append(os.Environ(), "CLOUDSDK_CONFIG="+t.TempDir(), "CLOUDSDK_AUTH_ACCESS_TOKEN=alice@example.com", "CLOUDSDK_CORE_DISABLE_PROMPTS=1",
		"CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=1", "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK=1",
		"CLOUDSDK_PROXY_TYPE=http", "CLOUDSDK_PROXY_ADDRESS="+host, "CLOUDSDK_PROXY_PORT="+port)
	for _, api := range []string{"cloudresourcemanager", "iam", "logging", "pubsub", "run", "serviceusage"} {
		cmd.Env = append(cmd.Env, "CLOUDSDK_API_ENDPOINT_OVERRIDES_"+strings.ToUpper(api)+"=http://"+api+".test/")
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}
