package policies

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func guide(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEveryExampleInTheDocsLoadsAndPassesItsSamples(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(guide(t), -1)
	if len(blocks) < 3 {
		t.Fatalf("found %d examples", len(blocks))
	}
	for i, b := range blocks {
		s, err := Load(File{Name: fmt.Sprintf("example %d", i+1), Data: []byte(b[1])})
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		for _, r := range s.Test(nil) {
			if !r.OK {
				t.Errorf("%s: got %s, want %s: %q", r.Name, r.Got, r.Want, r.Reasons)
			}
		}
	}
}

// A field that the docs do not name might as well not exist; one that they
// name and that does not exist is worse.
func TestTheDocsNameEveryField(t *testing.T) {
	text := guide(t)
	path := map[string]string{
		"rescind.Change": "change", "rescind.ConstraintChange": "change.constraint", "rescind.Grant": "g", "rescind.Role": "g.role",
		"rescind.Member": "g.member", "rescind.Condition": "g.condition", "rescind.Workload": "workload", "rescind.Serving": "s", "rescind.Identity": "workload.identity",
		"rescind.Resource": "resource", "rescind.Actor": "actor", "rescind.Constraint": "constraint(name)",
	}
	var all []string
	for name, object := range objectTypes() {
		for f := range object.fields {
			all = append(all, path[name]+"."+f)
			if !strings.Contains(text, "`"+path[name]+"."+f) {
				t.Errorf("docs/policies.md does not name `%s.%s`", path[name], f)
			}
		}
	}
	for _, m := range regexp.MustCompile("`((?:change|g|s|workload|resource|actor)\\.[a-zA-Z.]+)`").FindAllStringSubmatch(written(t), -1) {
		if !slices.Contains(all, m[1]) {
			t.Errorf("docs/policies.md names `%s`, which does not exist", m[1])
		}
	}
}

func TestTheDocsNameEveryFunction(t *testing.T) {
	text := guide(t)
	for _, f := range []string{"`constraint(", ".allows(", "`runtimeIdentity(", "`defaultAccount(", "`glob(", "`domain(", "`ancestors`", "`overridden`", "`now`"} {
		if !strings.Contains(text, f) {
			t.Errorf("docs/policies.md does not name %s", f)
		}
	}
}

// Whoever adds a key to the parser has it described here and in the guide.
func TestTheDocsNameEveryKey(t *testing.T) {
	text := written(t)
	for _, p := range parts() {
		for key := range p.schema.Properties {
			if !regexp.MustCompile("[`{ \n]" + key + "[`:, ]").MatchString(text) {
				t.Errorf("docs/policies.md does not name %s.%s", p.path, key)
			}
		}
	}
}

// Who relies on a policy is told what it does not see.
func TestTheDocsListEveryWayThatIsWatchedAndThatIsNot(t *testing.T) {
	page, err := os.ReadFile("../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range shippedRules() {
		_, ways, found := strings.Cut(string(page), "\n#### Ways: "+r.Name+"\n")
		ways, _, _ = strings.Cut(ways, "\n#")
		rows := strings.Count(ways, "\n| ") - 1
		watched, not := strings.Count(ways, "| yes"), strings.Count(ways, "| no")
		if !found || rows < 4 || watched == 0 || not == 0 {
			t.Errorf("%s: %d ways, of which %d are watched and %d are not", r.Name, rows, watched, not)
		}
	}
}
