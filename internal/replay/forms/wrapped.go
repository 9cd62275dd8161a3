package forms

import "encoding/json"

// form is one way in which entries are wrapped.
type form struct {
	name string
	is   func(object) bool
	// open returns what is within; nil where nothing can be told from one such object alone.
	open    func(object) []json.RawMessage
	instead string // what to do where there is no whole entry in it
}

// all are the forms, of two that an object could be the first.
var all = []form{
	{"a CloudEvent", func(o object) bool { return o.has("specversion") },
		func(o object) []json.RawMessage { return o.list("data", "data_base64") },
		"want the entry in its data or data_base64"},
	{"a Pub/Sub message", isMessage, func(o object) []json.RawMessage {
		if m := o.object("message"); m != nil {
			return m.list("data")
		}
		return o.list("data")
	}, "want the entry in its data, in base64; a topic that a log sink writes to has such messages"},
	{"an answer of Pub/Sub", func(o object) bool { return o.has("receivedMessages") },
		func(o object) []json.RawMessage { return o.list("receivedMessages") },
		"want the entries in the data of its messages, in base64"},
	{"an answer of the Logging API", func(o object) bool { return o.has("entries") },
		func(o object) []json.RawMessage { return o.list("entries") },
		"want the entries in its entries"},
	{"a row of a BigQuery sink", func(o object) bool { return o.hasAny("protopayload_auditlog", "protoPayload_auditlog") },
		rowOfSink, "export the rows with all columns, as newline-delimited JSON: logName, timestamp, insertId, resource, operation and protopayload_auditlog"},
	{"a row of Log Analytics", func(o object) bool { return o.object("proto_payload").has("audit_log") },
		rowOfAnalytics, "select log_name, timestamp, insert_id, resource, operation and proto_payload"},
	{"an entry in snake case", func(o object) bool { return o.hasAny("proto_payload", "log_name") && !o.has("logName") },
		inSnakeCase, "want log_name, timestamp, insert_id and proto_payload"},
	{"an answer of BigQuery's API", func(o object) bool { return o.has("f") || o.has("rows") && o.has("schema") }, nil,
		"it has values without their columns: export the table as newline-delimited JSON"},
	{"an answer of Elasticsearch", func(o object) bool { return o.object("hits").has("hits") },
		func(o object) []json.RawMessage { return o.object("hits").list("hits") },
		"want the entries in _source"},
	{"a document of Elasticsearch", func(o object) bool { return o.has("_source") },
		func(o object) []json.RawMessage { return o.list("_source") }, "want the entry in _source, whole"},
	{"an event of Filebeat or Logstash", func(o object) bool { return o.hasAny("@timestamp", "@version") }, fromBeats,
		"want the entry in message or event.original, whole: the fields that the modules keep are a part of it"},
	{"an event of Splunk", func(o object) bool { return o.hasAny("_raw", "result", "event") }, func(o object) []json.RawMessage {
		return o.list("event", "_raw", "result")
	}, "want the entry in event or _raw, whole"},
	{"a log entry within another object", func(o object) bool {
		return o.hasAny("logEntry", "log_entry", "entry", "record", "json") && !o.hasAny("logName", "insertId")
	}, func(o object) []json.RawMessage { return o.list("logEntry", "log_entry", "entry", "record", "json") },
		"want the entry alone"},
}

// isMessage reports whether it is what Pub/Sub pushes, pulls or exports.
func isMessage(o object) bool {
	if m := o.object("message"); m != nil {
		return m.hasAny("data", "messageId", "message_id", "attributes", "publishTime")
	}
	return o.has("data") && o.hasAny("messageId", "message_id", "publishTime", "publish_time", "attributes", "ackId")
}

// fromBeats is where Filebeat and Logstash keep what they were given.
func fromBeats(o object) []json.RawMessage {
	if original := o.object("event").list("original"); original != nil {
		return original
	}
	if whole := o.list("json"); whole != nil {
		return whole
	}
	return o.list("message")
}
