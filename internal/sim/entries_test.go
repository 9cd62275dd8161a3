package sim

import (
	"context"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// told is what of an entry tells one method from another.
type told struct {
	Method, Resource, Log string
	Type                  string // resource.type
	Labels                map[string]any
	Location              any
	Permission            any
	Request, Response     any // their types
	Status                any // nil: there is none
	First, Last           any // of an operation
}

func tell(e map[string]any) told {
	p := e["protoPayload"]
	t := told{
		Method: dig(p, "methodName").(string), Resource: dig(p, "resourceName").(string), Log: e["logName"].(string),
		Type: dig(e, "resource", "type").(string), Labels: dig(e, "resource", "labels").(map[string]any),
		Request: dig(p, "request", "@type"), Response: dig(p, "response", "@type"), Status: dig(p, "status"),
		First: dig(e, "operation", "first"), Last: dig(e, "operation", "last"),
	}
	if places, ok := dig(p, "resourceLocation", "currentLocations").([]any); ok {
		t.Location = places[0]
	}
	if info, ok := dig(p, "authorizationInfo").([]any); ok {
		t.Permission = dig(info[0], "permission")
	}
	return t
}

const (
	activity  = "/logs/cloudaudit.googleapis.com%2Factivity"
	googleapi = "type.googleapis.com/google."
)

// onRun is an entry about a workload, but for what its method says.
func onRun(k *kind, id string) told {
	labels := map[string]any{"project_id": "pay-prod", "location": "europe-west1", k.nameLabel: id}
	if k == serviceKind {
		labels["configuration_name"], labels["revision_name"] = "", ""
	}
	return told{Log: "projects/pay-prod" + activity, Type: k.resourceType, Labels: labels, Location: "europe-west1"}
}

// halves are the two entries of a long-running method of v2.
func halves(k *kind, id, method, permission string) []told {
	first := onRun(k, id)
	first.Method, first.Resource, first.Status = "google.cloud.run.v2."+k.noun+"s."+method, location+"/"+k.collection+"/"+id, map[string]any{}
	last := first
	first.Permission, first.First = k.permission+"."+permission, true
	first.Request, first.Response = googleapi+"cloud.run.v2."+method+"Request", googleapi+"longrunning.Operation"
	last.Response, last.Last = googleapi+"cloud.run.v2."+k.noun, true
	return []told{first, last}
}

func TestV2LogsEachMethodAsTwoHalves(t *testing.T) {
	c, j := seeded(t, Options{})
	g := dial(t, c)
	done := func(_ any, err error) error { return err }
	for _, tc := range []struct {
		do   func(context.Context) error
		want []told
	}{
		{func(ctx context.Context) error {
			return done(g.services.CreateService(ctx, &runpb.CreateServiceRequest{Parent: location, ServiceId: "web", Service: &runpb.Service{}}))
		}, halves(serviceKind, "web", "CreateService", "create")},
		{func(ctx context.Context) error {
			return done(g.services.UpdateService(ctx, &runpb.UpdateServiceRequest{Service: &runpb.Service{Name: serviceName, Description: "x"}}))
		}, halves(serviceKind, "api", "UpdateService", "update")},
		{func(ctx context.Context) error {
			return done(g.services.DeleteService(ctx, &runpb.DeleteServiceRequest{Name: serviceName}))
		}, halves(serviceKind, "api", "DeleteService", "delete")},
		{func(ctx context.Context) error {
			return done(g.jobs.CreateJob(ctx, &runpb.CreateJobRequest{Parent: location, JobId: "daily", Job: &runpb.Job{}}))
		}, halves(jobKind, "daily", "CreateJob", "create")},
		{func(ctx context.Context) error {
			return done(g.jobs.UpdateJob(ctx, &runpb.UpdateJobRequest{Job: &runpb.Job{Name: jobName}}))
		}, halves(jobKind, "nightly", "UpdateJob", "update")},
		{func(ctx context.Context) error {
			return done(g.jobs.DeleteJob(ctx, &runpb.DeleteJobRequest{Name: jobName}))
		}, halves(jobKind, "nightly", "DeleteJob", "delete")},
		{func(ctx context.Context) error {
			return done(g.pools.CreateWorkerPool(ctx, &runpb.CreateWorkerPoolRequest{Parent: location, WorkerPoolId: "sort", WorkerPool: &runpb.WorkerPool{}}))
		}, halves(workerPoolKind, "sort", "CreateWorkerPool", "create")},
		{func(ctx context.Context) error { // as gcloud creates one
			return done(g.pools.UpdateWorkerPool(ctx, &runpb.UpdateWorkerPoolRequest{WorkerPool: &runpb.WorkerPool{Name: location + "/workerPools/pack"}, AllowMissing: true}))
		}, halves(workerPoolKind, "pack", "UpdateWorkerPool", "update")},
		{func(ctx context.Context) error {
			return done(g.pools.DeleteWorkerPool(ctx, &runpb.DeleteWorkerPoolRequest{Name: poolName}))
		}, halves(workerPoolKind, "crunch", "DeleteWorkerPool", "delete")},
	} {
		must(t, tc.do(t.Context()))
		var got []told
		for _, e := range j.take() {
			got = append(got, tell(e))
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.want[0].Method, diff)
		}
	}
}

// once is the single entry of a writing method of v1, which names no region
// and has no status.
func once(k *kind, id, verb, permission string) told {
	e := onRun(k, id)
	e.Method, e.Resource = "google.cloud.run.v1."+k.noun+"s."+verb+k.noun, "namespaces/pay-prod/"+k.v1Collection()+"/"+id
	e.Permission, e.Request, e.Response = k.permission+"."+permission, googleapi+"cloud.run.v1."+verb+k.noun+"Request", googleapi+"cloud.run.v1."+k.noun
	if verb == "Delete" {
		e.Response = googleapi + "cloud.run.v1.Status"
	}
	return e
}

func TestV1LogsEachMethodOnce(t *testing.T) {
	c, j := seeded(t, Options{})
	base := rest(t, c)
	for _, tc := range []struct {
		k   *kind
		id  string
		api string
	}{
		{serviceKind, "api", "serving.knative.dev/v1"}, {jobKind, "nightly", "run.googleapis.com/v1"}, {workerPoolKind, "crunch", "run.googleapis.com/v1"},
	} {
		all := "/apis/" + tc.api + "/namespaces/pay-prod/" + tc.k.v1Collection()
		_, o := regional(t, base, "GET", all+"/"+tc.id, nil)
		regional(t, base, "PUT", all+"/"+tc.id, o)
		regional(t, base, "DELETE", all+"/"+tc.id, nil)
		meta := o["metadata"].(map[string]any)
		meta["name"] = "new"
		delete(meta, "resourceVersion")
		regional(t, base, "POST", all, o)
		want := []told{once(tc.k, tc.id, "Replace", "update"), once(tc.k, tc.id, "Delete", "delete"), once(tc.k, "new", "Create", "create")}
		var got []told
		for _, e := range j.take() {
			got = append(got, tell(e))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.k.noun, diff)
		}
	}
}

func TestAPolicyWriteIsLoggedByItsResource(t *testing.T) {
	c, j := seeded(t, Options{})
	c.AddServiceAccount("pay-prod", apiIdentity)
	g := dial(t, c)
	set := func(resource string) *iampb.SetIamPolicyRequest {
		return &iampb.SetIamPolicyRequest{Resource: resource, Policy: policyOf(bind("roles/run.invoker", "user:a@example.com"))}
	}
	const account = "projects/pay-prod/serviceAccounts/" + apiIdentity
	request, policy, ok := googleapi+"iam.v1.SetIamPolicyRequest", googleapi+"iam.v1.Policy", map[string]any{}
	run := func(k *kind, id, method string, status any) told {
		e := onRun(k, id)
		e.Method, e.Resource, e.Permission, e.Status = method, location+"/"+k.collection+"/"+id, k.permission+".setIamPolicy", status
		if k == serviceKind {
			e.Labels["service_name"] = ""
		}
		return e
	}
	for _, tc := range []struct {
		do   func(context.Context) (*iampb.Policy, error)
		want told
	}{
		{func(ctx context.Context) (*iampb.Policy, error) {
			return g.services.SetIamPolicy(ctx, set(serviceName))
		}, run(serviceKind, "api", runV2+"Services.SetIamPolicy", nil)},
		{func(ctx context.Context) (*iampb.Policy, error) { return g.jobs.SetIamPolicy(ctx, set(jobName)) }, run(jobKind, "nightly", runV2+"Jobs.SetIamPolicy", nil)},
		{func(ctx context.Context) (*iampb.Policy, error) { return g.pools.SetIamPolicy(ctx, set(poolName)) }, run(workerPoolKind, "crunch", runV2+"WorkerPools.SetIamPolicy", nil)},
		{
			func(ctx context.Context) (*iampb.Policy, error) {
				return g.projects.SetIamPolicy(ctx, set("projects/264172533001"))
			},
			told{Method: "SetIamPolicy", Resource: "projects/pay-prod", Log: "projects/pay-prod" + activity, Type: "project", Labels: map[string]any{"project_id": "pay-prod"}, Permission: "resourcemanager.projects.setIamPolicy", Status: ok},
		},
		{
			func(ctx context.Context) (*iampb.Policy, error) {
				return g.folders.SetIamPolicy(ctx, set("folders/4001"))
			},
			told{Method: "SetIamPolicy", Resource: "folders/4001", Log: "folders/4001" + activity, Type: "folder", Labels: map[string]any{"folder_id": "4001"}, Permission: "resourcemanager.folders.setIamPolicy", Status: ok},
		},
		{
			func(ctx context.Context) (*iampb.Policy, error) {
				return g.orgs.SetIamPolicy(ctx, set("organizations/77"))
			},
			told{Method: "SetIamPolicy", Resource: "organizations/77", Log: "organizations/77" + activity, Type: "organization", Labels: map[string]any{"organization_id": "77"}, Permission: "resourcemanager.organizations.setIamPolicy", Status: ok},
		},
		{
			func(ctx context.Context) (*iampb.Policy, error) {
				return (&iamAdmin{c: c}).SetIamPolicy(ctx, set(account))
			},
			told{
				Method: "google.iam.admin.v1.SetIAMPolicy", Resource: "projects/-/serviceAccounts/104785126512345678901", Log: "projects/pay-prod" + activity, Type: "service_account",
				Labels: map[string]any{"project_id": "pay-prod", "email_id": apiIdentity, "unique_id": "104785126512345678901"}, Permission: "iam.serviceAccounts.setIamPolicy", Status: ok,
			},
		},
	} {
		_, err := tc.do(t.Context())
		must(t, err)
		tc.want.Request, tc.want.Response = request, policy
		es := j.take()
		if diff := cmp.Diff([]told{tc.want}, []told{tell(es[0])}); diff != "" || len(es) != 1 {
			t.Errorf("%s, %d entries (-want +got):\n%s", tc.want.Resource, len(es), diff)
		}
	}
}

func TestOrganizationPolicyWritesAreLoggedWhereTheyAreSet(t *testing.T) {
	c, j := seeded(t, Options{})
	g := dial(t, c)
	for _, at := range []string{"projects/pay-prod", "folders/4001", "organizations/77"} {
		name := at + "/policies/" + requireInvokerIam
		p, err := g.policies.CreatePolicy(t.Context(), &orgpolicypb.CreatePolicyRequest{Parent: at, Policy: &orgpolicypb.Policy{Name: name, Spec: enforceSpec(true)}})
		must(t, err)
		p.Spec = enforceSpec(false)
		_, err = g.policies.UpdatePolicy(t.Context(), &orgpolicypb.UpdatePolicyRequest{Policy: p, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"spec"}}})
		must(t, err)
		must(t, g.policies.DeletePolicy(t.Context(), &orgpolicypb.DeletePolicyRequest{Name: name}))
		for i, e := range j.take() {
			verb := []string{"Create", "Update", "Delete"}[i]
			want := told{
				Method: orgPolicyV2 + verb + "Policy", Resource: name, Log: at + activity, Type: "audited_resource", Status: map[string]any{},
				Labels:     map[string]any{"service": "orgpolicy.googleapis.com", "method": orgPolicyV2 + verb + "Policy"},
				Permission: "orgpolicy.policies." + map[string]string{"Create": "create", "Update": "update", "Delete": "delete"}[verb],
				Request:    googleapi + "cloud.orgpolicy.v2." + verb + "PolicyRequest", Response: googleapi + "cloud.orgpolicy.v2.Policy",
			}
			if at == "projects/pay-prod" {
				want.Labels["project_id"] = "pay-prod"
			}
			if verb == "Delete" {
				want.Response = googleapi + "protobuf.Empty"
			}
			if diff := cmp.Diff(want, tell(e)); diff != "" {
				t.Errorf("%s of %s (-want +got):\n%s", verb, name, diff)
			}
		}
	}
}
