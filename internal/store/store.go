// Package store opens the store that a configuration names.
package store

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/remediate"
)

// Open opens the store of a configuration's `store:` line: "memory:" keeps
// nothing past this process, "bolt:PATH" keeps one file. The caller closes it.
// An error names the scheme alone: the rest of a URL may hold a password.
func Open(url string) (remediate.Store, io.Closer, error) {
	scheme, rest, ok := strings.Cut(url, ":")
	switch {
	case !ok:
		return nil, nil, fmt.Errorf("store has no scheme: %s", supported)
	case scheme == "memory" && rest == "":
		return memory.New(), nopCloser{}, nil
	case scheme == "memory":
		return nil, nil, errors.New(`store "memory:" takes nothing after the colon`)
	case scheme == "bolt" && rest == "":
		return nil, nil, errors.New(`store "bolt:" names no file: want "bolt:PATH"`)
	case scheme == "bolt":
		return openBolt(rest)
	}
	return nil, nil, fmt.Errorf("store %q is not supported: %s", scheme+":", supported)
}

const supported = `want "bolt:PATH" or "memory:"`

// openBolt keeps a nil *bolt.Store from becoming a Store that is not nil.
func openBolt(path string) (remediate.Store, io.Closer, error) {
	s, err := bolt.Open(path)
	if err != nil {
		return nil, nil, err
	}
	return s, s, nil
}

type nopCloser struct{}

func (nopCloser) Close() error { return nil }
