package replay

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindInputs(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("empty", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"logs/2026/11/20/00:00:00_S0.json", "logs/b.jsonl.gz", "logs/a.NDJSON", "logs/old.log.zst", "logs/README.md", "logs/x.json.bak",
		"odd[1].txt", "one.json", "two.json",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("logs/2026/11/20", "link"); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		operands []string
		files    []string
		skipped  []string
		refused  []string
	}{
		{"a directory stands for the logs in it and below", []string{"logs"},
			[]string{"logs/2026/11/20/00:00:00_S0.json", "logs/a.NDJSON", "logs/b.jsonl.gz", "logs/old.log.zst"}, []string{"logs/README.md", "logs/x.json.bak"}, nil},
		{"a link to a directory is that directory", []string{"link"}, []string{"link/00:00:00_S0.json"}, nil, nil},
		{"a file is read whatever its name is", []string{"logs/README.md"}, []string{"logs/README.md"}, nil, nil},
		{"a pattern stands for what it matches", []string{"*.json"}, []string{"one.json", "two.json"}, nil, nil},
		{"a pattern may match a directory", []string{"log?/2026"}, []string{"logs/2026/11/20/00:00:00_S0.json"}, nil, nil},
		{"a file whose name looks like a pattern", []string{"odd[1].txt"}, []string{"odd[1].txt"}, nil, nil},
		{"a file that is named twice is read once", []string{"one.json", "./one.json", "*.json", "-", "-"}, []string{"one.json", "two.json", "-"}, nil, nil},
		{"what is not there is refused, the rest is found", []string{"none", "[", "*.none", "one.json"}, []string{"one.json"}, nil,
			[]string{"none: no such file or directory", "[: glob pattern: syntax error in pattern", "*.none: no file matches this pattern"}},
		{"a directory without logs is refused", []string{"empty"}, nil, nil,
			[]string{"empty: holds no file named like a log (*.json, *.jsonl, *.ndjson, *.log)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := FindInputs(tt.operands, strings.NewReader(""))
			var files, refused []string
			for _, f := range in.Files {
				files = append(files, f.Name)
			}
			for _, p := range in.Refused {
				refused = append(refused, p.String())
			}
			if diff := cmp.Diff([][]string{tt.files, tt.skipped, tt.refused}, [][]string{files, in.Skipped, refused}); diff != "" {
				t.Errorf("files, skipped, refused (-want +got):\n%s", diff)
			}
		})
	}
}
