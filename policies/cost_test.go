package policies

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// largest is a change as large as costs are estimated with, in everything a
// policy can look at.
func largest() Input {
	text := func(i int) string { return fmt.Sprintf("%0*d", maxText, i) }
	c := cloud.Change{
		Resource: service, Verb: cloud.Update, Method: text(0), HasDelta: true,
		Actor:    cloud.Actor{Principal: text(0)},
		Workload: &cloud.Workload{Labels: map[string]string{}, Ingress: text(1), Controller: text(2), Identity: cloud.KnownIdentity(text(3))},
	}
	for i := range maxGrants {
		c.Deltas = append(c.Deltas, cloud.Delta{Action: cloud.Add, Grant: cloud.Grant{Role: text(i), Member: cloud.Member(text(i)),
			Condition: cloud.Condition{Title: text(i), Description: text(i), Expression: text(i)}}})
	}
	for i := range maxLabels {
		c.Workload.Labels[text(i)] = text(i)
	}
	var links []string
	for i := range maxLinks {
		links = append(links, text(i))
	}
	c.Actor.Delegation = links
	return Input{Change: c, Now: noon, Facts: Facts{{Kind: Ancestors, Name: "projects/pay"}: {Known: true, List: links}}}
}

// The cost of a change of ordinary size is not watched while it is judged. So
// nothing that loads may exceed the limit on the largest of them.
func TestNothingThatLoadsIsTooExpensiveForAnOrdinaryChange(t *testing.T) {
	in := largest()
	if !ordinary(in) {
		t.Fatal("the largest ordinary change is not ordinary")
	}
	whens := []string{
		`change.added.all(g, glob(g.member.value, "*a*b*") || domain(g.member.value) == "x" || g.role.name.contains("zzz"))`,
		`change.added.exists(g, g.condition.expression.endsWith("x") || g.condition.title.startsWith("y"))`,
		`change.added.filter(g, g.member.value.contains("x")).size() > 0`, `change.added.map(g, g.role.name + g.member.value).exists(s, s == "x")`,
		`ancestors.exists(a, actor.delegation.exists(d, a + d == "x"))`, `workload.labels.exists(k, workload.labels[k].contains("zzz"))`,
	}
	for _, r := range shippedRules() {
		whens = append(whens, r.When)
	}
	for _, when := range whens {
		s := load(t, one(when))
		mine := s.byKind[cloud.RunService][len(s.byKind[cloud.RunService])-1]
		e := newEvaluation(in)
		e.rule = mine
		counted, err := mine.when.of(true)
		if err != nil {
			t.Fatal(err)
		}
		if v, _, err := counted.Eval(e); err != nil {
			t.Errorf("%s: %v (%v)", when, err, v)
		}
	}
}

// One step beyond any of the sizes is watched.
func TestAChangeLargerThanCostsAreEstimatedWithIsWatched(t *testing.T) {
	long := strings.Repeat("x", maxText+1)
	for name, grow := range map[string]func(*cloud.Change){
		"method":      func(c *cloud.Change) { c.Method = long },
		"actor":       func(c *cloud.Change) { c.Actor.Principal = long },
		"delegation":  func(c *cloud.Change) { c.Actor.Delegation = append(c.Actor.Delegation, "x") },
		"a delegate":  func(c *cloud.Change) { c.Actor.Delegation[0] = long },
		"resource":    func(c *cloud.Change) { c.Resource.Name = long },
		"grants":      func(c *cloud.Change) { c.Deltas = append(c.Deltas, c.Deltas[0]) },
		"a role":      func(c *cloud.Change) { c.Deltas[7].Grant.Role = long },
		"a member":    func(c *cloud.Change) { c.Deltas[7].Grant.Member = cloud.Member(long) },
		"a condition": func(c *cloud.Change) { c.Deltas[7].Grant.Condition.Expression = long },
		"a label's key": func(c *cloud.Change) {
			delete(c.Workload.Labels, anyKey(c.Workload.Labels))
			c.Workload.Labels[long] = "x"
		},
		"a label's value": func(c *cloud.Change) { c.Workload.Labels[anyKey(c.Workload.Labels)] = long },
		"labels":          func(c *cloud.Change) { c.Workload.Labels["one more"] = "x" },
		"account":         func(c *cloud.Change) { c.Workload.Identity.Email = long },
		"ingress":         func(c *cloud.Change) { c.Workload.Ingress = long },
		"policy":          func(c *cloud.Change) { c.Policy = &cloud.AllowPolicy{Bindings: []cloud.Binding{{Role: long}}} },
		"policy's member": func(c *cloud.Change) {
			c.Policy = &cloud.AllowPolicy{Bindings: []cloud.Binding{{Members: []cloud.Member{cloud.Member(long)}}}}
		},
		"policy's members": func(c *cloud.Change) {
			c.Policy = &cloud.AllowPolicy{Bindings: []cloud.Binding{{Members: make([]cloud.Member, maxGrants)}, {Members: make([]cloud.Member, 1)}}}
		},
		"constraint": func(c *cloud.Change) { c.Constraint = &cloud.ConstraintChange{Name: long} },
		"service":    func(c *cloud.Change) { c.Service = long },
	} {
		in := largest()
		grow(&in.Change)
		if ordinary(in) {
			t.Errorf("%s beyond its size is ordinary", name)
		}
	}
	in := largest()
	in.Facts[Question{Kind: Ancestors, Name: "projects/pay"}] = Fact{Known: true, List: make([]string, maxLinks+1)}
	if ordinary(in) {
		t.Error("more ancestors than there can be are ordinary")
	}
}

func anyKey(m map[string]string) string {
	for k := range m {
		return k
	}
	return ""
}
