package explore_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
)

const (
	setPolicyMethod = "google.cloud.run.v1.Services.SetIamPolicy"
	activity        = "projects/pay-prod/logs/cloudaudit.googleapis.com%2Factivity"
)

// entriesEdge is Cloud Logging.
type entriesEdge struct{ p *process }

func (e entriesEdge) Entry(_ context.Context, c cloud.Change) ([]byte, error) {
	return reach(e.p, reads, func() ([]byte, error) {
		switch e.p.w.trouble["Logging"] {
		case "has none":
			return nil, fault.ErrNotFound
		case "has another":
			c.Actor.Principal = "user:somebody@example.com"
		case "denies":
			return nil, &fault.PermissionError{Permission: "logging.logEntries.list", Resource: c.Resource}
		case "down":
			return nil, errors.New("unavailable")
		}
		return entryOf(c)
	})
}

// entryOf is the log entry that a change of an allow policy came from.
func entryOf(c cloud.Change) ([]byte, error) {
	return json.Marshal(map[string]any{
		"insertId": c.InsertID, "logName": c.LogName, "timestamp": c.Time.Format(time.RFC3339Nano),
		"resource": map[string]any{"type": "cloud_run_revision", "labels": map[string]string{"project_id": c.Resource.Project, "location": c.Resource.Location}},
		"protoPayload": map[string]any{
			"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": c.Service, "methodName": c.Method,
			"resourceName": c.Resource.Path(), "authenticationInfo": map[string]string{"principalEmail": strings.TrimPrefix(c.Actor.Principal, "user:")},
			"request": map[string]any{"resource": c.Resource.Path(), "policy": c.Policy},
		},
	})
}

func TestTheEntriesOfTheExplorerAreThoseOfItsChanges(t *testing.T) {
	w := newWorld(configs()[0], newTally())
	w.cfg.script[0].do(w)
	c := w.events[0].Change
	entry, err := entryOf(c)
	if err != nil {
		t.Fatal(err)
	}
	got, err := auditlog.Decode(entry)
	if err != nil {
		t.Fatalf("%v\n%s", err, entry)
	}
	if got.InsertID != c.InsertID || !got.Time.Equal(c.Time) || got.Method != c.Method || got.Resource != c.Resource || got.Actor.Principal != c.Actor.Principal || got.Verb != c.Verb || len(got.Added()) != 2 {
		t.Errorf("the entry is one of\n%+v, want\n%+v", got, c)
	}
}
