package directory

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"github.com/rescind-dev/rescind/internal/google/caller"
	"github.com/rescind-dev/rescind/remediate/authority"
)

// groupsTimeout bounds the look-up of one person in all groups: somebody waits
// for it who clicked.
const groupsTimeout = 5 * time.Second

// groupSource is what evidence of a Google group says it comes from.
const groupSource = "Google group"

// Options are what Groups needs.
type Options struct {
	// Emails are the groups' addresses.
	Emails []string
	// Endpoint is where the Cloud Identity API is, "host:port" or a URL; empty
	// for Google's.
	Endpoint string
	// Insecure reaches the endpoint without TLS or credentials; it must then be
	// on this machine, and none refuses every request.
	Insecure bool
}

// Groups says who is a member of Google groups, also through groups in them.
// The account that rescind runs as has to be allowed to see the members.
type Groups struct {
	emails []string
	api    *identityAPI
}

var _ authority.Directory = (*Groups)(nil)

// New returns the groups. It makes no call.
func New(ctx context.Context, o Options) (*Groups, error) {
	opts, err := o.client()
	if err != nil {
		return nil, err
	}
	api, err := newIdentityAPI(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("connect to Cloud Identity: %w", err)
	}
	return &Groups{o.Emails, api}, nil
}

func (o Options) client() ([]option.ClientOption, error) {
	address := strings.TrimSuffix(o.Endpoint, "/")
	_, host, isURL := strings.Cut(address, "://")
	if !isURL {
		host = address
	}
	switch {
	case o.Insecure && address == "":
		return []option.ClientOption{option.WithHTTPClient(&http.Client{Transport: nowhere{}})}, nil
	case o.Insecure && !caller.Loopback(host):
		return nil, fmt.Errorf("endpoint %q for cloudidentity.googleapis.com: an insecure endpoint must be on this machine", o.Endpoint)
	case o.Insecure:
		return []option.ClientOption{option.WithEndpoint("http://" + host + "/"), option.WithoutAuthentication()}, nil
	}
	opts := []option.ClientOption{option.WithScopes(groupsReadonly)}
	if address != "" {
		opts = append(opts, option.WithEndpoint("https://"+host+"/"))
	}
	return opts, nil
}

// nowhere is where an insecure configuration reaches that names no endpoint.
type nowhere struct{}

// RoundTrip refuses.
func (nowhere) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no endpoint is configured in place of cloudidentity.googleapis.com")
}

// Approver reports whether the principal, a user or a service account, is in one
// of the groups. It reads anew each time.
func (g *Groups) Approver(ctx context.Context, principal string, _ bool) (authority.Membership, error) {
	kind, mail, _ := strings.Cut(principal, ":")
	out := authority.Membership{Standing: authority.NoApprover}
	if kind != "user" && kind != "serviceAccount" || !strings.Contains(mail, "@") {
		return out, nil
	}
	ctx, cancel := context.WithTimeout(ctx, groupsTimeout)
	defer cancel()
	for _, email := range g.emails {
		e := g.in(ctx, email, mail)
		out.Evidence = append(out.Evidence, e)
		switch e.Standing {
		case authority.Approver:
			out.Standing = authority.Approver
			return out, nil
		case authority.NoApprover:
		default:
			out.Standing = authority.Undetermined
		}
	}
	return out, nil
}

// in looks the address up in one group. Transitive membership takes an edition
// of Cloud Identity that not everybody has: without it, direct members are
// listed, which cannot tell who is in a group inside the group.
// https://cloud.google.com/identity/docs/how-to/memberships-google-groups
func (g *Groups) in(ctx context.Context, group, mail string) authority.Evidence {
	e := authority.Evidence{Source: groupSource, Group: group}
	name, err := g.api.lookup(ctx, group)
	if err != nil {
		e.Note = said(err)
		return e
	}
	member, err := g.api.hasMember(ctx, name, "member_key_id == '"+quotedGroup.Replace(mail)+"'")
	switch {
	case err == nil && member:
		e.Standing = authority.Approver
	case err == nil:
		e.Standing = authority.NoApprover
	case forbidden(err):
		return g.direct(ctx, e, name, mail)
	default:
		e.Note = said(err)
	}
	return e
}

// quotedGroup writes an address into a CEL string: an apostrophe is a letter of some.
var quotedGroup = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

// errFound ends a listing.
var errFound = errors.New("found")

// direct looks among the direct members alone.
func (g *Groups) direct(ctx context.Context, e authority.Evidence, name, mail string) authority.Evidence {
	nested := false
	err := g.api.members(ctx, name, func(page []membership) error {
		e.Members += len(page)
		for _, m := range page {
			nested = nested || m.Type != "USER" && m.Type != "SERVICE_ACCOUNT"
			if strings.EqualFold(m.Key.ID, mail) {
				return errFound
			}
		}
		return nil
	})
	switch {
	case errors.Is(err, errFound):
		e.Standing, e.Note = authority.Approver, "a direct member"
	case err != nil:
		e.Note = said(err)
	case nested:
		e.Note = "no direct member; who is in the groups inside it cannot be looked up with this edition of Cloud Identity"
	default:
		e.Standing, e.Note = authority.NoApprover, "direct members only"
	}
	return e
}

func forbidden(err error) bool {
	var answer *googleapi.Error
	return errors.As(err, &answer) && answer.Code == http.StatusForbidden
}

// said is what went wrong, without the body of an answer.
func said(err error) string {
	var answer *googleapi.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.As(err, &answer):
		return fmt.Sprintf("Cloud Identity answered HTTP %d", answer.Code)
	}
	return "Cloud Identity cannot be reached"
}

// ServiceAccounts are the addresses of the service accounts in the group. Where a group is
// in it, or its members cannot be read, it is an error: somebody in it is not known.
func (g *Groups) ServiceAccounts(ctx context.Context, group string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, groupsTimeout)
	defer cancel()
	name, err := g.api.lookup(ctx, group)
	if err != nil {
		return nil, fmt.Errorf("who is in the group %s could not be read: %s", group, said(err))
	}
	var accounts []string
	nested := ""
	err = g.api.members(ctx, name, func(page []membership) error {
		for _, m := range page {
			switch mail := strings.ToLower(m.Key.ID); {
			case m.Type == "SERVICE_ACCOUNT" || strings.HasSuffix(mail, ".gserviceaccount.com"):
				accounts = append(accounts, mail)
			case m.Type != "USER":
				nested = mail
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("who is in the group %s could not be read: %s", group, said(err))
	case nested != "":
		return accounts, fmt.Errorf("who is in %s, which is in the group %s, is not read", nested, group)
	}
	return accounts, nil
}
