package google

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"cloud.google.com/go/logging/apiv2/loggingpb"
	"google.golang.org/genproto/googleapis/cloud/audit"
	_ "google.golang.org/genproto/googleapis/iam/v1/logging" // the deltas of an allow policy, for protojson
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// Entry implements remediate.EntryClient. It asks Cloud Logging for the log of
// the project, folder or organization that the log's name begins with, which
// takes logging.logEntries.list there.
func (c *Client) Entry(ctx context.Context, change cloud.Change) ([]byte, error) {
	in, filter, err := entryFilter(change)
	if err != nil {
		return nil, fmt.Errorf("look up log entry: %w: %w", fault.ErrRefused, err)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	entry, err := c.firstEntry(ctx, &loggingpb.ListLogEntriesRequest{ResourceNames: []string{in.Path()}, Filter: filter, PageSize: 1})
	switch {
	case err != nil:
		return nil, explain(err, "list log entries of", in, "logging.logEntries.list")
	case entry == nil:
		return nil, fmt.Errorf("log entry %s in %s: %w", change.InsertID, in, fault.ErrNotFound)
	}
	return entryJSON(entry)
}

// firstEntry returns the first entry there is, or nil. A page may be empty and
// not the last.
func (c *Client) firstEntry(ctx context.Context, r *loggingpb.ListLogEntriesRequest) (*loggingpb.LogEntry, error) {
	list := again(loggingRetries, c.logs.ListLogEntries)
	for {
		page, err := list(ctx, r)
		if err != nil || len(page.GetEntries()) > 0 {
			return firstOf(page.GetEntries()), err
		}
		if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
			return nil, nil
		}
	}
}

func firstOf[T any](all []*T) *T {
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// entryFilter selects the one entry. Cloud Logging tells entries apart by log,
// timestamp and insertId, and a filter by all three reads little of the log.
// https://cloud.google.com/logging/docs/view/logging-query-language
func entryFilter(change cloud.Change) (cloud.Resource, string, error) {
	name, err := url.PathUnescape(change.LogName)
	container, id, ok := strings.Cut(name, "/logs/")
	in, known := cloud.ParseContainer(container)
	if err != nil || !ok || !known {
		return cloud.Resource{}, "", fmt.Errorf("log name %q: want {projects/P,folders/N,organizations/N}/logs/ID", change.LogName)
	}
	var clauses []string
	for _, f := range []struct{ field, value string }{
		{"logName", in.Path() + "/logs/" + url.PathEscape(id)},
		{"timestamp", change.Time.UTC().Format(time.RFC3339Nano)},
		{"insertId", change.InsertID},
	} {
		quoted, err := quoted(f.value)
		if err != nil {
			return cloud.Resource{}, "", fmt.Errorf("%s %q: %w", f.field, f.value, err)
		}
		clauses = append(clauses, f.field+"="+quoted)
	}
	return in, strings.Join(clauses, " AND "), nil
}

// quoted is the value as the query language's text. What stands in no name that
// Google makes is refused: an event's publisher chose it, perhaps to end the
// text and go on with a filter of theirs.
func quoted(value string) (string, error) {
	for _, r := range value {
		if r <= ' ' || r > '~' {
			return "", errors.New("want printable ASCII without spaces")
		}
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`, nil
}

// entryJSON is the entry as the topic carries it. Details of types that this
// program does not know cannot be written as JSON and are left out; no reader
// of ours looks at them.
func entryJSON(e *loggingpb.LogEntry) ([]byte, error) {
	var record audit.AuditLog
	if err := e.GetProtoPayload().UnmarshalTo(&record); err != nil {
		return nil, fmt.Errorf("read log entry %s: %w: %w", e.GetInsertId(), fault.ErrRefused, err)
	}
	if record.Status != nil {
		record.Status.Details = nil
	}
	// Deprecated for those who write entries: Resource Manager still does so.
	if _, err := record.GetServiceData().UnmarshalNew(); err != nil { //nolint:staticcheck // as above
		record.ServiceData = nil //nolint:staticcheck // as above
	}
	payload, err := anypb.New(&record)
	if err != nil {
		return nil, fmt.Errorf("read log entry %s: %w", e.GetInsertId(), err)
	}
	e.Payload = &loggingpb.LogEntry_ProtoPayload{ProtoPayload: payload}
	b, err := protojson.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("read log entry %s: %w", e.GetInsertId(), err)
	}
	return b, nil
}
