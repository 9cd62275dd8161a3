package arch_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A package's comment says which file is about what; a file that it names and that
// was renamed leads its reader nowhere.
func TestTheFilesThatCommentsNameAreThere(t *testing.T) {
	named := regexp.MustCompile(`[a-z0-9_/*]+\.go\b`)
	for name := range sources(t) {
		source, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for n, line := range strings.Split(string(source), "\n") {
			_, comment, ok := strings.Cut(line, "//")
			if !ok || strings.Contains(comment, "http") {
				continue
			}
			for _, file := range named.FindAllString(comment, -1) {
				beside := path.Join(path.Dir(name), file)
				below := path.Join(path.Dir(name), "*", file)
				if !isThere(beside) && !isThere(below) && !isThere(file) {
					t.Errorf("%s:%d names %s, which is not there", name, n+1, file)
				}
			}
		}
	}
}

func isThere(pattern string) bool {
	found, err := filepath.Glob(filepath.Join(root, pattern))
	return err == nil && len(found) > 0
}
