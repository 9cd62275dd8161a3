package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// scene is one step of the fixed script: what somebody does, who answers the
// card if one asks, and how it must have ended.
type scene struct {
	act     string
	of      string // in place of an act: the earlier one whose findings are answered
	answers []click
	command string                 // then somebody asks rescind this
	ends    map[string]state.State // by policy, "undo of" it for what took it back; empty for no finding
	check   []check
}

// click is a button somebody presses in Slack, and what they fill in where it
// asks for a reason.
type click struct{ user, name, action, reason, term string }

// check is one statement about the simulated cloud that must be true.
type check struct {
	says  string
	holds func(sim.State) bool
}

func script() []scene {
	ada := func(action, reason string) []click {
		return []click{{user: "U0ADA", name: "ada@example.com", action: action, reason: reason}}
	}
	const public, identity, editor = "no-public-invoker", "no-default-service-account", "no-editor-on-runtime-identity"
	return []scene{
		{act: "public", ends: map[string]state.State{public: state.Reverted}, check: []check{
			{"allUsers may no longer invoke api", not(granted(demoAPI, "roles/run.invoker", "allUsers"))},
			{"the other grants are there, the conditional one with its condition", func(s sim.State) bool {
				return granted(demoAPI, "roles/run.invoker", "group:frontend@example.com")(s) && conditional(s, demoAPI, "user:partner@example.org")
			}},
		}},
		{act: "default", answers: ada("rescind.revert", ""), ends: map[string]state.State{identity: state.Reverted}, check: []check{
			{"checkout runs as its own account again", runsAs(demoCheckout, "checkout@pay-prod.iam.gserviceaccount.com")},
		}},
		{act: "deploy"},
		{act: "editor", ends: map[string]state.State{editor: state.Reported}, check: []check{
			{"the grant is left as it is: the policy only reports", granted("projects/"+demoProject, "roles/editor", "serviceAccount:"+demoAPIAccount)},
		}},
		{act: "duplicate"},
		{act: "job", answers: ada("rescind.revert", ""), ends: map[string]state.State{identity: state.Reverted}, check: []check{
			{"nightly runs as the project's fallback identity", runsAs(demoNightly, "run-default@pay-prod.iam.gserviceaccount.com")},
		}},
		{act: "pool", answers: ada("rescind.keep", "the queue moves to its own account next week"), ends: map[string]state.State{identity: state.Kept}, check: []check{
			{"queue is left as it is: ada kept the change", runsAs(demoQueuePool, demoDefault)},
		}},
		{act: "webhook", answers: []click{
			{"U0ADA", "ada@example.com", "rescind.exempt", "its own account is under review until Friday", "7d"},
			{"U0BOB", "bob@example.com", "rescind.exempt", "agreed, the review is mine", "1d"},
		}, ends: map[string]state.State{identity: state.Exempted}, check: []check{
			{"webhook is left as it is: two people exempted it, for the shorter time", runsAs(demoWebhook, demoDefault)},
		}},
		{act: "apply", answers: ada("rescind.revert_all", ""), ends: map[string]state.State{identity: state.Reverted}, check: []check{
			{"all five services run as their own accounts again", shopRunsAsItself},
		}},
		{of: "job", answers: ada("rescind.undo", "tonight's run needs what the default account may"), ends: map[string]state.State{
			identity: state.Reverted, "undo of " + identity: state.Undone,
		}, check: []check{
			{"nightly runs as the default account again, as ada wanted", runsAs(demoNightly, demoDefault)},
		}},
		{act: "stale", command: "pending", ends: map[string]state.State{public: state.Pending}, check: []check{
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
			return fmt.Errorf("scene %d, %s: %w", i+1, cmp.Or(s.act, "undo"), err)
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
// before the first click. The cards of the worker pool and of the five services
// are left to be answered.
// Whoever clicks in between changes how a scene ends, so nothing is verified.
func (d *demo) opening(ctx context.Context, pace time.Duration) {
	for i, s := range script() {
		if s.act == "pool" || s.act == "apply" {
			s.answers = nil
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
	ids, err := d.begin(ctx, out, n, s)
	if err != nil {
		return 0, err
	}
	for i, c := range s.answers {
		if err := d.answer(ctx, out, ids, c, i == len(s.answers)-1); err != nil {
			return 0, err
		}
	}
	d.queue.settle()
	if s.command != "" {
		if err := d.command(ctx, out, s.command); err != nil {
			return 0, err
		}
	}
	got, err := d.outcome(ctx, out, ids)
	if err != nil {
		return 0, err
	}
	return d.verify(out, s, got), nil
}

// begin does the scene's act and returns the findings that came of it, or those
// of the earlier act that it is about.
func (d *demo) begin(ctx context.Context, out io.Writer, n int, s scene) ([]string, error) {
	if s.of != "" {
		say(out, "%d. somebody regrets a revert", n)
		return d.played[s.of], nil
	}
	a := actOf(s.act)
	say(out, "%d. %s", n, strings.TrimSpace(a.who+" "+a.what))
	before := len(d.feed.all())
	if err := d.perform(ctx, a); err != nil {
		return nil, err
	}
	events := d.feed.all()[before:]
	for _, e := range events {
		say(out, "   event    %s %s -> HTTP %d, %s", e.Message, e.Method, e.Status, e.Outcome)
	}
	d.played[s.act] = findingsOf(events)
	return d.played[s.act], nil
}

// outcome is how the findings, and the undos of them, ended.
func (d *demo) outcome(ctx context.Context, out io.Writer, ids []string) (map[string]state.State, error) {
	all, err := d.app.Store.Findings(ctx, finding.Query{})
	if err != nil {
		return nil, err
	}
	got := map[string]state.State{}
	for _, f := range slices.Backward(all) { // the newest come first
		of := ""
		switch {
		case slices.Contains(ids, f.UndoOf):
			of = "undo of "
		case !slices.Contains(ids, f.ID):
			continue
		}
		got[of+f.Policy] = f.State
		tell(out, f)
	}
	return got, nil
}

// command has ada ask rescind something in Slack.
func (d *demo) command(ctx context.Context, out io.Writer, text string) error {
	before := len(d.slack.Notes())
	if err := d.slack.Command(ctx, "U0ADA", demoChannel, "/rescind", text); err != nil {
		return err
	}
	say(out, "   slack    ada@example.com writes /rescind %s", text)
	for _, n := range d.slack.Notes()[before:] {
		first, _, _ := strings.Cut(strings.NewReplacer("*", "", "`", "").Replace(n.Text), " <")
		say(out, "   slack    only ada@example.com sees: %s", first)
	}
	return nil
}

// tell prints what an on-call engineer would want to know of the finding.
func tell(out io.Writer, f finding.Finding) {
	say(out, "   finding  %s %s: %s", strings.ToUpper(string(f.Severity)), f.Policy, f.Message)
	for _, r := range f.Reasons {
		say(out, "            because %s", r)
	}
	for _, e := range f.Timeline {
		say(out, "            %-9s %s", e.State, e.What)
	}
}

func (d *demo) verify(out io.Writer, s scene, got map[string]state.State) (wrong int) {
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

func orNone(s state.State) string {
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

func (d *demo) countFindings(ctx context.Context) int {
	fs, err := d.app.Store.Findings(ctx, finding.Query{})
	if err != nil {
		return 0
	}
	return len(fs)
}
