package directory

import (
	"context"
	"fmt"
	"net/url"
	"regexp"

	"google.golang.org/api/option"

	"github.com/rescind-dev/rescind/internal/google/rest"
)

// maxAnswer bounds one answer.
const maxAnswer = 64 << 20

const groupsReadonly = "https://www.googleapis.com/auth/cloud-identity.groups.readonly"

// identityAPI is what Groups asks of the Cloud Identity API. Its generated client
// has everything else the API can, and took 1 MB of the program.
// https://cloud.google.com/identity/docs/reference/rest
type identityAPI struct{ api *rest.Client }

func newIdentityAPI(ctx context.Context, opts ...option.ClientOption) (*identityAPI, error) {
	api, err := rest.New(ctx, "cloudidentity", maxAnswer, opts...)
	if err != nil {
		return nil, err
	}
	return &identityAPI{api}, nil
}

// groupName is how the API names a group. Another answer does not become part of
// a path.
var groupName = regexp.MustCompile(`^groups/[A-Za-z0-9_-]+$`)

// lookup returns the name of the group with that address.
func (a *identityAPI) lookup(ctx context.Context, email string) (string, error) {
	var found struct {
		Name string `json:"name"`
	}
	if err := a.api.Get(ctx, "v1/groups:lookup", url.Values{"groupKey.id": {email}}, &found); err != nil {
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
	err := a.api.Get(ctx, "v1/"+group+"/memberships:checkTransitiveMembership", url.Values{"query": {query}}, &check)
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
		if err := a.api.Get(ctx, "v1/"+group+"/memberships", query, &page); err != nil {
			return err
		}
		if err := visit(page.Memberships); err != nil || page.NextPageToken == "" {
			return err
		}
		query.Set("pageToken", page.NextPageToken)
	}
}
