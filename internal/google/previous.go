package google

import (
	"errors"
	"path"
	"slices"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/protobuf/proto"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// previous notes on w what it ran as before, and whether what its template runs
// ran as that account before. Not being allowed to list the revisions leaves both
// unknown, with the reason: it must not stand in the way of taking a grant back.
func (c *Client) previous(w cloud.Workload, t template, created string, list revisionList) (cloud.Workload, error) {
	revisions, err := list(created)
	own, others, all := revisionsAround(revisions, w, path.Base(created))
	var denied *fault.PermissionError
	if errors.As(err, &denied) || errors.Is(err, fault.ErrRefused) {
		w.PreviousWhy = err.Error()
		w.Shares = sharesFrom(w, nil, err.Error())
		w.Content.Why = "its revisions cannot be read: " + err.Error()
		return w, nil
	}
	if err != nil {
		return w, err
	}
	for _, targets := range [][]cloud.TrafficTarget{w.Traffic, w.Serving} {
		for i, t := range targets {
			targets[i].Account, targets[i].UID = all[t.Revision].GetServiceAccount(), all[t.Revision].GetUid()
		}
	}
	w.Shares = sharesFrom(w, all, notAmongNewest)
	if own != nil && madeBy(t, own) {
		w.Revision, w.RevisionUID = path.Base(own.GetName()), own.GetUid()
	}
	if len(others) > 0 {
		w.Previous, w.PreviousRevision = cloud.KnownIdentity(others[0].GetServiceAccount()), path.Base(others[0].GetName())
	}
	w.Content = compared(w, t, own, others)
	if len(all) == 2 && len(others) == 1 {
		w.Served = servedAtFirst(w, others[0])
	}
	return w, nil
}

// servedAtFirst is how the traffic of a service stood that was changed once since it was
// made: all of it went to the revision that it was made with, as there was no other. Of
// tags that says nothing, so it is nil where there are any, as it is for every other service.
func servedAtFirst(w cloud.Workload, first *runpb.Revision) []cloud.Served {
	if w.Generation != 2 || w.Revision == "" || !cloud.Reached(w.Serving, w.Revision) ||
		slices.ContainsFunc(w.Serving, func(t cloud.TrafficTarget) bool { return t.Tag != "" }) {
		return nil
	}
	return []cloud.Served{{Traffic: []cloud.TrafficTarget{
		{Revision: path.Base(first.GetName()), Percent: 100, Account: first.GetServiceAccount(), UID: first.GetUid()},
	}}}
}

// revisionsAround returns the revision that w's template made, nil where it is
// not there yet, the ready ones before it, newest first, and all by their short names.
//
// The revision the template made is the latest created one, ready or not: a
// bad identity often cannot start. But right after a change the latest created
// revision is still the one before it. It then runs as another account than the
// template says, and is itself the one to go back to.
func revisionsAround(revisions []*runpb.Revision, w cloud.Workload, created string) (own *runpb.Revision, others []*runpb.Revision, all map[string]*runpb.Revision) {
	all = map[string]*runpb.Revision{}
	for _, rev := range revisions {
		all[path.Base(rev.GetName())] = rev
		switch {
		case path.Base(rev.GetName()) == created && sameIdentity(cloud.KnownIdentity(rev.GetServiceAccount()), w.Identity):
			own = rev
		case ready(rev):
			others = append(others, rev)
		}
	}
	return own, others, all
}

// compared says whether what the template runs is what one of the other
// revisions ran as the account of the newest of them.
func compared(w cloud.Workload, t template, own *runpb.Revision, others []*runpb.Revision) cloud.Content {
	if len(others) == 0 {
		return cloud.Content{Why: "no revision ran before it"}
	}
	if w.Revision == "" && w.Reconciling {
		return cloud.Content{}
	}
	if w.Revision == "" {
		return cloud.Content{Why: "the revision that its template makes is not there to be compared"}
	}
	why := "no revision ran exactly this as " + w.Previous.Email
	if image := byTag(t); image != "" {
		why = "its template has the image " + image + " by a tag, which a new revision would resolve anew"
	} else if ranAs(w.Previous.Email, own, others) {
		return cloud.Content{RanBefore: !w.Reconciling} // the template may be ahead of its revision
	}
	return cloud.Content{Changes: contentChanges(others[0], own), Why: why}
}

// ranAs reports whether one of the others ran exactly what own does, as the account.
// An image that is not there by its digest is equal to none.
func ranAs(account string, own *runpb.Revision, others []*runpb.Revision) bool {
	if account == "" || len(own.GetContainers()) == 0 || byTag(own) != "" {
		return false
	}
	content := contentOf(own)
	return slices.ContainsFunc(others, func(o *runpb.Revision) bool {
		return o.GetServiceAccount() == account && proto.Equal(contentOf(o), content)
	})
}

// sameIdentity holds for a default account that one side names and the other
// leaves out: Cloud Run fills it in.
func sameIdentity(a, b cloud.Identity) bool {
	return a == b || a.IsDefault() && b.IsDefault() && (a.Email == "" || b.Email == "")
}
