package strictyaml

import (
	"slices"
	"strings"
	"testing"
)

func TestSuggestNamesTheWordThatWasProbablyMeant(t *testing.T) {
	for _, tt := range []struct {
		name, word, want string
		known            []string
	}{
		{"a letter left out", "apprval", "approvals", []string{"approvals", "audience", "identity", "iap"}},
		{"another case", "Identity", "identity", []string{"approvals", "identity"}},
		{"a letter that is another", "audiance", "audience", []string{"approvals", "audience"}},
		{"none that is near", "zzz", "", []string{"approvals", "iap"}},
		{"none for nothing", "", "", []string{"approvals", "iap"}},
		{"none for what is longer than any name", strings.Repeat("a", 1000), "", []string{strings.Repeat("a", 1000)}},
		{"a longest name", strings.Repeat("a", 63), strings.Repeat("a", 64), []string{strings.Repeat("a", 64)}},
		{"no name longer than that", strings.Repeat("a", 64), "", []string{strings.Repeat("a", 65)}},
		{"the nearer of two", "rols", "roles", []string{"role of one", "roles", "rules"}},
		{"of two equally near the first by name", "bat", "cat", []string{"hat", "cat"}},
		{"letters and not bytes", "grün", "grau", []string{"grau"}},
		{"a word among none", "x", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := ""
			if tt.want != "" {
				want = `; did you mean "` + tt.want + `"?`
			}
			if got := Suggest(tt.word, tt.known); got != want {
				t.Errorf("%.20q: %q, want %q", tt.word, got, want)
			}
		})
	}
}

// The names that many share are not sorted under the others' eyes.
func TestSuggestLeavesTheNamesAsTheyAre(t *testing.T) {
	known := []string{"c", "b", "a"}
	Suggest("d", known)
	if !slices.Equal(known, []string{"c", "b", "a"}) {
		t.Errorf("they became %v", known)
	}
}

// Every name that a slip of one letter turns into another word is found again,
// unless the slip made another name.
func TestASlipOfOneLetterIsMendedForEveryName(t *testing.T) {
	known := []string{"enforcement", "exemptions", "overrides", "severity", "rationale", "remediation", "message", "advice", "title", "tests"}
	for _, k := range known {
		for i := range k {
			for _, slip := range []string{k[:i] + k[i+1:], k[:i] + "x" + k[i:], k[:i] + "x" + k[i+1:]} {
				if got := nearest(slip, known); got != k {
					t.Errorf("%q for %q: %q", slip, k, got)
				}
			}
		}
	}
}
