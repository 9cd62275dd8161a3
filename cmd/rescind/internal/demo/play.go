package demo

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Demo is the demo: a world, and what is played and shown there.
type Demo struct {
	*sandbox.World
	played map[string][]string // findings by the act of the script they came of
}

// New returns a demo in which nothing was played yet.
func New(w *sandbox.World) *Demo { return &Demo{w, map[string][]string{}} }

// RunScript plays the script, prints its timeline and verifies each scene. A
// scene that does not end as it must is an error that says how it ended.
func (d *Demo) RunScript(ctx context.Context, out io.Writer) error {
	started := time.Now()
	terminal.Say(out, "rescind demo: a simulated Google Cloud behind the real clients, real push messages, a simulated Slack\n")
	terminal.Say(out, "of the four built-in policies no-public-invoker reverts here, no-default-service-account asks, and the others report\n")
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
	terminal.Say(out, "All as it must be: %d scenes, %d messages, %d findings, in %.1f s.", len(script()), len(d.Events()), d.countFindings(ctx), time.Since(started).Seconds())
	return nil
}

// openingPace is how long whoever watches the page has for one scene.
const openingPace = 1500 * time.Millisecond

// opening plays the script on the page, so that there is something to see
// before the first click. The cards of the image, of the worker pool and of the five
// services are left to be answered.
// Whoever clicks in between changes how a scene ends, so nothing is verified.
func (d *Demo) opening(ctx context.Context, pace time.Duration) {
	for i, s := range script() {
		if s.act == "image" || s.act == "pool" || s.act == "apply" {
			s.answers = nil
		}
		if process.Wait(ctx, pace) != nil {
			return
		}
		if _, err := d.play(ctx, io.Discard, i+1, s); err != nil {
			d.Log.WarnContext(ctx, "the opening of the demo ended early", "error", err.Error())
			return
		}
	}
}

func (d *Demo) play(ctx context.Context, out io.Writer, n int, s scene) (wrong int, err error) {
	ids, err := d.begin(ctx, out, n, s)
	if err != nil {
		return 0, err
	}
	for i, c := range s.answers {
		if err := d.Answer(ctx, out, ids, c, i == len(s.answers)-1); err != nil {
			return 0, err
		}
	}
	d.Settle()
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
func (d *Demo) begin(ctx context.Context, out io.Writer, n int, s scene) ([]string, error) {
	if s.of != "" {
		terminal.Say(out, "%d. somebody regrets a revert", n)
		return d.played[s.of], nil
	}
	a, ok := sandbox.ActOf(s.act)
	if !ok {
		return nil, fmt.Errorf("there is no act %q", s.act)
	}
	terminal.Say(out, "%d. %s", n, strings.TrimSpace(a.Who+" "+a.What))
	before := len(d.Events())
	if err := d.Perform(ctx, a); err != nil {
		return nil, err
	}
	events := d.Events()[before:]
	for _, e := range events {
		terminal.Say(out, "   event    %s %s -> HTTP %d, %s", e.Message, e.Method, e.Status, e.Outcome)
	}
	d.played[s.act] = findingsOf(events)
	return d.played[s.act], nil
}

// outcome is how the findings, and the undos of them, ended.
func (d *Demo) outcome(ctx context.Context, out io.Writer, ids []string) (map[string]state.State, error) {
	all, err := d.App.Store().Findings(ctx, finding.Query{})
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
func (d *Demo) command(ctx context.Context, out io.Writer, text string) error {
	before := len(d.Slack.Notes())
	if err := d.Slack.Command(ctx, "U0ADA", sandbox.Channel, "/rescind", text); err != nil {
		return err
	}
	terminal.Say(out, "   slack    ada@example.com writes /rescind %s", text)
	for _, n := range d.Slack.Notes()[before:] {
		first, _, _ := strings.Cut(strings.NewReplacer("*", "", "`", "").Replace(n.Text), " <")
		terminal.Say(out, "   slack    only ada@example.com sees: %s", first)
	}
	return nil
}

// tell prints what an on-call engineer would want to know of the finding.
func tell(out io.Writer, f finding.Finding) {
	terminal.Say(out, "   finding  %s %s: %s", strings.ToUpper(string(f.Severity)), f.Policy, f.Message)
	for _, r := range f.Reasons {
		terminal.Say(out, "            because %s", r)
	}
	for _, e := range f.Timeline {
		terminal.Say(out, "            %-9s %s", e.State, e.What)
	}
}

func (d *Demo) verify(out io.Writer, s scene, got map[string]state.State) (wrong int) {
	report := func(ok bool, format string, args ...any) {
		mark := "ok"
		if !ok {
			mark = "WRONG"
			wrong++
		}
		terminal.Say(out, "   %-8s %s", mark, fmt.Sprintf(format, args...))
	}
	for policy, state := range s.ends {
		report(got[policy] == state, "%s ended as %s (want %s)", policy, orNone(got[policy]), state)
	}
	if len(s.ends) == 0 {
		report(len(got) == 0, "no finding")
	}
	state := d.Cloud.State()
	for _, c := range s.check {
		report(c.holds(state), "%s", c.says)
	}
	terminal.Say(out, "")
	return wrong
}

func orNone(s state.State) string {
	if s == "" {
		return "no finding"
	}
	return string(s)
}

// findingsOf lists the findings that the events opened or joined, once each.
func findingsOf(events []sandbox.Event) []string {
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

func (d *Demo) countFindings(ctx context.Context) int {
	fs, err := d.App.Store().Findings(ctx, finding.Query{})
	if err != nil {
		return 0
	}
	return len(fs)
}
