package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/remediate"
)

// scene is one step of the fixed script: what somebody does, who answers the
// card if one asks, and how it must have ended.
type scene struct {
	act    string
	answer *click
	ends   map[string]remediate.State // by policy; empty for no finding
	check  []check
}

// click is a button somebody presses in Slack, and the reason they give where
// it asks for one.
type click struct{ user, name, action, reason string }

// check is one statement about the simulated cloud that must be true.
type check struct {
	says  string
	holds func(sim.State) bool
}

func script() []scene {
	ada := func(action, reason string) *click { return &click{"U0ADA", "ada@example.com", action, reason} }
	const public, identity, editor = "no-public-invoker", "no-default-service-account", "no-editor-on-runtime-identity"
	return []scene{
		{act: "public", ends: map[string]remediate.State{public: remediate.Reverted}, check: []check{
			{"allUsers may no longer invoke api", not(granted(demoAPI, "roles/run.invoker", "allUsers"))},
			{"the other grants are there, the conditional one with its condition", func(s sim.State) bool {
				return granted(demoAPI, "roles/run.invoker", "group:frontend@example.com")(s) && conditional(s, demoAPI, "user:partner@example.org")
			}},
		}},
		{act: "default", answer: ada("rescind.revert", ""), ends: map[string]remediate.State{identity: remediate.Reverted}, check: []check{
			{"checkout runs as its own account again", runsAs(demoCheckout, "checkout@pay-prod.iam.gserviceaccount.com")},
		}},
		{act: "deploy"},
		{act: "editor", ends: map[string]remediate.State{editor: remediate.Reported}, check: []check{
			{"the grant is left as it is: the policy only reports", granted("projects/"+demoProject, "roles/editor", "serviceAccount:"+demoAPIAccount)},
		}},
		{act: "duplicate"},
		{act: "job", answer: ada("rescind.revert", ""), ends: map[string]remediate.State{identity: remediate.Reverted}, check: []check{
			{"nightly runs as the project's fallback identity", runsAs(demoNightly, "run-default@pay-prod.iam.gserviceaccount.com")},
		}},
		{act: "pool", answer: ada("rescind.keep", "the queue moves to its own account next week"), ends: map[string]remediate.State{identity: remediate.Kept}, check: []check{
			{"queue is left as it is: ada kept the change", runsAs(demoQueuePool, demoDefault)},
		}},
		{act: "stale", ends: map[string]remediate.State{public: remediate.Pending}, check: []check{
			{"nothing was reverted unasked", granted(demoReports, "roles/run.invoker", "allUsers")},
		}},
	}
}

// runScript plays the script, prints its timeline and verifies each scene. A
// scene that does not end as it must is an error that says how it ended.
func runScript(ctx context.Context, d *demo, out io.Writer) error {
	started := time.Now()
	say(out, "rescind demo: a simulated Google Cloud behind the real clients, real push messages, a simulated Slack\n")
	wrong := 0
	for i, s := range script() {
		n, err := d.play(ctx, out, i+1, s)
		if err != nil {
			return fmt.Errorf("scene %d, %s: %w", i+1, s.act, err)
		}
		wrong += n
	}
	if wrong > 0 {
		return fmt.Errorf("%d checks failed", wrong)
	}
	say(out, "All as it must be: %d scenes, %d messages, %d findings, in %.1f s.", len(script()), len(d.feed.all()), d.countFindings(ctx), time.Since(started).Seconds())
	return nil
}

// openingPace is how long whoever watches the page has for one scene.
const openingPace = 1500 * time.Millisecond

// opening plays the script on the page, so that there is something to see
// before the first click. The card of the worker pool is left to be answered.
// Whoever clicks in between changes how a scene ends, so nothing is verified.
func (d *demo) opening(ctx context.Context, pace time.Duration) {
	for i, s := range script() {
		if s.act == "pool" {
			s.answer = nil
		}
		if pause(ctx, pace) != nil {
			return
		}
		if _, err := d.play(ctx, io.Discard, i+1, s); err != nil {
			d.app.log.WarnContext(ctx, "the opening of the demo ended early", "error", err.Error())
			return
		}
	}
}

func (d *demo) play(ctx context.Context, out io.Writer, n int, s scene) (wrong int, err error) {
	a := actOf(s.act)
	say(out, "%d. %s", n, strings.TrimSpace(a.who+" "+a.what))
	before := len(d.feed.all())
	if err := d.perform(ctx, a); err != nil {
		return 0, err
	}
	events := d.feed.all()[before:]
	ids := findingsOf(events)
	for _, e := range events {
		say(out, "   event    %s %s -> HTTP %d, %s", e.Message, e.Method, e.Status, e.Outcome)
	}
	if s.answer != nil {
		for _, id := range ids {
			if err := d.answer(ctx, out, id, *s.answer); err != nil {
				return 0, err
			}
		}
		d.queue.settle()
	}
	got := map[string]remediate.State{}
	for _, id := range ids {
		f, err := d.app.Store.Finding(ctx, id)
		if err != nil {
			return 0, err
		}
		got[f.Policy] = f.State
		tell(out, f)
	}
	return d.verify(out, s, got), nil
}

// tell prints what an on-call engineer would want to know of the finding.
func tell(out io.Writer, f remediate.Finding) {
	say(out, "   finding  %s %s: %s", strings.ToUpper(string(f.Severity)), f.Policy, f.Message)
	for _, r := range f.Reasons {
		say(out, "            because %s", r)
	}
	for _, e := range f.Timeline {
		say(out, "            %-9s %s", e.State, e.What)
	}
}

func (d *demo) verify(out io.Writer, s scene, got map[string]remediate.State) (wrong int) {
	report := func(ok bool, format string, args ...any) {
		mark := "ok"
		if !ok {
			mark = "WRONG"
			wrong++
		}
		say(out, "   %-8s %s", mark, fmt.Sprintf(format, args...))
	}
	for policy, state := range s.ends {
		report(got[policy] == state, "%s ended as %s (want %s)", policy, orNone(got[policy]), state)
	}
	if len(s.ends) == 0 {
		report(len(got) == 0, "no finding")
	}
	state := d.cloud.State()
	for _, c := range s.check {
		report(c.holds(state), "%s", c.says)
	}
	say(out, "")
	return wrong
}

func orNone(s remediate.State) string {
	if s == "" {
		return "no finding"
	}
	return string(s)
}

func actOf(key string) act {
	all := acts()
	return all[slices.IndexFunc(all, func(a act) bool { return a.key == key })]
}

// findingsOf lists the findings that the events opened or joined, once each.
func findingsOf(events []demoEvent) []string {
	var ids []string
	for _, e := range events {
		for _, id := range e.Findings {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// answer presses a button of the finding's card and waits for what follows.
func (d *demo) answer(ctx context.Context, out io.Writer, id string, c click) error {
	m, ok := d.card(id)
	if !ok {
		return fmt.Errorf("finding %s has no card in Slack", id)
	}
	if err := d.slack.Click(ctx, c.user, m.Channel, m.TS, c.action); err != nil {
		return err
	}
	say(out, "   slack    %s presses %s", c.name, c.action)
	if c.reason != "" {
		if err := d.fillForm(ctx, out, c); err != nil {
			return err
		}
	}
	return d.waitFor(ctx, id)
}

// fillForm sends off the form that the click opened.
func (d *demo) fillForm(ctx context.Context, out io.Writer, c click) error {
	for _, v := range d.slack.Views() {
		if v.User != c.user {
			continue
		}
		say(out, "   slack    %s is asked for a reason, and gives it: %s", c.name, c.reason)
		return d.slack.Submit(ctx, c.user, v.ID, map[string]string{"reason": c.reason})
	}
	return fmt.Errorf("%s opened no form", c.action)
}

// card is the message that shows the finding.
func (d *demo) card(id string) (sim.SlackMessage, bool) {
	for _, m := range d.slack.Messages() {
		if m.Thread == "" && bytes.Contains(m.Blocks, []byte(id)) {
			return m, true
		}
	}
	return sim.SlackMessage{}, false
}

// waitFor waits until the worker is done with the finding, for a minute at
// most.
func (d *demo) waitFor(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		f, err := d.app.Store.Finding(ctx, id)
		if err != nil {
			return fmt.Errorf("wait for finding %s: %w", id, err)
		}
		if f.State.Ended() && len(f.Outbox) == 0 {
			return nil
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("finding %s is still %s (%s)", id, f.State, f.Why)
		}
	}
}

func (d *demo) countFindings(ctx context.Context) int {
	fs, err := d.app.Store.Findings(ctx, remediate.Query{})
	if err != nil {
		return 0
	}
	return len(fs)
}

func not(f func(sim.State) bool) func(sim.State) bool {
	return func(s sim.State) bool { return !f(s) }
}

func granted(resource, role, member string) func(sim.State) bool {
	return func(s sim.State) bool {
		return slices.ContainsFunc(grantsOf(s, resource), func(g sim.GrantState) bool { return g.Role == role && g.Member == member })
	}
}

func conditional(s sim.State, resource, member string) bool {
	return slices.ContainsFunc(grantsOf(s, resource), func(g sim.GrantState) bool { return g.Member == member && g.Condition != "" })
}

func grantsOf(s sim.State, resource string) []sim.GrantState {
	for _, p := range s.Policies {
		if strings.HasSuffix(p.Resource, resource) {
			return p.Grants
		}
	}
	return nil
}

func runsAs(workload, account string) func(sim.State) bool {
	return func(s sim.State) bool {
		return slices.ContainsFunc(s.Workloads, func(w sim.WorkloadState) bool { return w.Name == workload && w.Identity == account })
	}
}
