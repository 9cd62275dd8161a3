package sim

import (
	"context"
	"strings"

	"google.golang.org/grpc/metadata"
)

// caller is who made a call, as the audit log names them.
type caller struct {
	email     string
	userAgent string
}

// callerOf reads the caller from the request's metadata. A bearer token that
// holds an "@" is the principal's e-mail itself; any other token, or none,
// is the default principal: the simulator authenticates nobody.
func (c *Cloud) callerOf(ctx context.Context) caller {
	md, _ := metadata.FromIncomingContext(ctx)
	who := caller{email: c.opt.DefaultPrincipal, userAgent: first(md.Get("user-agent"))}
	if token, ok := strings.CutPrefix(first(md.Get("authorization")), "Bearer "); ok && strings.Contains(token, "@") {
		who.email = token
	}
	return who
}

// subject is the principalSubject of newer entries.
func (w caller) subject() string {
	if strings.HasSuffix(w.email, ".gserviceaccount.com") {
		return "serviceAccount:" + w.email
	}
	return "user:" + w.email
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}
