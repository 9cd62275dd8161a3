// Package glob compares the names of resources with patterns.
//
// It promises that no pattern matches a prefix by accident, and that no pattern takes
// longer than the two texts are long, multiplied.
package glob

import "strings"

// Match reports whether s matches the pattern as a whole. "*" stands for any
// characters within one part of a name, never for a "/": a pattern that ends
// in "/services/*" cannot match what lies below a service. There is no other
// special character, and no way to match a prefix by accident.
func Match(s, pattern string) bool {
	parts, patterns := strings.Split(s, "/"), strings.Split(pattern, "/")
	if len(parts) != len(patterns) {
		return false
	}
	for i := range parts {
		if !Part(parts[i], patterns[i]) {
			return false
		}
	}
	return true
}

// Part reports whether one part of a name matches one part of a pattern. Each "*" takes
// as little as it can, and the latest one more when the rest does not fit: linear in
// practice, len(s)*len(p) at worst.
func Part(s, p string) bool {
	star, mark := -1, 0
	i, j := 0, 0
	for i < len(s) {
		switch {
		case j < len(p) && p[j] == '*':
			star, mark = j, i
			j++
		case j < len(p) && p[j] == s[i]:
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = mark, star+1
		default:
			return false
		}
	}
	return strings.Trim(p[j:], "*") == ""
}
