package caller

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	iamCredentials = "iamcredentials.googleapis.com"
	platformScope  = "https://www.googleapis.com/auth/cloud-platform"
	// idTokenTimeout bounds the whole question: a person waits for it.
	idTokenTimeout = 15 * time.Second
)

// IDTokenOptions say whose token is asked for, and for whom it is good.
type IDTokenOptions struct {
	Account  string // e-mail of the service account
	Audience string
	// Endpoint is where the IAM Credentials API is, "host:port" or a URL; empty
	// for Google's.
	Endpoint string
	// Insecure reaches the endpoint without TLS or credentials; it must then be
	// named, and on this machine.
	Insecure bool
}

// IDToken has Google make an identity token of a service account that the
// application default credentials may impersonate, as Pub/Sub has one made for a
// push. It is as good as the account's own for an hour: it is neither logged nor
// part of an error.
func IDToken(ctx context.Context, o IDTokenOptions) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, idTokenTimeout)
	defer cancel()
	base, err := o.base()
	if err != nil {
		return "", err
	}
	access := ""
	if !o.Insecure {
		if access, err = accessToken(ctx, platformScope); err != nil {
			return "", err
		}
	}
	token, err := o.ask(ctx, base, access)
	if err != nil {
		return "", fmt.Errorf("ask for a token of %s: %w", o.Account, err)
	}
	return token, nil
}

func (o IDTokenOptions) base() (string, error) {
	address := strings.TrimSuffix(o.Endpoint, "/")
	_, host, isURL := strings.Cut(address, "://")
	if !isURL {
		host = address
	}
	switch {
	case o.Insecure && host == "":
		return "", errors.New("google.insecure is set, and google.endpoints.iamcredentials names nothing in place of " + iamCredentials)
	case o.Insecure && !Loopback(host):
		return "", fmt.Errorf("endpoint %q for %s: an insecure endpoint must be on this machine", o.Endpoint, iamCredentials)
	case o.Insecure:
		return "http://" + host, nil
	case host == "":
		return "https://" + iamCredentials, nil
	}
	return "https://" + host, nil
}

// ask calls generateIdToken.
// https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateIdToken
func (o IDTokenOptions) ask(ctx context.Context, base, access string) (string, error) {
	body, err := json.Marshal(map[string]any{"audience": o.Audience, "includeEmail": true})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/projects/-/serviceAccounts/"+url.PathEscape(o.Account)+":generateIdToken", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	if access != "" {
		req.Header.Set("Authorization", "Bearer "+access)
	}
	res, err := straight().Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var answer struct{ Token string }
	switch err := json.NewDecoder(io.LimitReader(res.Body, 1<<16)).Decode(&answer); {
	case res.StatusCode == http.StatusForbidden:
		return "", errors.New("HTTP 403: you may not, or the IAM Credentials API is switched off; it takes iam.serviceAccounts.getOpenIdToken on that account, which is in roles/iam.serviceAccountOpenIdTokenCreator")
	case res.StatusCode == http.StatusNotFound:
		return "", errors.New("HTTP 404: there is no such account")
	case res.StatusCode != http.StatusOK:
		return "", fmt.Errorf("HTTP %d", res.StatusCode)
	case err != nil || answer.Token == "":
		return "", errors.New("the answer holds no token")
	}
	return answer.Token, nil
}
