package policies

import (
	"fmt"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

var (
	service = cloud.RunResource(cloud.RunService, "pay", "europe-west1", "api")
	noon    = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

	public  = cloud.Grant{Role: "roles/run.invoker", Member: "allUsers"}
	anyone  = cloud.Grant{Role: "roles/run.developer", Member: "allAuthenticatedUsers"}
	custom  = cloud.Grant{Role: "projects/pay/roles/caller", Member: "allUsers"}
	private = cloud.Grant{Role: "roles/run.invoker", Member: "user:ada@example.com"}

	requireInvoker = Question{Kind: ConstraintEnforced, Name: "run.managed.requireInvokerIam", Project: "pay"}
	callerInvokes  = Question{Kind: RoleInvokes, Name: "projects/pay/roles/caller"}
	payAncestors   = Question{Kind: Ancestors, Name: "projects/pay"}
	enforced       = Facts{requireInvoker: {Known: true, Value: true, Source: "facts.yaml"}}
)

func load(t testing.TB, files ...File) *Set {
	t.Helper()
	s, err := Load(files...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// one is a policy of the test's own, with more keys after `when`.
func one(when string, more ...string) File {
	text := "apiVersion: rescind/v1\npolicies:\n  - name: mine\n    title: Mine\n    severity: low\n" +
		"    on: [run.service, project, folder, organization]\n    when: |\n      " + when + "\n"
	for _, m := range more {
		text += "    " + m + "\n"
	}
	return File{Name: "mine.yaml", Data: []byte(text)}
}

// verdict is the result of one policy, the zero Result when it is compliant.
func verdict(s *Set, policy string, in Input) Result {
	if in.Now.IsZero() {
		in.Now = noon
	}
	for _, r := range s.Evaluate(in) {
		if r.Policy == policy {
			return r
		}
	}
	return Result{}
}

func setPolicy(gs ...cloud.Grant) cloud.Change {
	c := cloud.Change{Resource: service, Verb: cloud.SetPolicy, Policy: &cloud.AllowPolicy{}, Actor: cloud.Actor{Principal: "user:a@example.com"}}
	c.Policy.Bindings = bindings(gs)
	return c
}

func bindings(gs []cloud.Grant) (out []cloud.Binding) {
	for _, g := range gs {
		out = append(out, cloud.Binding{Role: g.Role, Members: []cloud.Member{g.Member}, Condition: g.Condition})
	}
	return out
}

// oneRule is a file with one policy of the expression.
func oneRule(when, on string) File {
	return File{Name: "p.yaml", Data: fmt.Appendf(nil, "apiVersion: rescind/v1\npolicies:\n"+
		"  - name: mine\n    title: Mine\n    severity: low\n    on: [%s]\n    when: >-\n      %s\n", on, when)}
}

// opened is a change that makes a service public, and more.
func opened() cloud.Change {
	return cloud.Change{
		Verb: cloud.SetPolicy, Resource: cloud.RunResource(cloud.RunService, "pay", "l", "api"),
		Policy: &cloud.AllowPolicy{Bindings: []cloud.Binding{
			{Role: "roles/run.invoker", Members: []cloud.Member{"allUsers", "user:ada@example.com"}},
		}},
	}
}

const head = "apiVersion: rescind/v1\npolicies:\n"

// good is a policy without fault that the rows below spoil.
const good = `  - name: mine
    title: Mine
    severity: low
    on: [run.service]
    when: "true"
`

var further = []string{
	"no-act-as-on-default-identity", "no-cross-project-identity", "no-escalation-on-runtime-identity", "no-ssh-access",
	"no-iam-condition-removed", "no-privileged-invoker-role", "no-public-ingress",
}

// naming is a policy file that names built-in policies, with these keys for each.
func naming(keys string, names ...string) File {
	text := head
	for _, n := range names {
		text += "  - name: " + n + "\n" + keys
	}
	return File{Name: "naming.yaml", Data: []byte(text)}
}

func names(ps []Policy) (out []string) {
	for _, p := range ps {
		out = append(out, p.Name)
	}
	return out
}
