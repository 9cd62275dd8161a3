// Package firestore keeps findings in a Firestore database (native mode): for
// any number of processes at once, such as the instances of a Cloud Run
// service.
//
// Its queries need the composite indexes in infra/firestore.indexes.json;
// without one, Firestore refuses the query. The same file has the policies by
// which Firestore deletes what is no longer kept.
package firestore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"

	"github.com/rescind-dev/rescind/remediate"
)

// Store is a remediate.Store in a Firestore database. It is safe for
// concurrent use. A call that its context cuts off while the write is on its
// way may have written it all the same: only a read can tell.
type Store struct {
	client            *firestore.Client
	project, database string
}

var _ remediate.Store = (*Store)(nil)

// The collections.
const (
	findings   = "findings"
	handled    = "handled"
	identities = "identities"
	switches   = "switches" // of one document, the pause
	cellsIn    = "cells"
	owedIn     = "owed"
)

// How long one method may take. The library would try again for a minute and
// longer, by when whoever asked has given up.
const (
	callTimeout = 15 * time.Second
	listTimeout = time.Minute
)

// Open returns the store in the database of the project, with application
// default credentials, or in the emulator that FIRESTORE_EMULATOR_HOST names.
// It calls nobody: a database that is not there, or not allowed, shows at the
// first use. The options come after its own.
func Open(ctx context.Context, project, database string, opts ...option.ClientOption) (*Store, error) {
	c, err := firestore.NewClientWithDatabase(ctx, project, database, opts...)
	if err != nil {
		return nil, fmt.Errorf("open store firestore://%s/%s: %w", project, database, err)
	}
	return &Store{c, project, database}, nil
}

// Close ends the connections. Calls under way fail.
func (s *Store) Close() error { return s.client.Close() }

// doc is where the text's document stands in the collection.
func (s *Store) doc(collection, text string) *firestore.DocumentRef {
	return s.client.Collection(collection).Doc(key(text))
}

// call runs one method of the store within the timeout. What gRPC says of a
// call that its context cut off is not the context's error, so that is added.
func call(ctx context.Context, timeout time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return err
	}
	err := do(ctx)
	if ended := ctx.Err(); err != nil && ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("%w: %w", ended, err)
	}
	return err
}
