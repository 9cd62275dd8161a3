package firestore

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// read returns the document, which may be one that does not exist.
func read(ctx context.Context, ref *firestore.DocumentRef) (*firestore.DocumentSnapshot, error) {
	doc, err := ref.Get(ctx)
	if doc != nil && !doc.Exists() {
		return doc, nil // a missing database is "not found" as well, but has no snapshot
	}
	return doc, err
}

// swap writes the document that next makes of the present one. If anything was
// written in between, it is not, and next is asked again with what is there by
// then. Where next returns nil nothing is written.
//
// The write has the condition that the document is the one that was read. A
// transaction would lock it instead: under contention writers would then wait
// for each other until most are aborted, where here one is through at once and
// the others learn what beat them.
//
// An answer may be lost and the library then tries again, only to find its own
// write in the way. The token tells that apart from a lost race.
func swap(ctx context.Context, ref *firestore.DocumentRef, next func(*firestore.DocumentSnapshot) (fields, error)) error {
	token := rand.Text()
	pause := gax.Backoff{Initial: 10 * time.Millisecond, Max: time.Second, Multiplier: 2}
	for {
		doc, err := read(ctx, ref)
		if err != nil || doc.Exists() && doc.Data()[writeField] == token {
			return err
		}
		f, err := next(doc)
		if err != nil || f == nil {
			return err
		}
		f[writeField] = token
		if err = write(ctx, doc, f); !contended(err) {
			return err
		}
		if ended := gax.Sleep(ctx, pause.Pause()); ended != nil {
			return fmt.Errorf("%w, the last time: %w", ended, err)
		}
	}
}

// write makes the document hold these fields and no others, if it is still
// what it was when it was read.
func write(ctx context.Context, doc *firestore.DocumentSnapshot, f fields) error {
	if !doc.Exists() {
		_, err := doc.Ref.Create(ctx, f)
		return err
	}
	var updates []firestore.Update
	for name, value := range f {
		updates = append(updates, firestore.Update{Path: name, Value: value})
	}
	for name := range doc.Data() {
		if _, stays := f[name]; !stays {
			updates = append(updates, firestore.Update{Path: name, Value: firestore.Delete})
		}
	}
	_, err := doc.Ref.Update(ctx, updates, firestore.LastUpdateTime(doc.UpdateTime))
	return err
}

// contended reports whether the write was refused for what others do to the
// document.
func contended(err error) bool {
	switch status.Code(err) {
	case codes.AlreadyExists, codes.FailedPrecondition, codes.NotFound, codes.Aborted:
		return true
	}
	return false
}
