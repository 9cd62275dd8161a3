//go:build browser

package report

import (
	"bufio"
	"bytes"
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

// chromium is a headless one, driven over WebDriver: https://www.w3.org/TR/webdriver2/
type chromium struct {
	t       *testing.T
	session string // its address
}

var driverPort = regexp.MustCompile(`started successfully on port (\d+)`)

func newChromium(t *testing.T) chromium {
	t.Helper()
	if os.Getenv("RESCIND_BROWSER") == "" {
		t.Skip("RESCIND_BROWSER is not set: this drives a browser")
	}
	driver := exec.Command("chromedriver", "--port=0")
	out, err := driver.StdoutPipe()
	if err == nil {
		err = driver.Start()
	}
	if err != nil {
		t.Fatal("chromedriver, of Debian's chromium-driver: ", err)
	}
	t.Cleanup(func() { _, _ = driver.Process.Kill(), driver.Wait() })
	port := ""
	for lines := bufio.NewScanner(out); port == "" && lines.Scan(); {
		if m := driverPort.FindStringSubmatch(lines.Text()); m != nil {
			port = m[1]
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	c := chromium{t, "http://127.0.0.1:" + port + "/session"}
	var s struct{ SessionID string }
	c.send("POST", "", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"goog:chromeOptions":      map[string]any{"args": []string{"--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"}},
		"goog:loggingPrefs":       map[string]string{"browser": "ALL"},
		"timeouts":                map[string]int{"script": 20_000, "pageLoad": 60_000},
		"unhandledPromptBehavior": "ignore",
	}}}, &s)
	c.session += "/" + s.SessionID
	t.Cleanup(func() { c.send("DELETE", "", nil, nil) })
	return c
}

// send sends one command and reads its value.
func (c chromium) send(method, command string, body, value any) {
	c.t.Helper()
	var text []byte
	if method == "POST" {
		text, _ = json.Marshal(body) // of maps and strings, which JSON has
	}
	r, err := http.NewRequest(method, c.session+command, bytes.NewReader(text))
	if err != nil {
		c.t.Fatal(err)
	}
	res, err := (&http.Client{Timeout: 90 * time.Second}).Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s", method, command, answer)
	}
	if err == nil && value != nil {
		err = json.Unmarshal(answer, &struct{ Value any }{value})
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// ask runs a script in the page, which may wait, and reads what it returns.
func (c chromium) ask(script string, value any) {
	c.t.Helper()
	c.send("POST", "/execute/sync", map[string]any{"script": script, "args": []any{}}, value)
}

func (c chromium) press(keys ...string) {
	c.t.Helper()
	var actions []any
	for _, k := range keys {
		actions = append(actions, map[string]string{"type": "keyDown", "value": k}, map[string]string{"type": "keyUp", "value": k})
	}
	c.send("POST", "/actions", map[string]any{"actions": []any{map[string]any{"type": "key", "id": "k", "actions": actions}}}, nil)
}

func (c chromium) devtools(command string, params map[string]any, value any) {
	c.t.Helper()
	c.send("POST", "/goog/cdp/execute", map[string]any{"cmd": command, "params": params}, value)
}

// look is the page on a screen of that size; a picture of it goes to the directory in
// RESCIND_SCREENSHOTS, if there is one.
func (c chromium) look(name string, width int, dark bool) {
	c.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	c.devtools("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	c.devtools("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]string{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	c.picture(name + "-" + scheme)
}

func (c chromium) picture(name string) {
	c.t.Helper()
	dir := os.Getenv("RESCIND_SCREENSHOTS")
	if dir == "" {
		return
	}
	var shot struct{ Data string }
	c.devtools("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &shot)
	picture, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600)
	}
	if err != nil {
		c.t.Error(err)
	}
}
