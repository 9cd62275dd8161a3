package page

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
)

// Visitor is who a request is from.
type Visitor struct {
	Principal string // "user:ada@example.com"
	Subject   string // "accounts.google.com:1234"
	// SignedAt is when that was signed, Signed what tells the assertion from others.
	SignedAt time.Time
	Signed   string
}

// ErrStranger says that nobody vouches for a request, and nobody ever will.
var ErrStranger = errors.New("not signed by Identity-Aware Proxy")

// Gate says who the request with these headers is from, judged at a time. An
// error that matches ErrStranger says that nobody vouches for it; any other,
// that it could not be told now. No error holds what was signed.
type Gate func(ctx context.Context, h http.Header, at time.Time) (Visitor, error)

// Findings is what the pages read. They write nothing, so a store that cannot be
// written to is enough.
type Findings interface {
	// Finding returns the finding, or an error matching fault.ErrNotFound.
	Finding(ctx context.Context, id string) (finding.Finding, error)
	// Findings returns those that match, newest first.
	Findings(ctx context.Context, q finding.Query) ([]finding.Finding, error)
}

// Answerer records what a person answers; see desk.Desk.
type Answerer interface {
	// Answer returns the finding as stored, or a *finding.RefusedError.
	Answer(ctx context.Context, finding string, a finding.Answer) (finding.Finding, error)
}

// Once does what a signed request asks, once for all its deliveries; see
// desk.Desk.Once.
type Once func(ctx context.Context, q desk.Request, do func(context.Context) (said string, err error)) (said string, again bool, err error)

// RecordRefusal records that an answer was refused; see desk.Desk.Refused.
type RecordRefusal func(ctx context.Context, finding string, a finding.Answer, class, why string)

// Config is what the pages need. Of Answers and Courier exactly one is set.
type Config struct {
	Gate     Gate
	Findings Findings
	Answers  Answerer     // records answers in this process
	Once     Once         // has each count once; set with Answers
	Courier  desk.Courier // takes them to the process that does
	// RecordRefusal records that these pages refused an answer of somebody known
	// before it came to Answers, which records those that it refuses itself.
	// Without it the courier takes refusals to where there is one.
	RecordRefusal RecordRefusal
	// Preview says what an exemption would have exempted; without it the pages
	// offer none.
	Preview func(ctx context.Context, finding string) (desk.Preview, error)
	// BaseURL is where people reach the pages, "https://rescind.example.com":
	// answers are taken from pages of this origin alone. Empty: of whatever host
	// a request names, over https.
	BaseURL  string
	OnExpiry remediate.Expiry
	Now      func() time.Time
	Log      *slog.Logger
}

func (c Config) validate() error {
	return lacking(
		need{c.Gate == nil, "nothing says who a request is from"},
		need{c.Findings == nil, "no findings"},
		need{(c.Answers == nil) == (c.Courier == nil), "want either a desk or a courier for answers"},
		need{(c.Answers == nil) != (c.Once == nil), "want answers to count once where they are recorded"},
		need{c.Now == nil, "no clock"},
		need{c.Log == nil, "no logger"},
	)
}

// need is one thing that a config has to have.
type need struct {
	missing bool
	what    string
}

// lacking names each of the needs that is missing; nil when none is.
func lacking(needs ...need) error {
	var errs []error
	for _, n := range needs {
		if n.missing {
			errs = append(errs, errors.New("pages: "+n.what))
		}
	}
	return errors.Join(errs...)
}

type pages struct {
	cfg    Config
	origin url.URL
}

// New returns the handler of GET /findings, GET /findings/{id} and
// POST /findings/{id}.
func New(c Config) (http.Handler, error) {
	origin, err := parseOrigin(c.BaseURL)
	if err := errors.Join(c.validate(), err); err != nil {
		return nil, err
	}
	p := &pages{c, origin}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /findings", p.visited(p.list))
	mux.HandleFunc("GET /findings/{id}", p.visited(p.show))
	mux.HandleFunc("POST /findings/{id}", p.visited(p.decide))
	return mux, nil
}

// visited lets a request through with who it is from.
func (p *pages) visited(next func(http.ResponseWriter, *http.Request, Visitor)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := p.cfg.Gate(r.Context(), r.Header, p.cfg.Now())
		switch {
		case err == nil:
			next(w, r, v)
		case errors.Is(err, ErrStranger):
			p.cfg.Log.WarnContext(r.Context(), "page refused", "path", r.URL.Path, "error", err)
			p.sayTo(w, r, v, http.StatusUnauthorized, "Not signed in", "These pages are for people who come through Identity-Aware Proxy. This request did not.")
		default:
			p.cfg.Log.ErrorContext(r.Context(), "visitor not verified", "path", r.URL.Path, "error", err)
			p.sayTo(w, r, v, http.StatusServiceUnavailable, "Not now", "Who you are could not be verified right now. Nothing was decided; try again in a minute.")
		}
	}
}

// findingID is the form of finding.ID. Nothing else is looked up.
var findingID = regexp.MustCompile(`^[a-z2-7]{26}$`)

// find returns the finding that the path names, or answers why there is none.
func (p *pages) find(w http.ResponseWriter, r *http.Request, v Visitor) (finding.Finding, bool) {
	id := r.PathValue("id")
	if !findingID.MatchString(id) {
		p.missing(w, r, v)
		return finding.Finding{}, false
	}
	f, err := p.cfg.Findings.Finding(r.Context(), id)
	switch {
	case err == nil:
		return f, true
	case errors.Is(err, fault.ErrNotFound):
		p.missing(w, r, v)
	default:
		p.broken(w, r, v, fmt.Errorf("look up finding %s: %w", id, err))
	}
	return finding.Finding{}, false
}

func (p *pages) missing(w http.ResponseWriter, r *http.Request, v Visitor) {
	p.sayTo(w, r, v, http.StatusNotFound, "No such finding", "There is no finding of this id. Findings are kept for 400 days from their end.")
}

// broken says that the page cannot be made, and why to the log alone.
func (p *pages) broken(w http.ResponseWriter, r *http.Request, v Visitor, err error) {
	p.cfg.Log.ErrorContext(r.Context(), "page not made", "path", r.URL.Path, "error", err)
	p.sayTo(w, r, v, http.StatusServiceUnavailable, "Not now", "The record cannot be read right now. Nothing was decided; try again in a minute.")
}

func (p *pages) card() notify.Options { return notify.Options{OnExpiry: p.cfg.OnExpiry} }
