package firestore_test

import (
	"errors"
	"strings"
	"testing"

	native "cloud.google.com/go/firestore"

	"github.com/rescind-dev/rescind/internal/store/storetest"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

func TestWhatALaterReleaseWroteIsRefused(t *testing.T) {
	s, c := open(t, newProject())
	d := documents{t, c}
	storetest.Later(t, s, func(id string, to func([]byte) []byte) { d.changeBytes("findings/"+id, to) })
}

func TestADocumentOfALaterReleaseIsRefusedAndLeftAsItIs(t *testing.T) {
	s, c := open(t, newProject())
	f := create(t, s, finding.Finding{ID: "f1", DueAt: noon})
	seen := remediate.Sighting{Email: "a@b", At: noon}
	if err := s.LearnIdentity(t.Context(), seen); err != nil {
		t.Fatal(err)
	}
	p, err := s.SetPause(t.Context(), desk.Pause{On: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"findings/f1", "identities/a@b", "switches/pause"} {
		if _, err := c.Doc(path).Update(t.Context(), []native.Update{{Path: "layout", Value: 2}}); err != nil {
			t.Fatal(err)
		}
	}
	before := field(t, c, "findings/f1", "write")
	seen.At = seen.At.Add(1)
	for name, call := range map[string]func() error{
		"Finding":       func() error { _, err := s.Finding(t.Context(), "f1"); return err },
		"Update":        func() error { _, err := s.Update(t.Context(), f); return err },
		"Findings":      func() error { _, err := s.Findings(t.Context(), finding.Query{}); return err },
		"Due":           func() error { _, err := s.Due(t.Context(), noon, 0); return err },
		"Identity":      func() error { _, err := s.Identity(t.Context(), seen.Email); return err },
		"LearnIdentity": func() error { return s.LearnIdentity(t.Context(), seen) },
		"Pause":         func() error { _, err := s.Pause(t.Context()); return err },
		"SetPause":      func() error { _, err := s.SetPause(t.Context(), p); return err },
	} {
		if err := call(); !errors.Is(err, fault.ErrLater) || !strings.HasSuffix(err.Error(), "has layout 2, this release reads 1") {
			t.Errorf("%s: got error %v", name, err)
		}
	}
	if got := field(t, c, "findings/f1", "write"); got != before {
		t.Error("the finding was written over")
	}
}
