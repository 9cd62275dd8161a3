package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/replay"
)

// cloudAPI is Cloud Storage and Cloud Logging, as far as they are asked.
type cloudAPI struct {
	*testing.T
	objects  map[string]string
	entries  []string
	fail     []int // how the next requests fail, 0 for one that does not
	cut      int   // after how many bytes a download breaks off; 0 for never
	requests []string
	filters  []string
}

// ServeHTTP implements http.Handler.
func (c *cloudAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.requests = append(c.requests, r.Method+" "+r.URL.Path+" "+r.Header.Get("Range"))
	if len(c.fail) > 0 {
		code := c.fail[0]
		if c.fail = c.fail[1:]; code != 0 {
			w.WriteHeader(code)
			fmt.Fprint(w, `{"error":{"message":"as the test wants it"}}`)
			return
		}
	}
	switch {
	case r.URL.Path == "/v2/entries:list":
		c.list(w, r)
	case r.URL.Path == "/storage/v1/b/logs/o":
		c.names(w, r)
	case r.URL.Query().Get("alt") == "media":
		c.download(w, r)
	default:
		http.NotFound(w, r)
	}
}

// names is a page of two objects.
func (c *cloudAPI) names(w http.ResponseWriter, r *http.Request) {
	var all []string
	for name := range c.objects {
		if strings.HasPrefix(name, r.URL.Query().Get("prefix")) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	from, _ := strconv.Atoi(r.URL.Query().Get("pageToken"))
	var page struct {
		NextPageToken string              `json:"nextPageToken,omitempty"`
		Items         []map[string]string `json:"items"`
	}
	for _, name := range all[from:min(from+2, len(all))] {
		page.Items = append(page.Items, map[string]string{"name": name, "size": strconv.Itoa(len(c.objects[name])), "generation": "7"})
	}
	if from+2 < len(all) {
		page.NextPageToken = strconv.Itoa(from + 2)
	}
	_ = json.NewEncoder(w).Encode(page)
}

func (c *cloudAPI) download(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/storage/v1/b/logs/o/")
	text := c.objects[name]
	var from int
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err != nil || r.URL.Query().Get("generation") != "7" {
		c.Errorf("download with range %q of generation %q", r.Header.Get("Range"), r.URL.Query().Get("generation"))
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(text)-from))
	w.WriteHeader(http.StatusPartialContent)
	if c.cut > 0 && len(text)-from > c.cut {
		_, _ = io.WriteString(w, text[from:from+c.cut])
		panic(http.ErrAbortHandler)
	}
	_, _ = io.WriteString(w, text[from:])
}

// list is a page of two entries, written for people.
func (c *cloudAPI) list(w http.ResponseWriter, r *http.Request) {
	var q listRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || q.OrderBy != "timestamp asc" || r.Method != http.MethodPost {
		c.Errorf("%s %+v, %v", r.Method, q, err)
	}
	c.filters = append(c.filters, strings.Join(q.ResourceNames, ",")+": "+q.Filter)
	from, _ := strconv.Atoi(q.PageToken)
	end := min(from+2, len(c.entries))
	next := ""
	if end < len(c.entries) {
		next = fmt.Sprintf(`,"nextPageToken":"%d"`, end)
	}
	fmt.Fprintf(w, "{\"entries\":[\n%s\n]%s}", strings.Join(c.entries[from:end], ",\n"), next)
}

func entryOf(i int) string {
	return fmt.Sprintf("{\n  \"logName\": \"projects/p/logs/x\",\n  \"timestamp\": \"2026-11-20T10:00:%02dZ\",\n  \"protoPayload\": {\"serviceName\": \"none\"}\n}", i)
}

// found is a Finder for the API, and how long it waited.
func found(t *testing.T, c *cloudAPI) (Finder, *[]time.Duration) {
	t.Helper()
	c.T = t
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	var waited []time.Duration
	return Finder{Storage: server.URL, Logging: server.URL, Client: server.Client(), Wait: func(ctx context.Context, d time.Duration) error {
		waited = append(waited, d)
		return ctx.Err()
	}}, &waited
}

func names(in replay.Inputs) (out []string) {
	for _, f := range in.Files {
		out = append(out, f.Name)
	}
	return out
}

func TestObjectsOfABucketAreFound(t *testing.T) {
	t.Parallel()
	c := &cloudAPI{objects: map[string]string{"a/1.json": "{}", "a/2.jsonl.gz": "{}", "a/3.txt": "no", "a/b/4.json": "{}", "b/5.json": "{}", "a/": ""}}
	f, _ := found(t, c)
	for operand, want := range map[string][]string{
		"gs://logs/a":        {"gs://logs/a/1.json", "gs://logs/a/2.jsonl.gz", "gs://logs/a/b/4.json"},
		"gs://logs/a/3.txt":  {"gs://logs/a/3.txt"},
		"gs://logs/a/*.json": {"gs://logs/a/1.json"},
		"gs://logs/*/?.json": {"gs://logs/a/1.json", "gs://logs/b/5.json"},
		"gs://logs":          {"gs://logs/a/1.json", "gs://logs/a/2.jsonl.gz", "gs://logs/a/b/4.json", "gs://logs/b/5.json"},
	} {
		in := f.Find(t.Context(), []string{operand}, nil)
		if diff := cmp.Diff(want, names(in)); diff != "" || len(in.Refused) > 0 {
			t.Errorf("%s: refused %v, found (-want +got):\n%s", operand, in.Refused, diff)
		}
	}
	for operand, says := range map[string]string{
		"gs://logs/none": "no object there is named like a log", "gs://other/x": "HTTP 404: there is none of that name", "gs:///x": "want gs://BUCKET/PREFIX", "ftp://x": "no such kind of input",
	} {
		in := f.Find(t.Context(), []string{operand, "-"}, strings.NewReader(""))
		if len(in.Files) != 1 || len(in.Refused) != 1 || in.Refused[0].Input != operand || !strings.Contains(in.Refused[0].Reason, says) {
			t.Errorf("%s: %v, refused %v; want %s", operand, names(in), in.Refused, says)
		}
	}
}

// replayedOf is what a replay without policies reads.
func replayedOf(t *testing.T, in replay.Inputs) replay.Summary {
	t.Helper()
	r, err := replay.Run(t.Context(), replay.Config{}, in)
	if err != nil {
		t.Fatal(err)
	}
	return r.Summary
}

func TestAnObjectIsReadToItsEndHoweverOftenTheConnectionBreaks(t *testing.T) {
	t.Parallel()
	line := `{"logName":"projects/p/logs/x","timestamp":"2026-11-20T10:00:00Z","protoPayload":{"serviceName":"none"}}` + "\n"
	c := &cloudAPI{objects: map[string]string{"a.json": strings.Repeat(line, 5000)}, cut: 100_000, fail: []int{0, 503, 429}}
	f, waited := found(t, c)
	s := replayedOf(t, f.Find(t.Context(), []string{"gs://logs/a.json"}, nil))
	if s.Records != 5000 || s.Irrelevant != 5000 || len(s.Refused) > 0 {
		t.Errorf("%d records, %d irrelevant, refused %v", s.Records, s.Irrelevant, s.Refused)
	}
	if want := []time.Duration{time.Second, 2 * time.Second}; !slices.Equal(*waited, want) || len(c.requests) < 8 {
		t.Errorf("waited %v, want %v; asked %v", *waited, want, c.requests)
	}
	c.fail, c.cut = []int{0, 403}, 0
	s = replayedOf(t, f.Find(t.Context(), []string{"gs://logs/a.json"}, nil))
	if len(s.Refused) != 1 || !strings.Contains(s.Refused[0].String(), "gs://logs/a.json: HTTP 403: you may not: it takes storage.objects.list and storage.objects.get") {
		t.Errorf("refused %v", s.Refused)
	}
}

func TestWhatCloudLoggingHoldsIsReadPageByPage(t *testing.T) {
	t.Parallel()
	c := &cloudAPI{fail: []int{0, 429}}
	for i := range 5 {
		c.entries = append(c.entries, entryOf(i))
	}
	f, waited := found(t, c)
	s := replayedOf(t, f.Find(t.Context(), []string{`logging://projects/pay-prod?since=2026-11-01T00:00:00Z&filter=severity%3D"NOTICE"`}, nil))
	if s.Records != 5 || s.Irrelevant != 5 || len(s.Refused) > 0 || s.Last.Second() != 4 {
		t.Errorf("%d records, %d irrelevant, to %v, refused %v", s.Records, s.Irrelevant, s.Last, s.Refused)
	}
	want := "projects/pay-prod: " + auditlog.Filter() + ` AND timestamp>="2026-11-01T00:00:00Z" AND (severity="NOTICE")`
	for _, got := range c.filters {
		if got != want {
			t.Errorf("filter %s\nwant %s", got, want)
		}
	}
	if len(c.filters) != 3 || !slices.Equal(*waited, []time.Duration{between, time.Second, between}) {
		t.Errorf("%d pages, waited %v", len(c.filters), *waited)
	}
}

func TestAListThatBreaksOffSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	c := &cloudAPI{fail: []int{0, 403}, entries: []string{entryOf(0), entryOf(1), entryOf(2)}}
	f, _ := found(t, c)
	s := replayedOf(t, f.Find(t.Context(), []string{"logging://organizations/77"}, nil))
	if len(s.Refused) != 1 || s.Records != 2 || !strings.Contains(s.Refused[0].Reason, "it takes logging.logEntries.list") ||
		!strings.HasSuffix(s.Refused[0].Reason, "to go on from here, read logging://organizations/77 with &pageToken=2") {
		t.Errorf("%d records, refused %v", s.Records, s.Refused)
	}
	s = replayedOf(t, f.Find(t.Context(), []string{"logging://organizations/77?pageToken=2"}, nil))
	if s.Records != 1 || len(s.Refused) > 0 {
		t.Errorf("%d records, refused %v", s.Records, s.Refused)
	}
	for operand, says := range map[string]string{
		"logging://projects/p?filtr=x": `unknown parameter "filtr"`, "logging://buckets/p": "want logging://projects/P", "logging://projects/p?since=soon": `since is "soon", want a time`,
	} {
		if in := f.Find(t.Context(), []string{operand}, nil); len(in.Refused) != 1 || !strings.Contains(in.Refused[0].Reason, says) {
			t.Errorf("%s: refused %v, want %s", operand, in.Refused, says)
		}
	}
}

func TestAReadingThatIsStoppedWaitsForNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	f, _ := found(t, &cloudAPI{fail: []int{503, 503, 503}})
	cancel()
	if in := f.Find(ctx, []string{"gs://logs/a"}, nil); len(in.Refused) != 1 || !strings.Contains(in.Refused[0].Reason, context.Canceled.Error()) {
		t.Errorf("refused %v", in.Refused)
	}
	if err := wait(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("waited: %v", err)
	}
}
