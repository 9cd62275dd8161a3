package functions

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// Routes are the handlers of one process. A nil one is not there: its path
// answers 404.
type Routes struct {
	Events       http.Handler // POST /events
	Interactions http.Handler // POST /slack/interactions
	Commands     http.Handler // POST /slack/commands
	Home         http.Handler // POST /slack/events
	Answers      http.Handler // POST /answers
	Sweep        http.Handler // POST /sweep
	// Ready returns why the process cannot work yet, or nil; nil: it always can.
	Ready func() error
	// Log is told why the process is not ready: anyone can ask, so the
	// answer itself does not say.
	Log *slog.Logger
}

// NewMux returns the routes with GET /health, which answers 200 as long as the
// process does, and GET /ready, which answers 200 or 503. The caller may add
// routes of its own; no path may end in z, which Cloud Run reserves.
// https://cloud.google.com/run/docs/known-issues
func NewMux(r Routes) *http.ServeMux {
	mux := http.NewServeMux()
	for path, h := range map[string]http.Handler{
		"POST /events":             r.Events,
		"POST /slack/interactions": r.Interactions,
		"POST /slack/commands":     r.Commands,
		"POST /slack/events":       r.Home,
		"POST /answers":            r.Answers,
		"POST /sweep":              r.Sweep,
	} {
		if h != nil {
			mux.Handle(path, h)
		}
	}
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /ready", r.ready)
	return mux
}

func (r Routes) ready(w http.ResponseWriter, req *http.Request) {
	if r.Ready != nil {
		if err := r.Ready(); err != nil {
			if r.Log != nil {
				r.Log.WarnContext(req.Context(), "not ready", "error", err)
			}
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
	}
	io.WriteString(w, "ready\n")
}

// NewServer returns a server with limits on how long a client may take. A
// request may be worked on for ten minutes, which is as long as Pub/Sub waits.
// https://cloud.google.com/pubsub/docs/push
func NewServer(addr string, h http.Handler) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      pushedFor + 30*time.Second, // counts from the header
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}

// pushedFor is how long Pub/Sub waits for an answer at most.
const pushedFor = 10 * time.Minute

// whoeverHangsUp is the context of what a message began. A sender that hangs up cancels
// nothing of it: what was half done would be done over, and what was cut off would be
// taken for something that cannot be read.
func whoeverHangsUp(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(r.Context()), pushedFor)
}

// onlyPOST answers any other method 405.
func onlyPOST(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "want POST", http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// comeAgain answers 503. Pub/Sub waits as its retry policy says; others are
// asked to wait ten seconds.
func comeAgain(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "10")
	http.Error(w, "come again", http.StatusServiceUnavailable)
}
