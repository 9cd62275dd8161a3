package sim

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzHandler looks for a request that makes the simulator panic.
func FuzzHandler(f *testing.F) {
	for _, seed := range [][3]string{
		{"GET", "/v2/" + serviceName, ""},
		{"PATCH", "/v2/" + serviceName + "?updateMask=template.serviceAccount", `{"template":{"serviceAccount":"a@b"}}`},
		{"PATCH", "/v2/" + jobName, `{"template":{"template":{}}}`},
		{"POST", "/v2/" + location + "/services?serviceId=web", `{}`},
		{"POST", "/v2/" + serviceName + ":setIamPolicy", `{"policy":{"bindings":[{"role":"r","members":["allUsers"],"condition":{}}],"version":3}}`},
		{"GET", "/v2/projects/pay-prod/policies/c:getEffectivePolicy", ""},
		{"PATCH", "/v2/projects/pay-prod/policies/c?updateMask=spec", `{"spec":{"rules":[{}]}}`},
		{"PUT", v1Service, `{"spec":{"template":{"spec":{"containers":[{"image":1}]}}}}`},
		{"PUT", "/apis/run.googleapis.com/v1/namespaces/pay-prod/jobs/nightly", `{"spec":{"template":{"spec":{}}}}`},
		{"POST", "/v1/projects/pay-prod:setIamPolicy", `{"policy":{}}`},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, method, path, body string) {
		r := httptest.NewRequest("GET", "http://europe-west1-run.test/", strings.NewReader(body))
		u, err := r.URL.Parse(path)
		if err != nil || method == "" {
			return
		}
		r.Method, r.URL = method, u
		c, _ := seeded(t, Options{})
		c.Handler().ServeHTTP(httptest.NewRecorder(), r)
	})
}
