package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

const auditExportUsage = `Usage: rescind audit export --config FILE [flags]

Writes a part of the audit trail as JSON Lines: the roots made in that time, the
whole trail of each finding that has an event in it or is in one of the roots,
with the part of its record that its last event seals, and the same days of the
ledger. "rescind audit verify --offline FILE" checks it without the store.

Flags:
  --config FILE     configuration of the rescind that keeps it (required)
  --since TIME      what happened at or after this time (RFC 3339; default all
                    that is kept, 400 days)
  --until TIME      what happened before this time (RFC 3339; default now)
  --finding ID      of this finding alone
  --log-format FORM text or json (default text)

Example:
  rescind audit export --config rescind.yaml --since 2026-11-01T00:00:00Z

Exit status: 0 also when there is nothing, 1 when a part cannot be read or on
failure, 2 on wrong usage.
`

// excerptVersion is of the form of an excerpt; a later one takes the next number.
const excerptVersion = 1

// excerptLine is one line of an excerpt: exactly one of its fields is set.
type excerptLine struct {
	Export *excerptScope `json:"export,omitempty"` // the first
	Root   *trail.Root   `json:"root,omitempty"`
	Line   *trail.Line   `json:"line,omitempty"`
	Record *sealedRecord `json:"record,omitempty"` // after the last event of a finding
	End    *excerptEnd   `json:"end,omitempty"`    // the last
}

// excerptScope is what the excerpt is of.
type excerptScope struct {
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	Since   time.Time `json:"since,omitzero"`
	Until   time.Time `json:"until"`
	Finding string    `json:"finding,omitempty"`
}

// sealedRecord is the part of a finding's record that its last event seals: JSON in a
// string, as a seal is of its bytes and a tool may put keys in another order.
type sealedRecord struct {
	Finding string `json:"finding"`
	Sealed  string `json:"sealed"`
}

// excerptEnd shows that an excerpt was not cut off: the number and the SHA-256 of all
// lines before.
type excerptEnd struct {
	Lines  int    `json:"lines"`
	SHA256 string `json:"sha256"`
}

func runAuditExport(ctx context.Context, env environment, args []string) error {
	s, err := auditScopeOf("export", time.Time{}, args)
	if err != nil {
		return err
	}
	return withArchive(s.config, func(arc archive) error {
		buffered := bufio.NewWriter(env.stdout)
		err := arc.export(ctx, s, &excerptWriter{to: buffered, sum: sha256.New()})
		return errors.Join(err, buffered.Flush())
	})
}

// excerptWriter writes the lines of an excerpt.
type excerptWriter struct {
	to    io.Writer
	sum   hash.Hash
	lines int
}

func (w *excerptWriter) write(l excerptLine) error {
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	w.lines++
	b = append(b, '\n')
	w.sum.Write(b)
	_, err = w.to.Write(b)
	return err
}

func (w *excerptWriter) end() error {
	return w.write(excerptLine{End: &excerptEnd{Lines: w.lines, SHA256: hex.EncodeToString(w.sum.Sum(nil))}})
}

// export writes what is in the scope. What cannot be read is an error, after all that
// can be.
func (arc archive) export(ctx context.Context, s auditScope, w *excerptWriter) error {
	head := excerptScope{Version: excerptVersion, At: time.Now().UTC(), Since: s.since, Until: s.until.UTC(), Finding: s.finding}
	if err := w.write(excerptLine{Export: &head}); err != nil {
		return err
	}
	roots, problem := arc.roots().Range(ctx, s.since, s.until)
	for _, r := range roots {
		if err := w.write(excerptLine{Root: &r}); err != nil {
			return err
		}
	}
	held, _ := trail.Holding(roots) // what does not agree is for whoever verifies
	unread, err := arc.exportFindings(ctx, s, held, w)
	if err != nil {
		return err
	}
	problem = errors.Join(problem, unread)
	if s.finding == "" {
		if unread, err = arc.exportLedger(ctx, s, held, w); err != nil {
			return err
		}
		problem = errors.Join(problem, unread)
	}
	return errors.Join(problem, w.end())
}

// exportFindings returns what it could not read, and an error where it could not go on.
func (arc archive) exportFindings(ctx context.Context, s auditScope, held trail.Coverage, w *excerptWriter) (unread, _ error) {
	fs, err := arc.findingsIn(ctx, s, time.Time{})
	leftOut, err := unreadIn(err, nil)
	if err != nil {
		return nil, err
	}
	for _, f := range fs {
		_, inRoot := held.Heads[f.Head().Chain]
		if !inRoot && !slices.ContainsFunc(f.Timeline, func(e trail.Event) bool { return s.holds(e.At) }) {
			continue
		}
		if err := w.finding(f); err != nil {
			return nil, err
		}
	}
	return errors.Join(leftOut...), nil
}

func (w *excerptWriter) finding(f finding.Finding) error {
	for _, l := range f.Lines(0) {
		if err := w.write(excerptLine{Line: &l}); err != nil {
			return err
		}
	}
	part, err := f.SealedPart()
	if err != nil {
		return err
	}
	return w.write(excerptLine{Record: &sealedRecord{Finding: f.ID, Sealed: string(part)}})
}

// exportLedger is exportFindings of the ledger, of which a day ends at what cannot be read.
func (arc archive) exportLedger(ctx context.Context, s auditScope, held trail.Coverage, w *excerptWriter) (unread, _ error) {
	l := arc.ledger()
	days := l.Days(s.since, s.until)
	for _, chain := range held.Chains() {
		if h := held.Heads[chain]; h.Day() != "" && !h.MayBeGone(time.Now()) {
			days = append(days, h.Day())
		}
	}
	slices.Sort(days)
	for _, day := range slices.Compact(days) {
		for e, err := range l.Day(ctx, day) {
			if err != nil {
				unread = errors.Join(unread, err)
				break
			}
			line := e.Line()
			if err := w.write(excerptLine{Line: &line}); err != nil {
				return nil, err
			}
		}
	}
	return unread, nil
}
