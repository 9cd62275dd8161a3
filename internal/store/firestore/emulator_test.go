package firestore_test

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"

	native "cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/rescind-dev/rescind/internal/emulator"
	"github.com/rescind-dev/rescind/internal/store/firestore"
)

func TestMain(m *testing.M) {
	code := m.Run()
	emulator.Stop()
	os.Exit(code)
}

// newProject is one that no other test uses: the emulator keeps them apart.
func newProject() string { return "test-" + strings.ToLower(rand.Text()[:20]) }

// open returns a store in the emulator, and the library's own view of it.
func open(t *testing.T, project string, opts ...option.ClientOption) (*firestore.Store, *native.Client) {
	t.Helper()
	emulator.Firestore.Use(t)
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
