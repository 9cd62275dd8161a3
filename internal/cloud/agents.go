package cloud

import (
	_ "embed"
	"strings"
)

// agentDomains are the domains of Google's service agents. A project id can look
// like most of these, so one that is not there is taken for somebody's project, and
// the agent for their account: service-1@gcp-sa-new.iam.gserviceaccount.com can be
// made by whoever is first to name a project gcp-sa-new.
//
//go:embed agents.txt
var agentDomains string

// agents are the full domains of Google's service agents.
var agents = func() map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(agentDomains) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, d := range strings.Fields(line) {
			out[d+".iam.gserviceaccount.com"] = true
		}
	}
	return out
}()

// robots are the domains of Google's other accounts, which end otherwise.
var robots = map[string]bool{
	"cloudservices.gserviceaccount.com": true, "cloudbuild.gserviceaccount.com": true, "system.gserviceaccount.com": true,
}

// IsGoogleManaged reports whether the e-mail is a service agent or another
// account that Google itself operates, told by its full domain: the name before it
// can be anybody's. Such a member is never touched: removing it can break the
// service it works for.
// https://cloud.google.com/iam/docs/service-agents
func IsGoogleManaged(email string) bool {
	name, domain, _ := strings.Cut(email, "@")
	return name != "" && (agents[domain] || robots[domain])
}
