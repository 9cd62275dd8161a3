package arch_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// graph is who imports whom: an import path, and what the package's own files
// import. Test files are left out, as a test may reach for anything.
type graph map[string][]string

// violations says, a sentence each and in a fixed order, which import breaks
// which arrow.
func violations(g graph) []string {
	var broken []string
	for _, pkg := range slices.Sorted(maps.Keys(g)) {
		name := strings.TrimPrefix(pkg, module)
		own, ok := partOf(name)
		if !ok {
			broken = append(broken, fmt.Sprintf("%s stands in no arrow: give it a place in internal/arch", name))
			continue
		}
		for _, imp := range g[pkg] {
			if why := forbidden(part(name), own, imp); why != "" {
				broken = append(broken, fmt.Sprintf("%s imports %s: %s", name, strings.TrimPrefix(imp, module), why))
			}
		}
	}
	return broken
}

// forbidden says why a package, which belongs to the part own, may not import
// imp; empty when it may.
func forbidden(pkg, own part, imp string) string {
	if rel, ours := strings.CutPrefix(imp, module); ours {
		allowed := arrows()[own]
		to, _ := partOf(rel)
		if to == own || slices.Contains(allowed, to) {
			return ""
		}
		if len(allowed) == 0 {
			return fmt.Sprintf("%s may import nothing of ours", own)
		}
		return fmt.Sprintf("%s may import only %s of ours", own, list(allowed))
	}
	if own == cloud && !standard(imp) {
		return fmt.Sprintf("%s may import only the standard library", own)
	}
	for _, lib := range libraries() {
		if !slices.ContainsFunc(lib.paths, func(p string) bool { return within(imp, p) }) {
			continue
		}
		if slices.ContainsFunc(lib.users, func(u part) bool { return within(string(pkg), string(u)) }) {
			return ""
		}
		return fmt.Sprintf("%s belongs in %s alone", lib.name, list(lib.users))
	}
	return ""
}

// partOf is the part that a package belongs to: of those it is within, the one
// furthest down.
func partOf(name string) (of part, ok bool) {
	for p := range arrows() {
		if within(name, string(p)) && len(p) > len(of) {
			of, ok = p, true
		}
	}
	return of, ok
}

// within compares whole path elements: policiesx is not within policies.
func within(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, dir+"/")
}

// standard tells the standard library from the rest as the go command does: by
// the missing dot in the first element.
func standard(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return !strings.Contains(first, ".")
}

func list(parts []part) string {
	var names []string
	for _, p := range parts {
		names = append(names, string(p))
	}
	return strings.Join(names, ", ")
}
