package config

import (
	"fmt"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// Duration is a time.Duration written as "15m".
type Duration time.Duration

// ReadYAML reads "15m" and refuses what is negative.
func (d *Duration) ReadYAML(r *strictyaml.Reader, what string, n *yaml.Node) {
	v, err := time.ParseDuration(n.Value)
	if err != nil || v < 0 {
		r.Problem(n, "%s is %s, want a duration like 15m or 24h", what, strictyaml.Describe(n))
		return
	}
	*d = Duration(v)
}

// Secret says where a secret is; the value itself never stands in the file.
type Secret struct{ Env, File string }

// ReadYAML refuses an inline secret, without repeating it.
func (s *Secret) ReadYAML(r *strictyaml.Reader, what string, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		r.Problem(n, "a secret is written as {env: NAME} or {file: PATH}, never inline")
		return
	}
	r.Fields(n, what, strictyaml.Keys{"env": r.AnyText(what+".env", &s.Env), "file": r.AnyText(what+".file", &s.File)})
	if (s.Env == "") == (s.File == "") {
		r.Problem(n, "a secret has exactly one of env and file")
	}
}

func (s *Secret) relativeTo(dir string) {
	if s.File != "" {
		s.File = relativeTo(dir, s.File)
	}
}

// Read returns the secret. An unset or empty one is an error: rescind does not
// start without its secrets.
func (s Secret) Read(lookup func(string) (string, bool)) (string, error) {
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
