package firestore_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rescind-dev/rescind/internal/store/firestore"
)

// fake is a Firestore without a database, which the emulator cannot be: it has
// each one that is asked for. It finds nothing, and notes what was asked.
type fake struct {
	firestorepb.UnimplementedFirestoreServer
	calls   atomic.Int32
	queries chan *firestorepb.StructuredQuery
	// document is what becomes of reading one, nil for that there is no database;
	// query is likewise, and nil for that nothing is found.
	document func(*firestorepb.BatchGetDocumentsRequest, firestorepb.Firestore_BatchGetDocumentsServer) error
	query    func(*firestorepb.StructuredQuery) error
}

// absent answers that the documents are not there.
func absent(req *firestorepb.BatchGetDocumentsRequest, to firestorepb.Firestore_BatchGetDocumentsServer) error {
	for _, name := range req.GetDocuments() {
		if err := to.Send(&firestorepb.BatchGetDocumentsResponse{
			Result: &firestorepb.BatchGetDocumentsResponse_Missing{Missing: name}, ReadTime: timestamppb.Now(),
		}); err != nil {
			return err
		}
	}
	return nil
}

var errNoDatabase = status.Error(codes.NotFound, "The database rescind does not exist for project ops")

func (f *fake) RunQuery(req *firestorepb.RunQueryRequest, _ firestorepb.Firestore_RunQueryServer) error {
	f.calls.Add(1)
	select {
	case f.queries <- req.GetStructuredQuery():
	default:
	}
	if f.query != nil {
		return f.query(req.GetStructuredQuery())
	}
	return nil
}

func (f *fake) BatchGetDocuments(req *firestorepb.BatchGetDocumentsRequest, to firestorepb.Firestore_BatchGetDocumentsServer) error {
	f.calls.Add(1)
	if f.document != nil {
		return f.document(req, to)
	}
	return errNoDatabase
}

func (f *fake) Commit(context.Context, *firestorepb.CommitRequest) (*firestorepb.CommitResponse, error) {
	f.calls.Add(1)
	return nil, errNoDatabase
}

func openFake(t *testing.T) (*firestore.Store, *fake) {
	t.Helper()
	f := &fake{queries: make(chan *firestorepb.StructuredQuery, 1)}
	l := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	firestorepb.RegisterFirestoreServer(server, f)
	go server.Serve(l)
	t.Cleanup(server.Stop)
	dial := grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) })
	s, err := firestore.Open(t.Context(), "ops", "rescind", dialled(t, "fake", dial))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, f
}
