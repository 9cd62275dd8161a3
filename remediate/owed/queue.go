package owed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// Default is how many changes may be owed at once, unless the configuration says
// otherwise; Most is how many it may say: they are judged within a day at 300 reads a
// minute even if all of them are of one project and region.
const (
	Default = 10_000
	Most    = 100_000
)

const (
	// lookEvery is how long a count, or a look for places, is good for: other processes
	// add to what is owed, too.
	lookEvery = 5 * time.Second
	// countWithin is for how long a count is waited for, and downFor how long a store that
	// gave none is left alone.
	countWithin = 2 * time.Second
	downFor     = time.Second
	// tellEvery is how often the log is told that changes are owed.
	tellEvery = time.Minute
)

// Config is what a Queue needs.
type Config struct {
	Store Store
	Cells cells.Store // for the leases of places
	// Most is how many changes may be owed at once. Nine tenths of it are for any one
	// project, so that one which owes without end leaves room for others.
	Most  int
	Now   func() time.Time
	NewID func() string // tells processes apart
	Log   *slog.Logger
}

// Queue is what a process knows of the changes that are owed. All that counts is in the
// store; what is here says where to look first. It is safe for concurrent use, and
// several processes may share one store.
type Queue struct {
	cfg  Config
	self string
	// more is sent to when something is owed or due that was not.
	more chan struct{}

	mu      sync.Mutex
	counted time.Time // when the store was last asked how many are owed
	count   int       // how many it said, and what this process added since
	down    error     // what it said instead
	looked  time.Time // when the store was last asked which places owe
	places  map[string]*place
	owes    map[string]int // by project, as far as this process knows
	told    time.Time      // when the log was last told
	refused int            // for want of room, since then
}

// place is what a process knows of one place that owes.
type place struct {
	owes  int       // how many the store said, and what this process added since
	added int       // how many this process put there at all
	rests time.Time // its rate has no turn before
	next  time.Time // nothing is due before
	// strikes is how often in a row its rate was used up before one was judged.
	strikes int
	busy    bool // this process works it off
}

// ready is from when on there is something to judge.
func (p *place) ready() time.Time {
	if p.next.After(p.rests) {
		return p.next
	}
	return p.rests
}

// New returns a Queue over the store.
func New(c Config) (*Queue, error) {
	if c.Store == nil || c.Cells == nil || c.Most < 1 || c.Now == nil || c.NewID == nil || c.Log == nil {
		return nil, errors.New("owed: Store, Cells, Most, Now, NewID and Log have to be set")
	}
	return &Queue{cfg: c, self: c.NewID(), more: make(chan struct{}, 1), places: map[string]*place{}, owes: map[string]int{}}, nil
}

// Room returns an error where a change of that place could not be owed: one matching
// ErrFull, or that of a store which does not answer. It is for before anything is read
// of the change.
func (q *Queue) Room(ctx context.Context, place string) error {
	if err := q.recount(ctx); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	err := q.room(place)
	if err != nil {
		q.refused++
	}
	return err
}

func (q *Queue) room(name string) error {
	if q.count >= q.cfg.Most {
		return fmt.Errorf("%w: %d, which is as many as may be (google.owed)", ErrFull, q.count)
	}
	if n, project := q.owes[projectOf(name)], projectOf(name); n >= q.cfg.Most-q.cfg.Most/10 {
		return fmt.Errorf("%w: %d of %s, which is as many as one project may owe", ErrFull, n, project)
	}
	return nil
}

// projectOf is the project, folder or organization of a place.
func projectOf(place string) string {
	project, _, _ := strings.Cut(place, regionIn)
	return project
}

// recount asks the store how many are owed, unless it was asked a moment ago. Of many that
// come at once, one asks.
func (q *Queue) recount(ctx context.Context) error {
	q.mu.Lock()
	now, good := q.cfg.Now(), lookEvery
	if q.down != nil {
		good = downFor
	}
	if now.Sub(q.counted) < good {
		defer q.mu.Unlock()
		return q.down
	}
	q.counted = now
	q.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, countWithin)
	defer cancel()
	n, err := q.cfg.Store.CountOwed(ctx, "")
	q.mu.Lock()
	defer q.mu.Unlock()
	q.down = nil
	if err != nil {
		q.down = fmt.Errorf("count what is owed: %w", err)
		return q.down
	}
	q.count = n
	return nil
}

// Waits reports whether the place is known to owe: then what comes of it stands in line.
func (q *Queue) Waits(place string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.places[place] != nil
}

// Owe keeps the change until it is judged; why says what kept it. An error, which matches
// ErrFull where there is no room, means that it has to come again. The change needs an ID
// and its content's digest.
func (q *Queue) Owe(ctx context.Context, c cloud.Change, why error) error {
	now := q.cfg.Now()
	o := Change{ID: idOf(c), Place: PlaceOf(c.Resource), Change: c, Since: now, DueAt: now, Why: why.Error()}
	if err := q.recount(ctx); err != nil {
		return err
	}
	if err := q.take(o.Place); err != nil {
		return err
	}
	if err := q.cfg.Store.Owe(ctx, o); err != nil {
		q.give(o.Place)
		return fmt.Errorf("keep change %s as owed: %w", c.ID, err)
	}
	q.wake()
	return nil
}

// take makes room for one more change of the place, before it is stored: so many at once
// must not each find the last of it.
func (q *Queue) take(name string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.room(name); err != nil {
		return err
	}
	q.count++
	p := q.known(name)
	p.added++
	p.next = time.Time{}
	q.setOwes(name, p, p.owes+1)
	return nil
}

// give takes back what take made.
func (q *Queue) give(name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.count = max(0, q.count-1)
	if p := q.places[name]; p != nil {
		q.setOwes(name, p, p.owes-1)
	}
}

// setOwes notes how many a place owes, for its project's share.
func (q *Queue) setOwes(name string, p *place, n int) {
	project := projectOf(name)
	q.owes[project] += max(0, n) - p.owes
	p.owes = max(0, n)
	if q.owes[project] <= 0 {
		delete(q.owes, project)
	}
}

func (q *Queue) known(name string) *place {
	p := q.places[name]
	if p == nil {
		p = &place{}
		q.places[name] = p
	}
	return p
}

func (q *Queue) wake() {
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// More is sent to when there is something to judge that was not there before.
func (q *Queue) More() <-chan struct{} { return q.more }

// Tell says in the log how many changes are owed, since when, and how many were refused
// for want of room, once a minute as long as there are any.
func (q *Queue) Tell(ctx context.Context) {
	refused, due := q.dueToTell()
	if !due {
		return
	}
	n, err := q.cfg.Store.CountOwed(ctx, "")
	if err != nil || n == 0 {
		return // a store that does not answer shows elsewhere
	}
	oldest, err := q.cfg.Store.Owed(ctx, Query{Limit: 1})
	if _, err = fault.Readable(err); err != nil || len(oldest) == 0 {
		return
	}
	q.cfg.Log.WarnContext(ctx, "changes are owed a judgement", "owed", n, "of", q.cfg.Most, "refused", refused,
		"oldest_seconds", int(q.cfg.Now().Sub(oldest[0].Since).Seconds()), "place", oldest[0].Place, "why", oldest[0].Why)
}

func (q *Queue) dueToTell() (refused int, due bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.cfg.Now()
	if now.Sub(q.told) < tellEvery {
		return 0, false
	}
	refused, q.told, q.refused = q.refused, now, 0
	return refused, true
}
