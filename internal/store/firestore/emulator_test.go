package firestore_test

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	native "cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/rescind-dev/rescind/internal/store/firestore"
)

const emulatorVariable = "FIRESTORE_EMULATOR_HOST"

// emulator is Google's emulator of Firestore, started once, for the first test
// that asks.
type emulator struct {
	start sync.Once
	addr  string
	err   error
	stop  func()
}

var shared = emulator{stop: func() {}}

func TestMain(m *testing.M) {
	code := m.Run()
	shared.stop()
	os.Exit(code)
}

var errNotInstalled = errors.New("the Firestore emulator is not installed: gcloud components install cloud-firestore-emulator")

// emulated returns the emulator's address, and makes the library use it. One
// that runs already, and is named in the environment, is used as it is.
func emulated(t *testing.T) string {
	t.Helper()
	shared.start.Do(func() {
		if shared.addr = os.Getenv(emulatorVariable); shared.addr == "" {
			for range 3 { // its port may be taken before it has it, by another service of its own as well
				shared.addr, shared.stop, shared.err = startEmulator()
				if shared.err == nil || errors.Is(shared.err, errNotInstalled) {
					break
				}
				shared.stop()
			}
		}
	})
	if errors.Is(shared.err, errNotInstalled) {
		t.Skip(shared.err)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	t.Setenv(emulatorVariable, shared.addr)
	return shared.addr
}

func startEmulator() (addr string, stop func(), err error) {
	stop = func() {}
	java, jar, err := findEmulator()
	if err != nil {
		return "", stop, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", stop, err
	}
	addr = l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	l.Close() // the emulator takes no listener, nor tells which port it chose for port 0

	// Its start script runs java as a child, which would outlive the script.
	cmd := exec.Command(java, "-Xmx256m", "-Duser.language=en", "-cp", jar,
		"com.google.cloud.datastore.emulator.firestore.CloudFirestore", "start", "--host=127.0.0.1", "--port="+port)
	cmd.SysProcAttr = ownGroup()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", stop, err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return "", stop, fmt.Errorf("start %s: %w", jar, err)
	}
	stop = func() { cmd.Process.Kill(); cmd.Wait() }
	return addr, stop, untilRunning(bufio.NewScanner(out))
}

// untilRunning reads on in the background, as the emulator would stop at a
// full pipe.
func untilRunning(out *bufio.Scanner) error {
	var said []string
	for out.Scan() {
		if strings.Contains(out.Text(), "is now running") {
			go func() {
				for out.Scan() {
				}
			}()
			return nil
		}
		said = append(said, out.Text())
	}
	return fmt.Errorf("the Firestore emulator did not start:\n%s", strings.Join(said, "\n"))
}

func findEmulator() (java, jar string, err error) {
	gcloud, err := exec.LookPath("gcloud")
	if err != nil {
		return "", "", errNotInstalled
	}
	if gcloud, err = filepath.EvalSymlinks(gcloud); err != nil {
		return "", "", err
	}
	sdk := filepath.Dir(filepath.Dir(gcloud))
	jar = filepath.Join(sdk, "platform", "cloud-firestore-emulator", "cloud-firestore-emulator.jar")
	if _, err := os.Stat(jar); err != nil {
		return "", "", errNotInstalled
	}
	if java, err = exec.LookPath("java"); err != nil {
		return "", "", errNotInstalled
	}
	return java, jar, nil
}

// newProject is one that no other test uses: the emulator keeps them apart.
func newProject() string { return "test-" + strings.ToLower(rand.Text()[:20]) }

// open returns a store in the emulator, and the library's own view of it.
func open(t *testing.T, project string, opts ...option.ClientOption) (*firestore.Store, *native.Client) {
	t.Helper()
	emulated(t)
	s, err := firestore.Open(t.Context(), project, "rescind", opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	c, err := native.NewClientWithDatabase(t.Context(), project, "rescind")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return s, c
}

// dialled is a connection to the address with what a test has in between.
func dialled(t *testing.T, addr string, opts ...grpc.DialOption) option.ClientOption {
	t.Helper()
	opts = append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))
	conn, err := grpc.NewClient("passthrough:///"+addr, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return option.WithGRPCConn(conn)
}
