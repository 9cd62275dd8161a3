package sim

import (
	"encoding/json"
	"testing"
	"time"

	"cloud.google.com/go/logging/apiv2/loggingpb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestTheLogListsTheEntryThatWasEmitted(t *testing.T) {
	var emitted []byte
	now := time.Date(2026, 11, 20, 10, 0, 0, 5, time.UTC)
	c := NewCloud(Options{Now: func() time.Time { return now }, Emit: func(e []byte) { emitted = e }})
	c.AddProject("shop", "5")
	if _, err := (&services{c: c}).CreateService(t.Context(), &runpb.CreateServiceRequest{
		Parent: "projects/shop/locations/l", ServiceId: "a", Service: &runpb.Service{Template: &runpb.RevisionTemplate{}},
	}); err != nil {
		t.Fatal(err)
	}
	var e struct{ InsertID, LogName string }
	if err := json.Unmarshal(emitted, &e); err != nil {
		t.Fatal(err)
	}
	filter := `logName="` + e.LogName + `" AND timestamp="2026-11-20T10:00:00.000000005Z" AND insertId="` + e.InsertID + `"`
	list := func(in, filter string) (int, error) {
		out, err := (&logs{c: c}).ListLogEntries(t.Context(), &loggingpb.ListLogEntriesRequest{ResourceNames: []string{in}, Filter: filter})
		return len(out.GetEntries()), err
	}
	for _, tt := range []struct {
		name, in, filter string
		lag              time.Duration
		want             int
	}{
		{"the entry", "projects/shop", filter, 0, 1},
		{"another project's log", "projects/other", filter, 0, 0},
		{"another entry", "projects/shop", `insertId="x\"y"`, 0, 0},
		{"before it shows", "projects/shop", filter, time.Minute, 0},
		{"both halves", "projects/shop", "", 0, 2},
	} {
		c.LagLogs(tt.lag)
		if n, err := list(tt.in, tt.filter); err != nil || n != tt.want {
			t.Errorf("%s: %d entries, %v; want %d", tt.name, n, err, tt.want)
		}
	}
	for _, bad := range []string{`insertId="x`, `severity="ERROR"`, `insertId="x" OR insertId="y"`, "x"} {
		if _, err := list("projects/shop", bad); status.Code(err) != codes.InvalidArgument {
			t.Errorf("filter %s: error is %v, want that it cannot be parsed", bad, err)
		}
	}
}
