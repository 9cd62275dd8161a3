package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

var auditVerifyUsage = `Usage: rescind audit verify --config FILE [flags]

Walks the chains of hashes of all findings and of the ledger, and says whether
each is as it was written, and each finding as its last event left it. The chain
of roots, which each sweep of rescind serve goes on with, shows what was taken
out; it says up to when, and how much is younger. What is broken is named on
standard error, with the first event or record that is not as it was. With
--since and --until only the ledger of these days, and the findings begun in
that time.

Whoever may write to the store can compute all of it anew. So compare it with
the copy that left it: --against takes lines of standard error, or what
"gcloud logging read --format json" prints of them or of the log audit_log, and
names the first line that the store has otherwise, or no more.

--offline checks what "rescind audit export" wrote, without a store.

` + fmt.Sprintf(auditFlags, "all that is kept, 400 days") + `  --against FILE    a copy of the trail to compare with; - for standard input
  --offline FILE    what "rescind audit export" wrote, in place of a store and
                    of --config; - for standard input

Example:
  rescind audit verify --config rescind.yaml

Exit status: 0 when all is as it was written, 1 when something is not or on
failure, 2 on wrong usage.
`

func runAuditVerify(ctx context.Context, env environment, args []string) error {
	var against, offline string
	s, err := auditScopeOf("verify", time.Time{}, args, func(f *flags) {
		f.StringVar(&against, "against", "", "")
		f.StringVar(&offline, "offline", "", "")
	})
	switch {
	case err != nil:
		return err
	case offline != "" && (s.config != "" || against != "" || s.finding != "" || !s.since.IsZero()):
		return usagef("--offline checks what is in the file, without a store: leave out --config, --against, --finding and --since")
	case offline != "":
		v, err := verifyOffline(env, offline)
		if v == (verified{}) {
			return err
		}
		return errors.Join(writeVerified(env.stdout, s.format, v), err)
	}
	var copied []trail.Line
	if against != "" {
		if copied, err = readCopy(env, against); err != nil {
			return err
		}
	}
	return withArchive(s.config, func(arc archive) error {
		v, err := arc.verify(ctx, s)
		if errors.Is(err, fault.ErrNotFound) {
			return err
		}
		if against != "" {
			var difference error
			v.Compared, difference = arc.against(ctx, s, copied)
			v.Whole = v.Whole && difference == nil
			err = errors.Join(err, difference)
		}
		return errors.Join(writeVerified(env.stdout, s.format, v), err)
	})
}

// openInput opens what is checked or compared with, "-" being standard input.
func openInput(env environment, path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(env.stdin), nil
	}
	return os.Open(path)
}

// verified counts what was walked.
type verified struct {
	Findings  int  `json:"findings"`
	Events    int  `json:"events"`
	Unchained int  `json:"unchained"` // findings that a rescind without hashes wrote
	Entries   int  `json:"entries"`
	Whole     bool `json:"whole"`
	Roots     int  `json:"roots"`
	// CoveredUntil is when the last root was made; YoungerEvents and YoungerRecords
	// are how many no root holds.
	CoveredUntil   time.Time `json:"covered_until,omitzero"`
	YoungerEvents  int       `json:"younger_events"`
	YoungerRecords int       `json:"younger_records"`
	Compared       int       `json:"compared,omitempty"` // lines of the copy
}

func writeVerified(w io.Writer, format string, v verified) error {
	if format == "json" {
		return terminal.WriteJSON(w, v)
	}
	if _, err := fmt.Fprintf(w, "%d events of %d findings and %d records of the ledger; %d findings from before there were hashes\n",
		v.Events, v.Findings, v.Entries, v.Unchained); err != nil {
		return err
	}
	if v.Compared > 0 {
		if _, err := fmt.Fprintf(w, "%d lines of the copy were compared\n", v.Compared); err != nil {
			return err
		}
	}
	if v.Roots == 0 {
		_, err := fmt.Fprintln(w, "no root yet: what was taken out would not be missed; a sweep of rescind serve makes one")
		return err
	}
	_, err := fmt.Fprintf(w, "%d roots cover what was there until %s; %d events and %d records are in none yet\n",
		v.Roots, v.CoveredUntil.UTC().Format(time.RFC3339), v.YoungerEvents, v.YoungerRecords)
	return err
}

// verify checks what the scope names. The roots are read first: a chain only grows, so
// that nothing in them can be younger than what is read after.
func (arc archive) verify(ctx context.Context, s auditScope) (v verified, err error) {
	held, broken := arc.roots().Coverage(ctx)
	errs := []error{broken}
	v.Roots, v.CoveredUntil = held.Roots, held.Until
	fs, err := arc.findingsIn(ctx, s, s.since)
	unread, err := unreadIn(err, nil)
	errs = append(errs, unread...)
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return v, errors.Join(broken, err)
	}
	if err != nil {
		if _, ok := held.Heads["finding/"+s.finding]; !ok {
			return v, err
		}
		fs = nil
	}
	listed := map[string]bool{}
	for _, err := range unread {
		var of *fault.UnreadError
		if errors.As(err, &of) {
			listed[of.Finding] = true
		}
	}
	for _, f := range fs {
		listed[f.ID] = true
		if s.finding == "" && !s.holds(f.CreatedAt) {
			continue
		}
		errs = append(errs, v.finding(f, held))
	}
	errs = append(errs, arc.missing(ctx, s, held, listed))
	if s.finding == "" {
		v.Entries, err = arc.ledger().Verify(ctx, s.since, s.until)
		errs = append(errs, err, arc.heldDays(ctx, s, held, &v))
	}
	err = errors.Join(errs...)
	v.Whole = err == nil
	return v, err
}

// finding checks one, by itself and by what the roots hold of it.
func (v *verified) finding(f finding.Finding, held trail.Coverage) error {
	v.Findings++
	v.Events += len(f.Timeline)
	if len(f.Timeline) > 0 && f.Timeline.Head() == "" {
		v.Unchained++
	}
	if err := f.VerifyTrail(); err != nil {
		return err
	}
	if n := f.Timeline.Unhashed(held.Since); n > 0 && !held.Since.IsZero() {
		return fmt.Errorf("the trail of finding %s breaks at event %d: it has no hash, and all since %s have one",
			f.ID, n, held.Since.UTC().Format(time.RFC3339))
	}
	h := held.Heads[f.Head().Chain]
	v.YoungerEvents += max(0, len(f.Timeline)-h.N)
	return f.Timeline.Holds(f.ID, h)
}

// missing names the findings that a root holds and the store does not.
func (arc archive) missing(ctx context.Context, s auditScope, held trail.Coverage, listed map[string]bool) error {
	var errs []error
	for _, chain := range held.Chains() {
		h := held.Heads[chain]
		id := h.Finding()
		if id == "" || listed[id] || s.finding != "" && id != s.finding || h.MayBeGone(time.Now()) {
			continue
		}
		if _, err := arc.store.Finding(ctx, id); errors.Is(err, fault.ErrNotFound) {
			errs = append(errs, fmt.Errorf("finding %s is gone: a root holds %d events of it, and it is kept until %s", id, h.N, keptUntil(h)))
		} else if err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func keptUntil(h trail.Head) string {
	if h.Gone == "" {
		return "400 days after its end, and it had not ended"
	}
	return h.Gone
}

// heldDays compares the ledger with what the roots hold of it.
func (arc archive) heldDays(ctx context.Context, s auditScope, held trail.Coverage, v *verified) error {
	var errs []error
	older := 0
	for _, chain := range held.Chains() {
		h := held.Heads[chain]
		day := h.Day()
		if day == "" || h.MayBeGone(time.Now()) || day < s.since.UTC().Format(time.DateOnly) || day > s.until.UTC().Format(time.DateOnly) {
			continue
		}
		older += h.N
		errs = append(errs, arc.ledger().Holds(ctx, h))
	}
	v.YoungerRecords = max(0, v.Entries-older)
	return errors.Join(errs...)
}
