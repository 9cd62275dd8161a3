package remediate

import (
	"context"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/owed"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// Store keeps findings and what was learned. Every write is atomic: it is
// there whole, or not at all. What a store took or gave is the caller's: to
// change it changes nothing stored. Times keep their nanoseconds and come back
// in UTC; an empty list may come back nil. A call whose context has ended returns
// its error and writes nothing. Several processes may share one store, unless
// its package says otherwise. The conformance suite in internal/store/storetest
// states the contract.
type Store interface {
	finding.Store
	ChangeStore
	IdentityStore
	desk.PauseStore
	cells.Store
	owed.Store
}

// ChangeStore remembers which changes were handled to their end.
type ChangeStore interface {
	// Handled reports whether MarkHandled was called with this change id.
	Handled(ctx context.Context, changeID string) (bool, error)
	// MarkHandled records it; a second call changes nothing, nor does a call
	// with an empty id: an entry without insertId is never a duplicate.
	MarkHandled(ctx context.Context, changeID string, at time.Time) error
}

// IdentityStore remembers which service accounts workloads were seen to run as.
type IdentityStore interface {
	// LearnIdentity records that a successful deploy of the workload named
	// the account. The latest sighting of an account is kept, and of
	// two at one instant the one learned first.
	LearnIdentity(ctx context.Context, s Sighting) error
	// Identity returns the latest sighting of the account, or an error
	// matching ErrNotFound.
	Identity(ctx context.Context, email string) (Sighting, error)
}

// Sighting is one workload seen to run as one account.
type Sighting struct {
	Email    string         `json:"email"`
	Workload cloud.Resource `json:"workload"`
	At       time.Time      `json:"at"`
}

// Pruner is a Store that forgets only when it is told to. Others do by
// themselves.
type Pruner interface {
	// Prune forgets what was kept for as long as it is kept: ended findings,
	// handled changes and cells; at most limit records of each. It returns how
	// many it forgot. Each record that it looks at is one that it forgets.
	Prune(ctx context.Context, now time.Time, limit int) (int, error)
}

// FactsClient answers what policies ask, and remembers answers for a while.
type FactsClient interface {
	judge.Facts
	// Changed tells the client of a change it may have to forget answers
	// for: an org policy write, a custom role, an allow policy, a deploy.
	Changed(c cloud.Change)
}

// PolicyClient reads and writes allow policies, at version 3.
type PolicyClient interface {
	// Policy returns the allow policy of r with its etag, conditions shown.
	Policy(ctx context.Context, r cloud.Resource) (cloud.AllowPolicy, error)
	// SetPolicy replaces the policy of r. It returns an error matching
	// ErrConflict if p.Etag is not the current one.
	SetPolicy(ctx context.Context, r cloud.Resource, p cloud.AllowPolicy) error
}

// WorkloadClient reads and changes Cloud Run services, jobs and worker pools.
type WorkloadClient interface {
	WorkloadReader
	WorkloadWriter
}

// WorkloadReader reads what is live of Cloud Run.
type WorkloadReader interface {
	// Workload returns what is live, with its etag, or an error matching
	// ErrNotFound.
	Workload(ctx context.Context, r cloud.Resource) (cloud.Workload, error)
	// Listed is Workload as a list of the scan showed it a short while ago; false where
	// none did, or where a change was told of since.
	Listed(ctx context.Context, r cloud.Resource) (w cloud.Workload, ok bool, err error)
	// Running names the executions of a job that have not ended, some of them
	// where there are many; nothing for other workloads.
	Running(ctx context.Context, r cloud.Resource) ([]string, error)
	// Serving returns the accounts that revisions with traffic or a tag run
	// as right now; for jobs and worker pools what the template says.
	Serving(ctx context.Context, r cloud.Resource) ([]string, error)
	// Revision returns what a service's revision of that short name is now: its UID and
	// account. An error matches ErrNotFound where there is none.
	Revision(ctx context.Context, r cloud.Resource, name string) (cloud.TrafficTarget, error)
}

// WorkloadWriter changes a workload from the state in w: an error matching
// ErrConflict if w.Etag is not current, and one matching ErrUnwritten if a
// rehearsal was refused. It returns when Google's operation has ended; whether
// the change holds is for the caller to verify.
type WorkloadWriter interface {
	// SetIdentity makes the workload run as the account, in a new revision.
	SetIdentity(ctx context.Context, w cloud.Workload, email string) error
	// SetInvokerCheck turns a service's invoker check on or, for an undo alone,
	// off again; no revision is made.
	SetInvokerCheck(ctx context.Context, w cloud.Workload, on bool) error
	// SetIngress sets a service's ingress; no revision is made.
	SetIngress(ctx context.Context, w cloud.Workload, ingress string) error
	// SetTraffic spreads a service's requests; no revision is made.
	SetTraffic(ctx context.Context, w cloud.Workload, to []cloud.TrafficTarget) error
}

// ConstraintClient reads and changes organization policies.
type ConstraintClient interface {
	// OrgPolicy returns what is set at r itself, or an error matching
	// ErrNotFound where nothing is.
	OrgPolicy(ctx context.Context, r cloud.Resource) (judge.OrgPolicy, error)
	// DeleteOrgPolicy takes it away: an error matching ErrConflict if the
	// etag is not current.
	DeleteOrgPolicy(ctx context.Context, r cloud.Resource, etag string) error
	// CreateOrgPolicy sets it where nothing is set.
	CreateOrgPolicy(ctx context.Context, r cloud.Resource, body string) error
}

// EntryClient looks up log entries where Google keeps them.
type EntryClient interface {
	// Entry returns, as JSON, the log entry that the change came from: that of
	// its log, time and insertId. It returns an error matching ErrNotFound
	// where there is none, or none yet.
	Entry(ctx context.Context, c cloud.Change) ([]byte, error)
}

// Notifier brings what people see of a finding up to date.
type Notifier interface {
	// Notify shows f on every surface it belongs on and says where it is shown
	// now, also with an error. It may be called again with the same finding.
	Notify(ctx context.Context, f finding.Finding) (finding.Notice, error)
}

// Tender is a Notifier that has something to look after at every sweep.
type Tender interface {
	// Tend brings up to date what speaks for many findings. It has unseen told of
	// one that is to speak for all of them, as nobody could be shown it since then.
	Tend(ctx context.Context, unseen func(ctx context.Context, id string, since time.Time) error)
}

// Announcer is a Notifier that can tell everybody it reaches the same thing.
type Announcer interface {
	// Announce says the text in every channel that is routed to, but for
	// those that were told already, and returns all that are told now; also
	// with an error, so that nobody is told twice.
	Announce(ctx context.Context, text string, told []string) ([]string, error)
}

// Fallback is an Exporter that can speak up where the Notifier cannot.
type Fallback interface {
	// Undelivered says that nobody could be told of the finding since
	// f.UndeliveredSince.
	Undelivered(ctx context.Context, f finding.Finding) error
}

// Exporter takes copies of the audit trail out of the store: to a log, to a
// feed. What it took once it may be given again, so it names each line the same
// every time: by its hash, or by the finding and the number of the event.
type Exporter interface {
	// Export takes the events of the finding's timeline after the first so
	// many, and returns nil once they are durable where it takes them.
	Export(ctx context.Context, f finding.Finding, after int) error
	// ExportRecords takes records of the ledger, likewise.
	ExportRecords(ctx context.Context, es []trail.Record) error
}

// Pager reaches whoever is on call.
type Pager interface {
	// Name tells pagers apart; it is stored with what is owed.
	Name() string
	// Page tells of a finding that waits for an answer. It may be called again
	// with the same finding, after a crash.
	Page(ctx context.Context, f finding.Finding) error
	// Resolve says that a finding that was told of has ended.
	Resolve(ctx context.Context, f finding.Finding) error
}
