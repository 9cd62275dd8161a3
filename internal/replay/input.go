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
}

// FileInput is the file at path.
func FileInput(path string) Input {
	return Input{path, func() (io.ReadCloser, error) { return os.Open(path) }}
}

// ReaderInput is a stream that is already open, such as standard input. It can
// be read once and is not closed.
func ReaderInput(name string, r io.Reader) Input {
	return Input{name, func() (io.ReadCloser, error) { return io.NopCloser(r), nil }}
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

// packedSuffixes may follow them. Zstandard is listed although it cannot be
// read: an archive that is refused is noticed, one that is skipped is not.
var packedSuffixes = []string{".gz", ".zst"}

// FindInputs finds the files that the operands name: files, directories with
// all below them, glob patterns, and "-" for stdin. A file that two operands
// name is read once.
func FindInputs(operands []string, stdin io.Reader) Inputs {
	var in Inputs
	seen := map[string]bool{}
	for _, op := range operands {
		if op == "-" {
			in.once(seen, op, ReaderInput(op, stdin))
			continue
		}
		if err := in.operand(seen, op); err != nil {
			in.Refused = append(in.Refused, Problem{Input: op, Reason: reason(err)})
		}
	}
	return in
}

func (in *Inputs) operand(seen map[string]bool, op string) error {
	paths := []string{op}
	if _, err := os.Stat(op); err != nil {
		// A name that exists is that file, also when it has a "[" in it.
		if !strings.ContainsAny(op, "*?[") {
			return err
		}
		paths, err = filepath.Glob(op)
		if err != nil {
			return fmt.Errorf("glob pattern: %w", err)
		}
		if len(paths) == 0 {
			return errors.New("no file matches this pattern")
		}
	}
	var errs []error
	for _, p := range paths {
		errs = append(errs, in.path(seen, p))
	}
	return errors.Join(errs...)
}

func (in *Inputs) path(seen map[string]bool, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		in.once(seen, path, FileInput(path))
		return nil
	}
	found := 0
	// With a separator behind it a link to a directory is walked, too.
	err = filepath.WalkDir(path+string(filepath.Separator), func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			in.Refused = append(in.Refused, Problem{Input: p, Reason: reason(err)})
		case d.IsDir():
		case isLog(p):
			found++
			in.once(seen, p, FileInput(p))
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

// once adds an input unless an earlier operand named the same file: entries
// without an insertId are never duplicates, so reading them twice would count
// them twice.
func (in *Inputs) once(seen map[string]bool, path string, i Input) {
	key := path
	if abs, err := filepath.Abs(path); err == nil {
		key = abs
	}
	if !seen[key] {
		seen[key] = true
		in.Files = append(in.Files, i)
	}
}

func isLog(path string) bool {
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
