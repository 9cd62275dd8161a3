package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"html/template"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	"github.com/rescind-dev/rescind/internal/sim"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate/finding"
)

//go:embed page.html
var pageSource string

// pageTemplate is parsed by whoever shows the page: it would cost every other
// command some of its start.
func pageTemplate() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{
		"blocks": func(m simslack.Message) template.HTML {
			if len(m.Blocks) == 0 {
				return simslack.RenderText(m.Text)
			}
			return simslack.RenderBlocks(m.Blocks)
		},
		"form":    simslack.RenderView,
		"said":    simslack.RenderText,
		"buttons": func(m simslack.Message) bool { return bytes.Contains(m.Blocks, []byte(`"action_id"`)) },
		"upper":   strings.ToUpper,
		"short":   shortName,
		"clock":   func(t time.Time) string { return t.UTC().Format("15:04:05") },
	}).Parse(pageSource))
}

// shortName leaves out the project and the location, which are the same all
// over the demo.
func shortName(resource string) string {
	return strings.TrimPrefix(resource, sandbox.Location+"/")
}

// shownNotes is how many private notes the page shows: older ones would push
// the cards off it.
const shownNotes = 3

// pageView is what the template shows.
type pageView struct {
	Nonce    string
	Acts     []actView
	Said     string
	Events   []sandbox.Event
	Findings []finding.Finding
	State    sim.State
	Cards    []cardView
	Forms    []formView
	Users    []simslack.User
	Notes    []noteView
}

type actView struct{ Key, Who, What, About string }

// noteView is a message that one person alone sees, by name.
type noteView struct{ User, Text string }

// formView is a form that somebody has open.
type formView struct {
	Form  simslack.View
	User  string
	Wrong []string
}

// cardView is a message with the replies in its thread.
type cardView struct {
	Card    simslack.Message
	Replies []simslack.Message
}

func (d *Demo) view(ctx context.Context) (pageView, error) {
	v := pageView{Nonce: rand.Text(), State: d.Cloud.State(), Users: d.Slack.Users(), Events: d.Events()}
	slices.Reverse(v.Events)
	notes := d.Slack.Notes()
	for _, n := range slices.Backward(notes[max(0, len(notes)-shownNotes):]) {
		v.Notes = append(v.Notes, noteView{nameOf(v.Users, n.User), n.Text})
	}
	for _, f := range d.Slack.Views() {
		v.Forms = append(v.Forms, formView{f, nameOf(v.Users, f.User), slices.Sorted(maps.Values(f.Errors))})
	}
	for _, a := range sandbox.Acts() {
		v.Acts = append(v.Acts, actView{a.Key, a.Who, a.What, a.About})
	}
	messages := d.Slack.Messages()
	for _, m := range slices.Backward(messages) {
		if m.Thread != "" {
			continue
		}
		c := cardView{Card: m}
		for _, reply := range messages {
			if reply.Thread == m.TS {
				c.Replies = append(c.Replies, reply)
			}
		}
		v.Cards = append(v.Cards, c)
	}
	var err error
	v.Findings, err = d.App.Store().Findings(ctx, finding.Query{})
	return v, err
}

func nameOf(users []simslack.User, id string) string {
	for _, u := range users {
		if u.ID == id {
			return u.Name
		}
	}
	return id
}
