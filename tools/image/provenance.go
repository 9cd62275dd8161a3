package main

import "strings"

// statement is an in-toto statement with SLSA provenance. Nobody signed it: it says
// how to make the image again, and who does compares digests.
// https://in-toto.io/Statement/v1, https://slsa.dev/spec/v1.0/provenance
type statement struct {
	Type          string     `json:"_type"`
	Subject       []artifact `json:"subject"`
	PredicateType string     `json:"predicateType"`
	Predicate     predicate  `json:"predicate"`
}

type artifact struct {
	Name   string            `json:"name,omitempty"`
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest,omitempty"`
}

type predicate struct {
	Definition definition `json:"buildDefinition"`
	Run        runDetails `json:"runDetails"`
}

type definition struct {
	Type         string         `json:"buildType"`
	External     map[string]any `json:"externalParameters"`
	Internal     map[string]any `json:"internalParameters"`
	Dependencies []artifact     `json:"resolvedDependencies"`
}

type runDetails struct {
	Builder map[string]string `json:"builder"`
}

// provenance says what the image of that SHA-256 was made from.
func (p *program) provenance(digest string) statement {
	repository := "https://" + p.info.Main.Path
	source := artifact{URI: "git+" + repository, Digest: map[string]string{"gitCommit": p.commit()}}
	deps := []artifact{source, {Name: "go", URI: "pkg:golang/std@" + strings.TrimPrefix(p.info.GoVersion, "go")}}
	for _, m := range modules(p.info.Deps) {
		deps = append(deps, artifact{Name: m.Name, URI: m.Refs[0].Locator})
	}
	return statement{
		Type:          "https://in-toto.io/Statement/v1",
		Subject:       []artifact{{Name: "rescind", Digest: map[string]string{"sha256": digest}}},
		PredicateType: "https://slsa.dev/provenance/v1",
		Predicate: predicate{
			Definition: definition{
				Type:         repository + "/tools/image@v1",
				External:     map[string]any{"source": source.URI, "commit": p.commit(), "platform": "linux/" + p.arch},
				Internal:     map[string]any{"command": p.command, "environment": p.environment(), "go": p.info.GoVersion},
				Dependencies: deps,
			},
			Run: runDetails{Builder: map[string]string{"id": repository + "/tools/image"}},
		},
	}
}
