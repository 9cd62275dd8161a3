package policies

import "strings"

// glob reports whether s matches the pattern as a whole. "*" stands for any
// characters within one part of a name, never for a "/": a pattern that ends
// in "/services/*" cannot match what lies below a service. There is no other
// special character, and no way to match a prefix by accident.
func glob(s, pattern string) bool {
	parts, patterns := strings.Split(s, "/"), strings.Split(pattern, "/")
	if len(parts) != len(patterns) {
		return false
	}
	for i := range parts {
		if !globPart(parts[i], patterns[i]) {
			return false
		}
	}
	return true
}

// globPart takes each "*" for as little as it can, and lets the latest one
// take more when the rest does not fit: linear in practice, len(s)*len(p) at
// worst.
func globPart(s, p string) bool {
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
