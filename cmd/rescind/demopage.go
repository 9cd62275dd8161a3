package main

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"html/template"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/sim"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate"
)

//go:embed demopage.html
var demoPageSource string

var demoPage = template.Must(template.New("page").Funcs(template.FuncMap{
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
}).Parse(demoPageSource))

// shortName leaves out the project and the location, which are the same all
// over the demo.
func shortName(resource string) string {
	return strings.TrimPrefix(resource, demoLocation+"/")
}

// servePage serves the page until ctx ends.
func servePage(ctx context.Context, d *demo, l net.Listener, stderr io.Writer) error {
	s := functions.NewServer("", d.pageRoutes(l.Addr().String()))
	say(stderr, "page:             http://%s\nsimulated cloud:  %s (gRPC and REST)\nstop with ctrl-C", l.Addr(), d.simAddr)
	return serveUntil(ctx, s, l, 5*time.Second)
}

// pageRoutes are the page and its buttons. They can change only what is
// simulated; still, no other site may press them.
func (d *demo) pageRoutes(addr string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { d.servePart(w, r, "page") })
	mux.HandleFunc("GET /parts", func(w http.ResponseWriter, r *http.Request) { d.servePart(w, r, "parts") })
	mux.HandleFunc("POST /act/{key}", d.serveAct)
	mux.HandleFunc("POST /click", d.serveClick)
	mux.HandleFunc("POST /form", d.serveForm)
	mux.HandleFunc("POST /command", d.serveCommand)
	d.addPages(mux)
	return onlyFrom(addr, http.NewCrossOriginProtection().Handler(mux))
}

// onlyFrom refuses requests for another host: a page elsewhere whose name
// resolves to this machine is none of ours.
func onlyFrom(addr string, next http.Handler) http.Handler {
	_, port, _ := net.SplitHostPort(addr)
	hosts := []string{addr, "localhost:" + port, "127.0.0.1:" + port, "[::1]:" + port}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(hosts, r.Host) {
			http.Error(w, "unknown host", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// shownNotes is how many private notes the page shows: older ones would push
// the cards off it.
const shownNotes = 3

// pageView is what the template shows.
type pageView struct {
	Nonce    string
	Acts     []actView
	Said     string
	Events   []demoEvent
	Findings []remediate.Finding
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

func (d *demo) view(ctx context.Context) (pageView, error) {
	v := pageView{Nonce: rand.Text(), State: d.cloud.State(), Users: d.slack.Users(), Events: d.feed.all()}
	slices.Reverse(v.Events)
	notes := d.slack.Notes()
	for _, n := range slices.Backward(notes[max(0, len(notes)-shownNotes):]) {
		v.Notes = append(v.Notes, noteView{nameOf(v.Users, n.User), n.Text})
	}
	for _, f := range d.slack.Views() {
		v.Forms = append(v.Forms, formView{f, nameOf(v.Users, f.User), slices.Sorted(maps.Values(f.Errors))})
	}
	for _, a := range acts() {
		v.Acts = append(v.Acts, actView{a.key, a.who, a.what, a.about})
	}
	messages := d.slack.Messages()
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
	v.Findings, err = d.app.Store.Findings(ctx, remediate.Query{})
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

func (d *demo) servePart(w http.ResponseWriter, r *http.Request, part string) {
	v, err := d.view(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	v.Said = r.URL.Query().Get("said")
	var b bytes.Buffer
	if err := demoPage.ExecuteTemplate(&b, part, v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+v.Nonce+"'; script-src 'nonce-"+v.Nonce+
		"'; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	_, _ = b.WriteTo(w)
}

func (d *demo) serveAct(w http.ResponseWriter, r *http.Request) {
	i := slices.IndexFunc(acts(), func(a act) bool { return a.key == r.PathValue("key") })
	if i < 0 {
		http.NotFound(w, r)
		return
	}
	back(w, r, d.perform(r.Context(), acts()[i]))
}

func (d *demo) serveClick(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	back(w, r, d.slack.Click(r.Context(), r.PostFormValue("user"), r.PostFormValue("channel"), r.PostFormValue("ts"), r.PostFormValue("action")))
}

// serveCommand has somebody write a slash command.
func (d *demo) serveCommand(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	back(w, r, d.slack.Command(r.Context(), r.PostFormValue("user"), demoChannel, "/rescind", r.PostFormValue("text")))
}

// serveForm sends a form off, or closes it.
func (d *demo) serveForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	user, view := r.PostFormValue("user"), r.PostFormValue("view")
	if r.PostFormValue("do") != "submit" {
		back(w, r, d.slack.Dismiss(r.Context(), user, view))
		return
	}
	values := map[string]string{}
	for k, v := range r.PostForm {
		if block, ok := strings.CutPrefix(k, "in-"); ok {
			values[block] = v[0]
		}
	}
	back(w, r, d.slack.Submit(r.Context(), user, view, values))
}

// back returns to the page, with what went wrong, if anything did.
func back(w http.ResponseWriter, r *http.Request, err error) {
	to := "/"
	if err != nil {
		to += "?said=" + template.URLQueryEscaper(err.Error())
	}
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // it leads to this page; only the query is what somebody wrote
}
