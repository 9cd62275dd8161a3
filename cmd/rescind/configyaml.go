package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// duration is a time.Duration written as "15m".
type duration time.Duration

// ReadYAML reads "15m" and refuses what is negative.
func (d *duration) ReadYAML(r *strictyaml.Reader, what string, n *yaml.Node) {
	v, err := time.ParseDuration(n.Value)
	if err != nil || v < 0 {
		r.Problem(n, "%s is %s, want a duration like 15m or 24h", what, strictyaml.Describe(n))
		return
	}
	*d = duration(v)
}

// secret says where a secret is; the value itself never stands in the file.
type secret struct{ Env, File string }

// ReadYAML refuses an inline secret, without repeating it.
func (s *secret) ReadYAML(r *strictyaml.Reader, what string, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		r.Problem(n, "a secret is written as {env: NAME} or {file: PATH}, never inline")
		return
	}
	r.Fields(n, what, strictyaml.Keys{"env": r.AnyText("env", &s.Env), "file": r.AnyText("file", &s.File)})
	if (s.Env == "") == (s.File == "") {
		r.Problem(n, "a secret has exactly one of env and file")
	}
}

func (s *secret) relativeTo(dir string) {
	if s.File != "" {
		s.File = relativeTo(dir, s.File)
	}
}

// read returns the secret. An unset or empty one is an error: rescind does not
// start without its secrets.
func (s secret) read(lookup func(string) (string, bool)) (string, error) {
	if s.Env != "" {
		v, ok := lookup(s.Env)
		if !ok || v == "" {
			return "", fmt.Errorf("secret: environment variable %s is not set", s.Env)
		}
		return v, nil
	}
	b, err := os.ReadFile(s.File)
	if err != nil {
		return "", fmt.Errorf("secret: %w", err)
	}
	v := strings.TrimSpace(string(b))
	if v == "" {
		return "", fmt.Errorf("secret: file %s is empty", s.File)
	}
	return v, nil
}
