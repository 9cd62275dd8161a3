package google_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/logging/apiv2/loggingpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// logServer keeps entries as Cloud Logging does: one of each insertId and time.
type logServer struct {
	loggingpb.UnimplementedLoggingServiceV2Server
	mu      sync.Mutex
	entries map[string]*loggingpb.LogEntry
	failing error
}

func (s *logServer) WriteLogEntries(_ context.Context, r *loggingpb.WriteLogEntriesRequest) (*loggingpb.WriteLogEntriesResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failing != nil {
		return nil, s.failing
	}
	if r.LogName != "projects/ops/logs/rescind%2Faudit" || r.Resource.GetType() == "" {
		return nil, status.Errorf(codes.InvalidArgument, "log %q, resource %v", r.LogName, r.Resource)
	}
	for _, e := range r.Entries {
		s.entries[e.InsertId+e.Timestamp.AsTime().String()] = e
	}
	return &loggingpb.WriteLogEntriesResponse{}, nil
}

func openLog(t *testing.T) (*logServer, *google.AuditLog) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, srv := &logServer{entries: map[string]*loggingpb.LogEntry{}}, grpc.NewServer()
	loggingpb.RegisterLoggingServiceV2Server(srv, s)
	go srv.Serve(l)
	t.Cleanup(srv.Stop)
	log, err := google.OpenAuditLog(t.Context(), "projects/ops/logs/rescind/audit",
		google.Options{Insecure: true, Endpoints: google.Endpoints{Logging: l.Addr().String()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	return s, log
}

func TestI8TheTrailGoesToCloudLoggingOnceHoweverOftenItIsWritten(t *testing.T) {
	s, log := openLog(t)
	at := time.Date(2026, 11, 20, 3, 0, 0, 5, time.UTC)
	lines := []trail.Line{
		{At: at, Chain: "finding/f1", N: 1, Kind: "pending", Finding: "f1", What: "asked", Hash: "a1"},
		{At: at, Chain: "finding/f0", N: 1, Kind: "pending", Finding: "f0", What: "from before there were hashes"},
	}
	for range 2 {
		if err := log.Write(t.Context(), lines); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.entries) != 2 {
		t.Fatalf("%d entries, want one a line: %v", len(s.entries), s.entries)
	}
	e := s.entries["a1"+at.String()]
	fields := e.GetJsonPayload().AsMap()
	if fields["message"] != "audit" || fields["finding"] != "f1" || fields["what"] != "asked" || fields["n"] != 1.0 || fields["hash"] != "a1" {
		t.Errorf("written is %v", fields)
	}
}

func TestALogThatMayNotBeWrittenToIsAnErrorThatNamesIt(t *testing.T) {
	s, log := openLog(t)
	s.failing = status.Error(codes.PermissionDenied, "logging.logEntries.create")
	err := log.Write(t.Context(), []trail.Line{{N: 1, Hash: "a"}})
	if status.Code(err) != codes.PermissionDenied {
		t.Errorf("write: %v", err)
	}
}

func TestTheNameOfALogIsChecked(t *testing.T) {
	for name, ok := range map[string]bool{
		"projects/ops/logs/rescind-audit": true, "organizations/77/logs/a%2Fb": true,
		"": false, "ops": false, "projects/ops/logs/": false, "projects//logs/a": false, "billingAccounts/1/logs/a": false, "projects/ops/topics/a": false,
		"projects/ops/logs/%zz": false,
	} {
		if err := google.CheckAuditLog(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}
