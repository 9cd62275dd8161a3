package slack

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/finding"
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

// look asks about the ids that the configuration has for the mail. Of whom it does not
// name, the mail has to find the one user.
func (p *People) look(ctx context.Context, mail string) authority.Membership {
	ids := p.namedAs("user:" + mail)
	if len(ids) == 0 {
		u, err := p.user(ctx, "users.lookupByEmail", url.Values{"email": {mail}})
		if theirs, plain := plainMail(u.Profile.Email); err == nil && (!plain || theirs != mail) {
			return p.all(authority.Undetermined, "Slack answered with somebody of another mail")
		}
		return p.membership(ctx, u, err)
	}
	return authority.FirstYes(ids, func(id string) authority.Membership {
		u, err := p.user(ctx, "users.info", url.Values{"user": {id}})
		return p.membership(ctx, u, err)
	})
}

// namedAs are the ids that the configuration gives this name, sorted.
func (p *People) namedAs(principal string) []string {
	var out []string
	for id, name := range p.cfg.Users {
		if finding.Canonical(name) == principal {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// membership is the user's in the groups, or what follows from the error that the
// look-up of the user came to.
func (p *People) membership(ctx context.Context, u user, err error) authority.Membership {
	switch {
	case errors.Is(err, errNoUser):
		return p.all(authority.NoApprover, "nobody in the workspace has this mail, or this id")
	case err != nil:
		return p.all(authority.Undetermined, err.Error())
	}
	if why := p.unfit(u); why != "" {
		return p.all(authority.NoApprover, why)
	}
	return authority.FirstYes(p.cfg.Groups, func(g string) authority.Membership {
		e := p.in(ctx, g, u.ID)
		return authority.Membership{Standing: e.Standing, Evidence: []authority.Evidence{e}}
	})
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
