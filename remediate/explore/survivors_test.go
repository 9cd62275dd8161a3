//go:build mutants

package explore_test

import (
	"os"
	"strings"
	"testing"
)

// survivor is a mutant that no story notices, and why: it is the same program, or a
// test of some package notices it.
type survivor struct{ pkg, test, why string }

// readSurvivors reads survivors.txt: the name of a mutant in a line, and in the
// indented one after it "same:" or "held by PACKAGE TEST:", and the reason.
func readSurvivors(t *testing.T) map[string]survivor {
	t.Helper()
	b, err := os.ReadFile("survivors.txt")
	if err != nil {
		t.Fatal(err)
	}
	out, name := map[string]survivor{}, ""
	for _, line := range strings.Split(string(b), "\n") {
		said := strings.TrimSpace(line)
		switch {
		case said == "" || strings.HasPrefix(line, "#"):
		case line == said:
			name = line
			out[name] = survivor{}
		default:
			how, why, ok := strings.Cut(said, ": ")
			words := strings.Fields(how)
			s := survivor{why: why}
			switch {
			case ok && how == "same":
			case ok && len(words) == 4 && words[0] == "held":
				s.pkg, s.test = words[2], words[3]
			default:
				t.Errorf("survivors.txt says of %s %q, want \"same: why\" or \"held by PACKAGE TEST: why\"", name, said)
			}
			out[name] = s
		}
	}
	for name, s := range out {
		if s.why == "" {
			t.Errorf("survivors.txt does not say why %s survives", name)
		}
	}
	return out
}
