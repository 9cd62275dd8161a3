package sim

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	iamadmin "cloud.google.com/go/iam/admin/apiv1"
	orgpolicy "cloud.google.com/go/orgpolicy/apiv2"
	rm "cloud.google.com/go/resourcemanager/apiv3"
	run "cloud.google.com/go/run/apiv2"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// google holds the real clients.
type google struct {
	services  *run.ServicesClient
	jobs      *run.JobsClient
	pools     *run.WorkerPoolsClient
	revisions *run.RevisionsClient
	projects  *rm.ProjectsClient
	folders   *rm.FoldersClient
	orgs      *rm.OrganizationsClient
	policies  *orgpolicy.Client
	roles     *iamadmin.IamClient
}

// dial serves a Cloud on loopback and returns the real clients of it.
func dial(t *testing.T, c *Cloud) google {
	t.Helper()
	addr := serve(t, c)
	o := []option.ClientOption{
		option.WithEndpoint(addr), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
	}
	ctx := t.Context()
	return google{
		services:  client(t, run.NewServicesClient, ctx, o),
		jobs:      client(t, run.NewJobsClient, ctx, o),
		pools:     client(t, run.NewWorkerPoolsClient, ctx, o),
		revisions: client(t, run.NewRevisionsClient, ctx, o),
		projects:  client(t, rm.NewProjectsClient, ctx, o),
		folders:   client(t, rm.NewFoldersClient, ctx, o),
		orgs:      client(t, rm.NewOrganizationsClient, ctx, o),
		policies:  client(t, orgpolicy.NewClient, ctx, o),
		roles:     client(t, iamadmin.NewIamClient, ctx, o),
	}
}

func client[C interface{ Close() error }](t *testing.T, open func(context.Context, ...option.ClientOption) (C, error), ctx context.Context, o []option.ClientOption) C {
	t.Helper()
	c, err := open(ctx, o...)
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func serve(t *testing.T, c *Cloud) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	done := make(chan error, 1)
	go func() { done <- c.Serve(l) }()
	t.Cleanup(func() {
		must(t, c.Close())
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return l.Addr().String()
}

// as makes calls under a principal.
func as(t *testing.T, email string) context.Context {
	return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+email)
}

func do(t *testing.T, req *http.Request) (int, string) {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, string(b)
}

// regional calls v1 the way gcloud does: the region is in the host.
func regional(t *testing.T, base, method, path string, send any) (int, map[string]any) {
	t.Helper()
	b, err := json.Marshal(send)
	must(t, err)
	req, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(string(b)))
	must(t, err)
	req.Host = "europe-west1-run.test"
	req.Header.Set("Authorization", "Bearer alice@example.com")
	code, text := do(t, req)
	var out map[string]any
	must(t, json.Unmarshal([]byte(text), &out))
	return code, out
}

const v1Service = "/apis/serving.knative.dev/v1/namespaces/pay-prod/services/api"

// rest serves the REST face and returns its address.
func rest(t *testing.T, c *Cloud) string {
	t.Helper()
	ts := httptest.NewServer(c.Handler())
	t.Cleanup(ts.Close)
	return ts.URL
}
