package main

import (
	"errors"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
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
		"All as it must be: 12 scenes, ",
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

// ownGoroutines returns the stacks of goroutines that this program started and
// that are no tests, nor the emulator that tests share.
func ownGoroutines() string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var out []string
	for _, stack := range strings.Split(string(buf), "\n\n") {
		_, by, ours := strings.Cut(stack, "created by github.com/rescind-dev/rescind/")
		if ours && !strings.HasPrefix(by, "internal/emulator.") {
			out = append(out, stack)
		}
	}
	return strings.Join(out, "\n\n")
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
