package history

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// tables is BigQuery, as far as it is asked.
type tables struct {
	*testing.T
	columns string
	rows    []string
	asked   []string
	slow    int // how often the query is not done yet
}

// ServeHTTP implements http.Handler.
func (b *tables) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page := func(from int) {
		if b.slow > 0 {
			b.slow--
			fmt.Fprint(w, `{"jobReference":{"jobId":"j1","location":"EU"},"jobComplete":false}`)
			return
		}
		a := map[string]any{"jobReference": map[string]string{"jobId": "j1", "location": "EU"}, "jobComplete": true}
		if from < len(b.rows) {
			a["rows"] = []any{map[string]any{"f": []any{map[string]any{"v": b.rows[from]}}}}
		}
		if from+1 < len(b.rows) {
			a["pageToken"] = fmt.Sprint(from + 1)
		}
		_ = json.NewEncoder(w).Encode(a)
	}
	b.asked = append(b.asked, r.Method+" "+r.URL.Path)
	switch r.URL.Path {
	case "/bigquery/v2/projects/ops/datasets/logs/tables/activity":
		fmt.Fprintf(w, `{"schema":{"fields":[{"name":"logName"},{"name":%q}]}}`, b.columns)
	case "/bigquery/v2/projects/ops/queries":
		var q queryRequest
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil || q.Legacy {
			b.Errorf("%+v, %v", q, err)
		}
		b.asked = append(b.asked, q.Query)
		if q.DryRun {
			fmt.Fprint(w, `{"totalBytesProcessed":"2000000000"}`)
			return
		}
		page(0)
	case "/bigquery/v2/projects/ops/queries/j1":
		var from int
		_, _ = fmt.Sscan(r.URL.Query().Get("pageToken"), &from)
		if r.URL.Query().Get("location") != "EU" {
			b.Errorf("the results are asked for in %q", r.URL.Query().Get("location"))
		}
		page(from)
	default:
		http.NotFound(w, r)
	}
}

const sinkRow = `{"logName":"projects/p/logs/cloudaudit.googleapis.com%2Factivity","timestamp":"2026-11-20T10:00:00.5Z","insertId":"i","protopayload_auditlog":{"serviceName":"run.googleapis.com","methodName":"google.cloud.run.v1.Services.GetService"}}`

func TestATableIsQueriedAfterItsCostIsTold(t *testing.T) {
	t.Parallel()
	b := &tables{T: t, columns: "protopayload_auditlog", rows: []string{sinkRow, sinkRow, sinkRow}, slow: 2}
	server := httptest.NewServer(b)
	defer server.Close()
	var told []string
	f := Finder{BigQuery: server.URL, Client: server.Client(), Notice: func(s string) { told = append(told, fmt.Sprint(len(b.asked), " ", s)) }}
	in := f.Find(t.Context(), []string{"bigquery://ops.logs.activity?since=2026-11-01T00:00:00Z"}, nil)
	if len(in.Refused) > 0 || !slices.Equal(told, []string{"3 bigquery://ops.logs.activity?since=2026-11-01T00:00:00Z: the query reads 2.00 GB, which is $0.01 on demand"}) {
		t.Fatalf("refused %v, told %q", in.Refused, told)
	}
	s := replayedOf(t, in)
	if s.Records != 3 || s.Irrelevant != 3 || len(s.Refused) > 0 || s.Forms["a row of a BigQuery sink"] != 3 {
		t.Errorf("%+v", s)
	}
	const want = "SELECT TO_JSON_STRING(t) FROM `ops.logs.activity` AS t WHERE protopayload_auditlog.serviceName IN ('cloudfunctions.googleapis.com', 'cloudresourcemanager.googleapis.com', " +
		"'iam.googleapis.com', 'orgpolicy.googleapis.com', 'run.googleapis.com') AND timestamp >= TIMESTAMP '2026-11-01 00:00:00+00'"
	if b.asked[2] != want {
		t.Errorf("asked %s\nwant %s", b.asked[2], want)
	}
}

func TestTablesThatCannotBeQueried(t *testing.T) {
	t.Parallel()
	b := &tables{T: t, columns: "other"}
	server := httptest.NewServer(b)
	defer server.Close()
	f := Finder{BigQuery: server.URL, Client: server.Client()}
	for operand, says := range map[string]string{
		"bigquery://ops.logs.activity":         "the table has neither a column protopayload_auditlog nor proto_payload",
		"bigquery://ops.logs":                  "want bigquery://PROJECT.DATASET.TABLE",
		"bigquery://ops.logs.a%60x":            "want bigquery://PROJECT.DATASET.TABLE",
		"bigquery://ops.logs.activity?where=x": `unknown parameter "where"`,
		"bigquery://ops.logs.gone":             "read the table's columns: HTTP 404",
	} {
		in := f.Find(t.Context(), []string{operand}, nil)
		if len(in.Refused) != 1 || !strings.Contains(in.Refused[0].Reason, says) && !strings.Contains(in.Refused[0].Reason, "cannot be read as an address") {
			t.Errorf("%s: refused %v, want %s", operand, in.Refused, says)
		}
	}
	b.columns = "proto_payload"
	if in := f.Find(t.Context(), []string{"bigquery://ops.logs.activity?since=soon"}, nil); len(in.Refused) != 1 || !strings.Contains(in.Refused[0].Reason, `since is "soon", want a time`) {
		t.Errorf("refused %v", in.Refused)
	}
}
