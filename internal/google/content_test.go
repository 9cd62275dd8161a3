package google

import (
	"strings"
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/protobuf/proto"

	"github.com/rescind-dev/rescind/internal/sim"
)

const appImage = "example.com/app@sha256:a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"

func (w *world) runImage(t *testing.T, account, image string) {
	t.Helper()
	must(t, w.PutService(&runpb.Service{Name: service.Path(), Template: &runpb.RevisionTemplate{
		ServiceAccount: account, Containers: []*runpb.Container{{Image: image}},
	}}))
}

func TestR4ContentRanBeforeOnlyAsTheAccountBefore(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(*testing.T, *world)
		why  string // empty for what ran before
	}{
		{"the same image", func(t *testing.T, w *world) {
			w.runImage(t, apiAccount, appImage)
			w.runImage(t, defaultAccount, appImage)
		}, ""},
		{"that of an older revision of the account", func(t *testing.T, w *world) {
			w.runImage(t, apiAccount, appImage)
			w.runImage(t, apiAccount, strings.Replace(appImage, "a1a1", "b2b2", 1))
			w.runImage(t, defaultAccount, appImage)
		}, ""},
		{"that of a revision of another account", func(t *testing.T, w *world) {
			w.runImage(t, "other@pay-prod.iam.gserviceaccount.com", appImage)
			w.runImage(t, apiAccount, strings.Replace(appImage, "a1a1", "b2b2", 1))
			w.runImage(t, defaultAccount, appImage)
		}, "no revision ran exactly this as " + apiAccount},
		{"that of a revision of the account which could not start", func(t *testing.T, w *world) {
			w.runImage(t, apiAccount, strings.Replace(appImage, "a1a1", "b2b2", 1))
			w.RefuseToStart(apiAccount)
			w.runImage(t, apiAccount, appImage)
			w.runImage(t, defaultAccount, appImage)
		}, "no revision ran exactly this as " + apiAccount},
		{"a tag that points where it did", func(t *testing.T, w *world) {
			w.runImage(t, apiAccount, "example.com/app:v1")
			w.runImage(t, defaultAccount, "example.com/app:v1")
		}, "by a tag"},
		{"a tag that points elsewhere now", func(t *testing.T, w *world) {
			w.runImage(t, apiAccount, "example.com/app:v1")
			w.MoveTag("example.com/app:v1", "what the attacker pushed")
			w.runImage(t, defaultAccount, "example.com/app:v1")
		}, "by a tag"},
		{"a template that was written after its revision", func(t *testing.T, w *world) {
			w.runImage(t, apiAccount, appImage)
			w.runImage(t, defaultAccount, appImage)
			s, err := w.client.getService(t.Context(), service)
			must(t, err)
			s.Template.Containers[0].Command = []string{"sh"}
			w.answer("Services/GetService", func(any) (any, error) { return s, nil })
		}, "is not there to be compared"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			tt.make(t, w)
			got, err := w.client.Workload(t.Context(), service)
			must(t, err)
			if got.Content.RanBefore != (tt.why == "") || !strings.Contains(got.Content.Why, tt.why) {
				t.Errorf("content %+v, want it to say %q", got.Content, tt.why)
			}
		})
	}
}

func TestR4WhatThisVersionDoesNotKnowOfARevisionCounts(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.runImage(t, apiAccount, appImage)
	w.runImage(t, defaultAccount, appImage)
	list, err := w.client.revisions().ListRevisions(t.Context(), &runpb.ListRevisionsRequest{Parent: service.Path()}).Next()
	must(t, err)
	other := proto.CloneOf(list)
	same := func() bool { return ranAs(list.GetServiceAccount(), list, []*runpb.Revision{other}) }
	if !same() {
		t.Fatal("a revision is not the same as itself")
	}
	other.ProtoReflect().SetUnknown([]byte{0xf8, 0x3f, 1}) // field 1023 = 1
	if same() {
		t.Error("a setting that this version does not know of was passed over")
	}
}
