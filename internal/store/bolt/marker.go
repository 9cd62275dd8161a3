package bolt

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"go.etcd.io/bbolt"
)

// A file that is gone, or another, looks like a new one: what was decided, and what is
// asked, would be forgotten in silence. So each file has a marker of its installation, and
// beside it lies a small file with the same.

var installationKey = []byte("installation")

// markerOf is the name of the file beside it.
func markerOf(path string) string { return path + ".installation" }

// marked compares the marker of the file with the one beside it, makes what is missing,
// and says what is not as it was; "" for nothing. fresh is true where there was no file.
func marked(db *bbolt.DB, path string, fresh bool) (lost string, err error) {
	var is string
	err = db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(meta)
		if is = string(b.Get(installationKey)); is != "" {
			return nil
		}
		is = rand.Text()
		return b.Put(installationKey, []byte(is))
	})
	if err != nil {
		return "", fmt.Errorf("mark %s: %w", path, err)
	}
	text, err := os.ReadFile(markerOf(path))
	switch was := strings.TrimSpace(string(text)); {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("read the marker of the store: %w", err)
	case err == nil && was == is:
		return "", nil
	case err == nil && fresh:
		lost = fmt.Sprintf("%s was not there or empty, and there was a store before: what was asked and decided is forgotten. "+
			"If that was no intention, stop, and put a backup back: rescind store restore", path)
	case err == nil:
		lost = fmt.Sprintf("%s is of another installation than the store that was here before: a file was put in its place. "+
			"If that was no intention, stop, and put a backup back: rescind store restore", path)
	}
	return lost, mark(path, is)
}

// mark writes the marker beside the file.
func mark(path, installation string) error {
	if err := os.WriteFile(markerOf(path), []byte(installation+"\n"), 0o600); err != nil {
		return fmt.Errorf("write the marker of the store: %w", err)
	}
	return nil
}
