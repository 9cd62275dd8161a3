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
	for _, from := range append([]state.State{state.None}, state.All()...) {
		for _, to := range state.All() {
			for _, by := range []state.Cause{state.ByEvent, state.ByPerson, state.ByTimer, state.ByEffect} {
				if arrow := string(from) + " -> " + string(to); state.Leads(from, to, by) {
					is[arrow] = append(is[arrow], string(by))
				}
			}
		}
	}
	if diff := cmp.Diff(is, written); diff != "" {
		t.Errorf("the states of docs/architecture.md (-code +page):\n%s", diff)
	}
}
