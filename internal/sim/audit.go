package sim

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/rescind-dev/rescind/internal/sim/transcode"
)

// record is one changing call as the audit log will tell it. The fields are
// what the faces differ in; the rest of an entry is the same for all.
type record struct {
	service     string            // "run.googleapis.com"
	method      string            // "google.cloud.run.v2.Services.UpdateService"
	call        string            // the full method name for Fail, where the logged one is not it
	resource    string            // resourceName, in the form of the face
	container   string            // whose log it goes to: "projects/p"
	monitored   string            // resource.type
	labels      map[string]string // resource.labels
	location    string            // Cloud Run region, else empty
	permission  string
	request     body
	response    body
	serviceData body
	operation   string // the long-running operation it began, if any
	rehearsal   bool   // it changes nothing (validate_only)
	statusOK    bool   // writes "status": {} on success, as v1 of Cloud Run does not
}

// body is a message of an entry: JSON with its type beside the fields.
type body map[string]any

// typed renders a message the way the audit log does.
func typed(m proto.Message) body {
	b, err := protojson.Marshal(m)
	out := body{}
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil { // a message of the generated types always renders
		out = body{}
	}
	out["@type"] = "type.googleapis.com/" + string(m.ProtoReflect().Descriptor().FullName())
	return out
}

// The JSON of one LogEntry, as far as Cloud Run and IAM fill it.
// https://cloud.google.com/logging/docs/audit/understanding-audit-logs
type logEntry struct {
	InsertID         string      `json:"insertId"`
	LogName          string      `json:"logName"`
	Timestamp        string      `json:"timestamp"`
	ReceiveTimestamp string      `json:"receiveTimestamp"`
	Severity         string      `json:"severity"`
	Resource         monitored   `json:"resource"`
	Operation        *logOpRef   `json:"operation,omitempty"`
	Payload          auditRecord `json:"protoPayload"`
}

type monitored struct {
	Type   string            `json:"type"`
	Labels map[string]string `json:"labels"`
}

type logOpRef struct {
	ID       string `json:"id"`
	Producer string `json:"producer"`
	First    bool   `json:"first,omitempty"`
	Last     bool   `json:"last,omitempty"`
}

type auditRecord struct {
	Type               string            `json:"@type"`
	Status             body              `json:"status,omitzero"`
	AuthenticationInfo map[string]string `json:"authenticationInfo"`
	RequestMetadata    body              `json:"requestMetadata,omitempty"`
	ServiceName        string            `json:"serviceName"`
	MethodName         string            `json:"methodName"`
	AuthorizationInfo  []body            `json:"authorizationInfo,omitempty"`
	ResourceName       string            `json:"resourceName"`
	ResourceLocation   body              `json:"resourceLocation,omitempty"`
	ServiceData        body              `json:"serviceData,omitempty"`
	Request            body              `json:"request,omitempty"`
	Response           body              `json:"response,omitempty"`
}

// log appends the entry of one finished call: whole, or the first half of a
// long-running operation.
func (c *Cloud) log(who caller, r *record, err error) {
	e := c.entry(who, r)
	p := &e.Payload
	p.Request, p.Response, p.ServiceData = r.request, r.response, r.serviceData
	p.AuthorizationInfo = []body{{"granted": true, "permission": r.permission, "resource": r.resource, "resourceAttributes": body{}}}
	if status.Code(err) == codes.PermissionDenied {
		delete(p.AuthorizationInfo[0], "granted") // a false one is left out
	}
	p.RequestMetadata = body{
		"callerIp": "192.0.2.10", "callerSuppliedUserAgent": who.userAgent,
		"requestAttributes":     body{"time": e.Timestamp, "auth": body{}},
		"destinationAttributes": body{},
	}
	switch {
	case err != nil:
		e.refuse(err)
	case r.operation != "":
		e.Operation = &logOpRef{ID: r.operation, Producer: r.service, First: true}
	}
	c.append(e)
}

// logLast appends the last half of an operation: no request, no
// authorisation, no caller's address, as other Google services write it.
func (c *Cloud) logLast(who caller, r *record, result body, err error) {
	e := c.entry(who, r)
	e.Operation = &logOpRef{ID: r.operation, Producer: r.service, Last: true}
	e.Payload.Response = result
	if err != nil {
		e.refuse(err)
	}
	c.append(e)
}

func (c *Cloud) entry(who caller, r *record) *logEntry {
	now := c.opt.Now().UTC().Format(time.RFC3339Nano)
	e := &logEntry{
		InsertID:  c.insertID(),
		LogName:   r.container + "/logs/cloudaudit.googleapis.com%2Factivity",
		Timestamp: now, ReceiveTimestamp: now, Severity: "NOTICE",
		Resource: monitored{r.monitored, r.labels},
		Payload: auditRecord{
			Type:               "type.googleapis.com/google.cloud.audit.AuditLog",
			AuthenticationInfo: map[string]string{"principalEmail": who.email, "principalSubject": who.subject()},
			ServiceName:        r.service,
			MethodName:         r.method,
			ResourceName:       r.resource,
		},
	}
	if r.location != "" {
		e.Payload.ResourceLocation = body{"currentLocations": []string{r.location}}
	}
	if r.statusOK {
		e.Payload.Status = body{}
	}
	return e
}

func (e *logEntry) refuse(err error) {
	s := status.Convert(err)
	e.Severity = "ERROR"
	e.Payload.Status = body{"code": int(s.Code()), "message": s.Message()}
	if details := transcode.Details(s); len(details) > 0 {
		e.Payload.Status["details"] = details
	}
	e.Payload.Response, e.Payload.ServiceData = nil, nil
}

func (c *Cloud) append(e *logEntry) {
	b, err := json.Marshal(e)
	if err != nil { // maps of strings and rendered messages always do
		b = fmt.Appendf(nil, "{%q:%q}", "insertId", e.InsertID)
	}
	c.entries = append(c.entries, b)
	c.keepLogged(b)
}

// insertID is short base 36, sometimes with a leading "-", like the real ones.
func (c *Cloud) insertID() string {
	n := c.next()
	id := strconv.FormatUint(uint64(n)*0x9E3779B97F4A7C15, 36)
	if n%4 == 0 {
		id = "-" + id
	}
	return id
}

// lastSegment is the part of a name after its last slash.
func lastSegment(name string) string { return name[strings.LastIndex(name, "/")+1:] }
