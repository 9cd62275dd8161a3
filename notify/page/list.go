package page

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
)

const (
	perList = 50
	// perLook is how many findings are looked at for one list by actor, which no
	// store selects by: the cost stays that of one page, and the next link goes
	// on from there.
	perLook = 200
)

// filter is what the list was asked for. All of it has to hold.
type filter struct {
	State, Policy, Project, Actor string
	OlderThan, Since, Until       string
	query                         remediate.Query
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

// startAt sets where the list begins: at the earliest of what was asked.
func (f *filter) startAt(after string, now time.Time) error {
	until, err := day(f.Until, "Before")
	if err != nil {
		return err
	}
	if !until.IsZero() {
		f.query.After.CreatedAt = until.Add(-time.Nanosecond)
	}
	if f.OlderThan != "" {
		d, err := time.ParseDuration(f.OlderThan)
		if err != nil || d < 0 {
			return fmt.Errorf("“Older than” is %q: want a duration like 90m or 24h", notify.Clean(f.OlderThan))
		}
		if at := now.Add(-d); until.IsZero() || at.Before(until) {
			f.query.After.CreatedAt = at
		}
	}
	if after == "" {
		return nil
	}
	at, id, ok := strings.Cut(after, ",")
	t, err := time.Parse(time.RFC3339Nano, at)
	if !ok || err != nil || !findingID.MatchString(id) {
		return fmt.Errorf("the link to these findings is not complete")
	}
	f.query.After = remediate.Position{CreatedAt: t, ID: id}
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
func statesOf(word string) ([]remediate.State, error) {
	ended := slices.DeleteFunc(remediate.States(), func(s remediate.State) bool { return !s.Ended() })
	switch {
	case word == "":
		return nil, nil
	case word == "open":
		return remediate.Open(), nil
	case word == "ended":
		return ended, nil
	case slices.Contains(remediate.States(), remediate.State(word)):
		return []remediate.State{remediate.State(word)}, nil
	}
	return nil, fmt.Errorf("there is no state %q", notify.Clean(word))
}

// link is the list's own address, in another state and from another place on.
func (f filter) link(state string, after remediate.Position) string {
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

// section is one list of findings, newest first.
type section struct {
	Title string
	Rows  []row
	Next  string // leads to what comes after; empty at the end
	Note  string
}

// row is one finding in a list.
type row struct {
	Link, State, Severity, Message, Policy, Where, Who string
	Began                                              moment
}

func rowOf(f remediate.Finding) row {
	c := notify.Card(f, notify.Options{})
	return row{
		Link: "/findings/" + url.PathEscape(f.ID), State: string(f.State), Severity: severity(f), Message: c.Why[0],
		Policy: notify.Clean(f.Policy), Where: c.Fields[2].Value, Who: c.Fields[0].Value, Began: momentOf(f.CreatedAt),
	}
}

func (p *pages) list(w http.ResponseWriter, r *http.Request, v Visitor) {
	view := listView{frame: frameOf("Findings", v), States: remediate.States()}
	var err error
	if view.Filter, err = readFilter(r.URL.Query(), p.Now()); err != nil {
		view.Notice = notice{Title: "Not understood", Text: sentence(err.Error()), Alert: true}
		p.render(w, r, http.StatusBadRequest, "list", view)
		return
	}
	for _, state := range view.Filter.sections() {
		s, err := p.section(r, view.Filter, state)
		if err != nil {
			p.broken(w, r, v, err)
			return
		}
		view.Sections = append(view.Sections, s)
	}
	p.render(w, r, http.StatusOK, "list", view)
}

// sections are the lists of a page: what is open first, unless one was asked for.
func (f filter) sections() []string {
	if f.State == "" {
		return []string{"open", "ended"}
	}
	return []string{f.State}
}

func (p *pages) section(r *http.Request, f filter, state string) (section, error) {
	s, look := section{Title: strings.ToUpper(state[:1]) + state[1:]}, perList
	if f.Actor != "" {
		look = perLook
	}
	q := f.query
	q.States, _ = statesOf(state)
	q.Limit = look + 1 // the last is not shown: it says that there is more
	all, err := p.Findings.Findings(r.Context(), q)
	if err != nil {
		return section{}, fmt.Errorf("list findings: %w", err)
	}
	for i, x := range all {
		if i == look || len(s.Rows) == perList {
			s.Next = f.link(state, remediate.Position{CreatedAt: all[i-1].CreatedAt, ID: all[i-1].ID})
			break
		}
		if x.ActedIn(f.Actor) {
			s.Rows = append(s.Rows, rowOf(x))
		}
	}
	if s.Next != "" && len(s.Rows) < perList {
		s.Note = fmt.Sprintf("%d of the %d findings looked at here are of this actor. There are older ones.", len(s.Rows), look)
	}
	return s, nil
}

func severity(f remediate.Finding) string { return cmp.Or(string(f.Severity), "unrated") }
