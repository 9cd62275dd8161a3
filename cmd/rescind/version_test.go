package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/build"
)

func TestVersionSaysWhatTheGoCommandWroteDown(t *testing.T) {
	i := build.Read()
	text := "rescind " + i.Version + "\ncommit: " + i.State() + "\n" + i.Go + " " + i.Platform + "\n"
	for _, args := range [][]string{{"version"}, {"--version"}, {"version", "--format", "text"}} {
		if code, out, errs := runCommand(t, "", args...); code != exitOK || out != text || errs != "" {
			t.Errorf("%q: exit %d\n%s%s\nwant\n%s", args, code, out, errs, text)
		}
	}
	for _, args := range [][]string{{"version", "--format", "json"}, {"--version", "--format", "json"}} {
		code, out, _ := runCommand(t, "", args...)
		var got build.Info
		if err := json.Unmarshal([]byte(out), &got); code != exitOK || err != nil || got.String() != i.String() {
			t.Errorf("%q: exit %d, %v\n%s", args, code, err, out)
		}
	}
}

func TestVersionIsUsedWrongly(t *testing.T) {
	for want, args := range map[string][]string{
		`unexpected argument "x"`:                 {"x"},
		`--format is "table", want text or json`:  {"--format", "table"},
		"flag provided but not defined: -config":  {"--config", "f"},
		`--log-format is "x", want json or text`:  {"--log-format", "x"},
		"flag provided but not defined: -version": {"--version"},
	} {
		code, out, errs := runCommand(t, "", append([]string{"version"}, args...)...)
		if code != exitUsage || out != "" || !strings.HasPrefix(errs, "rescind version: "+want+"\n") {
			t.Errorf("%q: exit %d, stdout %q, stderr:\n%s", args, code, out, errs)
		}
	}
}

// startAndEnd runs serve with the configuration in json until it has begun to
// listen or failed, then cancels it for the reason.
func startAndEnd(t *testing.T, dir, config, port string, args ...string) (code int, log string) {
	t.Helper()
	path := filepath.Join(dir, "rescind.yaml")
	write(t, path, config)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	w := &untilListening{stop: func() { cancel(errors.New("terminated signal received")) }}
	code = run(ctx, append([]string{"serve", "--config", path}, args...), environment{
		lookup: func(name string) (string, bool) { return port, name == "PORT" },
		stdin:  strings.NewReader(""), stdout: w, stderr: w,
	})
	return code, w.String()
}

type untilListening struct {
	bytes.Buffer
	stop func()
}

func (w *untilListening) Write(b []byte) (int, error) {
	n, err := w.Buffer.Write(b)
	if bytes.Contains(b, []byte("listening")) {
		w.stop()
	}
	return n, err
}

func TestServeLogsWhichRescindStartsAndWhyItStops(t *testing.T) {
	dir := t.TempDir()
	code, log := startAndEnd(t, dir, serveConfig(""), "0")
	if code != exitOK {
		t.Errorf("exit %d, want 0", code)
	}
	begins := `^time=\S+ level=INFO msg=starting build.version=\S+ build.commit=.* build.go=go1\.\S+ build.platform=\S+ role=all store=bolt address=:0\n`
	ends := `\n.* level=INFO msg=stopping why="terminated signal received"\n(.*\n)*.* level=INFO msg=stopped why=signal\n$`
	for _, want := range []string{begins, ends} {
		if !regexp.MustCompile(want).MatchString(log) {
			t.Errorf("no %s in:\n%s", want, log)
		}
	}

	code, out, errs := runCommand(t, "", "audit", "list", "--config", filepath.Join(dir, "rescind.yaml"), "--format", "json")
	if code != exitOK || !strings.Contains(out, build.Read().String()+", policies sha256:") {
		t.Errorf("the ledger says another build than the log: exit %d\n%s%s", code, out, errs)
	}
}

func TestServeLogsThatItStoppedByFailure(t *testing.T) {
	dir := t.TempDir()
	code, log := startAndEnd(t, dir, serveConfig(""), "70000")
	if code != exitFailed || !strings.Contains(log, "level=ERROR msg=stopped why=failure\nrescind serve: listen: ") {
		t.Errorf("exit %d, log:\n%s", code, log)
	}
	code, log = startAndEnd(t, dir, serveConfig(""), "70000", "--log-format", "json")
	lines := strings.Split(strings.TrimSpace(log), "\n")
	for _, l := range lines {
		if !json.Valid([]byte(l)) {
			t.Errorf("not JSON: %s", l)
		}
	}
	if last := lines[len(lines)-1]; code != exitFailed || !strings.Contains(last, `"severity":"ERROR","message":"stopped","why":"failure","error":"listen: `) {
		t.Errorf("exit %d, last line:\n%s", code, last)
	}
	if err := os.Remove(filepath.Join(dir, "state.db")); err != nil {
		t.Error(err)
	}
}

func TestTheLogInJSONIsThatOfCloudLogging(t *testing.T) {
	var out bytes.Buffer
	f := newFlags("serve")
	if _, err := f.parse([]string{"--log-format", "json"}); err != nil {
		t.Fatal(err)
	}
	log := f.serviceLogger(environment{stderr: &out}, slog.LevelDebug)
	log.Debug("d")
	log.Info("i", "of", slog.GroupValue(slog.String("msg", "inner"), slog.Any("level", slog.LevelWarn)))
	log.Warn("w", "level", "high")
	log.Error("e")
	got := regexp.MustCompile(`"time":"\d{4}-\d\d-\d\dT[^"]+(Z|[+-]\d\d:\d\d)",`).ReplaceAllString(out.String(), "")
	want := `{"severity":"DEBUG","message":"d"}
{"severity":"INFO","message":"i","of":{"msg":"inner","level":"WARN"}}
{"severity":"WARNING","message":"w","level":"high"}
{"severity":"ERROR","message":"e"}
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
