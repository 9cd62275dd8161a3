// Package owed keeps the changes that are still to be judged: what could not be judged
// when its event came waits in the store, in the order in which it came, and each project
// and region is worked off at its own rate.
//
// It promises that a change which was acknowledged is judged, or ends as one that could
// not be: nothing of it is in a process alone. A store that is full, or out of order,
// refuses a change, so that whoever sent it keeps it.
package owed

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Change is one change that is owed a judgement. It holds what was decoded of the log
// entry: nothing of its request beside what policies judge. It is stored once, and
// forgotten once it is judged.
type Change struct {
	// ID is the same for every delivery of one entry with one content.
	ID    string `json:"id"`
	Place string `json:"place"` // see PlaceOf
	// Change is what is to be judged.
	Change cloud.Change `json:"change"`
	Since  time.Time    `json:"since"` // when it was put off
	Why    string       `json:"why"`   // what kept it
}

// Position is where the change stands in the line of its place.
func (c Change) Position() Position { return Position{c.Since, c.ID} }

// Position is where a change stands in a list, whether or not it is still there.
type Position struct {
	Since time.Time
	ID    string
}

// Precedes reports whether a change at p comes before one at o.
func (p Position) Precedes(o Position) bool {
	return cmp.Or(p.Since.Compare(o.Since), cmp.Compare(p.ID, o.ID)) < 0
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

// Why a change cannot be owed now: it has to come again. The log is told of each once a
// minute.
var (
	ErrFull = errors.New("too many changes are owed a judgement")
	ErrDown = errors.New("the store does not say what is owed")
)

// Store keeps what is owed. Each write is whole or not at all, and what a store took or
// gave is the caller's.
type Store interface {
	Reader
	// Owe keeps the change and returns true, unless one with its ID is kept: then nothing
	// changes.
	Owe(ctx context.Context, c Change) (added bool, err error)
	// Settle forgets the one with that ID; it is no error if there is none.
	Settle(ctx context.Context, id string) error
}

// Reader looks up what is owed.
type Reader interface {
	// Owed returns what the query selects, in the order of their positions: that in which
	// they were put off. What cannot be read it leaves out, and names it in a
	// *fault.LeftOutError beside the others.
	Owed(ctx context.Context, q Query) ([]Change, error)
	// OwedPlaces returns places that owe something, at most limit of them, each once, in
	// an order of the store's own: those after the given one, "" for the first.
	OwedPlaces(ctx context.Context, after string, limit int) ([]string, error)
	// CountOwed returns how many changes the place owes; "" for all places.
	CountOwed(ctx context.Context, place string) (int, error)
}

// Query selects owed changes.
type Query struct {
	Place string   // "": of all places
	After Position // where an earlier list left off
	Limit int      // 0: no limit
}

// Matches reports whether the query selects the change.
func (q Query) Matches(c Change) bool {
	return (q.Place == "" || c.Place == q.Place) && (q.After == Position{} || q.After.Precedes(c.Position()))
}
