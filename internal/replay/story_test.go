package replay_test

import (
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/policies"
)

// Stories are told by entries as the activity log of the project pay, number 12,
// has them. What comes out of them is compared by what people are shown.

type object = map[string]any

const (
	requireInvoker = "run.managed.requireInvokerIam"
	worker         = "worker@pay.iam.gserviceaccount.com"
	defaultAccount = "12-compute@developer.gserviceaccount.com"
)

func minute(n int) time.Time { return time.Date(2026, 11, 20, 10, n, 0, 0, time.UTC) }

// call is an entry of one call on the project.
func call(id string, at int, service, method, name string, payload object) object {
	p := object{
		"serviceName": service, "methodName": method, "resourceName": name,
		"authenticationInfo": object{"principalEmail": "dev@example.com"},
	}
	maps.Copy(p, payload)
	return object{
		"insertId": id, "logName": "projects/pay/logs/cloudaudit.googleapis.com%2Factivity", "timestamp": minute(at).Format(time.RFC3339Nano),
		"resource":     object{"labels": object{"project_id": "pay", "location": "l"}},
		"protoPayload": p,
	}
}

// with is the entry with other fields beside its payload.
func with(e object, fields object) object {
	out := maps.Clone(e)
	maps.Copy(out, fields)
	return out
}

// failed is the entry of the same call, refused.
func failed(e object) object {
	p := maps.Clone(e["protoPayload"].(object))
	p["status"] = object{"code": 7}
	return with(e, object{"protoPayload": p})
}

// published lets everyone invoke the service.
func published(id string, at int, service string) object {
	return call(id, at, "run.googleapis.com", "google.cloud.run.v1.Services.SetIamPolicy", "projects/pay/locations/l/services/"+service, object{
		"response": object{"etag": "e", "bindings": []object{{"role": "roles/run.invoker", "members": []string{"allUsers"}}}},
	})
}

// private takes every grant from the service, so that the history shows what it has.
func private(id string, at int, service string) object {
	e := published(id, at, service)
	e["protoPayload"].(object)["response"] = object{"etag": "e"}
	return e
}

// deployed is a whole write of the service by the v1 API. Its response has the
// number of the project. Without an account it is a create that names none.
func deployed(id string, at int, service, account string) object {
	verb, spec := "Replace", object{"containerConcurrency": 80}
	if account == "" {
		verb = "Create"
	} else {
		spec["serviceAccountName"] = account
	}
	return call(id, at, "run.googleapis.com", "google.cloud.run.v1.Services."+verb+"Service", "namespaces/pay/services/"+service, object{
		"response": object{
			"metadata": object{"name": service, "namespace": "12", "annotations": object{"run.googleapis.com/ingress": "internal"}},
			"spec":     object{"template": object{"spec": spec}},
		},
	})
}

// editor gives an account Editor on the project.
func editor(id string, at int, account string) object {
	return call(id, at, "cloudresourcemanager.googleapis.com", "SetIamPolicy", "projects/pay", object{
		"serviceData": object{"policyDelta": object{"bindingDeltas": []object{
			{"action": "ADD", "role": "roles/editor", "member": "serviceAccount:" + account},
		}}},
	})
}

// constrained sets requireInvoker at a container.
func constrained(id string, at int, container string, rules ...object) object {
	name := container + "/policies/" + requireInvoker
	return call(id, at, "orgpolicy.googleapis.com", "google.cloud.orgpolicy.v2.OrgPolicy.UpdatePolicy", name, object{
		"response": object{"name": name, "spec": object{"rules": rules}},
	})
}

// asked and done are the halves of an update by the v2 API: who asked for which
// account, and what was stored.
func asked(id string, at int, service, account string) object {
	return operation(id, at, service, "first", object{
		"request": object{"updateMask": "template,ingress", "service": object{"name": "projects/pay/locations/l/services/" + service, "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY",
			"template": object{"serviceAccount": account}}},
	})
}

func done(id string, at int, service, account string) object {
	return operation(id, at, service, "last", object{
		"authenticationInfo": object{},
		"response": object{"name": "projects/pay/locations/l/services/" + service, "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY",
			"template": object{"serviceAccount": account}},
	})
}

func operation(id string, at int, service, half string, payload object) object {
	e := call(id, at, "run.googleapis.com", "google.cloud.run.v2.Services.UpdateService", "projects/pay/locations/l/services/"+service, payload)
	return with(e, object{"operation": object{"id": "operations/of-" + service, half: true}})
}

// lines are the entries as JSON Lines.
func lines(t testing.TB, entries ...object) string {
	t.Helper()
	var b strings.Builder
	for _, e := range entries {
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	return b.String()
}

// replayed replays texts, each an input of its own, named a, b and so on, on a
// facts file in which the project has requireInvoker enforced.
func replayed(t testing.TB, texts ...string) replay.Report {
	t.Helper()
	return replayedBy(t, replay.Config{Facts: facts(t, enforcedFacts)}, texts...)
}

const enforcedFacts = `
constraints: {run.managed.requireInvokerIam: {enforced: [projects/pay]}}
projects: [{id: pay}]
`

// builtIn compiles the built-in policies once: that takes longer than a replay.
var builtIn = sync.OnceValues(func() (*policies.Set, error) { return policies.Load() })

func facts(t testing.TB, text string) *replay.FactsFile {
	t.Helper()
	f, err := replay.ParseFacts("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func replayedBy(t testing.TB, cfg replay.Config, texts ...string) replay.Report {
	t.Helper()
	if cfg.Policies == nil {
		set, err := builtIn()
		if err != nil {
			t.Fatal(err)
		}
		cfg.Policies = set
	}
	var in replay.Inputs
	for i, text := range texts {
		in.Files = append(in.Files, replay.ReaderInput(string(rune('a'+i)), strings.NewReader(text)))
	}
	r, err := replay.Run(t.Context(), cfg, in)
	if err != nil {
		t.Fatal(err)
	}
	accounted(t, r.Summary)
	return r
}

// reverting are the built-in policies, of which no-public-invoker reverts.
func reverting(t testing.TB) *policies.Set {
	t.Helper()
	set, err := policies.Load(policies.File{Name: "p.yaml",
		Data: []byte("apiVersion: rescind/v1\npolicies: [{name: no-public-invoker, enforcement: revert}]\n")})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// accounted holds a summary to its promise: no record is lost.
func accounted(t testing.TB, s replay.Summary) {
	t.Helper()
	n := s.Changes + s.Failed + s.Rehearsals + s.Irrelevant + s.Unreadable
	for _, of := range s.UnknownMethods {
		n += of
	}
	if n != s.Records {
		t.Errorf("%d of %d records are accounted for: %+v", n, s.Records, s)
	}
}

// told is what was found, a line each: "i1 no-public-invoker violation".
func told(r replay.Report) []string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, f.InsertID+" "+f.Policy+" "+string(f.Verdict))
	}
	return out
}
