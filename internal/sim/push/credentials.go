package push

import (
	"encoding/json"
	"net/http"
	"strings"
)

// CredentialsPath and KeysPath are where Credentials and JWKS are served, beside
// each other: the path of generateIdToken of the IAM Credentials API, and that of
// Google's certificates.
const (
	CredentialsPath = "POST /v1/projects/-/serviceAccounts/{account}" //nolint:gosec // a path, and no credential
	KeysPath        = "GET /oauth2/v3/certs"
)

// Credentials is generateIdToken of the IAM Credentials API. Anybody may
// impersonate any account, for any audience: there is nobody to ask, and the key
// is good only for those who take their keys from JWKS.
func (p *Pusher) Credentials() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Audience     string
			IncludeEmail bool
		}
		account, ok := strings.CutSuffix(r.PathValue("account"), ":generateIdToken")
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&asked)
		switch {
		case !ok || !strings.HasSuffix(account, ".gserviceaccount.com"):
			http.Error(w, `{"error":{"code":404,"status":"NOT_FOUND"}}`, http.StatusNotFound)
			return
		case err != nil || asked.Audience == "" || !asked.IncludeEmail:
			http.Error(w, `{"error":{"code":400,"status":"INVALID_ARGUMENT"}}`, http.StatusBadRequest)
			return
		}
		as := p.As(account)
		as.opt.Audience = asked.Audience
		token, err := as.Token()
		if err != nil {
			http.Error(w, `{"error":{"code":500,"status":"INTERNAL"}}`, http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"token": token})
	})
}
