package explore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/group"
	"github.com/rescind-dev/rescind/remediate/trail"
)

const channel = "C1"

// notifierEdge shows each finding in a message of its own.
type notifierEdge struct{ p *process }

func (n notifierEdge) Notify(_ context.Context, f finding.Finding) ([]finding.Surface, error) {
	return n.show(f.Surfaces, f.Revision, len(f.Timeline), message{finding: f.ID}, n.p.w.card(f))
}

// show posts the drawing, or puts it in place of what the message showed.
func (n notifierEdge) show(at []finding.Surface, revision int64, told int, m message, d drawing) ([]finding.Surface, error) {
	n.p.notified = true
	out, err := reach(n.p, writes, func() ([]finding.Surface, error) {
		w := n.p.w
		if err := w.slack(); err != nil {
			return nil, err
		}
		out := slices.Clone(at)
		if len(out) == 0 {
			m.first, m.last = d, d
			w.messages = append(w.messages, m)
			out = []finding.Surface{{Kind: "test", Channel: channel, ID: fmt.Sprint(len(w.messages))}}
		}
		for i := range out {
			out[i].Rendered, out[i].Told = revision, told
			shown := &w.messages[number(out[i].ID)]
			if shown.last = d; m.group != "" {
				shown.group = m.group
			}
		}
		return out, nil
	})
	if err != nil {
		return at, err
	}
	return out, nil
}

func number(id string) int {
	var n int
	_, _ = fmt.Sscan(id, &n)
	return n - 1
}

// slack is what Slack answers, if not that it did it.
func (w *world) slack() error {
	switch w.trouble["Slack"] {
	case "down":
		return errors.New("503")
	case "revoked":
		return fmt.Errorf("token_revoked: %w", fault.ErrBroken)
	case "in line":
		return &fault.BusyError{Where: "a message a second", After: 2 * time.Minute}
	case "limited":
		return &fault.BusyError{Where: "Slack", After: 2 * time.Minute, Theirs: true}
	}
	return nil
}

func (n notifierEdge) Announce(_ context.Context, text string, told []string) ([]string, error) {
	return reach(n.p, writes, func() ([]string, error) {
		if err := n.p.w.slack(); err != nil {
			return told, err
		}
		n.p.announced(text)
		n.p.w.announced = append(slices.Clip(n.p.w.announced), text)
		return []string{channel}, nil
	})
}

// groupEdge shows findings of one cause together.
type groupEdge struct{ notifierEdge }

func (groupEdge) Channel(finding.Finding) string { return channel }

func (groupEdge) Ready(group.Group) error { return nil }

func (n groupEdge) NotifyGroup(_ context.Context, g group.Group, items []finding.Finding) ([]finding.Surface, error) {
	d := n.p.w.groupCard(g, items)
	return n.show(g.Surfaces, g.Changes, len(g.Timeline), message{group: g.ID}, d)
}

type pagerEdge struct{ p *process }

func (pagerEdge) Name() string { return "oncall" }

func (o pagerEdge) Page(_ context.Context, f finding.Finding) error {
	return o.call(f, func(p *page) { p.paged = true })
}

func (o pagerEdge) Resolve(_ context.Context, f finding.Finding) error {
	return o.call(f, func(p *page) { p.resolved = true })
}

func (o pagerEdge) call(f finding.Finding, do func(*page)) error {
	_, err := reach(o.p, writes, func() (bool, error) {
		w := o.p.w
		if w.trouble["pager"] != "" {
			return false, errors.New("500")
		}
		p := w.pages[f.ID]
		do(&p)
		w.pages[f.ID] = p
		return true, nil
	})
	return err
}

type exporterEdge struct{ p *process }

func (e exporterEdge) Export(_ context.Context, f finding.Finding, after int) error {
	_, err := reach(e.p, writes, func() (bool, error) {
		w := e.p.w
		switch has := w.exported[f.ID]; {
		case w.trouble["exporter"] != "":
			return false, errors.New("500")
		case after > has:
			w.breaks("I8: events %d to %d of %s are not taken out", has+1, after, f.ID)
		}
		w.exported[f.ID] = max(w.exported[f.ID], len(f.Timeline))
		return true, nil
	})
	return err
}

func (exporterEdge) ExportRecords(context.Context, []trail.Record) error { return nil }

func (e exporterEdge) Undelivered(_ context.Context, f finding.Finding) error {
	_, err := reach(e.p, writes, func() (bool, error) {
		if e.p.w.trouble["exporter"] != "" {
			return false, errors.New("500")
		}
		return true, nil
	})
	return err
}

type directoryEdge struct{ p *process }

func (d directoryEdge) Approver(_ context.Context, principal string, _ bool) (authority.Membership, error) {
	return reach(d.p, reads, func() (authority.Membership, error) {
		return authority.Membership{Standing: d.p.w.standing(principal)}, nil
	})
}

// adminsEdge is the group of those who can act through the robot: mallory alone.
type adminsEdge struct{ p *process }

func (d adminsEdge) Approver(_ context.Context, principal string, _ bool) (authority.Membership, error) {
	return reach(d.p, reads, func() (authority.Membership, error) {
		m := authority.Membership{Standing: authority.NoApprover}
		switch {
		case d.p.w.standing(principal) == authority.Undetermined:
			m.Standing = authority.Undetermined
		case principal == mallory:
			m.Standing = authority.Approver
		}
		return m, nil
	})
}

func (w *world) standing(principal string) authority.Standing {
	s, known := w.people[finding.Canonical(principal)]
	switch {
	case w.trouble["directory"] == "down", w.trouble["directory"] == principal:
		return authority.Undetermined
	case !known:
		return authority.NoApprover
	}
	return s
}
