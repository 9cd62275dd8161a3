package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// benchRow is a line of docs/performance.md, which make bench writes: what is
// measured, and what it should come to.
type benchRow struct{ name, figure, goal string }

// benchRows are all of them, in order. Each is run by itself with
// make bench ROW=name.
var benchRows = []benchRow{
	{"irrelevant", "irrelevant event of 5 KB: its rate, of that of a handler that reads the body", "60 %"},
	{"duplicate", "event that came before, CPU", "under 100 us"},
	{"setiam", "compliant SetIamPolicy at 60 a second over 60 projects, p50 and p99", "under 80 ms and 300 ms"},
	{"deploys", "compliant deploys at 10 a second over 50 projects below two folders, p99", "under 500 ms"},
	{"reverts", "event to revert at 50 a second for a minute over 500 projects: written, p50 and p99", "all, under 300 ms and 1 s"},
	{"revertcpu", "CPU a revert, with its event", "under 5 ms"},
	{"burst", "10,000 events in 10 s over 100 projects: acknowledged, with a finding, resident memory at its highest", "all, all, under 150 MB"},
	{"noisy", "20 quiet projects beside one with 1,000 events: p99 of the quiet ones, of that without it", "within 20 %"},
	{"coldstart", "start to the first 200, of that of a minimal net/http program", "3x, at most 5x"},
	{"idle", "resident memory when idle", "30 MB"},
	{"size", "the stripped program", "under 40 MB"},
}

const benchPage = "../../docs/performance.md"

func TestThePageOfFiguresHasEveryRowAndItsGoal(t *testing.T) {
	page, err := os.ReadFile(benchPage)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(page), "\n")
	for _, r := range benchRows {
		begins := fmt.Sprintf("| `%s` | %s | %s | ", r.name, r.figure, r.goal)
		i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, begins) })
		if i < 0 {
			t.Errorf("docs/performance.md lacks %q: make bench writes it", begins)
		} else if strings.HasPrefix(lines[i], begins+"|") || strings.HasPrefix(lines[i], begins+" |") {
			t.Errorf("docs/performance.md has no figure for %s", r.name)
		}
	}
}
