package slack

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// PeopleConfig says who is who in a workspace.
type PeopleConfig struct {
	Token  Secret
	APIURL string // where the Web API is; empty for Slack's own
	Team   string // the workspace's id
	// Users are the principals of Slack ids, by name.
	Users map[string]string
	// Groups are the ids of user groups whose members are approvers.
	Groups []string
	// ByMail lets whom Users does not name be the principal of their mail.
	// Whether they are an approver is another question.
	ByMail bool
	// Domains are those whose mail counts; none for any.
	Domains []string
}

// People says who a Slack user is, and who is in a user group. Whom it cannot
// tell for certain it does not know: guests, bots, the deactivated, people of
// other workspaces and of unconfirmed mails are nobody, also where Users names
// them. It needs the scopes users:read, users:read.email and, for groups,
// usergroups:read. It is safe for concurrent use.
type People struct {
	cfg PeopleConfig
	api caller
}

// NewPeople returns the people of the workspace. It makes no call.
func NewPeople(c PeopleConfig) (*People, error) {
	switch {
	case c.Token == "":
		return nil, errors.New("slack people: the bot token is empty")
	case c.Team == "":
		return nil, errors.New("slack people: no team")
	}
	return &People{cfg: c, api: newCaller(c.APIURL, c.Token)}, nil
}

// Principal is an Approvers. It asks Slack anew each time: a mail or an account
// that changed a minute ago must not answer as who it was.
func (p *People) Principal(ctx context.Context, userID string) (string, error) {
	named := p.cfg.Users[userID]
	if named == "" && !p.cfg.ByMail {
		return "", nil
	}
	u, err := p.user(ctx, "users.info", url.Values{"user": {userID}})
	if err != nil {
		return "", err
	}
	if why := p.unfit(u); why != "" {
		return "", &finding.RefusedError{Class: finding.ClassIdentity, Why: why}
	}
	if named != "" {
		return named, nil
	}
	return p.byMail(u)
}

func (p *People) byMail(u user) (string, error) {
	mail, plain := plainMail(u.Profile.Email)
	name, domain, ok := strings.Cut(mail, "@")
	switch {
	case !ok || name == "" || domain == "" || strings.Contains(domain, "@"):
		return "", errors.New("slack users.info: it shows no mail; the bot needs the scope users:read.email")
	case !plain:
		return "", &finding.RefusedError{Class: finding.ClassIdentity, Why: "the mail of your Slack account has other characters than plain ASCII, or a colon, and could be read as somebody else's"}
	case len(p.cfg.Domains) > 0 && !slices.ContainsFunc(p.cfg.Domains, func(d string) bool { return strings.EqualFold(d, domain) }):
		return "", &finding.RefusedError{Class: finding.ClassIdentity, Why: "your Slack account has a mail of " + domain + ", which is not among approvals.approvers.domains"}
	}
	return "user:" + mail, nil
}

// plainMail is the mail in lower case, and whether it is plain ASCII: some other
// letters turn into ASCII ones in lower case, and so into somebody else's mail.
// With a colon it would read as a principal of another kind.
func plainMail(mail string) (lower string, plain bool) {
	odd := func(r rune) bool { return r <= ' ' || r > '~' || r == ':' }
	return strings.ToLower(mail), strings.IndexFunc(mail, odd) < 0
}

// user is the part of Slack's user object that is read. Pointers are what may be
// absent: a missing is_email_confirmed, which Slack does not document, is not a
// false one. https://docs.slack.dev/reference/objects/user-object
type user struct {
	ID             string
	TeamID         string `json:"team_id"`
	Deleted        bool
	IsBot          bool  `json:"is_bot"`
	IsRestricted   bool  `json:"is_restricted"`
	IsUltra        bool  `json:"is_ultra_restricted"`
	IsStranger     bool  `json:"is_stranger"`
	IsWorkflowBot  bool  `json:"is_workflow_bot"`
	EmailConfirmed *bool `json:"is_email_confirmed"`
	Profile        struct {
		Email string
	}
}

// errNoUser is Slack's word that there is no such person.
var errNoUser = errors.New("slack knows no such person")

func (p *People) user(ctx context.Context, method string, args url.Values) (user, error) {
	var answer struct{ User user }
	err := p.api.call(ctx, method, args, &answer)
	var e *Error
	switch {
	case errors.As(err, &e) && (e.Code == "users_not_found" || e.Code == "user_not_found"):
		return user{}, errNoUser
	case err != nil:
		return user{}, err
	case answer.User.ID == "" || answer.User.TeamID == "":
		return user{}, &Error{Method: method, Kind: Lost, Code: "the answer names no user, or no workspace"}
	case args.Get("user") != "" && args.Get("user") != answer.User.ID:
		return user{}, &Error{Method: method, Kind: Lost, Code: "the answer is about somebody else"}
	}
	return answer.User, nil
}

// unfit says why a user may never answer, whoever they are said to be, or "".
// is_app_user is no reason: Slack says it of whoever authorised the app.
func (p *People) unfit(u user) string {
	for _, bar := range []struct {
		holds bool
		why   string
	}{
		{u.Deleted, "your Slack account is deactivated"},
		{u.IsBot || u.IsWorkflowBot || u.ID == "USLACKBOT", "bots do not answer"},
		{u.IsRestricted || u.IsUltra, "guests of the workspace do not answer"},
		{u.IsStranger, "people of other workspaces do not answer"},
		{u.TeamID != p.cfg.Team, "people of other workspaces do not answer"},
		{u.EmailConfirmed != nil && !*u.EmailConfirmed, "the mail of your Slack account is not confirmed"},
	} {
		if bar.holds {
			return bar.why
		}
	}
	return ""
}
