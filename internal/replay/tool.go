package replay

import "strings"

// Tool is what a change seems to have been made with, by the user agent of its caller. A
// caller can send any: it is a hint, and nothing is judged by it.
type Tool string

// The tools that are told apart.
const (
	Console     Tool = "console"
	Gcloud      Tool = "gcloud"
	Terraform   Tool = "terraform" // OpenTofu and Pulumi's bridge name the same provider
	Pulumi      Tool = "pulumi"
	Controller  Tool = "config-connector"
	Agent       Tool = "agent" // a program that a language model drives
	Library     Tool = "client-library"
	OtherTool   Tool = "other"
	UnknownTool Tool = "unknown" // the entry has no user agent
)

// toolWords are what user agents hold, the first that one has counts: an agent or Pulumi
// names what it calls through beside itself.
var toolWords = []struct {
	word string
	is   Tool
}{
	{"gemini-cli", Agent}, {"gemini-code", Agent}, {"claude", Agent}, {"codex", Agent}, {"copilot", Agent}, {"cursor", Agent},
	{"langchain", Agent}, {"adk/", Agent}, {"mcp", Agent},
	{"pulumi", Pulumi},
	{"terraform", Terraform}, {"opentofu", Terraform},
	{"config-connector", Controller}, {"configconnector", Controller}, {"kcc/", Controller},
	{"gcloud", Gcloud}, {"google-cloud-sdk", Gcloud},
	{"mozilla/", Console},
	{"google-api-", Library}, {"gl-go", Library}, {"gl-python", Library}, {"gcloud-node", Library}, {"grpc-", Library}, {"python", Library}, {"gapic", Library},
}

// toolOf says which tool the user agent names.
func toolOf(userAgent string) Tool {
	agent := strings.ToLower(userAgent)
	for _, w := range toolWords {
		if strings.Contains(agent, w.word) {
			return w.is
		}
	}
	if strings.Trim(agent, " ") == "" || agent == "unknown" {
		return UnknownTool
	}
	return OtherTool
}
