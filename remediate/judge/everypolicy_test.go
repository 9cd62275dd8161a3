package judge

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/policies/catalog"
)

const (
	accountA  = "a@pay-prod.iam.gserviceaccount.com"
	accountB  = "b@pay-prod.iam.gserviceaccount.com"
	stranger  = "c@elsewhere.iam.gserviceaccount.com"
	isDefault = "1-compute@developer.gserviceaccount.com"
)

var allRemediations = []string{"remove-grants", "require-invoker-iam", "restore-identity", "restore-ingress", "restore-condition"}

// revertAll are policies by their expressions, all of which revert.
func revertAll(t *testing.T, expressions ...string) *policies.Set {
	t.Helper()
	var b strings.Builder
	b.WriteString("apiVersion: rescind/v1\npolicies:\n")
	for i, when := range expressions {
		fmt.Fprintf(&b, "  - {name: p%d, title: P, severity: high, on: [run.service], when: '%s', enforcement: revert, remediation: [%s]}\n",
			i, when, strings.Join(allRemediations, ", "))
	}
	return loaded(t, b.String())
}

func loaded(t *testing.T, file string) *policies.Set {
	t.Helper()
	s, err := policies.Load(policies.File{Name: "test.yaml", Data: []byte(file)})
	if err != nil {
		t.Fatalf("load\n%s%v", file, err)
	}
	return s
}

// coin answers every fact by chance, and one question always alike.
type coin struct {
	facts map[policies.Question]policies.Fact
}

func newCoin(rng *rand.Rand) coin {
	c := coin{map[policies.Question]policies.Fact{}}
	c.facts[policies.Question{}] = policies.Fact{Known: rng.IntN(4) > 0, Value: rng.IntN(2) == 0}
	return c
}

func (c coin) Fact(_ context.Context, q policies.Question) policies.Fact {
	if f, ok := c.facts[q]; ok {
		return f
	}
	n := 0
	for _, b := range fmt.Sprint(q, c.facts[policies.Question{}]) {
		n = n*31 + int(b)
	}
	return policies.Fact{Known: n%5 != 0, Value: n%2 == 0, Why: "by chance"}
}

func oneOf[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

// anyState is a service as it might stand.
func anyState(rng *rand.Rand) Snapshot {
	w := &cloud.Workload{
		Resource: api, Identity: cloud.KnownIdentity(oneOf(rng, accountA, accountB, stranger, isDefault)), Generation: 1,
		InvokerCheckDisabled: cloud.KnownFlag(rng.IntN(2) == 0), Ingress: oneOf(rng, "all", "internal", "internal-and-cloud-load-balancing"),
		Content: cloud.Content{RanBefore: true}, Previous: cloud.KnownIdentity(oneOf(rng, accountA, accountB, stranger, isDefault)),
	}
	var ds []cloud.Delta
	for range rng.IntN(4) {
		ds = append(ds, cloud.Delta{Action: cloud.Add, Grant: cloud.Grant{
			Role:      oneOf(rng, "roles/run.invoker", "roles/editor"),
			Member:    oneOf[cloud.Member](rng, "allUsers", "user:ada@example.com", "serviceAccount:"+accountA),
			Condition: oneOf(rng, cloud.Condition{}, cloud.Condition{Title: "hours", Expression: "request.time.getHours() < 8"}),
		}})
	}
	p, _ := cloud.AllowPolicy{}.Apply(ds)
	return Snapshot{Workload: w, Policy: &p}
}

// carried is what is live once the plan is carried out. What ran before is an account
// that ran there, whichever.
func carried(rng *rand.Rand, now Snapshot, p Plan) Snapshot {
	w := *now.Workload
	for _, s := range p.Steps {
		if len(s.Deltas()) > 0 {
			next, _ := now.Policy.Apply(s.DeltasOn(*now.Policy))
			now.Policy = &next
			continue
		}
		w = s.on(w)[0].Workload
	}
	w.Previous = cloud.KnownIdentity(oneOf(rng, now.Workload.Identity.Email, w.Previous.Email))
	w.Generation++
	now.Workload = &w
	return now
}

// wrong is all that the policies find in what is live, by the policy and the grant; the
// empty grant is the workload. Each is judged for itself: what is certain of one grant
// hides what is unknown of another.
func wrong(t *testing.T, j Judge, now Snapshot) map[string]policies.Result {
	t.Helper()
	out := map[string]policies.Result{}
	for _, c := range now.Changes(api) {
		parts := map[string]cloud.Change{"": c}
		if c.HasDelta {
			parts = map[string]cloud.Change{}
			for _, g := range c.Added() {
				parts[g.String()] = Granting(c, []cloud.Grant{g})
			}
		}
		for part, c := range parts {
			for _, r := range j.results(t.Context(), c, now.At) {
				if r.Verdict != policies.Exempt {
					out[r.Policy+" "+part] = r
				}
			}
		}
	}
	return out
}

// settles carries out what is reverted unasked until nothing is left to do, and checks
// each time that nothing is wrong that was not.
func settles(t *testing.T, rng *rand.Rand, j Judge, now Snapshot) (reverts int) {
	t.Helper()
	for reverts = range 20 {
		var plan Plan
		for _, c := range now.Changes(api) {
			if c.Verb == cloud.SetPolicy && rng.IntN(2) == 0 { // as one that took conditions away
				for _, g := range c.Added() {
					g.Condition = cloud.Condition{Expression: "false"}
					c.Deltas = append(c.Deltas, cloud.Delta{Action: cloud.Remove, Grant: g})
				}
			}
			for _, g := range j.Judge(t.Context(), c, now) {
				if g.Decision == Revert && now.Needs(g.Plan) && (plan.Empty() || rng.IntN(2) == 0) {
					plan = g.Plan
				}
			}
		}
		if plan.Empty() {
			return reverts
		}
		before, next := wrong(t, j, now), carried(rng, now, plan)
		for what, r := range wrong(t, j, next) {
			if h := before[what]; !includes(h, r) {
				t.Fatalf("%s: %s after %+v, which it was not before: %+v; before: %+v", what, r.Verdict, plan.Steps, r, h)
			}
		}
		now = next
	}
	t.Fatalf("the policies undo each other's reverts: %+v", now.Workload)
	return 0
}

func TestR6NoTwoPoliciesUndoEachOthersReverts(t *testing.T) {
	t.Parallel()
	reverts := 0
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 6))
		var expressions []string
		for range 2 + rng.IntN(2) {
			expressions = append(expressions, oneOf(rng,
				fmt.Sprintf(`workload.identity.email == %q`, oneOf(rng, accountA, accountB, isDefault)),
				fmt.Sprintf(`workload.identity.changed && workload.identity.email != %q`, oneOf(rng, accountA, accountB)),
				`workload.identity.crossProject`,
				fmt.Sprintf(`constraint("x").enforced && workload.identity.email == %q`, accountA),
				`workload.identity.changed && constraint(workload.identity.email).enforced`,
				`change.invokerCheckDisabled`, `workload.ingress != "" && !change.invokerCheckDisabled`,
				fmt.Sprintf(`workload.ingress == %q`, oneOf(rng, "all", "internal", "internal-and-cloud-load-balancing")),
				`change.added.exists(g, g.member.public)`, `change.added.exists(g, g.condition.expression == "")`,
				`change.added.exists(g, g.condition.expression != "")`, `change.removed.exists(g, g.member.public)`,
				`change.added.exists(g, g.member.external)`,
			))
		}
		j := Judge{Policies: revertAll(t, expressions...), Facts: newCoin(rng), Fallback: map[string]string{"pay-prod": oneOf(rng, "", accountA, accountB)}}
		for range 5 {
			reverts += settles(t, rng, j, anyState(rng))
		}
	}
	if reverts < 50 {
		t.Errorf("%d reverts in all, which shows little", reverts)
	}
}

func TestR6NoTwoBuiltInPoliciesUndoEachOthersReverts(t *testing.T) {
	t.Parallel()
	file := "apiVersion: rescind/v1\npolicies:\n"
	for _, name := range catalog.Names() {
		file += fmt.Sprintf("  - {name: %s, enforcement: revert}\n", name)
	}
	set, reverts := loaded(t, file), 0
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 9))
		j := Judge{Policies: set, Facts: newCoin(rng), Fallback: map[string]string{"pay-prod": oneOf(rng, "", accountA, isDefault, stranger)}}
		reverts += settles(t, rng, j, anyState(rng))
	}
	if reverts < 50 {
		t.Errorf("%d reverts in all, which shows little", reverts)
	}
}

func TestR6APlanBringsAboutNothingThatAnotherPolicyForbids(t *testing.T) {
	t.Parallel()
	nothingKnown := coin{map[policies.Question]policies.Fact{}}
	running := func(account, before string) Snapshot {
		return Snapshot{Workload: &cloud.Workload{
			Resource: api, Identity: cloud.KnownIdentity(account), Previous: cloud.KnownIdentity(before), Content: cloud.Content{RanBefore: true},
			InvokerCheckDisabled: cloud.KnownFlag(false), Ingress: "internal",
		}, Policy: &cloud.AllowPolicy{}}
	}
	notDefault, notA := `workload.identity.default`, fmt.Sprintf(`workload.identity.email == %q`, accountA)
	for _, tt := range []struct {
		name, other, fallback string
		now                   Snapshot
		want                  string // the account that is gone back to
		says                  string
	}{
		{"the account before, which nothing forbids", `false`, "", running(isDefault, accountA), accountA, ""},
		{"the account before, which another forbids", notA, "", running(isDefault, accountA), "", "not " + accountA + ": it would violate the policy p1"},
		{"the fallback in its place", notA, accountB, running(isDefault, accountA), accountB, ""},
		{
			"the account before, of which another cannot tell", `workload.identity.changed && workload.identity.email != "` + isDefault + `" && constraint("x").enforced`, "",
			running(isDefault, accountA), "", "whether it would violate the policy p1 is not known",
		},
		{"what another forbids as it is already", `workload.ingress == "internal"`, "", running(isDefault, accountA), accountA, ""},
	} {
		j := Judge{Policies: revertAll(t, notDefault, tt.other), Facts: nothingKnown, Fallback: map[string]string{"pay-prod": tt.fallback}}
		nothingKnown.facts[policies.Question{Kind: policies.ConstraintEnforced, Name: "x", Project: "pay-prod"}] = policies.Fact{Why: "nobody knows"}
		found := j.Judge(t.Context(), tt.now.Changes(api)[0], tt.now)
		i := slices.IndexFunc(found, func(g Judgement) bool { return g.Policy == "p0" })
		if i < 0 || len(found[i].Plan.Steps) != 1 {
			t.Fatalf("%s: %+v", tt.name, found)
		}
		if g := found[i]; g.Plan.Steps[0].After.ServiceAccount != tt.want || !strings.Contains(g.Plan.Missing, tt.says) {
			t.Errorf("%s: goes back to %q (%s), want %q (%s)", tt.name, g.Plan.Steps[0].After.ServiceAccount, g.Plan.Missing, tt.want, tt.says)
		}
	}
}
