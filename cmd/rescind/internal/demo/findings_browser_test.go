//go:build browser

package demo

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Keys, as WebDriver names them. https://www.w3.org/TR/webdriver2/#keyboard-actions
const (
	tabKey   = "\ue004"
	enterKey = "\ue007"
)

// tabTo presses Tab until the focus is on what the selector names, and checks
// that one sees where it is on the way.
func (b browser) tabTo(selector string) {
	b.t.Helper()
	for range 60 {
		b.Press(tabKey)
		var is struct {
			There, Seen bool
			What        string
		}
		b.Script(`const e = document.activeElement, s = getComputedStyle(e);
return {there: e.matches(arguments[0]), seen: e === document.body || s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2, what: e.outerHTML.slice(0, 80)}`, &is, selector)
		if !is.Seen {
			b.t.Errorf("nothing shows that the focus is on %s", is.What)
		}
		if is.There {
			return
		}
	}
	b.Save("failed")
	b.t.Fatalf("Tab does not reach %s", selector)
}

// saidNothing checks that the browser had nothing to complain of, such as
// something that the page's policy forbids.
func (b browser) saidNothing() {
	b.t.Helper()
	for _, said := range b.Complaints() {
		if !strings.Contains(said, "403 (Forbidden)") { // what a refused answer is
			b.t.Errorf("the browser's console: %s", said)
		}
	}
}

// servedDemo is a demo and where it is served, rescind's pages among it.
func servedDemo(t *testing.T) (*Demo, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + l.Addr().String()
	w, err := sandbox.NewAt(t.Context(), base, "127.0.0.1:0", sandbox.Policies, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	d := New(w)
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: d.pageRoutes(l.Addr().String())}}
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d, base
}

// question has bob do what a policy asks about, and returns the finding.
func question(t *testing.T, d *Demo, act string) finding.Finding {
	t.Helper()
	a, _ := sandbox.ActOf(act)
	if err := d.Perform(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	fs, err := d.App.Store().Findings(t.Context(), finding.Query{States: []state.State{state.Pending}})
	if err != nil || len(fs) == 0 {
		t.Fatalf("%d questions (%v)", len(fs), err)
	}
	return fs[0]
}

func TestS16ThePagesInABrowser(t *testing.T) {
	if os.Getenv("RESCIND_BROWSER") == "" {
		t.Skip("RESCIND_BROWSER is not set: this test needs Chromium")
	}
	d, base := servedDemo(t)
	revert := question(t, d, "default")
	keep := question(t, d, "pool")
	for _, act := range []string{"public", "editor", "job", "stale"} {
		a, _ := sandbox.ActOf(act)
		if err := d.Perform(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	b := newBrowser(t)
	b.Devtools("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	b.Visit(base + "/findings/" + revert.ID)
	b.click(`button[value="ada@example.com"]`)
	b.until(`document.querySelector("h1")?.textContent.includes("pay-prod")`)
	b.looksRight("question")

	b.tabTo(`form:has([value="revert"]) button`)
	b.Press(enterKey)
	b.until(`document.querySelector("[role=status]")?.textContent.includes("Recorded")`)
	b.looksRight("recorded")
	if err := d.WaitUntil(t.Context(), revert.ID, state.State.Ended); err != nil {
		t.Fatal(err)
	}
	b.Visit(base + "/findings/" + revert.ID)
	b.until(`document.querySelector(".head .state").textContent === "reverted"`)
	b.looksRight("reverted")

	b.Visit(base + "/findings/" + keep.ID)
	b.tabTo(`details:has([value="exempt"]) summary`)
	b.Press(enterKey)
	b.looksRight("exempt")
	b.Visit(base + "/findings/" + keep.ID)
	b.tabTo(`details:has([value="keep"]) summary`)
	b.Press(enterKey)
	b.tabTo(`textarea[name=reason]`)
	b.Press("too short no more, the queue needs it")
	b.tabTo(`details[open] button`)
	b.looksRight("keep")
	b.Press(enterKey)
	b.until(`document.querySelector(".head .state").textContent === "kept"`)
	if f, err := d.App.Store().Finding(t.Context(), keep.ID); err != nil || f.State != state.Kept || len(f.Answers) != 1 {
		t.Errorf("the finding is %s with %d answers (%v)", f.State, len(f.Answers), err)
	}
	b.looksRight("kept")

	// Somebody who may not decide is told so, and keeps what they typed.
	b.Visit(base + "/iap")
	b.click(`button[value="eve@example.com"]`)
	b.until(`document.querySelector("h1").textContent === "Findings"`)
	b.looksRight("list")
	job := question(t, d, "job")
	b.Visit(base + "/findings/" + job.ID)
	b.tabTo(`details:has([value="keep"]) summary`)
	b.Press(enterKey)
	b.tabTo(`textarea[name=reason]`)
	b.Press("I would rather keep it")
	b.tabTo(`details[open] button`)
	b.Press(enterKey)
	b.until(`document.querySelector("[role=alert]")?.textContent.includes("is not an approver") && document.querySelector("details[open] textarea").value === "I would rather keep it"`)
	b.looksRight("refused")
	b.Devtools("Emulation.setEmulatedMedia", map[string]any{"media": "print"}, nil)
	b.Save("print")
	b.saidNothing()
}
