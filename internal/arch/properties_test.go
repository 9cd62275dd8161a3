package arch_test

import (
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// docs/security.md promises that every property it defines is held by a test
// that bears its tag. A promise nobody tests is a wish.
func TestEveryPropertyOfTheThreatModelHasATestNamedAfterIt(t *testing.T) {
	doc, err := os.ReadFile(root + "/docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	named := taggedTests(t)
	for tag, last := range map[string]int{"I": 13, "S": 20} {
		for i := 1; i <= last; i++ {
			property := fmt.Sprint(tag, i)
			if n := strings.Count(string(doc), "\n| "+property+" | "); n != 1 {
				t.Errorf("docs/security.md defines %s %d times, want once", property, n)
			}
			if named[property] == 0 {
				t.Errorf("no test is named after %s (want Test%s and a sentence)", property, property)
			}
		}
	}
}

var taggedTest = regexp.MustCompile(`(?m)^func Test([IS]\d+)[A-Z]\w*\(`)

// taggedTests counts the tests of the module by the tag in their name.
func taggedTests(t *testing.T) map[string]int {
	t.Helper()
	tags := map[string]int{}
	tree := os.DirFS(root)
	err := fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		source, err := fs.ReadFile(tree, path)
		for _, m := range taggedTest.FindAllStringSubmatch(string(source), -1) {
			tags[m[1]]++
		}
		return err
	})
	if err != nil {
		t.Fatalf("read the tests: %v", err)
	}
	return tags
}
