package google

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/assets"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// runAssets are the asset types that run as an account, as one expression: a
// type by its name that the search does not know yet would be an error.
// https://cloud.google.com/asset-inventory/docs/asset-types
const runAssets = "run.googleapis.com/(Service|Job|WorkerPool|Instance)"

// maxHits bounds how many workloads that a search names are read.
const maxHits = 20

// searchRunsAs looks for a workload that runs as the account anywhere in the
// scope, and returns it, or "". Its index is behind what is live, by minutes or
// more. So a workload that it names is read, and counts if it runs as the
// account now; and that it names none says nothing: only the lists can say no.
//
// Which attributes of a workload the search knows is for Google to say, so it
// is asked for the account's e-mail as a word in any of them.
//
// SearchAllIamPolicies would not help: it knows what an account is granted, and
// not what runs as it.
func (c *Client) searchRunsAs(ctx context.Context, email string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	var problems []error
	for _, top := range c.searchIn {
		found, err := c.searchWorkloads(ctx, top, email)
		switch {
		case noSearch(err):
			c.withoutSearch.Do(func() {
				c.log.WarnContext(ctx, "Asset search is not available: which accounts workloads run as is told by lists alone", "error", err.Error())
			})
			continue
		case err != nil:
			problems = append(problems, explain(err, "search", top, "cloudasset.assets.searchAllResources"))
		}
		at, err := c.firstRunningAs(ctx, found, email)
		if at != "" {
			return at, nil
		}
		problems = append(problems, err)
	}
	return "", sentence(problems)
}

func (c *Client) searchWorkloads(ctx context.Context, top cloud.Resource, email string) (found []cloud.Resource, err error) {
	r := assets.Request{Scope: top.Path(), Query: strconv.Quote(email), Types: []string{runAssets}}
	for {
		page, err := assets.Search(ctx, c.assets, r)
		if err != nil {
			return found, err
		}
		for _, name := range page.Names {
			if len(found) == maxHits {
				return found, fmt.Errorf("more than %d workloads name %s", maxHits, email)
			}
			w, err := cloud.ParseResource(name)
			if err != nil {
				return found, err
			}
			found = append(found, w)
		}
		if page.Next == "" {
			return found, nil
		}
		r.PageToken = page.Next
	}
}

// firstRunningAs reads workloads until one runs as the account.
func (c *Client) firstRunningAs(ctx context.Context, found []cloud.Resource, email string) (string, error) {
	var problems []error
	for _, r := range found {
		w, err := c.Workload(ctx, r)
		switch {
		case errors.Is(err, fault.ErrNotFound):
		case err != nil:
			problems = append(problems, err)
		case w.Identity.Knowledge == cloud.Known && w.Identity.Email == email:
			return r.String(), nil
		}
	}
	return "", sentence(problems)
}

// noSearch reports whether there is no Asset search for rescind: the API is not
// enabled, not allowed, or left out of an insecure configuration. Both of the
// first are PERMISSION_DENIED.
func noSearch(err error) bool {
	var busy *fault.BusyError
	if err == nil || errors.As(err, &busy) {
		return false
	}
	c := status.Code(err)
	return c == codes.PermissionDenied || c == codes.Unimplemented || errors.Is(err, errNoEndpoint)
}
