package google

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/protobuf/proto"
)

// What a revision runs is all of it but who runs it, what it is called, and what
// Google Cloud or a tool notes about it. What this version does not know of it
// counts, as it is kept in the message.

// stamps are the labels and annotations by which tools tell their deploys apart:
// these and no others. What a deploy is for is no stamp, and nor is anything that
// the running code or Google Cloud goes by.
var stamps = map[string]bool{
	// gcloud, the console and the Knative clients
	"run.googleapis.com/client-name":    true,
	"run.googleapis.com/client-version": true,
	"client.knative.dev/nonce":          true,
	"client.knative.dev/user-image":     true, // what was typed; the image itself is compared
	// Cloud Build's deploy step
	"managed-by":         true,
	"commit-sha":         true,
	"gcb-build-id":       true,
	"gcb-trigger-id":     true,
	"gcb-trigger-region": true,
	// Cloud Run itself
	"run.googleapis.com/operation-id":             true,
	"run.googleapis.com/startupProbeType":         true,
	"serving.knative.dev/configuration":           true,
	"serving.knative.dev/configurationGeneration": true,
	"serving.knative.dev/configurationUid":        true,
	"serving.knative.dev/creator":                 true,
	"serving.knative.dev/lastModifier":            true,
	"serving.knative.dev/route":                   true,
	"serving.knative.dev/routingState":            true,
	"serving.knative.dev/routingStateModified":    true,
	"serving.knative.dev/service":                 true,
	"serving.knative.dev/serviceUid":              true,
	"cloud.googleapis.com/location":               true,
	"run.googleapis.com/satisfiesPzs":             true,
}

// contentOf is what the revision runs. An image is its digest, and a variable's
// value the digest of it: the value itself goes no further.
func contentOf(rev *runpb.Revision) *runpb.Revision {
	r := proto.CloneOf(rev)
	r.Name, r.Uid, r.Etag, r.Generation, r.ObservedGeneration = "", "", "", 0, 0
	r.CreateTime, r.UpdateTime, r.DeleteTime, r.ExpireTime = nil, nil, nil, nil
	r.ServiceAccount, r.Creator, r.LogUri = "", "", ""
	r.Reconciling, r.Conditions, r.ScalingStatus, r.SatisfiesPzs = false, nil, nil, false
	r.LaunchStage = 0 // that of the features it uses, which are compared
	isStamp := func(key, _ string) bool { return stamps[key] }
	maps.DeleteFunc(r.Labels, isStamp)
	maps.DeleteFunc(r.Annotations, isStamp)
	for _, c := range r.Containers {
		c.Image = imageDigest(c.Image)
		for _, e := range c.Env {
			if v, ok := e.Values.(*runpb.EnvVar_Value); ok {
				sum := sha256.Sum256([]byte(v.Value))
				e.Values = &runpb.EnvVar_Value{Value: hex.EncodeToString(sum[:])}
			}
		}
	}
	return r
}

const digestMark = "@sha256:"

// imageDigest is the digest that the image is named by; empty for a tag.
func imageDigest(image string) string {
	_, digest, named := strings.Cut(image, digestMark)
	if b, err := hex.DecodeString(digest); !named || err != nil || len(b) != sha256.Size {
		return ""
	}
	return strings.ToLower(digest)
}

// template is what services and worker pools make revisions from, and a revision,
// which holds the same.
type template interface {
	GetContainers() []*runpb.Container
	GetServiceAccount() string
}

// byTag names an image that is there by a tag: whoever deploys it again gets what the
// tag points at by then. It is empty where there is none.
func byTag(t template) string {
	for _, c := range t.GetContainers() {
		if imageDigest(c.GetImage()) == "" {
			return c.GetImage()
		}
	}
	return ""
}

// madeBy reports whether the revision may be what the template makes: what no
// default fills in is the same. A template that was written since is another one.
func madeBy(t template, rev *runpb.Revision) bool {
	return slices.EqualFunc(t.GetContainers(), rev.GetContainers(), func(a, b *runpb.Container) bool {
		resolved := imageDigest(a.GetImage()) == "" && imageDigest(b.GetImage()) != ""
		return (resolved || imageDigest(a.GetImage()) == imageDigest(b.GetImage())) && proto.Equal(asWritten(a), asWritten(b))
	})
}

// asWritten is what of a container nobody but its author fills in, its image apart.
func asWritten(c *runpb.Container) *runpb.Container {
	return &runpb.Container{
		Command: c.GetCommand(), Args: c.GetArgs(), Env: c.GetEnv(), WorkingDir: c.GetWorkingDir(),
		VolumeMounts: c.GetVolumeMounts(), SourceCode: c.GetSourceCode(), BaseImageUri: c.GetBaseImageUri(),
	}
}
