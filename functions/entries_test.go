package functions_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
)

func TestEntriesThatCannotBeReadSayWhy(t *testing.T) {
	for _, tc := range []struct{ name, entry, want string }{
		{"a JSON array where an entry is expected", `[` + entry + `]`, `unreadable entry: JSON array, want one LogEntry object`},
		{"an entry that is cut off", entry[:40], `unreadable entry: not JSON at byte 40: unexpected end of input`},
		{"an entry without methodName", entryWith(`"methodName":"google.cloud.run.v1.Services.SetIamPolicy",`, ``),
			`unreadable entry: protoPayload.methodName is missing (serviceName run.googleapis.com)`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newReceiver(t)
			wantStatus(t, r.post(wrap(tc.entry)), http.StatusNoContent)
			r.wantLog(t, `level=ERROR msg="message dropped" kind=unreadable message_id=m1 insert_id="" resource="" error="`+tc.want+`"`)
			if d := cmp.Diff(map[string]int{functions.KindUnreadable: 1}, r.counts); d != "" {
				t.Errorf("counts (-want +got):\n%s", d)
			}
			if len(r.remediator.got) != 0 {
				t.Errorf("handled %+v, want nothing", r.remediator.got)
			}
		})
	}
}

// The everyday is kept quiet; what may be a hole in rescind is not.
func TestEntriesThatAreNoChangeAreCountedByKind(t *testing.T) {
	for _, tc := range []struct {
		err         error
		kind, level string
	}{
		{auditlog.ErrNotChange, "not a change", "DEBUG"},
		{auditlog.ErrFailedCall, "failed call", "DEBUG"},
		{auditlog.ErrRehearsal, "rehearsal", "DEBUG"},
		{auditlog.ErrUnknownMethod, "unknown method", "WARN"},
		{auditlog.ErrUnreadable, "unreadable", "ERROR"},
		{fmt.Errorf("an error of no kind"), "unreadable", "ERROR"},
	} {
		t.Run(tc.err.Error(), func(t *testing.T) {
			r := newReceiver(t, func(c *functions.EventsConfig) {
				c.Decode = func([]byte) (cloud.Change, error) {
					return cloud.Change{InsertID: "i1", Resource: cloud.ProjectResource("p")}, fmt.Errorf("entry: %w", tc.err)
				}
			})
			wantStatus(t, r.post(wrap(entry)), http.StatusNoContent)
			want := fmt.Sprintf(`level=%s msg="message dropped" kind=%s message_id=m1 insert_id=i1`+
				` resource=//cloudresourcemanager.googleapis.com/projects/p error="entry: %s"`, tc.level, quoted(tc.kind), tc.err)
			r.wantLog(t, want)
			if d := cmp.Diff(map[string]int{tc.kind: 1}, r.counts); d != "" {
				t.Errorf("counts (-want +got):\n%s", d)
			}
		})
	}
}

func quoted(s string) string {
	if strings.Contains(s, " ") {
		return `"` + s + `"`
	}
	return s
}
