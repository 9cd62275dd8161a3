package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"google.golang.org/grpc"

	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/internal/store"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
)

// app is one rescind process, put together.
type app struct {
	*remediate.Remediator
	policies *policies.Set
	google   *google.Client
	routes   http.Handler
	people   *slack.People // nil without Slack
	owed     chan string   // findings whose answers left something to do
	errands  chan func(context.Context)
	due      chan time.Duration // when the sweep is wanted before its tick
	socket   *slack.Socket      // nil: Slack posts
	closers  []io.Closer
	log      *slog.Logger
}

// world is what an app takes from the process it runs in; demo and tests have
// their own.
type world struct {
	role    role
	lookup  func(string) (string, bool)
	now     func() time.Time
	wait    func(ctx context.Context, d time.Duration) error
	dial    []grpc.DialOption                                // added to every connection to Google Cloud
	rushed  bool                                             // Slack takes more than a message a second: it is simulated, and somebody watches
	notes   string                                           // prefix of Slack response URLs; empty for Slack's own
	saw     func(change cloud.Change, out remediate.Outcome) // nil: nobody watches
	count   func(kind string)                                // told the kind of every message; nil: nobody counts
	store   remediate.Store                                  // nil: the one that the configuration names
	courier remediate.Courier                                // nil: the topic that the configuration names
	log     *slog.Logger
}

// pause sleeps for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// newApp puts a process that serves together from its configuration. What it
// opened is closed by app.Close, also when newApp fails half way.
func newApp(ctx context.Context, c config, w world) (*app, error) {
	a, err := newInside(ctx, c, w)
	if err != nil {
		return nil, err
	}
	if a.routes, err = a.newRoutes(c, w); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// newInside is newApp without what it serves.
func newInside(ctx context.Context, c config, w world) (_ *app, err error) {
	a := &app{owed: make(chan string, 64), errands: make(chan func(context.Context), 64), due: make(chan time.Duration, 1), log: w.log}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.policies, err = loadPolicies(c.Policies); err != nil {
		return nil, err
	}
	st := w.store
	if st == nil {
		opened, closer, err := store.Open(c.Store)
		if err != nil {
			return nil, err
		}
		st = opened
		a.closers = append(a.closers, closer)
	}
	if a.google, err = google.New(ctx, googleOptions(c, w, st)); err != nil {
		return nil, err
	}
	a.closers = append(a.closers, a.google)
	if a.people, err = people(c, w.lookup); err != nil {
		return nil, err
	}
	groups, err := directory(ctx, c, a.people, w.now)
	if err != nil {
		return nil, err
	}
	notifier, err := newNotifier(c, w, st, groups)
	if err != nil {
		return nil, err
	}
	rc := remediateConfig(c, w, a.policies, st, a.google, notifier, groups)
	if rc.Exporter, err = a.newExporter(ctx, c, w); err != nil {
		return nil, err
	}
	if rc.OnCall, err = newOnCall(c, w, notifier); err != nil {
		return nil, err
	}
	if a.Remediator, err = remediate.New(rc); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *app) handler() http.Handler { return a.routes }

// Close releases what newApp opened, last first.
func (a *app) Close() error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i].Close())
	}
	return errors.Join(errs...)
}

// loadPolicies compiles the built-in policies with those at the paths on top.
func loadPolicies(paths []string) (*policies.Set, error) {
	var files []policies.File
	if len(paths) > 0 {
		var err error
		if files, err = policies.ReadFiles(paths...); err != nil {
			return nil, err
		}
	}
	return policies.Load(files...)
}

func googleOptions(c config, w world, st remediate.Store) google.Options {
	e := c.Google.Endpoints
	return google.Options{
		Endpoints:   google.Endpoints{Run: e.Run, IAM: e.IAM, ResourceManager: e.ResourceManager, OrgPolicy: e.OrgPolicy, Asset: e.Asset, Logging: e.Logging},
		Insecure:    c.Google.Insecure,
		DialOptions: w.dial,
		Identities:  st,
		Turns:       st,
		SearchIn:    containers(c.Scope.Include),
		Log:         w.log,
		Now:         w.now,
		Wait:        w.wait,
	}
}

func remediateConfig(c config, w world, set *policies.Set, st remediate.Store, gcp *google.Client, n remediate.Notifier, groups remediate.Directory) remediate.Config {
	g := c.Guardrails
	var entries remediate.EntryClient
	if g.ConfirmEntry {
		entries = gcp
	}
	return remediate.Config{
		Judge: remediate.Judge{
			Policies: set, Facts: gcp, Fallback: fallbacks(c.FallbackIdentity),
			MaxEventAge: time.Duration(g.MaxEventAge),
		},
		Store: st, IAM: gcp, Workloads: gcp, Constraints: gcp, Entries: entries, Notifier: n,
		Scope:     remediate.Scope{Include: containers(c.Scope.Include), Exclude: containers(c.Scope.Exclude)},
		Authority: lookedUp(authority(c.Approvals), groups),
		Limits: remediate.Limits{
			PerPolicyHour: g.MaxReverts.PerPolicy, PerProjectHour: g.MaxReverts.PerProject, TotalHour: g.MaxReverts.Total,
			SameChange: g.Fight.SameChange, FightWindow: time.Duration(g.Fight.Within), Grace: time.Duration(g.Grace),
		},
		Ledger:    remediate.NewLedger(st, w.now, w.log),
		Self:      "serviceAccount:" + c.Identity,
		ExpiresIn: time.Duration(c.Approvals.ExpiresIn),
		OnExpiry:  remediate.Expiry(c.Approvals.OnExpiry),
		PageAfter: time.Duration(c.Approvals.Escalation.After), FallbackAfter: time.Duration(c.Slack.FallbackAfter), DigestAbove: c.Slack.DigestAbove,
		VerifyFor: 30 * time.Second, Inventory: gcp, ScanEvery: time.Duration(c.Scan.Every),
		Now: w.now, Wait: w.wait, NewID: rand.Text, Log: w.log,
	}
}

func containers(names []string) []cloud.Resource {
	var out []cloud.Resource
	for _, n := range names {
		if r, ok := cloud.ParseContainer(n); ok { // Validate refused the rest
			out = append(out, r)
		}
	}
	return out
}

// fallbacks keys the fallback identities by bare project id.
func fallbacks(m map[string]string) map[string]string {
	out := map[string]string{}
	for scope, email := range m {
		if r, ok := cloud.ParseContainer(scope); ok {
			out[r.Project] = email
		}
	}
	return out
}

// lookedUp is the authority with its groups.
func lookedUp(au remediate.Authority, groups remediate.Directory) remediate.Authority {
	au.Directory = groups
	return au
}

func newNotifier(c config, w world, st remediate.Store, groups remediate.Directory) (remediate.Notifier, error) {
	if !c.Slack.configured() {
		return logNotifier{w.log}, nil
	}
	token, err := c.Slack.BotToken.read(w.lookup)
	if err != nil {
		return nil, fmt.Errorf("slack.bot_token: %w", err)
	}
	route, err := compileRoutes(c.Slack.Routes)
	if err != nil {
		return nil, err
	}
	var turns *slack.Turns
	if !w.rushed {
		turns = slack.NewTurns(st, w.now)
	}
	card := needing(cardOptions(c), lookedUp(authority(c.Approvals), groups))
	return slack.NewNotifier(slack.Config{
		Token: slack.Secret(token), APIURL: c.Slack.APIURL, Route: route, Channels: channels(c.Slack.Routes),
		Turns: turns, Card: card, Now: w.now,
	})
}

// needing has cards say who it takes.
func needing(o notify.Options, au remediate.Authority) notify.Options {
	o.Needs = au.Needs
	return o
}

// logNotifier tells the log, where there is no Slack.
type logNotifier struct{ log *slog.Logger }

// Notify logs the finding's state; it has no surface.
func (n logNotifier) Notify(ctx context.Context, f remediate.Finding) ([]remediate.Surface, error) {
	n.log.InfoContext(ctx, "finding", "finding", f.ID, "policy", f.Policy, "resource", f.Resource.String(),
		"state", string(f.State), "why", f.Why, "actor", f.Change.Actor.Principal)
	return nil, nil
}

func (a *app) newRoutes(c config, w world) (http.Handler, error) {
	oidc, err := newOIDC(c, w, c.Push.ServiceAccount)
	if err != nil {
		return nil, err
	}
	sweeper, err := newOIDC(c, w, cmp.Or(c.Push.SweepAccount, c.Push.ServiceAccount))
	if err != nil {
		return nil, err
	}
	events, err := functions.NewEvents(functions.EventsConfig{
		Decode: auditlog.Decode, Handler: watched{a, w.saw}, Log: w.log, Verifier: oidc, Count: w.count,
	})
	if err != nil {
		return nil, err
	}
	routes := functions.Routes{
		Events: events, Sweep: functions.RequireToken(sweeper, w.log, http.HandlerFunc(a.serveSweep)), Log: w.log,
	}
	takes := map[string]functions.Take{}
	if err := a.addSlack(&routes, takes, c, w); err != nil {
		return nil, err
	}
	if err := a.addPageTaker(takes, c, w); err != nil {
		return nil, err
	}
	if c.AnswersTopic != "" && len(takes) > 0 {
		if routes.Answers, err = newAnswers(c, w, takes); err != nil {
			return nil, err
		}
	}
	mux := functions.NewMux(routes)
	if w.role == roleWorker {
		return mux, nil
	}
	return mux, addPages(mux, c, w, a.Store, waking{a}, nil, a.Desk().Refused)
}

// addSlack adds what takes people's answers: from Slack itself, or as a worker
// those that travelled.
func (a *app) addSlack(routes *functions.Routes, takes map[string]functions.Take, c config, w world) error {
	if !c.Slack.configured() {
		return nil
	}
	r, err := newReceiver(c, w, nil, a.clerk(c, a.answers(w)), a.later)
	if err != nil {
		return err
	}
	switch {
	case c.Slack.Mode == "socket":
		if a.socket, err = newSocket(c, w, r); err != nil {
			return err
		}
	case w.role != roleWorker:
		*routes = slackRoutes(*routes, r)
	}
	takes[remediate.SignedBySlack] = r.Take
	return nil
}

// desk is what takes people's answers in a process, and has on-call paged.
type desk interface {
	slack.Answerer
	slack.Escalator
}

// answers is what records them in this process.
func (a *app) answers(w world) desk {
	if w.role == roleWorker {
		return prompt{a}
	}
	return waking{a}
}

func newSocket(c config, w world, r *slack.Receiver) (*slack.Socket, error) {
	token, err := c.Slack.AppToken.read(w.lookup)
	if err != nil {
		return nil, fmt.Errorf("slack.app_token: %w", err)
	}
	return slack.NewSocket(r, slack.SocketConfig{AppToken: slack.Secret(token), Wait: w.wait})
}

func slackRoutes(routes functions.Routes, r *slack.Receiver) functions.Routes {
	routes.Interactions, routes.Commands, routes.Home = r.Interactions(), r.Commands(), r.Events()
	return routes
}

// newAnswers takes the answers that travelled, each verified again by whoever
// knows who signed it.
func newAnswers(c config, w world, takes map[string]functions.Take) (http.Handler, error) {
	sender, err := newOIDC(c, w, cmp.Or(c.Push.AnswersAccount, c.Push.ServiceAccount))
	if err != nil {
		return nil, err
	}
	return functions.NewAnswers(functions.AnswersConfig{
		Takes: takes, Log: w.log, Verifier: sender, Count: w.count,
	})
}

func newOIDC(c config, w world, account string) (*functions.OIDC, error) {
	return functions.NewOIDC(functions.OIDCConfig{Audience: c.Push.Audience, Email: account, CertsURL: c.Push.CertsURL, Now: w.now})
}

// newReceiver returns what takes Slack's requests: with a courier it passes
// answers on, without one they are recorded here.
func newReceiver(c config, w world, courier remediate.Courier, clerk *slack.Clerk, later func(func(context.Context))) (*slack.Receiver, error) {
	token, err := c.Slack.BotToken.read(w.lookup)
	if err != nil {
		return nil, fmt.Errorf("slack.bot_token: %w", err)
	}
	var secrets []slack.Secret
	for i, s := range c.Slack.SigningSecrets {
		v, err := s.read(w.lookup)
		if err != nil {
			return nil, fmt.Errorf("slack.signing_secrets[%d]: %w", i, err)
		}
		secrets = append(secrets, slack.Secret(v))
	}
	return slack.NewReceiver(slack.ReceiverConfig{
		Secrets: secrets, Team: c.Slack.Team, AppID: c.Slack.AppID, Token: slack.Secret(token), APIURL: c.Slack.APIURL,
		Courier: courier, Clerk: clerk, Later: later, ResponseURLs: w.notes, Now: w.now, Log: w.log,
	})
}

// clerk answers what people ask in Slack, and has it carried out.
func (a *app) clerk(c config, answers desk) *slack.Clerk {
	k := &slack.Clerk{
		Approvers: a.people.Principal, Answers: answers, Findings: a.Store, Previews: a.Desk(),
		Desk: a.Desk(), BaseURL: c.BaseURL, Channels: channels(c.Slack.Routes),
	}
	if len(pagerNames(c)) > 0 {
		k.OnCall = answers
	}
	return k
}

// watched lets demo see what became of each change, and has the sweep do soon
// what is left of it.
type watched struct {
	*app
	saw func(cloud.Change, remediate.Outcome)
}

// Handle handles the change, and shows what came of it.
func (h watched) Handle(ctx context.Context, c cloud.Change) (remediate.Outcome, error) {
	out, err := h.app.Handle(ctx, c)
	h.wake(out.Findings...)
	if err == nil && h.saw != nil {
		h.saw(c, out)
	}
	return out, err
}

// waking tells the worker of an answer, so that the person who gave it does not
// wait for the next sweep.
type waking struct{ *app }

// Answer records the answer and wakes the worker.
func (h waking) Answer(ctx context.Context, id string, ans remediate.Answer) (remediate.Finding, error) {
	f, err := h.app.Answer(ctx, id, ans)
	if err == nil {
		h.app.answered(f.ID)
	}
	return f, err
}

// Page has on-call told of a finding, and wakes the worker.
func (h waking) Page(ctx context.Context, id, by, via string) (remediate.Finding, error) {
	f, err := h.app.Desk().Page(ctx, id, by, via)
	if err == nil {
		h.app.answered(f.ID)
	}
	return f, err
}

// Shown notes where a finding is shown, and wakes the worker.
func (h waking) Shown(ctx context.Context, id string, at remediate.Surface) (remediate.Finding, error) {
	f, err := h.app.Shown(ctx, id, at)
	if err == nil {
		h.app.answered(f.ID)
	}
	return f, err
}
