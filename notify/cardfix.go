package notify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// fix is what ends the violation for good: the commands that do by hand what a
// revert does, and what to change in Terraform so that the next apply does not
// bring it back. Where people decided that the change stays there is none.
func fix(f finding.Finding) []string {
	if f.UndoOf != "" {
		return nil // what was brought back is meant to stay
	}
	switch f.State {
	case state.Kept, state.Exempted, state.Superseded, state.Undone:
		return nil
	}
	var out []string
	for _, s := range f.Plan.Steps {
		out = append(out, commands(s)...)
		if hint := terraform(s); hint != "" {
			out = append(out, "# Terraform: "+hint)
		}
	}
	return out
}

// gcloudGroup is the command group of each kind of resource. Worker pools are
// in beta: https://cloud.google.com/sdk/gcloud/reference/beta/run/worker-pools
var gcloudGroup = map[cloud.Kind]string{
	cloud.RunService: "gcloud run services", cloud.RunJob: "gcloud run jobs", cloud.RunWorkerPool: "gcloud beta run worker-pools",
	cloud.Project: "gcloud projects", cloud.Folder: "gcloud resource-manager folders", cloud.Organization: "gcloud organizations",
	cloud.ServiceAccount: "gcloud iam service-accounts",
}

func commands(s judge.Step) []string {
	group := gcloudGroup[s.Resource.Kind]
	switch {
	case group == "":
		return nil
	case s.Kind == policies.RemoveGrants:
		return bindings(s, "remove", s.Before.Grants)
	case s.Kind == policies.RestoreCondition:
		// First the grant that holds, so that nobody is locked out in between.
		return append(bindings(s, "add", s.After.Grants), bindings(s, "remove", s.Before.Grants)...)
	case s.Kind == policies.RequireInvoker:
		return []string{group + " update " + target(s.Resource) + " --invoker-iam-check"}
	case s.Kind == policies.RestoreIdentity && s.After.ServiceAccount != "":
		return []string{group + " update " + target(s.Resource) + " --service-account=" + quote(s.After.ServiceAccount)}
	case s.Kind == policies.RestoreIdentity:
		return []string{group + " update " + target(s.Resource) + " --service-account=SERVICE_ACCOUNT_EMAIL"}
	case s.Kind == policies.RestoreRevision:
		return trafficCommands(s)
	case s.Kind == policies.RestoreIngress && s.After.Ingress != "":
		return []string{group + " update " + target(s.Resource) + " --ingress=" + quote(s.After.Ingress)}
	}
	return nil
}

// trafficCommands give the traffic back as the step does, and say how later deploys get
// some again. https://cloud.google.com/sdk/gcloud/reference/run/services/update-traffic
func trafficCommands(s judge.Step) []string {
	var to, tags, gone []string
	for _, t := range s.After.Traffic {
		if t.Percent != 0 {
			to = append(to, fmt.Sprintf("%s=%d", t.Revision, t.Percent))
		}
		if t.Tag != "" {
			tags = append(tags, t.Tag+"="+t.Revision)
		}
	}
	for _, t := range s.Before.Traffic {
		if t.Tag != "" && !slices.ContainsFunc(s.After.Traffic, func(a cloud.TrafficTarget) bool { return a.Tag == t.Tag }) {
			gone = append(gone, t.Tag)
		}
	}
	command := gcloudGroup[s.Resource.Kind] + " update-traffic " + target(s.Resource)
	var out []string
	for _, f := range []struct {
		flag   string
		values []string
	}{{"--to-revisions", to}, {"--update-tags", tags}, {"--remove-tags", gone}} {
		if len(f.values) > 0 {
			out = append(out, command+" "+f.flag+"="+quote(strings.Join(f.values, ",")))
		}
	}
	return append(out, "# once the template is right again, so that deploys get traffic: "+command+" --to-latest")
}

func bindings(s judge.Step, verb string, gs []cloud.Grant) []string {
	var out []string
	for _, g := range gs {
		out = append(out, gcloudGroup[s.Resource.Kind]+" "+verb+"-iam-policy-binding "+target(s.Resource)+
			" --member="+quote(string(g.Member))+" --role="+quote(g.Role)+condition(s.Resource, g.Condition))
	}
	return out
}

func target(r cloud.Resource) string {
	if !r.Kind.Workload() {
		return quote(r.Name)
	}
	return quote(r.Name) + " --region=" + quote(r.Location) + " --project=" + quote(r.Project)
}

// condition is the flag that names exactly one binding. The commands of Resource
// Manager and of service accounts ask for it even where there is no condition, as
// soon as the policy has any; Cloud Run's take it only where there is one.
func condition(r cloud.Resource, c cloud.Condition) string {
	switch {
	case c != cloud.Condition{}:
		parts := []string{"expression=" + c.Expression, "title=" + c.Title}
		if c.Description != "" {
			parts = append(parts, "description="+c.Description)
		}
		return " --condition=" + quote(dictionary(parts))
	case r.Kind.Container() || r.Kind == cloud.ServiceAccount:
		return " --condition=None"
	}
	return ""
}

// dictionary is a list of a gcloud flag. As expressions hold commas it names its
// separator, and one that no part holds: whoever wrote a condition with the
// separator in it would else have the command name another one.
// https://cloud.google.com/sdk/gcloud/reference/topic/escaping
func dictionary(parts []string) string {
	separator := "~~"
	for n := 1; !slices.Equal(strings.Split(strings.Join(parts, separator), separator), parts); n++ {
		separator = "~" + strconv.Itoa(n) + "~"
	}
	return "^" + separator + "^" + strings.Join(parts, separator)
}

// terraformIAM is the resource that holds a grant, without its _member,
// _binding or _policy.
var terraformIAM = map[cloud.Kind]string{
	cloud.RunService: "google_cloud_run_v2_service_iam", cloud.RunJob: "google_cloud_run_v2_job_iam",
	cloud.RunWorkerPool: "google_cloud_run_v2_worker_pool_iam", cloud.Project: "google_project_iam",
	cloud.Folder: "google_folder_iam", cloud.Organization: "google_organization_iam",
	cloud.ServiceAccount: "google_service_account_iam",
}

var terraformWorkload = map[cloud.Kind]string{
	cloud.RunService: "google_cloud_run_v2_service: template { service_account }", cloud.RunJob: "google_cloud_run_v2_job: template { template { service_account } }",
	cloud.RunWorkerPool: "google_cloud_run_v2_worker_pool: template { service_account }",
}

func terraform(s judge.Step) string {
	iam, workload := terraformIAM[s.Resource.Kind], terraformWorkload[s.Resource.Kind]
	switch {
	case s.Kind == policies.RemoveGrants && iam != "":
		return "take the member out of " + iam + "_member, " + iam + "_binding or " + iam + "_policy"
	case s.Kind == policies.RequireInvoker && s.Resource.Kind == cloud.RunService:
		return "in google_cloud_run_v2_service set invoker_iam_disabled = false"
	case s.Kind == policies.RestoreIngress:
		return "set ingress in google_cloud_run_v2_service"
	case (s.Kind == policies.RestoreIdentity || s.Kind == policies.RestoreRevision) && workload != "":
		return "set the account in " + workload
	}
	return ""
}

// quote makes one shell word of s. People paste these commands, and a member or
// a condition comes from whoever made the change.
func quote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@._:/-", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
