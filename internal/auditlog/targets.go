package auditlog

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// targets are what a service's traffic, or a worker pool's instance splits, go to. Field
// names and enums: run/v1 and run/v2 discovery documents.
type targets struct {
	list []cloud.TrafficTarget
	// odd is true for one that does not say where it goes in a way that is known.
	odd bool
}

// target is one of them, in the shape of either API.
type target struct {
	Revision      string `json:"revision"`
	RevisionName  string `json:"revisionName"`
	SnakeName     string `json:"revision_name"`
	Latest        bool   `json:"latestRevision"`
	SnakeLatest   bool   `json:"latest_revision"`
	Type          any    `json:"type"`
	Percent       any    `json:"percent"`
	Tag           string `json:"tag"`
	Configuration string `json:"configurationName"`
}

// UnmarshalJSON takes a list of targets. One that cannot be read makes all of them odd:
// what is not told of them may be the revision that matters.
func (t *targets) UnmarshalJSON(raw []byte) error {
	var all []target
	if json.Unmarshal(raw, &all) != nil {
		*t = targets{odd: true}
		return nil //nolint:nilerr // that they are odd is the answer
	}
	*t = targets{}
	for _, one := range all {
		to, ok := one.read()
		t.list, t.odd = append(t.list, to), t.odd || !ok
	}
	return nil
}

// read is the target as a value; false where it says two things, or none that is known.
func (t target) read() (cloud.TrafficTarget, bool) {
	name := cmp.Or(t.Revision, t.RevisionName, t.SnakeName)
	name = part(name[strings.LastIndex(name, "/")+1:])
	percent, ok := integer(t.Percent)
	to := cloud.TrafficTarget{Revision: name, Percent: percent, Tag: t.Tag}
	toLatest := t.Latest || t.SnakeLatest || t.Configuration != "" || latestTypes[t.typeName()]
	return to, ok && percent >= 0 && (toLatest != (name != "")) && (t.Type == nil || toLatest || revisionTypes[t.typeName()])
}

func (t target) typeName() string {
	if s, ok := t.Type.(string); ok {
		return strings.ToUpper(s)
	}
	if n, ok := integer(t.Type); ok && t.Type != nil {
		return []string{"", "1", "2"}[min(max(n, 0), 2)]
	}
	return ""
}

// The types, by name and by number.
var (
	latestTypes = map[string]bool{
		"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST": true, "INSTANCE_SPLIT_ALLOCATION_TYPE_LATEST": true, "1": true,
	}
	revisionTypes = map[string]bool{
		"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION": true, "INSTANCE_SPLIT_ALLOCATION_TYPE_REVISION": true, "2": true,
	}
)

// integer reads a whole number, which protobuf's JSON may write as text. What is missing
// is 0.
func integer(v any) (int32, bool) {
	switch v := v.(type) {
	case nil:
		return 0, true
	case float64:
		return int32(v), v == float64(int32(v))
	case string:
		var n int32
		err := json.Unmarshal([]byte(v), &n)
		return n, err == nil
	}
	return 0, false
}

// shares are the revisions that the write gives requests or instances to, none where it
// left them alone or named none, which is the newest. shown is false where they may have
// changed and the entry does not say to what.
func (w *written) shares() (shares []cloud.Share, shown bool) {
	field := "traffic"
	if w.kind == cloud.RunWorkerPool {
		field = "instancesplits"
	}
	told := w.asked.shares
	switch {
	case w.kind == cloud.RunJob || w.kind == cloud.RunInstance || w.internal || w.verb == cloud.Create: // there is no other revision yet
		return nil, true
	case w.broken:
		return nil, false
	case w.leavesOut(field):
		return nil, true
	case w.stored.shares != nil:
		told = w.stored.shares
	case told == nil:
		return nil, w.stored.fields || w.asked.fields
	}
	if told.odd {
		return nil, false
	}
	shares = cloud.SharesOf(told.list)
	for i := range shares {
		shares[i].Why = "the entry does not show it"
	}
	return shares, true
}
