package policies

import (
	"cmp"
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// serving is what `workload.serving` is: the revisions that requests are to reach.
func (e *evaluation) serving() ref.Val {
	if e.part.unreadShares != "" {
		return e.unknown(doubt{what: "which revisions serve", why: e.part.unreadShares})
	}
	if n := len(e.part.shares); n > maxShares {
		return e.unknown(doubt{what: "which revisions serve", why: "they are more than are looked at"})
	}
	vals := make([]ref.Val, len(e.part.shares))
	for i := range e.part.shares {
		vals[i] = &object{servingType, e, &e.part.shares[i]}
	}
	return grantList(vals)
}

func ofShare(o *object) *cloud.Share {
	if s, ok := o.data.(*cloud.Share); ok {
		return s
	}
	return &cloud.Share{}
}

// ofShare returns v, unless what the share's revision runs as is unknown.
func (e *evaluation) ofShare(o *object, v ref.Val) ref.Val {
	s := ofShare(o)
	if s.Identity.Knowledge == cloud.Known || s.Identity.Knowledge == cloud.Unset {
		return v
	}
	return e.unknown(doubt{what: "the account that " + s.String() + " runs as", why: cmp.Or(s.Identity.Unreadable(), s.Why, "nothing shows it")})
}

// blameShares names the revisions to which requests go that violate, or may violate.
func (e *evaluation) blameShares(r *rule, s subject, none answer, f *finding) {
	if s.unreadShares != "" {
		return // nothing is there to be named
	}
	for i, share := range s.shares {
		if e.blames(r, s.onlyShare(i), none, f) {
			f.reasons = append(f.reasons, shareReason(share))
			f.serving = append(f.serving, share)
		}
	}
}

func shareReason(s cloud.Share) string {
	switch s.Identity.Knowledge {
	case cloud.Known:
		return s.String() + " runs as " + s.Identity.Email
	case cloud.Unset:
		return s.String() + " names no service account, so it runs as the default one"
	}
	return s.String() + " may run as another account than the template says"
}

// sharesOf are the texts of the shares, to be measured.
func sharesOf(w cloud.Workload) []string {
	var out []string
	for _, s := range w.Shares {
		out = append(out, slices.Concat([]string{s.Revision, s.Identity.Email}, s.Tags)...)
	}
	return out
}

var noServing = types.NewRefValList(types.DefaultTypeAdapter, nil)
