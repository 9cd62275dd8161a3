package arch_test

import (
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The table of the architecture page is read as what it says, so that it can be
// relied on: every package with every package of ours that it imports.
func TestTheArchitecturePageHasEveryPackageAndArrow(t *testing.T) {
	section := sectionOf(t, "docs/architecture.md", "## Packages")
	listed := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (.+) \\| (.+) \\|$").FindAllStringSubmatch(section, -1) {
		if _, twice := listed[row[1]]; twice {
			t.Errorf("docs/architecture.md lists %s twice", row[1])
		}
		listed[row[1]] = quoted(row[3])
	}
	if diff := cmp.Diff(imports(t), listed); diff != "" {
		t.Errorf("the packages of docs/architecture.md and their imports (-code +page):\n%s", diff)
	}
}

func TestThePackagesStandInTheirOrder(t *testing.T) {
	block := sectionOf(t, "CONTRIBUTING.md", "## Where things are")
	floor := map[string]int{}
	for n, line := range strings.Split(block, "\n") {
		if !strings.HasPrefix(line, "    ") {
			continue
		}
		for _, pkg := range strings.Fields(line) {
			floor[pkg] = n
		}
	}
	graph := imports(t)
	for _, pkg := range slices.Sorted(maps.Keys(graph)) {
		if floor[pkg] == 0 {
			t.Errorf("CONTRIBUTING.md does not list %s", pkg)
		}
		for _, imp := range graph[pkg] {
			if floor[imp] >= floor[pkg] {
				t.Errorf("%s imports %s: in CONTRIBUTING.md it has to stand on a line above it", pkg, imp)
			}
		}
	}
	for pkg := range floor {
		if _, ok := graph[pkg]; !ok {
			t.Errorf("CONTRIBUTING.md lists %s, which is no package", pkg)
		}
	}
}

// imports are the packages of ours that each package of ours imports, sorted.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	watchTree(t)
	out := map[string][]string{}
	for pkg, imps := range listPackages(t) {
		if strings.Contains(pkg, "/testdata/") {
			continue
		}
		var ours []string
		for _, imp := range imps {
			if rel, ok := strings.CutPrefix(imp, module); ok {
				ours = append(ours, rel)
			}
		}
		slices.Sort(ours)
		out[strings.TrimPrefix(pkg, module)] = ours
	}
	return out
}

// sectionOf is what stands below a heading of a page, up to the next one of its
// level.
func sectionOf(t *testing.T, page, heading string) string {
	t.Helper()
	b, err := os.ReadFile(root + "/" + page)
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(b), "\n"+heading+"\n")
	if !found {
		t.Fatalf("%s has no %q", page, heading)
	}
	section, _, _ := strings.Cut(after, "\n## ")
	return section
}

// quoted are what stands between backquotes.
func quoted(s string) (out []string) {
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(s, -1) {
		out = append(out, m[1])
	}
	return out
}

// fileName is a file of the module as pages name one; NAME stands for any.
var fileName = regexp.MustCompile("`((?:cmd|functions|infra|internal|notify|policies|remediate)/[\\w./-]+\\.(?:go|json|yaml))`")

func TestEveryFileThatDocsNameIsThere(t *testing.T) {
	pages, err := fs.Glob(os.DirFS(root), "docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	decisions, err := fs.Glob(os.DirFS(root), "docs/adr/*.md")
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, page := range slices.Concat(pages, decisions, []string{"README.md", "CONTRIBUTING.md", "SECURITY.md"}) {
		b, err := os.ReadFile(root + "/" + page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range fileName.FindAllStringSubmatch(string(b), -1) {
			if strings.Contains(m[1], "NAME") {
				continue
			}
			named++
			if _, err := os.Stat(root + "/" + m[1]); err != nil {
				t.Errorf("%s names %s: %v", page, m[1], err)
			}
		}
	}
	if named < 5 {
		t.Errorf("the docs name %d files, want at least 5: is this test still looking for them?", named)
	}
}
