package google

import (
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/protobuf/proto"

	"github.com/rescind-dev/rescind/remediate/trail"
)

// maxChanges and maxChanged bound what is told of a difference: lines, and
// characters of one. It is for a card.
const (
	maxChanges = 12
	maxChanged = 300
)

// contentChanges says in lines what now runs otherwise than before did: the
// images, the commands, and the names of variables and secrets. Values are not
// in it.
func contentChanges(before, now *runpb.Revision) []string {
	a, b := contentOf(before), contentOf(now)
	var out []string
	for i := range max(len(before.Containers), len(now.Containers)) {
		out = append(out, containerChanges(at(before.Containers, i), at(now.Containers, i), at(a.Containers, i), at(b.Containers, i))...)
	}
	a.Containers, b.Containers = nil, nil
	if vs := changedVolumes(a.Volumes, b.Volumes); len(vs) > 0 {
		out = append(out, "changed volumes and mounted secrets: "+strings.Join(vs, ", "))
	}
	a.Volumes, b.Volumes = nil, nil
	if !proto.Equal(a, b) {
		out = append(out, "other settings, labels or annotations of the revision differ")
	}
	for i, line := range out {
		out[i] = trail.Fit(line, maxChanged)
	}
	return out[:min(len(out), maxChanges)]
}

func at(cs []*runpb.Container, i int) *runpb.Container {
	if i < len(cs) {
		return cs[i]
	}
	return &runpb.Container{}
}

// containerChanges compares two containers as they were read, and their contents.
func containerChanges(before, now, a, b *runpb.Container) (out []string) {
	a, b = proto.CloneOf(a), proto.CloneOf(b)
	if a.Image != b.Image {
		out = append(out, "image "+orNone(now.Image)+", before "+orNone(before.Image))
	}
	if !slices.Equal(a.Command, b.Command) {
		out = append(out, "command "+commandLine(now.Command)+", before "+commandLine(before.Command))
	}
	if !slices.Equal(a.Args, b.Args) {
		out = append(out, "other arguments")
	}
	vars, secrets := changedEnv(a.Env, b.Env)
	if len(vars) > 0 {
		out = append(out, "changed variables: "+strings.Join(vars, ", "))
	}
	if len(secrets) > 0 {
		out = append(out, "changed secrets: "+strings.Join(secrets, ", "))
	}
	for _, c := range []*runpb.Container{a, b} {
		c.Image, c.Command, c.Args, c.Env = "", nil, nil, nil
	}
	if !proto.Equal(a, b) {
		out = append(out, "other settings of the container differ: mounts, ports, probes, resources or the like")
	}
	return out
}

// changedEnv names the variables that differ, and those that are read from
// secrets with the secret.
func changedEnv(a, b []*runpb.EnvVar) (vars, secrets []string) {
	for _, e := range onOneSide(a, b) {
		if ref := e.GetValueSource().GetSecretKeyRef(); ref != nil {
			secrets = append(secrets, e.GetName()+" from "+ref.GetSecret()+":"+ref.GetVersion())
		} else {
			vars = append(vars, e.GetName())
		}
	}
	if len(vars)+len(secrets) == 0 && !slices.EqualFunc(a, b, func(x, y *runpb.EnvVar) bool { return proto.Equal(x, y) }) {
		return []string{"their order"}, nil
	}
	return distinct(vars), distinct(secrets)
}

func changedVolumes(a, b []*runpb.Volume) (out []string) {
	for _, v := range onOneSide(a, b) {
		name := v.GetName()
		if s := v.GetSecret(); s != nil {
			name += " from secret " + s.GetSecret()
		}
		out = append(out, name)
	}
	return distinct(out)
}

// onOneSide are the messages that one of the lists has and the other has not.
func onOneSide[T proto.Message](a, b []T) []T {
	return slices.DeleteFunc(slices.Concat(a, b), func(m T) bool {
		same := func(o T) bool { return proto.Equal(m, o) }
		return slices.ContainsFunc(a, same) && slices.ContainsFunc(b, same)
	})
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

func commandLine(words []string) string {
	if len(words) == 0 {
		return "(the image's own)"
	}
	return fmt.Sprintf("%q", words)
}
