package sim_test

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/rescind-dev/rescind/internal/sim/transcode"
)

// refusal is an error as a REST client reads it.
type refusal struct {
	Error struct {
		Code    int
		Message string
		Status  string
		Details []map[string]any
	}
}

func refused(t *testing.T, err error) (int, refusal) {
	t.Helper()
	w := (&heard{refuses: err}).ask(t, "GET", "/v2/"+service, "")
	var r refusal
	if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return w.Code, r
}

// https://cloud.google.com/apis/design/errors
func TestEachCodeIsWrittenAsGoogleWritesIt(t *testing.T) {
	for _, tc := range []struct {
		code codes.Code
		http int
		name string
	}{
		{codes.Canceled, 499, "CANCELLED"},
		{codes.Unknown, 500, "UNKNOWN"},
		{codes.InvalidArgument, 400, "INVALID_ARGUMENT"},
		{codes.DeadlineExceeded, 504, "DEADLINE_EXCEEDED"},
		{codes.NotFound, 404, "NOT_FOUND"},
		{codes.AlreadyExists, 409, "ALREADY_EXISTS"},
		{codes.PermissionDenied, 403, "PERMISSION_DENIED"},
		{codes.ResourceExhausted, 429, "RESOURCE_EXHAUSTED"},
		{codes.FailedPrecondition, 400, "FAILED_PRECONDITION"},
		{codes.Aborted, 409, "ABORTED"},
		{codes.OutOfRange, 400, "OUT_OF_RANGE"},
		{codes.Unimplemented, 501, "UNIMPLEMENTED"},
		{codes.Internal, 500, "INTERNAL"},
		{codes.Unavailable, 503, "UNAVAILABLE"},
		{codes.DataLoss, 500, "DATA_LOSS"},
		{codes.Unauthenticated, 401, "UNAUTHENTICATED"},
	} {
		code, r := refused(t, status.Error(tc.code, "no"))
		if code != tc.http || r.Error.Code != tc.http || r.Error.Status != tc.name || r.Error.Message != "no" {
			t.Errorf("%v: answered %d %+v, want %d %s", tc.code, code, r.Error, tc.http, tc.name)
		}
	}
	if code, r := refused(t, errors.New("broken")); code != 500 || r.Error.Status != "UNKNOWN" {
		t.Errorf("an error without a code: answered %d %+v", code, r.Error)
	}
}

// A client that waits as long as it is told reads that from the details.
func TestAnErrorCarriesItsDetails(t *testing.T) {
	s, err := status.New(codes.PermissionDenied, "no").WithDetails(
		&errdetails.ErrorInfo{Reason: "SERVICE_DISABLED", Domain: "googleapis.com"})
	if err != nil {
		t.Fatal(err)
	}
	p := s.Proto()
	p.Details = append(p.Details, &anypb.Any{TypeUrl: "type.googleapis.com/nobody.knows.This"})
	_, r := refused(t, status.FromProto(p).Err())
	want := []map[string]any{{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "domain": "googleapis.com"}}
	if diff := cmp.Diff(want, r.Error.Details); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
}

func TestAValueThatIsNoJSONIsAnInternalError(t *testing.T) {
	w := httptest.NewRecorder()
	transcode.WriteJSON(w, 200, func() {})
	if w.Code != 500 || w.Body.Len() != 0 {
		t.Errorf("answered %d %q", w.Code, w.Body)
	}
}
