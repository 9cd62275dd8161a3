package sim

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/assets"
)

// assetTypes are the types that the simulated index knows.
var assetTypes = map[*kind]string{
	serviceKind: "run.googleapis.com/Service", jobKind: "run.googleapis.com/Job", workerPoolKind: "run.googleapis.com/WorkerPool", instanceKind: "run.googleapis.com/Instance",
}

// search is Asset search, for Cloud Run.
type search struct{ c *Cloud }

// asset is what the simulated index knows of a workload.
type asset struct{ name, kind, project, account string }

// LagAssets keeps what Asset search shows as it is now, whatever changes; false
// lets the search catch up.
func (c *Cloud) LagAssets(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unindexed = on; on {
		c.indexed = c.index()
	}
}

// index is what a search would show if it were never behind.
func (c *Cloud) index() (out []asset) {
	for _, full := range slices.Sorted(maps.Keys(c.workloads)) {
		w := c.workloads[full]
		out = append(out, asset{"//run.googleapis.com/" + full, assetTypes[w.kind], "projects/" + w.name.project, *w.kind.identity(w.obj)})
	}
	return out
}

// SearchAssets knows as a query one word, in quotes or not: in the name, or the
// account that a workload runs as.
func (s *search) SearchAssets(_ context.Context, r assets.Request) (out assets.Page, err error) {
	types, err := typesOf(r.Types)
	if err != nil {
		return out, err
	}
	err = s.c.read("google.cloud.asset.v1.AssetService.SearchAllResources", func() error {
		scope := s.c.canonical(r.Scope)
		if err := s.c.containerExists(scope); err != nil {
			return err
		}
		index := s.c.indexed
		if !s.c.unindexed {
			index = s.c.index()
		}
		for _, a := range index {
			if slices.Contains(s.c.lineage(a.project), scope) && types.MatchString(a.kind) && a.has(strings.Trim(r.Query, `"`)) {
				out.Names = append(out.Names, a.name)
			}
		}
		list := strings.Join(append([]string{scope, r.Query}, r.Types...), "\n")
		out.Names, out.Next, err = cut(out.Names, list, min(max(r.PageSize, 0), 500), r.PageToken)
		return err
	})
	return out, err
}

func (a asset) has(word string) bool {
	return word == "" || strings.Contains(a.name, word) || a.account == word
}

// typesOf matches the asset types of a request, each an expression, one of which
// has to be a type there is.
func typesOf(wanted []string) (*regexp.Regexp, error) {
	for i, w := range wanted {
		re, err := regexp.Compile("^(" + w + ")$")
		if err != nil || !slices.ContainsFunc(slices.Collect(maps.Values(assetTypes)), re.MatchString) {
			return nil, status.Errorf(codes.InvalidArgument, "asset type %q matches no supported type", wanted[i])
		}
	}
	return regexp.MustCompile("^(" + strings.Join(wanted, "|") + ")"), nil
}
