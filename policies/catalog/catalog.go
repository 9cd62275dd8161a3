// Package catalog holds the built-in policies as they are shipped: each file
// holds one policy and is named after it. To add one, add its file here; a
// policy that is to be loaded without being named also goes into Always.
package catalog

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// Always lists the policies that are loaded whatever the policy files say. The
// others are loaded when a file names them. No-public-invoker rests on a constraint, which
// no-constraint-weakening guards.
func Always() []string {
	return []string{"no-constraint-weakening", "no-default-service-account", "no-editor-on-runtime-identity", "no-public-invoker"}
}

// Names lists all policies, in order.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(fmt.Sprintf("built-in policies: %v", err)) // they are in the program: cannot happen
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Read returns the file of the policy, and what problems call it.
func Read(name string) (file string, data []byte, err error) {
	data, err = files.ReadFile(name + ".yaml")
	if err != nil {
		return "", nil, fmt.Errorf("built-in policies: %w", err)
	}
	return "catalog/" + name + ".yaml", data, nil
}
