package sim

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	orgpolicy "cloud.google.com/go/orgpolicy/apiv2"
	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	rm "cloud.google.com/go/resourcemanager/apiv3"
	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc/codes"

	"github.com/rescind-dev/rescind/internal/sim/transcode"
)

func TestTheRESTClientsSeeTheSameCloud(t *testing.T) {
	c, j := seeded(t, Options{OperationPolls: 1})
	c.SetConstraint("folders/4001", requireInvokerIam, true)
	o := []option.ClientOption{option.WithEndpoint(rest(t, c)), option.WithHTTPClient(http.DefaultClient)}
	ctx := t.Context()
	services := client(t, run.NewServicesRESTClient, ctx, o)
	before, err := services.GetService(ctx, &runpb.GetServiceRequest{Name: serviceName})
	must(t, err)
	update := &runpb.UpdateServiceRequest{
		Service:    &runpb.Service{Name: serviceName, Etag: before.Etag, Template: &runpb.RevisionTemplate{ServiceAccount: computeSA}},
		UpdateMask: mask("template.service_account"),
	}
	op, err := services.UpdateService(ctx, update)
	must(t, err)
	after, err := op.Wait(ctx)
	must(t, err)
	if after.Template.ServiceAccount != computeSA || len(after.Template.Containers) != 1 {
		t.Errorf("service after: %v", after)
	}
	_, err = services.UpdateService(ctx, update)
	wantCode(t, err, codes.Aborted)

	projects := client(t, rm.NewProjectsRESTClient, ctx, o)
	_, err = projects.SetIamPolicy(ctx, &iampb.SetIamPolicyRequest{Resource: "projects/pay-prod", Policy: policyOf(bind("roles/editor", "user:a@example.com"))})
	must(t, err)
	p, err := projects.GetIamPolicy(ctx, v3("projects/pay-prod"))
	must(t, err)
	if len(p.Bindings) != 1 {
		t.Errorf("project policy %v", p)
	}
	constraints := client(t, orgpolicy.NewRESTClient, ctx, o)
	effective, err := constraints.GetEffectivePolicy(ctx, &orgpolicypb.GetEffectivePolicyRequest{Name: "projects/pay-prod/policies/" + requireInvokerIam})
	must(t, err)
	if !effective.Spec.Rules[0].GetEnforce() {
		t.Errorf("effective policy %v", effective)
	}
	if got := strings.Join(methods(j.take()), " "); got != strings.Repeat(runV2+"Services.UpdateService ", 3)+"SetIamPolicy" {
		t.Errorf("logged %s", got)
	}
}

func TestRESTRefusesWhatItCannotRead(t *testing.T) {
	c, j := seeded(t, Options{})
	base := rest(t, c)
	for _, tc := range []struct {
		sentence, method, path, body string
		code                         int
		message                      string
	}{
		{"a path nobody serves", "GET", "/v2/nonsense", "", 404, "The simulator has no GET /v2/nonsense"},
		{"a body that is no JSON", "PATCH", "/v2/" + serviceName, "{", 400, "body: "},
		{"a query field nobody knows", "PATCH", "/v2/" + serviceName + "?colour=red", "{}", 400, `unknown field \"colour\"`},
		{"a part of a field without parts", "PATCH", "/v2/" + serviceName + "?validate_only.x=1", "{}", 400, `field \"validate_only\" has no parts`},
		{"a body over the cap", "PATCH", "/v2/" + serviceName, strings.Repeat(" ", transcode.MaxBody+1), 400, "request body too large"},
		{"a v1 body that is an array", "PUT", "/apis/serving.knative.dev/v1/namespaces/pay-prod/services/api", "[]", 400, "body: "},
		{"a v1 object without a template", "PUT", "/apis/serving.knative.dev/v1/namespaces/pay-prod/services/api", "{}", 400, "spec.template: required"},
		{"a v1 policy verb nobody knows", "GET", "/v1/" + serviceName + ":nonsense", "", 404, "The simulator has no GET"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tc.method, base+tc.path, strings.NewReader(tc.body))
		must(t, err)
		req.Host = "europe-west1-run.test"
		code, got := do(t, req)
		if code != tc.code || !strings.Contains(got, tc.message) {
			t.Errorf("%s: %d %s", tc.sentence, code, got)
		}
	}
	for _, e := range j.take() {
		if dig(e, "protoPayload", "status", "code") == nil {
			t.Errorf("logged as done: %v", e)
		}
	}
}

// FuzzHandler looks for a request that makes the simulator panic.
func FuzzHandler(f *testing.F) {
	for _, seed := range [][3]string{
		{"GET", "/v2/" + serviceName, ""},
		{"PATCH", "/v2/" + serviceName + "?updateMask=template.serviceAccount", `{"template":{"serviceAccount":"a@b"}}`},
		{"PATCH", "/v2/" + jobName, `{"template":{"template":{}}}`},
		{"POST", "/v2/" + location + "/services?serviceId=web", `{}`},
		{"POST", "/v2/" + serviceName + ":setIamPolicy", `{"policy":{"bindings":[{"role":"r","members":["allUsers"],"condition":{}}],"version":3}}`},
		{"GET", "/v2/projects/pay-prod/policies/c:getEffectivePolicy", ""},
		{"PATCH", "/v2/projects/pay-prod/policies/c?updateMask=spec", `{"spec":{"rules":[{}]}}`},
		{"PUT", v1Service, `{"spec":{"template":{"spec":{"containers":[{"image":1}]}}}}`},
		{"PUT", "/apis/run.googleapis.com/v1/namespaces/pay-prod/jobs/nightly", `{"spec":{"template":{"spec":{}}}}`},
		{"POST", "/v1/projects/pay-prod:setIamPolicy", `{"policy":{}}`},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, method, path, body string) {
		r := httptest.NewRequest("GET", "http://europe-west1-run.test/", strings.NewReader(body))
		u, err := r.URL.Parse(path)
		if err != nil || method == "" {
			return
		}
		r.Method, r.URL = method, u
		c, _ := seeded(t, Options{})
		c.Handler().ServeHTTP(httptest.NewRecorder(), r)
	})
}
