package google

import (
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
)

const functionsIn = "projects/pay-prod/locations/europe-west1/functions/"

// live is the service as the API shows it.
func live(change func(*runpb.Service)) *runpb.Service {
	s := &runpb.Service{
		Name: service.Path(), Creator: "dev@example.com", LastModifier: "dev@example.com", Labels: map[string]string{"goog-managed-by": "cloudfunctions"},
		Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount}, Annotations: map[string]string{},
	}
	change(s)
	return s
}

func TestR9AControllerOwnsWhatMoreThanALabelSays(t *testing.T) {
	const agent = "service-264172533001@gcf-admin-robot.iam.gserviceaccount.com"
	labelled := func(*runpb.Service) {}
	for _, tt := range []struct {
		name      string
		service   func(*runpb.Service)
		functions map[string]string // the service of each
		want      string
		calls     int
	}{
		{"a label alone", labelled, nil, "", 1},
		{"a label, and the function", labelled, map[string]string{"api": service.Path()}, "Cloud Functions", 1},
		{"the function, and no label", func(s *runpb.Service) { s.Labels = nil }, map[string]string{"api": service.Path()}, "", 0},
		{"another label", func(s *runpb.Service) { s.Labels["goog-managed-by"] = "mallory" }, map[string]string{"api": service.Path()}, "", 0},
		{"a function whose name has capitals", func(s *runpb.Service) {
			s.Annotations["cloudfunctions.googleapis.com/function-id"] = "Api"
		}, map[string]string{"Api": service.Path()}, "Cloud Functions", 1},
		{"a function whose name has an underscore", func(s *runpb.Service) { s.Labels["goog-drz-cloudfunctions-id"] = "a_pi" },
			map[string]string{"a_pi": service.Path()}, "Cloud Functions", 1},
		{"somebody else's function", func(s *runpb.Service) { s.Labels["goog-drz-cloudfunctions-id"] = "pay" },
			map[string]string{"pay": "projects/pay-prod/locations/europe-west1/services/pay"}, "", 2},
		{"a name that leads elsewhere", func(s *runpb.Service) {
			s.Annotations["cloudfunctions.googleapis.com/function-id"] = "api/../../services/api"
		}, nil, "", 1},
		{"the agent made it", func(s *runpb.Service) { s.Creator, s.Labels = agent, nil }, nil, "Cloud Functions", 0},
		{"the agent wrote to it last", func(s *runpb.Service) { s.LastModifier, s.Labels = agent, nil }, nil, "Cloud Functions", 0},
		{"an agent of another organization", func(s *runpb.Service) {
			s.LastModifier, s.Labels = "service-9@gcf-admin-robot.iam.gserviceaccount.com", nil
		}, nil, "", 0},
		{"an account that is named alike", func(s *runpb.Service) { s.Creator = "service-264172533001@gcf-admin-robots.iam.gserviceaccount.com" }, nil, "", 1},
		{"Firebase's label alone", func(s *runpb.Service) { s.Labels["goog-managed-by"] = "firebaseapphosting" }, nil, "", 0},
		{"Firebase's agent", func(s *runpb.Service) {
			s.Creator = "service-264172533001@gcp-sa-firebaseapphosting.iam.gserviceaccount.com"
		}, nil, "Firebase", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			w.AddProject("theirs", "9", "organizations/88")
			for name, of := range tt.functions {
				w.PutFunction(functionsIn+name, of)
			}
			w.answer("Services/GetService", func(any) (any, error) { return live(tt.service), nil })
			got, err := w.client.Workload(t.Context(), service)
			must(t, err)
			if got.Controller != tt.want || got.ControllerWhy != "" {
				t.Errorf("owned by %q (%s), want %q", got.Controller, got.ControllerWhy, tt.want)
			}
			if n := count(w.calls, "FunctionService/GetFunction"); n != tt.calls {
				t.Errorf("%d functions were read, want %d", n, tt.calls)
			}
		})
	}
}

func TestR9WhoOwnsAServiceIsUnknownWhereItCannotBeRead(t *testing.T) {
	disabled := func(consumer string) error {
		s, err := status.New(codes.PermissionDenied, "Cloud Functions API has not been used").WithDetails(
			&errdetails.ErrorInfo{Reason: "SERVICE_DISABLED", Metadata: map[string]string{"service": "cloudfunctions.googleapis.com", "consumer": consumer}})
		must(t, err)
		return s.Err()
	}
	for _, tt := range []struct {
		name    string
		service func(*runpb.Service)
		err     error
		why     string
	}{
		{"the function may not be read", func(*runpb.Service) {}, status.Error(codes.PermissionDenied, "no"),
			"whether Cloud Functions owns it is unknown: permission cloudfunctions.functions.get missing on //cloudresourcemanager.googleapis.com/projects/pay-prod"},
		{"the API is off where rescind runs", func(*runpb.Service) {}, disabled("projects/1"), "whether Cloud Functions owns it is unknown"},
		{"the API is off in the project, which has no functions then", func(*runpb.Service) {}, disabled("projects/264172533001"), ""},
		{"what the label names can be no function", func(s *runpb.Service) { s.Labels["goog-drz-cloudfunctions-id"] = "_" }, status.Error(codes.InvalidArgument, "no"), ""},
		{"an agent of a project that nobody may read", func(s *runpb.Service) {
			s.Creator, s.Labels = "service-404@gcf-admin-robot.iam.gserviceaccount.com", nil
		}, nil, "whether Cloud Functions owns it is unknown: whether serviceAccount:service-404@"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			w.answer("Services/GetService", func(any) (any, error) { return live(tt.service), nil })
			w.answer("FunctionService/GetFunction", func(any) (any, error) { return nil, tt.err })
			got, err := w.client.Workload(t.Context(), service)
			must(t, err)
			if got.Controller != "" || !strings.HasPrefix(got.ControllerWhy, tt.why) || tt.why == "" && got.ControllerWhy != "" {
				t.Errorf("owned by %q (%s), want unknown: %q", got.Controller, got.ControllerWhy, tt.why)
			}
		})
	}
	w := newWorld(t, sim.Options{})
	w.answer("Services/GetService", func(any) (any, error) { return live(func(*runpb.Service) {}), nil })
	w.Fail("GetFunction", 1, codes.Internal)
	if _, err := w.client.Workload(t.Context(), cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api")); err == nil {
		t.Error("a failure that may pass is no error, so nobody comes again")
	}
}

func count(calls []string, method string) int {
	return len(slices.DeleteFunc(slices.Clone(calls), func(c string) bool { return c != method }))
}
