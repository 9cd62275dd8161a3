package remediate_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/group"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

func slackSays(code string) *simslack.Fault {
	return &simslack.Fault{Status: 200, Body: `{"ok":false,"error":"` + code + `"}`}
}

func TestSlackDownForTenMinutesFallsBackOnceAndIsCaughtUpOnce(t *testing.T) {
	t.Parallel()
	b, p := escalating(t)
	b.failing(func(string) *simslack.Fault { return &simslack.Fault{Status: 503} })
	f := b.opens()
	begin := b.Clock()
	for b.Clock().Sub(begin) < 20*time.Minute {
		b.pass(15 * time.Second)
		_, _ = b.Sweep(t.Context())
		switch f, late := b.stored(f), b.Clock().Sub(begin) > 10*time.Minute+15*time.Second; {
		case f.State != state.Pending || !f.UndeliveredSince.Equal(begin):
			t.Fatalf("it is %s, undelivered since %s", f.State, f.UndeliveredSince)
		case f.Undelivered != late && b.Clock().Sub(begin) != 10*time.Minute && b.Clock().Sub(begin) != 10*time.Minute+15*time.Second:
			t.Fatalf("after %s the fallback is %v", b.Clock().Sub(begin), f.Undelivered)
		}
	}
	if len(p.paged) != 1 {
		t.Errorf("paged %d times", len(p.paged))
	}
	b.failing(nil)
	b.calls = nil
	b.settle()
	if f := b.stored(f); f.Undelivered || !f.UndeliveredSince.IsZero() {
		t.Errorf("still undelivered after Slack is back: %+v", f.UndeliveredSince)
	}
	if m := b.card(); m.Edits != 0 {
		t.Errorf("the card was written %d times on recovery, want once", m.Edits+1)
	}
}

func TestI7NoFailureOfAnUpdateChangesAFindingAndItsOutcomeIsSeenSomewhere(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"message_not_found", "is_inactive", "edit_window_closed", "cant_update_message", "block_mismatch", "channel_not_found"} {
		t.Run(code, func(t *testing.T) {
			b := newBurst(t)
			f := b.several(1)[0]
			old := b.card().TS
			b.failing(func(method string) *simslack.Fault {
				if method == "chat.update" {
					return slackSays(code)
				}
				return nil
			})
			_, err := b.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: ada, Digest: f.Plan.Digest})
			b.must(err)
			b.settle()
			if f := b.stored(f); f.State != state.Reverted || len(f.Surfaces) != 1 || f.Surfaces[0].ID == old {
				t.Errorf("it is %s, on %+v", f.State, f.Surfaces)
			}
			if cs := b.cards(); len(cs) != 2 || !strings.HasPrefix(cs[1].Text, "Reverted by ada@example.com") {
				t.Errorf("messages: %+v", cs)
			}
		})
	}
}

func TestABrokenApprovalPathIsAnErrorAndFallsBackAtOnce(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"not_in_channel", "is_archived", "missing_scope", "token_revoked", "invalid_auth"} {
		t.Run(code, func(t *testing.T) {
			b, p := escalating(t)
			var log bytes.Buffer
			b.change(func(c *setup) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
			b.failing(func(string) *simslack.Fault { return slackSays(code) })
			f := b.opens()
			if f := b.stored(f); !f.Undelivered || f.State != state.Pending || !f.Owes(finding.Notify) {
				t.Errorf("undelivered %v, %s, owes %v", f.Undelivered, f.State, f.Outbox)
			}
			if !strings.Contains(log.String(), `level=ERROR msg="the approval path is broken"`) || !strings.Contains(log.String(), code) {
				t.Errorf("log:\n%s", log.String())
			}
			if len(p.paged) != 1 {
				t.Errorf("paged %d times", len(p.paged))
			}
		})
	}
}

func TestAnArchivedChannelIsBrokenAlsoForWhatIsShownThereAlready(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	f := b.several(1)[0]
	b.failing(func(method string) *simslack.Fault {
		if method == "chat.update" {
			return slackSays("is_archived")
		}
		return nil
	})
	_, err := b.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: ada, Digest: f.Plan.Digest})
	b.must(err)
	for range 20 {
		b.pass(15 * time.Second)
		_, _ = b.Sweep(t.Context())
	}
	if got := b.stored(f); !got.Undelivered || got.State != state.Reverted || len(b.cards()) != 1 {
		t.Errorf("it is %s, undelivered %v, with %d messages; want it marked, and nothing posted anew", got.State, got.Undelivered, len(b.cards()))
	}
}

func TestABrokenApprovalPathIsOneLineAMinuteWithACount(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	b := newBurst(t, func(c *setup) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	b.failing(func(string) *simslack.Fault { return slackSays("token_revoked") })
	for range 30 {
		b.opens(b.ofAnotherCause)
		b.pass(2 * time.Second)
	}
	b.opens(b.ofAnotherCause)
	lines := strings.Count(log.String(), "approval path is broken")
	if lines != 2 || strings.Contains(log.String(), "effect failed") || !strings.Contains(log.String(), "failures=1 ") || !strings.Contains(log.String(), "failures=30 ") {
		t.Errorf("the log has %d lines of it:\n%s", lines, log.String())
	}
}

// group is the record of the group that the finding is in.
func (b *burst) group(f finding.Finding) (g group.Group) {
	b.t.Helper()
	c, err := b.Store.Cell(b.t.Context(), "group/"+f.Group)
	b.must(err)
	b.must(json.Unmarshal(c.Value, &g))
	return g
}

func TestI13EveryEndIsShownOnceSlackIsBackOrSaidToBeUndeliverable(t *testing.T) {
	t.Parallel()
	faults := []*simslack.Fault{nil, {Status: 503}, {Status: 429, RetryAfter: "20"}, {Drop: true}, {Status: 200, Body: "<html>"},
		slackSays("message_not_found"), slackSays("not_in_channel"), slackSays("internal_error")}
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 13))
		b, _ := escalating(t)
		b.failing(func(string) *simslack.Fault { return faults[rng.IntN(len(faults))] })
		var fs []finding.Finding
		for range 12 {
			if rng.IntN(2) == 0 {
				fs = append(fs, b.opens())
			} else {
				fs = append(fs, b.opens(b.ofAnotherCause))
			}
			b.pass(time.Duration(rng.IntN(40)) * time.Second)
			f := fs[rng.IntN(len(fs))]
			_, _ = b.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: ada, Digest: f.Plan.Digest})
			_, _ = b.Sweep(t.Context())
			for _, f := range fs {
				if f := b.stored(f); !f.UndeliveredSince.IsZero() && b.Clock().Sub(f.UndeliveredSince) > 11*time.Minute && !f.Undelivered {
					t.Fatalf("seed %d: finding %s could not be shown since %s and nobody is told", seed, f.ID, f.UndeliveredSince)
				}
			}
		}
		for range 65 { // past every expiry, with Slack as moody as before
			b.pass(2 * time.Minute)
			_, _ = b.Sweep(t.Context())
		}
		b.failing(nil)
		b.settle()
		cards := map[string]simslack.Message{}
		for _, m := range b.cards() {
			cards[m.TS] = m
		}
		for _, f := range fs {
			f := b.stored(f)
			if !f.State.Ended() || len(f.Surfaces) != 1 {
				t.Fatalf("seed %d: finding %s is %s, shown on %+v", seed, f.ID, f.State, f.Surfaces)
			}
			m := cards[b.group(f).Surfaces[0].ID] // a message that was said to be gone was replaced
			if !strings.Contains(strings.ToLower(m.Text), string(f.State)) || strings.Contains(string(m.Blocks), `"actions"`) {
				t.Errorf("seed %d: the card of finding %s, which is %s, says %s", seed, f.ID, f.State, m.Text)
			}
		}
	}
}

func TestWhatWaitsForItsTurnIsNoFailureInTheLog(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		failing error
		want    string
	}{
		"a rate":    {&fault.BusyError{Where: "messages", After: time.Second}, `level=DEBUG msg="effect waits for its turn" effect=notify`},
		"a failure": {errStruck, `level=ERROR msg="effect failed, will be tried again" effect=notify`},
	} {
		var log strings.Builder
		g := newRig(t, set{public: policies.Approve}, func(c *setup) {
			c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		g.told.failing = tt.failing
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		g.one()
		if said := log.String(); !strings.Contains(said, tt.want) || strings.Count(said, "effect=notify") != 1 {
			t.Errorf("%s: the log says\n%s", name, said)
		}
	}
}
