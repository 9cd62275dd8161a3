package demo

import (
	"encoding/json"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/group"

	"github.com/rescind-dev/rescind/internal/cloud"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// sampleCard is a card under a name that says what it shows.
type sampleCard struct {
	name string
	card notify.Message
}

// TestEveryCardCanBeLookedAt draws every state of a card as the demo's page does.
// With RESCIND_CARDS=DIR it leaves the page there, as cards.html: what a card
// is like to read, a person has to judge.
func TestEveryCardCanBeLookedAt(t *testing.T) {
	t.Parallel()
	seen := map[state.State]bool{}
	var page strings.Builder
	page.WriteString(sampleHead())
	for _, c := range sampleCards() {
		seen[c.card.State] = true
		text, blocks := slack.Render(c.card)
		raw, err := json.Marshal(blocks)
		if err != nil {
			t.Fatal(err)
		}
		if err := simslack.CheckBlocks(raw); err != nil {
			t.Errorf("%s: Slack would refuse this: %v", c.name, err)
		}
		drawn := simslack.RenderBlocks(raw)
		if strings.Contains(string(drawn), "slack-unknown") {
			t.Errorf("%s: the page cannot draw all of:\n%s", c.name, raw)
		}
		fmt.Fprintf(&page, "<section><h2>%s</h2><div class=\"box slack-card\">%s</div><p class=dim>Aloud: %s</p></section>\n",
			template.HTMLEscapeString(c.name), drawn, simslack.RenderText(text))
	}
	for _, s := range state.All() {
		if !seen[s] {
			t.Errorf("no card is %s", s)
		}
	}
	if dir := os.Getenv("RESCIND_CARDS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "cards.html"), []byte(page.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// sampleHead is the head of a page that looks like the demo's.
func sampleHead() string {
	_, style, _ := strings.Cut(pageSource, `<style nonce="{{.Nonce}}">`)
	style, _, _ = strings.Cut(style, "</style>")
	return "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width, initial-scale=1'><title>cards</title><style>" + style +
		"body { padding: 1rem; columns: 30rem; column-gap: 1.5rem } section { break-inside: avoid; margin-bottom: 1.5rem }</style>\n"
}

var sampleNoon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func sampleCards() []sampleCard {
	o := notify.Options{
		BaseURL: "https://rescind.example.com", Now: sampleNoon.Add(time.Hour), Page: true,
		Needs: func(finding.Finding) string {
			return "1 of 4 approvers, not jo@example.com to keep or exempt; 2 to exempt"
		},
	}
	card := func(name string, s state.State, change func(*finding.Finding)) sampleCard {
		f := sampleFinding("api")
		f.State, f.Why = s, ""
		if change != nil {
			change(&f)
		}
		return sampleCard{name, notify.Card(f, o)}
	}
	by := func(c finding.Choice, who ...string) func(*finding.Finding) {
		return func(f *finding.Finding) {
			for _, w := range who {
				f.Answers = append(f.Answers, finding.Answer{Principal: "user:" + w, Choice: c, Reason: "the partner calls it without a token", At: sampleNoon.Add(7 * time.Minute)})
			}
		}
	}
	why := func(s string) func(*finding.Finding) { return func(f *finding.Finding) { f.Why = s } }
	pending := func(s string) func(*finding.Finding) {
		return func(f *finding.Finding) { f.Reasons = append(f.Reasons, s) }
	}
	cards := []sampleCard{
		card("reported", state.Reported, nil),
		card("waiting", state.Waiting, why("live state does not show the change yet; read again later")),
		card("pending", state.Pending, nil),
		card("pending, too old to be reverted unasked", state.Pending, pending("stale: the change is 2h old, and nothing older than 15m is reverted without being asked")),
		card("pending, one of two votes", state.Pending, func(f *finding.Finding) {
			by(finding.ChooseKeep, "ada@example.com")(f)
			f.Why = "user:ada@example.com answered keep: 1 of 2: the partner calls it without a token"
		}),
		card("escalated", state.Pending, func(f *finding.Finding) {
			f.EscalatedAt, f.Why = sampleNoon.Add(time.Hour), "nobody answered; asked once more, and on-call is paged"
		}),
		card("approved", state.Approved, by(finding.ChooseRevert, "ada@example.com")),
		card("approved, held by a pause", state.Approved, func(f *finding.Finding) {
			f.Automatic, f.Paused = true, true
			f.Why = "waits, as rescind is paused until 2026-11-22T16:00:00Z by user:ada@example.com: restoring from the backup"
		}),
		card("applying", state.Applying, by(finding.ChooseRevert, "ada@example.com")),
		card("reverted", state.Reverted, func(f *finding.Finding) {
			f.Automatic, f.Done, f.EndedAt = true, f.Plan.Steps, sampleNoon.Add(10*time.Second)
			f.Why = "removed roles/run.invoker to allUsers; verified by reading it back. IAM changes take effect within minutes, typically two"
		}),
		card("kept", state.Kept, by(finding.ChooseKeep, "ada@example.com")),
		card("exempted", state.Exempted, func(f *finding.Finding) {
			by(finding.ChooseExempt, "ada@example.com", "bob@example.com")(f)
			f.Exemption = &finding.Exemption{Until: sampleNoon.AddDate(0, 0, 7), Grants: f.Plan.Steps[0].Before.Grants}
		}),
		card("expired", state.Expired, nil),
		card("superseded", state.Superseded, why("live state no longer shows it: somebody took the grant away")),
		card("blocked", state.Blocked, why("permission run.services.setIamPolicy missing on "+sampleFinding("api").Resource.String())),
		card("failed", state.Failed, why("read policy of "+sampleFinding("api").Resource.String()+": unavailable; tried for 1h")),
		card("uncertain", state.Uncertain, why("the policy still shows roles/run.invoker to allUsers")),
		card("undo, pending", state.Pending, func(f *finding.Finding) {
			sampleUndo(f)
			by(finding.ChooseUndo, "ada@example.com")(f)
			f.Why = "user:ada@example.com answered undo: 1 of 2: the partner calls it without a token"
		}),
		card("undone", state.Undone, func(f *finding.Finding) {
			sampleUndo(f)
			by(finding.ChooseUndo, "ada@example.com")(f)
			f.Why = "granted roles/run.invoker to allUsers; verified by reading it back"
		}),
		card("reported, rescind could not tell", state.Reported, func(f *finding.Finding) {
			f.Verdict, f.Message = policies.Unknown, ""
			f.Actors, f.Change.Actor = nil, cloud.Actor{Principal: cloud.UnknownActor}
			f.Reasons = []string{"run.managed.requireInvokerIam could not be read: permission orgpolicy.policies.get missing on projects/pay-prod"}
			f.Plan = judge.NewPlan(nil, "what violates is not known")
		}),
	}
	for _, g := range []struct {
		name   string
		states []state.State
	}{
		{"group, pending", []state.State{state.Pending, state.Pending, state.Pending, state.Pending}},
		{"group, partly decided", []state.State{state.Pending, state.Reverted, state.Pending, state.Kept}},
		{"group, decided", []state.State{state.Reverted, state.Reverted, state.Reverted, state.Kept}},
	} {
		cards = append(cards, sampleCard{g.name, sampleGroup(o, g.states)})
	}
	return cards
}

func sampleUndo(f *finding.Finding) {
	f.Done = f.Plan.Steps
	f.UndoOf, f.ID, f.Plan, f.Done = f.ID, "zyxwvutsrqponmlkjihgfedc27", f.UndoPlan(), nil
}

func sampleGroup(o notify.Options, states []state.State) notify.Message {
	g := group.Group{
		ID: "grouptsrqponmlkjihgfedcb27", Revision: 4, Since: sampleNoon,
		Cause: group.Cause{Channel: "C0SEC", Actor: "serviceAccount:terraform@pay-prod.iam.gserviceaccount.com", Policy: "no-public-invoker", Project: "pay-prod"},
	}
	var fs []finding.Finding
	for i, s := range states {
		f := sampleFinding(fmt.Sprintf("shop-%d", i+1))
		f.ID, f.State = fmt.Sprintf("member%dsrqponmlkjihgfedcb2", i), s
		fs = append(fs, f)
		g.Items = append(g.Items, group.Item{Finding: f.ID, Digest: f.Plan.Digest, Resource: f.Resource, Severity: f.Severity, State: s})
	}
	return notify.GroupCard(g, fs, o)
}

func sampleFinding(name string) finding.Finding {
	service := cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", name)
	jo := cloud.Actor{Principal: "user:jo@example.com"}
	return finding.Finding{
		ID: "abcdefghijklmnopqrstuvwx27", Revision: 3, Severity: policies.High, Verdict: policies.Violation,
		Policy: "no-public-invoker", Title: "No public invoker where the constraint requires invoker IAM",
		Message: "anyone on the internet can invoke " + service.Path(),
		Reasons: []string{
			"roles/run.invoker to allUsers is in the policy after the change",
			"run.managed.requireInvokerIam is enforced for pay-prod (effective org policy of projects/pay-prod, 2026-11-22T12:00:01Z)",
		},
		Enforcement: policies.Approve, Decision: judge.Ask, Resource: service,
		Change: cloud.Change{Time: sampleNoon, Service: "run.googleapis.com", Method: "google.cloud.run.v2.Services.SetIamPolicy", Verb: cloud.SetPolicy, Resource: service, Actor: jo},
		Actors: []cloud.Actor{jo},
		Plan: judge.NewPlan([]judge.Step{{
			Kind: policies.RemoveGrants, Resource: service,
			Before: judge.StepState{Grants: []cloud.Grant{{Role: "roles/run.invoker", Member: "allUsers"}}},
		}}, ""),
		CreatedAt: sampleNoon.Add(3 * time.Second), ExpiresAt: sampleNoon.Add(2 * time.Hour),
	}
}
