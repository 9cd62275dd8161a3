package notify_test

import (
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
)

func TestCommandsAreOneShellWordPerValue(t *testing.T) {
	f := publicService()
	f.Plan = remediate.NewPlan([]remediate.Step{{
		Kind: policies.RemoveGrants, Resource: cloud.ProjectResource("pay-prod"),
		Before: remediate.StepState{Grants: []cloud.Grant{{
			Role: "roles/editor", Member: "user:a'; rm -rf ~; echo '\nreboot",
			Condition: cloud.Condition{Title: "until friday", Expression: `request.time < timestamp("2026-11-27T00:00:00Z")`},
		}}},
	}}, "")
	want := `gcloud projects remove-iam-policy-binding pay-prod --member='user:a'\''; rm -rf ~; echo '\'' reboot' --role=roles/editor ` +
		`--condition='^~~^expression=request.time < timestamp("2026-11-27T00:00:00Z")~~title=until friday'`
	if got := notify.Card(f, options).Fix[0]; got != want {
		t.Errorf("command:\n%s\nwant:\n%s", got, want)
	}
}
