package transcode

import (
	"encoding/json"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
)

// httpStatus and codeName say how Google's REST APIs write a code.
// https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
var httpStatus = map[codes.Code]int{
	codes.InvalidArgument: 400, codes.FailedPrecondition: 400, codes.OutOfRange: 400, codes.Unauthenticated: 401,
	codes.PermissionDenied: 403, codes.NotFound: 404, codes.AlreadyExists: 409, codes.Aborted: 409,
	codes.ResourceExhausted: 429, codes.Canceled: 499, codes.Unimplemented: 501, codes.Unavailable: 503, codes.DeadlineExceeded: 504,
}

var codeName = map[codes.Code]string{
	codes.Canceled: "CANCELLED", codes.Unknown: "UNKNOWN", codes.InvalidArgument: "INVALID_ARGUMENT",
	codes.DeadlineExceeded: "DEADLINE_EXCEEDED", codes.NotFound: "NOT_FOUND", codes.AlreadyExists: "ALREADY_EXISTS",
	codes.PermissionDenied: "PERMISSION_DENIED", codes.Unauthenticated: "UNAUTHENTICATED",
	codes.ResourceExhausted: "RESOURCE_EXHAUSTED", codes.FailedPrecondition: "FAILED_PRECONDITION",
	codes.Aborted: "ABORTED", codes.OutOfRange: "OUT_OF_RANGE", codes.Unimplemented: "UNIMPLEMENTED",
	codes.Internal: "INTERNAL", codes.Unavailable: "UNAVAILABLE", codes.DataLoss: "DATA_LOSS",
}

// WriteError answers with an error in the form of Google's REST APIs, its
// details included.
func WriteError(w http.ResponseWriter, err error) {
	s := status.Convert(err)
	code, ok := httpStatus[s.Code()]
	if !ok {
		code = http.StatusInternalServerError
	}
	said := map[string]any{"code": code, "message": s.Message(), "status": codeName[s.Code()]}
	if details := Details(s); len(details) > 0 {
		said["details"] = details
	}
	WriteJSON(w, code, map[string]any{"error": said})
}

// Details renders the details of a status, each with its type beside the
// fields. One of a type that nobody here knows is left out.
func Details(s *status.Status) []json.RawMessage {
	var out []json.RawMessage
	for _, d := range s.Proto().GetDetails() {
		if b, err := protojson.Marshal(d); err == nil {
			out = append(out, b)
		}
	}
	return out
}

// WriteJSON answers with a value and an HTTP status.
func WriteJSON(w http.ResponseWriter, code int, v any) {
	b, err := json.Marshal(v)
	if err != nil { // what is answered is made of maps, structs and strings
		code, b = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	w.Write(b)
}
