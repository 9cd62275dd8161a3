package auditlog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
)

const (
	own      = "api@pay-prod.iam.gserviceaccount.com"
	standard = "264172533001-compute@developer.gserviceaccount.com"
)

var (
	unknown   = cloud.Identity{}
	unset     = cloud.Identity{Knowledge: cloud.Unset}
	unchanged = cloud.Identity{Knowledge: cloud.Unchanged}
	stays     = cloud.Flag{Knowledge: cloud.Unchanged}
)

// v1 and v2 are a service in either shape, with a service account unless empty.
func v1(account string, annotations obj) obj {
	spec := obj{"containers": []any{}}
	if account != "" {
		spec["serviceAccountName"] = account
	}
	return obj{"metadata": obj{"name": "api", "annotations": annotations}, "spec": obj{"template": obj{"spec": spec}}}
}

func v2(account string, fields obj) obj {
	out := obj{"template": obj{"containers": []any{}}}
	if account != "" {
		out["template"] = obj{"serviceAccount": account}
	}
	for k, v := range fields {
		out[k] = v
	}
	return out
}

const (
	request    = "protoPayload.request"
	response   = "protoPayload.response"
	methodName = "protoPayload.methodName"
	service    = "protoPayload.request.service"
)

func TestWhatAWriteSaysOfIdentityAndInvokerCheck(t *testing.T) {
	off := obj{invokerAnnotation: "true"}
	for _, tt := range []struct {
		name     string
		fixture  string
		edits    obj
		identity cloud.Identity
		check    cloud.Flag
	}{
		{"a v1 create that names an account", createService, obj{service: v1(own, nil), response: nil},
			cloud.KnownIdentity(own), cloud.KnownFlag(false)},
		{"a v1 create: what was stored wins", createService, obj{service: v1(own, off), response: v1(standard, nil)},
			cloud.KnownIdentity(standard), cloud.KnownFlag(false)},
		{"a v1 create without an account in either body", createService, obj{service: v1("", off), response: nil},
			unset, cloud.KnownFlag(true)},
		{"a v1 create with an empty account", createService, obj{service: obj{"metadata": obj{}, "spec": obj{"template": obj{"spec": obj{"serviceAccountName": ""}}}}, response: nil},
			unset, cloud.KnownFlag(false)},
		{"a v1 create with no body at all", createService, obj{request: nil, response: nil}, unknown, cloud.Flag{}},
		{"a v1 create whose specs are null", createService, obj{service + ".spec": nil, response: obj{"spec": nil}}, unknown, cloud.Flag{}},
		{"a v1 create whose annotation is a bool", createService, obj{service: v1(own, obj{invokerAnnotation: true}), response: nil},
			cloud.KnownIdentity(own), cloud.Flag{}},
		{"a v1 create whose account is a number", createService,
			obj{service: obj{"metadata": obj{}, "spec": obj{"template": obj{"spec": obj{"serviceAccountName": 7}}}}, response: nil}, unknown, cloud.Flag{}},
		{"a v1 create without metadata in the response", createService, obj{service: v1("", off), response: obj{"spec": obj{"template": obj{}}}},
			unset, cloud.KnownFlag(true)},
		{"a v1 create with the annotation set to false", createService, obj{service: v1(own, obj{invokerAnnotation: "false"}), response: nil},
			cloud.KnownIdentity(own), cloud.KnownFlag(false)},
		{"a v1 replace without an account in either body", "v1-replace-service-gcloud", obj{service: v1("", nil), response: v1("", nil)},
			unknown, cloud.KnownFlag(false)},
		{"a v1 replace that only the request shows", "v1-replace-service-gcloud", obj{service: v1(own, off), response: nil},
			cloud.KnownIdentity(own), cloud.KnownFlag(true)},
		{"a v2 create of which the first half is an operation", "v2-create-service-first", obj{service: v2("", obj{"invokerIamDisabled": true})},
			unset, cloud.KnownFlag(true)},
		{"a v2 create in snake case", "v2-create-service-first",
			obj{service: obj{"template": obj{"service_account": own}, "invoker_iam_disabled": true}}, cloud.KnownIdentity(own), cloud.KnownFlag(true)},
		{"a v2 create whose only account builds the image", "v2-create-service-first",
			obj{service: v2("", obj{"buildConfig": obj{"serviceAccount": own}})}, unset, cloud.KnownFlag(false)},
		{"a v2 create with a full service account name", "v2-create-service-first",
			obj{service: v2("projects/-/serviceAccounts/"+own, nil)}, cloud.KnownIdentity(own), cloud.KnownFlag(false)},
		{"a v2 create whose operation is done", "v2-create-service-first",
			obj{response: obj{"done": true, "response": v2(standard, obj{"invokerIamDisabled": true})}}, cloud.KnownIdentity(standard), cloud.KnownFlag(true)},
		{"a v2 last half with a v1 response", "v2-create-service-last", obj{response: v1(standard, off)},
			cloud.KnownIdentity(standard), cloud.KnownFlag(true)},
		{"a v2 last half that shows nothing", "v2-create-service-last", obj{response: obj{}}, unknown, cloud.Flag{}},
		{"a v2 update whose mask leaves both out", updateService, obj{"protoPayload.request.updateMask": "template.containers, labels"}, unchanged, stays},
		{"a v2 update whose mask leaves them out, but the response shows them", updateService,
			obj{"protoPayload.request.updateMask": "labels", response: v2(standard, nil)}, cloud.KnownIdentity(standard), cloud.KnownFlag(false)},
		{"a v2 update whose mask names them and that shows neither", updateService,
			obj{request: obj{"service": obj{}, "updateMask": "template.serviceAccount,invokerIamDisabled"}}, unknown, cloud.Flag{}},
		{"a v2 update whose mask is a star", updateService, obj{request: obj{"service": v2(own, nil), "update_mask": "*"}},
			cloud.KnownIdentity(own), cloud.Flag{}},
		{"a v2 update without a mask", updateService, obj{request: obj{"service": v2("", nil)}}, unknown, cloud.Flag{}},
		{"a v2 update with an empty mask", updateService, obj{request: obj{"service": v2(own, nil), "updateMask": ""}}, cloud.KnownIdentity(own), cloud.Flag{}},
		{"a v2 update with a mask that is a number", updateService, obj{request: obj{"service": v2("", nil), "updateMask": 7}}, unknown, cloud.Flag{}},
		{"a v2 update with a mask that is a list", updateService, obj{request: obj{"service": v2(own, nil), "updateMask": []any{"labels"}}}, unchanged, stays},
		{"a v2 update that turns the check on in so many words", updateService,
			obj{request: obj{"service": obj{"invokerIamDisabled": false}, "updateMask": "invoker_iam_disabled"}}, unchanged, cloud.KnownFlag(false)},
		{"a v2 update that may have been a create", updateService,
			obj{request: obj{"service": v2(own, nil), "updateMask": "labels", "allow_missing": true}}, unknown, cloud.Flag{}},
		{"a v2 update that stored no account", updateService, obj{response: v2("", nil), request: obj{"service": obj{}, "updateMask": "template"}},
			unknown, cloud.KnownFlag(false)},
		{"a v2 job update without an account", "v2-update-job-first", obj{"protoPayload.request.job": obj{"template": obj{"template": obj{}}}},
			unknown, cloud.KnownFlag(false)},
		{"a v2 job account one template too high is none", "v2-update-job-first", obj{"protoPayload.request.job": v2(own, nil)},
			unknown, cloud.KnownFlag(false)},
		{"a v1 job account", "v1-create-job", obj{response: obj{"spec": obj{"template": obj{"spec": obj{"template": obj{"spec": obj{"serviceAccountName": own}}}}}}},
			cloud.KnownIdentity(own), cloud.KnownFlag(false)},
		{"a job has no invoker check even where nothing is shown", "v1-create-job", obj{request: "...", response: nil},
			unknown, cloud.KnownFlag(false)},
		{"a v1 worker pool", "v1-replace-worker-pool", obj{response: v1(own, nil)}, cloud.KnownIdentity(own), cloud.KnownFlag(false)},
		{"a v2 worker pool", "v2-create-worker-pool-first", obj{"protoPayload.request.worker_pool": v2(own, nil)},
			cloud.KnownIdentity(own), cloud.KnownFlag(false)},
		{"a write by Cloud Functions", "internal-replace-service", nil, unknown, cloud.Flag{Knowledge: cloud.Unchanged}},
		{"a create by Cloud Functions", "internal-replace-service",
			obj{methodName: "google.cloud.serverless.internal.InternalServices.CreateInternalService"}, unknown, cloud.Flag{Knowledge: cloud.Unchanged}},
		{"a split create whose piece shows an account", "v1-create-service-split", obj{service: v1(own, off)}, unknown, cloud.Flag{}},
		{"a response that is no object, beside a clean request", createService, obj{response: "...", service: v1(own, off)}, unknown, cloud.Flag{}},
		{"an account in the response that is a number", createService, obj{response: obj{"metadata": obj{}, "spec": obj{"template": obj{"spec": obj{"serviceAccountName": 5}}}}, service: v1(own, off)}, unknown, cloud.Flag{}},
		{"a v2 switch in the response that is a string", updateService, obj{response: obj{"template": obj{"serviceAccount": own}, "invokerIamDisabled": "true"}}, cloud.KnownIdentity(own), cloud.Flag{}},
		{"a split of the wrong type", createService, obj{"split": "...", service: v1(own, off)}, unknown, cloud.Flag{}},
		{"a split into one piece", createService, obj{"split": obj{"totalSplits": 1}, response: v1(own, off)},
			cloud.KnownIdentity(own), cloud.KnownFlag(true)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Decode(build(t, tt.fixture, tt.edits))
			if err != nil {
				t.Fatal(err)
			}
			got := []any{c.Workload.Identity, c.Workload.InvokerCheckDisabled}
			if diff := cmp.Diff([]any{tt.identity, tt.check}, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			checkUnread(t, c, "identity", tt.identity == unknown)
			checkUnread(t, c, "invoker check", tt.check == cloud.Flag{})
		})
	}
}

// checkUnread wants a reason beside each thing left open, and beside no other.
func checkUnread(t *testing.T, c cloud.Change, field string, want bool) {
	t.Helper()
	got := false
	for _, u := range c.Unread {
		got = got || u.Field == field && u.Why != ""
	}
	if got != want {
		t.Errorf("unread %v, want %s among it: %v", c.Unread, field, want)
	}
}

func TestIngressIsTheDefaultWhereAWholeServiceNamesNone(t *testing.T) {
	for _, tt := range []struct {
		name, fixture string
		edits         obj
		want          string
		unread        bool
	}{
		{"a create that names none", createService, obj{response: v1(own, obj{})}, "all", false},
		{"a whole object that names none", "v1-replace-service-gcloud", obj{response: v1(own, obj{})}, "all", false},
		{"an update that leaves it out", updateService, obj{request: obj{"service": v2(own, nil), "updateMask": "template"}}, "", false},
		{"an update that may have been a create", updateService, obj{request: obj{"service": v2(own, nil), "updateMask": "template", "allowMissing": true}}, "", true},
		{"an update whose mask names it, without it", updateService, obj{request: obj{"service": v2(own, nil), "updateMask": "ingress"}}, "", true},
		{"a word that is not known", "v2-create-service-last", obj{response: v2("", obj{"ingress": "INGRESS_TRAFFIC_SOME"})}, "", true},
		{"a function's service", "internal-replace-service", nil, "", true},
		{"a job is not reached from outside", "v2-update-job-first", nil, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Decode(build(t, tt.fixture, tt.edits))
			if err != nil {
				t.Fatal(err)
			}
			if c.Workload.Ingress != tt.want {
				t.Errorf("ingress %q, want %q", c.Workload.Ingress, tt.want)
			}
			checkUnread(t, c, "ingress", tt.unread)
		})
	}
}

func TestIngressAndLabelsAreReadInTheWordsOfV1(t *testing.T) {
	managed := func(by string) obj { return obj{"labels": obj{"goog-managed-by": by}} }
	for _, tt := range []struct {
		name, fixture       string
		edits               obj
		ingress, controller string
		perhaps             string // who may own it, as the label says
	}{
		{"v1", createService, obj{response: v1("", obj{ingressAnnotation: "internal"})}, "internal", "", ""},
		{"v2 all", "v2-create-service-last", obj{response: v2("", obj{"ingress": "INGRESS_TRAFFIC_ALL"})}, "all", "", ""},
		{"v2 load balancer", "v2-create-service-last", obj{response: v2("", obj{"ingress": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"})}, "internal-and-cloud-load-balancing", "", ""},
		{"a word that is not known", "v2-create-service-last", obj{response: v2("", obj{"ingress": "INGRESS_TRAFFIC_SOME"})}, "", "", ""},
		{"an update that leaves it out", updateService, obj{request: obj{"service": v2(own, obj{"ingress": "INGRESS_TRAFFIC_ALL"}), "updateMask": "template"}}, "", "", ""},
		{"a function's service", "v2-create-service-last", obj{response: v2("", managed("cloudfunctions"))}, "all", "", "Cloud Functions"},
		{"a Firebase service", "v2-create-service-last", obj{response: v2("", managed("firebase-app-hosting"))}, "all", "", "Firebase"},
		{"a label that no product is known by", "v2-create-service-last", obj{response: v2("", managed("something"))}, "all", "", ""},
		{"a label the update did not write", updateService, obj{request: obj{"service": v2(own, managed("cloudfunctions")), "updateMask": "template"}}, "", "", ""},
		{"Cloud Functions itself", "internal-replace-service", nil, "", "Cloud Functions", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Decode(build(t, tt.fixture, tt.edits))
			if err != nil {
				t.Fatal(err)
			}
			if w := c.Workload; w.Ingress != tt.ingress || w.Controller != tt.controller {
				t.Errorf("ingress %q, controller %q, want %q, %q", w.Ingress, w.Controller, tt.ingress, tt.controller)
			}
			if why := c.Workload.ControllerWhy; (why != "") != (tt.perhaps != "") || !strings.Contains(why, tt.perhaps) {
				t.Errorf("it says %q of who may own it, want %q in it", why, tt.perhaps)
			}
		})
	}
}

func TestARehearsalIsToldByItsParameter(t *testing.T) {
	for param, values := range map[string][]any{
		"dryRun": {"all", "All"}, "dry_run": {"all"}, "validateOnly": {true}, "validate_only": {true},
	} {
		for _, v := range values {
			c, err := Decode(build(t, createService, obj{request + "." + param: v}))
			if !isRehearsal(err) || c.Resource.Name != "api" || c.ID == "" {
				t.Errorf("%s %v: %v, %s", param, v, err, c.Resource)
			}
		}
	}
	for param, v := range (obj{"dryRun": "", "validateOnly": false, "validate_only": false}) {
		if c, err := Decode(build(t, createService, obj{request + "." + param: v})); err != nil || len(c.Unread) > 0 {
			t.Errorf("%s %v: %v, %v unread", param, v, err, c.Unread)
		}
	}
	// What may have been one is neither a change that was made nor none.
	for param, v := range (obj{"dryRun": true, "dry_run": "none", "validateOnly": "true", "validate_only": 1}) {
		c, err := Decode(build(t, createService, obj{request + "." + param: v}))
		if err != nil || c.Workload.Identity.Knowledge != cloud.Unknown || c.Workload.InvokerCheckDisabled.Knowledge != cloud.Unknown || len(c.Unread) < 3 {
			t.Errorf("%s %v: %v, %+v", param, v, err, c.Workload)
		}
	}
}
