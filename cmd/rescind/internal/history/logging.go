package history

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/replay"
)

// between is how long to wait from one page to the next: Cloud Logging reads for a project
// 60 times a minute, for everybody who asks. https://cloud.google.com/logging/quotas
const between = time.Second

// logging is what Cloud Logging has of logging://projects/P?filter=…&since=…: the filter
// is added to the one of what rescind reads.
func (f Finder) logging(ctx context.Context, operand string) ([]replay.Input, error) {
	u, err := parsed(operand)
	if err != nil {
		return nil, err
	}
	in, ok := cloud.ParseContainer(u.Host + u.Path)
	q := u.Query()
	for key := range q {
		if !slices.Contains([]string{"filter", "since", "until", "pageToken"}, key) {
			return nil, fmt.Errorf("unknown parameter %q: want filter, since, until or pageToken", key)
		}
	}
	if !ok {
		return nil, errors.New("want logging://projects/P, logging://folders/N or logging://organizations/N, and ?filter=… behind it")
	}
	filter := []string{auditlog.Filter()}
	for key, operator := range map[string]string{"since": ">=", "until": "<"} {
		if q.Get(key) == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, q.Get(key))
		if err != nil {
			return nil, fmt.Errorf("%s is %q, want a time like 2026-11-20T10:00:00Z", key, q.Get(key))
		}
		filter = append(filter, fmt.Sprintf("timestamp%s%q", operator, at.Format(time.RFC3339Nano)))
	}
	slices.Sort(filter[1:])
	if more := q.Get("filter"); more != "" {
		filter = append(filter, "("+more+")")
	}
	a, err := f.api(loggingScope, "logging.logEntries.list, which is in roles/logging.viewer")
	if err != nil {
		return nil, err
	}
	r := &pages{ctx: ctx, api: a, url: cmp.Or(f.Logging, "https://logging.googleapis.com") + "/v2/entries:list", operand: operand, request: listRequest{
		ResourceNames: []string{in.Path()}, Filter: strings.Join(filter, " AND "), OrderBy: "timestamp asc", PageSize: 1000, PageToken: q.Get("pageToken"),
	}}
	return []replay.Input{replay.StreamInput(operand, 0, func() (io.ReadCloser, error) { return io.NopCloser(r), nil })}, nil
}

// listRequest is that of entries.list.
// https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list
type listRequest struct {
	ResourceNames []string `json:"resourceNames"`
	Filter        string   `json:"filter"`
	OrderBy       string   `json:"orderBy"`
	PageSize      int      `json:"pageSize"`
	PageToken     string   `json:"pageToken,omitempty"`
}

// pages reads entries as lines, page by page.
type pages struct {
	ctx     context.Context //nolint:containedctx // it is that of the reading, which has no other way to it
	api     api
	url     string
	operand string
	request listRequest
	rest    []byte
	begun   bool
	done    bool
	err     error // that ended it, for whoever reads again
}

// Read implements io.Reader.
func (p *pages) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		switch {
		case p.err != nil:
			return 0, p.err
		case p.done:
			return 0, io.EOF
		}
		if p.err = p.next(); p.err != nil && p.request.PageToken != "" {
			p.err = fmt.Errorf("%w; to go on from here, read %s with &pageToken=%s", p.err, p.operand, p.request.PageToken)
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (p *pages) next() error {
	if p.begun {
		if err := p.api.wait(p.ctx, between); err != nil {
			return err
		}
	}
	p.begun = true
	body, err := json.Marshal(p.request)
	if err != nil {
		return err
	}
	var page struct {
		Entries       []json.RawMessage `json:"entries"`
		NextPageToken string            `json:"nextPageToken"`
	}
	if err := p.api.into(p.ctx, http.MethodPost, p.url, body, &page); err != nil {
		return fmt.Errorf("list log entries: %w", err)
	}
	for _, e := range page.Entries {
		var line bytes.Buffer // the API writes for people unless it is told otherwise
		if err := json.Compact(&line, e); err != nil {
			return fmt.Errorf("list log entries: read the answer: %w", err)
		}
		p.rest = append(append(p.rest, line.Bytes()...), '\n')
	}
	p.request.PageToken = page.NextPageToken
	p.done = page.NextPageToken == ""
	return nil
}
