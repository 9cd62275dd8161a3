// Package arch_test keeps the arrows between our packages, and the libraries in
// their places. It reads the imports of every package of the module, and says
// in a sentence which import breaks which arrow.
package arch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	module = "github.com/rescind-dev/rescind/"
	root   = "../.." // the module, from here
)

func TestTheArrowsHold(t *testing.T) {
	watchTree(t)
	for _, v := range violations(listPackages(t)) {
		t.Error(v)
	}
}

func TestABrokenArrowIsNamed(t *testing.T) {
	tests := []struct {
		name string
		pkg  string
		imp  string
		want []string
	}{
		{
			"what decides may not know the adapters",
			module + "remediate", module + "internal/google",
			[]string{"remediate imports internal/google: remediate may import only internal/cloud, internal/auditlog, policies, remediate/judge of ours"},
		},
		{
			"replay judges, and does nothing else that live handling does",
			module + "internal/replay", module + "remediate",
			[]string{"internal/replay imports remediate: internal/replay may import only internal/cloud, internal/auditlog, policies, remediate/judge, internal/strictyaml, internal/skim of ours"},
		},
		{
			"policies may not read log entries",
			module + "policies", module + "internal/auditlog",
			[]string{"policies imports internal/auditlog: policies may import only internal/cloud, internal/strictyaml of ours"},
		},
		{
			"a package below a part is held to the part's arrows",
			module + "policies/catalog", module + "remediate",
			[]string{"policies/catalog imports remediate: policies may import only internal/cloud, internal/strictyaml of ours"},
		},
		{
			"two adapters may not lean on each other",
			module + "notify/slack", module + "internal/store",
			[]string{"notify/slack imports internal/store: notify may import only internal/intake, infra, internal/cloud, internal/auditlog, policies, remediate/judge, remediate of ours"},
		},
		{
			"only the command wires the simulation in",
			module + "functions", module + "internal/sim",
			[]string{"functions imports internal/sim: functions may import only internal/skim, internal/cloud, internal/auditlog, policies, remediate/judge, remediate of ours"},
		},
		{
			"the values import nothing of ours",
			module + "internal/cloud", module + "policies",
			[]string{"internal/cloud imports policies: internal/cloud may import nothing of ours"},
		},
		{
			"the values import no library either",
			module + "internal/cloud", "github.com/google/go-cmp/cmp",
			[]string{"internal/cloud imports github.com/google/go-cmp/cmp: internal/cloud may import only the standard library"},
		},
		{
			"Google's libraries stay behind the adapters",
			module + "remediate", "cloud.google.com/go/run/apiv2",
			[]string{"remediate imports cloud.google.com/go/run/apiv2: a Google client library belongs in internal/google, internal/assets, internal/sim, internal/store, cmd alone"},
		},
		{
			"the endpoint may call no Google API",
			module + "functions", "cloud.google.com/go/run/apiv2",
			[]string{"functions imports cloud.google.com/go/run/apiv2: a Google client library belongs in internal/google, internal/assets, internal/sim, internal/store, cmd alone"},
		},
		{
			"the endpoint may check Google's tokens",
			module + "functions", "cloud.google.com/go/auth/credentials/idtoken",
			nil,
		},
		{
			"only the endpoint and the adapters may check Google's tokens",
			module + "policies", "cloud.google.com/go/auth/credentials/idtoken",
			[]string{"policies imports cloud.google.com/go/auth/credentials/idtoken: Google's token check belongs in functions, internal/google, cmd alone"},
		},
		{
			"Slack's library stays out of the rest of notify",
			module + "notify", "github.com/slack-go/slack/slackutilsx",
			[]string{"notify imports github.com/slack-go/slack/slackutilsx: Slack's library belongs in notify/slack alone"},
		},
		{
			"a new part has to be given its place",
			module + "internal/helpers", "fmt",
			[]string{"internal/helpers stands in no arrow: give it a place in internal/arch"},
		},
		{
			"a name that only begins like a part is another part",
			module + "policiesx", "fmt",
			[]string{"policiesx stands in no arrow: give it a place in internal/arch"},
		},
		{
			"the command wires everything",
			module + "cmd/rescind", module + "internal/sim",
			nil,
		},
		{
			"what serves knows nothing simulated",
			module + "cmd/rescind/internal/process", module + "internal/sim",
			[]string{"cmd/rescind/internal/process imports internal/sim: cmd/rescind/internal/process may import only cmd/rescind/internal/build, cmd/rescind/internal/config, cmd/rescind/internal/measured, internal/telemetry, internal/cloud, internal/auditlog, policies, remediate/judge, remediate, notify, functions, internal/google, internal/store of ours"},
		},
		{
			"a room of the command leans on none above it",
			module + "cmd/rescind/internal/sandbox", module + "cmd/rescind/internal/demo",
			[]string{"cmd/rescind/internal/sandbox imports cmd/rescind/internal/demo: cmd/rescind/internal/sandbox may import only cmd/rescind/internal/terminal, cmd/rescind/internal/config, cmd/rescind/internal/process, internal/sim, functions, internal/cloud, remediate of ours"},
		},
		{
			"nobody but the command's rooms leans on one",
			module + "remediate", module + "cmd/rescind/internal/config",
			[]string{"remediate imports cmd/rescind/internal/config: remediate may import only internal/cloud, internal/auditlog, policies, remediate/judge of ours"},
		},
		{
			"a part may import itself",
			module + "notify/slack", module + "notify",
			nil,
		},
		{
			"anyone may import the standard library",
			module + "internal/cloud", "net/http",
			nil,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := violations(graph{test.pkg: {test.imp}})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

// watchTree makes the tree an input of the test. A pass is cached by what the
// test itself opened; what the go command opened for it does not count, and a
// forbidden import added later would still read "ok (cached)".
func watchTree(t *testing.T) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "bin") {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatalf("walk the module: %v", err)
	}
}

// listPackages is the module's packages, and what each imports.
func listPackages(t *testing.T) graph {
	t.Helper()
	g, err := listed()
	if err != nil {
		t.Fatal(err)
	}
	return maps.Clone(g)
}

// listed asks the go command, so that build constraints are read as the build reads
// them; once for all tests, as it reads every file.
var listed = sync.OnceValues(func() (graph, error) {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil, fmt.Errorf("go list: %w\n%s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("go list: %w", err)
	}
	g := graph{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("decode go list: %w", err)
		}
		g[pkg.ImportPath] = pkg.Imports
	}
	if len(g) < 2 {
		return nil, fmt.Errorf("go list found %d packages, want the whole module", len(g))
	}
	return g, nil
})
