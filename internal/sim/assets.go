package sim

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// assetTypes are the types that the simulated index knows.
var assetTypes = map[*kind]string{
	serviceKind: "run.googleapis.com/Service", jobKind: "run.googleapis.com/Job", workerPoolKind: "run.googleapis.com/WorkerPool",
}

// assets is google.cloud.asset.v1.AssetService, of which it answers
// SearchAllResources for Cloud Run.
type assets struct {
	assetpb.UnimplementedAssetServiceServer
	c *Cloud
}

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
func (c *Cloud) index() (out []*assetpb.ResourceSearchResult) {
	for _, full := range slices.Sorted(maps.Keys(c.workloads)) {
		w := c.workloads[full]
		out = append(out, &assetpb.ResourceSearchResult{
			Name: "//run.googleapis.com/" + full, AssetType: assetTypes[w.kind], Location: w.name.location,
			Project: "projects/" + c.containers["projects/"+w.name.project].number, DisplayName: w.name.id,
			AdditionalAttributes: &structpb.Struct{Fields: map[string]*structpb.Value{
				"serviceAccount": structpb.NewStringValue(*w.kind.identity(w.obj)),
			}},
			ParentFullResourceName: "//cloudresourcemanager.googleapis.com/projects/" + w.name.project,
		})
	}
	return out
}

// SearchAllResources knows as a query one word, in quotes or not: in the name or
// in an attribute. A read mask is not looked at.
func (s *assets) SearchAllResources(_ context.Context, r *assetpb.SearchAllResourcesRequest) (out *assetpb.SearchAllResourcesResponse, err error) {
	types, err := typesOf(r.AssetTypes)
	if err != nil {
		return nil, err
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
		index = slices.DeleteFunc(slices.Clone(index), func(a *assetpb.ResourceSearchResult) bool {
			in := strings.TrimPrefix(a.ParentFullResourceName, "//cloudresourcemanager.googleapis.com/")
			return !slices.Contains(s.c.lineage(in), scope) || !types.MatchString(a.AssetType) || !asked(a, strings.Trim(r.Query, `"`))
		})
		r := proto.Clone(r).(*assetpb.SearchAllResourcesRequest)
		r.PageSize = min(max(r.PageSize, 0), 500)
		page, next, err := onePage(index, r)
		out = &assetpb.SearchAllResourcesResponse{Results: page, NextPageToken: next}
		return err
	})
	return out, err
}

func asked(a *assetpb.ResourceSearchResult, word string) bool {
	return word == "" || strings.Contains(a.Name, word) || a.AdditionalAttributes.Fields["serviceAccount"].GetStringValue() == word
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
