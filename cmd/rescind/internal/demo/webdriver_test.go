//go:build browser

package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// browser is a headless Chromium, driven by chromedriver over the WebDriver
// protocol: https://www.w3.org/TR/webdriver2/
type browser struct {
	t       *testing.T
	session string // base URL of the session
}

var driverPort = regexp.MustCompile(`started successfully on port (\d+)`)

func newBrowser(t *testing.T) browser {
	t.Helper()
	driver, err := exec.LookPath("chromedriver")
	if err != nil {
		t.Fatal("chromedriver is not installed; Debian has it in chromium-driver")
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), driver, "--port=0") // the browser is closed after the context ended
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if m := driverPort.FindStringSubmatch(lines.Text()); m != nil {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return browser{t, "http://127.0.0.1:" + m[1]}.open()
		}
	}
	t.Fatal("chromedriver did not start")
	return browser{}
}

// open starts the browser itself. Without a sandbox, as tests often run as root,
// where Chromium has none.
func (b browser) open() browser {
	b.t.Helper()
	var s struct{ SessionID string }
	b.call("POST", "/session", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"goog:chromeOptions":      map[string]any{"args": []string{"--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run"}},
		"goog:loggingPrefs":       map[string]string{"browser": "ALL"},
		"unhandledPromptBehavior": "ignore",
		"timeouts":                map[string]int{"implicit": 5_000, "script": 5_000, "pageLoad": 20_000},
	}}}, &s)
	b.session += "/session/" + s.SessionID
	b.t.Cleanup(func() { b.call("DELETE", "", nil, nil) })
	return b
}

// call sends one command and reads its value.
func (b browser) call(method, command string, body, value any) {
	b.t.Helper()
	if err := b.try(method, command, body, value); err != nil {
		b.t.Fatal(err)
	}
}

func (b browser) try(method, command string, body, value any) error {
	sent := []byte("{}")
	if body != nil {
		sent, _ = json.Marshal(body)
	}
	if method != "POST" {
		sent = nil
	}
	r, err := http.NewRequest(method, b.session+command, bytes.NewReader(sent)) // outlives the test's context: DELETE
	if err != nil {
		return err
	}
	res, err := (&http.Client{Timeout: 40 * time.Second}).Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %d %s", method, command, res.StatusCode, answer)
	}
	if value == nil {
		return nil
	}
	return json.Unmarshal(answer, &struct{ Value any }{value})
}

// script runs JavaScript in the page and reads what it returns.
func (b browser) script(code string, value any, args ...any) {
	b.t.Helper()
	if args == nil {
		args = []any{}
	}
	b.call("POST", "/execute/sync", map[string]any{"script": code, "args": args}, value)
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
		if err = b.try("POST", "/execute/async", map[string]any{"script": code, "args": []any{}}, nil); err == nil {
			return
		}
	}
	b.save("failed")
	b.t.Fatalf("waiting for %s: %v", expression, err)
}

// click clicks the element as a person does: it must be there to be seen. The
// page may redraw itself between the look and the click; then it looks again.
func (b browser) click(selector string) {
	b.t.Helper()
	var err error
	for range 4 {
		var found map[string]string
		b.call("POST", "/element", map[string]string{"using": "css selector", "value": selector}, &found)
		for _, id := range found {
			err = b.try("POST", "/element/"+id+"/click", nil, nil)
		}
		if err == nil {
			return
		}
	}
	b.t.Fatalf("click %s: %v", selector, err)
}

// devtools sends a command of Chromium's own protocol.
func (b browser) devtools(command string, params map[string]any) {
	b.t.Helper()
	b.call("POST", "/goog/cdp/execute", map[string]any{"cmd": command, "params": params}, nil)
}

// save writes a picture of the whole page to the directory in
// RESCIND_SCREENSHOTS, if there is one.
func (b browser) save(name string) {
	b.t.Helper()
	dir := os.Getenv("RESCIND_SCREENSHOTS")
	if dir == "" {
		return
	}
	var shot struct{ Data string }
	b.call("POST", "/goog/cdp/execute", map[string]any{
		"cmd": "Page.captureScreenshot", "params": map[string]any{"captureBeyondViewport": true},
	}, &shot)
	picture, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600)
	}
	if err != nil {
		b.t.Error(err)
	}
}
