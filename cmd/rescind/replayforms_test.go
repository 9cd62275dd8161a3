package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wrapping is a form in which an entry arrives.
type wrapping struct {
	form string // as the summary names it
	wrap func(entry map[string]any) any
}

func text(v any) string {
	raw, _ := json.Marshal(v)
	return string(raw)
}

func inBase64(v any) string { return base64.StdEncoding.EncodeToString([]byte(text(v))) }

type m = map[string]any

// snake spells keys in snake case, but for those of the bodies.
func snake(v any, deep int) any {
	switch v := v.(type) {
	case m:
		out := m{}
		for k, e := range v {
			name := k
			if deep > 0 {
				var b strings.Builder
				for _, r := range k {
					if r >= 'A' && r <= 'Z' {
						b.WriteByte('_')
						r += 'a' - 'A'
					}
					b.WriteRune(r)
				}
				name = b.String()
			}
			below := deep - 1
			if slices.Contains([]string{"request", "response", "serviceData", "metadata", "labels"}, k) {
				below = 0
			}
			out[name] = snake(e, below)
		}
		return out
	case []any:
		var out []any
		for _, e := range v {
			out = append(out, snake(e, deep))
		}
		return out
	}
	return v
}

// sinkRow is a row as a sink to BigQuery writes it.
func sinkRow(e m) any {
	row := maps.Clone(e)
	delete(row, "protoPayload")
	payload := maps.Clone(e["protoPayload"].(m))
	for _, body := range []string{"request", "response", "metadata"} {
		if v, ok := payload[body]; ok {
			payload[body+"Json"] = text(v)
			delete(payload, body)
		}
	}
	if v, ok := payload["serviceData"]; ok {
		payload["servicedata_v1_iam"] = v
		delete(payload, "serviceData")
	}
	payload["servicedata_v1_bigquery"] = nil
	row["protopayload_auditlog"], row["textPayload"], row["jsonPayload"] = payload, nil, nil
	if at, ok := row["timestamp"].(string); ok {
		row["timestamp"] = strings.Replace(strings.TrimSuffix(at, "Z"), "T", " ", 1) + " UTC"
	}
	return row
}

func analyticsRow(e m) any {
	row, _ := snake(e, 4).(m)
	payload, _ := row["proto_payload"].(m)
	row["proto_payload"] = m{"type": "type.googleapis.com/google.cloud.audit.AuditLog", "audit_log": payload}
	if r, ok := payload["request"]; ok {
		payload["request"] = text(r) // a column of the type JSON, in an export as text
	}
	row["json_payload"] = nil
	return row
}

var wrappings = map[string]wrapping{
	"a push of Pub/Sub":                {"a Pub/Sub message", func(e m) any { return m{"subscription": "s", "message": m{"messageId": "1", "data": inBase64(e)}} }},
	"a pull of Pub/Sub":                {"a Pub/Sub message", func(e m) any { return m{"ackId": "a", "message": m{"message_id": "1", "data": inBase64(e)}} }},
	"an answer to a pull":              {"an answer of Pub/Sub", func(e m) any { return m{"receivedMessages": []any{m{"message": m{"data": inBase64(e)}}}} }},
	"a Pub/Sub export":                 {"a Pub/Sub message", func(e m) any { return m{"data": text(e), "message_id": "1", "attributes": m{}} }},
	"a structured CloudEvent":          {"a CloudEvent", func(e m) any { return m{"specversion": "1.0", "type": "t", "data": e} }},
	"a CloudEvent in base64":           {"a CloudEvent", func(e m) any { return m{"specversion": "1.0", "data_base64": inBase64(e)} }},
	"a CloudEvent of Pub/Sub":          {"a CloudEvent", func(e m) any { return m{"specversion": "1.0", "data": m{"message": m{"data": inBase64(e)}}} }},
	"an answer of entries.list":        {"an answer of the Logging API", func(e m) any { return m{"entries": []any{e}, "nextPageToken": "x"} }},
	"Splunk's HTTP collector":          {"an event of Splunk", func(e m) any { return m{"time": 1, "sourcetype": "gcp", "event": e} }},
	"Splunk's HTTP collector, text":    {"an event of Splunk", func(e m) any { return m{"event": text(e)} }},
	"Splunk's export":                  {"an event of Splunk", func(e m) any { return m{"preview": false, "result": m{"_raw": text(e)}} }},
	"Filebeat":                         {"an event of Filebeat or Logstash", func(e m) any { return m{"@timestamp": "t", "message": text(e), "agent": m{}} }},
	"Filebeat's module":                {"an event of Filebeat or Logstash", func(e m) any { return m{"@timestamp": "t", "event": m{"original": text(e)}, "gcp": m{}} }},
	"Logstash with a codec":            {"an event of Filebeat or Logstash", func(e m) any { return m{"@version": "1", "json": e} }},
	"Elasticsearch":                    {"a document of Elasticsearch", func(e m) any { return m{"_index": "i", "_source": m{"@timestamp": "t", "message": text(e)}} }},
	"a row of a BigQuery sink":         {"a row of a BigQuery sink", sinkRow2},
	"a row of Log Analytics":           {"a row of Log Analytics", func(e m) any { return analyticsRow(e) }},
	"an entry in snake case":           {"an entry in snake case", func(e m) any { return snake(e, 4) }},
	"the body of an Eventarc delivery": {"", func(e m) any { return e }},
}

func sinkRow2(e m) any { return sinkRow(e) }

// Each entry in each form is judged as it would be alone.
func TestEntriesAreTakenOutOfWhatTheyAreWrappedIn(t *testing.T) {
	for _, dir := range []string{"v1", "v2", "editor"} {
		lines, err := os.ReadFile("testdata/replay/" + dir + "/entries.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		_, want, _ := runCommand(t, string(lines), "replay", "--format", "jsonl", "-")
		if strings.Count(want, "\n") < 2 {
			t.Fatalf("too few findings to compare:\n%s", want)
		}
		for name, w := range wrappings {
			t.Run(dir+"/"+name, func(t *testing.T) {
				var b strings.Builder
				n := 0
				for line := range strings.Lines(string(lines)) {
					var e m
					if err := json.Unmarshal([]byte(line), &e); err != nil {
						t.Fatal(err)
					}
					n++
					b.WriteString(text(w.wrap(e)) + "\n")
				}
				code, got, summary := runCommand(t, b.String(), "replay", "--format", "jsonl", "-")
				if code != exitOK || got != want {
					t.Errorf("exit status %d, findings (-want +got):\n%s\n%s", code, cmp.Diff(want, got), summary)
				}
				if says := fmt.Sprintf("%d records taken out of %s\n", n, w.form); w.form != "" && !strings.Contains(summary, says) {
					t.Errorf("summary:\n%s\nwant in it: %s", summary, says)
				}
			})
		}
	}
}

func TestFormsThatHoldNoWholeEntryAreListedWithWhatToDo(t *testing.T) {
	for _, tt := range []struct{ record, says string }{
		{`{"message":{"data":"bm90IEpTT04="}}`, "a Pub/Sub message in which there is no whole log entry: want the entry in its data, in base64"},
		{`{"f":[{"v":"x"}]}`, "an answer of BigQuery's API: it has values without their columns"},
		{`{"protopayload_auditlog":{"methodName":"x"},"logName":"l"}`, "a row of a BigQuery sink in which there is no whole log entry"},
		{`{"@timestamp":"t","gcp":{"audit":{"method_name":"x"}}}`, "an event of Filebeat or Logstash in which there is no whole log entry"},
		{`{"specversion":"1.0","data":{"message":{"data":"e30="}}}`, "a CloudEvent, which holds a Pub/Sub message in which there is no whole log entry"},
		{`{"log_name":"x","proto_payload":{}}`, "an entry in snake case in which there is no whole log entry: want log_name"},
		{`{"a":"b"}`, "no log entry: it has none of logName, timestamp, insertId and protoPayload"},
		{`{"timestamp":"2026-11-20T10:00:00Z","protoPayload":{"serviceName":"run.googleapis.com","methodName":"google.cloud.run.v1.Services.SetIamPolicy"}}`, "logName is missing"},
	} {
		code, out, summary := runCommand(t, tt.record+"\n", "replay", "-")
		if code != exitFailed || !strings.Contains(out, "nothing could be read") || !strings.Contains(summary, "-:1: "+tt.says) {
			t.Errorf("%s: exit status %d, output %q, summary:\n%s\nwant in it: %s", tt.record, code, out, summary, tt.says)
		}
	}
}
