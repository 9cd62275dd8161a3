package strictyaml

import (
	"fmt"
	"strings"
)

// Suggest returns `; did you mean "x"?` for the known word nearest to a
// misspelt one, empty when none is near.
func Suggest[T ~string](word string, known []T) string {
	if near := nearest(word, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// nearest returns the word that was probably meant: the one fewest letters
// away, and at most one in three of them and one more; of equals the first by
// name. It is empty when none is that near.
func nearest[T ~string](word string, known []T) string {
	const long = 64 // no name is so long that a suggestion would help
	from := []rune(strings.ToLower(word))
	if len(from) > long {
		return ""
	}
	best, limit := "", len(from)/3+1
	for _, t := range known {
		k := string(t)
		to := []rune(strings.ToLower(k))
		if len(to) > long {
			continue
		}
		if d := edits(from, to); d < limit || d == limit && (best == "" || k < best) {
			best, limit = k, d
		}
	}
	return best
}

// Edits counts the letters to insert, drop or replace to get from a to b.
func Edits(a, b string) int { return edits([]rune(a), []rune(b)) }

// edits counts the letters to insert, drop or replace to get from a to b.
func edits(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
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
