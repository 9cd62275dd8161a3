// Package webdriver drives a headless Chromium for tests, over the WebDriver protocol:
// https://www.w3.org/TR/webdriver2/
//
// What it promises: each Browser is a session of its own, which ends with its test. Whatever
// does not work fails the test.
package webdriver

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

// Browser is a headless Chromium, driven by chromedriver.
type Browser struct {
	t       testing.TB
	session string // base URL of the session
}

var driverPort = regexp.MustCompile(`started successfully on port (\d+)`)

// New starts one for the test.
func New(t testing.TB) Browser {
	t.Helper()
	driver, err := exec.LookPath("chromedriver")
	if err != nil {
		t.Fatal("chromedriver is not installed; Debian has it in chromium-driver")
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), driver, "--port=0") //nolint:gosec // it is chromedriver; the browser is closed after the context ended
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
			return Browser{t, "http://127.0.0.1:" + m[1]}.open()
		}
	}
	t.Fatal("chromedriver did not start")
	return Browser{}
}

// open starts the browser itself. Without a sandbox, as tests often run as root,
// where Chromium has none.
func (b Browser) open() Browser {
	b.t.Helper()
	var s struct{ SessionID string }
	b.Call("POST", "/session", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"goog:chromeOptions":      map[string]any{"args": []string{"--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run"}},
		"goog:loggingPrefs":       map[string]string{"browser": "ALL"},
		"unhandledPromptBehavior": "ignore",
		"timeouts":                map[string]int{"implicit": 5_000, "script": 5_000, "pageLoad": 20_000},
	}}}, &s)
	b.session += "/session/" + s.SessionID
	b.t.Cleanup(func() { b.Call("DELETE", "", nil, nil) })
	return b
}

// Call sends one command and reads its value.
func (b Browser) Call(method, command string, body, value any) {
	b.t.Helper()
	if err := b.Try(method, command, body, value); err != nil {
		b.t.Fatal(err)
	}
}

// Try is Call for what may fail.
func (b Browser) Try(method, command string, body, value any) error {
	sent := []byte("{}")
	if body != nil {
		sent, _ = json.Marshal(body)
	}
	if method != "POST" {
		sent = nil
	}
	r, err := http.NewRequestWithContext(context.WithoutCancel(b.t.Context()), method, b.session+command, bytes.NewReader(sent)) // DELETE comes after the context ended
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

// Script runs JavaScript in the page and reads what it returns.
func (b Browser) Script(code string, value any, args ...any) {
	b.t.Helper()
	if args == nil {
		args = []any{}
	}
	b.Call("POST", "/execute/sync", map[string]any{"script": code, "args": args}, value)
}

// Devtools sends a command of Chromium's own protocol.
func (b Browser) Devtools(command string, params map[string]any, value any) {
	b.t.Helper()
	b.Call("POST", "/goog/cdp/execute", map[string]any{"cmd": command, "params": params}, value)
}

// Save writes a picture of the whole page to the directory in
// RESCIND_SCREENSHOTS, if there is one.
func (b Browser) Save(name string) {
	b.t.Helper()
	dir := os.Getenv("RESCIND_SCREENSHOTS")
	if dir == "" {
		return
	}
	var shot struct{ Data string }
	b.Call("POST", "/goog/cdp/execute", map[string]any{
		"cmd": "Page.captureScreenshot", "params": map[string]any{"captureBeyondViewport": true},
	}, &shot)
	picture, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600) //nolint:gosec // the directory is of whoever runs the test
	}
	if err != nil {
		b.t.Error(err)
	}
}

// Press presses keys one after the other, as WebDriver names them.
// https://www.w3.org/TR/webdriver2/#keyboard-actions
func (b Browser) Press(keys string) {
	b.t.Helper()
	var actions []any
	for _, k := range keys {
		actions = append(actions, map[string]string{"type": "keyDown", "value": string(k)}, map[string]string{"type": "keyUp", "value": string(k)})
	}
	b.Call("POST", "/actions", map[string]any{"actions": []any{map[string]any{"type": "key", "id": "k", "actions": actions}}}, nil)
}

// Visit opens the address, and returns once its page is loaded.
func (b Browser) Visit(url string) { b.Call("POST", "/url", map[string]string{"url": url}, nil) }

// Complaints are what the console says, such as something that the page's policy forbids,
// since it was asked last.
func (b Browser) Complaints() (said []string) {
	b.t.Helper()
	var log []struct{ Level, Message string }
	b.Call("POST", "/se/log", map[string]string{"type": "browser"}, &log)
	for _, l := range log {
		said = append(said, l.Level+" "+l.Message)
	}
	return said
}
