package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestDemoOnceTellsTheStoryAndVerifiesIt(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	code, out, errs := runCommand(t, "", "demo", "--once")
	if code != exitOK || errs != "" {
		t.Fatalf("exit %d, stderr:\n%s\nstdout:\n%s", code, errs, out)
	}
	for _, want := range []string{
		"1. mallory@example.com lets anyone on the internet invoke the service api\n",
		"reverted  removed roles/run.invoker to allUsers; verified by reading it back",
		"   ok       the other grants are there, the conditional one with its condition\n",
		"   slack    ada@example.com presses rescind.revert\n",
		"   ok       checkout runs as its own account again\n",
		"   ok       no-editor-on-runtime-identity ended as reported (want reported)\n",
		"HTTP 204, duplicate\n",
		"   ok       nothing was reverted unasked\n",
		"   slack    only ada@example.com sees: HIGH · anyone on the internet can invoke service reports · pay-prod Pending your decision until ",
		"   slack    ada@example.com presses rescind.revert_all\n",
		"   ok       no-default-service-account ended as exempted (want exempted)\n",
		"   ok       undo of no-default-service-account ended as undone (want undone)\n",
		"All as it must be: 11 scenes, ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if strings.Contains(out, "WRONG") {
		t.Errorf("something is wrong in:\n%s", out)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if left := ownGoroutines(); left != "" {
		t.Errorf("still running:\n%s", left)
	}
}

func TestThePageOpensWithSomethingToSeeAndSomethingToAnswer(t *testing.T) {
	d := newTestDemo(t, demoPolicies)
	d.opening(t.Context(), 0)
	fs, err := d.app.Store.Findings(t.Context(), finding.Query{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[state.State]int{}
	for _, f := range fs {
		got[f.State]++
	}
	want := map[state.State]int{state.Reverted: 3, state.Reported: 1, state.Exempted: 1, state.Undone: 1, state.Pending: 7}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings by state (-want +got):\n%s", diff)
	}
	if i := slices.IndexFunc(d.feed.all(), func(e demoEvent) bool { return e.Outcome == string(remediate.Duplicate) }); i < 0 {
		t.Error("no duplicate among the events")
	}
}

func TestTheOpeningEndsWithTheDemo(t *testing.T) {
	d := newTestDemo(t, demoPolicies)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	d.opening(ctx, time.Hour)
	if events := d.feed.all(); len(events) > 0 {
		t.Errorf("%d events, want none: it was over before it began", len(events))
	}
}

// ownGoroutines returns the stacks of goroutines that this program started and
// that are no tests.
func ownGoroutines() string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var out []string
	for _, stack := range strings.Split(string(buf), "\n\n") {
		if strings.Contains(stack, "created by github.com/rescind-dev/rescind/") {
			out = append(out, stack)
		}
	}
	return strings.Join(out, "\n\n")
}

// reportPublic is a world in which nobody turned no-public-invoker on.
const reportPublic = `apiVersion: rescind/v1
policies:
  - {name: no-default-service-account, enforcement: approve}
`

func newTestDemo(t *testing.T, policies string) *demo {
	t.Helper()
	d, err := newDemo(t.Context(), "127.0.0.1:0", policies, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close the demo: %v", err)
		}
	})
	return d
}

func TestAScriptThatEndsOtherwiseFails(t *testing.T) {
	d := newTestDemo(t, reportPublic)
	var out bytes.Buffer
	err := runScript(t.Context(), d, &out)
	if err == nil || err.Error() != "3 checks failed" {
		t.Errorf("error %v, want 3 checks failed", err)
	}
	for _, want := range []string{
		"   WRONG    no-public-invoker ended as reported (want reverted)\n",
		"   WRONG    allUsers may no longer invoke api\n",
		"   WRONG    no-public-invoker ended as reported (want pending)\n",
		"   ok       checkout runs as its own account again\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

func TestAScriptThatCannotBePlayedFails(t *testing.T) {
	d := newTestDemo(t, "apiVersion: rescind/v1\npolicies: []\n") // so nobody is asked
	err := runScript(t.Context(), d, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "scene 2, default: click rescind.revert on ") {
		t.Errorf("error %v, want one about the click of scene 2", err)
	}
}

func TestDemoRefuses(t *testing.T) {
	const usage = "\nRun 'rescind demo --help' for usage.\n"
	far := "is not on this machine: the demo asks nobody who they are, so it listens on 127.0.0.1 only"
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"a page that others could reach", []string{"--addr", "0.0.0.0:1"}, `address "0.0.0.0:1" ` + far},
		{"a page on every address", []string{"--addr", ":8080"}, `address ":8080" ` + far},
		{"a cloud that others could reach", []string{"--sim-addr", "example.com:80"}, `address "example.com:80" ` + far},
		{"an address without a port", []string{"--addr", "localhost"}, `address "localhost": want HOST:PORT`},
		{"an argument", []string{"once"}, `unexpected argument "once"`},
		{"an unknown flag", []string{"--twice"}, "flag provided but not defined: -twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, out, errs := runCommand(t, "", append([]string{"demo"}, tt.args...)...)
			if want := "rescind demo: " + tt.want + usage; code != exitUsage || out != "" || errs != want {
				t.Errorf("exit %d, stdout %q, stderr:\n%s\nwant exit %d and:\n%s", code, out, errs, exitUsage, want)
			}
		})
	}
}

func TestDemoSaysWhichAddressIsTaken(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("TMPDIR", t.TempDir())
	for flag, what := range map[string]string{"--addr": "serve the page: ", "--sim-addr": "serve the simulated cloud: "} {
		code, _, errs := runCommand(t, "", "demo", flag, l.Addr().String())
		if code != exitFailed || !strings.Contains(errs, what) || !strings.Contains(errs, "address already in use") {
			t.Errorf("%s: exit %d, stderr %q", flag, code, errs)
		}
	}
	if left, err := os.ReadDir(os.TempDir()); len(left) > 0 || err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
