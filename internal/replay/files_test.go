package replay_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/replay"
)

// laidOut makes the files in a directory of their own and changes to it. A name
// that ends in "/" is a directory, and "->" makes a link.
func laidOut(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		err := os.MkdirAll(filepath.Dir(name), 0o700)
		switch target, link := strings.CutPrefix(text, "->"); {
		case err != nil:
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(name, 0o700)
		case link:
			err = os.Symlink(target, name)
		default:
			err = os.WriteFile(name, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func replayedFrom(t *testing.T, stdin string, operands ...string) replay.Report {
	t.Helper()
	set, err := builtIn()
	if err != nil {
		t.Fatal(err)
	}
	in := replay.FindInputs(operands, strings.NewReader(stdin))
	r, err := replay.Run(t.Context(), replay.Config{Policies: set, Facts: facts(t, enforcedFacts)}, in)
	if err != nil {
		t.Fatal(err)
	}
	accounted(t, r.Summary)
	return r
}

// unnamed is a finding that counts twice when it is read twice.
func unnamed(t *testing.T, service string) string {
	t.Helper()
	e := published("", 5, service)
	delete(e, "insertId")
	return lines(t, e)
}

func TestAFileIsReadOnceByHoweverManyNames(t *testing.T) {
	laidOut(t, map[string]string{
		"logs/2026-11-20.json": unnamed(t, "api"), "logs/latest.json": "->2026-11-20.json", "all": "->logs", "-": unnamed(t, "dash"),
	})
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		operands []string
		want     int
	}{
		{"a directory in which a link names it", []string{"logs"}, 1},
		{"the file and the link", []string{"logs/2026-11-20.json", "logs/latest.json"}, 1},
		{"a directory, and a link to it", []string{"logs", "all"}, 1},
		{"a path in full", []string{"logs/latest.json", filepath.Join(here, "logs/2026-11-20.json")}, 1},
		{"a pattern, and what it matches", []string{"logs/*", "logs/latest.json"}, 1},
		{"standard input twice", []string{"-", "-"}, 1},
		{"standard input, and a file of that name", []string{"-", "./-"}, 2},
	} {
		if r := replayedFrom(t, unnamed(t, "stdin"), tt.operands...); len(r.Findings) != tt.want || len(r.Summary.Refused) != 0 {
			t.Errorf("%s: %d findings, refused %v; want %d", tt.name, len(r.Findings), r.Summary.Refused, tt.want)
		}
	}
}

// One thing that cannot be read hides no other, and is told by its own name.
func TestWhatCannotBeReadIsToldAndTheRestIsRead(t *testing.T) {
	laidOut(t, map[string]string{
		"logs/a.json": lines(t, published("a", 1, "a")), "logs/gone.json": "->nowhere", "logs/z.json.gz": zipped(t, lines(t, published("z", 2, "z"))),
		"logs/cut.json.gz": zipped(t, lines(t, published("c", 3, "c")))[:40], "empty1/": "", "empty2/": "", "broken[": "->nowhere",
	})
	for _, tt := range []struct {
		name     string
		operands []string
		found    []string
		refused  []string
	}{
		{"in a directory", []string{"logs"}, []string{"a", "z"}, []string{"logs/cut.json.gz", "logs/gone.json"}},
		{"by a pattern", []string{"logs/*"}, []string{"a", "z"}, []string{"logs/cut.json.gz", "logs/gone.json"}},
		{"directories without a log, by a pattern", []string{"empty?", "logs/a.json"}, []string{"a"}, []string{"empty1", "empty2"}},
		{"a link that leads nowhere and looks like a pattern", []string{"broken[", "logs/a.json"}, []string{"a"}, []string{"broken["}},
		{"one that is not there", []string{"nothing", "logs/z.json.gz"}, []string{"z"}, []string{"nothing"}},
	} {
		r := replayedFrom(t, "", tt.operands...)
		var found, refused []string
		for _, f := range r.Findings {
			found = append(found, f.InsertID)
		}
		for _, p := range r.Summary.Refused {
			refused = append(refused, p.Input)
			if strings.Contains(p.Reason, "\n") || p.Reason == "" {
				t.Errorf("%s: %s is refused for %q, want one line", tt.name, p.Input, p.Reason)
			}
		}
		slices.Sort(refused)
		if diff := cmp.Diff([][]string{tt.found, tt.refused}, [][]string{found, refused}); diff != "" {
			t.Errorf("%s: found, refused (-want +got):\n%s", tt.name, diff)
		}
	}
}

// A sink writes a file an hour and folders for the days; what they hold together
// is one history.
func TestADirectoryOfFilesIsOneHistory(t *testing.T) {
	hours := map[string]string{
		"h/2026/11/20/10:00:00_10:59:59_S0.json":    lines(t, asked("o1", 5, "api", worker), editor("e", 6, defaultAccount)),
		"h/2026/11/20/11:00:00_11:59:59_S0.json":    lines(t, done("o2", 7, "api", defaultAccount), constrained("c", 1, "projects/pay", off)),
		"h/2026/11/21/00:00:00_00:59:59_S0.json.gz": zipped(t, asArray(t, lines(t, published("p", 9, "api"), deployed("d", 9, "web", worker)))),
		"h/2026/README": "no log",
	}
	laidOut(t, hours)
	got := replayedFrom(t, "", "h")
	want := []string{"c no-constraint-weakening violation", "o1 no-default-service-account violation", "e no-editor-on-runtime-identity violation"}
	if diff := cmp.Diff(want, told(got)); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	if s := got.Summary; s.Inputs != 3 || s.Records != 6 || !slices.Equal(s.Skipped, []string{"h/2026/README"}) {
		t.Errorf("%d inputs, %d records, skipped %v", s.Inputs, s.Records, s.Skipped)
	}
}
