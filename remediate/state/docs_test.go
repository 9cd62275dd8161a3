package state_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/remediate/state"
)

func TestTheArchitecturePageHasEveryArrowOfTheStates(t *testing.T) {
	page, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## States\n")
	section, _, _ = strings.Cut(section, "\n## ")
	written := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[a-z]+`|nothing) \\| (.+) \\|$").FindAllStringSubmatch(section, -1) {
		from := strings.Trim(strings.TrimPrefix(row[1], "nothing"), "`")
		for _, to := range regexp.MustCompile("`([a-z]+)` \\(([a-z, ]+)\\)").FindAllStringSubmatch(row[2], -1) {
			written[from+" -> "+to[1]] = strings.Split(to[2], ", ")
		}
	}
	is := map[string][]string{}
	for _, a := range state.Arrows() {
		var by []string
		for _, c := range a.By {
			by = append(by, string(c))
		}
		is[string(a.From)+" -> "+string(a.To)] = by
	}
	if diff := cmp.Diff(is, written); diff != "" {
		t.Errorf("the states of docs/architecture.md (-code +page):\n%s", diff)
	}
}
