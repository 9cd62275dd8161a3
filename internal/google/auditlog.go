package google

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"cloud.google.com/go/logging/apiv2/loggingpb"
	"google.golang.org/api/option"
	transport "google.golang.org/api/transport/grpc"
	"google.golang.org/genproto/googleapis/api/monitoredres"
	ltype "google.golang.org/genproto/googleapis/logging/type"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rescind-dev/rescind/internal/google/caller"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// AuditLog writes the audit trail to one log of Cloud Logging. It is safe for
// concurrent use.
type AuditLog struct {
	conn *grpc.ClientConn
	name string
}

// OpenAuditLog returns the log "projects/P/logs/L" (or of a folder or an
// organization), with application default credentials unless the options say
// otherwise. It calls nobody: a log that may not be written to shows at the
// first line.
func OpenAuditLog(ctx context.Context, name string, o Options) (*AuditLog, error) {
	name, err := logName(name)
	if err != nil {
		return nil, err
	}
	conn, err := dialLogging(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open audit log %s: %w", name, err)
	}
	return &AuditLog{conn, name}, nil
}

// CheckAuditLog says what is wrong with the name of a log, or nil.
func CheckAuditLog(name string) error {
	_, err := logName(name)
	return err
}

// logName is the name with its last part as the API wants it: a slash in it is
// written %2F. https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
func logName(name string) (string, error) {
	p := strings.SplitN(name, "/", 4)
	if len(p) != 4 || p[1] == "" || p[2] != "logs" || p[3] == "" || p[0] != "projects" && p[0] != "folders" && p[0] != "organizations" {
		return "", fmt.Errorf("log %q is not projects/P/logs/L", name)
	}
	id, err := url.PathUnescape(p[3])
	if err != nil {
		return "", fmt.Errorf("log %q: %w", name, err)
	}
	return strings.Join(p[:3], "/") + "/" + url.PathEscape(id), nil
}

func dialLogging(ctx context.Context, o Options) (*grpc.ClientConn, error) {
	at := o.Endpoints.Logging
	opts := defaultsOf("logging", "https://www.googleapis.com/auth/logging.write")
	switch {
	case o.Insecure && !caller.Loopback(at):
		return nil, fmt.Errorf("endpoint %q for logging.googleapis.com: an insecure endpoint must be HOST:PORT on this machine", at)
	case o.Insecure:
		return grpc.NewClient(at, append(o.DialOptions, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	case at != "":
		opts = append(opts, option.WithEndpoint(at))
	}
	return transport.Dial(ctx, opts...)
}

// Write writes the lines, and returns nil once Cloud Logging has all of them.
// Each has its own insertId and time, by which Cloud Logging shows one of those
// that come again.
func (l *AuditLog) Write(ctx context.Context, lines []trail.Line) error {
	req := &loggingpb.WriteLogEntriesRequest{LogName: l.name, Resource: &monitoredres.MonitoredResource{Type: "global"}}
	for _, line := range lines {
		payload, err := payloadOf(line)
		if err != nil {
			return fmt.Errorf("encode line %d of %s: %w", line.N, line.Chain, err)
		}
		req.Entries = append(req.Entries, &loggingpb.LogEntry{
			InsertId: line.InsertID(), Timestamp: timestamppb.New(line.At), Severity: ltype.LogSeverity_NOTICE,
			Payload: &loggingpb.LogEntry_JsonPayload{JsonPayload: payload},
		})
	}
	if _, err := call(ctx, again(loggingRetries, loggingpb.NewLoggingServiceV2Client(l.conn).WriteLogEntries), req); err != nil {
		return fmt.Errorf("write %d lines to %s: %w", len(lines), l.name, err)
	}
	return nil
}

func payloadOf(line trail.Line) (*structpb.Struct, error) {
	b, err := json.Marshal(line)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	if err := json.Unmarshal(b, &fields); err != nil {
		return nil, err
	}
	fields["message"] = "audit"
	return structpb.NewStruct(fields)
}

// Close ends the connection.
func (l *AuditLog) Close() error {
	if err := l.conn.Close(); err != nil {
		return errors.Join(errors.New("close audit log"), err)
	}
	return nil
}
