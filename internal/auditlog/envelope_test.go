package auditlog

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

const (
	setPolicy     = "v1-set-iam-policy-service"
	createService = "v1-create-service-gcloud-default-account"
	updateService = "v2-update-service-first-mask-names-it"
)

func TestWhatIsNoEntrySaysWhatWasReadWhereAndWhatWouldBeRight(t *testing.T) {
	for _, tt := range []struct{ name, entry, want string }{
		{"nothing", "", "unreadable entry: not JSON at byte 0: unexpected end of input"},
		{"a truncated entry", `{"logName":"projects/p/logs`, "unreadable entry: not JSON at byte 27: unexpected end of input"},
		{"text", "hello", "unreadable entry: not JSON at byte 1: invalid character 'h' looking for beginning of value"},
		{"two entries in one", `{}{}`, "unreadable entry: not JSON at byte 3: invalid character '{' after top-level value"},
		{"an array of entries", ` [{}]`, "unreadable entry: JSON array, want one LogEntry object"},
		{"null", "null", "unreadable entry: JSON null, want one LogEntry object"},
		{"a number", "12", "unreadable entry: JSON number, want one LogEntry object"},
		{"a string", `"entry"`, "unreadable entry: JSON string, want one LogEntry object"},
		{"a bool", "true", "unreadable entry: JSON bool, want one LogEntry object"},
		{"a payload that is text", `{"protoPayload":"abc"}`, "unreadable entry: protoPayload.serviceName is missing; protoPayload is of type string, want object"},
		{"a log name that is a number", `{"logName":7,"protoPayload":{}}`, "unreadable entry: logName is not text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Decode([]byte(tt.entry))
			if !errors.Is(err, ErrUnreadable) || err.Error() != tt.want {
				t.Errorf("error: %v\nwant:  %s", err, tt.want)
			}
		})
	}
}

func TestAnEntryThatCannotBeJudgedSaysWhatItLacks(t *testing.T) {
	for _, tt := range []struct {
		name    string
		fixture string
		edits   obj
		want    error
		says    string
	}{
		{"no methodName", setPolicy, obj{"protoPayload.methodName": nil}, ErrUnreadable,
			"unreadable entry: protoPayload.methodName is missing (serviceName run.googleapis.com)"},
		{"no methodName and no logName", setPolicy, obj{"protoPayload.methodName": nil, "logName": nil}, ErrUnreadable,
			"unreadable entry: protoPayload.methodName is missing (serviceName run.googleapis.com)"},
		{"a methodName that is an object", setPolicy, obj{"protoPayload.methodName": obj{}}, ErrUnreadable,
			"unreadable entry: protoPayload.methodName is not text"},
		{"no serviceName", setPolicy, obj{"protoPayload.serviceName": nil}, ErrUnreadable,
			"unreadable entry: protoPayload.serviceName is missing"},
		{"no logName", setPolicy, obj{"logName": nil}, ErrUnreadable,
			`unreadable entry: logName is missing, so that it cannot be told whether it is of the activity log ("google.cloud.run.v1.Services.SetIamPolicy" of run.googleapis.com)`},
		{"no protoPayload", setPolicy, obj{"protoPayload": nil, "textPayload": "hello"}, ErrNotChange,
			"not a change: no protoPayload, so no audit-log entry"},
		{"another service", setPolicy, obj{"protoPayload.serviceName": "cloudkms.googleapis.com"}, ErrNotChange,
			`not a change: service "cloudkms.googleapis.com"`},
		{"a timestamp in words", setPolicy, obj{"timestamp": "yesterday"}, ErrUnreadable,
			`unreadable entry: timestamp "yesterday", want RFC 3339 like 2026-11-20T10:00:00.123456Z`},
		{"a timestamp that is a number", setPolicy, obj{"timestamp": 7}, ErrUnreadable, "unreadable entry: timestamp is not text"},
		{"a timestamp that UTC puts past the year 9999", setPolicy, obj{"timestamp": "9999-12-31T23:59:59-23:59"}, ErrUnreadable, ""},
		{"a status that is text", setPolicy, obj{"protoPayload.status": "OK"}, ErrUnreadable,
			"unreadable entry: protoPayload.status is of type string, want object"},
		{"a status code that is an object", setPolicy, obj{"protoPayload.status.code": obj{}}, ErrUnreadable,
			"unreadable entry: protoPayload.status.code is neither number nor text"},
		{"a workload without a name", createService, obj{"protoPayload.resourceName": "...", "resource": "...", "protoPayload.request": "...", "protoPayload.response": nil}, ErrUnreadable,
			`unreadable entry: "google.cloud.run.v1.Services.CreateService": resourceName "..." and the rest of the entry do not name a run.service with its project`},
		{"a policy of nothing", setPolicy, obj{"protoPayload.resourceName": nil, "protoPayload.request": nil}, ErrUnreadable, ""},
		{"an organization policy without a constraint", "org-policy-v1-clear", obj{"protoPayload.request": nil}, ErrUnreadable, ""},
		{"a long method name is cut", setPolicy, obj{"protoPayload.methodName": "a\x1b" + strings.Repeat("b", 500)}, ErrUnknownMethod,
			`unknown method: "a\x1b` + strings.Repeat("b", 98) + `…" of run.googleapis.com on "projects/pay-prod/locations/europe-west1/services/api" is none that rescind knows`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Decode(build(t, tt.fixture, tt.edits))
			if !errors.Is(err, tt.want) || tt.says != "" && err.Error() != tt.says {
				t.Errorf("error: %v\nwant:  %s", err, tt.says)
			}
		})
	}
}

func TestOnlyTheActivityLogStartsAnything(t *testing.T) {
	for name, activity := range map[string]bool{
		"projects/p/logs/cloudaudit.googleapis.com%2Factivity":               true,
		"projects/p/logs/cloudaudit.googleapis.com%2factivity":               true,
		"projects/p/logs/cloudaudit.googleapis.com/activity":                 true,
		"folders/4001/logs/cloudaudit.googleapis.com%2Factivity":             true,
		"organizations/77/logs/cloudaudit.googleapis.com%2Factivity":         true,
		"billingAccounts/0-1/logs/cloudaudit.googleapis.com%2Factivity":      true,
		"projects/p/logs/cloudaudit.googleapis.com%0Factivity":               false,
		"projects/p/logs/cloudaudit.googleapis.com%252Factivity":             false,
		"projects/p/logs/cloudaudit.googleapis.com%2Fsystem_event":           false,
		"projects/p/logs/cloudaudit.googleapis.com%2Fdata_access":            false,
		"projects/p/logs/cloudaudit.googleapis.com%2Fpolicy":                 false,
		"projects/p/logs/cloudaudit.googleapis.com%2Factivity2":              false,
		"projects/p/logs/mine%2Flogs%2Fcloudaudit.googleapis.com%2Factivity": false,
		"projects//logs/cloudaudit.googleapis.com%2Factivity":                false,
		"projects/p/logs/cloudaudit.googleapis.com%zzactivity":               false,
		"anything/p/logs/cloudaudit.googleapis.com%2Factivity":               false,
	} {
		_, err := Decode(build(t, setPolicy, obj{"logName": name}))
		if activity && err != nil || !activity && !errors.Is(err, ErrNotChange) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACallFailedOnlyByANonZeroCode(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status any
		failed bool
	}{
		{"no status", nil, false},
		{"an empty one", obj{}, false},
		{"code 0", obj{"code": 0}, false},
		{"code 0 as text", obj{"code": "0"}, false},
		{"a message alone", obj{"message": "OK"}, false},
		{"code 7", obj{"code": 7, "message": "secret"}, true},
		{"code 5 as text", obj{"code": "5"}, true},
		{"a code in words", obj{"code": "NOT_FOUND"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Decode(build(t, "v2-update-service-last", obj{"protoPayload.status": tt.status}))
			if errors.Is(err, ErrFailedCall) != tt.failed || err != nil && !tt.failed {
				t.Fatalf("error %v, want failed %v", err, tt.failed)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error repeats the payload: %v", err)
			}
			if c.ID == "" || c.Operation != "op-3" || c.Half != cloud.LastHalf || c.Resource.Name != "api" {
				t.Errorf("id %q, operation %q, half %q, resource %s: a last half cannot be joined to its first", c.ID, c.Operation, c.Half, c.Resource)
			}
		})
	}
}

func TestAnIDIsTheSameForWhatIsOneChange(t *testing.T) {
	id := func(fixture string, edits obj) string {
		c, err := Decode(build(t, fixture, edits))
		if err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	first, last := "v2-create-service-first", "v2-create-service-last"
	if a, b := id(first, nil), id(last, nil); a != b || a == "" {
		t.Errorf("the halves of one operation are %q and %q", a, b)
	}
	if a, b := id(first, nil), id(first, obj{"operation.id": "op-9"}); a == b {
		t.Errorf("two operations are both %q", a)
	}
	if a, b := id(first, obj{"operation.last": true}), id(last, obj{"operation.first": true}); a == b {
		t.Errorf("two entries that are both halves at once are both %q", a)
	}
	whole := id(setPolicy, nil)
	if whole == "" || whole != id(setPolicy, obj{"timestamp": "2026-11-20T11:00:00.123456000+01:00"}) {
		t.Errorf("one moment written in two ways is two changes: %q", whole)
	}
	for name, edits := range map[string]obj{
		"insertId":  {"insertId": "other"},
		"timestamp": {"timestamp": "2026-11-20T10:00:00.123457Z"},
		"logName":   {"logName": "projects/other/logs/cloudaudit.googleapis.com%2Factivity"},
	} {
		if whole == id(setPolicy, edits) {
			t.Errorf("another %s is the same change", name)
		}
	}
	for name, edits := range map[string]obj{
		"without insertId":          {"insertId": nil},
		"with an insertId of 7":     {"insertId": 7},
		"without a timestamp":       {"timestamp": nil},
		"without any time whatever": {"timestamp": nil, "receiveTimestamp": nil},
	} {
		if got := id(setPolicy, edits); got != "" {
			t.Errorf("an entry %s has the ID %q, and so can be taken for a duplicate", name, got)
		}
	}
	a := id("v1-create-service-split", nil)
	if b := id("v1-create-service-split", obj{"insertId": "c6-1", "split.index": 1}); a != b {
		t.Errorf("two pieces of one entry are %q and %q", a, b)
	}
}

func TestTimesHaveThreeToNineDigitsAndFallBackToTheReception(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2026-11-20T10:00:00.123Z":       time.Date(2026, 11, 20, 10, 0, 0, 123e6, time.UTC),
		"2026-11-20T10:00:00.123456Z":    time.Date(2026, 11, 20, 10, 0, 0, 123456e3, time.UTC),
		"2026-11-20T10:00:00.123456789Z": time.Date(2026, 11, 20, 10, 0, 0, 123456789, time.UTC),
		"2026-11-20T10:00:00Z":           time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC),
		"":                               time.Date(2026, 11, 20, 10, 0, 1, 1, time.UTC),
	} {
		edits := obj{"timestamp": text}
		if text == "" {
			edits["timestamp"] = nil
		}
		c, err := Decode(build(t, setPolicy, edits))
		if err != nil || !c.Time.Equal(want) {
			t.Errorf("%q: %v, %v, want %v", text, c.Time, err, want)
		}
	}
}
