package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// object is a thing as its API shows it.
type object map[string]any

func (o object) text(key string) string {
	s, _ := o[key].(string)
	return s
}

// Admin is what people made so far. It is safe for concurrent use.
type Admin struct {
	projects map[string]string // id to number
	rest     http.Handler

	mu       sync.Mutex
	things   map[string]object // by "service/version/name"
	policies map[string]object // likewise
	asked    []string
	last     int
}

// New returns one in which there are the projects, by id to number, and nothing
// else. A request is for SERVICE.ANYTHING, or its path begins with /SERVICE/ as in
// /pubsub/v1/projects/p/topics/t. What is for no service that is simulated here goes
// to rest, with its path as it is without the service.
func New(projects map[string]string, rest http.Handler) *Admin {
	return &Admin{projects: projects, rest: rest, things: map[string]object{}, policies: map[string]object{}}
}

// Names are those of all that is there, sorted: "pubsub/v1/projects/p/topics/t".
func (a *Admin) Names() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.things))
}

// Asked are the requests that were refused as unknown, so that a test can tell what
// this package does not simulate.
func (a *Admin) Asked() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

// failure is an error as Google's APIs write it.
type failure struct {
	code            int
	status, message string
}

func (f failure) Error() string { return f.message }

func notFound(name string) failure {
	return failure{http.StatusNotFound, "NOT_FOUND", "Resource not found: " + name}
}

func invalid(format string, args ...any) failure {
	return failure{http.StatusBadRequest, "INVALID_ARGUMENT", fmt.Sprintf(format, args...)}
}

// request is one call, taken apart.
type request struct {
	*http.Request
	service string
	name    string // "v1/projects/p/topics/t"
	verb    string // what follows a colon, such as getIamPolicy
	raw     []byte
	body    object
}

func (r request) key() string { return r.service + "/" + r.name }

func parse(r *http.Request) (request, error) {
	out := request{Request: r}
	path := strings.Trim(r.URL.Path, "/")
	if host, _, found := strings.Cut(r.Host, "."); found && !strings.HasPrefix(r.Host, "127.") {
		out.service = host
	} else {
		out.service, path, _ = strings.Cut(path, "/")
	}
	out.name = path
	if i := strings.LastIndex(path, ":"); i > strings.LastIndex(path, "/") {
		out.name, out.verb = path[:i], path[i+1:]
	}
	var err error
	if out.raw, err = io.ReadAll(r.Body); err != nil {
		return out, err
	}
	if len(out.raw) > 0 {
		if err := json.Unmarshal(out.raw, &out.body); err != nil {
			return out, invalid("Invalid JSON payload received. %s", err)
		}
	}
	return out, nil
}

// ServeHTTP implements http.Handler.
func (a *Admin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req, err := parse(r)
	if err == nil && a.elsewhere(req) {
		a.pass(w, req)
		return
	}
	var answer any
	if err == nil {
		answer, err = a.reply(req)
	}
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		var f failure
		if !errors.As(err, &f) {
			f = failure{http.StatusInternalServerError, "INTERNAL", err.Error()}
		}
		w.WriteHeader(f.code)
		answer = object{"error": object{"code": f.code, "status": f.status, "message": f.message}}
	}
	_ = json.NewEncoder(w).Encode(answer) // who hung up needs no answer
}

// elsewhere reports whether the simulated cloud has what the request is about: what
// Cloud Run runs, and what folders and the like grant.
func (a *Admin) elsewhere(r request) bool {
	return a.rest != nil && (r.service == "run" || strings.HasSuffix(r.service, "-run") ||
		r.service == "cloudresourcemanager" && r.verb != "")
}

// pass has the simulated cloud answer, whose paths begin with the version.
func (a *Admin) pass(w http.ResponseWriter, r request) {
	to := r.Clone(r.Context())
	to.Body = io.NopCloser(bytes.NewReader(r.raw))
	to.URL.Path, to.URL.RawPath = "/"+r.name+strings.TrimSuffix(":"+r.verb, ":"), ""
	a.rest.ServeHTTP(w, to)
}

// reply is the answer as it is now: what it is made of may change when others ask.
func (a *Admin) reply(r request) (json.RawMessage, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	answer, err := a.answer(r)
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

func (a *Admin) answer(r request) (any, error) {
	if project, ok := a.project(r); ok {
		return project, nil
	}
	if r.verb != "" {
		return a.verb(r)
	}
	if o, ok := a.things[r.key()]; ok && strings.HasPrefix(r.name, "v1/operations/") {
		return o, nil
	}
	if k, ok := kindOf(r.service, r.name); ok {
		return a.one(k, r)
	}
	if k, ok := kindOf(r.service, r.name+"/x"); ok {
		return a.many(k, r)
	}
	return nil, a.unknown(r)
}

func (a *Admin) unknown(r request) failure {
	asked := r.Method + " " + r.key() + strings.TrimSuffix(":"+r.verb, ":")
	a.asked = append(a.asked, asked)
	return failure{http.StatusNotFound, "NOT_FOUND", "The requested URL was not found on this server: " + asked}
}

// project answers what is asked of a project itself.
func (a *Admin) project(r request) (object, bool) {
	id, ok := strings.CutPrefix(r.name, "v1/projects/")
	number, known := a.projects[id]
	if r.service != "cloudresourcemanager" || !ok || !known || r.verb != "" {
		return nil, false
	}
	return object{"projectId": id, "projectNumber": number, "name": id, "lifecycleState": "ACTIVE"}, true
}

// one answers what is asked of one thing.
func (a *Admin) one(k kind, r request) (any, error) {
	o, there := a.things[r.key()]
	switch r.Method {
	case http.MethodPut:
		if there && k.once {
			return nil, failure{http.StatusConflict, "ALREADY_EXISTS", "Resource already exists in the project: " + r.name}
		}
		return a.put(k, r, r.name, r.body)
	case http.MethodPatch:
		if !there && !k.always {
			return nil, notFound(r.name)
		}
		return a.put(k, r, r.name, merged(o, unwrapped(r.body, k.inner)))
	}
	if !there {
		if k.always {
			return k.shown(r.name, object{}), nil
		}
		return nil, notFound(r.name)
	}
	if r.Method == http.MethodDelete && k.reserved {
		o["deleted"] = true
		return o, nil
	}
	if r.Method == http.MethodDelete {
		delete(a.things, r.key())
		delete(a.policies, r.key())
		return a.done(k, object{}), nil
	}
	return o, nil
}

// many creates one thing in a collection, or lists it.
func (a *Admin) many(k kind, r request) (any, error) {
	collection := r.name[strings.LastIndex(r.name, "/")+1:]
	if r.Method == http.MethodGet {
		list := []object{}
		for _, key := range slices.Sorted(maps.Keys(a.things)) {
			if in, id := cutLast(key); in == r.key() && id != "" {
				list = append(list, a.things[key])
			}
		}
		return object{collection: list}, nil
	}
	body := unwrapped(r.body, k.inner)
	id := k.id(r, body)
	if id == "" {
		a.last++
		id = strconv.Itoa(1000 + a.last)
	}
	name := r.name + "/" + id
	if _, there := a.things[r.service+"/"+name]; there {
		return nil, failure{http.StatusConflict, "ALREADY_EXISTS", "Requested entity already exists: " + name}
	}
	return a.put(k, r, name, body)
}

func (a *Admin) put(k kind, r request, name string, body object) (any, error) {
	if project, number := a.projectOf(name); project != "" && number == "" {
		return nil, failure{http.StatusForbidden, "PERMISSION_DENIED", "Permission denied on resource project " + project + "."}
	}
	o := k.shown(name, maps.Clone(body))
	if strings.Contains(name, "/sinks/") {
		o["writerIdentity"] = a.writer(name)
	}
	a.things[r.service+"/"+name] = o
	return a.done(k, o), nil
}

// projectOf is the project that a name is in, and its number.
func (a *Admin) projectOf(name string) (id, number string) {
	words := strings.Split(name, "/")
	if len(words) < 3 || words[1] != "projects" {
		return "", ""
	}
	return words[2], a.projects[words[2]]
}

// done is an operation that has ended, for what takes long at Google.
func (a *Admin) done(k kind, o object) any {
	if !k.long {
		return o
	}
	a.last++
	op := "operations/" + strconv.Itoa(a.last)
	operation := object{"name": op, "done": true, "response": o}
	a.things[k.service+"/v1/"+op] = operation
	return operation
}
