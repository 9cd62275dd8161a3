//go:build browser

package demo

import (
	"testing"

	"github.com/rescind-dev/rescind/internal/webdriver"
)

// browser waits and clicks as somebody does in a page that redraws itself.
type browser struct {
	webdriver.Browser
	t *testing.T
}

func newBrowser(t *testing.T) browser {
	t.Helper()
	return browser{webdriver.New(t), t}
}

// until waits in the page until the expression is true, looking at every change
// of the page; the session's script timeout ends the wait.
func (b browser) until(expression string) {
	b.t.Helper()
	code := `const done = arguments[0], holds = () => (` + expression + `);
if (holds()) { done(true); return; }
const o = new MutationObserver(() => { if (holds()) { o.disconnect(); done(true); } });
o.observe(document, {subtree: true, childList: true, attributes: true});`
	// A script ends with its page, and a button that was just pressed brings a
	// new one: then the wait begins again.
	var err error
	for range 4 {
		if err = b.Try("POST", "/execute/async", map[string]any{"script": code, "args": []any{}}, nil); err == nil {
			return
		}
	}
	b.Save("failed")
	b.t.Fatalf("waiting for %s: %v", expression, err)
}

// click clicks the element as a person does: it must be there to be seen. The
// page may redraw itself between the look and the click; then it looks again.
func (b browser) click(selector string) {
	b.t.Helper()
	var err error
	for range 4 {
		var found map[string]string
		b.Call("POST", "/element", map[string]string{"using": "css selector", "value": selector}, &found)
		for _, id := range found {
			err = b.Try("POST", "/element/"+id+"/click", nil, nil)
		}
		if err == nil {
			return
		}
	}
	b.t.Fatalf("click %s: %v", selector, err)
}
