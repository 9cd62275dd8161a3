package policies

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// benchChange is a service made public, the commonest finding there is.
func benchChange() Input {
	r := cloud.RunResource(cloud.RunService, "pay", "europe-west1", "api")
	return Input{
		Change: cloud.Change{Resource: r, Verb: cloud.SetPolicy, Policy: &cloud.AllowPolicy{Bindings: []cloud.Binding{
			{Role: "roles/run.invoker", Members: []cloud.Member{"user:ada@example.com", "allUsers"}},
		}}},
		Facts: Facts{{Kind: ConstraintEnforced, Name: "run.managed.requireInvokerIam", Project: "pay"}: {Known: true, Value: true, Source: "bench"}},
	}
}

// benchInputs are a change of each sort, and how many findings of the three
// policies that are always loaded it comes to.
func benchInputs() map[string]struct {
	in   Input
	want int
} {
	violating, harmless := benchChange(), benchChange()
	harmless.Change.Policy = &cloud.AllowPolicy{Bindings: []cloud.Binding{
		{Role: "roles/run.invoker", Members: []cloud.Member{"user:ada@example.com", "group:ops@example.com"}},
	}}
	deploy := benchChange()
	deploy.Change.Verb, deploy.Change.Policy = cloud.Replace, nil
	deploy.Change.Workload = &cloud.Workload{
		Identity: cloud.KnownIdentity("1-compute@developer.gserviceaccount.com"), InvokerCheckDisabled: cloud.KnownFlag(true), Ingress: "internal",
	}
	deploy.Facts[Question{Kind: ProjectNumber, Project: "pay", Value: "1"}] = Fact{Known: true, Value: true}
	editor := benchChange()
	editor.Change = cloud.Change{Resource: cloud.ProjectResource("pay"), Verb: cloud.SetPolicy, HasDelta: true, Deltas: []cloud.Delta{
		{Action: cloud.Add, Grant: cloud.Grant{Role: "roles/editor", Member: "serviceAccount:api@pay.iam.gserviceaccount.com"}},
	}}
	editor.Facts[Question{Kind: RuntimeIdentity, Name: "api@pay.iam.gserviceaccount.com", Project: "pay"}] = Fact{Known: true, Value: true}
	return map[string]struct {
		in   Input
		want int
	}{"made public": {violating, 1}, "kept private": {harmless, 0}, "deployed": {deploy, 2}, "editor granted": {editor, 1}}
}

// BenchmarkEvaluateBuiltins judges one decoded change by all nine built-in
// policies; it is to take 20 us and 100 allocations at most. x-by-hand is how
// many times longer that is than the check of three of them in plain Go.
func BenchmarkEvaluateBuiltins(b *testing.B) {
	s := load(b, naming("", further...))
	for name, c := range benchInputs() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := len(s.Evaluate(c.in)); got != c.want {
					b.Fatalf("%d results, want %d", got, c.want)
				}
			}
			cel := b.Elapsed()
			begin := time.Now()
			for range b.N {
				if got := byHand(c.in); got != c.want {
					b.Fatalf("%d results by hand, want %d", got, c.want)
				}
			}
			b.ReportMetric(float64(cel)/float64(time.Since(begin)), "x-by-hand")
		})
	}
}

func TestEvaluatingAChangeTakesFewAllocations(t *testing.T) {
	s := load(t, naming("", further...))
	for name, c := range benchInputs() {
		if n := testing.AllocsPerRun(20, func() { s.Evaluate(c.in) }); n > 100 {
			t.Errorf("%s: %.0f allocations, want at most 100", name, n)
		}
	}
}

// byHand is what the three built-in policies come to when written in Go for
// this one purpose, without reasons or unknowns: the yardstick.
func byHand(in Input) int {
	c, found := in.Change, 0
	if c.Resource.Kind.Workload() {
		if c.Workload != nil && c.Workload.Identity.IsDefault() {
			found++
		}
		q := Question{Kind: ConstraintEnforced, Name: "run.managed.requireInvokerIam", Project: c.Resource.Project}
		public := c.Workload != nil && c.Workload.InvokerCheckDisabled.On
		for _, g := range c.Added() {
			invokes, _ := cloud.RoleInvokes(g.Role)
			public = public || g.Member.Public() && invokes
		}
		if in.Facts[q].Value && public {
			found++
		}
	}
	if c.Resource.Kind.Container() {
		for _, g := range c.Added() {
			email, ok := g.Member.ServiceAccount()
			basic := g.Role == "roles/editor" || g.Role == "roles/owner"
			if ok && basic && in.Facts[Question{Kind: RuntimeIdentity, Name: email, Project: c.Resource.Project}].Value {
				found++
			}
		}
	}
	return found
}

// BenchmarkLoad500 is the start of a process with 500 policies of one's own;
// it is to take less than a second.
func BenchmarkLoad500(b *testing.B) {
	var text strings.Builder
	text.WriteString(head)
	for i := range 500 {
		fmt.Fprintf(&text, "  - name: p%d\n    title: T\n    severity: low\n    on: [run.service]\n"+
			"    when: 'change.added.exists(g, g.member.public && g.role.invokes) && resource.project == \"p%d\"'\n", i, i)
	}
	file := File{Name: "f.yaml", Data: []byte(text.String())}
	for b.Loop() {
		load(b, file)
	}
}
