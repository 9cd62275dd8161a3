package policies

import (
	"strings"
	"testing"
)

// Whatever a file holds, lint ends, names places in it, and takes exactly what
// Load takes.
func FuzzLint(f *testing.F) {
	f.Add(inForce)
	f.Add(string(oneRule("overridden || 1 / 0 == 1", "run.service, folder").Data))
	f.Add(string(sampled(anyPublic, "run.job", "    overrides: [{scope: projects/1, enforcement: revert}]\n").Data))
	f.Add("apiVersion: rescind/v1\npolicies: [{name: no-public-ingress}]\n")
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
