//go:build soak

package sandbox_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/rescind-dev/rescind/internal/store/firestore"
	"github.com/rescind-dev/rescind/remediate"
)

// laterRelease stands between a rescind and Firestore, and makes it the next release: one
// whose findings have a field more than this release knows. It adds the field to what is
// written, and takes it out of what is read.
type laterRelease struct {
	mu  sync.Mutex
	has map[string]bool // documents that the newer wrote: whether they had the field when it last read them
}

const laterField = `,"later":{"by":"the next release"}`

// findingIn is the stored finding in a document; nil for another document.
func findingIn(d *firestorepb.Document) *firestorepb.Value {
	if !strings.Contains(d.GetName(), "/findings/") {
		return nil
	}
	return d.GetFields()["record"]
}

func (l *laterRelease) written(d *firestorepb.Document) {
	if v := findingIn(d); v != nil {
		b := append(bytes.TrimSuffix(bytes.Clone(v.GetBytesValue()), []byte("}")), laterField+"}"...)
		v.ValueType = &firestorepb.Value_BytesValue{BytesValue: b}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.has[d.GetName()] = true
	}
}

func (l *laterRelease) read(d *firestorepb.Document) {
	if v := findingIn(d); v != nil {
		mine, has := bytes.CutSuffix(v.GetBytesValue(), []byte(laterField+"}"))
		if has {
			v.ValueType = &firestorepb.Value_BytesValue{BytesValue: append(mine, '}')}
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if _, wrote := l.has[d.GetName()]; wrote {
			l.has[d.GetName()] = has
		}
	}
}

func (l *laterRelease) call(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if c, ok := req.(*firestorepb.CommitRequest); ok {
		for _, w := range c.GetWrites() {
			l.written(w.GetUpdate())
		}
	}
	return invoke(ctx, method, req, reply, cc, opts...)
}

func (l *laterRelease) stream(ctx context.Context, d *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	s, err := open(ctx, d, cc, method, opts...)
	return laterStream{s, l}, err
}

type laterStream struct {
	grpc.ClientStream
	l *laterRelease
}

func (s laterStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	switch m := m.(type) {
	case *firestorepb.BatchGetDocumentsResponse:
		s.l.read(m.GetFound())
	case *firestorepb.RunQueryResponse:
		s.l.read(m.GetDocument())
	}
	return err
}

// database is a new one of the emulator, as a release has it whose client has these in
// between.
func database(t *testing.T, addr, project string, between ...grpc.DialOption) remediate.Store {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+addr, append(between, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	s, err := firestore.Open(t.Context(), project, "rescind", option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(); _ = conn.Close() })
	return s
}

// syncBuffer is a buffer that several goroutines write to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
