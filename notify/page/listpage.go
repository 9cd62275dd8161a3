package page

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

const (
	perList = 50
	// perLook is how many findings are looked at for one list by actor, which no
	// store selects by: the cost stays that of one page, and the next link goes
	// on from there.
	perLook = 200
)

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

func rowOf(f finding.Finding) row {
	c := notify.Card(f, notify.Options{})
	return row{
		Link: "/findings/" + url.PathEscape(f.ID), State: string(f.State), Severity: severity(f), Message: c.Wrong,
		Policy: notify.Clean(f.Policy), Where: c.Fields[2].Value, Who: c.Fields[0].Value, Began: momentOf(f.CreatedAt),
	}
}

func (p *pages) list(w http.ResponseWriter, r *http.Request, v Visitor) {
	view := listView{frame: frameOf("Findings", v), States: state.All()}
	var err error
	if view.Filter, err = readFilter(r.URL.Query(), p.cfg.Now()); err != nil {
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

func (p *pages) section(r *http.Request, f filter, state string) (section, error) {
	s, look := section{Title: strings.ToUpper(state[:1]) + state[1:]}, perList
	if f.Actor != "" {
		look = perLook
	}
	q := f.query
	q.States, _ = statesOf(state)
	q.Limit = look + 1 // the last is not shown: it says that there is more
	all, err := p.cfg.Findings.Findings(r.Context(), q)
	unread, err := fault.Readable(err)
	if err != nil {
		return section{}, fmt.Errorf("list findings: %w", err)
	}
	for i, x := range all {
		if i == look || len(s.Rows) == perList {
			s.Next = f.link(state, all[i-1].Position())
			break
		}
		if x.ActedIn(f.Actor) {
			s.Rows = append(s.Rows, rowOf(x))
		}
	}
	if unread > 0 {
		s.Note = notify.Unread(unread) + " "
	}
	if s.Next != "" && len(s.Rows) < perList {
		s.Note += fmt.Sprintf("%d of the %d findings looked at here are of this actor. There are older ones.", len(s.Rows), look)
	}
	return s, nil
}

func severity(f finding.Finding) string { return cmp.Or(string(f.Severity), "unrated") }
