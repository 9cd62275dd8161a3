package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/internal/store"
	"github.com/rescind-dev/rescind/internal/store/bolt"
)

func storeCommand() command {
	return group("store", "check, back up and restore a store in a file", "rescind store backup --config rescind.yaml state-backup.db", []command{
		ofFile("check", "walk the whole file", `[flags]

Walks the whole file of the store, and says what is in it or what is wrong with
it. rescind serve does so at its start, up to 256 MB. Nothing is written.
`, 0, func(w io.Writer, path string, _ []string) error {
			s, err := bolt.Check(path)
			if err == nil {
				fmt.Fprintf(w, "%s is sound: %s\n", path, s)
			}
			return err
		}),
		ofFile("backup", "copy the file", `[flags] TO

Walks the file of the store and copies it to TO, which must not be there yet.
rescind serve must not run: it holds the file.
`, 1, func(w io.Writer, path string, to []string) error {
			s, err := bolt.Backup(path, to[0])
			if err == nil {
				fmt.Fprintf(w, "%s is a copy of %s: %s\n", to[0], path, s)
			}
			return err
		}),
		ofFile("restore", "put a backup in the file's place", `[flags] FROM

Walks the backup FROM and puts a copy of it in the place of the store's file.
What was there is kept beside it. rescind serve must not run. What was decided
since the backup is forgotten: a question may be asked again, and what was
reverted is looked at as it is live.
`, 1, func(w io.Writer, path string, from []string) error {
			s, kept, err := bolt.Restore(path, from[0])
			if err == nil {
				fmt.Fprintf(w, "%s is a copy of %s: %s\n", path, from[0], s)
			}
			if kept != "" {
				fmt.Fprintf(w, "what was there is %s\n", kept)
			}
			return err
		}),
	})
}

// ofFile is a command on the file of a store, with so many operands.
func ofFile(name, summary, about string, operands int, do func(w io.Writer, path string, operands []string) error) command {
	usage := "Usage: rescind store " + name + " " + about + "\nFlags:\n  --config FILE  as for rescind serve\n\nExample:\n  rescind store " + name + " --config rescind.yaml" +
		strings.Repeat(" backup.db", operands) + "\n"
	return command{name: name, summary: summary, usage: usage, run: func(_ context.Context, env environment, args []string) error {
		f := newFlags("store " + name)
		file := f.String("config", "", "")
		given, err := f.parse(args)
		switch {
		case err != nil:
			return err
		case len(given) != operands:
			return usagef("want %d file names, have %d", operands, len(given))
		}
		c, err := config.Load(*file)
		if err != nil {
			return err
		}
		path, ok := strings.CutPrefix(c.Store, "bolt:")
		if !ok {
			return fmt.Errorf("the store is %s:, and this is for bolt: docs/operations.md says what to run for Firestore", store.Scheme(c.Store))
		}
		return do(env.stdout, path, given)
	}}
}
