package files

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFilesTooLargeForPoliciesAreNotReadWhole(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 1<<40); err != nil { // sparse: it takes no room
		t.Skipf("the file system holds no file of 1 TiB: %v", err)
	}
	if _, err := Read(dir); err == nil || err.Error() != "read policies: "+large+" has more than 1048576 bytes, the limit for a file" {
		t.Errorf("one file: %v", err)
	}
	full := filepath.Join(dir, "full.yaml")
	if err := os.WriteFile(full, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(slices.Repeat([]string{full}, 33)...); err == nil ||
		err.Error() != "read policies: "+full+" and the files before it have more than 33554432 bytes, the limit for all files" {
		t.Errorf("many files: %v", err)
	}
}

func TestReadReadsADirectoryInOrder(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"sub", "..data"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"b.yml", "a.yaml", "sub/c.yaml", "d.YAML", "notes.txt", "..data/a.yaml", ".hidden.yaml"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Read(dir, filepath.Join(dir, "notes.txt"))
	var got []string
	for _, f := range files {
		got = append(got, string(f.Data))
	}
	if diff := cmp.Diff([]string{"a.yaml", "b.yml", "d.YAML", "sub/c.yaml", "notes.txt"}, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, err := Read(filepath.Join(dir, "nope")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if files, err := Read(); err != nil || files != nil {
		t.Errorf("no paths: %v, %v", files, err)
	}
}
