package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// readCopy reads the lines of the copy in the file, "-" being standard input.
func readCopy(env environment, path string) ([]trail.Line, error) {
	in, err := openInput(env, path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	lines, err := trail.ReadCopy(in)
	if err == nil && len(lines) == 0 {
		err = fmt.Errorf("%s has no line of the trail: nothing was compared", path)
	}
	return lines, err
}

// against compares the store with the lines of a copy, oldest first, and returns how
// many there were in the scope. The error names the first difference.
func (arc archive) against(ctx context.Context, s auditScope, lines []trail.Line) (int, error) {
	slices.SortStableFunc(lines, func(a, b trail.Line) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Chain, b.Chain), cmp.Compare(a.N, b.N))
	})
	c := comparison{archive: arc, copied: map[string][]trail.Line{}, stored: map[string][]trail.Line{}}
	n, differences, first := 0, 0, error(nil)
	for _, l := range lines {
		if !s.holds(l.At) || s.finding != "" && l.Chain != "finding/"+s.finding {
			continue
		}
		n++
		c.copied[l.Chain] = append(c.copied[l.Chain], l)
		difference, err := c.compare(ctx, l)
		if err != nil {
			return n, err
		}
		if difference != nil {
			differences++
			first = cmp.Or(first, difference)
		}
	}
	if first == nil {
		first = c.between(ctx)
	}
	if differences > 1 {
		first = fmt.Errorf("%w; %d other lines differ, too", first, differences-1)
	}
	if first == nil && n == 0 {
		first = errors.New("the copy has no line of that time or finding: nothing was compared")
	}
	return n, first
}

// comparison is what is known of the chains that the copy has lines of.
type comparison struct {
	archive
	copied map[string][]trail.Line // those seen so far
	stored map[string][]trail.Line // of findings
}

// compare returns the difference between the line and the store, if there is one.
func (c *comparison) compare(ctx context.Context, l trail.Line) (difference, err error) {
	is, found, err := c.line(ctx, l.Chain, l.N)
	if err != nil {
		return nil, err
	}
	if !found {
		if c.mayBeGone(l) {
			return nil, nil
		}
		return fmt.Errorf("%s is in the copy, and not in the store: %s %s", l.Place(), l.Kind, l.What), nil
	}
	if d := is.Differs(l); d != "" {
		return fmt.Errorf("%s differs from the copy: %s", l.Place(), d), nil
	}
	return nil, nil
}

// mayBeGone reports whether what the line tells of was kept long enough: a finding at
// the least so long after its first event in the copy.
func (c *comparison) mayBeGone(l trail.Line) bool {
	return !time.Now().Before(c.copied[l.Chain][0].At.Add(trail.Keep))
}

// line is the n-th of that chain in the store.
func (c *comparison) line(ctx context.Context, chain string, n int) (trail.Line, bool, error) {
	kind, of, _ := strings.Cut(chain, "/")
	switch kind {
	case "finding":
		lines, err := c.lines(ctx, chain, of)
		if err != nil || n > len(lines) {
			return trail.Line{}, false, err
		}
		return lines[n-1], true, nil
	case "ledger":
		return c.ledger().Line(ctx, of, n)
	case trail.RootChain:
		return c.roots().Line(ctx, n)
	}
	return trail.Line{}, false, fmt.Errorf("the copy has a line of chain %q, which is none", chain)
}

// lines are the events of a finding, none where it is not there.
func (c *comparison) lines(ctx context.Context, chain, id string) ([]trail.Line, error) {
	if lines, ok := c.stored[chain]; ok {
		return lines, nil
	}
	f, err := c.store.Finding(ctx, id)
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return nil, err
	}
	c.stored[chain] = f.Lines(0)
	return c.stored[chain], nil
}

// between returns an error where the store has a line that the copy lacks, and has
// those of the same chain before and after it.
func (c *comparison) between(ctx context.Context) error {
	for _, lines := range c.copied {
		has := map[int]bool{}
		from, to := lines[0].N, lines[0].N
		for _, l := range lines {
			has[l.N] = true
			from, to = min(from, l.N), max(to, l.N)
		}
		for n := from; n <= to; n++ {
			if has[n] {
				continue
			}
			l, found, err := c.line(ctx, lines[0].Chain, n)
			if err != nil {
				return err
			}
			if found {
				return fmt.Errorf("%s is in the store, and not in the copy, which has those before and after it: %s %s", l.Place(), l.Kind, l.What)
			}
		}
	}
	return nil
}
