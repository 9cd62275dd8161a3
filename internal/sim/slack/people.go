package slack

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// SetUser adds a user, or changes what there is of one.
func (s *Workspace) SetUser(u User) {
	if u.Team == "" {
		u.Team = s.cfg.Team
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[u.ID] = u
}

// SetGroup replaces the members of a user group.
func (s *Workspace) SetGroup(id string, members ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.Groups = maps.Clone(s.cfg.Groups)
	if s.cfg.Groups == nil {
		s.cfg.Groups = map[string][]string{}
	}
	s.cfg.Groups[id] = members
}

// userObject is a user as Slack's methods show them, to an app with the
// scope users:read.email. https://docs.slack.dev/reference/objects/user-object
func userObject(u User) map[string]any {
	o := map[string]any{
		"id": u.ID, "team_id": u.Team, "name": u.Name, "real_name": u.Name,
		"deleted": u.Deleted, "is_bot": u.Bot, "is_restricted": u.Guest || u.Ultra, "is_ultra_restricted": u.Ultra,
		"is_stranger": u.Stranger, "is_email_confirmed": !u.Unconfirmed,
		"profile": map[string]any{"email": u.Email, "real_name": u.Name},
	}
	if u.Unsaid {
		delete(o, "is_email_confirmed")
	}
	return o
}

func (s *Workspace) userInfo(args url.Values) reply {
	u, ok := s.users[args.Get("user")]
	if !ok {
		return refused("user_not_found")
	}
	return reply{"user": userObject(u)}
}

// userByEmail finds no deactivated user, as Slack does not.
func (s *Workspace) userByEmail(args url.Values) reply {
	for _, id := range slices.Sorted(maps.Keys(s.users)) {
		u := s.users[id]
		if !u.Deleted && u.Email != "" && strings.EqualFold(u.Email, args.Get("email")) {
			return reply{"user": userObject(u)}
		}
	}
	return refused("users_not_found")
}

func (s *Workspace) groups(url.Values) reply {
	list := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(s.cfg.Groups)) {
		list = append(list, map[string]any{"id": id, "is_usergroup": true, "handle": strings.ToLower(id), "user_count": len(s.cfg.Groups[id])})
	}
	return reply{"usergroups": list}
}

func (s *Workspace) groupUsers(args url.Values) reply {
	members, ok := s.cfg.Groups[args.Get("usergroup")]
	if !ok {
		return refused("no_such_subteam")
	}
	return reply{"users": slices.Clone(members)}
}
