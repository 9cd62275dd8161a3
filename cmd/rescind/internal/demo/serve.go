package demo

import (
	"bytes"
	"context"
	"html/template"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/functions"
)

// ServePage serves the page until ctx ends, and plays the opening on it.
func (d *Demo) ServePage(ctx context.Context, l net.Listener, stderr io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop() // before the world is closed, which waits for the opening
	d.Meanwhile(func() { d.opening(ctx, openingPace) })
	s := functions.NewServer("", d.pageRoutes(l.Addr().String()))
	terminal.Say(stderr, "page:             http://%s\nsimulated cloud:  %s (gRPC and REST)\nstop with ctrl-C", l.Addr(), d.SimAddr)
	return process.ServeUntil(ctx, s, l, 5*time.Second)
}

// pageRoutes are the page and its buttons. They can change only what is
// simulated; still, no other site may press them.
func (d *Demo) pageRoutes(addr string) http.Handler {
	mux, page := http.NewServeMux(), pageTemplate()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { d.servePart(w, r, page) })
	mux.HandleFunc("GET /parts", func(w http.ResponseWriter, r *http.Request) { d.servePart(w, r, page.Lookup("parts")) })
	mux.HandleFunc("POST /act/{key}", d.serveAct)
	mux.HandleFunc("POST /click", d.serveClick)
	mux.HandleFunc("POST /form", d.serveForm)
	mux.HandleFunc("POST /command", d.serveCommand)
	d.AddPages(mux)
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

func (d *Demo) servePart(w http.ResponseWriter, r *http.Request, part *template.Template) {
	v, err := d.view(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	v.Said = r.URL.Query().Get("said")
	var b bytes.Buffer
	if err := part.Execute(&b, v); err != nil {
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

func (d *Demo) serveAct(w http.ResponseWriter, r *http.Request) {
	a, ok := sandbox.ActOf(r.PathValue("key"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	back(w, r, d.Perform(r.Context(), a))
}

func (d *Demo) serveClick(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	back(w, r, d.Slack.Click(r.Context(), r.PostFormValue("user"), r.PostFormValue("channel"), r.PostFormValue("ts"), r.PostFormValue("action")))
}

// serveCommand has somebody write a slash command.
func (d *Demo) serveCommand(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	back(w, r, d.Slack.Command(r.Context(), r.PostFormValue("user"), sandbox.Channel, "/rescind", r.PostFormValue("text")))
}

// serveForm sends a form off, or closes it.
func (d *Demo) serveForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	user, view := r.PostFormValue("user"), r.PostFormValue("view")
	if r.PostFormValue("do") != "submit" {
		back(w, r, d.Slack.Dismiss(r.Context(), user, view))
		return
	}
	values := map[string]string{}
	for k, v := range r.PostForm {
		if block, ok := strings.CutPrefix(k, "in-"); ok {
			values[block] = v[0]
		}
	}
	back(w, r, d.Slack.Submit(r.Context(), user, view, values))
}

// back returns to the page, with what went wrong, if anything did.
func back(w http.ResponseWriter, r *http.Request, err error) {
	to := "/"
	if err != nil {
		to += "?said=" + template.URLQueryEscaper(err.Error())
	}
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // it leads to this page; only the query is what somebody wrote
}
