package strictyaml

import "strings"

// nearest returns the word that was probably meant: the one fewest letters
// away, and at most one in three of them; empty when none is that near.
func nearest(word string, known []string) string {
	const long = 64 // longer than any key; it also bounds the work
	if len(word) > long {
		return ""
	}
	best, limit := "", len(word)/3+1
	for _, k := range known {
		if d := edits(strings.ToLower(word), strings.ToLower(k)); d < limit || d == limit && best == "" {
			best, limit = k, d
		}
	}
	return best
}

// edits counts the letters to insert, drop or replace to get from a to b.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
