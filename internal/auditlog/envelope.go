package auditlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// The services whose changes are read.
const (
	runService       = "run.googleapis.com"
	resourceManager  = "cloudresourcemanager.googleapis.com"
	iamService       = "iam.googleapis.com"
	orgPolicyService = "orgpolicy.googleapis.com"
	functionsService = "cloudfunctions.googleapis.com"
)

// envelope is a LogEntry. The bodies stay raw until it is known that they
// matter: most entries of a log do not. Fields that an entry cannot do without
// are any, so that a value of the wrong type is not taken for a missing one.
type envelope struct {
	LogName          any             `json:"logName"`
	InsertID         string          `json:"insertId"`
	Timestamp        any             `json:"timestamp"`
	ReceiveTimestamp string          `json:"receiveTimestamp"`
	Resource         monitored       `json:"resource"`
	Operation        operation       `json:"operation"`
	Split            json.RawMessage `json:"split"`
	Payload          *payload        `json:"protoPayload"`

	service, method string // Payload's, once known to be text
	log             string // LogName, decoded
	mistyped        string // the first value of the wrong type, if any
	cut             string // why the bodies are not to be read; empty: they are
}

type monitored struct {
	Labels map[string]string `json:"labels"`
}

type operation struct {
	ID    string `json:"id"`
	First bool   `json:"first"`
	Last  bool   `json:"last"`
}

type payload struct {
	ServiceName  any             `json:"serviceName"`
	MethodName   any             `json:"methodName"`
	ResourceName string          `json:"resourceName"`
	Status       json.RawMessage `json:"status"`
	Caller       caller          `json:"authenticationInfo"`
	Metadata     json.RawMessage `json:"metadata"`
	ServiceData  json.RawMessage `json:"serviceData"`
	Request      json.RawMessage `json:"request"`
	Response     json.RawMessage `json:"response"`

	RequestMetadata struct {
		UserAgent string `json:"callerSuppliedUserAgent"`
	} `json:"requestMetadata"`
	ResourceLocation struct {
		Current []string `json:"currentLocations"`
	} `json:"resourceLocation"`
}

// parse reads the envelope. encoding/json goes on after a value of the wrong
// type and leaves its field empty; relevant and header tell which they need.
func parse(entry []byte) (*envelope, error) {
	var e envelope
	err := json.Unmarshal(entry, &e)
	var syntax *json.SyntaxError
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("%w: not JSON at byte %d: %s", ErrUnreadable, syntax.Offset,
			strings.Replace(syntax.Error(), "end of JSON input", "end of input", 1))
	case err != nil && !errors.As(err, &mistyped):
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if kind := jsonKind(entry); kind != "object" {
		return nil, fmt.Errorf("%w: JSON %s, want one LogEntry object", ErrUnreadable, kind)
	}
	if mistyped != nil {
		e.mistyped = "; " + wrongType("", mistyped)
	}
	return &e, nil
}

// relevant reports, as an error, why the entry cannot be a change. A missing
// log name is told last, so that a mangled entry is not taken for a foreign one.
func (e *envelope) relevant() error {
	name, err := e.text("logName", e.LogName)
	if err != nil {
		return err
	}
	if e.log = decodeLogName(name); name != "" && !activityLog(e.log) {
		return fmt.Errorf("%w: log %s is not the activity log", ErrNotChange, quote(name))
	}
	if e.Payload == nil && name == "" {
		return fmt.Errorf("%w: neither logName nor protoPayload is there, so no LogEntry", ErrUnreadable)
	}
	if e.Payload == nil {
		return fmt.Errorf("%w: no protoPayload, so no audit-log entry", ErrNotChange)
	}
	if err := e.callName(name); err != nil {
		return err
	}
	if name == "" {
		return fmt.Errorf("%w: logName is missing, and only the activity log starts anything (%s of %s)",
			ErrNotChange, quote(e.method), e.service)
	}
	return nil
}

// callName reads the service and the method, and lets only services pass that
// have a reader.
func (e *envelope) callName(log string) (err error) {
	if e.service, err = e.text("protoPayload.serviceName", e.Payload.ServiceName); err != nil {
		return err
	}
	switch e.service {
	case "":
		if log == "" && e.mistyped == "" {
			return fmt.Errorf("%w: neither logName nor protoPayload.serviceName is there", ErrNotChange)
		}
		return e.missing("protoPayload.serviceName")
	case runService, resourceManager, iamService, orgPolicyService, functionsService:
	default:
		return fmt.Errorf("%w: service %s", ErrNotChange, quote(e.service))
	}
	if e.method, err = e.text("protoPayload.methodName", e.Payload.MethodName); err != nil {
		return err
	}
	if e.method == "" {
		return e.missing("protoPayload.methodName")
	}
	return nil
}

// missing says what is not there, and what may be the cause.
func (e *envelope) missing(field string) error {
	of := ""
	if e.service != "" {
		of = " (serviceName " + e.service + ")"
	}
	return fmt.Errorf("%w: %s is missing%s%s%s", ErrUnreadable, field, of, e.mistyped, e.piece())
}

// text is a value that must be text where it is there at all.
func (e *envelope) text(field string, v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	default:
		return "", fmt.Errorf("%w: %s is not text", ErrUnreadable, field)
	}
}

// decodeLogName decodes once, as Cloud Logging encodes once; a name that does
// not decode is nobody's.
func decodeLogName(s string) string {
	d, err := url.PathUnescape(s)
	if err != nil {
		return ""
	}
	return d
}

// activityLog reports whether the decoded name is CONTAINER/ID/logs/ and the
// activity log's own id. A suffix would not do: a log id may hold slashes, and
// anybody with logging.logEntries.create chooses one.
func activityLog(decoded string) bool {
	p := strings.SplitN(decoded, "/", 4)
	return len(p) == 4 && p[1] != "" && p[2] == "logs" && p[3] == "cloudaudit.googleapis.com/activity" &&
		slices.Contains([]string{"projects", "folders", "organizations", "billingAccounts"}, p[0])
}
