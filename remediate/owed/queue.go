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
	"github.com/rescind-dev/rescind/remediate/trail"
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
	// asTheyCome is how many changes of one place a process judges as they come. More of them
	// wait for the place's worker, so that one project that changes all the time takes
	// neither the processor nor the room for messages from the others.
	asTheyCome = 16
)

// Config is what a Queue needs.
type Config struct {
	Store Store
	Cells cells.Store // for the leases of places
	// Most is how many changes may be owed at once. Nine tenths of it are for any one
	// project, so that one which owes without end leaves room for others.
	Most  int
	Now   func() time.Time
	NewID func() string // tells claims apart
	Log   *slog.Logger
}

// Queue is what a process knows of the changes that are owed. All that counts is in the
// store; what is here says where to look first. It is safe for concurrent use, and
// several processes may share one store.
type Queue struct {
	cfg Config
	// more is sent to when something is owed or due that was not.
	more chan struct{}

	mu      sync.Mutex
	counted time.Time // when the store was last asked how many are owed
	count   int       // how many it said, and what this process added since
	down    error     // what it said instead
	looked  time.Time // when the store was last asked which places owe
	// lookedAt is the last place that it named where there may be more.
	lookedAt string
	places   map[string]*place
	owes     map[string]int // by project, as far as this process knows
	entered  map[string]int // by place, how many are judged as they came
	told     time.Time      // when the log was last told
	refused  int            // for want of room, since then
	warned   time.Time      // when the log was last told that the store fails
}

// place is what a process knows of one place that owes.
type place struct {
	owes   int       // how many the store said, and what this process added since
	added  int       // how many this process put there at all
	next   time.Time // nothing is due before, or its rate has no turn
	rests  bool      // the latter
	worked time.Time // when it was last worked off
	line   line      // how far that came
	// strikes is how often in a row its rate was used up before one was judged.
	strikes int
	busy    bool // this process works it off
}

// since is from when on the place waits for a worker.
func (p *place) since() time.Time {
	if p.next.After(p.worked) {
		return p.next
	}
	return p.worked
}

// New returns a Queue over the store.
func New(c Config) (*Queue, error) {
	if c.Store == nil || c.Cells == nil || c.Most < 1 || c.Now == nil || c.NewID == nil || c.Log == nil {
		return nil, errors.New("owed: Store, Cells, Most, Now, NewID and Log have to be set")
	}
	return &Queue{cfg: c, more: make(chan struct{}, 1), places: map[string]*place{}, owes: map[string]int{}, entered: map[string]int{}}, nil
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
	return q.room(place)
}

func (q *Queue) room(name string) error {
	if q.count >= q.cfg.Most {
		q.refused++
		return fmt.Errorf("%w: %d, which is as many as may be (google.owed)", ErrFull, q.count)
	}
	if n, project := q.owes[projectOf(name)], projectOf(name); n >= q.cfg.Most-q.cfg.Most/10 {
		q.refused++
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
		q.down = fmt.Errorf("%w: %w", ErrDown, err)
		q.tellTrouble(now, q.down)
		return q.down
	}
	q.count = n
	return nil
}

// recountPlace asks the store how many the place owes: other processes settle, too.
func (q *Queue) recountPlace(ctx context.Context, name string) error {
	n, err := q.cfg.Store.CountOwed(ctx, name)
	if err != nil {
		return fmt.Errorf("count what %s owes: %w", name, err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.setOwes(name, q.known(name), n)
	return nil
}

// ErrBehind is why a change is owed that nothing but others of its place kept.
var ErrBehind = errors.New("it stands in line behind others of its project and region")

// Enter lets a change of that place be judged as it came, and the caller calls leave
// once it was. ErrBehind says that the place is known to owe, or that many are judged
// there already: then the change stands in line.
func (q *Queue) Enter(place string) (leave func(), err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.places[place] != nil || q.entered[place] >= asTheyCome {
		return nil, ErrBehind
	}
	q.entered[place]++
	return func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if q.entered[place]--; q.entered[place] == 0 {
			delete(q.entered, place)
		}
	}, nil
}

// Owe keeps the change until it is judged; why says what kept it. An error, which matches
// ErrFull where there is no room, means that it has to come again. The change needs an ID
// and its content's digest.
func (q *Queue) Owe(ctx context.Context, c cloud.Change, why error) error {
	now := q.cfg.Now()
	o := Change{ID: idOf(c), Place: PlaceOf(c.Resource), Change: c, Since: now, Why: trail.Fit(why.Error(), longestWhy)}
	if err := q.recount(ctx); err != nil {
		return err
	}
	if err := q.take(o.Place); err != nil {
		return err
	}
	added, err := q.cfg.Store.Owe(ctx, o)
	if err != nil || !added {
		q.give(o.Place)
	}
	if err != nil {
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
	if !p.rests {
		p.next = time.Time{}
	}
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
