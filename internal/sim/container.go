package sim

import "strings"

// container is a project, folder or organization.
type container struct {
	name   string // "projects/pay-prod", "folders/4001"
	number string
	parent string // "" at the top
}

// projectID turns a project number into the id it belongs to; anything else
// is returned as it is.
func (c *Cloud) projectID(idOrNumber string) string {
	for _, k := range c.containers {
		if id, ok := strings.CutPrefix(k.name, "projects/"); ok && k.number == idOrNumber {
			return id
		}
	}
	return idOrNumber
}

// canonical writes a resource name with the project's id for its number.
func (c *Cloud) canonical(resource string) string {
	rest, ok := strings.CutPrefix(resource, "projects/")
	if !ok {
		return resource
	}
	id, path, more := strings.Cut(rest, "/")
	if more {
		path = "/" + path
	}
	return "projects/" + c.projectID(id) + path
}

// resolve is canonical for those who do not hold the lock.
func (c *Cloud) resolve(resource string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.canonical(resource)
}

// lineage lists a container and its ancestors, nearest first.
func (c *Cloud) lineage(name string) []string {
	var out []string
	for k := c.containers[name]; k != nil; k = c.containers[k.parent] {
		out = append(out, k.name)
	}
	return out
}

func (c *Cloud) containerExists(name string) error {
	if c.containers[name] == nil {
		return notFound(name)
	}
	return nil
}
