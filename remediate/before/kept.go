package before

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// An allow policy has 1,500 members at most (https://cloud.google.com/iam/quotas#limits),
// and a condition of some kilobytes may stand above all of them. Kept for each grant, it
// would be more than a store takes, and what cannot be remembered is not judged.
const (
	maxGrant = 200 // bytes of a grant as JSON that is kept as it is
	maxBy    = 250 // bytes of a principal
)

// kept are the grants as they are remembered.
func kept(grants []cloud.Grant) []cloud.Grant {
	out := make([]cloud.Grant, len(grants))
	for i, g := range grants {
		out[i] = keptGrant(g)
	}
	return out
}

// keptGrant is the grant, or where it is long its digest in place of the member.
func keptGrant(g cloud.Grant) cloud.Grant {
	b, err := json.Marshal(g)
	if err != nil || len(b) <= maxGrant { // text alone: there is no error
		return g
	}
	digest := sha256.Sum256(b)
	return cloud.Grant{Member: cloud.Member("sha256:" + hex.EncodeToString(digest[:]))}
}

// keptBy is the principal, cut where it is longer than any true one.
func keptBy(principal string) string {
	if len(principal) <= maxBy {
		return principal
	}
	return strings.ToValidUTF8(principal[:maxBy], "") + "…"
}
