package policies

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/strictyaml"
	"github.com/rescind-dev/rescind/policies/catalog"
)

// FuzzLoad: whatever a file holds, it loads or is refused with a place, and
// what loads can be run.
func FuzzLoad(f *testing.F) {
	for _, name := range append(catalog.Always(), further...) {
		data, err := os.ReadFile("catalog/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(strings.Replace(string(data), "name: no-", "name: my-", 1)))
	}
	f.Add([]byte(head + good))
	f.Add([]byte(head + "  - &a [*a, {<<: *a}]\n"))
	f.Add([]byte(head + strings.Replace(good, `"true"`, ">-\n     a &&\n\n      'x'", 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Load(File{Name: "f.yaml", Data: data})
		if err == nil {
			s.Test(nil)
			return
		}
		problem := new(strictyaml.Problem)
		if !errors.As(err, &problem) || problem.Line < 1 || problem.Column < 1 || problem.Message == "" {
			t.Fatalf("not a problem with a place: %v", err)
		}
		if utf8.Valid(data) && !utf8.ValidString(err.Error()) {
			t.Fatalf("mangled text in %q", err)
		}
	})
}

// FuzzEvaluate: whatever a change holds, each verdict has its reasons, and
// without facts nothing that needs one is certain.
func FuzzEvaluate(f *testing.F) {
	s := load(f, naming("", further...))
	for _, c := range []cloud.Change{setPolicy(public, custom, private), {Resource: service, Verb: cloud.Update}, {Resource: cloud.ProjectResource("p"), Verb: cloud.SetPolicy},
		{Resource: service, Verb: cloud.Update, Workload: &cloud.Workload{Ingress: "all", Identity: cloud.KnownIdentity("a@q.iam.gserviceaccount.com")}},
		{Resource: cloud.Resource{Kind: cloud.OrgPolicy, Parent: "folders/1", Name: "run.allowedIngress"}, Verb: cloud.SetOrg,
			Constraint: &cloud.ConstraintChange{Name: "run.allowedIngress", Became: cloud.PolicyHoldsValues}},
		{Resource: cloud.Resource{Kind: cloud.ServiceAccount, Project: "p", Name: "p@appspot.gserviceaccount.com"}, Verb: cloud.SetPolicy}} {
		b, err := json.Marshal(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var c cloud.Change
		if json.Unmarshal(data, &c) != nil {
			return
		}
		for _, r := range s.Evaluate(Input{Change: c, Now: noon}) {
			switch r.Policy {
			case "no-public-invoker", "no-public-ingress", "no-cross-project-identity", "no-editor-on-runtime-identity":
				if r.Verdict == Violation {
					t.Fatalf("certain without knowing a fact that it takes: %+v", r)
				}
			}
			if r.Verdict == Unknown && len(r.Reasons) == 0 || r.Message == "" {
				t.Fatalf("no reason or message: %+v", r)
			}
		}
	})
}

// Whatever a file holds, lint ends, names places in it, and takes exactly what
// Load takes.
func FuzzLint(f *testing.F) {
	f.Add(inForce)
	f.Add(string(oneRule("overridden || 1 / 0 == 1", "run.service, folder").Data))
	f.Add(string(sampled(anyPublic, "run.job", "    overrides: [{scope: projects/1, enforcement: revert}]\n").Data))
	f.Add("apiVersion: rescind/v1\npolicies: [{name: no-public-ingress}]\n")
	f.Add("\r\r1")
	f.Fuzz(func(t *testing.T, data string) {
		file := File{"p.yaml", []byte(data)}
		problems, err := Lint([]File{file}, LintInput{Now: lintDay, Fact: known})
		if err != nil {
			t.Fatal(err)
		}
		_, loadErr := Load(file)
		invalid := false
		for _, p := range problems {
			invalid = invalid || p.Rule == "invalid"
			if p.Line < 1 || p.Column < 1 || p.Line > 1+strings.Count(data, "\n")+1 || p.Message == "" {
				t.Errorf("%+v", p)
			}
		}
		if invalid != (loadErr != nil) {
			t.Errorf("lint: %v\nload: %v", problems, loadErr)
		}
	})
}
