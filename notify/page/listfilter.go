package page

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// filter is what the list was asked for. All of it has to hold.
type filter struct {
	State, Policy, Project, Actor string
	OlderThan, Since, Until       string
	query                         finding.Query
}

// readFilter reads the query of a list's URL. Its error is for people.
func readFilter(q url.Values, now time.Time) (filter, error) {
	get := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	f := filter{State: get("state"), Policy: get("policy"), Project: get("project"), Actor: get("actor"),
		OlderThan: get("older_than"), Since: get("since"), Until: get("until")}
	var err error
	if f.query.States, err = statesOf(f.State); err != nil {
		return f, err
	}
	f.query.Policy, f.query.Project = f.Policy, f.Project
	if f.query.Since, err = day(f.Since, "From"); err != nil {
		return f, err
	}
	return f, f.startAt(get("after"), now)
}

// startAt sets where the list begins: before the earliest of what was asked, and
// after what was shown.
func (f *filter) startAt(after string, now time.Time) error {
	var err error
	if f.query.Until, err = day(f.Until, "Before"); err != nil {
		return err
	}
	if f.OlderThan != "" {
		d, err := time.ParseDuration(f.OlderThan)
		if err != nil || d < 0 {
			return fmt.Errorf("“Older than” is %q: want a duration like 90m or 24h", notify.Clean(f.OlderThan))
		}
		if at := now.Add(-d + 1); f.query.Until.IsZero() || at.Before(f.query.Until) {
			f.query.Until = at
		}
	}
	if after == "" {
		return nil
	}
	at, id, ok := strings.Cut(after, ",")
	t, err := time.Parse(time.RFC3339Nano, at)
	if !ok || err != nil || !findingID.MatchString(id) {
		return errors.New("the link to these findings is not complete")
	}
	f.query.After = finding.Position{CreatedAt: t, ID: id}
	return nil
}

func day(s, label string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("“%s” is %q: want a day like 2026-11-22 (UTC)", label, notify.Clean(s))
}

// statesOf are the states of a word: one of them, "open" or "ended".
func statesOf(word string) ([]state.State, error) {
	ended := slices.DeleteFunc(state.All(), func(s state.State) bool { return !s.Ended() })
	switch {
	case word == "":
		return nil, nil
	case word == "open":
		return state.Open(), nil
	case word == "ended":
		return ended, nil
	case slices.Contains(state.All(), state.State(word)):
		return []state.State{state.State(word)}, nil
	}
	return nil, fmt.Errorf("there is no state %q", notify.Clean(word))
}

// link is the list's own address, in another state and from another place on.
func (f filter) link(state string, after finding.Position) string {
	q := url.Values{}
	for name, v := range map[string]string{"state": state, "policy": f.Policy, "project": f.Project, "actor": f.Actor,
		"older_than": f.OlderThan, "since": f.Since, "until": f.Until} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if after.ID != "" {
		q.Set("after", after.CreatedAt.UTC().Format(time.RFC3339Nano)+","+after.ID)
	}
	if len(q) == 0 {
		return "/findings"
	}
	return "/findings?" + q.Encode()
}

// sections are the lists of a page: what is open first, unless one was asked for.
func (f filter) sections() []string {
	if f.State == "" {
		return []string{"open", "ended"}
	}
	return []string{f.State}
}
