package sim

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/logging/apiv2/loggingpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	_ "google.golang.org/genproto/googleapis/cloud/audit"    // what entries hold, for protojson
	_ "google.golang.org/genproto/googleapis/iam/v1/logging" // likewise
)

// maxLogged bounds the entries that can be listed, the newest first.
const maxLogged = 10_000

// logs is google.logging.v2.LoggingServiceV2, of which it answers
// ListLogEntries for the entries that the Cloud wrote itself.
type logs struct {
	loggingpb.UnimplementedLoggingServiceV2Server
	c *Cloud
}

// LagLogs makes entries show in lists no sooner than d after they were written.
func (c *Cloud) LagLogs(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.logLag = d
}

// keepLogged keeps an entry for lists.
func (c *Cloud) keepLogged(e []byte) {
	c.logged = append(c.logged, e)
	if len(c.logged) > maxLogged {
		c.logged = slices.Delete(c.logged, 0, maxLogged/2)
	}
}

// What a list without a size holds, and what it may hold at most.
const (
	usualEntries = 50
	mostEntries  = 1000
)

// ListLogEntries knows as a filter what selects single entries: field="text" for
// logName, timestamp and insertId, joined by AND.
func (s *logs) ListLogEntries(_ context.Context, r *loggingpb.ListLogEntriesRequest) (out *loggingpb.ListLogEntriesResponse, err error) {
	want, err := readFilter(r.Filter)
	switch {
	case err != nil:
		return nil, err
	case len(r.ResourceNames) == 0 || len(r.ResourceNames) > 100:
		return nil, status.Errorf(codes.InvalidArgument, "%d resource names, want 1 to 100", len(r.ResourceNames))
	case r.PageSize > mostEntries:
		return nil, status.Errorf(codes.InvalidArgument, "Page size %d is over %d", r.PageSize, mostEntries)
	case r.OrderBy != "" && r.OrderBy != "timestamp asc" && r.OrderBy != "timestamp desc":
		return nil, status.Errorf(codes.InvalidArgument, "Cannot order by %q", r.OrderBy)
	case r.PageSize == 0:
		r = proto.Clone(r).(*loggingpb.ListLogEntriesRequest)
		r.PageSize = usualEntries
	}
	err = s.c.read("google.logging.v2.LoggingServiceV2.ListLogEntries", func() error {
		var found []*loggingpb.LogEntry
		for _, b := range s.c.logged {
			e := &loggingpb.LogEntry{}
			if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(b, e); err != nil {
				return status.Errorf(codes.Internal, "entry: %v", err)
			}
			container, _, _ := strings.Cut(e.LogName, "/logs/")
			shown := s.c.opt.Now().Sub(e.Timestamp.AsTime()) >= s.c.logLag
			if shown && slices.Contains(r.ResourceNames, container) && want.selects(e) {
				found = append(found, e)
			}
		}
		slices.SortStableFunc(found, func(a, b *loggingpb.LogEntry) int {
			return cmp.Or(a.Timestamp.AsTime().Compare(b.Timestamp.AsTime()), strings.Compare(a.InsertId, b.InsertId))
		})
		if r.OrderBy == "timestamp desc" {
			slices.Reverse(found)
		}
		page, next, err := onePage(found, r)
		out = &loggingpb.ListLogEntriesResponse{Entries: page, NextPageToken: next}
		return err
	})
	return out, err
}

// filter is the text that fields must have.
type filter map[string]string

func (f filter) selects(e *loggingpb.LogEntry) bool {
	for field, want := range f {
		switch field {
		case "logName":
			if e.LogName != want {
				return false
			}
		case "insertId":
			if e.InsertId != want {
				return false
			}
		case "timestamp":
			at, err := time.Parse(time.RFC3339Nano, want)
			if err != nil || !e.Timestamp.AsTime().Equal(at) {
				return false
			}
		}
	}
	return true
}

func readFilter(text string) (filter, error) {
	f := filter{}
	for text != "" {
		field, rest, ok := strings.Cut(text, `="`)
		value, rest, closed := readText(rest)
		if !ok || !closed || !slices.Contains([]string{"logName", "timestamp", "insertId"}, field) {
			return nil, status.Errorf(codes.InvalidArgument, "Unparseable filter at %q", text)
		}
		f[field] = value
		if text, ok = strings.CutPrefix(rest, " AND "); !ok && rest != "" {
			return nil, status.Errorf(codes.InvalidArgument, "Unparseable filter at %q", rest)
		}
	}
	return f, nil
}

// readText reads to the quote that ends the text.
func readText(s string) (value, rest string, closed bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}
