// Package files reads policy files by path.
//
// It promises that no directory is taken for one without policies in silence, and that no
// file is read whole to find out that it is too large.
package files

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/strictyaml"
	"github.com/rescind-dev/rescind/policies"
)

// maxTotalBytes bounds all files together.
const maxTotalBytes = 32 << 20

// Read reads policy files by path. A directory stands for all the *.yaml
// and *.yml files in it and below, in the order of their names, without those
// whose name begins with a dot (a mounted volume keeps a second copy there);
// one that holds none is an error, since it is most likely the wrong directory
// and would leave everything unprotected in silence. So is a file, or all files
// together, of more bytes than policies can have: none is read whole to find out.
func Read(paths ...string) ([]policies.File, error) {
	var out []policies.File
	total := 0
	for _, p := range paths {
		names, err := policyFiles(p)
		if err != nil {
			return nil, fmt.Errorf("read policies: %w", err)
		}
		for _, name := range names {
			data, err := readFile(name)
			if err != nil {
				return nil, fmt.Errorf("read policies: %w", err)
			}
			out = append(out, policies.File{Name: name, Data: data})
			if total += len(data); total > maxTotalBytes {
				return nil, fmt.Errorf("read policies: %s and the files before it have more than %d bytes, the limit for all files", name, maxTotalBytes)
			}
		}
	}
	return out, nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, strictyaml.MaxBytes+1))
	if err == nil && len(data) > strictyaml.MaxBytes {
		err = fmt.Errorf("%s has more than %d bytes, the limit for a file", name, strictyaml.MaxBytes)
	}
	return data, err
}

// policyFiles lists the files that one path stands for.
func policyFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var names []string
	err = fs.WalkDir(os.DirFS(path), ".", func(name string, d fs.DirEntry, err error) error {
		hidden := strings.HasPrefix(d.Name(), ".") && name != "."
		switch ext := strings.ToLower(filepath.Ext(name)); {
		case err != nil:
			return err
		case hidden && d.IsDir():
			return fs.SkipDir
		case !hidden && !d.IsDir() && (ext == ".yaml" || ext == ".yml"):
			names = append(names, filepath.Join(path, name))
		}
		return nil
	})
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("directory %s holds no .yaml or .yml file", path)
	}
	slices.Sort(names)
	return names, err
}
