package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"time"
)

// program is the rescind that goes into an image, and what the Go command wrote
// into it of its making.
type program struct {
	binary  []byte
	info    *debug.BuildInfo
	arch    string
	command []string // that built it
}

// buildProgram builds ./cmd/rescind of the repository's last commit, static, without
// debug information and without the paths of this machine. It does so in a clone:
// what is not committed stays out, so that the commit says all that was built. (The
// Go command finds no commit in a worktree, either.)
func buildProgram(ctx context.Context, source, arch string) (*program, error) {
	dir, err := os.MkdirTemp("", "rescind-image-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	clone := filepath.Join(dir, "source")
	if out, err := exec.CommandContext(ctx, "git", "clone", "--quiet", "--shared", source, clone).CombinedOutput(); err != nil { //nolint:gosec // the arguments are ours
		return nil, fmt.Errorf("clone %s: %w\n%s", source, err, out)
	}
	file := filepath.Join(dir, "rescind")
	p := &program{arch: arch, command: []string{"go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w -buildid=", "./cmd/rescind"}}
	args := append([]string{"build", "-C", clone, "-o", file}, p.command[2:]...)
	cmd := exec.CommandContext(ctx, p.command[0], args...) //nolint:gosec // the arguments are ours
	// What is set in the environment of whoever builds it changes nothing.
	cmd.Env = append(os.Environ(), p.environment()...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build rescind: %w\n%s", err, out)
	}
	if p.binary, err = os.ReadFile(file); err != nil {
		return nil, err
	}
	if p.info, err = buildinfo.Read(bytes.NewReader(p.binary)); err != nil {
		return nil, fmt.Errorf("read what was built: %w", err)
	}
	if p.commit() == "" || p.made().IsZero() || p.setting("vcs.modified") != "false" {
		return nil, fmt.Errorf("the Go command found no commit in the clone of %s, or changes: nothing would say what was built", source)
	}
	return p, nil
}

// environment is what of it the build depends on.
func (p *program) environment() []string {
	return []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + p.arch, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOWORK=off", "GOEXPERIMENT=", "GOFIPS140=off"}
}

func (p *program) setting(key string) string {
	for _, s := range p.info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// commit is what it was built from, and all of it.
func (p *program) commit() string { return p.setting("vcs.revision") }

// made is the time of the commit, which is that of everything here.
func (p *program) made() time.Time {
	at, err := time.Parse(time.RFC3339, p.setting("vcs.time"))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// writeJSON writes a file for tools, and for people who compare two of them.
func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644) //nolint:gosec // it is to be read by others
}
