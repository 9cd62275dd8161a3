package caller

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// userInfoServer is an endpoint that says who the bearer of the one good token is,
// and credentials in the environment that bring that token.
func userInfoServer(t *testing.T, status int, body string) (url string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"access_token":"good-token","expires_in":3600,"token_type":"Bearer"}`)
	})
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer good-token" || r.URL.RawQuery != "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", credentialsFile(t, srv.URL+"/token"))
	return srv.URL + "/userinfo"
}

func credentialsFile(t *testing.T, tokenURL string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	b, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "not-asked@ops.iam.gserviceaccount.com", "private_key_id": "1", "token_uri": tokenURL,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	must(t, err)
	path := filepath.Join(t.TempDir(), "adc.json")
	must(t, os.WriteFile(path, b, 0o600))
	return path
}

func TestWhoAmIIsWhatGoogleSaysOfTheCredentials(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   string
		fails  string
	}{
		{"a person", 200, `{"sub":"1","email":"ada@example.com","email_verified":true}`, "user:ada@example.com", ""},
		{"a service account", 200, `{"email":"ci@ops.iam.gserviceaccount.com","email_verified":true}`, "serviceAccount:ci@ops.iam.gserviceaccount.com", ""},
		{"an address that is not verified", 200, `{"email":"ada@example.com","email_verified":false}`, "", "not verified"},
		{"an address without a word on it", 200, `{"email":"ada@example.com"}`, "", "not verified"},
		{"no address", 200, `{"sub":"1"}`, "", "does not say whose"},
		{"a token that is not taken", 401, `good-token`, "", "HTTP 401"},
		{"an answer that cannot be read", 200, `<html>good-token`, "", "cannot be read"},
		{"a redirect, which is not followed", 302, `{"email":"ada@example.com","email_verified":true}`, "", "HTTP 302"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := WhoAmI(t.Context(), userInfoServer(t, tt.status, tt.body))
			if got != tt.want || (err != nil) != (tt.fails != "") {
				t.Fatalf("got %q, %v; want %q, an error saying %q", got, err, tt.want, tt.fails)
			}
			if err != nil && (!strings.Contains(err.Error(), tt.fails) || strings.Contains(err.Error(), "good-token")) {
				t.Errorf("error %q, want it to say %q and no token", err, tt.fails)
			}
		})
	}
}

func TestWithoutCredentialsNobodyIsAnybody(t *testing.T) {
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "none.json"))
	if got, err := WhoAmI(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "application-default login") {
		t.Errorf("got %q, %v; want an error that says how to log in", got, err)
	}
}

func TestATokenIsSentToNobodyButGoogle(t *testing.T) {
	for _, address := range []string{"https://evil.example.com/userinfo", "http://10.0.0.1:80/", "ftp://127.0.0.1:1/", "127.0.0.1:1", "http://127.0.0.1@evil.example.com:80/", "%"} {
		if err := CheckUserInfo(address); err == nil {
			t.Errorf("%s is taken", address)
		}
		if _, err := WhoAmI(t.Context(), address); err == nil {
			t.Errorf("%s is asked", address)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
