package report

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
)

var limits = Limits{Total: 50, PerPolicy: 20, PerProject: 10, PerActor: 10}

// evil is what a stranger may have named something: it ends a script, obeys a browser,
// clears a screen, begins lines, turns text around and is a formula.
const evil = "=x</script><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[2J\r\n\u202e\u2066\u2028\"'}{{.}}\x00\x7f\u009b"

// invented is a report of so many findings, of a seed: over 90 days of which two weeks are
// missing, by some people, in some projects, of four policies.
func invented(n int) replay.Report {
	rng := rand.New(rand.NewPCG(16, uint64(n)))
	kinds := []struct {
		policy   string
		severity policies.Severity
		step     policies.Remediation
	}{
		{"no-public-invoker", policies.High, policies.RemoveGrants},
		{"no-default-service-account", policies.High, policies.RestoreIdentity},
		{"no-editor-on-runtime-identity", policies.Critical, policies.RemoveGrants},
		{"no-constraint-weakening", policies.Critical, policies.RemoveGrants},
	}
	start := time.Date(2026, 8, 30, 0, 0, 0, 0, time.UTC)
	r := replay.Report{}
	for i := range n {
		minutes := 90 * 24 * 60 * i / max(n, 1)
		if day := minutes / 1440; day >= 30 && day < 44 { // of which there is no log
			minutes += 14 * 1440
		}
		k := kinds[min(rng.IntN(6), 3)]
		project := fmt.Sprintf("team-%d-%s", rng.IntN(12), []string{"prod", "dev"}[rng.IntN(2)])
		f := replay.Finding{
			Policy: k.policy, Severity: k.severity, Verdict: policies.Violation, Project: project,
			Resource: cloud.RunResource(cloud.RunService, project, "europe-west1", fmt.Sprintf("api-%d", rng.IntN(90))),
			Actor:    fmt.Sprintf("user:person-%d@example.com", min(rng.IntN(40), rng.IntN(40))),
			Time:     start.Add(time.Duration(minutes) * time.Minute), InsertID: fmt.Sprintf("id%06d", i),
			Method:      "google.cloud.run.v1.Services.SetIamPolicy",
			Enforcement: policies.Revert, Decision: []judge.Decision{judge.Revert, judge.Ask, judge.Report}[rng.IntN(3)],
			Reasons: []string{"anyone on the internet can invoke " + project + fmt.Sprintf(" at change %d", i), "roles/run.invoker to allUsers was added"},
			Tool:    []replay.Tool{replay.Gcloud, replay.Console, replay.Terraform, replay.Agent}[rng.IntN(4)],
		}
		grant := cloud.Grant{Role: "roles/run.invoker", Member: "allUsers"}
		f.Plan = []replay.Step{{Step: k.step, Before: judge.StepState{Grants: []cloud.Grant{grant}}}}
		switch rng.IntN(10) {
		case 0:
			f.Verdict, f.Decision = policies.Unknown, judge.Ask
		case 1:
			f.Verdict, f.Decision = policies.Exempt, judge.DoNothing
		}
		if rng.IntN(3) > 0 {
			after := time.Duration(rng.ExpFloat64() * float64(20*time.Hour)).Truncate(time.Second)
			f.Ended = &replay.Ending{By: fmt.Sprintf("user:person-%d@example.com", rng.IntN(9)), Time: f.Time.Add(after), After: int64(after / time.Second), InsertID: "end", Method: f.Method}
		}
		r.Findings = append(r.Findings, f)
	}
	s := &r.Summary
	s.Inputs, s.Records, s.Changes = 3, 40*n+1200, 2*n+90
	s.First, s.Last = start, start.AddDate(0, 0, 90)
	return r
}

// strange is a report in which strangers wrote all that they can.
func strange() replay.Report {
	r := invented(3)
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Actor, f.InsertID, f.Method, f.Project, f.Resource.Name = evil, evil, evil, evil, evil
		f.Reasons = []string{evil}
		f.Plan[0].Before.Grants[0].Member = evil
		f.Ended = &replay.Ending{By: evil, Time: f.Time, InsertID: evil, Method: evil}
	}
	r.Summary.Refused = []replay.Problem{{Input: evil, Reason: evil}}
	return r
}

func writtenAs(t testing.TB, format string, r replay.Report, o Options) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, format, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
