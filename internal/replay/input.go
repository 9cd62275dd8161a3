package replay

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Input is one stream of records: a file, or standard input.
type Input struct {
	Name string // as problems are located: a path, or "-"
	open func() (io.ReadCloser, error)
	// size is in bytes; 0 where it is not known.
	size int64
}

// FileInput is the file at path.
func FileInput(path string) Input {
	in := Input{Name: path, open: func() (io.ReadCloser, error) { return os.Open(path) }}
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		in.size = info.Size()
	}
	return in
}

// StreamInput is what open opens: an object of a bucket, for instance. Its size is in
// bytes, and 0 where that is not known. What open needs, such as a context, it holds.
func StreamInput(name string, size int64, open func() (io.ReadCloser, error)) Input {
	return Input{Name: name, open: open, size: size}
}

// ReaderInput is a stream that is already open, such as standard input. It can
// be read once and is not closed.
func ReaderInput(name string, r io.Reader) Input {
	return Input{Name: name, open: func() (io.ReadCloser, error) { return io.NopCloser(r), nil }}
}

// Inputs is what the operands of a command line stand for.
type Inputs struct {
	Files []Input
	// Skipped are files of a directory whose names are not those of logs.
	Skipped []string
	// Refused are operands that stand for nothing that can be read.
	Refused []Problem
}

// logSuffixes are the names of exported logs. Files with other names are
// skipped in a directory, and read when they are named.
var logSuffixes = []string{".json", ".jsonl", ".ndjson", ".log"}

// packedSuffixes may follow them.
var packedSuffixes = []string{".gz", ".zst"}

// stdin is the operand and the name of standard input.
const stdin = "-"

// FindInputs finds the files that the operands name: files, directories with
// all below them, glob patterns, and "-" for what is read from. A file that two operands
// name, or a link beside it, is read once.
func FindInputs(operands []string, from io.Reader) Inputs {
	var in Inputs
	seen := map[string]bool{}
	for _, op := range operands {
		if op == stdin {
			in.once(seen, op, ReaderInput(op, from))
			continue
		}
		paths, err := named(op)
		in.refuse(op, err)
		for _, p := range paths {
			in.refuse(p, in.path(seen, p))
		}
	}
	return in
}

func (in *Inputs) refuse(input string, err error) {
	if err != nil {
		in.Refused = append(in.Refused, Problem{Input: input, Reason: reason(err)})
	}
}

// named are the paths that an operand names: itself, or what it matches. A name
// that exists is that file, also when it has a "[" in it.
func named(op string) ([]string, error) {
	if _, err := os.Lstat(op); err == nil || !strings.ContainsAny(op, "*?[") {
		return []string{op}, nil
	}
	paths, err := filepath.Glob(op)
	switch {
	case err != nil:
		return nil, fmt.Errorf("glob pattern: %w", err)
	case len(paths) == 0:
		return nil, errors.New("no file matches this pattern")
	}
	return paths, nil
}

func (in *Inputs) path(seen map[string]bool, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		in.once(seen, realPath(path), FileInput(path))
		return nil
	}
	found := 0
	// With a separator behind it a link to a directory is walked, too.
	err = filepath.WalkDir(path+string(filepath.Separator), func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			in.refuse(p, err)
		case d.IsDir():
		case IsLog(p):
			found++
			in.once(seen, realPath(p), FileInput(p))
		default:
			in.Skipped = append(in.Skipped, p)
		}
		return nil
	})
	if err == nil && found == 0 {
		err = fmt.Errorf("holds no file named like a log (*%s)", strings.Join(logSuffixes, ", *"))
	}
	return err
}

// once adds an input unless there is one with its key already: entries without
// an insertId are never duplicates, so reading a file twice would count them
// twice.
func (in *Inputs) once(seen map[string]bool, key string, i Input) {
	if !seen[key] {
		seen[key] = true
		in.Files = append(in.Files, i)
	}
}

// realPath is one for all names of a file: log directories have links such as
// latest.json.
func realPath(path string) string {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		path = p
	}
	if p, err := filepath.Abs(path); err == nil {
		path = p
	}
	return path
}

// IsLog reports whether a file of that name is read in a directory.
func IsLog(path string) bool {
	name := strings.ToLower(filepath.Base(path))
	for _, s := range packedSuffixes {
		name = strings.TrimSuffix(name, s)
	}
	return slices.ContainsFunc(logSuffixes, func(s string) bool { return strings.HasSuffix(name, s) })
}

// reason says what is wrong with a path without repeating the path, which the
// problem names already.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
