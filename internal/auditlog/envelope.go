package auditlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/rescind-dev/rescind/internal/skim"
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
	err := skim.Unmarshal(entry, &e)
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
