package slack

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/remediate/authority"
)

// groupSource is what evidence of a user group says it comes from.
const groupSource = "Slack user group"

var _ authority.Directory = (*People)(nil)

// Approver reports whether the principal is in one of the user groups. Somebody
// without an account in the workspace is in none. What Slack does not say,
// because it fails, has no such group or wants a paid plan, is undetermined.
// It keeps nothing; authority.Remembering does.
func (p *People) Approver(ctx context.Context, principal string, _ bool) (authority.Membership, error) {
	mail, isUser := strings.CutPrefix(strings.ToLower(principal), "user:")
	if !isUser || len(p.cfg.Groups) == 0 {
		return authority.Membership{Standing: authority.NoApprover}, nil
	}
	return p.look(ctx, mail), nil
}

func (p *People) look(ctx context.Context, mail string) authority.Membership {
	u, err := p.user(ctx, "users.lookupByEmail", url.Values{"email": {mail}})
	switch {
	case errors.Is(err, errNoUser):
		return p.all(authority.NoApprover, "nobody in the workspace has this mail")
	case err != nil:
		return p.all(authority.Undetermined, err.Error())
	}
	if theirs, plain := plainMail(u.Profile.Email); !plain || theirs != mail {
		return p.all(authority.Undetermined, "Slack answered with somebody of another mail")
	}
	if why := p.unfit(u); why != "" {
		return p.all(authority.NoApprover, why)
	}
	out := authority.Membership{Standing: authority.NoApprover}
	for _, g := range p.cfg.Groups {
		e := p.in(ctx, g, u.ID)
		out.Evidence = append(out.Evidence, e)
		switch e.Standing {
		case authority.Approver:
			out.Standing = authority.Approver
			return out
		case authority.NoApprover:
		default:
			out.Standing = authority.Undetermined
		}
	}
	return out
}

// all is the same finding for every group.
func (p *People) all(s authority.Standing, note string) authority.Membership {
	m := authority.Membership{Standing: s}
	for _, g := range p.cfg.Groups {
		m.Evidence = append(m.Evidence, authority.Evidence{Source: groupSource, Group: g, Standing: s, Note: note})
	}
	return m
}

// in looks the user up in one group.
// https://docs.slack.dev/reference/methods/usergroups.users.list
func (p *People) in(ctx context.Context, group, userID string) authority.Evidence {
	e := authority.Evidence{Source: groupSource, Group: group}
	var answer struct{ Users *[]string }
	err := p.api.call(ctx, "usergroups.users.list", url.Values{"usergroup": {group}}, &answer)
	switch {
	case err != nil:
		e.Note = err.Error()
	case answer.Users == nil:
		e.Note = "the answer lists no members"
	default:
		e.Members, e.Standing = len(*answer.Users), authority.NoApprover
		if slices.Contains(*answer.Users, userID) {
			e.Standing = authority.Approver
		}
	}
	return e
}
