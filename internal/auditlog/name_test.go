package auditlog

import (
	"errors"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

func isRehearsal(err error) bool { return errors.Is(err, ErrRehearsal) }

const (
	resource = "protoPayload.resourceName"
	labels   = "resource.labels"
)

func TestAResourceIsNamedWhereverTheEntryNamesIt(t *testing.T) {
	const api = "//run.googleapis.com/projects/pay-prod/locations/europe-west1/services/api"
	for _, tt := range []struct {
		name, fixture string
		edits         obj
		want          string
	}{
		{"v1 by the location label", createService, obj{"protoPayload.resourceLocation": nil}, api},
		{"v1 by the current location", createService, obj{labels: obj{"project_id": "pay-prod"}}, api},
		{"v1 by the request's region", createService, obj{labels: obj{}, "protoPayload.resourceLocation": nil, request + ".region": "europe-west1"}, api},
		{"v1 by the request's parent", createService, obj{labels: obj{}, "protoPayload.resourceLocation": nil, request + ".parent": "projects/pay-prod/regions/europe-west1"}, api},
		{"v1 by the stored label", "v1-create-service-console", obj{labels: obj{}, "protoPayload.resourceLocation": nil, request: nil}, api},
		{"v1 without a region", createService, obj{labels: obj{}, "protoPayload.resourceLocation": "..."}, "//run.googleapis.com/projects/pay-prod/locations/-/services/api"},
		{"with its host before it", setPolicy, obj{resource: api}, api},
		{"a policy by the request", setPolicy, obj{resource: nil}, api},
		{"a project number, and the id in a label", setPolicy, obj{resource: "projects/264172533001/locations/europe-west1/services/api"}, api},
		{"a project number, and the id in the log's name", setPolicy, obj{resource: "projects/264172533001/locations/europe-west1/services/api", labels: obj{}}, api},
		{"a project number and no id", setPolicy, obj{resource: "projects/2641/locations/europe-west1/services/api", labels: obj{}, "logName": "folders/1/logs/cloudaudit.googleapis.com%2Factivity"},
			"//run.googleapis.com/projects/2641/locations/europe-west1/services/api"},
		{"a v2 create by its id", "v2-create-service-first", obj{request + ".service_id": nil, request + ".serviceId": "web"}, "//run.googleapis.com/projects/pay-prod/locations/europe-west1/services/web"},
		{"a v2 create by its response", "v2-create-service-last", obj{resource: "projects/pay-prod/locations/europe-west1"}, api},
		{"a v2 create by its label", "v2-create-service-first", obj{request: nil, labels + ".service_name": "api"}, api},
		{"a v2 job by its id", "v2-create-service-first", obj{methodName: "google.cloud.run.v2.Jobs.CreateJob", request: obj{"job_id": "nightly"}}, "//run.googleapis.com/projects/pay-prod/locations/europe-west1/jobs/nightly"},
		{"a worker pool as gcloud spells it", "v1-set-iam-policy-worker-pool", obj{resource: "projects/pay-prod/locations/europe-west1/worker-pools/queue"}, "//run.googleapis.com/projects/pay-prod/locations/europe-west1/workerPools/queue"},
		{"a bare SetIamPolicy by its resource", setPolicy, obj{methodName: "SetIamPolicy", resource: "projects/pay-prod/locations/europe-west1/jobs/nightly"}, "//run.googleapis.com/projects/pay-prod/locations/europe-west1/jobs/nightly"},
		{"a method in gRPC's spelling", setPolicy, obj{methodName: "/google.cloud.run.v2.Services/SetIamPolicy"}, api},
		{"a project by its label", "project-set-iam-policy-mixed", obj{resource: nil}, "//cloudresourcemanager.googleapis.com/projects/pay-prod"},
		{"a folder by its label", "folder-set-iam-policy", obj{resource: nil}, "//cloudresourcemanager.googleapis.com/folders/4001"},
		{"an organization by its label", "organization-set-iam-policy", obj{resource: nil}, "//cloudresourcemanager.googleapis.com/organizations/77"},
		{"a service account by the request", "service-account-set-iam-policy", obj{labels: obj{}, request + ".resource": "projects/pay-prod/serviceAccounts/" + own}, "//iam.googleapis.com/projects/pay-prod/serviceAccounts/" + own},
		{"a service account by its number", "service-account-set-iam-policy", obj{labels: obj{}}, "//iam.googleapis.com/projects/pay-prod/serviceAccounts/105537"},
		{"a service account in the other spelling", "service-account-set-iam-policy", obj{methodName: "google.iam.admin.v1.SetIamPolicy"}, "//iam.googleapis.com/projects/pay-prod/serviceAccounts/" + own},
		{"a function by its stored service", "function-update-last", obj{response + ".serviceConfig.service": "projects/pay-prod/locations/europe-west1/services/renamed"}, "//run.googleapis.com/projects/pay-prod/locations/europe-west1/services/renamed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Decode(build(t, tt.fixture, tt.edits))
			if err != nil {
				t.Fatal(err)
			}
			if c.Resource.String() != tt.want {
				t.Errorf("resource %s\nwant     %s", c.Resource, tt.want)
			}
			if c.Workload != nil && c.Workload.Resource != c.Resource {
				t.Errorf("the workload is %s, the change's resource %s", c.Workload.Resource, c.Resource)
			}
			if c.Resource.Location == anyLocation {
				checkUnread(t, c, "resource", true)
			}
		})
	}
}

func TestMethodsAreKnownHarmlessOrReported(t *testing.T) {
	const v1, v2 = "google.cloud.run.v1.", "google.cloud.run.v2."
	for method, want := range map[string]error{
		v1 + "Services.GetIamPolicy": ErrNotChange, v2 + "Services.ListServices": ErrNotChange,
		v1 + "Jobs.RunJob": ErrNotChange, v2 + "Executions.CancelExecution": ErrNotChange,
		v2 + "Revisions.DeleteRevision": ErrNotChange, v2 + "Builds.SubmitBuild": ErrNotChange,
		v2 + "Instances.GetInstance":   ErrNotChange,
		v2 + "Instances.StartInstance": ErrNotChange, v1 + "Instances.StopInstance": ErrNotChange,
		v2 + "Instances.MoveInstance": ErrUnknownMethod, v2 + "Services.MoveService": ErrUnknownMethod,
		v1 + "Configurations.ReplaceConfiguration": ErrUnknownMethod, "...": ErrUnknownMethod,
		v1 + "Services.CreateService": nil, v1 + "Services.ReplaceService": nil, v2 + "Services.UpdateService": nil,
		v1 + "Services.DeleteService": nil, v2 + "Services.SetIamPolicy": nil, "google.cloud.run.v3.Services.SetIamPolicy": nil,
	} {
		c, err := Decode(build(t, setPolicy, obj{"protoPayload.methodName": method}))
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", method, err, want)
		}
		if want == ErrUnknownMethod && (c.Method != method || c.Service != runService || c.InsertID == "" || c.Time.IsZero() ||
			c.Actor.Principal != "user:ada@example.com" || c.Resource.Name != "api" && c.Resource != (cloud.Resource{})) {
			t.Errorf("%s: reported as %+v", method, c)
		}
	}
	for _, m := range []string{"GetIamPolicy", "InsertProjectOwnershipInvite", "DeleteProject"} {
		if _, err := Decode(build(t, "project-set-iam-policy-mixed", obj{"protoPayload.methodName": m})); !errors.Is(err, ErrNotChange) {
			t.Errorf("%s: %v", m, err)
		}
	}
	for _, m := range []string{"google.iam.admin.v1.QueryGrantableRoles", "google.iam.admin.v1.DeleteServiceAccountKey"} {
		if _, err := Decode(build(t, "service-account-set-iam-policy", obj{"protoPayload.methodName": m})); !errors.Is(err, ErrNotChange) {
			t.Errorf("%s: %v", m, err)
		}
	}
}

func TestADeletedWorkloadIsADeleteWithoutAWorkload(t *testing.T) {
	c, err := Decode(build(t, "v1-delete-service", nil))
	if err != nil || c.Verb != cloud.Delete || c.Workload != nil || len(c.Unread) > 0 {
		t.Errorf("%+v, %v", c, err)
	}
}
