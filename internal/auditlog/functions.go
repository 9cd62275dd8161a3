package auditlog

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// function is a gen2 function in a request or response. buildConfig has a
// service account too, which builds and runs nothing: it is read nowhere.
type function struct {
	Name  string         `json:"name"`
	Serve *serviceConfig `json:"serviceConfig"`
	Snake *serviceConfig `json:"service_config"`
}

type serviceConfig struct {
	Service      string `json:"service"`
	Account      string `json:"serviceAccountEmail"`
	SnakeAccount string `json:"service_account_email"`
	Ingress      string `json:"ingressSettings"`
	SnakeIngress string `json:"ingress_settings"`
}

func (f function) config() serviceConfig {
	if c := cmp.Or(f.Serve, f.Snake); c != nil {
		return *c
	}
	return serviceConfig{}
}

func (c serviceConfig) account() string {
	return accountEmail(cmp.Or(c.Account, c.SnakeAccount))
}

// functionRequest is the request of a create or update.
type functionRequest struct {
	params
	Name            string   `json:"name"`
	Parent          string   `json:"parent"`
	FunctionID      string   `json:"functionId"`
	SnakeFunctionID string   `json:"function_id"`
	Function        function `json:"function"`
}

// functionCall recognises what a deploy of a gen2 function does to the Cloud
// Run service it owns.
func (e *envelope) functionCall() (call, error) {
	group, last := lastWords(e.method)
	verb := functionVerbs[last]
	if group != "FunctionService" || verb == "" {
		return call{}, e.notChange("changes no Cloud Run service")
	}
	var request functionRequest
	var stored function
	problem := e.read("request", e.Payload.Request, &request)
	broken := e.read("response", e.Payload.Response, &stored)
	if !holds(e.Payload.Response) {
		broken = ""
	}
	problem, broken = joinProblems(problem, request.odd()), joinProblems(broken, request.odd())
	k := call{verb: verb, rehearsed: request.rehearsal()}
	var ok bool
	if k.resource, ok = e.functionsService(request, stored); !ok {
		k.unnamed = fmt.Sprintf("%s: resourceName %s and the rest of the entry do not name a function with its project and region",
			quote(e.method), quote(e.Payload.ResourceName))
		k.resource = cloud.Resource{}
		return k, nil
	}
	if verb != cloud.Delete {
		k.read = func(c *cloud.Change) { e.readFunction(c, request, stored, problem, broken) }
	}
	return k, nil
}

// functionsService is the service below the function: the one that the stored
// function names, else one of its name in lower case with dashes.
// https://cloud.google.com/functions/docs/concepts/version-comparison
func (e *envelope) functionsService(request functionRequest, stored function) (cloud.Resource, bool) {
	names := []name{parseName(stored.config().Service)}
	for _, s := range []string{e.Payload.ResourceName, stored.Name, request.Function.Name, request.Name, request.Parent} {
		n := parseName(s)
		if n.collection == "functions" {
			n.collection, n.last = "services", serviceName(n.last)
		}
		names = append(names, n)
	}
	bare := part(serviceName(cmp.Or(request.FunctionID, request.SnakeFunctionID, e.Resource.Labels["function_name"])))
	r, ok := e.workloadName(cloud.RunService, named{names: names, bare: []string{bare}})
	return r, ok && r.Location != anyLocation
}

func serviceName(function string) string {
	return strings.ReplaceAll(strings.ToLower(function), "_", "-")
}

// readFunction says what the service runs as. The last half shows it; a first
// half may list the account in its mask and leave its value out. The Functions
// API has no switch for the invoker check. broken is why a response that is there cannot
// be read, and problem why the request cannot.
func (e *envelope) readFunction(c *cloud.Change, request functionRequest, stored function, problem, broken string) {
	config := stored.config()
	ingress := cmp.Or(config.Ingress, config.SnakeIngress)
	w := &cloud.Workload{
		Resource:             c.Resource,
		InvokerCheckDisabled: cloud.Flag{Knowledge: cloud.Unchanged},
		Ingress:              functionIngress[ingress],
		Controller:           cloud.CloudFunctions,
	}
	c.Workload = w
	leftOut := problem == "" && c.Verb == cloud.Update && !request.mask().covers("serviceconfig.serviceaccountemail")
	asked := request.Function.config().account()
	switch stored := config.account(); {
	case broken != "" && stored == "":
	case stored != "":
		w.Identity = cloud.KnownIdentity(stored)
	case leftOut:
		w.Identity.Knowledge = cloud.Unchanged
	case asked != "":
		w.Identity = cloud.KnownIdentity(asked)
	}
	if w.Identity.Knowledge == cloud.Unknown {
		leave(c, "identity", cmp.Or(w.Identity.Unreadable(), e.cut, broken, "this entry of the function does not show its service account: only its last half or a live read tells"))
	}
	if w.Ingress == "" && (broken != "" || ingress != "") {
		leave(c, "ingress", cmp.Or(e.cut, broken, "the setting that this entry shows is not known"))
	}
}

var functionIngress = map[string]string{
	"ALLOW_ALL":               "all",
	"ALLOW_INTERNAL_ONLY":     "internal",
	"ALLOW_INTERNAL_AND_GCLB": "internal-and-cloud-load-balancing",
}
