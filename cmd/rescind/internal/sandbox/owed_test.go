package sandbox_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/owed"
	"github.com/rescind-dev/rescind/remediate/state"
)

// publicReports is the entry of a grant to everyone, with a value that is nobody's to keep.
const publicReports = `{"logName":"projects/pay-prod/logs/cloudaudit.googleapis.com%2Factivity","insertId":"owed-1","timestamp":"NOW",` +
	`"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","serviceName":"run.googleapis.com",` +
	`"methodName":"google.cloud.run.v1.Services.SetIamPolicy","resourceName":"` + sandbox.Reports + `",` +
	`"authenticationInfo":{"principalEmail":"jo@example.com"},"metadata":{"note":"hunter2"},"requestMetadata":{"callerIp":"203.0.113.7"},` +
	`"request":{"resource":"` + sandbox.Reports + `","note":"hunter2","policy":{"bindings":[{"role":"roles/run.invoker","members":["allUsers"]}]}},` +
	`"response":{"etag":"BwY=","bindings":[{"role":"roles/run.invoker","members":["allUsers"]}]}}}`

// The receiver acknowledges what it cannot judge for now, keeps of it what policies judge
// and nothing else, and a process that runs judges it; so does a sweep where none does.
func TestWhatGoogleDoesNotAnswerIsOwedAndJudgedOnceItDoes(t *testing.T) {
	t.Parallel()
	for name, judged := range map[string]func(*testing.T, *sandbox.World, *process.App){
		"by a process that runs": func(t *testing.T, _ *sandbox.World, a *process.App) { serve(t, a, time.Second) },
		"by a sweep":             sweep,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			owedThenJudged(t, judged)
		})
	}
}

func owedThenJudged(t *testing.T, judged func(*testing.T, *sandbox.World, *process.App)) {
	w := newWorld(t, sandbox.Policies)
	var down atomic.Bool
	st, err := bolt.Open(t.TempDir() + "/state.db")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	a := another(t, w, func(c *config.Config, o *process.Options) {
		c.Scan.Every, o.Store = 0, st
		o.Dial = append(o.Dial, grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			if down.Load() {
				return status.Error(codes.Unauthenticated, "no token")
			}
			return next(ctx, method, req, reply, cc, opts...)
		}))
	})
	if err := a.ReadBaseline(t.Context()); err != nil {
		t.Fatal(err)
	}
	public := &iampb.Policy{Bindings: []*iampb.Binding{{Role: "roles/run.invoker", Members: []string{"allUsers"}}}}
	if err := w.Cloud.PutPolicy(sandbox.Reports, public); err != nil {
		t.Fatal(err)
	}
	down.Store(true)
	server := httptest.NewServer(a.Handler())
	defer server.Close()
	entry := strings.Replace(publicReports, "NOW", time.Now().UTC().Format(time.RFC3339Nano), 1)
	for range 2 {
		if code, err := w.Pusher.At(server.URL+"/events").Deliver(t.Context(), []byte(entry), "m-owed"); code != http.StatusNoContent || err != nil {
			t.Fatalf("HTTP %d, %v", code, err)
		}
	}
	all, err := st.Owed(t.Context(), owed.Query{})
	if err != nil || len(all) != 1 || !strings.Contains(all[0].Why, "no token") {
		t.Fatalf("owed: %+v, %v; want the one change", all, err)
	}
	kept, err := json.Marshal(all)
	if err != nil || !strings.Contains(string(kept), "jo@example.com") || strings.Contains(string(kept), "hunter2") || strings.Contains(string(kept), "203.0.113.7") {
		t.Errorf("more is kept than what is judged (%v): %s", err, kept)
	}
	down.Store(false)
	judged(t, w, a)
	eventually(t, "the grant to be reverted", func() bool {
		fs, err := st.Findings(t.Context(), finding.Query{})
		return err == nil && len(fs) == 1 && fs[0].State == state.Reverted
	})
	eventually(t, "nothing to be owed", func() bool { n, err := st.CountOwed(t.Context(), ""); return n == 0 && err == nil })
}
