package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// results is where a command writes its results: standard output, or a file
// that appears whole or not at all.
type results struct {
	io.Writer
	file *os.File // nil for standard output, and once the file is in place
	path string
}

// openResults returns standard output for an empty path. A file is readable by
// its owner only, as results name people and what they may do.
func openResults(path string, stdout io.Writer) (*results, error) {
	if path == "" {
		return &results{Writer: stdout}, nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("write results: %s is a directory", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, fmt.Errorf("write results: %w", err)
	}
	return &results{f, f, path}, nil
}

// keep puts the file in place of what was there before.
func (r *results) keep() error {
	if r.file == nil {
		return nil
	}
	if err := r.file.Close(); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	if err := os.Rename(r.file.Name(), r.path); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	r.file = nil
	return nil
}

// discard removes what was not kept.
func (r *results) discard() {
	if r.file != nil {
		_ = r.file.Close() // it may be closed already, and goes anyway
		_ = os.Remove(r.file.Name())
	}
}
