package authority

import (
	"strings"
	"testing"
)

func TestAReasonIsWhatAReaderSees(t *testing.T) {
	for reason, want := range map[string]int{
		" because ok ":                          10,
		"":                                      0,
		"agreed with Jo":                        14,
		strings.Repeat("\u00a0\u2003\n\t", 9):   0, // spaces
		strings.Repeat("\u200b\u2060\ufeff", 9): 0, // of no width
		strings.Repeat("\u3164\u2800\u115f", 9): 0, // letters and symbols that show nothing
		strings.Repeat("\u202e\U000e0041", 9):   0, // marks of direction, and tags
		"\xff\xfe":                              2, // shown as what cannot be read
		"有意公开":                                  4,
	} {
		if got := visible(reason); got != want {
			t.Errorf("%q has %d visible characters, want %d", reason, got, want)
		}
	}
}
