package sim

import (
	"net/http"
	"regexp"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
)

// extraRules are paths that no annotation names: Cloud Run has its operations
// under its own version, and gcloud calls older versions of Resource Manager
// whose requests and answers are the same.
var extraRules = map[string][]*annotations.HttpRule{
	"google.longrunning.Operations.GetOperation": {getRule("/v2/{name=projects/*/locations/*/operations/*}")},
	"google.cloud.resourcemanager.v3.Projects.GetIamPolicy": {
		postRule("/v1/{resource=projects/*}:getIamPolicy"), postRule("/v1beta1/{resource=projects/*}:getIamPolicy"),
	},
	"google.cloud.resourcemanager.v3.Projects.SetIamPolicy":      {postRule("/v1/{resource=projects/*}:setIamPolicy")},
	"google.cloud.resourcemanager.v3.Folders.GetIamPolicy":       {postRule("/v2/{resource=folders/*}:getIamPolicy")},
	"google.cloud.resourcemanager.v3.Folders.SetIamPolicy":       {postRule("/v2/{resource=folders/*}:setIamPolicy")},
	"google.cloud.resourcemanager.v3.Organizations.GetIamPolicy": {postRule("/v1/{resource=organizations/*}:getIamPolicy")},
	"google.cloud.resourcemanager.v3.Organizations.SetIamPolicy": {postRule("/v1/{resource=organizations/*}:setIamPolicy")},
}

func getRule(path string) *annotations.HttpRule {
	return &annotations.HttpRule{Pattern: &annotations.HttpRule_Get{Get: path}}
}

func postRule(path string) *annotations.HttpRule {
	return &annotations.HttpRule{Pattern: &annotations.HttpRule_Post{Post: path}, Body: "*"}
}

func pattern(r *annotations.HttpRule) (verb, template string) {
	switch p := r.Pattern.(type) {
	case *annotations.HttpRule_Get:
		return http.MethodGet, p.Get
	case *annotations.HttpRule_Put:
		return http.MethodPut, p.Put
	case *annotations.HttpRule_Post:
		return http.MethodPost, p.Post
	case *annotations.HttpRule_Delete:
		return http.MethodDelete, p.Delete
	case *annotations.HttpRule_Patch:
		return http.MethodPatch, p.Patch
	}
	return "", ""
}

var variable = regexp.MustCompile(`\{([^=}]+)(?:=([^}]*))?\}`)

// compile turns "/v2/{name=projects/*}:verb" into an expression with one group
// a variable.
func compile(template string) (*regexp.Regexp, []string) {
	segment := strings.NewReplacer(`\*\*`, `.+`, `\*`, `[^/:]+`)
	quote := func(s string) string { return segment.Replace(regexp.QuoteMeta(s)) }
	var expr strings.Builder
	var fields []string
	rest := template
	for {
		at := variable.FindStringSubmatchIndex(rest)
		if at == nil {
			break
		}
		shape := "*"
		if at[4] >= 0 {
			shape = rest[at[4]:at[5]]
		}
		fields = append(fields, rest[at[2]:at[3]])
		expr.WriteString(quote(rest[:at[0]]) + "(" + quote(shape) + ")")
		rest = rest[at[1]:]
	}
	return regexp.MustCompile("^" + expr.String() + quote(rest) + "$"), fields
}
