package admin

import (
	"fmt"
	"maps"
	"path"
	"strings"
)

// kind is one kind of thing, and how it comes to be.
type kind struct {
	service string
	path    string // of one: "v1/projects/*/topics/*"
	inner   string // the field of a request's body that holds it; empty: the body is it
	query   string // the parameter that has its id
	field   string // the field that has its id, where no parameter does
	once    bool   // a PUT creates, and does not replace
	always  bool   // it is there whether or not anybody made it
	long    bool   // making it is an operation
	// reserved is for what is only marked as deleted, and keeps its name for a time.
	reserved bool
	adds     func(name string, o object)
}

// kindOf is the kind that a name is of.
func kindOf(service, name string) (kind, bool) {
	for _, k := range kinds() {
		if ok, err := path.Match(k.path, name); err == nil && ok && k.service == service {
			return k, true
		}
	}
	return kind{}, false
}

// id is what a thing will be called; empty where Google chooses.
func (k kind) id(r request, body object) string {
	switch {
	case k.query != "":
		return r.URL.Query().Get(k.query)
	case k.field == "":
		return ""
	}
	id := r.body.text(k.field)
	if id == "" {
		id = body.text(k.field)
	}
	if k.service == "iam" && k.field == "accountId" {
		return id + "@" + strings.Split(r.name, "/")[2] + ".iam.gserviceaccount.com"
	}
	return id[strings.LastIndex(id, "/")+1:]
}

// shown is the thing as its API shows it, with what Google adds.
func (k kind) shown(name string, o object) object {
	if o == nil {
		o = object{}
	}
	_, short, _ := strings.Cut(name, "/")
	o["name"] = short
	if k.adds != nil {
		k.adds(name, o)
	}
	return o
}

// words are the parts of a name.
func words(name string) []string { return strings.Split(name, "/") }

func merged(old, changes object) object {
	out := maps.Clone(old)
	if out == nil {
		out = object{}
	}
	maps.Copy(out, changes)
	return out
}

// unwrapped is the thing within the body of a request that has other parts, too.
func unwrapped(body object, inner string) object {
	in, ok := body[inner].(map[string]any)
	if inner == "" || !ok {
		return body
	}
	return in
}

// cutLast takes a name apart at its last slash.
func cutLast(s string) (before, after string) {
	i := strings.LastIndex(s, "/")
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i+1:]
}

// kinds are all kinds that an installation makes. What is said of each is from the
// page of its REST resource, below https://cloud.google.com/apis/docs/overview.
func kinds() []kind {
	out := []kind{
		{service: "pubsub", path: "v1/projects/*/topics/*", once: true},
		{service: "pubsub", path: "v1/projects/*/subscriptions/*", inner: "subscription", once: true, adds: subscription},
		{service: "iam", path: "v1/projects/*/serviceAccounts/*", inner: "serviceAccount", field: "accountId", adds: account},
		{service: "iam", path: "v1/projects/*/roles/*", inner: "role", field: "roleId", reserved: true},
		{service: "iam", path: "v1/organizations/*/roles/*", inner: "role", field: "roleId", reserved: true},
		{service: "cloudbilling", path: "v1/projects/*/billingInfo", always: true},
		{service: "serviceusage", path: "v1/projects/*/services/*"},
		{service: "secretmanager", path: "v1/projects/*/secrets/*", query: "secretId"},
		{service: "secretmanager", path: "v1/projects/*/secrets/*/versions/*"},
		{service: "cloudscheduler", path: "v1/projects/*/locations/*/jobs/*", field: "name", adds: enabled},
		{service: "firestore", path: "v1/projects/*/databases/*", query: "databaseId", long: true, adds: database},
		{service: "firestore", path: "v1/projects/*/databases/*/collectionGroups/*/indexes/*", long: true, adds: index},
		{service: "firestore", path: "v1/projects/*/databases/*/collectionGroups/*/fields/*", long: true, always: true, adds: field},
		{service: "firestore", path: "v1/projects/*/databases/*/backupSchedules/*"},
		{service: "monitoring", path: "v3/projects/*/alertPolicies/*", adds: alertPolicy},
		{service: "monitoring", path: "v1/projects/*/dashboards/*"},
		{service: "logging", path: "v2/projects/*/metrics/*", field: "name", adds: unqualified},
	}
	for _, container := range []string{"projects", "folders", "organizations"} {
		out = append(out, kind{service: "logging", path: "v2/" + container + "/*/sinks/*", field: "name", adds: sink})
	}
	return out
}

func subscription(_ string, o object) {
	if _, ok := o["state"]; !ok {
		o["state"] = "ACTIVE"
	}
}

func account(name string, o object) {
	w := words(name)
	o["email"], o["projectId"] = w[4], w[2]
	o["uniqueId"] = fmt.Sprintf("1%020d", len(w[4])*7919)
}

func enabled(_ string, o object) { o["state"] = "ENABLED" }

func database(_ string, o object) {
	o["uid"], o["databaseEdition"], o["appEngineIntegrationMode"] = "0dad", "STANDARD", "DISABLED"
	if o["pointInTimeRecoveryEnablement"] == "POINT_IN_TIME_RECOVERY_ENABLED" {
		o["versionRetentionPeriod"] = "604800s"
	}
}

// index has the document's name as its last field, whoever did not ask for it.
func index(_ string, o object) {
	o["state"] = "READY"
	fields, _ := o["fields"].([]any)
	if len(fields) == 0 {
		return
	}
	last, _ := fields[len(fields)-1].(map[string]any)
	if last["fieldPath"] != "__name__" {
		o["fields"] = append(fields, map[string]any{"fieldPath": "__name__", "order": last["order"]})
	}
}

func field(_ string, o object) {
	if ttl, ok := o["ttlConfig"].(map[string]any); ok {
		ttl["state"] = "ACTIVE"
	}
}

func alertPolicy(name string, o object) {
	conditions, _ := o["conditions"].([]any)
	for i, c := range conditions {
		if condition, ok := c.(map[string]any); ok {
			_, short, _ := strings.Cut(name, "/")
			condition["name"] = fmt.Sprintf("%s/conditions/%d", short, i+1)
		}
	}
}

// unqualified is for what is named without what holds it.
func unqualified(name string, o object) { o["name"] = name[strings.LastIndex(name, "/")+1:] }

// sink is named without what holds it; writer says who writes to its destination.
func sink(name string, o object) { unqualified(name, o) }
