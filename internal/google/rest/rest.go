// Package rest reads single answers of Google's APIs over REST, for the few calls whose
// generated clients would be a megabyte of the program each.
//
// It promises that an answer is read up to a bound, and that one which is no 2xx is a
// *googleapi.Error.
package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	"google.golang.org/api/option/internaloption"
	transport "google.golang.org/api/transport/http"
)

// Client asks one API. It is safe for concurrent use.
type Client struct {
	client *http.Client
	base   string // with a slash at its end
	most   int64  // bytes of an answer
}

// New returns a Client of the API that is called so ("run", "cloudidentity"), with the
// options after its own, whose answers have at most that many bytes. It makes no call.
func New(ctx context.Context, api string, most int64, opts ...option.ClientOption) (*Client, error) {
	googles := []option.ClientOption{
		internaloption.WithDefaultEndpointTemplate("https://" + api + ".UNIVERSE_DOMAIN/"),
		internaloption.WithDefaultMTLSEndpoint("https://" + api + ".mtls.googleapis.com/"),
		internaloption.WithDefaultUniverseDomain("googleapis.com"),
		internaloption.EnableNewAuthLibrary(),
	}
	client, base, err := transport.NewClient(ctx, append(googles, opts...)...)
	if err != nil {
		return nil, err
	}
	return &Client{client, strings.TrimSuffix(base, "/") + "/", most}, nil
}

// Insecure returns a Client of a server at "host:port", without TLS and credentials.
func Insecure(endpoint string, most int64) *Client {
	return &Client{http.DefaultClient, "http://" + endpoint + "/", most}
}

// Get reads one answer. An answer that is no 2xx is a *googleapi.Error.
func (c *Client) Get(ctx context.Context, path string, query url.Values, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	res, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := googleapi.CheckResponse(res); err != nil {
		return err
	}
	return json.NewDecoder(http.MaxBytesReader(nil, res.Body, c.most)).Decode(into)
}
