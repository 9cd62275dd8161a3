package auditlog

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// The services whose changes are read; readerOf has the reader of each, and
// methods.go says which of their methods are changes.
const (
	runService       = "run.googleapis.com"
	resourceManager  = "cloudresourcemanager.googleapis.com"
	iamService       = "iam.googleapis.com"
	orgPolicyService = "orgpolicy.googleapis.com"
	functionsService = "cloudfunctions.googleapis.com"
)

// reader recognises a method of its service.
type reader func(*envelope) (call, error)

// readers has the reader of each service that a policy could be about.
var readers = map[string]reader{
	runService:       (*envelope).runCall,
	resourceManager:  (*envelope).resourceManagerCall,
	iamService:       (*envelope).iamCall,
	orgPolicyService: (*envelope).orgPolicyCall,
	functionsService: (*envelope).functionCall,
}

// readerOf is nil for a service that no policy could be about.
func readerOf(service string) reader { return readers[service] }

// relevant reports, as an error, why the entry cannot be a change. A missing
// log name is told last, so that a mangled entry is not taken for a foreign one.
func (e *envelope) relevant() error {
	name, err := e.text("logName", e.LogName)
	if err != nil {
		return err
	}
	if e.log = decodeLogName(name); name != "" && !activityLog(e.log) {
		return foreignLog(name)
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
		return fmt.Errorf("%w: logName is missing, so that it cannot be told whether it is of the activity log (%s of %s)",
			ErrUnreadable, quote(e.method), e.service)
	}
	return nil
}

// callName reads the service and the method, and lets only services pass that
// have a reader.
func (e *envelope) callName(log string) (err error) {
	if e.service, err = e.text("protoPayload.serviceName", e.Payload.ServiceName); err != nil {
		return err
	}
	switch {
	case e.service == "":
		if log == "" && e.mistyped == "" {
			return fmt.Errorf("%w: neither logName nor protoPayload.serviceName is there", ErrNotChange)
		}
		return e.missing("protoPayload.serviceName")
	case readerOf(e.service) == nil:
		return foreignService(e.service)
	}
	if e.method, err = e.text("protoPayload.methodName", e.Payload.MethodName); err != nil {
		return err
	}
	if e.method == "" {
		return e.missing("protoPayload.methodName")
	}
	return nil
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

// ActivityLog reports whether an entry of that logName is of the activity log.
func ActivityLog(logName string) bool { return activityLog(decodeLogName(logName)) }

// activityLog reports whether the decoded name is CONTAINER/ID/logs/ and the
// activity log's own id. A suffix would not do: a log id may hold slashes, and
// anybody with logging.logEntries.create chooses one.
func activityLog(decoded string) bool {
	p := strings.SplitN(decoded, "/", 4)
	return len(p) == 4 && p[1] != "" && p[2] == "logs" && p[3] == "cloudaudit.googleapis.com/activity" &&
		slices.Contains([]string{"projects", "folders", "organizations", "billingAccounts"}, p[0])
}
