package sim

import (
	"errors"
	"slices"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
)

// decoded is a Cloud whose entries are read by the product's own decoder.
func decoded(t *testing.T) (*Cloud, func() []cloud.Change) {
	t.Helper()
	c, _ := seeded(t, Options{})
	var got []cloud.Change
	c.opt.Emit = func(entry []byte) {
		change, err := auditlog.Decode(entry)
		if err != nil && !errors.Is(err, auditlog.ErrFailedCall) {
			t.Errorf("decode: %v\n%s", err, entry)
		}
		got = append(got, change)
	}
	return c, func() []cloud.Change { out := got; got = nil; return out }
}

func TestBothHalvesOfAnUpdateDecodeToOneChange(t *testing.T) {
	c, take := decoded(t)
	_, err := updateService(t, dial(t, c), &runpb.Service{Template: &runpb.RevisionTemplate{ServiceAccount: computeSA}}, "template.service_account")
	must(t, err)
	got := take()
	if len(got) != 2 || got[0].ID == "" || got[0].ID != got[1].ID || got[0].Half != cloud.FirstHalf || got[1].Half != cloud.LastHalf {
		t.Fatalf("changes: %+v", got)
	}
	for _, ch := range got {
		if ch.Resource.String() != "//run.googleapis.com/"+serviceName || ch.Verb != cloud.Update || ch.Actor.Principal != "user:dev@example.com" {
			t.Errorf("change: %+v", ch)
		}
	}
	if id := got[1].Workload.Identity; id != cloud.KnownIdentity(computeSA) {
		t.Errorf("identity %+v", id)
	}
}

func TestAPolicyWriteDecodesToItsGrants(t *testing.T) {
	c, take := decoded(t)
	g := dial(t, c)
	public := cloud.Grant{Role: "roles/run.invoker", Member: "allUsers"}
	_, err := g.services.SetIamPolicy(as(t, "bot@pay-prod.iam.gserviceaccount.com"), &iampb.SetIamPolicyRequest{Resource: serviceName, Policy: policyOf(bind(public.Role, "allUsers"))})
	must(t, err)
	got := take()[0]
	if got.HasDelta || !slices.Contains(got.Added(), public) || got.Actor.Principal != "serviceAccount:bot@pay-prod.iam.gserviceaccount.com" {
		t.Errorf("change: %+v", got)
	}
	must(t, c.PutPolicy("projects/pay-prod", policyOf(bind("roles/viewer", "user:old@example.com"))))
	_, err = g.projects.SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: "projects/pay-prod", Policy: policyOf(bind("roles/editor", "user:new@example.com"))})
	must(t, err)
	want := []cloud.Delta{
		{Action: cloud.Add, Grant: cloud.Grant{Role: "roles/editor", Member: "user:new@example.com"}},
		{Action: cloud.Remove, Grant: cloud.Grant{Role: "roles/viewer", Member: "user:old@example.com"}},
	}
	if diff := cmp.Diff(want, take()[0].Deltas); diff != "" {
		t.Errorf("deltas (-want +got):\n%s", diff)
	}
}

func TestAV1ReplaceDecodesWithItsRegion(t *testing.T) {
	c, take := decoded(t)
	base := rest(t, c)
	_, o := regional(t, base, "GET", v1Service, nil)
	dig(o, "spec", "template", "spec").(map[string]any)["serviceAccountName"] = computeSA
	dig(o, "metadata", "annotations").(map[string]any)["run.googleapis.com/invoker-iam-disabled"] = "true"
	regional(t, base, "PUT", v1Service, o)
	got := take()[0]
	if got.Resource.String() != "//run.googleapis.com/"+serviceName || got.Verb != cloud.Replace ||
		got.Workload.Identity != cloud.KnownIdentity(computeSA) || got.Workload.InvokerCheckDisabled != cloud.KnownFlag(true) {
		t.Errorf("change: %+v", got)
	}
}
