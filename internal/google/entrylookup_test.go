package google

import (
	"errors"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/logging/apiv2/loggingpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/cloud/audit"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
)

var _ remediate.EntryClient = (*Client)(nil)

// logged is a world, and every entry that it wrote, decoded.
func logged(t *testing.T) (w *world, changes func() []cloud.Change) {
	t.Helper()
	var entries [][]byte
	w = newWorld(t, sim.Options{Emit: func(e []byte) { entries = append(entries, e) }})
	addr := w.client.connections[0].Target()
	w.client = w.connectWith(t, addr, func(o *Options) { o.Endpoints.Logging = addr })
	return w, func() (out []cloud.Change) {
		for _, e := range entries {
			c, err := auditlog.Decode(e)
			if errors.Is(err, auditlog.ErrRehearsal) {
				continue
			}
			must(t, err)
			out = append(out, c)
		}
		return out
	}
}

// grant gives somebody a role, as the audit log tells of.
func (w *world) grant(t *testing.T, r cloud.Resource, role, member string) {
	t.Helper()
	p, err := w.client.Policy(t.Context(), r)
	must(t, err)
	p, _ = p.Apply([]cloud.Delta{{Action: cloud.Add, Grant: cloud.Grant{Role: role, Member: cloud.Member(member)}}})
	must(t, w.client.SetPolicy(t.Context(), r, p))
}

func TestAnEntryOfCloudLoggingIsTheEntryOfTheTopic(t *testing.T) {
	w, changes := logged(t)
	w.grant(t, service, "roles/run.invoker", "allUsers")
	w.grant(t, project, "roles/editor", "serviceAccount:"+apiAccount)
	live, err := w.client.Workload(t.Context(), service)
	must(t, err)
	must(t, w.client.SetIdentity(t.Context(), live, stranger))
	all := changes()
	if len(all) < 4 {
		t.Fatalf("%d entries, want two grants and the halves of a deploy", len(all))
	}
	for _, want := range all {
		entry, err := w.client.Entry(t.Context(), want)
		must(t, err)
		got, err := auditlog.Decode(entry)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-topic +Cloud Logging):\n%s", want.Method, diff)
		}
	}
}

func TestAnEntryThatIsNotThereIsNotFound(t *testing.T) {
	w, changes := logged(t)
	w.grant(t, service, "roles/run.invoker", "allUsers")
	c := changes()[0]
	for name, forge := range map[string]func(*cloud.Change){
		"another insertId":   func(c *cloud.Change) { c.InsertID = "forged" },
		"a quote in it":      func(c *cloud.Change) { c.InsertID += `"` },
		"a backslash in it":  func(c *cloud.Change) { c.InsertID += `\` },
		"another time":       func(c *cloud.Change) { c.Time = c.Time.Add(time.Nanosecond) },
		"another log":        func(c *cloud.Change) { c.LogName = "projects/pay-prod/logs/theirs" },
		"a log of elsewhere": func(c *cloud.Change) { c.LogName = "projects/theirs/logs/cloudaudit.googleapis.com%2Factivity" },
		"entries that lag":   func(*cloud.Change) { w.LagLogs(time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			c := c
			forge(&c)
			_, err := w.client.Entry(t.Context(), c)
			wantError(t, err, fault.ErrNotFound)
		})
	}
}

func TestALogNameMayComeDecoded(t *testing.T) {
	w, changes := logged(t)
	w.grant(t, service, "roles/run.invoker", "allUsers")
	c := changes()[0]
	c.LogName = strings.Replace(c.LogName, "%2F", "/", 1)
	_, err := w.client.Entry(t.Context(), c)
	must(t, err)
}

func TestALogThatMayNotBeReadNamesThePermission(t *testing.T) {
	w, changes := logged(t)
	w.grant(t, service, "roles/run.invoker", "allUsers")
	w.Fail("ListLogEntries", 1, codes.PermissionDenied)
	_, err := w.client.Entry(t.Context(), changes()[0])
	wantPermission(t, err, "logging.logEntries.list")
}

// What this program does not know must not keep it from reading the rest.
func TestAnEntryWithUnknownPartsIsRead(t *testing.T) {
	unknown := &anypb.Any{TypeUrl: "type.googleapis.com/google.unheard.of.Detail", Value: []byte{1}}
	payload, err := anypb.New(&audit.AuditLog{
		ServiceName: "run.googleapis.com", MethodName: "google.cloud.run.v1.Services.SetIamPolicy",
		ServiceData: unknown, //nolint:staticcheck // deprecated, and still written by Google
		Status:      &rpcstatus.Status{Code: 7, Details: []*anypb.Any{unknown}},
	})
	must(t, err)
	b, err := entryJSON(&loggingpb.LogEntry{InsertId: "a", Payload: &loggingpb.LogEntry_ProtoPayload{ProtoPayload: payload}})
	if err != nil || !strings.Contains(string(b), `"code":7`) && !strings.Contains(string(b), `"code": 7`) {
		t.Errorf("%s, %v; want the status", b, err)
	}
	_, err = entryJSON(&loggingpb.LogEntry{InsertId: "a", Payload: &loggingpb.LogEntry_TextPayload{TextPayload: "x"}})
	wantError(t, err, fault.ErrRefused)
}

// FuzzEntryFilter checks that no event can put more into the filter than three
// texts.
func FuzzEntryFilter(f *testing.F) {
	f.Add("projects/p/logs/cloudaudit.googleapis.com%2Factivity", "abc")
	f.Add(`projects/p/logs/x" OR logName="y`, `" OR insertId!="`)
	f.Add(`folders/1/logs/a\`, `\" OR "`)
	f.Fuzz(func(t *testing.T, log, insertID string) {
		in, filter, err := entryFilter(cloud.Change{LogName: log, InsertID: insertID, Time: time.Unix(1, 2)})
		if err != nil {
			return
		}
		texts, ok := texts(filter)
		if !ok || len(texts) != 3 || texts[2] != insertID || !strings.HasPrefix(texts[0], in.Path()+"/logs/") {
			t.Errorf("log %q, insertId %q: filter %s has %q", log, insertID, filter, texts)
		}
	})
}

// texts reads field="text" AND field="text" AND field="text".
func texts(filter string) (out []string, ok bool) {
	for _, field := range []string{`logName="`, ` AND timestamp="`, ` AND insertId="`} {
		rest, ok := strings.CutPrefix(filter, field)
		if !ok {
			return out, false
		}
		var text []byte
		i := 0
		for ; i < len(rest) && rest[i] != '"'; i++ {
			if rest[i] == '\\' {
				i++
			}
			if i < len(rest) {
				text = append(text, rest[i])
			}
		}
		if i >= len(rest) {
			return out, false
		}
		out, filter = append(out, string(text)), rest[i+1:]
	}
	return out, filter == ""
}

func TestAFilterOfWhatNobodyWritesIsRefused(t *testing.T) {
	for _, c := range []cloud.Change{
		{LogName: "billingAccounts/1/logs/x", InsertID: "a"},
		{LogName: "projects/p/logs/x%", InsertID: "a"},
		{LogName: "x", InsertID: "a"},
		{LogName: "projects/p/logs/x", InsertID: "a b"},
		{LogName: "projects/p/logs/x", InsertID: "a\n"},
		{LogName: "projects/p/logs/x", InsertID: "ä"},
		{LogName: "projects/p q/logs/x", InsertID: "a"},
	} {
		if _, filter, err := entryFilter(c); err == nil {
			t.Errorf("%+v: filter %s", c, filter)
		}
	}
	var client Client
	_, err := client.Entry(t.Context(), cloud.Change{LogName: "x"})
	if !errors.Is(err, fault.ErrRefused) {
		t.Errorf("error is %v, want that it is refused for good", err)
	}
}
