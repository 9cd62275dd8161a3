package transcode

import (
	"net/http"
	"regexp"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
)

// Get is the rule of a reading method without a body.
func Get(path string) *annotations.HttpRule {
	return &annotations.HttpRule{Pattern: &annotations.HttpRule_Get{Get: path}}
}

// Post is the rule of a method whose body is the whole request.
func Post(path string) *annotations.HttpRule {
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
