package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Organization is an organization by its number, with all domains of its accounts: people
// and groups of any other are outsiders.
type Organization struct {
	ID      string   `yaml:"id"`
	Domains []string `yaml:"domains"`
}

// domainsOf are those of each organization ("organizations/77"), in lower case.
func domainsOf(organizations []Organization) map[string][]string {
	out := map[string][]string{}
	for _, o := range organizations {
		var domains []string
		for _, d := range o.Domains {
			domains = append(domains, strings.ToLower(d))
		}
		out[cloud.OrganizationResource(o.ID).Path()] = domains
	}
	return out
}

// checkOrganizations hands each thing that is wrong with the list to refuse.
func checkOrganizations(list []Organization, refuse func(ok bool, key, format string, args ...any)) {
	for i, o := range list {
		at := fmt.Sprintf("organizations[%d]", i)
		refuse(o.ID != "" && strings.Trim(o.ID, "0123456789") == "", at+".id", "%s.id is %q, want the organization's number", at, o.ID)
		refuse(!slices.ContainsFunc(list[:i], func(p Organization) bool { return p.ID == o.ID }), at+".id",
			"%s.id: organization %s is listed twice; all its domains belong into one list", at, o.ID)
		refuse(len(o.Domains) > 0, at+".domains", "%s.domains is empty: everybody would be an outsider; leave the organization out where its domains are not known", at)
		for j, d := range o.Domains {
			refuse(isDomain(d), fmt.Sprintf("%s.domains[%d]", at, j), "%s.domains: %q is no domain, want one like example.com", at, d)
		}
	}
}

// isDomain reports whether the text can be what stands behind the @ of an address.
func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	return len(labels) > 1 && !slices.ContainsFunc(labels, func(l string) bool {
		return l == "" || strings.ContainsAny(l, " \t@:/*")
	})
}
