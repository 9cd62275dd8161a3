package functions_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/functions"
)

const (
	audience = "https://rescind.example.com"
	pusher   = "push@ops.iam.gserviceaccount.com"
)

// idtoken compares exp with the real time. The clock of the tests is ours, so
// they use tokens that really expire long after it.
var (
	issued  = time.Date(2090, 1, 1, 12, 0, 0, 0, time.UTC)
	expires = issued.Add(time.Hour)
)

// key makes one key a process: they take long to make.
var key, otherKey = sync.OnceValue(newKey), sync.OnceValue(newKey)

func newKey() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}

// keyServer publishes one key under the id "k1". It forbids to keep it, so
// that hits counts how many tokens were verified by their signature.
type keyServer struct {
	*httptest.Server
	hits atomic.Int32
}

func newKeyServer(t testing.TB) *keyServer {
	s := &keyServer{}
	k := key()
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.hits.Add(1)
		w.Header().Set("Cache-Control", "max-age=0")
		fmt.Fprintf(w, `{"keys":[{"kid":"k1","kty":"RSA","alg":"RS256","use":"sig","n":%q,"e":%q}]}`,
			encode(k.N.Bytes()), encode(big.NewInt(int64(k.E)).Bytes()))
	}))
	t.Cleanup(s.Close)
	return s
}

type claims map[string]any

// good are the claims of a token that is accepted; with, those with one other.
func good() claims {
	return claims{"iss": "https://accounts.google.com", "aud": audience, "email": pusher, "email_verified": true,
		"sub": "1", "iat": issued.Unix(), "exp": expires.Unix()}
}

func with(name string, value any) claims {
	c := maps.Clone(good())
	c[name] = value
	return c
}

func without(name string) claims {
	c := maps.Clone(good())
	delete(c, name)
	return c
}

// sign makes a token as Google does, with any key, key id and header.
func sign(k *rsa.PrivateKey, header, payload any) string {
	signed := encode(marshal(header)) + "." + encode(marshal(payload))
	digest := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(nil, k, crypto.SHA256, digest[:])
	if err != nil {
		panic(err)
	}
	return signed + "." + encode(sig)
}

func token(c claims) string { return sign(key(), header("RS256", "k1"), c) }

func header(alg, kid string) claims { return claims{"alg": alg, "kid": kid, "typ": "JWT"} }

func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func newOIDC(t testing.TB, certs string, now func() time.Time) *functions.OIDC {
	t.Helper()
	o, err := functions.NewOIDC(functions.OIDCConfig{Audience: audience, Email: pusher, CertsURL: certs, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func at(when time.Time) func() time.Time { return func() time.Time { return when } }
