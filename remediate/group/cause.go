package group

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// Cause is what the findings of a group have in common.
type Cause struct {
	Channel string `json:"channel"` // where all of them belong
	Actor   string `json:"actor,omitempty"`
	Policy  string `json:"policy,omitempty"`
	Project string `json:"project,omitempty"` // or the path of the folder or organization
	// Limit is set in place of the three above where a limit is the cause.
	Limit string `json:"limit,omitempty"`
}

// causeOf is what the finding shares with others that belong in the channel.
func causeOf(f finding.Finding, channel string) Cause {
	if f.Limit != "" {
		return Cause{Channel: channel, Limit: f.Limit}
	}
	c := Cause{Channel: channel, Policy: f.Policy, Project: cmp.Or(f.Resource.Project, f.Resource.Path()), Actor: f.Change.Actor.Principal}
	if len(f.Actors) > 0 {
		c.Actor = f.Actors[0].Principal
	}
	return c
}

func (c Cause) window() time.Duration {
	if c.Limit != "" {
		return limitWindow
	}
	return groupWindow
}

// group is the ID of the n-th group of the cause in the window that begins
// there: everybody comes to the same without a look-up.
func (c Cause) group(start time.Time, n int) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		"group", c.Channel, c.Actor, c.Policy, c.Project, c.Limit, start.UTC().Format(time.RFC3339), strconv.Itoa(n),
	}, "\x00")))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

// groups reports whether the finding shares a message: not one that has its
// own, nor an undo, which people ask for one by one.
func groups(f finding.Finding) bool {
	return f.Group != "" || f.UndoOf == "" && len(f.Surfaces) == 0
}
