package explore_test

import (
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/group"
	"github.com/rescind-dev/rescind/remediate/state"
)

// message is one that people see, as it was first and as it is now: somebody may
// still look at either.
type message struct {
	finding, group string
	first, last    drawing
}

// drawing is what a message shows.
type drawing struct {
	revision int64
	digest   string
	state    state.State
	items    map[string]state.State // of a group's
	choices  []finding.Choice
}

// card draws the card of a finding, or remembers one like it. It holds I9: the card
// is what the record says, and decides nothing about what has ended.
func (w *world) card(f finding.Finding) drawing {
	c := canon{now: w.now}
	c.any(f)
	key := c.print()
	if d, ok := w.tally.cards[key]; ok {
		d.revision = f.Revision
		return d
	}
	o := notify.Options{Now: w.now, OnExpiry: w.cfg.onExpiry, Page: w.cfg.pager}
	m, again := notify.Card(f, o), notify.Card(cloned(f), o)
	said := strings.ToLower(m.Headline + " " + m.Status + " " + m.Text)
	switch {
	case again.Text != m.Text || len(again.Buttons) != len(m.Buttons):
		w.breaks("I9: finding %s is drawn in two ways", f.ID)
	case f.State.Ended() && slices.ContainsFunc(choices(m), func(c finding.Choice) bool { return c != finding.ChooseUndo }):
		w.breaks("I9: finding %s is %s, and its card offers %v", f.ID, f.State, choices(m))
	case f.State.Ended() && !strings.Contains(said, string(f.State)):
		w.breaks("I9: finding %s is %s, and its card does not say so: %s", f.ID, f.State, m.Text)
	}
	d := drawing{revision: f.Revision, digest: m.Digest, state: f.State, choices: choices(m)}
	w.tally.cards[key] = d
	return d
}

// groupCard draws the message of a group, likewise.
func (w *world) groupCard(g group.Group, items []finding.Finding) drawing {
	c := canon{now: w.now}
	c.any(g)
	for _, f := range items {
		c.any(f)
	}
	key := c.print()
	if d, ok := w.tally.cards[key]; ok {
		return d
	}
	m := notify.GroupCard(g, items, notify.Options{Now: w.now})
	d := drawing{revision: g.Revision, digest: m.Digest, items: map[string]state.State{}, choices: choices(m)}
	for _, i := range g.Items {
		d.items[i.Finding] = i.State
	}
	w.tally.cards[key] = d
	return d
}

func choices(m notify.Message) []finding.Choice {
	var out []finding.Choice
	for _, b := range m.Buttons {
		if b.Choice != "" {
			out = append(out, b.Choice)
		}
	}
	return out
}
