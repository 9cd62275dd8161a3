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

// AgentOf returns what a Google-managed account works for, as its name says: a
// project by its number, a folder or an organization. Whoever has a project has
// agents, so an agent of Google's can be anybody's. The zero Resource is for an
// account that is Google's own and works for nobody alone; told is false where the
// name has a number that says nothing certain.
func AgentOf(email string) (of Resource, told bool) {
	name, _, _ := strings.Cut(email, "@")
	if !strings.ContainsAny(name, "0123456789") {
		return Resource{}, true
	}
	for _, f := range agentForms {
		n, ok := strings.CutPrefix(name, f.before)
		n, tail, tailed := strings.Cut(n, "-")
		if ok && isNumber(n) && tailed == f.tailed && (!tailed || tail != "") {
			return f.of(n), true
		}
	}
	return Resource{}, false
}

// agentForms are how the names of agents are written: what is before the number, and
// whether something of Google's choice is behind it, after a dash.
var agentForms = []struct {
	before string
	tailed bool
	of     func(number string) Resource
}{
	{"", false, ProjectResource},
	{"service-", false, ProjectResource},
	{"service-org-", false, OrganizationResource},
	{"service-folder-", false, FolderResource},
	{"project-", false, ProjectResource}, // of Storage Transfer
	{"bq-", false, ProjectResource},      // of BigQuery's keys
	{"bqcx-", true, ProjectResource},     // of BigQuery's connections
	{"p", true, ProjectResource},         // of log sinks, and of databases
	{"o", true, OrganizationResource},
	{"f", true, FolderResource},
}
