package rollout

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
)

var start = time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)

// reverted is a finding of the day that would be a revert, which ended so many hours later;
// 0 for one with no end.
func reverted(project, service string, day, ended int) replay.Finding {
	f := replay.Finding{
		Policy: "no-public-invoker", Verdict: policies.Violation, Decision: judge.Revert, Project: project, Actor: "user:ada@example.com",
		Resource: cloud.RunResource(cloud.RunService, project, "l", service), Time: start.AddDate(0, 0, day),
		Plan: []replay.Step{{Step: policies.RemoveGrants, Before: judge.StepState{Grants: []cloud.Grant{{Role: "roles/run.invoker", Member: "allUsers"}}}}},
	}
	if ended > 0 {
		f.Ended = &replay.Ending{By: "user:bob@example.com", Time: f.Time.Add(time.Duration(ended) * time.Hour), After: int64(ended) * 3600, Method: "google.cloud.run.v1.Services.SetIamPolicy"}
	}
	return f
}

func history(days int, findings ...replay.Finding) replay.Report {
	return replay.Report{Compared: findings, Summary: replay.Summary{First: start, Last: start.AddDate(0, 0, days)}}
}

// A scope can revert where all was taken back anyway, and no day of ninety is missing.
func TestAScopeIsProposedForRevertWhereNothingWasLikelyWrong(t *testing.T) {
	right := reverted("pay", "api", 40, 2)
	deleted := reverted("pay", "api", 40, 2)
	deleted.Ended.Method = "google.cloud.run.v1.Services.DeleteService"
	asked := reverted("pay", "api", 40, 2)
	asked.Decision = judge.Ask
	gap := history(100, right)
	gap.Summary.Gaps = []time.Time{start.AddDate(0, 0, 50)}
	unread := history(100, right)
	unread.Summary.Refused = []replay.Problem{{Input: "a", Reason: "it is not there"}}
	endless := history(100, right)
	endless.Summary.WithoutEntry = 40_000
	before := history(100, right)
	before.Summary.WithoutEntry = 1
	before.Summary.Gaps = []time.Time{start.AddDate(0, 0, 3)}
	for name, tt := range map[string]struct {
		history replay.Report
		want    policies.Enforcement
		wrong   int
		since   time.Time
		until   time.Time
	}{
		"somebody took it back":                        {history(100, right), policies.Revert, 0, time.Time{}, time.Time{}},
		"it went with its resource":                    {history(100, deleted), policies.Revert, 0, time.Time{}, time.Time{}},
		"no entry ends it":                             {history(100, right, reverted("pay", "web", 50, 0)), policies.Approve, 1, time.Time{}, time.Time{}},
		"it was made again after it was taken back":    {history(100, right, reverted("pay", "api", 41, 2)), policies.Approve, 1, time.Time{}, time.Time{}},
		"another was made after it":                    {history(100, right, reverted("pay", "web", 41, 2)), policies.Revert, 0, time.Time{}, time.Time{}},
		"what no entry ends is older than ninety days": {history(100, right, reverted("pay", "web", 2, 0)), policies.Revert, 0, time.Time{}, time.Time{}},
		"the history is short":                         {history(60, right), policies.Approve, 0, time.Time{}, time.Time{}},
		"a day is missing":                             {gap, policies.Approve, 0, time.Time{}, time.Time{}},
		"a day before the ninety is missing":           {before, policies.Revert, 0, time.Time{}, time.Time{}},
		"less was asked for":                           {history(100, right), policies.Approve, 0, start.AddDate(0, 0, 30), time.Time{}},
		"the end of it was left out":                   {history(100, right), policies.Approve, 0, time.Time{}, start.AddDate(0, 0, 60)},
		"which days are missing is not known":          {endless, policies.Approve, 0, time.Time{}, time.Time{}},
		"a part could not be read":                     {unread, policies.Approve, 0, time.Time{}, time.Time{}},
		"it would only have been asked about":          {history(100, asked), policies.Approve, 0, time.Time{}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			p := Of(tt.history, tt.since, tt.until)
			if len(p.Scopes) != 1 || p.Scopes[0].Scope != "projects/pay" {
				t.Fatalf("scopes %+v, want the project alone", p.Scopes)
			}
			if got, wrong := p.Proposed(p.Scopes[0]), p.Scopes[0].LikelyWrong(); got != tt.want || wrong != tt.wrong {
				t.Errorf("%s with %d likely wrong, want %s with %d: %+v", got, wrong, tt.want, tt.wrong, p.Scopes[0])
			}
		})
	}
}

func written(t *testing.T, r replay.Report) string {
	t.Helper()
	var b strings.Builder
	if err := Of(r, time.Time{}, time.Time{}).Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The plan is a policy file that loads, whatever is in the history.
func TestAPlanIsAPolicyFileThatLoads(t *testing.T) {
	evil := reverted("x: y}\n    enforcement: revert #\u2028", "a\": {b}\n- c", 50, 0)
	own := reverted("pay", "api", 50, 0)
	own.Policy = "our-own\nname: evil"
	org := reverted("", "", 50, 2)
	org.Resource = cloud.OrganizationResource("77")
	for name, r := range map[string]replay.Report{
		"nothing": {}, "no finding": history(100), "strange names": history(100, evil), "a policy of a user": history(100, own),
		"all": history(100, evil, own, org, reverted("pay", "api", 3, 2), reverted("web", "api", 60, 0)),
	} {
		text := written(t, r)
		set, err := policies.Load(policies.File{Name: "plan.yaml", Data: []byte(text)})
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
			continue
		}
		if set == nil {
			t.Errorf("%s: nothing was loaded", name)
		}
	}
}

func TestAPlanSaysWhatItRestsOn(t *testing.T) {
	var findings []replay.Finding
	for i := range 3 {
		f := reverted("pay", fmt.Sprint("api-", i), 40, 2)
		f.Time = f.Time.Add(time.Duration(i) * time.Minute)
		findings = append(findings, f)
	}
	text := written(t, history(100, append(findings, reverted("web", "hook", 60, 0))...))
	for _, want := range []string{
		"# What the history from 2026-08-11 to 2026-11-09 speaks for.",
		"      # 3 would have been reverted, 3 taken back by somebody anyway (right), at most 3 in an hour\n      # of user:ada@example.com\n      - {scope: \"projects/pay\", enforcement: revert}\n",
		"      # 1 would have been reverted, 1 with no end in the history (likely wrong), at most 1 in an hour\n",
		"      - {scope: \"projects/web\", enforcement: approve}\n",
		"    #   - {resource: \"run.googleapis.com/projects/web/locations/l/services/hook\", owner: \"\", reason: \"\", expires: \"\"}\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the plan lacks %q:\n%s", want, text)
		}
	}
	if text := written(t, history(30, findings[0])); !strings.Contains(text, "# It is too little for any revert: it has 30 days of 90") {
		t.Errorf("a short history is not told:\n%s", text)
	}
}
