package sim_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/sim/jwt"
)

var errForged = errors.New("the signature is another's")

// verify checks a token as RFC 7515 says, with nothing but the served key.
func verify(t *testing.T, k *jwt.Key, token string) (header map[string]string, claims map[string]any, err error) {
	t.Helper()
	w := httptest.NewRecorder()
	k.JWKS().ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("keys %s: %v", w.Body, err)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("token %q", token)
	}
	if json.Unmarshal(decode(t, parts[0]), &header) != nil || json.Unmarshal(decode(t, parts[1]), &claims) != nil {
		return header, claims, errForged
	}
	if !signed(t, set.Keys[0], parts[0]+"."+parts[1], decode(t, parts[2])) {
		return header, claims, errForged
	}
	return header, claims, nil
}

func signed(t *testing.T, k map[string]string, text string, signature []byte) bool {
	t.Helper()
	digest := sha256.Sum256([]byte(text))
	number := func(name string) *big.Int { return new(big.Int).SetBytes(decode(t, k[name])) }
	if k["kty"] == "RSA" {
		public := &rsa.PublicKey{N: number("n"), E: int(number("e").Int64())}
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) == nil
	}
	point := slices.Concat([]byte{4}, decode(t, k["x"]), decode(t, k["y"]))
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatalf("served key: %v", err)
	}
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return ecdsa.Verify(public, digest[:], r, s)
}

func decode(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatalf("decode %q: %v", s, err)
	}
	return b
}

func TestATokenIsVerifiedWithTheServedKeyAndNoOther(t *testing.T) {
	for alg, make := range map[string]func() (*jwt.Key, error){"RS256": jwt.NewRS256, "ES256": jwt.NewES256} {
		k, err := make()
		if err != nil {
			t.Fatal(err)
		}
		other, err := make()
		if err != nil {
			t.Fatal(err)
		}
		token, err := k.Sign(map[string]any{"sub": "ada", "exp": 1})
		if err != nil {
			t.Fatal(err)
		}
		header, claims, err := verify(t, k, token)
		if err != nil {
			t.Errorf("%s: %v", alg, err)
		}
		if diff := cmp.Diff(map[string]string{"alg": alg, "kid": "sim", "typ": "JWT"}, header); diff != "" {
			t.Errorf("%s header (-want +got):\n%s", alg, diff)
		}
		if diff := cmp.Diff(map[string]any{"sub": "ada", "exp": 1.0}, claims); diff != "" {
			t.Errorf("%s claims (-want +got):\n%s", alg, diff)
		}
		if _, _, err := verify(t, other, token); err == nil {
			t.Errorf("%s: another key of the same name verifies it", alg)
		}
		parts := strings.Split(token, ".")
		parts[1] = base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"eve","exp":1}`))
		if _, _, err := verify(t, k, strings.Join(parts, ".")); err == nil {
			t.Errorf("%s: the same signature verifies other claims", alg)
		}
	}
}

// A short number has leading zeros that must not be lost; one signature in 128
// or so has one.
func TestEveryES256SignatureIs64Bytes(t *testing.T) {
	k, err := jwt.NewES256()
	if err != nil {
		t.Fatal(err)
	}
	for n := range 600 {
		token, err := k.Sign(map[string]any{"n": n})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := verify(t, k, token); err != nil {
			t.Fatalf("token %d: %v: %s", n, err, token)
		}
	}
}

func TestClaimsThatAreNoJSONAreAnError(t *testing.T) {
	k, err := jwt.NewES256()
	if err != nil {
		t.Fatal(err)
	}
	if token, err := k.Sign(map[string]any{"sub": func() {}}); err == nil {
		t.Errorf("signed as %s", token)
	}
}
