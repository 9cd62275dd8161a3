package admin

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// verb answers what follows a colon.
func (a *Admin) verb(r request) (any, error) {
	switch r.verb {
	case "getIamPolicy", "setIamPolicy":
		if !a.exists(r) {
			return nil, notFound(r.name)
		}
		if r.verb == "getIamPolicy" {
			return a.policy(r), nil
		}
		return a.setPolicy(r)
	case "batchEnable", "enable":
		return a.enable(r)
	case "addVersion":
		return a.addVersion(r)
	case "access":
		v, ok := a.things[r.key()]
		if !ok {
			return nil, notFound(r.name)
		}
		return object{"name": v["name"], "payload": v["payload"]}, nil
	case "pause", "resume":
		return a.switched(r)
	case "queryTestablePermissions": // gcloud asks which are in testing: none that anybody says
		return object{"permissions": []object{}}, nil
	case "undelete":
		return a.undelete(r)
	}
	return nil, a.unknown(r)
}

// enable switches services on: of a project in a batch, or one.
func (a *Admin) enable(r request) (any, error) {
	ids, _ := r.body["serviceIds"].([]any)
	project := strings.TrimSuffix(r.name, "/services")
	if r.verb == "enable" {
		parent, id := cutLast(r.name)
		project, ids = strings.TrimSuffix(parent, "/services"), []any{id}
	}
	for _, id := range ids {
		if s, ok := id.(string); ok {
			name := project + "/services/" + s
			a.things["serviceusage/"+name] = object{"name": strings.TrimPrefix(name, "v1/"), "state": "ENABLED", "config": object{"name": s}}
		}
	}
	return a.done(kind{service: "serviceusage", long: true}, object{}), nil
}

// addVersion adds the next version of a secret.
func (a *Admin) addVersion(r request) (any, error) {
	if _, ok := a.things[r.key()]; !ok {
		return nil, notFound(r.name)
	}
	n := 1
	for key := range maps.Keys(a.things) {
		if strings.HasPrefix(key, r.key()+"/versions/") {
			n++
		}
	}
	name := r.name + "/versions/" + strconv.Itoa(n)
	v := object{"name": strings.TrimPrefix(name, "v1/"), "state": "ENABLED", "payload": r.body["payload"]}
	a.things[r.service+"/"+name] = v
	return v, nil
}

// switched pauses a job of the scheduler, or has it run again.
func (a *Admin) switched(r request) (any, error) {
	o, ok := a.things[r.key()]
	if !ok {
		return nil, notFound(r.name)
	}
	o["state"] = map[string]string{"pause": "PAUSED", "resume": "ENABLED"}[r.verb]
	return o, nil
}

func (a *Admin) undelete(r request) (any, error) {
	o, ok := a.things[r.key()]
	if !ok {
		return nil, failure{http.StatusNotFound, "NOT_FOUND", "The role named " + r.name + " was not found."}
	}
	delete(o, "deleted")
	return o, nil
}

// Publishers are who may publish to a topic, "projects/p/topics/t", by its allow policy.
func (a *Admin) Publishers(topic string) (out []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	bindings, _ := a.policies["pubsub/v1/"+topic]["bindings"].([]any)
	for _, b := range bindings {
		binding, _ := b.(map[string]any)
		members, _ := binding["members"].([]any)
		for _, m := range members {
			if s, ok := m.(string); ok && binding["role"] == "roles/pubsub.publisher" {
				out = append(out, s)
			}
		}
	}
	slices.Sort(out)
	return out
}
