// Package owed keeps the changes that are still to be judged: what could not be judged
// when its event came waits in the store, in the order in which it came, and each project
// and region is worked off at its own rate.
//
// It promises that a change which was acknowledged is judged, or ends as one that could
// not be: nothing of it is in a process alone. A store that is full, or out of order,
// refuses a change, so that whoever sent it keeps it.
package owed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Change is one change that is owed a judgement. It holds what was decoded of the log
// entry: nothing of its request beside what policies judge.
type Change struct {
	// ID is the same for every delivery of one entry with one content.
	ID    string `json:"id"`
	Place string `json:"place"` // see PlaceOf
	// Change is what is to be judged.
	Change cloud.Change `json:"change"`
	Since  time.Time    `json:"since"`  // when it was first put off
	DueAt  time.Time    `json:"due_at"` // when it is tried next
	Tries  int          `json:"tries"`  // how often it was tried since it is owed
	Why    string       `json:"why"`    // what kept it the last time
}

// regionIn stands between the project and the region of a place.
const regionIn = "/locations/"

// PlaceOf names what a resource's requests are counted by: its project and region, or
// else its project, folder or organization. The changes of one place are judged one
// after the other.
func PlaceOf(r cloud.Resource) string {
	if r.Project == "" {
		if container, ok := cloud.ParseContainer(r.Parent); ok {
			r = container
		}
	}
	switch {
	case r.Project == "":
		return r.Path()
	case r.Location == "":
		return cloud.ProjectResource(r.Project).Path()
	}
	return cloud.ProjectResource(r.Project).Path() + regionIn + r.Location
}

// idOf names the change by its own ID and by all that is judged of it, as the engine
// remembers what it handled.
func idOf(c cloud.Change) string {
	sum := sha256.Sum256([]byte(c.ID + " " + c.Content))
	return hex.EncodeToString(sum[:16])
}

// ErrFull says that no more changes may be owed: what it refuses has to come again.
var ErrFull = errors.New("too many changes are owed a judgement")

// Store keeps what is owed. Each write is whole or not at all, and what a store took or
// gave is the caller's.
type Store interface {
	Reader
	// Owe keeps the change, unless one with its ID is kept: then nothing changes.
	Owe(ctx context.Context, c Change) error
	// PutOff replaces the one with the ID of c; an error matching fault.ErrNotFound where
	// it is owed no more.
	PutOff(ctx context.Context, c Change) error
	// Settle forgets the one with that ID; it is no error if there is none.
	Settle(ctx context.Context, id string) error
}

// Reader looks up what is owed.
type Reader interface {
	// Owed returns what the query selects.
	Owed(ctx context.Context, q Query) ([]Change, error)
	// OwedPlaces returns places that owe something, at most limit of them, each once, in
	// an order of the store's own: those after the given one, "" for the first.
	OwedPlaces(ctx context.Context, after string, limit int) ([]string, error)
	// CountOwed returns how many changes the place owes; "" for all places.
	CountOwed(ctx context.Context, place string) (int, error)
}

// Query selects owed changes. Those of one place come with the earliest due first, those
// of all places in the order in which they were put off; those of one instant in the
// order of their IDs.
type Query struct {
	Place string // "": of all places, and then DueBy and DueAfter are not looked at
	// DueBy selects those due at that time, DueAfter those due later; zero for all.
	DueBy, DueAfter time.Time
	Limit           int // 0: no limit
}

// Matches reports whether the query selects the change.
func (q Query) Matches(c Change) bool {
	if q.Place == "" {
		return true
	}
	return c.Place == q.Place && (q.DueBy.IsZero() || !c.DueAt.After(q.DueBy)) && (q.DueAfter.IsZero() || c.DueAt.After(q.DueAfter))
}
