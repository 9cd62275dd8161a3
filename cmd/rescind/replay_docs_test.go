package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A sample of docs/replay.md is a fenced block below a comment that says what
// it is: a file to write, a command with what it prints, or the summary that
// the command before it printed.
var docSample = regexp.MustCompile("(?s)<!-- (file: (\\S+)|run|summary) -->\n```\\w+\n(.*?)```\n")

func TestTheSamplesOfTheReplayDocsDoWhatTheySay(t *testing.T) {
	const path = "../../docs/replay.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	samples := docSample.FindAllStringSubmatch(doc, -1)
	if len(samples) < 6 {
		t.Fatalf("%d samples, want at least 6", len(samples))
	}
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	summary := ""
	for _, s := range samples {
		what, file, body := s[1], s[2], s[3]
		got := body
		switch what {
		case "run":
			line, _, _ := strings.Cut(body, "\n")
			var out string
			_, out, summary = runCommand(t, "", strings.Fields(strings.TrimPrefix(line, "$ rescind "))...)
			got = line + "\n" + strings.TrimSuffix(out, "\n\n")
		case "summary":
			got = summary
		default:
			write(t, file, body)
		}
		if !strings.HasSuffix(got, "\n") {
			got += "\n"
		}
		if diff := cmp.Diff(body, got); diff != "" && !*updateReplay {
			t.Errorf("%s (-docs +got):\n%s", what, diff)
		}
		doc = strings.Replace(doc, s[0], strings.Replace(s[0], body, got, 1), 1)
	}
	if *updateReplay {
		t.Chdir(home)
		if err := os.WriteFile(path, []byte(doc), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
