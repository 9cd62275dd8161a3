package policies

import (
	goflag "flag" // the package has a flag of its own
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies/catalog"
)

var update = goflag.Bool("update", false, "write the generated part of docs/policies.md")

// generated begins the part of the guide that is made from the catalog.
const generated = "<!-- From here on generated from policies/catalog: go test ./policies -run TestTheGeneratedDocs -update -->\n"

func TestTheGeneratedDocsAreUpToDate(t *testing.T) {
	written, old, ok := strings.Cut(guide(t), generated)
	if !ok {
		t.Fatalf("docs/policies.md has no line %q", generated)
	}
	var b strings.Builder
	for _, r := range shippedRules() {
		page(&b, r)
	}
	if *update {
		if err := os.WriteFile("../docs/policies.md", []byte(written+generated+b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(b.String(), old); diff != "" {
		t.Errorf("docs/policies.md is not what the catalog makes of it; run this test with -update (-want +got):\n%s", diff)
	}
}

var links = regexp.MustCompile(`https://\S+`)

// page writes the section of one built-in policy.
func page(b *strings.Builder, r *rule) {
	loaded := "when a policy file names it"
	if slices.Contains(catalog.Always(), r.Name) {
		loaded = "always"
	}
	why := strings.TrimSpace(links.ReplaceAllString(r.Rationale, ""))
	fmt.Fprintf(b, "\n### %s\n\n%s. Severity **%s**; on %s; loaded %s.\n\n%s\n\nIt follows", r.Name, r.Title, r.Severity, code(r.On), loaded, why)
	for i, l := range links.FindAllString(r.Rationale, -1) {
		fmt.Fprintf(b, "%s <%s>", map[bool]string{true: "", false: " and"}[i == 0], l)
	}
	fmt.Fprintf(b, ".\n\n```cel\n%s\n```\n\nRemediation: %s.\n\n", strings.TrimSpace(r.When), code(r.Remediation))
	b.WriteString("| sample | on | method | verdict |\n|---|---|---|---|\n")
	for _, s := range r.samples {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", s.name, s.change.Resource.Kind, last(s.change), describe(s.want, ""))
	}
}

func code[T ~string](words []T) string { return "`" + join(words, "`, `") + "`" }

// last is a method without what goes before its version.
func last(c cloud.Change) string {
	return strings.NewReplacer("google.cloud.run.", "", "google.cloud.orgpolicy.", "", "google.cloud.resourcemanager.", "",
		"google.cloud.serverless.internal.", "", "google.iam.admin.", "").Replace(c.Method)
}

func TestEverySnippetInTheDocsCompiles(t *testing.T) {
	snippets := 0
	for _, m := range regexp.MustCompile("(?s)```cel\n(.*?)```").FindAllStringSubmatch(written(t), -1) {
		for when := range strings.Lines(m[1]) {
			snippets++
			if _, err := Load(one(strings.TrimSpace(when))); err != nil {
				t.Error(err)
			}
		}
	}
	if snippets < 8 {
		t.Errorf("found %d snippets", snippets)
	}
}

// written is the guide without its generated part.
func written(t *testing.T) string {
	t.Helper()
	text, _, _ := strings.Cut(guide(t), generated)
	return text
}
