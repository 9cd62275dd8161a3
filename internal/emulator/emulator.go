// Package emulator starts Google's own emulators of Firestore and of Pub/Sub, for tests
// that show what the real services do and a fake of ours might not.
//
// An emulator is started once in a process, for the first test that asks, and runs
// until Stop. Where it is not installed the test is skipped, and the reason says how to
// install it.
package emulator

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Emulator is one of Google's emulators.
type Emulator struct {
	component string // of gcloud, which installs it
	variable  string // that the client library finds it by
	jars      string // where it is below gcloud's platform directory
	args      []string
	ready     string // what it prints once it serves

	start sync.Once
	addr  string
	err   error
	stop  func()
}

// Firestore emulates Firestore in native mode.
var Firestore = &Emulator{
	component: "cloud-firestore-emulator", variable: "FIRESTORE_EMULATOR_HOST",
	jars:  "cloud-firestore-emulator/cloud-firestore-emulator.jar",
	args:  []string{"com.google.cloud.datastore.emulator.firestore.CloudFirestore", "start"},
	ready: "is now running",
}

// PubSub emulates Pub/Sub.
var PubSub = &Emulator{
	component: "pubsub-emulator", variable: "PUBSUB_EMULATOR_HOST",
	jars:  "pubsub-emulator/lib/cloud-pubsub-emulator-*.jar",
	args:  []string{"com.google.cloud.pubsub.testing.v1.Main"},
	ready: "Server started",
}

// starts bounds how often one is started: it takes no listener, so that somebody else
// may have its port by then, which is another service of its own now and then.
const starts = 5

var errNotInstalled = errors.New("not installed")

// Use is Addr, and has the client library use the emulator for as long as the test runs,
// which then cannot be a parallel one.
func (e *Emulator) Use(t *testing.T) string {
	t.Helper()
	addr := e.Addr(t)
	t.Setenv(e.variable, addr)
	return addr
}

// Addr returns the emulator's address. One that runs already, and is named in the
// environment, is used as it is.
func (e *Emulator) Addr(t *testing.T) string {
	t.Helper()
	e.start.Do(func() {
		if e.addr = os.Getenv(e.variable); e.addr != "" {
			return
		}
		for range starts {
			e.addr, e.stop, e.err = e.run()
			if e.err == nil || errors.Is(e.err, errNotInstalled) {
				return
			}
		}
	})
	if errors.Is(e.err, errNotInstalled) {
		t.Skipf("the emulator is %v: gcloud components install %s", e.err, e.component)
	}
	if e.err != nil {
		t.Fatal(e.err)
	}
	return e.addr
}

// Stop ends the emulators that this process started.
func Stop() {
	for _, e := range []*Emulator{Firestore, PubSub} {
		if e.stop != nil {
			e.stop()
		}
	}
}

func (e *Emulator) run() (addr string, stop func(), err error) {
	java, jar, err := e.find()
	if err != nil {
		return "", nil, err
	}
	ctx := context.Background() // one test starts it, and the others go on with it
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	addr = l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	_ = l.Close() // it takes no listener, nor tells which port it chose for port 0

	// gcloud's start script runs java as a child, which would outlive the script.
	// It lives for seconds, which is too short for the better of its two compilers to pay.
	args := append([]string{"-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Duser.language=en", "-cp", jar}, e.args...)
	cmd := exec.CommandContext(ctx, java, append(args, "--host=127.0.0.1", "--port="+port)...) //nolint:gosec // found by us
	cmd.SysProcAttr = ownGroup()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("start %s: %w", jar, err)
	}
	stop = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	if err := e.untilReady(out); err != nil {
		stop()
		return "", nil, err
	}
	return addr, stop, nil
}

// untilReady reads on in the background, as the emulator would stop at a full pipe.
func (e *Emulator) untilReady(out io.Reader) error {
	said := ""
	// Pub/Sub's says that it cannot have the port, and stays there serving nobody.
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.Contains(lines.Text(), "BindException"); {
		said += lines.Text() + "\n"
		if strings.Contains(lines.Text(), e.ready) {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return nil
		}
	}
	return fmt.Errorf("the %s did not start:\n%s", e.component, said)
}

func (e *Emulator) find() (java, jar string, err error) {
	gcloud, err := exec.LookPath("gcloud")
	if err != nil {
		return "", "", errNotInstalled
	}
	if gcloud, err = filepath.EvalSymlinks(gcloud); err != nil {
		return "", "", err
	}
	jars, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(gcloud)), "platform", e.jars))
	if err != nil || len(jars) == 0 {
		return "", "", errNotInstalled
	}
	if java, err = exec.LookPath("java"); err != nil {
		return "", "", errNotInstalled
	}
	return java, jars[0], nil
}
