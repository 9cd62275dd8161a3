package remediate_test

import (
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/grpc/codes"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

const apiFunction = "projects/pay-prod/locations/europe-west1/functions/api"

// labelled has mallory give the service the label of Cloud Functions.
func (g *rig) labelled() {
	g.update(&runpb.Service{Labels: map[string]string{"goog-managed-by": "cloudfunctions"}}, "labels")
	g.events()
}

// A deployer's label turned every revert of their deploys into a question.
func TestR9NobodyTurnsARevertIntoAQuestionByALabel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		rest func(*rig)
		want state.State
		says string
	}{
		{"a label alone", func(*rig) {}, state.Reverted, ""},
		{"a label, and somebody else's function", func(g *rig) { g.cloud.PutFunction(apiFunction, otherPath) }, state.Reverted, ""},
		{"a label, and the function", func(g *rig) { g.cloud.PutFunction(apiFunction, apiPath) }, state.Pending, "owned by Cloud Functions"},
		{"a label, and functions that may not be read", func(g *rig) { g.cloud.Fail("GetFunction", 100, codes.PermissionDenied) },
			state.Pending, "whether Cloud Functions owns it is unknown: permission cloudfunctions.functions.get missing on"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, set{ingress: policies.Revert})
			g.labelled()
			tt.rest(g)
			g.open("internal")
			g.want(g.one(), tt.want, tt.says)
		})
	}
}

func TestR9WhatAFunctionDoesNotWriteIsRevertedBelowIt(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.labelled()
	g.cloud.PutFunction(apiFunction, apiPath)
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.want(g.one(), state.Reverted, "removed roles/run.invoker to allUsers")

	g.cloud.Fail("GetService", 1, codes.PermissionDenied) // nor does it matter who owns it
	g.grant(apiPath, "roles/run.invoker", "allAuthenticatedUsers")
	g.want(g.one(), state.Reverted, "removed roles/run.invoker to allAuthenticatedUsers")

	g.cloud.SetConstraint("folders/4001", constraint, false)
	g.update(&runpb.Service{InvokerIamDisabled: true}, "invoker_iam_disabled")
	g.cloud.SetConstraint("folders/4001", constraint, true)
	var found []finding.Finding
	for _, f := range g.deliver() {
		if f.Policy == public {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d findings, want one: %+v", len(found), found)
	}
	g.want(found[0], state.Reverted, "turned the invoker IAM check back on")
}
