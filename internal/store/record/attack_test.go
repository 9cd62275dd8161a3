package record_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate/owed"
)

// An entry has 256 KiB at most, and what is kept of it has to fit into a document.
func TestAttackAnEntryThatLoggingTakesFitsIntoFirestore(t *testing.T) {
	cond := strings.Repeat("<", 1900)
	var bindings []any
	for i := range 110 {
		bindings = append(bindings, map[string]any{"role": fmt.Sprint("roles/run.invoker", i), "members": []any{"user:a@example.com"},
			"condition": map[string]any{"title": "t", "expression": `"` + cond + `" != ""`}})
	}
	entry := map[string]any{
		"logName": "projects/pay-prod/logs/cloudaudit.googleapis.com%2Factivity", "insertId": "x", "timestamp": "2026-11-20T03:00:00Z",
		"resource": map[string]any{"type": "cloud_run_revision", "labels": map[string]any{"project_id": "pay-prod", "location": "europe-west1", "service_name": "api"}},
		"protoPayload": map[string]any{
			"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": "run.googleapis.com", "methodName": "google.cloud.run.v2.Services.SetIamPolicy",
			"resourceName":       "projects/pay-prod/locations/europe-west1/services/api",
			"authenticationInfo": map[string]any{"principalEmail": "mallory@example.com"},
			"request":            map[string]any{"@type": "type.googleapis.com/google.iam.v1.SetIamPolicyRequest", "resource": "projects/pay-prod/locations/europe-west1/services/api", "policy": map[string]any{"bindings": bindings}},
		},
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(entry); err != nil {
		t.Fatal(err)
	}
	c, err := auditlog.Decode(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	rec, _, err := record.Owed(owed.Change{ID: "x", Place: owed.PlaceOf(c.Resource), Change: c, Since: time.Unix(0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	const maxRecord = 1<<20 - 16<<10
	if len(rec) > maxRecord {
		t.Errorf("an entry of %d bytes takes %d, and Firestore has room for %d", buf.Len(), len(rec), maxRecord)
	}
}
