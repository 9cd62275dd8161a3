package history

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/google/caller"
	"github.com/rescind-dev/rescind/internal/replay"
)

// Finder finds inputs. The zero Finder asks Google, as the application default
// credentials; the fields are for tests and emulators.
type Finder struct {
	// Storage and Logging are where the APIs are, as URLs; empty for Google's.
	Storage, Logging, BigQuery string
	// Notice is told what reading costs, before anything is read; nil for nobody.
	Notice func(string)
	// Client is what asks; nil for one that has the credentials.
	Client *http.Client
	// Wait waits; nil for time.
	Wait func(ctx context.Context, d time.Duration) error
}

const (
	storageScope = "https://www.googleapis.com/auth/devstorage.read_only"
	loggingScope = "https://www.googleapis.com/auth/logging.read"
)

// Find finds what the operands name: those with a scheme here, all others as
// replay.FindInputs does. What cannot be found is refused, and stops no other.
func (f Finder) Find(ctx context.Context, operands []string, stdin io.Reader) replay.Inputs {
	var local []string
	var remote []replay.Input
	var refused []replay.Problem
	for _, op := range operands {
		scheme, _, ok := strings.Cut(op, "://")
		if !ok {
			local = append(local, op)
			continue
		}
		var found []replay.Input
		var err error
		switch scheme {
		case "gs":
			found, err = f.bucket(ctx, op)
		case "logging":
			found, err = f.logging(ctx, op)
		case "bigquery":
			found, err = f.bigQuery(ctx, op)
		default:
			err = errors.New("no such kind of input: want a file, directory, glob, -, gs://BUCKET/PREFIX, logging://projects/P or bigquery://PROJECT.DATASET.TABLE")
		}
		remote = append(remote, found...)
		if err != nil {
			refused = append(refused, replay.Problem{Input: op, Reason: err.Error()})
		}
	}
	in := replay.FindInputs(local, stdin)
	in.Files, in.Refused = append(in.Files, remote...), append(in.Refused, refused...)
	return in
}

// storageEmulator names the variable in which Google's own clients look for an emulator of
// Cloud Storage.
const storageEmulator = "STORAGE_EMULATOR_HOST"

// client is what asks an API.
func (f Finder) client(scope string) (*http.Client, error) {
	switch {
	case f.Client != nil:
		return f.Client, nil
	case scope == storageScope && f.Storage == "" && os.Getenv(storageEmulator) != "":
		return &http.Client{}, nil // an emulator is shown no credentials
	}
	return caller.Reader(scope)
}

// parsed is the operand as a URL.
func parsed(operand string) (*url.URL, error) {
	u, err := url.Parse(operand)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, fmt.Errorf("%q cannot be read as an address", operand)
	}
	return u, nil
}
