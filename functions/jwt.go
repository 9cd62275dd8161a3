package functions

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// maxToken is far above any token that Google signs (about 1 KiB).
const maxToken = 16 << 10

// checkShape refuses what must not reach idtoken (auth v0.24.3): it panics on
// a header or claims that are the JSON null, and on a short ES256 signature.
// Google signs these tokens with RS256 alone.
func checkShape(token string) error {
	if token == "" {
		return errors.New("there is no bearer token")
	}
	if len(token) > maxToken {
		return fmt.Errorf("the token has %d bytes", len(token))
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return fmt.Errorf("the token has %d parts, want 3", len(parts))
	}
	var header struct {
		Alg string `json:"alg"`
	}
	if err := decodePart(parts[0], &header); err != nil {
		return fmt.Errorf("decode header: %w", err)
	}
	if header.Alg != "RS256" {
		return fmt.Errorf("the token is signed with %q, want RS256", header.Alg)
	}
	var claims map[string]json.RawMessage
	if err := decodePart(parts[1], &claims); err != nil {
		return fmt.Errorf("decode claims: %w", err)
	}
	if claims == nil {
		return errors.New("the token has no claims")
	}
	return nil
}

func decodePart(s string, v any) error {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}
