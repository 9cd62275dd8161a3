//go:build browser

package report

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/internal/webdriver"
)

// chromium is somebody who looks at a report.
type chromium struct {
	webdriver.Browser
	t *testing.T
}

func newChromium(t *testing.T) chromium {
	t.Helper()
	if os.Getenv("RESCIND_BROWSER") == "" {
		t.Skip("RESCIND_BROWSER is not set: this test needs Chromium")
	}
	return chromium{webdriver.New(t), t}
}

// opened has the browser open the page of a report, and waits until its list is there.
func (c chromium) opened(r replay.Report) {
	c.t.Helper()
	c.openedText(writtenAs(c.t, "html", r, Options{Limits: limits, Version: "v1"}))
}

func (c chromium) openedText(text string) {
	c.t.Helper()
	path := filepath.Join(c.t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	c.Visit("file://" + path)
	c.Script(`return new Promise(done => { const there = () => !document.getElementById('list') || document.documentElement.dataset.ready;
if (there()) return done(); new MutationObserver(() => there() && done()).observe(document.documentElement, {attributes: true}); })`, nil)
}

// quiet checks that the browser had nothing to complain of, such as what the page's own
// policy forbids.
func (c chromium) quiet() {
	c.t.Helper()
	for _, said := range c.Complaints() {
		c.t.Errorf("the console: %s", said)
	}
}

// look is the page on a screen of that size; a picture of it is saved, where those are wanted.
func (c chromium) look(name string, width int, dark bool) {
	c.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	c.Devtools("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	c.Devtools("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]string{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	c.Save(name + "-" + scheme)
}
