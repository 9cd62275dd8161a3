package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/owed"
)

// listOwed lists the changes that are still to be judged, those first that wait longest.
func (o findingFilter) listOwed(ctx context.Context, env environment, st remediate.Store, now time.Time) error {
	all, unread := st.Owed(ctx, owed.Query{})
	if _, err := fault.Readable(unread); err != nil {
		return err
	}
	out := []owedChange{}
	waits := map[string][]owed.Wait{}
	for _, c := range all {
		if !o.ofOwed(c, now) {
			continue
		}
		if _, read := waits[c.Place]; !read {
			of, err := owed.WaitsOf(ctx, st, c.Place)
			if err != nil {
				return err
			}
			waits[c.Place] = of
		}
		out = append(out, owedChange{c, waitOf(waits[c.Place], c)})
	}
	if o.limit > 0 && len(out) > o.limit {
		fmt.Fprintf(env.stderr, "rescind findings list: there are %d; these are the %d that wait longest, --limit 0 lists all\n", len(out), o.limit)
		out = out[:o.limit]
	}
	return errors.Join(writeOwed(env.stdout, o.format, out), unread)
}

// owedChange is a change with what its resource waits for, nil for its turn.
type owedChange struct {
	owed.Change
	Waits *owed.Wait `json:"waits,omitempty"`
}

func waitOf(all []owed.Wait, c owed.Change) *owed.Wait {
	i := slices.IndexFunc(all, func(w owed.Wait) bool { return w.Resource == c.Change.Resource.String() })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// ofOwed reports whether the filters that are about changes select it.
func (o findingFilter) ofOwed(c owed.Change, now time.Time) bool {
	return (o.query.Project == "" || o.query.Project == c.Change.Resource.Project) &&
		(o.olderThan == 0 || now.Sub(c.Since) > o.olderThan) &&
		finding.Finding{Change: c.Change, Actors: []cloud.Actor{c.Change.Actor}}.ActedIn(o.actor)
}

// checkOwed says which filters are about findings alone.
func (o findingFilter) checkOwed() error {
	q := o.query
	if len(q.States) > 0 || q.Policy != "" || !q.Since.IsZero() || !q.Until.IsZero() {
		return usagef("--owed lists changes that are not judged yet: --state, --policy, --since and --until are for findings")
	}
	return nil
}

func writeOwed(w io.Writer, format string, cs []owedChange) error {
	if format == "json" {
		return terminal.WriteJSON(w, cs)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "OWED SINCE\tNEXT TRY\tTRIES\tRESOURCE\tMETHOD\tACTOR\tWHY")
	for _, c := range cs {
		next, tries, why := "in its turn", 0, c.Why
		if c.Waits != nil {
			next, tries, why = c.Waits.Until.UTC().Format(time.RFC3339), c.Waits.Tries, c.Waits.Why
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\t%s\t%s\n", c.Since.UTC().Format(time.RFC3339), next, tries,
			terminal.OneLine(c.Change.Change.Resource.Path()), terminal.OneLine(c.Change.Change.Method), terminal.OneLine(c.Change.Change.Actor.Principal), terminal.OneLine(why))
	}
	return table.Flush()
}
