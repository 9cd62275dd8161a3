// Package store opens the store that a configuration names.
package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/internal/store/firestore"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/remediate"
)

// Open opens the store of a configuration's `store:` line: "memory:" keeps
// nothing past this process, "bolt:PATH" keeps one file,
// "firestore://PROJECT/DATABASE" is a database that any number of processes
// share; it is not called before its first use. The caller closes the store.
// An error names the scheme alone: the rest of a URL may hold a password.
func Open(url string) (remediate.Store, io.Closer, error) {
	if err := Check(url); err != nil {
		return nil, nil, err
	}
	switch scheme, rest, _ := strings.Cut(url, ":"); scheme {
	case "memory":
		return memory.New(), nopCloser{}, nil
	case "bolt":
		return openBolt(rest)
	default:
		return openFirestore(rest)
	}
}

// Scheme is what kind of store the line names, such as "firestore". The rest of
// the line may hold a password, and the scheme none.
func Scheme(url string) string {
	scheme, _, _ := strings.Cut(url, ":")
	return scheme
}

// Check returns an error unless Open knows what the line names. It opens nothing.
func Check(url string) error {
	scheme, rest, ok := strings.Cut(url, ":")
	switch {
	case !ok:
		return fmt.Errorf("store has no scheme: %s", supported)
	case scheme == "memory" && rest != "":
		return errors.New(`store "memory:" takes nothing after the colon`)
	case scheme == "bolt" && rest == "":
		return errors.New(`store "bolt:" names no file: want "bolt:PATH"`)
	case scheme == "firestore":
		_, _, err := databaseOf(rest)
		return err
	case scheme != "memory" && scheme != "bolt":
		return fmt.Errorf("store %q is not supported: %s", scheme+":", supported)
	}
	return nil
}

const supported = `want "firestore://PROJECT/DATABASE", "bolt:PATH" or "memory:"`

// openBolt keeps a nil *bolt.Store from becoming a Store that is not nil.
func openBolt(path string) (remediate.Store, io.Closer, error) {
	s, err := bolt.Open(path)
	if err != nil {
		return nil, nil, err
	}
	return s, s, nil
}

func databaseOf(rest string) (project, database string, err error) {
	path, ok := strings.CutPrefix(rest, "//")
	project, database, found := strings.Cut(path, "/")
	if !ok || !found || !isName(project) || !isName(database) && database != "(default)" {
		return "", "", errors.New(`store "firestore:" names no database: want "firestore://PROJECT/DATABASE"`)
	}
	return project, database, nil
}

func openFirestore(rest string) (remediate.Store, io.Closer, error) {
	project, database, err := databaseOf(rest)
	if err != nil {
		return nil, nil, err
	}
	// The client finds its credentials, and keeps nothing of the context.
	s, err := firestore.Open(context.Background(), project, database)
	if err != nil {
		return nil, nil, err
	}
	return s, s, nil
}

// isName reports whether s can be the id of a project, which may have a domain
// ("example.com:ops"), or of a database.
func isName(s string) bool {
	strange := func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-.:", r) }
	return s != "" && !strings.ContainsFunc(s, strange)
}

type nopCloser struct{}

func (nopCloser) Close() error { return nil }
