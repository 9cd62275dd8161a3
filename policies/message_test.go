package policies

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
)

func TestEditorsFindingSaysHowToDoWithoutIt(t *testing.T) {
	const email = "264172533001-compute@developer.gserviceaccount.com"
	own, def := cloud.Member("serviceAccount:api@pay.iam.gserviceaccount.com"), cloud.Member("serviceAccount:"+email)
	c := cloud.Change{Resource: cloud.FolderResource("12"), Verb: cloud.SetPolicy, HasDelta: true, Deltas: []cloud.Delta{
		{Action: cloud.Add, Grant: cloud.Grant{Role: "roles/editor", Member: own}},
		{Action: cloud.Add, Grant: cloud.Grant{Role: "roles/owner", Member: def}},
		{Action: cloud.Add, Grant: cloud.Grant{Role: "roles/editor", Member: "user:ada@example.com"}},
	}}
	facts := Facts{
		{Kind: RuntimeIdentity, Name: "api@pay.iam.gserviceaccount.com"}: {Known: true, Value: true, Source: "facts.yaml"},
		{Kind: RuntimeIdentity, Name: email}:                             {Known: true, Value: true, Source: "facts.yaml"},
	}
	r := verdict(load(t), "no-editor-on-runtime-identity", Input{Change: c, Facts: facts})
	want := []string{
		"roles/editor to serviceAccount:api@pay.iam.gserviceaccount.com was added",
		"roles/owner to serviceAccount:" + email + " was added",
		"a Cloud Run workload runs as api@pay.iam.gserviceaccount.com (facts.yaml)",
		"a Cloud Run workload runs as " + email + " (facts.yaml)",
		"grant the account what its workloads use instead, for example roles/secretmanager.secretAccessor, roles/cloudsql.client, " +
			"roles/storage.objectUser, roles/pubsub.publisher, roles/datastore.user, roles/cloudtrace.agent, roles/logging.logWriter or roles/run.invoker",
		"what it used so far: https://console.cloud.google.com/iam-admin/iam?folder=12 " +
			"(role recommendations, https://cloud.google.com/policy-intelligence/docs/review-apply-role-recommendations)",
		email + " is a default account: builds and source deployments that run as it, and workloads that name no account, can break without the role",
	}
	if diff := cmp.Diff(want, r.Reasons); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
}

func TestAdviceIsAListOfSentences(t *testing.T) {
	_, err := Load(one("true", "advice: resource.name"))
	want := "mine.yaml:9:13: advice is of type string, want list(string)\n  |     advice: resource.name\n  |             ^"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestAdviceThatGoesWrongIsLeftOut(t *testing.T) {
	s := load(t, one("true", `advice: '["first", workload.labels["none"]]'`))
	if r := verdict(s, "mine", Input{Change: setPolicy(public)}); r.Verdict != Violation || len(r.Reasons) != 0 {
		t.Errorf("%q: %q", r.Verdict, r.Reasons)
	}
}

func TestTheMessageIsTheRenderedOne(t *testing.T) {
	in := Input{Change: setPolicy(public), Facts: enforced}
	if got, want := verdict(load(t), "no-public-invoker", in).Message, "anyone on the internet can invoke projects/pay/locations/europe-west1/services/api"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	in.Facts = nil
	if got := verdict(load(t), "no-public-invoker", in).Message; !strings.HasPrefix(got, "it is unknown whether this holds: anyone") {
		t.Errorf("unknown: %q", got)
	}
	s := load(t, one("true", `message: workload.labels["missing"]`))
	if got, want := verdict(s, "mine", in).Message, "Mine: projects/pay/locations/europe-west1/services/api"; got != want {
		t.Errorf("a message that goes wrong: got %q, want %q", got, want)
	}
}

func TestWhatIsExemptGetsNoAdvice(t *testing.T) {
	for exemption, want := range map[string]int{exemptionOf(whole): 0, exemptionOf(strings.Replace(whole, "/api", "/other", 1)): 1} {
		r := verdict(load(t, one("true", `advice: '["do without"]'`, exemption)), "mine", Input{Change: setPolicy(public)})
		if got := strings.Count(strings.Join(r.Reasons, "\n"), "do without"); got != want {
			t.Errorf("%q: %q", r.Verdict, r.Reasons)
		}
	}
}

// What may reach the service is said as it is, where the change shows it.
func TestAPublicInvokersFindingSaysWhoCanReachIt(t *testing.T) {
	api := cloud.RunResource(cloud.RunService, "pay", "europe-west1", "api")
	enforced := Facts{{Kind: ConstraintEnforced, Name: "run.managed.requireInvokerIam", Project: "pay"}: {Known: true, Value: true}}
	for ingress, want := range map[string]string{
		"":                                  "anyone on the internet can invoke " + api.Path(),
		"all":                               "anyone on the internet can invoke " + api.Path(),
		"internal":                          "anyone whom its ingress lets through (internal) can invoke " + api.Path(),
		"internal-and-cloud-load-balancing": "anyone whom its ingress lets through (internal-and-cloud-load-balancing) can invoke " + api.Path(),
	} {
		c := cloud.Change{Resource: api, Verb: cloud.Update, Workload: &cloud.Workload{Resource: api, Ingress: ingress, InvokerCheckDisabled: cloud.KnownFlag(true)}}
		if ingress == "" {
			c.Unread = []cloud.Unread{{Field: "ingress", Why: "not shown"}}
		}
		if r := verdict(load(t), "no-public-invoker", Input{Change: c, Facts: enforced}); r.Verdict != Violation || r.Message != want {
			t.Errorf("ingress %q: %s, %q; want %q", ingress, r.Verdict, r.Message, want)
		}
	}
}
