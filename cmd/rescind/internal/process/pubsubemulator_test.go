package process_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var errNoPubSub = errors.New("the Pub/Sub emulator is not installed: gcloud components install pubsub-emulator")

// emulatePubSub starts Google's emulator of Pub/Sub, and makes the library use it.
func emulatePubSub(t *testing.T) {
	t.Helper()
	java, jar, err := findPubSub()
	if err != nil {
		t.Skip(err)
	}
	var said string
	for range 5 {
		var addr string
		if addr, said = startPubSub(t, java, jar); addr != "" {
			t.Setenv("PUBSUB_EMULATOR_HOST", addr)
			return
		}
	}
	t.Fatalf("the Pub/Sub emulator did not start:\n%s", said)
}

// startPubSub starts the emulator on a free port. It takes no listener, so
// somebody else may have that port by then; it says so, stays there and serves
// nobody. In that case there is no address, but what it said.
func startPubSub(t *testing.T, java, jar string) (addr, said string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	_ = l.Close()
	cmd := exec.CommandContext(t.Context(), java, "-Xmx256m", "-Duser.language=en", "-cp", jar,
		"com.google.cloud.pubsub.testing.v1.Main", "--host=127.0.0.1", "--port="+port)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.Contains(lines.Text(), "BindException"); {
		said += lines.Text() + "\n"
		if strings.Contains(lines.Text(), "Server started") {
			go func() { _, _ = io.Copy(io.Discard, out) }() // it would stop at a full pipe
			return addr, said
		}
	}
	return "", said
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
