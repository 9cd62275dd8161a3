// Package outfile is where a command writes its results.
//
// It promises that a file appears whole or not at all, readable to its owner alone, and
// that nothing which is read is written over.
package outfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Results are standard output, a device, or a file.
type Results struct {
	io.Writer
	file *os.File // nil for standard output, and once the file is in place
	path string   // where the file goes; empty for a device, which is written to as it is
}

// Open returns standard output for an empty path and for "-". A file is
// readable by its owner only, as results name people and what they may do. None
// of the sources is written over: history that was replayed onto itself would
// be gone. A link is followed, and what is no regular file is written to, never
// replaced.
func Open(path string, stdout io.Writer, sources ...string) (*Results, error) {
	if path == "" || path == "-" {
		return &Results{Writer: stdout}, nil
	}
	there, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return create(path)
	case err != nil:
		return nil, fmt.Errorf("write results: %w", err)
	case there.IsDir():
		return nil, fmt.Errorf("write results: %s is a directory", path)
	}
	for _, s := range sources {
		if from, err := os.Stat(s); err == nil && os.SameFile(from, there) {
			return nil, fmt.Errorf("write results: %s is what is read: the results would replace it", path)
		}
	}
	if !there.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, fmt.Errorf("write results: %w", err)
		}
		return &Results{f, f, ""}, nil
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, fmt.Errorf("write results: %w", err)
	}
	return create(target)
}

func create(path string) (*Results, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, fmt.Errorf("write results: %w", err)
	}
	return &Results{f, f, path}, nil
}

// Keep puts the file in place of what was there before.
func (r *Results) Keep() error {
	if r.file == nil {
		return nil
	}
	if err := r.file.Close(); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	if r.path != "" {
		if err := os.Rename(r.file.Name(), r.path); err != nil {
			return fmt.Errorf("write results: %w", err)
		}
	}
	r.file = nil
	return nil
}

// Discard removes what was not kept.
func (r *Results) Discard() {
	if r.file == nil {
		return
	}
	_ = r.file.Close() // it may be closed already, and goes anyway
	if r.path != "" {
		_ = os.Remove(r.file.Name())
	}
}
