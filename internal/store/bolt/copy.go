package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"go.etcd.io/bbolt"
)

// Backup walks the file, and copies it to another, which must not be there yet. What is
// at to afterwards is whole and on the disk, readable to the owner alone.
func Backup(path, to string) (Sound, error) {
	s, err := Check(path)
	if err != nil {
		return Sound{}, err
	}
	return s, copyOf(path, to)
}

// Restore walks the backup, and puts it in the place of the file. What was there is kept
// beside it, under the name that is returned; "" where nothing was.
func Restore(path, from string) (s Sound, kept string, err error) {
	if s, err = Check(from); err != nil {
		return Sound{}, "", err
	}
	if err := unused(path); err != nil {
		return Sound{}, "", err
	}
	if kept, err = setAside(path); err != nil {
		return Sound{}, "", err
	}
	if err := copyOf(from, path); err != nil {
		return Sound{}, kept, err
	}
	if s.installation != "" { // it is the one that belongs here from now on
		err = mark(path, s.installation)
	}
	return s, kept, err
}

// unused returns an error while another process has the file.
func unused(path string) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err := guarded(func() error {
		db, err := openFile(path, true)
		if err != nil {
			return err
		}
		return db.Close()
	})
	if errors.Is(err, errInUse) {
		return err
	}
	return nil // damaged: that is why a backup takes its place
}

// setAside gives what is at path another name.
func setAside(path string) (kept string, err error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	for n := 1; ; n++ {
		kept = fmt.Sprintf("%s.before-restore-%d", path, n)
		if _, err := os.Lstat(kept); errors.Is(err, fs.ErrNotExist) {
			return kept, os.Rename(path, kept)
		}
	}
}

// copyOf copies a file that is sound under another name first, so that what is at to is
// whole.
func copyOf(path, to string) error {
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fmt.Errorf("%s is there already: name another file", to))
	}
	db, err := openFile(path, true)
	if err != nil {
		return err
	}
	defer db.Close()
	partial := to + ".partial"
	defer func() { _ = os.Remove(partial) }() // it is gone once it has its name
	if err := db.View(func(tx *bbolt.Tx) error { return tx.CopyFile(partial, 0o600) }); err != nil {
		return fmt.Errorf("copy %s: %w", path, err)
	}
	if err := onDisk(partial); err != nil {
		return fmt.Errorf("copy %s: %w", path, err)
	}
	return os.Rename(partial, to)
}

func onDisk(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
