package process_test

import (
	"bufio"
	"errors"
	"flag"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var errNoPubSub = errors.New("the Pub/Sub emulator is not installed: gcloud components install pubsub-emulator")

// pubSub is Google's emulator of Pub/Sub, started once, for the first test that asks.
var pubSub = struct {
	sync.Once
	addr, said string
	err        error
	stop       func()
}{stop: func() {}}

// TestMain has more tests beside each other than there are processors: they wait for
// what their processes do next, and compute little.
func TestMain(m *testing.M) {
	flag.Parse()
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = p.Value.Set("8")
	}
	code := m.Run()
	pubSub.stop()
	os.Exit(code)
}

// emulatePubSub makes the library use the emulator.
func emulatePubSub(t *testing.T) {
	t.Helper()
	pubSub.Do(func() {
		java, jar, err := findPubSub()
		if pubSub.err = err; err != nil {
			return
		}
		for range 5 {
			if pubSub.addr, pubSub.said, pubSub.stop, pubSub.err = startPubSub(java, jar); pubSub.addr != "" {
				return
			}
			pubSub.stop()
		}
	})
	switch {
	case errors.Is(pubSub.err, errNoPubSub):
		t.Skip(pubSub.err)
	case pubSub.addr == "":
		t.Fatalf("the Pub/Sub emulator did not start (%v):\n%s", pubSub.err, pubSub.said)
	}
	t.Setenv("PUBSUB_EMULATOR_HOST", pubSub.addr)
}

// startPubSub starts the emulator on a free port. It takes no listener, so
// somebody else may have that port by then; it says so, stays there and serves
// nobody. In that case there is no address, but what it said.
func startPubSub(java, jar string) (addr, said string, stop func(), err error) {
	stop = func() {}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", stop, err
	}
	addr = l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	_ = l.Close()
	cmd := exec.Command(java, "-Xmx256m", "-Duser.language=en", "-cp", jar,
		"com.google.cloud.pubsub.testing.v1.Main", "--host=127.0.0.1", "--port="+port)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", "", stop, err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return "", "", stop, err
	}
	stop = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.Contains(lines.Text(), "BindException"); {
		said += lines.Text() + "\n"
		if strings.Contains(lines.Text(), "Server started") {
			go func() { _, _ = io.Copy(io.Discard, out) }() // it would stop at a full pipe
			return addr, said, stop, nil
		}
	}
	return "", said, stop, nil
}

func findPubSub() (java, jar string, err error) {
	gcloud, err := exec.LookPath("gcloud")
	if err != nil {
		return "", "", errNoPubSub
	}
	if gcloud, err = filepath.EvalSymlinks(gcloud); err != nil {
		return "", "", err
	}
	jars, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(gcloud)), "platform", "pubsub-emulator", "lib", "cloud-pubsub-emulator-*.jar"))
	if err != nil || len(jars) == 0 {
		return "", "", errNoPubSub
	}
	if java, err = exec.LookPath("java"); err != nil {
		return "", "", errNoPubSub
	}
	return java, jars[0], nil
}
