package replay

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
)

func service(name string) cloud.Resource {
	return cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", name)
}

func half(h cloud.Half, minute int, w *cloud.Workload, unread ...cloud.Unread) cloud.Change {
	c := cloud.Change{
		ID: "operation|o", InsertID: string(h), Operation: "o", Half: h, Time: at(minute),
		Verb: cloud.Update, Resource: service("api"), Workload: w, Unread: unread,
		Actor: cloud.Actor{Principal: cloud.UnknownActor},
	}
	if h == cloud.FirstHalf {
		c.Actor.Principal = "user:dev@example.com"
	}
	return c
}

func workload(id cloud.Identity, check cloud.Flag) *cloud.Workload {
	return &cloud.Workload{Resource: service("api"), Identity: id, InvokerCheckDisabled: check}
}

func TestJoinPrefersWhatWasStored(t *testing.T) {
	known, other := cloud.KnownIdentity("a@p.iam.gserviceaccount.com"), cloud.KnownIdentity("b@p.iam.gserviceaccount.com")
	unset, unchanged, unknown := cloud.Identity{Knowledge: cloud.Unset}, cloud.Identity{Knowledge: cloud.Unchanged}, cloud.Identity{}
	tests := []struct {
		name              string
		first, last, want cloud.Identity
	}{
		{"the stored account goes before the asked one", known, other, other},
		{"a stored account shows what the mask left out", unchanged, other, other},
		{"an account that is not shown is the asked one", known, unknown, known},
		{"nor does a response without one unset it", known, unset, known},
		{"what the mask left out stays", unchanged, unknown, unchanged},
		{"unset in both is unset", unset, unset, unset},
		{"asked for nothing and shown nothing", unknown, unknown, unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := join(half(cloud.FirstHalf, 1, workload(tt.first, cloud.KnownFlag(true))), half(cloud.LastHalf, 2, workload(tt.last, cloud.Flag{})))
			if c.Workload.Identity != tt.want {
				t.Errorf("identity %+v, want %+v", c.Workload.Identity, tt.want)
			}
			if c.Workload.InvokerCheckDisabled != cloud.KnownFlag(true) {
				t.Errorf("invoker check %+v, want what was asked", c.Workload.InvokerCheckDisabled)
			}
			if c.InsertID != "first" || !c.Time.Equal(at(1)) || c.Actor.Principal != "user:dev@example.com" || c.Half != cloud.Whole {
				t.Errorf("joined %+v, want it under its first half", c)
			}
		})
	}
}

func TestJoinForgetsWhatTheOtherHalfShows(t *testing.T) {
	first := half(cloud.FirstHalf, 1, workload(cloud.Identity{}, cloud.Flag{}), cloud.Unread{Field: "identity", Why: "not asked"}, cloud.Unread{Field: "invoker check", Why: "not asked"})
	last := half(cloud.LastHalf, 2, workload(cloud.KnownIdentity("a@p.iam.gserviceaccount.com"), cloud.Flag{}), cloud.Unread{Field: "invoker check", Why: "not shown"}, cloud.Unread{Field: "resource", Why: "no region"})
	want := []cloud.Unread{{Field: "invoker check", Why: "not shown"}}
	if diff := cmp.Diff(want, join(first, last).Unread); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
}

func TestJoinTakesTheActorAndTheRegionFromWhereTheyAre(t *testing.T) {
	first, last := half(cloud.FirstHalf, 1, nil), half(cloud.LastHalf, 2, nil)
	first.Actor, last.Actor = last.Actor, first.Actor
	first.Resource.Location = "-"
	c := join(first, last)
	if c.Actor.Principal != "user:dev@example.com" || c.Resource != service("api") {
		t.Errorf("actor %q, resource %s", c.Actor.Principal, c.Resource)
	}
}

// What was stored goes before what was asked for, and what is not shown to have
// been stored is as it was asked for.
func TestJoinTakesWhatOneHalfShows(t *testing.T) {
	shown := cloud.Change{
		Policy: &cloud.AllowPolicy{Etag: "shown"}, Constraint: &cloud.ConstraintChange{Name: "shown"},
		HasDelta: true, Deltas: []cloud.Delta{{Action: cloud.Add}},
		Workload: &cloud.Workload{Ingress: "all", Controller: "Firebase", Labels: map[string]string{"shown": ""}},
	}
	other := cloud.Change{
		Policy: &cloud.AllowPolicy{Etag: "other"}, Constraint: &cloud.ConstraintChange{Name: "other"}, HasDelta: true,
		Workload: &cloud.Workload{Ingress: "none", ControllerWhy: "other", Labels: map[string]string{"other": ""}},
	}
	hidden := cloud.Change{Workload: &cloud.Workload{}}
	for name, halves := range map[string][2]cloud.Change{
		"by the first alone": {shown, hidden}, "by the last alone": {hidden, shown}, "otherwise by the first": {other, shown}, "by the last without a workload": {shown, {}},
	} {
		if diff := cmp.Diff(shown, join(halves[0], halves[1])); diff != "" {
			t.Errorf("shown %s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAnOperation(t *testing.T) {
	first, last := half(cloud.FirstHalf, 1, nil), half(cloud.LastHalf, 2, nil)
	failed := func(h *history) { h.void(last) }
	add := func(c cloud.Change) func(*history) { return func(h *history) { h.add(c) } }
	tests := []struct {
		name  string
		steps []func(*history)
		want  []string // insertIds
	}{
		{"is one change", []func(*history){add(first), add(last)}, []string{"first"}},
		{"is one in either order", []func(*history){add(last), add(first)}, []string{"first"}},
		{"is one however often it is read", []func(*history){add(last), add(first), add(last), add(first)}, []string{"first"}},
		{"is judged by its first half alone", []func(*history){add(first)}, []string{"first"}},
		{"is judged by its last half alone", []func(*history){add(last)}, []string{"last"}},
		{"is nothing when it failed", []func(*history){add(first), failed}, nil},
		{"is nothing when its failure is read first", []func(*history){failed, add(first)}, nil},
		{"is nothing when only its failure is read", []func(*history){failed}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHistory()
			for _, step := range tt.steps {
				step(h)
			}
			var got []string
			for _, c := range h.changes(nil) {
				got = append(got, c.InsertID)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAChangeWithoutAnIDIsNeverADuplicate(t *testing.T) {
	h := newHistory()
	for _, c := range []cloud.Change{{ID: "a"}, {ID: "a"}, {}, {}} {
		h.add(c)
	}
	if n := len(h.changes(nil)); n != 3 {
		t.Errorf("%d changes, want 3", n)
	}
}
