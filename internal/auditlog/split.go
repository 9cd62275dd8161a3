package auditlog

import (
	"encoding/json"
	"fmt"
)

// split is how Cloud Logging marks the pieces of an entry that was too large.
// https://cloud.google.com/logging/docs/audit/split-logs
type split struct {
	UID   string `json:"uid"`
	Index int    `json:"index"`
	Total int    `json:"totalSplits"`
}

// split is zero for a whole entry. What cannot be read counts as a piece, for
// then nothing is concluded from what the entry leaves out.
func (e *envelope) split() split {
	if len(e.Split) == 0 {
		return split{}
	}
	var s split
	if err := json.Unmarshal(e.Split, &s); err != nil {
		s.Total = max(s.Total, 2)
	}
	return s
}

// dropPieces leaves the bodies of a piece unread: any part of them may be in
// another entry, and an absent value would look like an unset one.
func (e *envelope) dropPieces() {
	if s := e.split(); s.Total > 1 {
		e.cut = fmt.Sprintf("the entry is piece %d of %d of a split one", s.Index+1, s.Total)
	}
}

// piece explains a missing header: only the first piece tends to carry it.
func (e *envelope) piece() string {
	if s := e.split(); s.Total > 1 {
		return fmt.Sprintf("; this is piece %d of %d of a split entry", s.Index+1, s.Total)
	}
	return ""
}
