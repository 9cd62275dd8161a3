package arch_test

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

// What one package and one file may hold. What is larger is about more than one
// thing, and hides a package.
const (
	mostFiles        = 40   // of a package, but for tests
	mostPackageLines = 4500 // of a package, but for tests
	mostFileLines    = 300  // of any file of Go, tests as well
	fewestFileLines  = 40   // of a file that is no test; see mayBeSmall
)

// mayBeSmall reports whether a file may be short, as what it holds has one place: in a
// file of that name, or in one that only some systems compile.
func mayBeSmall(name string) bool {
	return slices.Contains([]string{"doc.go", "main.go"}, path.Base(name)) ||
		strings.HasSuffix(name, "_linux.go") || strings.HasSuffix(name, "_other.go")
}

func TestNoPackageAndNoFileIsTooLarge(t *testing.T) {
	files, lines := map[string]int{}, map[string]int{}
	for name, n := range sources(t) {
		if n > mostFileLines {
			t.Errorf("%s has %d lines, and %d are the most: it is about more than one thing", name, n, mostFileLines)
		}
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		if n < fewestFileLines && !mayBeSmall(name) {
			t.Errorf("%s has %d lines: fold it into the file that it belongs to", name, n)
		}
		files[path.Dir(name)]++
		lines[path.Dir(name)] += n
	}
	for _, pkg := range slices.Sorted(maps.Keys(files)) {
		if files[pkg] > mostFiles || lines[pkg] > mostPackageLines {
			t.Errorf("%s has %d files and %d lines, and %d and %d are the most: a package hides in it", pkg, files[pkg], lines[pkg], mostFiles, mostPackageLines)
		}
	}
}
