package policies

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// mistakes are lines to put in place of a policy's own, with one mistake each.
var mistakes = []string{
	"    titel: Mine", "    severity: lwo", "    on: run.service", "    when: chang.verb == 'x'", "    enforcement: [audit]", "    remediation: [nothing]",
	"    overrides: [{scope: folders/prod, enforcement: audit}]", "    exemptions: {}", "    step_up: mfa", "    rationale: ''", "    on: [run.service, run.service]",
	"    tests: [{name: t, want: violation, change: {resource: x, verb: create}}]", "    when: true", "    message: change", "    advice: '\"a\"'",
}

// withSlip is a policy with the slip as its last line, in place of the right
// line of that key; without a slip it is without fault.
func withSlip(name, slip string) []string {
	out := []string{"  - name: " + name}
	key, _, _ := strings.Cut(slip, ":")
	for _, right := range []string{"    title: T", "    severity: low", "    on: [run.service]", "    when: 'true'"} {
		if slip == "" || !strings.HasPrefix(right, key+":") {
			out = append(out, right)
		}
	}
	if slip != "" {
		out = append(out, slip)
	}
	return out
}

// Whatever mistakes stand in whichever files, each is reported at its own line,
// in the order of the files, and nothing else is.
func TestEveryMistakeOfEveryFileIsReportedAtItsLine(t *testing.T) {
	rnd := rand.New(rand.NewPCG(51, 52))
	for range 100 {
		var files []File
		var want, got []string
		for f := range 1 + rnd.IntN(3) {
			name, lines := fmt.Sprintf("f%d.yaml", f), strings.Split(strings.TrimSuffix(head, "\n"), "\n")
			for p := range 1 + rnd.IntN(6) {
				slip := append(mistakes, "", "", "")[rnd.IntN(len(mistakes)+3)]
				lines = append(lines, withSlip(fmt.Sprintf("p%d-%d", f, p), slip)...)
				if slip != "" {
					want = append(want, fmt.Sprintf("%s:%d", name, len(lines)))
				}
			}
			files = append(files, File{name, []byte(strings.Join(lines, "\n") + "\n")})
		}
		for _, p := range problemsOf(files...) {
			got = append(got, fmt.Sprintf("%s:%d", p.File, p.Line))
		}
		// One slip can be wrong in two ways, as the test of no resource is.
		if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
			t.Fatalf("places (-want +got):\n%s\n%s", diff, files[0].Data)
		}
	}
}

// problemsOf are the problems that Load has with the files.
func problemsOf(files ...File) (out []*strictyaml.Problem) {
	_, err := Load(files...)
	all, _ := err.(interface{ Unwrap() []error })
	for all != nil && len(out) < len(all.Unwrap()) {
		p := new(strictyaml.Problem)
		if !errors.As(all.Unwrap()[len(out)], &p) {
			return nil
		}
		out = append(out, p)
	}
	return out
}

// A name belongs to one policy of all files, and to one customisation of a
// built-in one; the later file is the one to mend.
func TestANameIsThereOnceInAllFiles(t *testing.T) {
	own := func(file, name string) File { return File{file, []byte(head + strings.Replace(good, "mine", name, 1))} }
	builtIn := func(file string) File {
		return File{file, []byte(head + "  - name: no-public-invoker\n    enforcement: approve\n")}
	}
	for _, tt := range []struct {
		name  string
		files []File
		want  []string
	}{
		{"two policies of two names", []File{own("a.yaml", "a"), own("b.yaml", "b")}, nil},
		{"one name in two files", []File{own("a.yaml", "a"), own("b.yaml", "a")}, []string{`b.yaml:3:11: policy "a" is also at a.yaml:3`}},
		{"in three", []File{own("a.yaml", "a"), own("b.yaml", "a"), own("c.yaml", "a")},
			[]string{`b.yaml:3:11: policy "a" is also at a.yaml:3`, `c.yaml:3:11: policy "a" is also at a.yaml:3`}},
		{"a built-in policy named twice", []File{builtIn("a.yaml"), builtIn("b.yaml")}, []string{`b.yaml:3:11: policy "no-public-invoker" is also at a.yaml:3`}},
		{"a built-in policy copied under its name", []File{own("a.yaml", "no-public-invoker")}, []string{
			`a.yaml:4:5: policy "no-public-invoker" is built in; only its enforcement, overrides and exemptions can be changed, not its title`,
			`a.yaml:5:5: policy "no-public-invoker" is built in; only its enforcement, overrides and exemptions can be changed, not its severity`,
			`a.yaml:6:5: policy "no-public-invoker" is built in; only its enforcement, overrides and exemptions can be changed, not its on`,
			`a.yaml:7:5: policy "no-public-invoker" is built in; only its enforcement, overrides and exemptions can be changed, not its when`}},
		{"the first of a name may be wrong itself", []File{{"a.yaml", []byte(head + "  - name: a\n")}, own("b.yaml", "a")}, []string{
			`a.yaml:3:11: policy "a" has no "title"`, `a.yaml:3:11: policy "a" has no "severity"`,
			`a.yaml:3:11: policy "a" has no "on"`, `a.yaml:3:11: policy "a" has no "when"`, `b.yaml:3:11: policy "a" is also at a.yaml:3`}},
		{"two samples of one name", []File{{"a.yaml", []byte(head + good + "    tests:\n" + strings.Repeat("      - {name: t, want: compliant, change: {resource: cloudresourcemanager.googleapis.com/folders/1, verb: update}}\n", 2))}},
			[]string{`a.yaml:10:9: a second test named "t"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, p := range problemsOf(tt.files...) {
				got = append(got, p.Error())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// A word that is misspelt is suggested as it is to be written: with it in place
// of the slip, the file loads.
func TestWhatIsSuggestedLoads(t *testing.T) {
	for _, tt := range []struct{ right, slip, with string }{
		{"title: Mine", "titel", "titel: Mine"}, {"severity: low", "lov", "severity: lov"}, {"run.service", "run.servise", "run.servise"},
		{`"true"`, "hasDeltas", `change.hasDeltas`}, {`"true"`, "chnge", `chnge.hasDelta`}, {`"true"`, "glop", `glop(resource.name, "x")`},
		{`"true"`, "publik", `change.added.exists(g, g.member.publik)`}, {`"true"`, "overridn", `overridn`}, {`"true"`, "ancesters", `'"folders/1" in ancesters'`},
		{`"true"`, "invokrs", `change.removed.all(g, g.role.invokrs)`},
	} {
		text := head + strings.Replace(good, tt.right, tt.with, 1)
		found := problemsOf(File{"p.yaml", []byte(text)})
		meant := ""
		for _, p := range found {
			if _, after, ok := strings.Cut(p.Message, "; did you mean \""); ok {
				meant = strings.TrimSuffix(after, `"?`)
			}
		}
		if _, err := Load(File{"p.yaml", []byte(strings.Replace(text, tt.slip, meant, 1))}); err != nil || meant == "" {
			t.Errorf("for %s %q is suggested: %v", tt.slip, meant, err)
		}
	}
}
