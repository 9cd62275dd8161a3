package forms

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// The rows of tables, and keys in snake case: the same entry, spelled otherwise.
// https://cloud.google.com/logging/docs/export/bigquery
// https://cloud.google.com/logging/docs/analyze/query-and-view

// rowOfSink is the entry of a row that a sink wrote: bodies are text in it, and
// serviceData has the name of its type.
func rowOfSink(o object) []json.RawMessage {
	payload := o.object("protopayload_auditlog")
	if payload == nil {
		payload = o.object("protoPayload_auditlog")
	}
	for _, body := range []string{"request", "response", "metadata"} {
		if text := payload[body+"Json"]; len(text) > 0 {
			payload[body] = text
		}
	}
	for _, data := range []string{"servicedata_v1_iam", "servicedata_v1_iam_admin"} {
		if v := payload.object(data); v != nil {
			payload["serviceData"] = payload[data]
		}
	}
	return entry(o, payload)
}

// rowOfAnalytics is the entry of a row of the view that Log Analytics has.
func rowOfAnalytics(o object) []json.RawMessage {
	return entry(o, o.object("proto_payload").object("audit_log"))
}

func inSnakeCase(o object) []json.RawMessage {
	payload := o.object("proto_payload")
	if payload == nil {
		payload = o.object("protoPayload")
	}
	return entry(o, payload)
}

// parts are the objects of an entry whose keys are Google's own, so that they may be
// renamed; what a caller wrote is in none of them.
var parts = map[string]bool{
	"authenticationInfo": true, "requestMetadata": true, "resourceLocation": true, "status": true, "operation": true, "split": true,
	"resource": true, "serviceAccountDelegationInfo": true, "firstPartyPrincipal": true,
}

// bodies are what the caller sent and got.
var bodies = []string{"request", "response", "metadata", "serviceData"}

// entry puts an entry together from its outer keys and its payload; none where it is
// not whole.
func entry(o, payload object) []json.RawMessage {
	out := camel(o)
	inner := camel(payload)
	if !out.has("logName") || !inner.has("serviceName") {
		return nil
	}
	for _, b := range bodies {
		if v, ok := parsed(inner[b]); ok {
			inner[b] = v
		} else {
			delete(inner, b) // an empty column
		}
	}
	for _, key := range []string{"timestamp", "receiveTimestamp"} {
		out[key] = moment(out[key])
		if out[key] == nil {
			delete(out, key)
		}
	}
	if labels, ok := parsed(out.object("resource")["labels"]); ok {
		r := out.object("resource")
		r["labels"] = labels
		out["resource"] = r.raw()
	}
	out["protoPayload"] = inner.raw()
	return []json.RawMessage{out.raw()}
}

func (o object) raw() json.RawMessage {
	raw, err := json.Marshal(map[string]json.RawMessage(o))
	if err != nil {
		return nil // it was JSON before
	}
	return raw
}

// camel is the object with its keys, and those of its parts, in camel case. Columns that
// hold nothing are left out.
func camel(o object) object {
	out := object{}
	for k, v := range o {
		name := camelKey(k)
		if string(v) == "null" || name == "protoPayload" || strings.HasPrefix(name, "protopayload") {
			continue
		}
		if parts[name] {
			v = camelPart(v)
		}
		out[name] = v
	}
	return out
}

func camelPart(raw json.RawMessage) json.RawMessage {
	if v, ok := parsed(raw); ok {
		raw = v
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil && list != nil {
		for i := range list {
			list[i] = camelPart(list[i])
		}
		out, _ := json.Marshal(list) // it was JSON before
		return out
	}
	var o object
	if json.Unmarshal(raw, &o) != nil || o == nil {
		return raw
	}
	return camel(o).raw()
}

func camelKey(k string) string {
	parts := strings.Split(k, "_")
	for i, p := range parts[1:] {
		if p != "" {
			parts[i+1] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, "")
}

// parsed is a value, or what its text says where it is text that holds JSON; false for
// nothing.
func parsed(raw json.RawMessage) (json.RawMessage, bool) {
	raw = bytes.TrimSpace(raw)
	var text string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil, false
	case raw[0] != '"' || json.Unmarshal(raw, &text) != nil:
		return raw, true
	case text == "":
		return nil, false
	case json.Valid([]byte(text)):
		return json.RawMessage(text), true
	}
	return raw, true
}

// layouts are how BigQuery writes a moment, which is in UTC, without a zone too.
var layouts = []string{"2006-01-02 15:04:05.999999999 UTC", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999"}

// moment is a time as an entry has it. What is none stays as it is, and is told.
func moment(raw json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return raw
	}
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil {
			out, _ := json.Marshal(at.UTC().Format(time.RFC3339Nano)) // text is JSON
			return out
		}
	}
	return raw
}
