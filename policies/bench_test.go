package policies

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// benchChange is a service made public, the commonest finding there is.
func benchChange() Input {
	r := cloud.RunResource(cloud.RunService, "pay", "europe-west1", "api")
	return Input{
		Change: cloud.Change{Resource: r, Verb: cloud.SetPolicy, Policy: &cloud.AllowPolicy{Bindings: []cloud.Binding{
			{Role: "roles/run.invoker", Members: []cloud.Member{"user:ada@example.com", "allUsers"}},
		}}},
		Facts: Facts{{ConstraintEnforced, "run.managed.requireInvokerIam", "pay"}: {Known: true, Value: true, Source: "bench"}},
	}
}

func BenchmarkEvaluateBuiltins(b *testing.B) {
	s, err := Load()
	if err != nil {
		b.Fatal(err)
	}
	violating, harmless := benchChange(), benchChange()
	harmless.Change.Policy = &cloud.AllowPolicy{Bindings: []cloud.Binding{
		{Role: "roles/run.invoker", Members: []cloud.Member{"user:ada@example.com", "group:ops@example.com"}},
	}}
	for _, c := range []struct {
		name string
		in   Input
		want int
	}{{"violation", violating, 1}, {"compliant", harmless, 0}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := len(s.Evaluate(c.in)); got != c.want {
					b.Fatalf("%d results, want %d", got, c.want)
				}
			}
		})
		b.Run(c.name+"/by hand", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := byHand(c.in); got != c.want {
					b.Fatalf("%d results, want %d", got, c.want)
				}
			}
		})
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
		q := Question{ConstraintEnforced, "run.managed.requireInvokerIam", c.Resource.Project}
		public := c.Workload != nil && c.Workload.InvokerCheckDisabled.On
		for _, g := range c.Added() {
			public = public || g.Member.Public() && invokingRoles[g.Role]
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
