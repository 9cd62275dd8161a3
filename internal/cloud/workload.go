package cloud

import (
	"cmp"
	"fmt"
	"strings"
)

// Knowledge says how much is known about a value that an audit-log entry may
// leave out. The zero Knowledge is Unknown, so that nothing is taken for
// settled by forgetting to set it.
type Knowledge string

// The four states of a value that an entry may show.
const (
	Unknown   Knowledge = ""          // it may have changed, and the entry does not say to what
	Known     Knowledge = "known"     // the value is there
	Unset     Knowledge = "unset"     // the caller left it out of a create: Google Cloud's default applies
	Unchanged Knowledge = "unchanged" // the change did not touch it
)

// Identity is the service account a workload runs as.
type Identity struct {
	Knowledge Knowledge `json:"knowledge,omitempty"`
	Email     string    `json:"email,omitempty"` // set when Known
}

// KnownIdentity is an identity that was read. An empty e-mail is the default
// service account: "If not provided, the revision will use the project's
// default service account" (run/v2 discovery document), so it is Unset. Blanks around it
// and letter case make no other account, and neither does the account's resource name.
// What has not the form of an account's e-mail, such as its unique id, is Unknown: it may
// be the default account. Its Email is what was read.
func KnownIdentity(email string) Identity {
	if email == "" {
		return Identity{Knowledge: Unset}
	}
	account := strings.ToLower(strings.TrimSpace(email))
	if project, name, found := strings.Cut(account, "/serviceaccounts/"); found && strings.HasPrefix(project, "projects/") {
		account = name
	}
	id, domain, _ := strings.Cut(account, "@")
	if id == "" || strings.ContainsAny(account, " \t\r\n/") || strings.Contains(domain, "@") || !strings.Contains(domain, ".") {
		return Identity{Knowledge: Unknown, Email: email}
	}
	return Identity{Knowledge: Known, Email: account}
}

// Unreadable says why the identity is unknown though something was read of it, or "".
func (i Identity) Unreadable() string {
	if i.Knowledge != Unknown || i.Email == "" {
		return ""
	}
	return fmt.Sprintf("%.100q is no e-mail, and which account it means cannot be told", i.Email)
}

// IsDefault reports whether the workload runs as a default service account:
// named, or by leaving the identity out.
func (i Identity) IsDefault() bool {
	return i.Knowledge == Unset || i.Knowledge == Known && IsDefaultServiceAccount(i.Email)
}

// Flag is a switch of a workload that an entry may show.
type Flag struct {
	Knowledge Knowledge `json:"knowledge,omitempty"`
	On        bool      `json:"on,omitempty"` // meaningful when Known
}

// KnownFlag is a flag that was read.
func KnownFlag(on bool) Flag { return Flag{Known, on} }

// Workload is a Cloud Run service, job, worker pool or instance, as far as one entry or
// one live read shows it.
type Workload struct {
	Resource Resource `json:"resource"`
	// Identity is what the next revision or execution runs as.
	Identity Identity `json:"identity"`
	// AgentIdentity is true where the template asks for an agent identity beside, or in
	// place of, the account. Google's client library does not have it.
	AgentIdentity bool `json:"agent_identity,omitempty"`
	// InvokerCheckDisabled is Cloud Run's invoker_iam_disabled: on means
	// that anyone who reaches the service may call it.
	InvokerCheckDisabled Flag `json:"invoker_check_disabled"`
	// SSH is true where the change lets people open a shell in it, SSHWhy why that is
	// unknown. Google's client library does not have it, so that no live read shows it.
	SSH    bool   `json:"ssh,omitempty"`
	SSHWhy string `json:"ssh_why,omitempty"`
	// Ingress is "all", "internal" or "internal-and-cloud-load-balancing"
	// in the words of the v1 annotation; empty where unknown.
	Ingress string            `json:"ingress,omitempty"`
	Labels  map[string]string `json:"labels,omitempty"`
	// Controller names another product that owns the workload and would undo
	// or be broken by a direct change, for example "Cloud Functions".
	Controller string `json:"controller,omitempty"`
	// ControllerWhy says why it is unknown whether a product owns it; empty
	// where that is known.
	ControllerWhy string `json:"controller_why,omitempty"`
	// Shares are the revisions that requests, or a worker pool's instances, are to go to
	// besides the newest. Empty where the change did not touch them. The newest is among
	// them in what is live, and where an entry does not say what it runs as.
	Shares []Share `json:"shares,omitempty"`
	// TemplateName is the revision that the template makes, where whoever wrote it named it.
	TemplateName string `json:"template_name,omitempty"`

	// The rest is set by a live read only.

	Etag string `json:"etag,omitempty"`
	// LastWriter is the address of whoever wrote to the workload last, as the API
	// says it; empty where that is unknown.
	LastWriter string `json:"last_writer,omitempty"`
	// Previous is the identity of the revision before the latest one, the
	// first candidate to go back to; Unknown where there is none (jobs keep
	// no revisions).
	Previous Identity `json:"previous"`
	// PreviousWhy says why Previous could not be read, where that is so.
	PreviousWhy string `json:"previous_why,omitempty"`
	// PreviousRevision is that revision's name.
	PreviousRevision string `json:"previous_revision,omitempty"`
	// Generation counts the changes of the workload.
	Generation int64 `json:"generation,omitempty"`
	// Revision names the newest revision, where the template made it; empty for
	// jobs, which keep none, and while there is none of the template yet.
	Revision string `json:"revision,omitempty"`
	// Reconciling is true while Google Cloud is at work on the last change.
	Reconciling bool `json:"reconciling,omitempty"`
	// Content is what the template runs, compared with what ran as Previous.
	Content Content `json:"content,omitzero"`
	// UID tells the workload from another that had its name before, and RevisionUID the
	// revision named by Revision from another.
	UID         string `json:"uid,omitempty"`
	RevisionUID string `json:"revision_uid,omitempty"`
	// Observed is the generation that Serving is of. While Google Cloud is at work on
	// a change that is one of before.
	Observed int64 `json:"observed,omitempty"`
	// Traffic is how a service's requests are to be spread, as people wrote it; Serving
	// how they are. Both are empty for what has no traffic.
	Traffic []TrafficTarget `json:"traffic,omitempty"`
	Serving []TrafficTarget `json:"serving,omitempty"`
	// Served is how requests were spread before Revision was reached by any, the newest
	// first; ServedWhy says why none is known. A live read alone tells it of a service
	// that was changed once; see package remediate for others.
	Served    []Served `json:"served,omitempty"`
	ServedWhy string   `json:"served_why,omitempty"`
}

// Served is how a service's requests were seen to be spread at one time.
type Served struct {
	Traffic []TrafficTarget `json:"traffic,omitempty"`
	// Since is how often the service was changed after that, and before the change that
	// made its newest revision reachable.
	Since int64 `json:"since,omitempty"`
}

// Content says whether what a template runs has run before. It names images and
// variables, and holds no variable's value.
type Content struct {
	// RanBefore is true where a revision of exactly this content ran as the
	// Previous account. The zero value says that nothing of the kind is known.
	RanBefore bool `json:"ran_before,omitempty"`
	// Why says why it is not known to have run; empty while that may yet show.
	Why string `json:"why,omitempty"`
	// Changes are lines on what differs from the Previous revision: the image,
	// the command, names of variables and secrets.
	Changes []string `json:"changes,omitempty"`
}

// Template names what the template is right now, so that what is decided about
// it can be kept from another one: the revision it made, else its generation.
// It is empty for a workload that was not read.
func (w Workload) Template() string {
	if w.Revision == "" {
		return w.generation()
	}
	return w.Revision
}

// TemplateUID tells the template of that name from another: the revision's UID, else
// the workload's.
func (w Workload) TemplateUID() string { return cmp.Or(w.RevisionUID, w.UID) }

// IsTemplate reports whether the template is still the one of that name and UID. A name
// alone can be given to other content once the workload was deleted; an empty UID is
// that of a plan of before.
func (w Workload) IsTemplate(name, uid string) bool {
	return (name == w.Template() || name == w.generation()) && (uid == "" || uid == w.RevisionUID || uid == w.UID)
}

func (w Workload) generation() string {
	if w.Generation == 0 {
		return ""
	}
	return fmt.Sprintf("generation %d", w.Generation)
}
