package sim_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/rescind-dev/rescind/internal/sim/transcode"
)

const (
	location = "projects/p/locations/l"
	service  = location + "/services/s"
)

// heard is a service of Cloud Run that remembers what it was asked.
type heard struct {
	runpb.UnimplementedServicesServer
	request proto.Message
	caller  metadata.MD
	refuses error
}

func (h *heard) take(ctx context.Context, r proto.Message) error {
	h.caller, _ = metadata.FromIncomingContext(ctx)
	h.request = r
	return h.refuses
}

func (h *heard) GetService(ctx context.Context, r *runpb.GetServiceRequest) (*runpb.Service, error) {
	return &runpb.Service{Name: r.Name, Ingress: runpb.IngressTraffic_INGRESS_TRAFFIC_ALL}, h.take(ctx, r)
}

func (h *heard) ListServices(ctx context.Context, r *runpb.ListServicesRequest) (*runpb.ListServicesResponse, error) {
	return &runpb.ListServicesResponse{}, h.take(ctx, r)
}

func (h *heard) CreateService(ctx context.Context, r *runpb.CreateServiceRequest) (*longrunningpb.Operation, error) {
	return &longrunningpb.Operation{}, h.take(ctx, r)
}

func (h *heard) UpdateService(ctx context.Context, r *runpb.UpdateServiceRequest) (*longrunningpb.Operation, error) {
	return &longrunningpb.Operation{}, h.take(ctx, r)
}

func (h *heard) GetIamPolicy(ctx context.Context, r *iampb.GetIamPolicyRequest) (*iampb.Policy, error) {
	return &iampb.Policy{}, h.take(ctx, r)
}

func (h *heard) SetIamPolicy(ctx context.Context, r *iampb.SetIamPolicyRequest) (*iampb.Policy, error) {
	return &iampb.Policy{}, h.take(ctx, r)
}

// ask makes one request of a face that knows h, and one rule that no annotation
// states.
func (h *heard) ask(t *testing.T, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	face := transcode.New(map[string][]*annotations.HttpRule{
		"google.cloud.run.v2.Services.GetService":   {transcode.Get("/old/{name=services/*}")},
		"google.cloud.run.v2.Services.SetIamPolicy": {transcode.Post("/old/{resource=services/*}:setIamPolicy")},
	})
	runpb.RegisterServicesServer(face, h)
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer alice@example.com")
	r.Header.Set("User-Agent", "terraform")
	w := httptest.NewRecorder()
	face.ServeHTTP(w, r)
	return w
}

func TestWhatARequestSaysReachesTheMethod(t *testing.T) {
	for _, tc := range []struct {
		sentence, method, path, body string
		want                         proto.Message
	}{
		{"a name in the path", "GET", "/v2/" + service, "", &runpb.GetServiceRequest{Name: service}},
		{"a body where the rule has none is not read", "GET", "/v2/" + service, `{"name":"other"}`, &runpb.GetServiceRequest{Name: service}},
		{"a path that only a rule of ours states", "GET", "/old/services/s", "", &runpb.GetServiceRequest{Name: "services/s"}},
		{
			"query fields, in either spelling", "GET", "/v2/" + location + "/services?pageSize=3&page_token=x&showDeleted=True", "",
			&runpb.ListServicesRequest{Parent: location, PageSize: 3, PageToken: "x", ShowDeleted: true},
		},
		{"what only concerns the answer's form", "GET", "/v2/" + service + "?alt=json&prettyPrint=false&$apiVersion=1", "", &runpb.GetServiceRequest{Name: service}},
		{
			"a body that is one field, and the others beside it", "POST", "/v2/" + location + "/services?serviceId=web&validateOnly=true", `{"template":{"serviceAccount":"a@b"}}`,
			&runpb.CreateServiceRequest{
				Parent: location, ServiceId: "web", ValidateOnly: true,
				Service: &runpb.Service{Template: &runpb.RevisionTemplate{ServiceAccount: "a@b"}},
			},
		},
		{"no body for a field that the body is", "POST", "/v2/" + location + "/services", "", &runpb.CreateServiceRequest{Parent: location}},
		{
			"a mask in JSON's spelling, and a part of a field in the path", "PATCH", "/v2/" + service + "?updateMask=template.serviceAccount,invokerIamDisabled", `{"etag":"x"}`,
			&runpb.UpdateServiceRequest{
				Service:    &runpb.Service{Name: service, Etag: "x"},
				UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"template.service_account", "invoker_iam_disabled"}},
			},
		},
		{
			"the name in the path, and not the one in the body", "PATCH", "/v2/" + service, `{"name":"projects/p/locations/l/services/other"}`,
			&runpb.UpdateServiceRequest{Service: &runpb.Service{Name: service}},
		},
		{"a field that nobody knows yet", "PATCH", "/v2/" + service, `{"shininess":3,"etag":"x"}`, &runpb.UpdateServiceRequest{Service: &runpb.Service{Name: service, Etag: "x"}}},
		{
			"an enumeration by its name", "PATCH", "/v2/" + service, `{"ingress":"INGRESS_TRAFFIC_INTERNAL_ONLY"}`,
			&runpb.UpdateServiceRequest{Service: &runpb.Service{Name: service, Ingress: runpb.IngressTraffic_INGRESS_TRAFFIC_INTERNAL_ONLY}},
		},
		{
			"a part of a field in the query", "GET", "/v2/" + service + ":getIamPolicy?options.requestedPolicyVersion=3", "",
			&iampb.GetIamPolicyRequest{Resource: service, Options: &iampb.GetPolicyOptions{RequestedPolicyVersion: 3}},
		},
		{
			"a body that is the whole request", "POST", "/v2/" + service + ":setIamPolicy", `{"policy":{"etag":"BwY=","bindings":[{"role":"r","members":["allUsers"]}]}}`,
			&iampb.SetIamPolicyRequest{Resource: service, Policy: &iampb.Policy{Etag: []byte{7, 6}, Bindings: []*iampb.Binding{{Role: "r", Members: []string{"allUsers"}}}}},
		},
		{"such a body on a path that only a rule of ours states", "POST", "/old/services/s:setIamPolicy", `{"policy":{}}`, &iampb.SetIamPolicyRequest{Resource: "services/s", Policy: &iampb.Policy{}}},
	} {
		h := &heard{}
		if w := h.ask(t, tc.method, tc.path, tc.body); w.Code != http.StatusOK {
			t.Errorf("%s: answered %d %s", tc.sentence, w.Code, w.Body)
			continue
		}
		if diff := cmp.Diff(tc.want, h.request, protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.sentence, diff)
		}
	}
}

func TestARequestThatCannotBeReadReachesNoMethod(t *testing.T) {
	for _, tc := range []struct {
		sentence, method, path, body string
		code                         int
		says                         string
	}{
		{"a path that nobody serves", "GET", "/v2/nonsense", "", 404, "has no GET /v2/nonsense"},
		{"a path with another verb's method", "PUT", "/v2/" + service, "", 404, "has no PUT"},
		{"a name with a segment too many", "GET", "/v2/" + service + "/s", "", 404, "has no GET"},
		{"a name with an empty segment", "GET", "/v2/projects//locations/l/services/s", "", 404, "has no GET"},
		{"a custom verb that nobody serves", "POST", "/v2/" + service + ":explode", "{}", 404, "has no POST"},
		{"a body that is no JSON", "PATCH", "/v2/" + service, "{", 400, "body: "},
		{"a body that is a list", "PATCH", "/v2/" + service, "[]", 400, "body: "},
		{"a body field of another type", "PATCH", "/v2/" + service, `{"template":"x"}`, 400, "body: "},
		{"a body over the cap", "PATCH", "/v2/" + service, strings.Repeat(" ", transcode.MaxBody+1), 400, "request body too large"},
		{"a query field that nobody knows", "GET", "/v2/" + service + "?colour=red", "", 400, `unknown field \"colour\"`},
		{"a query field of another type", "GET", "/v2/" + location + "/services?pageSize=many", "", 400, `field \"pageSize\": `},
		{"a part of a field that has none", "PATCH", "/v2/" + service + "?validate_only.x=1", "", 400, `field \"validate_only\" has no parts`},
		{"a part that a field does not have", "GET", "/v2/" + service + ":getIamPolicy?options.colour=1", "", 400, `unknown field \"colour\"`},
	} {
		h := &heard{}
		w := h.ask(t, tc.method, tc.path, tc.body)
		if w.Code != tc.code || !strings.Contains(w.Body.String(), tc.says) {
			t.Errorf("%s: answered %d %s", tc.sentence, w.Code, w.Body)
		}
		if h.request != nil {
			t.Errorf("%s: reached the method as %v", tc.sentence, h.request)
		}
	}
}

func TestTheMethodHearsWhoCalls(t *testing.T) {
	h := &heard{}
	h.ask(t, "GET", "/v2/"+service, "")
	want := metadata.Pairs("authorization", "Bearer alice@example.com", "user-agent", "terraform")
	if diff := cmp.Diff(want, h.caller); diff != "" {
		t.Errorf("caller (-want +got):\n%s", diff)
	}
}

func TestAnAnswerIsJSONInTheAPIsSpelling(t *testing.T) {
	w := (&heard{}).ask(t, "GET", "/v2/"+service, "")
	got := strings.ReplaceAll(w.Body.String(), " ", "") // protojson varies it on purpose
	want := `{"name":"` + service + `","ingress":"INGRESS_TRAFFIC_ALL"}`
	if got != want || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("answered %s as %s, want %s", got, w.Header().Get("Content-Type"), want)
	}
}

// policies answers on several paths: organization policies are of projects,
// folders and organizations.
type policies struct {
	orgpolicypb.UnimplementedOrgPolicyServer
}

func (policies) GetPolicy(_ context.Context, r *orgpolicypb.GetPolicyRequest) (*orgpolicypb.Policy, error) {
	return &orgpolicypb.Policy{Name: r.Name}, nil
}

func TestAMethodIsServedOnAllPathsOfItsAnnotation(t *testing.T) {
	face := transcode.New(nil)
	orgpolicypb.RegisterOrgPolicyServer(face, policies{})
	for _, name := range []string{"projects/p/policies/c", "folders/1/policies/c", "organizations/2/policies/c"} {
		w := httptest.NewRecorder()
		face.ServeHTTP(w, httptest.NewRequest("GET", "/v2/"+name, nil))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), name) {
			t.Errorf("%s: answered %d %s", name, w.Code, w.Body)
		}
	}
}
