package functions_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/functions"
)

func TestATokenOfTheSenderIsAccepted(t *testing.T) {
	o := newOIDC(t, newKeyServer(t).URL, at(issued))
	for name, c := range map[string]claims{
		"Google's issuer with https":    good(),
		"Google's issuer without https": with("iss", "accounts.google.com"),
	} {
		if err := o.Verify(t.Context(), token(c)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryOtherTokenIsRefused(t *testing.T) {
	unsigned := encode(marshal(header("none", "k1"))) + "." + encode(marshal(good())) + "."
	tampered := strings.Split(token(good()), ".")
	tampered[1] = encode(marshal(with("email_verified", "true")))
	for _, tc := range []struct{ name, token, want string }{
		{"another issuer", token(with("iss", "https://accounts.example.com")),
			`issuer is "https://accounts.example.com", want https://accounts.google.com`},
		{"an issuer that begins like Google's", token(with("iss", "https://accounts.google.com.example.com")), "issuer is"},
		{"no issuer", token(without("iss")), `issuer is ""`},
		{"another audience", token(with("aud", "https://other.example.com")), "audience provided does not match"},
		{"an audience in another case", token(with("aud", strings.ToUpper(audience))), "audience provided does not match"},
		{"a list of audiences", token(with("aud", []string{audience})), "unmarshal"},
		{"no audience", token(without("aud")), "audience provided does not match"},
		{"another e-mail", token(with("email", "eve@ops.iam.gserviceaccount.com")),
			`email is "eve@ops.iam.gserviceaccount.com", want "push@ops.iam.gserviceaccount.com"`},
		{"no e-mail", token(without("email")), `email is ""`},
		{"an e-mail that is not verified", token(with("email_verified", false)), `email "push@ops.iam.gserviceaccount.com" is not verified`},
		{"verified in words", token(with("email_verified", "true")), "is not verified"},
		{"nothing said of verification", token(without("email_verified")), "is not verified"},
		{"expired this second", token(with("exp", issued.Unix())), "token expired"},
		{"expired long ago", token(with("exp", int64(1_600_000_000))), "token expired"},
		{"no expiry", token(without("exp")), "token expired"},
		{"signed with another key", sign(otherKey(), header("RS256", "k1"), good()), "verification error"},
		{"a key id that is not published", sign(otherKey(), header("RS256", "k2"), good()), "could not find matching cert keyId"},
		{"claims changed after signing", strings.Join(tampered, "."), "verification error"},
		{"no signature", unsigned, `the token is signed with "none", want RS256`},
		{"a short elliptic signature, which makes the library panic", sign(key(), header("ES256", "k1"), good()), `signed with "ES256"`},
		{"a header that is null, which makes the library panic", sign(key(), nil, good()), `signed with ""`},
		{"claims that are null, which make the library panic", sign(key(), header("RS256", "k1"), nil), "no claims"},
		{"a header that is not base64", "!." + token(good()), "the token has 4 parts, want 3"},
		{"a header that is not JSON", encode([]byte("x")) + ".e30.", "decode header: invalid character"},
		{"claims that are a list", sign(key(), header("RS256", "k1"), []int{1}), "decode claims"},
		{"one word", "hunter2", "the token has 1 parts, want 3"},
		{"no token", "", "there is no bearer token"},
		{"a token too long to be one", strings.Repeat("x", 16<<10+1), "the token has 16385 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := newOIDC(t, newKeyServer(t).URL, at(issued)).Verify(t.Context(), tc.token)
			if !errors.Is(err, functions.ErrInvalidToken) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want an invalid token: %s", err, tc.want)
			}
			if err != nil && len(tc.token) > 0 && strings.Contains(err.Error(), tc.token) {
				t.Error("the error holds the token")
			}
		})
	}
}

func TestWithoutKeysATokenIsNotJudged(t *testing.T) {
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://example.com/keys")
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	for name, h := range map[string]http.HandlerFunc{
		"the key server is down": answer(http.StatusServiceUnavailable, `{"keys":[{}]}`),
		"it leads elsewhere":     answer(http.StatusFound, ""),
		"it answers with a page": answer(http.StatusOK, "<html>"),
		"it has no keys":         answer(http.StatusOK, `{"keys":[]}`),
		"it stops in the middle": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			fmt.Fprint(w, "{")
		},
		"it hangs up without an answer": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(h)
			defer s.Close()
			err := newOIDC(t, s.URL, at(issued)).Verify(t.Context(), token(good()))
			if err == nil || errors.Is(err, functions.ErrInvalidToken) || !strings.HasPrefix(err.Error(), "fetch keys: ") {
				t.Errorf("got error %v, want one of fetching keys", err)
			}
		})
	}
	t.Run("the sender hung up", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := newOIDC(t, newKeyServer(t).URL, at(issued)).Verify(ctx, token(good()))
		if err == nil || errors.Is(err, functions.ErrInvalidToken) {
			t.Errorf("got error %v, want one that may pass", err)
		}
	})
}

func TestATokenIsJudgedOnceTheKeysAreBack(t *testing.T) {
	keys := newKeyServer(t)
	down := true
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		keys.Config.Handler.ServeHTTP(w, r)
	}))
	defer s.Close()
	now := issued
	o := newOIDC(t, s.URL, func() time.Time { return now })
	if err := o.Verify(t.Context(), token(good())); err == nil {
		t.Fatal("verified without keys")
	}
	down = false
	now = now.Add(5 * time.Second) // for so long the failure is remembered
	if err := o.Verify(t.Context(), token(good())); err != nil {
		t.Errorf("with the keys back: %v", err)
	}
}

func TestAVerifiedTokenIsGoodUntilItExpiresAndNoLonger(t *testing.T) {
	s := newKeyServer(t)
	now := issued
	o := newOIDC(t, s.URL, func() time.Time { return now })
	tok := token(good())
	for range 3 {
		if err := o.Verify(t.Context(), tok); err != nil {
			t.Fatal(err)
		}
		now = expires.Add(-time.Nanosecond)
	}
	if got := s.hits.Load(); got != 1 {
		t.Errorf("verified by its signature %d times, want once", got)
	}
	if err := o.Verify(t.Context(), tok+"x"); !errors.Is(err, functions.ErrInvalidToken) {
		t.Errorf("a longer one: got error %v, want an invalid token", err)
	}
	now = expires
	if err := o.Verify(t.Context(), tok); !errors.Is(err, functions.ErrInvalidToken) {
		t.Errorf("at its end: got error %v, want an invalid token", err)
	}
}

// A refused token is judged anew each time: were it remembered as verified,
// the second post would come through.
func TestARefusedTokenIsRefusedAgain(t *testing.T) {
	o := newOIDC(t, newKeyServer(t).URL, at(issued))
	tok := token(with("email", "eve@ops.iam.gserviceaccount.com"))
	for range 2 {
		if err := o.Verify(t.Context(), tok); !errors.Is(err, functions.ErrInvalidToken) {
			t.Errorf("got error %v, want an invalid token", err)
		}
	}
}

func TestAVerifierThatCouldAcceptTooMuchIsRefused(t *testing.T) {
	for _, tc := range []struct {
		name string
		c    functions.OIDCConfig
		want string
	}{
		{"nothing set", functions.OIDCConfig{}, "push audience is empty\npush service account is empty"},
		{"keys over plain http", functions.OIDCConfig{Audience: "a", Email: "e", CertsURL: "http://keys.example.com/x?token=s3cret"},
			`certs URL has scheme "http" and host "keys.example.com": want https, or a loopback address`},
		{"a host that begins like a loopback address", functions.OIDCConfig{Audience: "a", Email: "e", CertsURL: "http://127.0.0.1.example.com"},
			`certs URL has scheme "http" and host "127.0.0.1.example.com": want https, or a loopback address`},
		{"a file", functions.OIDCConfig{Audience: "a", Email: "e", CertsURL: "file:///etc/keys"}, "certs URL is not a URL with a host"},
	} {
		_, err := functions.NewOIDC(tc.c)
		if err == nil || err.Error() != tc.want {
			t.Errorf("%s: got error %v, want %s", tc.name, err, tc.want)
		}
	}
	for _, certs := range []string{"", "https://keys.example.com/", "http://127.0.0.1:1/", "http://[::1]:1/", "http://localhost:1/"} {
		if _, err := functions.NewOIDC(functions.OIDCConfig{Audience: "a", Email: "e", CertsURL: certs}); err != nil {
			t.Errorf("certs URL %q: %v", certs, err)
		}
	}
}
