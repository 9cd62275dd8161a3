package arch_test

import (
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strconv"
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
	named, defined := taggedTests(t), map[string]int{}
	for _, row := range definition.FindAllStringSubmatch(string(doc), -1) {
		tag := row[1] + row[2]
		if defined[tag]++; defined[tag] > 1 {
			t.Errorf("docs/security.md defines %s %d times, want once", tag, defined[tag])
		}
		if named[tag] == 0 {
			t.Errorf("no test is named after %s (want Test%s and a sentence)", tag, tag)
		}
		if n, err := strconv.Atoi(row[2]); err != nil || n > 1 && defined[fmt.Sprint(row[1], n-1)] == 0 {
			t.Errorf("docs/security.md defines %s, and nothing with the number before it", tag)
		}
	}
	for tag := range named {
		if defined[tag] == 0 {
			t.Errorf("tests are named after %s, and docs/security.md does not define it", tag)
		}
	}
}

// The tags are I for a finding's life, R for remedies, S for Slack, pages and what
// comes in.
var (
	definition = regexp.MustCompile(`(?m)^\| ([IRS])(\d+) \| `)
	taggedTest = regexp.MustCompile(`(?m)^func Test((?:[IRS]\d+)+)[A-Z]\w*\(`)
	aTag       = regexp.MustCompile(`[IRS]\d+`)
)

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
			for _, tag := range aTag.FindAllString(m[1], -1) {
				tags[tag]++
			}
		}
		return err
	})
	if err != nil {
		t.Fatalf("read the tests: %v", err)
	}
	return tags
}
