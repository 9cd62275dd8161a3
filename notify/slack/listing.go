package slack

import (
	"context"
	"errors"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/notify"
)

// maxListed is how many findings an answer or a part of the home tab names.
const maxListed = 20

// safe is text that may hold what strangers wrote, as Slack's markup.
func safe(s string) string { return prose(s, maxSection) }

// pending lists what waits for a decision, newest first.
func (c *clerk) pending(ctx context.Context) (string, error) {
	fs, err := c.cfg.Findings.Findings(ctx, finding.Query{States: []state.State{state.Pending}, Limit: maxListed + 1})
	leftOut, err := fault.Readable(err)
	if err != nil {
		return "", err
	}
	if len(fs) == 0 && leftOut == 0 {
		return "Nothing waits for a decision.", nil
	}
	var lines []string
	if leftOut > 0 {
		lines = append(lines, notify.Unread(leftOut))
	}
	for _, f := range fs {
		lines = append(lines, c.item(f))
	}
	return join(lines), nil
}

// join puts lines of markup together that fit one message, and says when some
// did not.
func join(lines []string) string {
	const more = "\nand more"
	out := ""
	for _, l := range lines {
		if width(out)+1+width(l) > maxText-len(more) {
			return out + more
		}
		if out != "" {
			out += "\n"
		}
		out += l
	}
	return out
}

// item is a finding in one line, with the way to it.
func (c *clerk) item(f finding.Finding) string {
	m := notify.Card(f, notify.Options{BaseURL: c.cfg.BaseURL})
	line := "*" + prose(m.Headline, maxLabel) + "* " + prose(m.Status, maxItem) + " `" + fit(f.ID, maxLabel, code) + "`"
	if l := link(m.Link); l != "" {
		line += " <" + l + "|Full record>"
	}
	return line
}

// maxItem is how much of a finding's status a list shows.
const maxItem = 100

// show tells a finding and what happened to it.
func (c *clerk) show(ctx context.Context, id string) (string, error) {
	f, err := c.cfg.Findings.Finding(ctx, id)
	if errors.Is(err, fault.ErrNotFound) {
		return safe("There is no finding " + id + "."), nil
	}
	if err != nil {
		return "", err
	}
	m := notify.Card(f, notify.Options{BaseURL: c.cfg.BaseURL})
	lines := []string{"*" + prose(m.Headline, maxHeader) + "*", prose(m.Text, maxWhy)}
	for _, l := range notify.Trail(f.Timeline) {
		lines = append(lines, prose(l, maxValue))
	}
	return join(lines), nil
}
