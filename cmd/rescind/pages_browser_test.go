//go:build browser

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/remediate/state"
)

// Keys, as WebDriver names them. https://www.w3.org/TR/webdriver2/#keyboard-actions
const (
	tabKey   = "\ue004"
	enterKey = "\ue007"
)

// press presses keys one after the other.
func (b browser) press(keys string) {
	b.t.Helper()
	var actions []any
	for _, k := range keys {
		actions = append(actions, map[string]string{"type": "keyDown", "value": string(k)}, map[string]string{"type": "keyUp", "value": string(k)})
	}
	b.call("POST", "/actions", map[string]any{"actions": []any{map[string]any{"type": "key", "id": "k", "actions": actions}}}, nil)
}

// tabTo presses Tab until the focus is on what the selector names, and checks
// that one sees where it is on the way.
func (b browser) tabTo(selector string) {
	b.t.Helper()
	for range 60 {
		b.press(tabKey)
		var is struct {
			There, Seen bool
			What        string
		}
		b.script(`const e = document.activeElement, s = getComputedStyle(e);
return {there: e.matches(arguments[0]), seen: e === document.body || s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2, what: e.outerHTML.slice(0, 80)}`, &is, selector)
		if !is.Seen {
			b.t.Errorf("nothing shows that the focus is on %s", is.What)
		}
		if is.There {
			return
		}
	}
	b.save("failed")
	b.t.Fatalf("Tab does not reach %s", selector)
}

func (b browser) visit(url string) { b.call("POST", "/url", map[string]string{"url": url}, nil) }

// saidNothing checks that the browser had nothing to complain of, such as
// something that the page's policy forbids.
func (b browser) saidNothing() {
	b.t.Helper()
	var log []struct{ Level, Message string }
	b.call("POST", "/se/log", map[string]string{"type": "browser"}, &log)
	for _, l := range log {
		if !strings.Contains(l.Message, "403 (Forbidden)") { // what a refused answer is
			b.t.Errorf("the browser's console: %s %s", l.Level, l.Message)
		}
	}
}

func TestS16ThePagesInABrowser(t *testing.T) {
	if os.Getenv("RESCIND_BROWSER") == "" {
		t.Skip("RESCIND_BROWSER is not set: this test needs Chromium")
	}
	s := serveDemo(t)
	revert := s.asked("default")
	keep := s.asked("pool")
	for _, act := range []string{"public", "editor", "job", "stale"} {
		if err := s.d.perform(t.Context(), actOf(act)); err != nil {
			t.Fatal(err)
		}
	}
	b := newBrowser(t)
	b.devtools("Emulation.setScriptExecutionDisabled", map[string]any{"value": true})
	b.visit(s.base + "/findings/" + revert.ID)
	b.click(`button[value="ada@example.com"]`)
	b.until(`document.querySelector("h1")?.textContent.includes("pay-prod")`)
	b.looksRight("question")

	b.tabTo(`form:has([value="revert"]) button`)
	b.press(enterKey)
	b.until(`document.querySelector("[role=status]")?.textContent.includes("Recorded")`)
	b.looksRight("recorded")
	if err := s.d.waitFor(t.Context(), revert.ID); err != nil {
		t.Fatal(err)
	}
	b.visit(s.base + "/findings/" + revert.ID)
	b.until(`document.querySelector(".head .state").textContent === "reverted"`)
	b.looksRight("reverted")

	b.visit(s.base + "/findings/" + keep.ID)
	b.tabTo(`details:has([value="exempt"]) summary`)
	b.press(enterKey)
	b.looksRight("exempt")
	b.visit(s.base + "/findings/" + keep.ID)
	b.tabTo(`details:has([value="keep"]) summary`)
	b.press(enterKey)
	b.tabTo(`textarea[name=reason]`)
	b.press("too short no more, the queue needs it")
	b.tabTo(`details[open] button`)
	b.looksRight("keep")
	b.press(enterKey)
	b.until(`document.querySelector(".head .state").textContent === "kept"`)
	if f, err := s.d.app.Store.Finding(t.Context(), keep.ID); err != nil || f.State != state.Kept || len(f.Answers) != 1 {
		t.Errorf("the finding is %s with %d answers (%v)", f.State, len(f.Answers), err)
	}
	b.looksRight("kept")

	// Somebody who may not decide is told so, and keeps what they typed.
	b.visit(s.base + "/iap")
	b.click(`button[value="eve@example.com"]`)
	b.until(`document.querySelector("h1").textContent === "Findings"`)
	b.looksRight("list")
	job := s.asked("job")
	b.visit(s.base + "/findings/" + job.ID)
	b.tabTo(`details:has([value="keep"]) summary`)
	b.press(enterKey)
	b.tabTo(`textarea[name=reason]`)
	b.press("I would rather keep it")
	b.tabTo(`details[open] button`)
	b.press(enterKey)
	b.until(`document.querySelector("[role=alert]")?.textContent.includes("is not an approver") && document.querySelector("details[open] textarea").value === "I would rather keep it"`)
	b.looksRight("refused")
	b.devtools("Emulation.setEmulatedMedia", map[string]any{"media": "print"})
	b.save("print")
	b.saidNothing()
}
