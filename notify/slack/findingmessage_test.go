package slack_test

import (
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/google/go-cmp/cmp"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

func TestNotifyPostsOnceAndThenUpdatesTheSameMessage(t *testing.T) {
	w := newWorkspace(t)
	f := w.show(t, publicService())
	posted := w.Messages()
	if len(posted) != 1 || posted[0].Channel != "C01PAY" || !strings.Contains(string(posted[0].Blocks), "rescind.revert") {
		t.Fatalf("posted %+v", posted)
	}
	want := []finding.Surface{{Kind: "slack", Channel: "C01PAY", ID: posted[0].TS, Rendered: 3, Told: 1}}
	if d := cmp.Diff(want, f.Surfaces); d != "" {
		t.Errorf("surfaces (-want +got):\n%s", d)
	}
	f = w.show(t, decided(f, state.Kept))
	now := w.Messages()
	if len(now) != 2 || now[0].TS != posted[0].TS || now[0].Edits != 1 || strings.Contains(string(now[0].Blocks), "rescind.revert") {
		t.Errorf("after the decision: %+v", now)
	}
	if now[1].Thread != now[0].TS || now[1].Text != "12:01:00 UTC kept: as decided (ada@example.com)" {
		t.Errorf("thread: %+v", now[1])
	}
	w.show(t, f)
	if again := w.Messages(); len(again) != 2 || again[0].Edits != 1 {
		t.Errorf("the same revision was shown again: %+v", again)
	}
}

func TestNotifyNeverReplacesALaterRevisionByAnEarlierOne(t *testing.T) {
	w := newWorkspace(t)
	first := w.show(t, publicService())
	late := w.show(t, decided(first, state.Kept))
	first.Surfaces = late.Surfaces
	w.show(t, first)
	if m := w.Messages()[0]; !strings.HasPrefix(m.Text, "Kept") {
		t.Errorf("the card shows %q", m.Text)
	}
}

func TestNotifyLeavesOtherSurfacesAndFindingsWithoutARouteAlone(t *testing.T) {
	w := newWorkspace(t)
	f := publicService()
	f.Resource.Project = "elsewhere"
	f.Surfaces = []finding.Surface{{Kind: "page", ID: "p1"}}
	if d := cmp.Diff(f.Surfaces, w.show(t, f).Surfaces); d != "" || len(w.Messages()) > 0 {
		t.Errorf("surfaces (-want +got):\n%s\nmessages %v", d, w.Messages())
	}
}

func TestNotifyPostsAnewWhereTheMessageIsGone(t *testing.T) {
	w := newWorkspace(t)
	f := w.show(t, publicService())
	w.Remove("C01PAY", f.Surfaces[0].ID)
	f = w.show(t, decided(f, state.Kept))
	m := w.Messages()
	if len(m) != 1 || len(f.Surfaces) != 1 || f.Surfaces[0].ID != m[0].TS || f.Surfaces[0].Rendered != f.Revision {
		t.Errorf("messages %+v\nsurfaces %+v", m, f.Surfaces)
	}
}

func TestNotifyKeepsWhatWasShownWhenTheThreadFails(t *testing.T) {
	w := newWorkspace(t)
	f := decided(w.show(t, publicService()), state.Kept)
	w.Inject(func(method string) *simslack.Fault {
		if method == "chat.postMessage" {
			return &simslack.Fault{Status: 503}
		}
		return nil
	})
	s, err := w.Notify(t.Context(), f)
	if err == nil || len(s) != 1 || s[0].Rendered != f.Revision || s[0].Told != 1 {
		t.Fatalf("error %v, surfaces %+v", err, s)
	}
	w.Inject(nil)
	f.Surfaces = s
	w.show(t, f)
	if m := w.Messages(); len(m) != 2 || m[0].Edits != 1 {
		t.Errorf("after the second try: %+v", m)
	}
}
