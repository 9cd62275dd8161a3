package history

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/replay"
)

const bigQueryScope = "https://www.googleapis.com/auth/bigquery"

// tableName is PROJECT.DATASET.TABLE, none of which can end the quotes around it.
var tableName = regexp.MustCompile(`^([a-z0-9:.-]+)\.([A-Za-z0-9_]+)\.([A-Za-z0-9_-]+)$`)

// bigQuery is a table that a sink writes, or a view of Log Analytics:
// bigquery://PROJECT.DATASET.TABLE?since=TIME. SQL selects the rows of the services that
// matter; what the query reads is told first, as it is paid for.
func (f Finder) bigQuery(ctx context.Context, operand string) ([]replay.Input, error) {
	u, err := parsed(operand)
	if err != nil {
		return nil, err
	}
	name := tableName.FindStringSubmatch(u.Host)
	if name == nil || strings.Trim(u.Path, "/") != "" {
		return nil, errors.New("want bigquery://PROJECT.DATASET.TABLE, and ?since=… behind it")
	}
	for key := range u.Query() {
		if !slices.Contains([]string{"since", "until", "project"}, key) {
			return nil, fmt.Errorf("unknown parameter %q: want since, until or project, which pays for the query", key)
		}
	}
	a, err := f.api(bigQueryScope, "bigquery.tables.get, bigquery.tables.getData and bigquery.jobs.create, which are in roles/bigquery.dataViewer and roles/bigquery.jobUser")
	if err != nil {
		return nil, err
	}
	base := cmp.Or(f.BigQuery, "https://bigquery.googleapis.com") + "/bigquery/v2/projects/"
	sql, err := a.sql(ctx, base, name, u.Query())
	if err != nil {
		return nil, err
	}
	q := &query{ctx: ctx, api: a, url: base + url.PathEscape(cmp.Or(u.Query().Get("project"), name[1])) + "/queries"}
	q.request = queryRequest{Query: sql, MaxResults: 1000, TimeoutMs: 60_000}
	bytes, err := q.dryRun()
	if err != nil {
		return nil, fmt.Errorf("dry run: %w", err)
	}
	if f.Notice != nil {
		// https://cloud.google.com/bigquery/pricing, on demand, November 2026
		const dollars, tebibyte = 6.25, 1 << 40
		f.Notice(fmt.Sprintf("%s: the query reads %.2f GB, which is $%.2f on demand", operand, float64(bytes)/1e9, float64(bytes)/tebibyte*dollars))
	}
	return []replay.Input{replay.StreamInput(operand, 0, func() (io.ReadCloser, error) { return io.NopCloser(q), nil })}, nil
}

// sql selects each row of the services that matter, as one JSON text.
func (a api) sql(ctx context.Context, base string, table []string, q url.Values) (string, error) {
	var t struct {
		Schema struct{ Fields []struct{ Name string } }
	}
	address := base + url.PathEscape(table[1]) + "/datasets/" + table[2] + "/tables/" + table[3]
	if err := a.into(ctx, http.MethodGet, address, nil, &t); err != nil {
		return "", fmt.Errorf("read the table's columns: %w", err)
	}
	service := ""
	for _, c := range t.Schema.Fields {
		switch c.Name {
		case "protopayload_auditlog":
			service = "protopayload_auditlog.serviceName"
		case "proto_payload":
			service = "proto_payload.audit_log.service_name"
		}
	}
	if service == "" {
		return "", errors.New("the table has neither a column protopayload_auditlog nor proto_payload: want one that a log sink writes, or a view of Log Analytics")
	}
	services, _ := auditlog.Sources(nil)
	where := service + " IN ('" + strings.Join(services, "', '") + "')"
	for key, operator := range map[string]string{"since": ">=", "until": "<"} {
		if q.Get(key) == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, q.Get(key))
		if err != nil {
			return "", fmt.Errorf("%s is %q, want a time like 2026-11-20T10:00:00Z", key, q.Get(key))
		}
		where += fmt.Sprintf(" AND timestamp %s TIMESTAMP '%s'", operator, at.UTC().Format("2006-01-02 15:04:05.999999+00"))
	}
	return "SELECT TO_JSON_STRING(t) FROM `" + strings.Join(table[1:], ".") + "` AS t WHERE " + where, nil
}

// queryRequest is that of jobs.query.
// https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query
type queryRequest struct {
	Query      string `json:"query"`
	Legacy     bool   `json:"useLegacySql"`
	DryRun     bool   `json:"dryRun,omitempty"`
	MaxResults int    `json:"maxResults"`
	TimeoutMs  int    `json:"timeoutMs"`
}

// answer is that of jobs.query and of jobs.getQueryResults.
type answer struct {
	Job struct {
		ID       string `json:"jobId"`
		Location string `json:"location"`
	} `json:"jobReference"`
	Complete  bool   `json:"jobComplete"`
	PageToken string `json:"pageToken"`
	Bytes     string `json:"totalBytesProcessed"`
	Rows      []struct {
		F []struct{ V string }
	} `json:"rows"`
}

// query reads the rows of a query as lines.
type query struct {
	ctx     context.Context //nolint:containedctx // it is that of the reading, which has no other way to it
	api     api
	url     string
	request queryRequest
	got     *answer // the last
	rest    []byte
	err     error // that ended it
}

func (q *query) dryRun() (int64, error) {
	r := q.request
	r.DryRun = true
	a, err := q.ask(r)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(a.Bytes, 10, 64)
}

func (q *query) ask(r queryRequest) (*answer, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	a := &answer{}
	return a, q.api.into(q.ctx, http.MethodPost, q.url, body, a)
}

// Read implements io.Reader.
func (q *query) Read(b []byte) (int, error) {
	for len(q.rest) == 0 {
		if q.err == nil && q.got != nil && q.got.Complete && q.got.PageToken == "" {
			q.err = io.EOF
		}
		if q.err == nil {
			q.err = q.next()
		}
		if q.err != nil {
			return 0, q.err
		}
	}
	n := copy(b, q.rest)
	q.rest = q.rest[n:]
	return n, nil
}

// next runs the query, waits for it, or reads its next page.
func (q *query) next() (err error) {
	if q.got == nil {
		q.got, err = q.ask(q.request)
	} else {
		v := url.Values{"maxResults": {strconv.Itoa(q.request.MaxResults)}, "timeoutMs": {strconv.Itoa(q.request.TimeoutMs)}, "location": {q.got.Job.Location}}
		if q.got.PageToken != "" {
			v.Set("pageToken", q.got.PageToken)
		}
		a := &answer{}
		err = q.api.into(q.ctx, http.MethodGet, q.url+"/"+url.PathEscape(q.got.Job.ID)+"?"+v.Encode(), nil, a)
		a.Job = q.got.Job
		q.got = a
	}
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	for _, row := range q.got.Rows {
		if len(row.F) > 0 {
			q.rest = append(append(q.rest, row.F[0].V...), '\n')
		}
	}
	return nil
}
