//go:build browser

package demo

import (
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
)

func TestDemoPageInABrowser(t *testing.T) {
	if os.Getenv("RESCIND_BROWSER") == "" {
		t.Skip("RESCIND_BROWSER is not set: this test needs Chromium")
	}
	d := newTestDemo(t, sandbox.Policies)
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = d.pageRoutes(server.Listener.Addr().String())
	server.Start()
	t.Cleanup(server.Close)
	b := newBrowser(t)
	b.Call("POST", "/url", map[string]string{"url": server.URL}, nil)

	// What is reverted by itself.
	b.click("#act-public")
	b.until(`document.querySelector("summary .tag.reverted") !== null`)
	b.until(`!document.querySelector("[aria-labelledby=h-state]").textContent.includes("allUsers")`)

	// What is asked, and answered by a person who reads the question again.
	b.click("#act-default")
	b.until(`document.querySelector("button[value='rescind.revert']") !== null`)
	b.until(identityOf("checkout") + ` === "` + sandbox.DefaultAccount + `"`)
	b.looksRight("asked")
	b.click(`.slack-card:has(button[value="rescind.revert"]) select option[value=U0ADA]`)
	b.click("button[value='rescind.revert']")
	var question string
	b.Call("GET", "/alert/text", nil, &question)
	if !strings.HasPrefix(question, "Revert this change?") {
		t.Errorf("the page asks %q", question)
	}
	b.Call("POST", "/alert/accept", nil, nil)
	b.until(identityOf("checkout") + ` === "checkout@pay-prod.iam.gserviceaccount.com"`)
	b.until(`document.querySelector("button[value='rescind.revert']") === null`)

	for _, act := range []string{"job", "deploy", "editor", "stale", "duplicate"} {
		b.click("#act-" + act)
	}
	b.until(`document.querySelectorAll("details").length >= 5`)
	// What raises the exposure asks for a reason, and says what it would cover.
	b.click("button[value='rescind.exempt']")
	b.until(`document.querySelector(".slack-form textarea") !== null`)
	b.until(`document.querySelector(".slack-form").textContent.includes("it would have covered")`)
	b.looksRight("busy")
	b.reachableByKeyboard()
	var log []struct{ Level, Message string }
	b.Call("POST", "/se/log", map[string]string{"type": "browser"}, &log)
	for _, l := range log {
		t.Errorf("the browser's console: %s %s", l.Level, l.Message)
	}
}

// identityOf is the cell that shows what a workload runs as.
func identityOf(name string) string {
	return `[...document.querySelectorAll("[aria-labelledby=h-state] tr")].find(r => r.textContent.includes("/` + name + `"))?.cells[1].textContent`
}

// looksRight checks that nothing is wider than the window, at the widths of a
// large screen, a small one and a phone, in light and in dark.
func (b browser) looksRight(name string) {
	b.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		b.Devtools("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]string{"name": "prefers-color-scheme", "value": scheme}}}, nil)
		for _, width := range []int{1400, 900, 390} {
			b.Devtools("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false}, nil)
			var is struct {
				Wide, Width int
				Dark        bool
			}
			b.Script(`return {wide: document.documentElement.scrollWidth, width: innerWidth, dark: getComputedStyle(document.body).color !== "rgb(29, 36, 51)"}`, &is)
			if is.Width != width || is.Wide > is.Width || is.Dark != (scheme == "dark") {
				b.t.Errorf("%s, %s at %d: %+v", name, scheme, width, is)
			}
			b.Save(fmt.Sprintf("%s-%s-%d", name, scheme, width))
		}
	}
	b.Devtools("Emulation.clearDeviceMetricsOverride", map[string]any{}, nil)
}

// reachableByKeyboard presses Tab until the focus is back where it began, and
// checks that every control had it once.
func (b browser) reachableByKeyboard() {
	b.t.Helper()
	var controls, stops int
	b.Script(`document.activeElement.blur(); for (const e of document.querySelectorAll("button, select, summary")) e.dataset.unseen = "";
document.addEventListener("focusin", e => delete e.target.dataset.unseen);
return document.querySelectorAll("[data-unseen]").length`, &controls)
	b.Script(`return document.querySelectorAll("a[href], button, input, select, summary, textarea").length`, &stops)
	const tab = "\ue004"
	for range stops + 2 {
		b.Call("POST", "/actions", map[string]any{"actions": []any{map[string]any{"type": "key", "id": "k", "actions": []any{
			map[string]string{"type": "keyDown", "value": tab}, map[string]string{"type": "keyUp", "value": tab},
		}}}}, nil)
	}
	var unseen []string
	b.Script(`return [...document.querySelectorAll("[data-unseen]")].map(e => e.outerHTML.slice(0, 80))`, &unseen)
	if controls < 10 || len(unseen) > 0 {
		b.t.Errorf("of %d controls the Tab key does not reach %q", controls, unseen)
	}
}
