package caller

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cloud.google.com/go/auth"
)

const (
	// userInfo is where Google says whose access token it is.
	// https://developers.google.com/identity/openid-connect/openid-connect#obtaininguserprofileinformation
	userInfo   = "https://openidconnect.googleapis.com/v1/userinfo"
	emailScope = "https://www.googleapis.com/auth/userinfo.email"
	// whoAmITimeout bounds the whole question: a person waits for it.
	whoAmITimeout = 15 * time.Second
)

// WhoAmI returns the principal that this process's application default
// credentials stand for, such as "user:ada@example.com", as Google says it. It
// never takes anybody's word for it: where Google does not say, or does not
// vouch for the address, that is an error.
//
// The endpoint is for tests and has to be on this machine, as it is sent an
// access token; empty means Google's.
func WhoAmI(ctx context.Context, endpoint string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, whoAmITimeout)
	defer cancel()
	if err := CheckUserInfo(endpoint); err != nil {
		return "", err
	}
	if endpoint == "" {
		endpoint = userInfo
	}
	token, err := accessToken(ctx, emailScope)
	if err != nil {
		return "", err
	}
	return owner(ctx, endpoint, token)
}

// CheckUserInfo returns an error unless WhoAmI takes the endpoint.
func CheckUserInfo(endpoint string) error {
	u, err := url.Parse(endpoint)
	switch {
	case endpoint == "":
		return nil
	case err != nil:
		return errors.New("the address cannot be read")
	case u.Scheme != "http" && u.Scheme != "https", !Loopback(u.Host):
		return fmt.Errorf("%q is not on this machine: an access token would be sent there", u.Host)
	}
	return nil
}

// withoutBody keeps what a token endpoint answered, which nobody vouches for,
// out of the error.
func withoutBody(err error) error {
	var refused *auth.Error
	if errors.As(err, &refused) && refused.Response != nil {
		return fmt.Errorf("the token endpoint answered HTTP %d", refused.Response.StatusCode)
	}
	return err
}

func owner(ctx context.Context, endpoint, token string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint, nil)
	if err != nil {
		return "", fmt.Errorf("ask Google whose credentials these are: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := straight().Do(req)
	if err != nil {
		return "", fmt.Errorf("ask Google whose credentials these are: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("ask Google whose credentials these are: HTTP %d", res.StatusCode)
	}
	var said struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<16)).Decode(&said); err != nil {
		return "", errors.New("ask Google whose credentials these are: the answer cannot be read")
	}
	return principal(said.Email, said.Verified)
}

func principal(email string, verified bool) (string, error) {
	switch {
	case email == "" || !strings.Contains(email, "@"):
		return "", errors.New("the answer does not say whose credentials these are: they lack the scope " + emailScope)
	case !verified:
		return "", errors.New("the address of these credentials is not verified")
	case strings.HasSuffix(email, ".gserviceaccount.com"):
		return "serviceAccount:" + email, nil
	}
	return "user:" + email, nil
}
