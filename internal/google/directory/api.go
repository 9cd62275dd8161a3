package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	"google.golang.org/api/option/internaloption"
	transport "google.golang.org/api/transport/http"
)

// maxAnswer bounds one answer.
const maxAnswer = 64 << 20

const groupsReadonly = "https://www.googleapis.com/auth/cloud-identity.groups.readonly"

// identityAPI is what Groups asks of the Cloud Identity API. Its generated client
// has everything else the API can, and took 1 MB of the program.
// https://cloud.google.com/identity/docs/reference/rest
type identityAPI struct {
	client *http.Client
	base   string // with a slash at its end
}

func newIdentityAPI(ctx context.Context, opts ...option.ClientOption) (*identityAPI, error) {
	googles := []option.ClientOption{
		internaloption.WithDefaultEndpointTemplate("https://cloudidentity.UNIVERSE_DOMAIN/"),
		internaloption.WithDefaultMTLSEndpoint("https://cloudidentity.mtls.googleapis.com/"),
		internaloption.WithDefaultUniverseDomain("googleapis.com"),
		internaloption.EnableNewAuthLibrary(),
	}
	client, base, err := transport.NewClient(ctx, append(googles, opts...)...)
	if err != nil {
		return nil, err
	}
	return &identityAPI{client, strings.TrimSuffix(base, "/") + "/"}, nil
}

// groupName is how the API names a group. Another answer does not become part of
// a path.
var groupName = regexp.MustCompile(`^groups/[A-Za-z0-9_-]+$`)

// lookup returns the name of the group with that address.
func (a *identityAPI) lookup(ctx context.Context, email string) (string, error) {
	var found struct {
		Name string `json:"name"`
	}
	if err := a.get(ctx, "v1/groups:lookup", url.Values{"groupKey.id": {email}}, &found); err != nil {
		return "", err
	}
	if !groupName.MatchString(found.Name) {
		return "", fmt.Errorf("the name of group %s is %q, want groups/ID", email, found.Name)
	}
	return found.Name, nil
}

// hasMember reports whether somebody is in the group, or in a group inside it.
func (a *identityAPI) hasMember(ctx context.Context, group, query string) (bool, error) {
	var check struct {
		HasMembership bool `json:"hasMembership"`
	}
	err := a.get(ctx, "v1/"+group+"/memberships:checkTransitiveMembership", url.Values{"query": {query}}, &check)
	return check.HasMembership, err
}

// membership is a member of a group.
type membership struct {
	Key struct {
		ID string `json:"id"`
	} `json:"preferredMemberKey"`
	Type string `json:"type"`
}

// members calls visit with each page of the group's members, until it returns an
// error, which is then returned.
func (a *identityAPI) members(ctx context.Context, group string, visit func([]membership) error) error {
	query := url.Values{"view": {"FULL"}, "pageSize": {"500"}}
	for {
		var page struct {
			Memberships   []membership `json:"memberships"`
			NextPageToken string       `json:"nextPageToken"`
		}
		if err := a.get(ctx, "v1/"+group+"/memberships", query, &page); err != nil {
			return err
		}
		if err := visit(page.Memberships); err != nil || page.NextPageToken == "" {
			return err
		}
		query.Set("pageToken", page.NextPageToken)
	}
}

// get reads one answer. An answer that is no 2xx is a *googleapi.Error.
func (a *identityAPI) get(ctx context.Context, path string, query url.Values, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+path+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	res, err := a.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := googleapi.CheckResponse(res); err != nil {
		return err
	}
	return json.NewDecoder(http.MaxBytesReader(nil, res.Body, maxAnswer)).Decode(into)
}
